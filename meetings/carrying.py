"""Open actions of earlier meetings stand on the agenda of the next one by themselves.

The agenda gets one item (`carries_actions`); the actions are never copied: agenda and page read
them where they stand. Where organisers remove the item, a trigger (migration 0002) notes that on
the meeting, and it stays away until they ask for it again.
"""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from meetings.models import Item, Meeting, Outcome, Session
from partners.refusals import Refused

MINUTES = 20  # that the item takes at first
BEGINS_AT = time(9)  # of the session that is made where the agenda is empty
#: As on agendas of meetings in English; organisers change it as any title
TITLES = {
    "title": "Open actions from the last meeting",
    "title_fr": "Actions en cours de la dernière réunion",
    "title_es": "Acciones pendientes de la última reunión",
}
PREPARED = (Meeting.Status.DRAFT, Meeting.Status.ANNOUNCED)


def of_earlier_meetings(meeting: Meeting) -> QuerySet[Outcome]:
    """Actions of all earlier meetings of the series, the oldest meeting first."""
    if meeting.series_id is None:
        return Outcome.objects.none()
    earlier = Q(meeting__starts_on__lt=meeting.starts_on) | Q(
        meeting__starts_on=meeting.starts_on, meeting__lt=meeting.pk
    )
    return (
        Outcome.objects.actions()
        .filter(earlier, meeting__series=meeting.series_id)
        .exclude(meeting__status=Meeting.Status.DRAFT)
        .order_by("meeting__starts_on", "meeting", "number")
    )


def open_before(meeting: Meeting) -> QuerySet[Outcome]:
    """Those that are open at this moment."""
    return of_earlier_meetings(meeting).open_actions()


def carried(meeting: Meeting, now: datetime) -> QuerySet[Outcome]:
    """What was carried over to this meeting, each with `status_then`, to be shown.

    Before it begins: what is open now. From then on: what was open when it began, as it stands now;
    after its end as it stood then, so that the page of an old meeting does not change.
    """
    begin, end = moments(meeting)
    actions = of_earlier_meetings(meeting)
    if now < begin:
        return actions.open_actions().annotate(status_then=F("status"))
    was_open = Outcome.objects.actions().with_status_at(begin)
    was_open = was_open.filter(status_then__in=Outcome.GOING_ON)
    return actions.filter(pk__in=was_open.values("pk")).with_status_at(min(now, end))


def moments(meeting: Meeting) -> tuple[datetime, datetime]:
    """When its first day begins and its last day ends, at its place."""
    begin = datetime.combine(meeting.starts_on, time(), meeting.zone)
    return begin, datetime.combine(meeting.ends_on + timedelta(days=1), time(), meeting.zone)


@transaction.atomic
def prepare(meeting_id: int, now: datetime) -> Item | None:
    """Put the open actions on the draft agenda; the new item, or None where there is nothing to do.

    Nothing for a meeting that is over or without a series, where the item is there or was removed,
    and where no action is open. Safe to repeat; called when a meeting is made, and every hour.
    """
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    if meeting.status not in PREPARED or meeting.is_over(meeting.day_at(now)):
        return None
    if not meeting.carries_over or _has_item(meeting) or not open_before(meeting).exists():
        return None
    return _add_item(meeting)


def sweep(now: datetime) -> int:
    """Prepare every meeting that lacks the item; returns how many got it."""
    has_item = Item.objects.filter(carries_actions=True).values("session__meeting")
    lacking = (
        Meeting.objects.filter(
            status__in=PREPARED,
            carries_over=True,
            series__isnull=False,
            ends_on__gte=now.date() - timedelta(days=1),
        )
        .exclude(pk__in=has_item)
        .order_by("pk")
    )
    return sum(prepare(key, now) is not None for key in lacking.values_list("pk", flat=True))


@transaction.atomic
def put_back(meeting_id: int, now: datetime) -> Item:
    """Organisers want the item again that somebody removed. Raises Refused where it cannot be."""
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    meeting.carries_over = True
    meeting.save(update_fields=["carries_over"])
    item = prepare(meeting_id, now)
    if item is None:
        raise Refused(_("The item is there, or no action of an earlier meeting is open."))
    return item


def was_removed(meeting: Meeting) -> bool:
    """Organisers took the item off an agenda that is still being prepared."""
    return meeting.status in PREPARED and not meeting.carries_over


def _has_item(meeting: Meeting) -> bool:
    return Item.objects.filter(session__meeting=meeting, carries_actions=True).exists()


def _add_item(meeting: Meeting) -> Item:
    """Behind the opening of the first session, which is made where there is none."""
    session = meeting.sessions.order_by("day", "begins_at", "number").first()
    if session is None:
        session = Session.objects.create(
            meeting=meeting,
            number=1,
            title="Opening and review",
            day=meeting.starts_on if meeting.days else None,
            begins_at=BEGINS_AT if meeting.days else None,
        )
    items = session.items.order_by("position")
    first = items.first()
    if first is None:
        position = 1
    else:
        position = first.position + (first.kind == Item.Kind.OPENING)
    items.filter(position__gte=position).update(position=F("position") + 1)
    return Item.objects.create(
        session=session,
        position=position,
        kind=Item.Kind.DISCUSSION,
        duration=MINUTES,
        carries_actions=True,
        **TITLES,
    )
