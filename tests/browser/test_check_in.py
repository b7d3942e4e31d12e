"""Check-in on a phone of 360 px: found by a few letters, noted with one press, without a reload."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from meetings.models import Attendance
from tests.browser.tools import cookies_of
from tests.factories import (
    BookingFactory,
    MeetingFactory,
    PartFactory,
    RegistrationFactory,
    UserFactory,
)


@pytest.fixture
def door(page, context, client, base_url):
    """The page of a meeting with three people, for its organiser, on the first of two days."""
    today = timezone.now().date()
    meeting = MeetingFactory(
        time_zone="UTC", starts_on=today, ends_on=today + timedelta(days=1), title="Meeting"
    )
    organiser, part = UserFactory(), PartFactory(meeting=meeting, seats=None)
    meeting.organisers.add(organiser)
    for name in ("Ana Pérez", "Ben Okoro", "Chi Tran"):
        registration = RegistrationFactory(meeting=meeting, name=name)
        BookingFactory(part=part, registration=registration)
    client.force_login(organiser)
    context.add_cookies(cookies_of(client, base_url))
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"/meetings/{meeting.code}/check-in/")
    return page


def test_a_person_is_found_noted_and_taken_back_without_a_reload(door):
    door.evaluate("window.stays = true")

    door.get_by_label("Name or organisation").press_sequentially("perez")

    expect(door.locator("#people li[id]")).to_have_count(1)
    door.get_by_role("button", name="Check in Ana Pérez").click()
    expect(door.get_by_text("Checked in at")).to_be_visible()
    expect(door.locator("#days [aria-current]")).to_have_text(re.compile("1 of 3$"))
    expect(door.locator("#said")).to_have_text("Ana Pérez is noted.")
    expect(door.get_by_role("button", name="Undo Ana Pérez")).to_be_focused()
    assert Attendance.objects.get().registration.name == "Ana Pérez"
    door.keyboard.press("Enter")
    expect(door.get_by_role("button", name="Check in Ana Pérez")).to_be_focused()
    expect(door.locator("#days [aria-current]")).to_have_text(re.compile("0 of 3$"))
    assert not Attendance.objects.exists()
    assert door.evaluate("window.stays")


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_it_works_without_scripts(door):
    door.get_by_label("Name or organisation").fill("okoro")
    door.get_by_role("button", name="Find").click()
    door.get_by_role("button", name="Check in Ben Okoro").click()

    expect(door.get_by_text("Checked in at")).to_be_visible()
    expect(door.get_by_label("Name or organisation")).to_have_value("okoro")
    assert Attendance.objects.get().registration.name == "Ben Okoro"
