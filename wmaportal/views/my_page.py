"""My page: what waits for a person, from all apps."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from advice import waiting as advice
from documents import waiting as documents
from documents.waiting import Waiting
from experts import presenting
from experts.models import Correction, Expert, Freshness
from meetings import waiting as meetings
from meetings.waiting import own as own_meetings
from partners import memberships, permissions
from partners.models import Membership, Partner
from partners.second_factor import may_open_admin
from wmaportal.context import Portal


@login_required
@require_safe
def my_page(request):
    user, now = request.user, timezone.now()
    today = now.date()
    expert = Expert.objects.filter(user=user).select_related("country").first()
    freshness = _freshness(expert, now)
    rows = list(user.memberships.select_related("organisation").order_by("-from_on", "pk"))
    mine = [row for row in rows if row.status == Membership.Status.APPROVED]
    current = [row for row in mine if row.to_on is None or row.to_on >= today]
    is_lead = permissions.is_lead(user)
    desk_is_open = is_lead and may_open_admin(user)
    waiting = _for_the_lead(request, desk_is_open) if is_lead else []
    waiting += advice.for_person(user, now) + documents.for_person(user, now)
    waiting += meetings.for_person(user, now)
    waiting += _for_contact(user) + _for_expert(expert, freshness)
    context = {
        "waiting": waiting,
        "meetings": own_meetings.of(user, now),
        "kept": [*advice.kept_by(user), *documents.kept_by(user)],
        "expert": expert,
        "freshness": freshness,
        "complete": presenting.completeness(expert) if expert else None,
        "paused": expert is not None and expert.is_paused(now),
        "memberships": current,
        "former": [row for row in mine if row not in current],
        "asked": [row for row in rows if row.status == Membership.Status.APPLIED],
        "standings": _standings(user, [row.organisation_id for row in current]),
        "is_partner": permissions.is_partner(user, today),
        "is_lead": is_lead,
        "addresses": user.emailaddress_set.order_by("-primary", "email"),
        "second_step": user.authenticator_set.exists(),
    }
    return render(request, "wmaportal/my_page.html", context)


def _for_the_lead(request, desk_is_open: bool) -> list[Waiting]:
    if not desk_is_open:
        return [
            Waiting(
                _("Set up the second step of signing in"),
                reverse("second_factor"),
                _("The Lead’s desk opens when this is done."),
                _("Needed"),
                "warn",
            )
        ]
    number = Portal(request).queue_count
    if not number:
        return []
    title = ngettext("%(n)s item in the Lead’s queue", "%(n)s items in the Lead’s queue", number)
    return [Waiting(title % {"n": number}, reverse("admin:index"))]


def _for_contact(user) -> list[Waiting]:
    """Colleagues who say to belong to an organisation of which this is the contact person."""
    return [
        Waiting(
            _("Does %(person)s belong to %(organisation)s?")
            % {"person": row.user, "organisation": row.organisation},
            reverse("membership_list", args=[row.organisation_id]),
            _("Asked on %(day)s. You are the contact person: approve or decline.")
            % {"day": date_format(row.applied_at, "j F Y")},
            _("New"),
        )
        for row in memberships.waiting_for(user)
    ]


def _for_expert(expert: Expert | None, freshness: Freshness | None) -> list[Waiting]:
    tasks = []
    if expert is None:
        return tasks
    if expert.status == Expert.Status.DRAFT:
        tasks.append(
            Waiting(
                _("Finish your profile"),
                reverse("expert_edit"),
                _("Nobody sees it yet. Send it to the Lead when it is complete."),
                _("Draft"),
            )
        )
    if freshness not in (None, Freshness.FRESH):
        if expert.confirmed_at:
            text = _("You last confirmed it on %(day)s. It takes a minute.") % {
                "day": date_format(expert.confirmed_at, "j F Y")
            }
        else:
            text = _("You have never confirmed it. It takes a minute.")
        tasks.append(
            Waiting(
                _("Is your profile still right?"),
                reverse("expert_me"),
                text,
                freshness.label,
                "warn",
            )
        )
    number = expert.corrections.filter(state=Correction.State.OPEN).count()
    if number:
        title = ngettext(
            "A colleague suggests a correction of your profile",
            "Colleagues suggest %(n)s corrections of your profile",
            number,
        )
        tasks.append(Waiting(title % {"n": number}, reverse("expert_me"), state=_("New")))
    return tasks


def _freshness(expert: Expert | None, now: datetime) -> Freshness | None:
    """Of a listed profile; None where nothing has to be confirmed."""
    if expert is None or expert.status != Expert.Status.LISTED:
        return None
    return expert.freshness(now)


def _standings(user, organisations: list[int]) -> list[Partner]:
    """The person's own standing, what the person applied for, and that of the organisations."""
    found = Partner.objects.select_related("organisation", "person")
    mine = found.filter(person=user) | found.filter(applied_by=user)
    standings = list((mine | found.filter(organisation__in=organisations)).order_by("pk"))
    open_ones = (Partner.Status.APPLIED, Partner.Status.APPROVED)
    for partner in standings:
        partner.can_leave = partner.status in open_ones and permissions.can_withdraw(user, partner)
    return standings
