"""The sign-in address, which changes with a code from both mailboxes, and further addresses."""

from allauth.account import views as allauth
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners import addresses, codes
from partners.even_time import even_time
from partners.forms import AddressForm, TwoCodesForm
from partners.refusals import Refused

WANTED = "address_wanted"  # in the session: the new address, until both codes are typed


class EmailView(allauth.EmailView):
    """allauth's page of addresses: add, confirm, remove. The main one changes on our own page."""

    def _action_primary(self, request, *args, **kwargs):
        address = self._get_email_address(request)
        if address is not None and not address.primary:
            request.session[WANTED] = address.email
        return redirect("address_change")


@even_time
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def address_change(request):
    """First step: which address; both mailboxes get a code."""
    form = AddressForm(request.POST or None, initial={"new": request.session.get(WANTED, "")})
    if form.is_valid():
        new = form.cleaned_data["new"].lower()
        try:
            addresses.ask(request.user, new, timezone.now())
        except Refused as refusal:
            form.add_error("new", str(refusal))
        else:
            request.session[WANTED] = new
            return redirect("address_confirm")
    return render(request, "partners/address_change.html", {"form": form})


@even_time
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def address_confirm(request):
    """Second step: both codes."""
    new = request.session.get(WANTED)
    if not new:
        return redirect("address_change")
    form = TwoCodesForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            answers = addresses.change(
                request.user, new, data["code_new"], data["code_old"], timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            for field, right in zip(("code_new", "code_old"), answers, strict=True):
                if not right:
                    form.add_error(field, codes.WRONG)
            if all(answers):
                del request.session[WANTED]
                messages.success(request, _("You now sign in with %(new)s.") % {"new": new})
                return redirect("my_page")
    return render(request, "partners/address_confirm.html", {"form": form, "new": new})
