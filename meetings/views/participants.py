"""The list of participants, as far as the organisers show it and each person agreed."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from meetings import participants, permissions
from meetings.finding import visible
from partners.pages import sign_in_where_hidden


@require_safe
@sign_in_where_hidden
def participant_list(request, code: str):
    meeting, user, now = visible(request, code), request.user, timezone.now()
    own = None
    if user.is_authenticated:
        own = meeting.registrations.taking_part().select_related("organisation", "country")
        own = own.filter(user=user).first()
    context = {
        "meeting": meeting,
        "can_organise": permissions.can_organise(user, meeting),
        "is_shown": participants.is_shown_to(meeting, user, now),
        "people": list(participants.listed(meeting, user, now).by_name()),
        "registration": own,
        "previews": participants.preview(own, now) if own else [],
    }
    answer = render(request, "meetings/participant_list.html", context)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
