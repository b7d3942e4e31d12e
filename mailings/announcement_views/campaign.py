"""How far the mailing of an announcement is, and who gets it; pause it, let it go on, stop it."""

import zoneinfo
from datetime import tzinfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from mailings import campaign_progress, campaign_readers, campaigning
from mailings.models import Campaign, Preferences
from partners import time_zones
from partners.csv_files import csv_answer
from partners.directory.words import MAX_LENGTH
from partners.pages import page_or_404
from partners.refusals import Refused

#: What a button does, and the sentence afterwards
_STEPS = {
    "pause": (campaigning.pause, gettext_lazy("The mailing stands still.")),
    "resume": (campaigning.resume, gettext_lazy("The mailing goes on.")),
    "stop": (campaigning.stop, gettext_lazy("The mailing is stopped. Nobody else gets it.")),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.view_campaign", raise_exception=True)
@never_cache
@vary_on_headers("HX-Request")
def announcement_campaign(request, pk: int):
    """GET shows how far it is, and asks again by itself; POST takes the step of a button."""
    campaign = _of(pk)
    if request.method == "POST":
        return _step(request, campaign)
    now = timezone.now()
    progress = campaign_progress.of(campaign, now)
    context = {
        "campaign": campaign,
        "announcement": campaign.announcement,
        "progress": progress,
        "can_change": request.user.has_perm("mailings.change_campaign"),
    }
    if not request.htmx:
        numbers = campaign_readers.numbers(campaign_readers.others(campaign, now))
        context["others"] = _named(numbers, campaign_readers.Standing)
        context["others_total"] = sum(numbers.values())
        return render(request, "mailings/announcement_campaign.html", context)
    seen = request.GET.get("seen", "")
    if seen.partition(".")[0] != campaign.status:
        return HttpResponseClientRefresh()  # the buttons are others now
    if seen == progress.stamp:
        return HttpResponse(status=204)  # htmx leaves the page as it is
    return render(request, "mailings/parts/campaign_now.html", context)


def _step(request, campaign: Campaign):
    if not request.user.has_perm("mailings.change_campaign"):
        raise PermissionDenied
    name = request.POST.get("step", "")
    if name not in _STEPS:
        return HttpResponseBadRequest(_("There is no such button."))
    step, said = _STEPS[name]
    try:
        step(campaign.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("announcement_campaign", campaign.announcement_id)


def _named(numbers: dict[str, int], states) -> list[tuple[str, str, int]]:
    """(word of an address, name, number) of those states that anybody is in."""
    return [(str(one), str(one.label), numbers[one]) for one in states if one in numbers]


PAGE = 50


@login_required
@require_safe
@permission_required("mailings.view_campaign", raise_exception=True)
@never_cache
def announcement_campaign_readers(request, pk: int):
    """Each person of the audience with the state that the person is in: `?state=`, words `?q=`."""
    campaign, now, zone = _of(pk), timezone.now(), _zone(request)
    words, state = request.GET.get("q", "")[:MAX_LENGTH], request.GET.get("state", "")
    is_known = not state or state in campaign_readers.NAMES
    people = campaign_readers.People(campaign, now, words, state if is_known else "")
    context = {
        "campaign": campaign,
        "announcement": campaign.announcement,
        "page": page_or_404(people, request, PAGE),
        "words": words,
        "state": people.state,
        "is_known": is_known,
        "total": sum(people.numbers.values()),
        "groups": [
            (_("Written to"), _named(people.numbers, campaign_readers.ORDER)),
            (_("Everybody else"), _named(people.numbers, campaign_readers.Standing)),
        ],
        "zone": zone,
        "zone_name": str(zone),
        "offset": time_zones.offset(now.astimezone(zone)),
    }
    return render(request, "mailings/announcement_campaign_readers.html", context)


def _zone(request) -> tzinfo:
    """That of who reads the page: of the browser, else of the mail preferences, else UTC."""
    kept = Preferences.objects.filter(user=request.user).values_list("time_zone", flat=True)
    asked = request.COOKIES.get(time_zones.COOKIE, "")
    name = asked if asked in time_zones.zone_names() else kept.first() or "UTC"
    return zoneinfo.ZoneInfo(name)


@login_required
@require_safe
@permission_required("mailings.view_campaign", raise_exception=True)
def announcement_campaign_csv(request, pk: int):
    """Who got it, who did not, and why: a row for each person of the audience."""
    return csv_answer(campaign_readers.table(_of(pk), timezone.now()), f"mailing-{pk}.csv")


def _of(announcement_pk: int) -> Campaign:
    campaigns = Campaign.objects.select_related("announcement__topic", "started_by", "changed_by")
    return get_object_or_404(campaigns, announcement=announcement_pk)
