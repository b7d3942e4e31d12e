"""New experts: apply, nominate somebody, answer an invitation."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from experts import consent, invitations, permissions
from experts.forms import NominationForm
from experts.models import Expert, Invitation
from partners.even_time import even_time
from partners.quiet import quiet
from partners.refusals import NotAllowed, Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


@_anything
def expert_apply(request):
    """What the list is and what it asks; with sign-in, one button starts the profile."""
    own = (
        Expert.objects.filter(user=request.user).first() if request.user.is_authenticated else None
    )
    if own is not None:
        return redirect("expert_me")
    refused = ""
    if request.method == "POST":
        if not request.user.is_authenticated:
            raise NotAllowed(_("Sign in first."))
        user, now = request.user, timezone.now()
        try:
            invitations.start_profile(user, user.name, user.email, now)
        except Refused as refusal:
            refused = str(refusal)
        else:
            return redirect("expert_edit")
    return render(
        request,
        "experts/expert_apply.html",
        {"refused": refused, "consent_text": f"experts/consent/{consent.TEXT_VERSION}.html"},
        status=409 if refused else 200,
    )


@even_time
@login_required
@_anything
def expert_nominate(request):
    """A partner names somebody. The answer is the same whether the address is known or not."""
    now = timezone.now()
    if not permissions.can_nominate(request.user, now.date()):
        raise NotAllowed(_("Only partners nominate. You can become one, or apply yourself."))
    form = NominationForm(request.POST or None)
    if form.is_valid():
        cleaned = form.cleaned_data
        try:
            invitations.nominate(cleaned["name"], cleaned["email"], request.user, now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("Thank you. If this person is not on the list yet, we have written to them."),
            )
            return redirect("expert_nominate")
    return render(request, "experts/expert_nominate.html", {"form": form})


@quiet
@_anything
def invitation(request, token: str):
    """The page behind the link in the mail: it shows; its buttons act."""
    now = timezone.now()
    invited = invitations.find(token)
    if invited is None or not invitations.is_open(invited, now):
        return render(request, "experts/invitation_closed.html", status=410)
    refused = ""
    if request.method == "POST":
        try:
            if "decline" in request.POST:
                invitations.decline(token, now)
                messages.success(request, _said_no(invited))
                return redirect("home")
            if not request.user.is_authenticated:
                raise NotAllowed(_("Sign in first."))
            invitations.accept(token, request.user, now)
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, _("This profile is yours now. Look it over, then save it."))
            return redirect("expert_edit")
    return render(
        request,
        "experts/invitation.html",
        {
            "invitation": invited,
            "is_claim": invited.kind == Invitation.Kind.CLAIM,
            "refused": refused,
            "consent_text": f"experts/consent/{consent.TEXT_VERSION}.html",
        },
        status=409 if refused else 200,
    )


def _said_no(invited: Invitation) -> str:
    if invited.kind == Invitation.Kind.NOMINATION:
        return _("You said no. Your name and address are erased here.")
    return _(
        "You said no. The Lead goes on keeping your profile; write to the Lead to leave the list."
    )
