"""The page on which a reader chooses a time zone."""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from meetings import zones
from meetings.forms.zones import ZoneForm


@require_http_methods(["GET", "HEAD", "POST"])
def zone_choose(request):
    """`?next=` is the page to come back to."""
    back = _back(request)
    reader = zones.reader(request)
    initial = {"zone": reader.zone.key if reader.zone else zones.NO_ZONE}
    form = ZoneForm(request.POST or None, now=timezone.now(), initial=initial)
    if form.is_valid():
        response = HttpResponseRedirect(back)
        zones.keep(response, form.cleaned_data["zone"])
        return response
    context = {"form": form, "back": back, "is_guessed": reader.is_guessed}
    return render(request, "meetings/zone_choose.html", context)


def _back(request: HttpRequest) -> str:
    """A page of the portal: where the reader came from, or the list of meetings."""
    back = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return back if is_ours and back.startswith("/") else reverse("meeting_list")
