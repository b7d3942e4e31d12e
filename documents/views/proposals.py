"""Proposals: what should be developed. Partners propose and support."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents import permissions, proposing
from documents.forms.proposals import ProposalForm, SupportForm
from documents.models import Document, Proposal
from partners.refusals import Refused

LOOKS = {
    Proposal.Status.PROPOSED: "info",
    Proposal.Status.TAKEN_UP: "info",
    Proposal.Status.IN_WORK: "info",
    Proposal.Status.PUBLISHED: "good",
    Proposal.Status.DECLINED: "",
}


@login_required
@require_safe
def proposal_list(request):
    """By status, the most supported first; for partners."""
    now = timezone.now()
    if not permissions.can_read_proposals(request.user, now.date()):
        raise PermissionDenied
    found = list(
        Proposal.objects.visible_to(request.user)
        .select_related("organisation", "proposed_by")
        .annotate(support_count=Count("supports"))
        .order_by("-support_count", "-proposed_at", "-pk")
    )
    groups = [
        (status.label, LOOKS[status], [one for one in found if one.status == status])
        for status in Proposal.Status
    ]
    context = {
        "groups": [group for group in groups if group[2]],
        "can_propose": permissions.can_propose(request.user, now.date()),
    }
    return render(request, "documents/proposal_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def proposal_add(request):
    now = timezone.now()
    if not permissions.can_propose(request.user, now.date()):
        raise PermissionDenied
    form = ProposalForm(request.POST or None, user=request.user, now=now)
    if form.is_valid():
        proposal = proposing.propose(form.cleaned_data, request.user, now)
        messages.success(request, _("Thank you. Other partners can support it now."))
        return redirect(proposal)
    return render(request, "documents/proposal_add.html", {"form": form})


@login_required
@require_safe
def proposal_detail(request, pk: int):
    found = Proposal.objects.visible_to(request.user)
    proposal = get_object_or_404(found.select_related("organisation", "proposed_by"), pk=pk)
    supports = list(proposal.supports.select_related("user"))
    seen = Document.objects.visible_to(request.user).defer("search")
    context = {
        "proposal": proposal,
        "look": LOOKS[proposal.status],
        "supports": supports,
        "mine": next((one for one in supports if one.user_id == request.user.pk), None),
        "is_open": proposal.status not in (Proposal.Status.DECLINED, Proposal.Status.PUBLISHED),
        "can_support": permissions.can_support(request.user, proposal, timezone.now().date()),
        "about": seen.filter(pk=proposal.document_id).first(),
        "result": seen.filter(pk=proposal.result_id).first(),
        "form": SupportForm(),
        "can_decide": request.user.has_perm("documents.change_proposal")
        and proposal.status == Proposal.Status.PROPOSED,
    }
    return render(request, "documents/proposal_detail.html", context)


@login_required
@require_POST
def proposal_support(request, pk: int):
    """Support, or with `withdraw` take it back."""
    proposal = get_object_or_404(Proposal.objects.visible_to(request.user), pk=pk)
    if "withdraw" in request.POST:
        proposing.withdraw_support(proposal.pk, request.user)
        messages.success(request, _("Your support is taken back."))
        return redirect(proposal)
    form = SupportForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The note is too long: 500 characters are the limit."))
        return redirect(proposal)
    try:
        proposing.support(proposal.pk, request.user, timezone.now(), form.cleaned_data["note"])
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you for the support."))
    return redirect(proposal)
