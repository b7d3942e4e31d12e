"""“Your meetings” on My page."""

from datetime import date

import pytest

from meetings.waiting import own
from tests.factories import NOW, BookingFactory, MeetingFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_seats_and_lines_of_meetings_to_come_and_meetings_that_one_prepares(client):
    user = UserFactory()
    for title, day, status in (
        ("Soon", date(2027, 1, 5), "confirmed"),
        ("Later", date(2027, 6, 5), "waiting"),
        ("Given back", date(2027, 6, 6), "cancelled"),
        ("Over", date(2026, 1, 5), "confirmed"),
    ):
        meeting = MeetingFactory(title=title, starts_on=day, ends_on=day, place="", country_id=None)
        BookingFactory(part__meeting=meeting, registration__user=user, status=status)
    MeetingFactory(title="Prepared", status="draft").organisers.add(user)

    rows = [(one.title, one.state, one.text) for one in own.of(user, NOW)]

    assert rows == [
        ("Soon", "On site: Confirmed", "5 January 2027"),
        ("Later", "On site: On the waiting list", "5 June 2027"),
        (
            "Prepared",
            "You prepare it",
            "9 to 10 March 2027, Conference centre (example), Bangkok, Thailand",
        ),
    ]
    client.force_login(user)
    assert "Your meetings" in client.get("/my/").content.decode()
