"""What a person follows: begun with a button on the page of a thing, kept on a page of its own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mailings import following
from mailings.models import Follow, Frequency
from partners.refusals import Refused


@login_required
@require_POST
def follow(request, kind: str):
    """Begin; back to the thing, or to the list of all where it is gone."""
    try:
        begun = following.begin(kind, request.POST.get("key", ""), request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("follow_list")
    messages.success(
        request,
        _("You follow “%(name)s”. What is new comes once a week by mail.") % {"name": begun.name},
    )
    return _back(begun)


@login_required
@require_POST
def follow_end(request, pk: int):
    """Stop; safe to repeat, and for a thing that is gone."""
    found = request.user.follows.filter(pk=pk).first()
    following.end(pk, request.user)
    if found is None:
        return redirect("follow_list")
    messages.success(request, _("You follow “%(name)s” no more.") % {"name": found.name})
    return redirect("follow_list") if "from_list" in request.POST else _back(found)


@login_required
@require_POST
def follow_frequency(request, pk: int):
    """At once, once a day, once a week, never."""
    try:
        frequency = request.POST.get("frequency", "")
        following.set_frequency(pk, frequency, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return redirect("follow_list")


@login_required
@require_safe
def follow_list(request):
    """All that the person follows, with what each is called now."""
    rows = [
        {"follow": one, "thing": following.thing_of(one), "kind": following.kind_of(one.kind)}
        for one in request.user.follows.select_related("user")
    ]
    context = {"rows": rows, "choices": Frequency.choices}
    return render(request, "mailings/follow_list.html", context)


def _back(found: Follow):
    thing = following.thing_of(found)
    return redirect(thing.url if thing else reverse("follow_list"))
