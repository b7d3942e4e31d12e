"""The page of a meeting: what everybody needs before, during and after it."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from meetings import permissions
from meetings.finding import visible
from meetings.showing import (
    agenda,
    calendar,
    outcomes,
    papers,
    participants,
    questions,
    registration,
    statements,
)
from partners import languages, mail
from partners.pages import sign_in_where_hidden

SHOWN = (
    agenda,
    papers,
    registration,
    participants,
    calendar,
    outcomes,
    statements,
    questions,
)


@require_safe
@sign_in_where_hidden
def meeting_detail(request, code: str):
    meeting, user, now = visible(request, code), request.user, timezone.now()
    context = {
        "meeting": meeting,
        "can_organise": permissions.can_organise(user, meeting),
        "canonical": mail.absolute(meeting.get_absolute_url()),
        "before": meeting.before(),
        "languages": ", ".join(map(languages.name, meeting.languages)),
    }
    for subject in SHOWN:
        context |= subject.shown(meeting, user, now)
    return render(request, "meetings/meeting_detail.html", context)
