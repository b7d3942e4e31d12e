"""One click on the page of a thing: a draft of an announcement about it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from mailings import permissions
from partners.refusals import Refused
from wmaportal import announceable


@login_required
@require_POST
def announce(request, kind: str, pk: int):
    """Makes the draft and goes on to its form; back to the thing where that is refused."""
    now = timezone.now()
    if not permissions.can_write(request.user, now.date()):
        raise PermissionDenied
    draft = announceable.draft_of(kind, pk, request.user)
    if draft is None:
        raise Http404
    try:
        made = announceable.begin(draft, request.user, now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(draft.path)
    return redirect("announcement_edit", made.pk)
