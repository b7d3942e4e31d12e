"""Pages: missions and joint projects, and the Lead's steps with them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advice import missions
from advice.filters_missions import MissionFilter
from advice.forms.missions import CancelForm
from advice.models import AdviceRequest, Mission, MissionPerson, Need
from advice.permissions import can_keep_missions
from documents.models import Document
from mailings import saved_searches
from partners.pages import page_or_404
from partners.refusals import Refused

PER_PAGE = 20
#: Look of a badge by status.
BADGES = {
    Mission.Status.DRAFT: "warn",
    Mission.Status.PLANNED: "info",
    Mission.Status.UNDER_WAY: "info",
    Mission.Status.DONE: "good",
    Mission.Status.CANCELLED: "",
}


@require_safe
def mission_list(request):
    """The newest year first; then those of which the year is not known."""
    visible = Mission.objects.visible_to(request.user).select_related("country")
    found = MissionFilter(request.GET, visible.prefetch_related("areas"))
    unknown = found.unknown()
    page = page_or_404(found.qs, request, PER_PAGE)
    context = {
        "filter": found,
        "fields": [found.form[name] for name in ("status", "region", "country", "year")],
        "unknown": unknown,
        "page": page,
        "rows": [{"mission": one, "badge": BADGES[one.status]} for one in page],
        "total": visible.count(),
        "can_add": can_keep_missions(request.user),
        "follow_key": saved_searches.key_of(found),
    }
    return render(request, "advice/mission_list.html", context)


@require_safe
def mission_detail(request, pk):
    user = request.user
    mission = get_object_or_404(
        Mission.objects.visible_to(user).select_related("country").prefetch_related("areas"), pk=pk
    )
    can_keep = can_keep_missions(user)
    people = mission.people.select_related("expert").defer("expert__search").order_by("pk")
    if not can_keep:
        people = people.filter(is_sent=True)
    people = list(people)
    context = {
        "mission": mission,
        "badge": BADGES[mission.status],
        "can_keep": can_keep,
        "places": _places(mission, people),
        "others": [one for one in people if one.place_id is None],
        "need": _visible(Need.objects, user, mission.need_id),
        "request_for_advice": _visible(AdviceRequest.objects, user, mission.request_id),
        "report": _visible(Document.objects.released(), user, mission.report_id),
        "next": _next(mission) if can_keep else [],
        "can_cancel": can_keep and _can_cancel(mission),
    }
    return render(request, "advice/mission_detail.html", context)


def _places(mission: Mission, people: list[MissionPerson]) -> list[dict]:
    """Each place with who was sent, and who is proposed."""
    rows = []
    for place in mission.places.select_related("term").defer("term__words"):
        own = [one for one in people if one.place_id == place.pk]
        sent = [one for one in own if one.is_sent]
        proposed = [one for one in own if not one.is_sent]
        rows.append({"place": place, "sent": sent, "proposed": proposed})
    return rows


def _visible(things, user, key: int | None):
    """What the mission points at, where this person may see it."""
    return things.visible_to(user).filter(pk=key).first() if key else None


def _next(mission: Mission) -> list[tuple[str, str]]:
    """The statuses that can follow, in their order; to cancel takes a page of its own."""
    after = Mission.NEXT.get(mission.status, set()) - {Mission.Status.CANCELLED}
    return [choice for choice in Mission.Status.choices if choice[0] in after]


def _can_cancel(mission: Mission) -> bool:
    return Mission.Status.CANCELLED in Mission.NEXT.get(mission.status, ())


def _of_lead(request, pk) -> Mission:
    """The mission. Raises PermissionDenied for everybody but the Lead, 404 for what is not seen."""
    mission = get_object_or_404(Mission.objects.visible_to(request.user), pk=pk)
    if not can_keep_missions(request.user):
        raise PermissionDenied
    return mission


@login_required
@require_POST
def mission_move(request, pk):
    mission = _of_lead(request, pk)
    to = request.POST.get("status", "")
    if to == Mission.Status.CANCELLED:
        return redirect("mission_cancel", mission.pk)
    try:
        moved = missions.move(mission.pk, to, request.user, timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        words = _("The mission is now: %(status)s.") % {"status": moved.get_status_display()}
        messages.success(request, words)
    return redirect(mission)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mission_cancel(request, pk):
    """The Lead ends a mission that does not take place, with a reason that everybody reads."""
    mission = _of_lead(request, pk)
    if not _can_cancel(mission):
        messages.info(request, _("This mission cannot be cancelled."))
        return redirect(mission)
    form = CancelForm(request.POST or None)
    if form.is_valid():
        reason, cancelled = form.cleaned_data["reason"], Mission.Status.CANCELLED
        try:
            missions.move(mission.pk, cancelled, request.user, timezone.now(), reason)
        except Refused as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, _("The mission is cancelled."))
            return redirect(mission)
    return render(request, "advice/mission_cancel.html", {"mission": mission, "form": form})


@login_required
@require_POST
def mission_person(request, pk, person):
    """Name somebody who was proposed as sent, or take the proposal back."""
    mission = _of_lead(request, pk)
    proposal = get_object_or_404(mission.people, pk=person)
    try:
        if request.POST.get("step") == "drop":
            missions.drop(proposal.pk)
            messages.success(request, _("The proposal is gone."))
        else:
            named = missions.send(proposal.pk, request.user, timezone.now())
            messages.success(request, _("%(name)s is named.") % {"name": named})
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(mission)


@login_required
@require_POST
def mission_draft(request, pk):
    """One click on a need: a draft with proposed people for each place."""
    if not can_keep_missions(request.user):
        raise PermissionDenied
    try:
        mission, is_new = missions.draft_from_need(pk, request.user, timezone.now())
    except Need.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(Need.objects.get(pk=pk))
    if is_new:
        messages.success(request, _("The draft is ready. Nobody but you sees it yet."))
    else:
        messages.info(request, _("This need has a draft already: here it is."))
    return redirect(mission)
