"""Belonging to an organisation: asking, answering, ending."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners import memberships, permissions
from partners.forms import AnswerForm, JoinForm, LeaveForm
from partners.models import Membership, Organisation
from partners.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def membership_ask(request, pk):
    """Somebody says to belong to this organisation; its contact person or the Lead answers."""
    organisation = get_object_or_404(
        Organisation.objects.visible_to(request.user).select_related("country"), pk=pk
    )
    now = timezone.now()
    form = JoinForm(request.POST or None, today=now.date())
    if form.is_valid():
        try:
            memberships.ask(request.user, pk, form.cleaned_data["from_on"], now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your request was sent. You get the answer by mail."))
            return redirect("my_page")
    context = {"form": form, "organisation": organisation}
    return render(request, "partners/membership_ask.html", context)


@login_required
@require_safe
def membership_list(request, pk):
    """Who belongs to an organisation and who asks to; for its contact person and the Lead."""
    organisation = _decided_by(request.user, pk)
    return _members(request, organisation)


@login_required
@require_POST
def membership_answer(request, pk):
    """Yes or no to one person: the button's name is the answer."""
    membership = get_object_or_404(Membership.objects.select_related("user"), pk=pk)
    organisation = _decided_by(request.user, membership.organisation_id)
    form = AnswerForm(request.POST, prefix=str(pk))
    if not form.is_valid():
        return _members(request, organisation, form, pk)
    try:
        if "approve" in request.POST:
            memberships.approve(pk, request.user, timezone.now())
            said = _("%(person)s belongs to %(organisation)s.")
        else:
            memberships.decline(pk, request.user, form.cleaned_data["reason"], timezone.now())
            said = _("Declined. %(person)s reads your reason.")
    except Refused as refusal:
        form.add_error("reason", str(refusal))
        return _members(request, organisation, form, pk)
    names = {"person": membership.user, "organisation": organisation}
    messages.success(request, said % names)
    return redirect("membership_list", organisation.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def membership_end(request, pk):
    """The person left the organisation: said by the person, the contact person or the Lead."""
    membership = get_object_or_404(
        Membership.objects.approved().select_related("user", "organisation"), pk=pk
    )
    if not permissions.can_end_membership(request.user, membership):
        raise Http404
    now = timezone.now()
    form = LeaveForm(request.POST or None, today=now.date())
    if form.is_valid():
        try:
            memberships.end(pk, request.user, form.cleaned_data["last_day"], now)
        except Refused as refusal:
            form.add_error("last_day", str(refusal))
        else:
            messages.success(request, _("The membership has ended."))
            return redirect("my_page")
    context = {"form": form, "membership": membership, "own": membership.user == request.user}
    return render(request, "partners/membership_end.html", context)


@login_required
@require_POST
def membership_take_back(request, pk):
    """Nobody has answered yet, and the person does not ask any more."""
    get_object_or_404(Membership, pk=pk, user=request.user)
    try:
        memberships.take_back(pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Your request was taken back."))
    return redirect("my_page")


def _decided_by(user, pk) -> Organisation:
    """The organisation; 404 for who may not decide who belongs to it."""
    organisation = get_object_or_404(Organisation.objects.select_related("country"), pk=pk)
    if not permissions.can_decide_memberships(user, organisation):
        raise Http404
    return organisation


def _members(request, organisation, bound=None, bound_pk=None):
    today = timezone.now().date()
    rows = organisation.memberships.select_related("user").order_by("applied_at", "pk")
    waiting = [row for row in rows if row.status == Membership.Status.APPLIED]
    approved = [row for row in rows if row.status == Membership.Status.APPROVED]
    for row in waiting:
        row.form = bound if row.pk == bound_pk else AnswerForm(prefix=str(row.pk))
    context = {
        "organisation": organisation,
        "waiting": waiting,
        "current": [row for row in approved if row.to_on is None or row.to_on >= today],
        "former": [row for row in approved if row.to_on is not None and row.to_on < today],
    }
    return render(request, "partners/membership_list.html", context)
