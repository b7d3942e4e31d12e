"""Addresses elsewhere that do not answer: whoever keeps what points at them says what is right."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from documents import address_check
from documents.models import ExternalAddress


@login_required
@require_POST
def address_keep(request, pk: int):
    """It is right all the same."""
    address = get_object_or_404(ExternalAddress, pk=pk)
    thing = address_check.kept_thing(request.user, address)
    if thing is None:
        raise PermissionDenied
    address_check.keep(address.pk, request.user, timezone.now())
    messages.success(request, _("Noted: the address is right. You are told when it fails anew."))
    return redirect(thing)
