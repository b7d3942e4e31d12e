"""Files and feeds for calendars, and the page on which people make their own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from meetings import agenda, calendar_feeds, calendar_files, permissions
from meetings.finding import visible
from meetings.models import CalendarFeed, Meeting
from partners import calendars, mail
from partners.pages import sign_in_where_hidden
from partners.quiet import quiet
from partners.refusals import Refused


@require_safe
@sign_in_where_hidden
def meeting_calendar(request, code: str):
    """The whole meeting as one event. 404 where its days are not known."""
    meeting, now = _dated(request, code), timezone.now()
    event = calendar_files.of_meeting(
        meeting,
        calendar_files.published([meeting])[meeting.pk],
        now,
        tells_address=permissions.takes_part(request.user, meeting),
    )
    return calendars.response(calendar_files.single(event), meeting.code)


@require_safe
@sign_in_where_hidden
def item_calendar(request, code: str, pk: int):
    """One item of the published agenda; one that is there no more is cancelled, and says so."""
    meeting, now = _dated(request, code), timezone.now()
    tells_address = permissions.takes_part(request.user, meeting)
    for number, version in enumerate(meeting.versions.order_by("-number")):
        for session in agenda.shown(version, meeting):
            for item in session.items:
                if item.id == pk:
                    event = calendar_files.of_item(
                        item,
                        session,
                        version,
                        meeting,
                        now,
                        is_gone=number > 0,
                        tells_address=tells_address,
                    )
                    if event is None:
                        raise Http404("no time yet")
                    return calendars.response(calendar_files.single(event), f"{meeting.code}-{pk}")
    raise Http404("not on the agenda")


@require_safe
def calendar_all(request):
    """The feed of all meetings that everybody may see."""
    meetings = list(
        Meeting.objects.visible_to(AnonymousUser())
        .filter(precision=Meeting.Precision.DAY)
        .select_related("country")
        .order_by("starts_on", "pk")
    )
    known, now = calendar_files.published(meetings), timezone.now()
    events = [calendar_files.of_meeting(one, known[one.pk], now) for one in meetings]
    name = _("Meetings of the Waste Management Area")
    return calendars.response(calendars.feed(name, events), "meetings")


@require_safe
@quiet
def calendar_feed(request, token: str):
    """A person's own calendar: the address is the secret. 404 for one that is none any more."""
    feed = get_object_or_404(
        CalendarFeed.objects.select_related("user").filter(user__is_active=True), token=token
    )
    name = _("My meetings, Waste Management Area")
    events = calendar_feeds.events(feed.user, timezone.now())
    return calendars.response(calendars.feed(name, events), "my-meetings")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_settings(request):
    """Make, copy, renew and switch off the own address."""
    user = request.user
    if request.method == "POST":
        _change(request)
        return redirect("calendar_settings")
    feed = CalendarFeed.objects.filter(user=user).first()
    context = {"feed": feed, "all_url": mail.absolute(reverse("calendar_all"))}
    if feed:
        context["address"] = mail.absolute(reverse("calendar_feed", args=[feed.token]))
        context["webcal"] = _webcal(context["address"])
    return render(request, "meetings/calendar_settings.html", context)


def _change(request: HttpRequest):
    action, user, now = request.POST.get("action"), request.user, timezone.now()
    try:
        if action == "make":
            calendar_feeds.make(user.pk, now)
            messages.success(request, _("Your calendar is on."))
        elif action == "renew":
            calendar_feeds.renew(user.pk, now)
            messages.success(
                request, _("Your calendar has a new address. Add it to your programs again.")
            )
        elif action == "switch_off":
            calendar_feeds.switch_off(user.pk)
            messages.success(request, _("Your calendar is off. Its address is silent."))
        else:
            messages.error(request, _("Press one of the buttons."))
    except Refused as refusal:
        messages.error(request, str(refusal))


def _webcal(address: str) -> str:
    """The same address, which calendar programs of the own machine open by themselves."""
    return f"webcal://{address.partition('://')[2]}"


def _dated(request: HttpRequest, code: str) -> Meeting:
    meeting = visible(request, code)
    if not meeting.days:
        raise Http404("days not known")
    return meeting
