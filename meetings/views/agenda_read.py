"""The agenda for readers: older versions, and what runs now."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from meetings import agenda, now_and_next, permissions
from meetings.finding import visible
from meetings.models import Meeting
from meetings.showing.agenda import days, is_timed, link_presenters, listed_experts
from partners.pages import sign_in_where_hidden


@require_safe
@sign_in_where_hidden
def agenda_version(request, code: str, number: int):
    """A version as it was published."""
    meeting = visible(request, code)
    version = get_object_or_404(meeting.versions, number=number)
    sessions = agenda.shown(version, meeting)
    link_presenters(sessions, listed_experts(version))
    context = {
        "meeting": meeting,
        "version": version,
        "newest": meeting.versions.only("number").order_by("-number").first(),
        "days": days(sessions),
        "is_timed": is_timed(version),
    }
    return render(request, "meetings/agenda_version.html", context)


@require_safe
@sign_in_where_hidden
def meeting_now(request, code: str):
    """For a screen in the room, or a telephone in a pocket."""
    meeting, user, now = visible(request, code), request.user, timezone.now()
    newest = agenda.newest(meeting)
    sessions = []
    if newest:
        sessions = agenda.shown(newest, meeting)
        link_presenters(sessions, listed_experts(newest))
    is_over = meeting.status == Meeting.Status.HELD
    found = now_and_next.at(sessions, now)
    if is_over and found.phase != now_and_next.Phase.UNKNOWN:
        found = now_and_next.NowAndNext(now_and_next.Phase.OVER)
    context = {
        "meeting": meeting,
        "found": found,
        "now": now.astimezone(meeting.zone),
        "is_live": meeting.status == Meeting.Status.ANNOUNCED and found.phase != "over",
        "online_address": _online_address(meeting, user),
    }
    return render(request, "meetings/meeting_now.html", context)


def _online_address(meeting: Meeting, user) -> str:
    """For those with a seat and those who prepare the meeting; empty for everybody else."""
    if not meeting.online_address or meeting.status == Meeting.Status.CANCELLED:
        return ""
    may_know = permissions.takes_part(user, meeting) or permissions.can_organise(user, meeting)
    return meeting.online_address if may_know else ""
