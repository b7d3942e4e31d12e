"""The life of a meeting: a draft, changed, announced, held or cancelled."""

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from mailings.models import OutgoingMail
from meetings import announcing
from meetings.forms.meetings import FACTS as FORM
from meetings.forms.meetings import RESERVED, MeetingForm
from meetings.models import Booking, Meeting
from meetings.urls import urlpatterns
from meetings.views.preparing import OF_THE_LEAD
from partners.audience import Audience
from partners.models import Decision, Role
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    PartnerUserFactory,
    RegistrationFactory,
    RoleFactory,
    SeriesFactory,
    SessionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

FACTS = (
    *("title", "kind", "form", "place", "country", "time_zone", "starts_on", "ends_on"),
    "online_address",
)


def facts(meeting: Meeting, **others) -> dict:
    return {name: getattr(meeting, name) for name in FACTS} | others


def change(meeting: Meeting, **others) -> Meeting:
    return announcing.change(
        meeting.pk, facts(meeting, **others), None, meeting.changed_at, LeadFactory(), NOW
    )


@pytest.mark.parametrize(
    "others",
    [
        {"place": "Another hall (example)"},
        {"starts_on": date(2027, 3, 10), "ends_on": date(2027, 3, 11)},
        {"time_zone": "Asia/Tokyo"},
        {"form": Meeting.Form.ONLINE},
        {"online_address": "https://example.org/another-room"},
    ],
)
def test_calendars_notice_another_place_day_zone_or_way(others):
    assert change(MeetingFactory(sequence=3), **others).sequence == 4


def test_calendars_do_not_notice_another_title_or_what_happens_to_a_draft():
    assert change(MeetingFactory(), title="Another title").sequence == 0
    assert change(MeetingFactory(status="draft"), place="Elsewhere").sequence == 0


def test_sessions_move_with_the_first_day():
    session = SessionFactory(day=date(2027, 3, 10), begins_at=time(9))

    change(session.meeting, starts_on=date(2027, 5, 4), ends_on=date(2027, 5, 5))

    session.refresh_from_db()
    assert session.day == date(2027, 5, 5)


def test_a_meeting_cannot_lose_a_day_on_which_it_has_a_session():
    session = SessionFactory(day=date(2027, 3, 10))
    meeting = session.meeting

    with pytest.raises(Refused, match="has a session on a day"):
        change(meeting, ends_on=date(2027, 3, 9))

    meeting.refresh_from_db()
    assert meeting.ends_on == date(2027, 3, 10)


def test_who_saves_second_is_told_and_changes_nothing():
    meeting = MeetingFactory()
    announcing.change(
        meeting.pk, facts(meeting, title="First"), None, meeting.changed_at, LeadFactory(), NOW
    )

    with pytest.raises(Refused, match="Somebody else saved"):
        announcing.change(
            meeting.pk, facts(meeting, title="Second"), None, meeting.changed_at, LeadFactory(), NOW
        )

    meeting.refresh_from_db()
    assert meeting.title == "First"


def test_a_cancelled_meeting_tells_who_is_in_and_who_waits_and_nobody_else():
    taken = BookingFactory(registration__user__email="in@example.org")
    part = taken.part
    line = {"part": part, "registration__meeting": part.meeting}
    BookingFactory(status="waiting", registration__user__email="waits@example.org", **line)
    BookingFactory(status="cancelled", registration__user__email="out@example.org", **line)
    RegistrationFactory(meeting=part.meeting)

    meeting = announcing.cancel(part.meeting_id, "The hall burnt down.", LeadFactory(), NOW)

    told = OutgoingMail.objects.filter(template="meetings/mail/meeting_cancelled")
    assert sorted(told.values_list("to", flat=True)) == ["in@example.org", "waits@example.org"]
    assert (meeting.status, meeting.sequence) == ("cancelled", 1)
    assert Booking.objects.get(pk=taken.pk).status == "confirmed"
    assert Decision.objects.get().reason == "The hall burnt down."


def test_a_meeting_is_cancelled_with_a_reason_alone():
    with pytest.raises(Refused, match="reason"):
        announcing.cancel(MeetingFactory().pk, " ", LeadFactory(), NOW)


def test_a_meeting_is_held_from_its_first_day_on_at_its_place():
    meeting = MeetingFactory(time_zone="Pacific/Auckland")
    midnight = datetime.combine(meeting.starts_on, time(0), meeting.zone)

    with pytest.raises(Refused, match="not begun"):
        announcing.close(meeting.pk, LeadFactory(), midnight - timedelta(seconds=1))
    announcing.close(meeting.pk, LeadFactory(), midnight)

    meeting.refresh_from_db()
    assert meeting.status == "held"


def test_a_draft_is_not_cancelled_and_a_held_meeting_not_announced_again():
    with pytest.raises(Refused):
        announcing.cancel(MeetingFactory(status="draft").pk, "Why", LeadFactory(), NOW)
    with pytest.raises(Refused):
        announcing.announce(MeetingFactory(status="held").pk, LeadFactory(), NOW)


# Who sees what


def people(meeting: Meeting) -> dict:
    core = PartnerUserFactory()
    RoleFactory(user=core, kind=Role.Kind.CORE_MEMBER)
    confirmed = BookingFactory(part__meeting=meeting).registration.user
    organiser = UserFactory()
    meeting.organisers.add(organiser)
    return {
        "person": UserFactory(),
        "partner": PartnerUserFactory(),
        "core": core,
        "confirmed": confirmed,
        "organiser": organiser,
        "lead": LeadFactory(),
    }


@pytest.mark.parametrize(
    ("audience", "status", "who"),
    [
        (Audience.PUBLIC, "announced", "person partner core confirmed organiser lead"),
        (Audience.PARTNERS, "announced", "partner core confirmed organiser lead"),
        (Audience.CORE, "announced", "core confirmed organiser lead"),
        (Audience.CORE, "cancelled", "core confirmed organiser lead"),
        (Audience.PUBLIC, "draft", "organiser lead"),
    ],
)
def test_who_sees_a_meeting(audience, status, who):
    meeting = MeetingFactory(audience=audience, status=status, status_reason="Why")

    seen = [
        name
        for name, user in people(meeting).items()
        if Meeting.objects.visible_to(user).filter(pk=meeting.pk).exists()
    ]

    assert seen == who.split()


def test_the_meeting_before_is_the_last_of_the_series_that_took_place():
    series = SeriesFactory()
    first = MeetingFactory(series=series, starts_on=date(2025, 3, 1), ends_on=date(2025, 3, 1))
    held = MeetingFactory(series=series, starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 1))
    MeetingFactory(
        series=series,
        starts_on=date(2026, 9, 1),
        ends_on=date(2026, 9, 1),
        status="cancelled",
        status_reason="Why",
    )
    MeetingFactory(starts_on=date(2026, 10, 1), ends_on=date(2026, 10, 1))
    now = MeetingFactory(series=series)

    assert (now.before(), held.before(), first.before()) == (held, first, None)


@pytest.mark.parametrize(
    ("precision", "first", "last", "words"),
    [
        ("day", (2027, 3, 9), (2027, 3, 9), "9 March 2027"),
        ("day", (2027, 3, 9), (2027, 3, 10), "9 to 10 March 2027"),
        ("day", (2027, 3, 31), (2027, 4, 1), "31 March to 1 April 2027"),
        ("day", (2027, 12, 31), (2028, 1, 1), "31 December 2027 to 1 January 2028"),
        ("month", (2009, 3, 1), (2009, 3, 31), "March 2009"),
        ("year", (2018, 1, 1), (2018, 12, 31), "2018"),
    ],
)
def test_no_more_is_said_of_the_days_than_is_known(precision, first, last, words):
    meeting = MeetingFactory.build(
        precision=precision, starts_on=date(*first), ends_on=date(*last), country_id=None
    )

    assert meeting.when == words


# Pages


def test_the_lead_begins_announces_and_changes_a_meeting(client):
    client.force_login(LeadFactory())
    form = {
        "title": "Meeting of the year",
        "code": "Year-2027",
        "kind": "partnership",
        "form": "hybrid",
        "starts_on": "2027-03-09",
        "ends_on": "",
        "precision": "day",
        "time_zone": "Asia/Manila",
        "place": "",
        "country": "PH",
        "languages": "English, French",
        "audience": "public",
    }

    answer = client.post("/meetings/add/", form)
    assert "Say where people meet" in answer.content.decode()
    answer = client.post("/meetings/add/", form | {"place": "Manila"})
    meeting = Meeting.objects.get()
    client.post(f"/meetings/{meeting.code}/status/", {"to": "announced"})
    seen = Meeting.objects.get().changed_at.isoformat()
    client.post(
        f"/meetings/{meeting.code}/edit/",
        form | {"place": "Quezon City", "host": "Ministry (example)", "seen_at": seen},
    )

    meeting.refresh_from_db()
    assert (meeting.code, meeting.status, meeting.place) == (
        "year-2027",
        "announced",
        "Quezon City",
    )
    assert (meeting.ends_on, meeting.languages, meeting.sequence) == (
        date(2027, 3, 9),
        ["en", "fr"],
        1,
    )


def test_a_word_that_addresses_need_is_no_code(client):
    client.force_login(LeadFactory())

    answer = client.post("/meetings/add/", {"code": "outcomes"})

    assert "another meaning in addresses" in answer.content.decode()


def test_an_organiser_changes_a_meeting_but_not_who_organises_it(client):
    meeting, organiser = MeetingFactory(), UserFactory()
    meeting.organisers.add(organiser)
    client.force_login(organiser)

    page = client.get(f"/meetings/{meeting.code}/edit/").content.decode()

    assert [name for name in OF_THE_LEAD if f'name="{name}"' in page] == []
    assert timezone.is_aware(meeting.changed_at)


def test_an_organiser_cannot_take_a_meeting_into_a_series_or_open_it_to_all(client):
    meeting, organiser = MeetingFactory(audience="core"), UserFactory()
    meeting.organisers.add(organiser)
    client.force_login(organiser)
    values = {name: getattr(meeting, name) or "" for name in FORM} | {
        "series": SeriesFactory().slug,
        "audience": "public",
        "languages": "English",
        "country": "TH",
    }

    answer = client.post(f"/meetings/{meeting.code}/edit/", values)

    meeting.refresh_from_db()
    assert answer.status_code == 302
    assert (meeting.series, meeting.audience) == (None, "core")


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("1727-03-09", "", "starts_on"),
        ("2027-03-09", "9999-12-31", "ends_on"),
        ("2027-03-09", "2027-06-09", "ends_on"),
    ],
)
def test_days_that_no_meeting_has_are_refused(first, last, field):
    form = MeetingForm({"starts_on": first, "ends_on": last, "precision": "day"})

    assert field in form.errors


def test_every_field_of_a_meeting_stands_in_a_group_of_its_form():
    in_groups = [name for _heading, *names in MeetingForm.GROUPS for name in names]

    assert sorted(in_groups) == sorted(MeetingForm.base_fields)


def test_no_meeting_can_have_a_word_that_stands_before_the_codes():
    first = {str(one.pattern).partition("/")[0] for one in urlpatterns}

    words = {word for word in first if word and "<" not in word and "." not in word}
    assert words == RESERVED
