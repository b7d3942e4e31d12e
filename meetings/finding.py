"""The meeting that an address is about, for whoever may see it, or may prepare it."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from meetings import permissions
from meetings.models import Meeting


def visible(request: HttpRequest, code: str) -> Meeting:
    """Raises Http404 where the person may not see it."""
    found = Meeting.objects.visible_to(request.user).select_related("country", "series", "desk")
    return get_object_or_404(found, code=code)


def organised(request: HttpRequest, code: str) -> Meeting:
    """Raises Http404 where the person may not see it, PermissionDenied where not prepare it."""
    meeting = visible(request, code)
    if not permissions.can_organise(request.user, meeting):
        raise PermissionDenied
    return meeting
