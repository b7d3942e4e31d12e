"""What waits for one person on the floor, for “My page”: questions, drafts, outcomes."""

from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from advice import request_reminders, survey_waiting
from advice.models import AdviceRequest, Choice, Need, Side
from experts import presenting
from partners.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    """In the order of urgency: questions, what came of advice, a survey, drafts."""
    return [
        *_questions(user, now),
        *_outcomes(user, now),
        *survey_waiting.for_person(user, now),
        *_drafts(user),
    ]


def kept_by(user) -> list[Waiting]:
    """Advice that this person gives or asked for, needs that were submitted; newest first."""
    sent = AdviceRequest.objects.sent().filter(requester=user).order_by("-sent_at")
    needs = Need.objects.filter(submitted_by=user).defer("search")
    helps = AdviceRequest.objects.filter(
        places__choices__expert__user=user, places__choices__status=Choice.Status.ACCEPTED
    ).order_by("-since")
    kept = [(one, _("Advice that you give")) for one in helps]
    kept += [(one, _("Request for advice")) for one in sent]
    for need in needs.order_by("-submitted_at", "-pk"):
        country = presenting.country(need.country_id)
        kept.append((need, _("Need of a country: %(country)s") % {"country": country}))
    return [
        Waiting(str(one), one.get_absolute_url(), said, one.get_status_display())
        for one, said in kept
    ]


def _questions(user, now: datetime) -> list[Waiting]:
    choices = (
        Choice.objects.filter(status=Choice.Status.ASKED, expert__user=user)
        .select_related("place__request__country")
        .order_by("asked_at")
    )
    waiting = []
    for choice in choices:
        left = max((choice.answer_by - now).days, 0)
        waiting.append(
            Waiting(
                _("Can you help somebody in %(country)s?")
                % {"country": choice.place.request.country},
                reverse("choice_detail", args=[choice.pk]),
                choice.place.request.title,
                ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left},
                "warn",
            )
        )
    return waiting


def _outcomes(user, now: datetime) -> list[Waiting]:
    of_expert = request_reminders.outcomes_due(Side.EXPERT, now).filter(expert__user=user)
    of_requester = request_reminders.outcomes_due(Side.REQUESTER, now).filter(
        place__request__requester=user
    )
    keys = [*of_expert.values_list("pk", flat=True), *of_requester.values_list("pk", flat=True)]
    choices = Choice.objects.filter(pk__in=keys).select_related("place__request")
    return [
        Waiting(
            _("Did the advice help?"),
            f"{reverse('choice_detail', args=[choice.pk])}#outcome",
            choice.place.request.title,
            _("Two questions"),
        )
        for choice in choices.order_by("pk")
    ]


def _drafts(user) -> list[Waiting]:
    drafts = AdviceRequest.objects.filter(requester=user, status=AdviceRequest.Status.DRAFT)
    return [
        Waiting(
            _("Finish your request for advice"),
            draft.get_absolute_url(),
            _("“%(title)s”, last changed on %(day)s.")
            % {"title": draft.title, "day": date_format(draft.changed_at, "j F Y")},
            _("Draft"),
        )
        for draft in drafts.order_by("-changed_at")
    ]
