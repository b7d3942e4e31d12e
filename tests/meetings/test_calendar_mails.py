"""Invitations by mail (RFC 5546, RFC 6047), and what people hear of changes."""

from datetime import date, time, timedelta
from email import message_from_bytes, policy
from threading import Barrier, Thread

import pytest
import time_machine
import vobject
from django.db import connection
from icalendar import Calendar

from mailings import delivery, mime
from mailings.models import OutgoingMail
from meetings import calendar_mails
from meetings.models import Booking, Item, Meeting
from partners.models import User
from tests.factories import (
    NOW,
    BookingFactory,
    ItemFactory,
    MeetingFactory,
    PartFactory,
    SessionFactory,
)
from tests.meetings.calendars import publish, read

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _portal(settings):
    settings.SITE_URL = "https://portal.example.org"
    settings.DEFAULT_FROM_EMAIL = "Waste Management Área <portal@example.org>"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def registration():
    """Somebody with a confirmed seat at a meeting with a published agenda."""
    meeting = MeetingFactory(title="Area", online_address="https://online.example.org/room")
    ItemFactory(session=SessionFactory(meeting=meeting, title="Opening"))
    publish(meeting)
    return BookingFactory(part__meeting=meeting, registration__name="Ann “A”, O'Brien").registration


def leave() -> list:
    """The mails that leave now, as a strict reader has them."""
    waiting = list(OutgoingMail.objects.filter(state="queued").order_by("pk"))
    delivery.deliver()
    rows = OutgoingMail.objects.filter(pk__in=[one.pk for one in waiting]).order_by("pk")
    return [
        message_from_bytes(bytes(row.content), policy=policy.strict)
        for row in rows
        if row.state == "sent"
    ]


def event_of(message) -> dict:
    """The event of a mail, with what only an invitation has."""
    [words] = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    [file] = [one for one in message.walk() if one.get_content_type() == "application/ics"]
    content = words.get_payload(decode=True)
    assert file.get_payload(decode=True) == content
    assert (file.get_filename(), file.get_content_disposition()) == ("invite.ics", "attachment")
    [calendar] = vobject.readComponents(content.decode())
    assert words["Content-Type"].params["method"] == calendar.method.value
    assert words["Content-Type"].params["charset"] == "UTF-8"
    [row] = read(content)
    organizer, attendee = calendar.vevent.organizer, calendar.vevent.attendee_list
    return row | {
        "method": calendar.method.value,
        "organizer": organizer.value,
        "attendees": [
            (one.value, *(one.params[name][0] for name in ("PARTSTAT", "RSVP"))) for one in attendee
        ],
        "dtstamp": calendar.vevent.dtstamp.value,
    }


def words(message) -> str:
    return " ".join(message.get_body(["plain"]).get_content().split())


def test_an_invitation_is_from_the_portal_to_one_person_who_need_not_answer(registration):
    calendar_mails.send_request(registration, NOW)

    [message] = leave()
    event = event_of(message)

    assert message["To"] == registration.user.email
    assert message.get_content_type() == "multipart/mixed"
    inner = next(message.iter_parts())
    assert [part.get_content_type() for part in inner.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    assert (event["method"], event["status"], event["sequence"]) == ("REQUEST", "CONFIRMED", 1)
    assert event["uid"] == f"{registration.meeting.uid}@portal.example.org"
    assert event["organizer"] == "mailto:portal@example.org"
    assert event["attendees"] == [(f"mailto:{registration.user.email}", "ACCEPTED", "FALSE")]
    assert event["dtstamp"] == NOW
    assert (event["dtstart"], event["dtend"]) == ("2027-03-09", "2027-03-11")
    assert "https://online.example.org/room" in event["description"]
    assert "It begins on 9 March 2027, 09:00 Bangkok (UTC+7)." in words(message)


def test_a_mail_service_gets_the_invitation_as_a_file_that_says_what_it_is_for(registration):
    calendar_mails.send_request(registration, NOW)
    leave()
    content = bytes(OutgoingMail.objects.get().content)

    found = mime.as_django(content, "portal@example.org", "ana@example.org")

    assert [kind for _content, kind in found.alternatives] == ["text/html"]
    [(name, event, kind)] = [tuple(one) for one in found.attachments]
    assert (name, kind) == ("invite.ics", "text/calendar; method=REQUEST")
    sent = message_from_bytes(found.message().as_bytes(), policy=policy.default)
    [file] = list(sent.iter_attachments())
    assert file["Content-Type"].params["method"] == "REQUEST"
    assert Calendar.from_ical(file.get_content()) == Calendar.from_ical(event)


def test_what_is_taken_back_and_sent_again_always_has_a_higher_sequence(registration):
    calendar_mails.send_cancel(registration, NOW)
    assert leave() == []
    sequences = []
    for step in ("request", "cancel", "request", "cancel", "cancel"):
        status = "confirmed" if step == "request" else "cancelled"
        Booking.objects.all().delete()
        BookingFactory(
            part=registration.meeting.parts.get(), registration=registration, status=status
        )
        getattr(calendar_mails, f"send_{step}")(registration, NOW)
        sequences += [(one["method"], one["sequence"]) for one in map(event_of, leave())]

    assert sequences == [("REQUEST", 1), ("CANCEL", 2), ("REQUEST", 3), ("CANCEL", 4)]


def test_a_cancelled_meeting_is_taken_out_and_the_reason_is_said(registration):
    calendar_mails.send_request(registration, NOW)
    leave()
    Meeting.objects.update(status="cancelled", status_reason="The hall is flooded.", sequence=1)
    calendar_mails.send_cancel(registration, NOW)

    [message] = leave()
    event = event_of(message)

    assert (event["method"], event["status"], event["sequence"]) == ("CANCEL", "CANCELLED", 3)
    assert "is cancelled, for this reason: The hall is flooded." in words(message)
    assert "online.example.org" not in str(event) + words(message)


def test_a_mail_says_what_is_true_when_it_leaves(registration):
    calendar_mails.send_request(registration, NOW)
    Booking.objects.update(status="cancelled")
    assert leave() == []
    assert OutgoingMail.objects.get().state == "skipped"


# Changes


def told(registration):
    calendar_mails.send_request(registration, NOW)
    leave()
    registration.refresh_from_db()
    return registration


def changed(meeting: Meeting, hour: int, said: str, is_telling: bool = True):
    meeting.sessions.update(begins_at=time(hour))
    publish(meeting, said, is_telling)


def test_who_has_a_seat_hears_of_all_that_changed_in_one_mail(registration):
    meeting = told(registration).meeting
    changed(meeting, 10, "Opening: 10:00 instead of 09:00")
    publish(meeting, "Title of item 1 corrected", is_telling=False)
    changed(meeting, 11, "Opening: 11:00 instead of 10:00\nHall B instead of Hall A")

    assert calendar_mails.scan(NOW) == {"changed meetings": 1}

    [message] = leave()
    event = event_of(message)
    assert (event["method"], event["sequence"]) == ("REQUEST", 3)
    assert "9 March, 11:00–11:20 Opening" in event["description"]
    assert (
        "- Opening: 10:00 instead of 09:00 - Title of item 1 corrected "
        "- Opening: 11:00 instead of 10:00 - Hall B instead of Hall A"
    ) in words(message)
    assert "Days and place of the meeting are as they stand here:" in words(message)


def test_there_is_one_mail_a_day_however_many_versions_there_are(registration):
    meeting = told(registration).meeting
    counts, mails = [], []
    for hours in (0, 1, 14, 15, 16, 40):  # NOW is nine in the morning
        now = NOW + timedelta(hours=hours)
        if hours in (0, 1, 15):
            changed(meeting, 10 + hours % 7, f"After {hours} hours")
        with time_machine.travel(now, tick=False):
            counts.append(calendar_mails.scan(now)["changed meetings"])
            mails += map(words, leave())

    assert counts == [1, 0, 0, 1, 0, 0]
    assert [[f"After {one} hours" in mail for one in (0, 1, 15)] for mail in mails] == [
        [True, False, False],
        [False, True, True],
    ]


def test_a_moved_meeting_is_told_with_its_days_and_place(registration):
    told(registration)
    Meeting.objects.update(starts_on=date(2027, 3, 16), ends_on=date(2027, 3, 17), sequence=1)

    assert calendar_mails.scan(NOW) == {"changed meetings": 1}
    assert calendar_mails.scan(NOW + DAY) == {"changed meetings": 0}

    [message] = leave()
    event = event_of(message)
    assert (event["dtstart"], event["sequence"]) == ("2027-03-16", 2)
    assert "Now they are: When: 16 to 17 March 2027." in words(message)


@pytest.mark.parametrize(
    "why",
    [
        *("nothing", "not telling", "cancelled", "held", "over", "no seat", "never invited"),
        "blocked",
    ],
)
def test_there_is_no_mail_where_nothing_is_to_be_told(registration, why):
    meeting = told(registration).meeting
    if why != "nothing":
        changed(meeting, 10, "Later", is_telling=why != "not telling")
    if why in ("cancelled", "held"):
        Meeting.objects.update(status=why, status_reason="Flood")
    if why == "blocked":
        User.objects.filter(pk=registration.user_id).update(is_active=False)
    if why == "no seat":
        Booking.objects.update(status="cancelled")
    if why == "never invited":
        registration.told_sequence = calendar_mails.NOT_YET
        registration.save()
    now = NOW + 200 * DAY if why == "over" else NOW

    assert calendar_mails.scan(now) == {"changed meetings": 0}


def test_what_changes_after_the_mail_was_promised_stands_in_it(registration):
    meeting = told(registration).meeting
    changed(meeting, 10, "First change")
    calendar_mails.scan(NOW)
    changed(meeting, 11, "Second change")
    Item.objects.update(is_cancelled=True)

    [message] = leave()

    assert "- First change - Second change" in words(message)


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_write_once():
    meeting = MeetingFactory()
    ItemFactory(session=SessionFactory(meeting=meeting))
    publish(meeting)
    part = PartFactory(meeting=meeting, seats=None)
    for _number in range(5):
        calendar_mails.send_request(BookingFactory(part=part).registration, NOW)
    changed(meeting, 10, "Later")
    together, counts = Barrier(2), []

    def run():
        together.wait()
        counts.append(calendar_mails.scan(NOW)["changed meetings"])
        connection.close()

    threads = [Thread(target=run) for _number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sum(counts) == meeting.registrations.count() == 5
    assert OutgoingMail.objects.filter(template=calendar_mails.CHANGED).count() == 5
