"""The announcement that an address is about, for who may see it, or may do something with it."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from mailings import permissions
from mailings.models import Announcement


def visible(request: HttpRequest, pk: int) -> Announcement:
    """Raises Http404 where the person may not see it."""
    found = Announcement.objects.visible_to(request.user).with_all_of_a_row()
    return get_object_or_404(found, pk=pk)


def own(request: HttpRequest, pk: int) -> Announcement:
    """The person's own one. Raises PermissionDenied for one of somebody else."""
    announcement = visible(request, pk)
    if announcement.author_id != request.user.pk:
        raise PermissionDenied
    return announcement


def own_or_moderated(request: HttpRequest, pk: int) -> Announcement:
    """The person's own, or any for the Lead. Raises PermissionDenied for one of somebody else."""
    announcement = visible(request, pk)
    if announcement.author_id != request.user.pk and not permissions.can_moderate(request.user):
        raise PermissionDenied
    return announcement
