"""Countries: all of them by region, and one with everything that the portal knows of it."""

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from advice.permissions import can_submit_need
from partners import mail
from partners.models import Country
from wmaportal import countries


@require_safe
def country_list(request):
    regions = countries.by_region(request.user, timezone.now())
    return render(request, "wmaportal/country_list.html", {"regions": regions})


@require_safe
def country_detail(request, code: str):
    """By its ISO code in lower case: the one address that others share."""
    country = get_object_or_404(Country, pk=code.upper())
    address = reverse("country_detail", args=[country.pk.lower()])
    if request.path != address:
        return redirect(address, permanent=True)
    now = timezone.now()
    context = {
        "country": country,
        "canonical": mail.absolute(address),
        "can_submit": can_submit_need(request.user, now.date()),
        **countries.everything(country, request.user, now),
    }
    return render(request, "wmaportal/country_detail.html", context)
