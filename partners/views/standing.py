"""Partners: the public list, applying, and leaving."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners import permissions, standing
from partners.filters import PartnerFilter
from partners.forms import SUGGESTED, ApplyForm, WithdrawForm
from partners.models import Organisation, Partner
from partners.pages import page_or_404
from partners.refusals import Refused

PAGE_SIZE = 30


@require_safe
def partner_list(request):
    """Approved partners: organisations by name; single persons as a number, for their privacy."""
    organisations = Organisation.objects.partners().select_related("country")
    found = PartnerFilter(request.GET, organisations.prefetch_related("leads_areas"))
    unknown = found.unknown()
    context = {
        "filter": found,
        "page": page_or_404(found.qs, request, PAGE_SIZE),
        "unknown": unknown,
        "facets": found.facets(),
        "total": organisations.count(),
        "persons": Partner.objects.approved().exclude(person=None).count(),
    }
    return render(request, "partners/partner_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def partner_apply(request):
    form = ApplyForm(request.POST or None, initial=_initial(request))
    if form.is_valid():
        data = form.cleaned_data
        try:
            with transaction.atomic():
                applicant = form.applicant(request.user)
                standing.apply(applicant, data["statement"], request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your application was sent. The Lead answers by mail."))
            return redirect("my_page")
    names = Organisation.objects.order_by("name").values_list("name", flat=True)[:SUGGESTED]
    return render(request, "partners/partner_apply.html", {"form": form, "names": names})


def _initial(request) -> dict:
    """From the page of an organisation comes its key: `?organisation=12`."""
    key = request.GET.get("organisation", "")
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        return {}
    known = Organisation.objects.visible_to(request.user).filter(pk=key).first()
    if known is None:
        return {}
    return {
        "who": ApplyForm.ORGANISATION,
        "name": known.name,
        "country": known.country_id,
        "kind": known.kind,
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def partner_withdraw(request, pk):
    """The partner leaves, or takes the application back."""
    partner = get_object_or_404(Partner.objects.select_related("organisation", "person"), pk=pk)
    if not permissions.can_withdraw(request.user, partner):
        raise Http404
    form = WithdrawForm(request.POST if request.method == "POST" else None)  # all is optional
    if form.is_valid():
        try:
            standing.withdraw(pk, request.user, form.cleaned_data["reason"], timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("%(partner)s is not a partner any more.") % {"partner": partner}
            )
            return redirect("my_page")
    return render(request, "partners/partner_withdraw.html", {"form": form, "partner": partner})
