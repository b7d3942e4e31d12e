"""Registering, waiting, being promoted, accepting: with the keyboard alone, and on a phone."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from meetings.models import Booking, Part
from tests.factories import (
    MeetingFactory,
    PartFactory,
    RegistrationDeskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hall():
    """One seat at a meeting in two months, with a site visit the day before."""
    now = timezone.now()
    day = (now + timedelta(days=60)).date()
    meeting = MeetingFactory(starts_on=day, ends_on=day)
    RegistrationDeskFactory(
        meeting=meeting,
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=30),
        erase_on=day + timedelta(days=30),
    )
    PartFactory(
        meeting=meeting, kind=Part.Kind.VISIT, title="Lamp plant", on=day - timedelta(days=1)
    )
    return PartFactory(meeting=meeting, seats=1)


def focus(page, name: str):
    """Press Tab until the field has the focus, as who has no mouse does."""
    for _press in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.innerText") == name:
            return
    raise AssertionError(f"{name} is not reached with Tab")


def register(page, meeting, name: str):
    """Fill in and send the form with the keyboard alone."""
    page.goto(meeting.get_absolute_url())
    focus(page, "Register")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(f"Register: {meeting}")
    focus(page, "name")
    page.keyboard.press("Control+A")
    page.keyboard.type(name)
    focus(page, "country")
    page.keyboard.type("Urug")
    focus(page, "diet")
    page.keyboard.type("vegetarian")
    focus(page, "appearance")
    page.keyboard.press("ArrowDown")
    focus(page, "Register")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(str(meeting))


def test_who_waits_gets_the_seat_that_somebody_gives_back(visit, hall, link_for):
    first, second = UserFactory(), UserFactory()
    own = visit(first)
    register(own, hall.meeting, "Ana Silva")
    expect(own.locator("main")).to_contain_text("Seat confirmed")

    phone = visit(second)
    phone.set_viewport_size({"width": 360, "height": 740})
    register(phone, hall.meeting, "Boris Ito")
    expect(phone.locator("main")).to_contain_text("Place 1 of the waiting list.")
    expect(phone.locator("main")).to_contain_text("vegetarian")
    booking = Booking.objects.select_related("registration").get(registration__user=second)
    assert (booking.registration.country_id, booking.registration.appearance) == (
        "UY",
        "participants",
    )

    own.get_by_role("link", name="I cannot come: cancel my registration").click()
    own.get_by_role("button", name="Cancel my registration").click()
    expect(own.locator("main")).to_contain_text("You are not registered any more.")

    phone.goto(link_for(second.email))
    expect(phone.locator("main")).to_contain_text("A seat is free for you: On site")
    booking.refresh_from_db()
    assert booking.status == "offered"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    phone.get_by_role("button", name=re.compile("Accept the seat")).click()
    expect(phone.locator("main")).to_contain_text("The seat is yours.")
    expect(phone.locator("main")).to_contain_text("Seat confirmed")
    phone.get_by_role("link", name=re.compile("Sign up")).click()
    phone.get_by_role("button", name="Sign up").click()
    expect(phone.locator("#visits + ul")).to_contain_text("Seat confirmed")
    states = Booking.objects.order_by("pk").values_list("status", flat=True)
    assert list(states) == ["cancelled", "confirmed", "confirmed"]


def test_a_visitor_fills_in_first_and_signs_in_then(visit, hall, code_for):
    page = visit()
    page.goto(f"{hall.meeting.get_absolute_url()}register/")
    page.locator("#id_name").fill("Chen Wei")
    page.get_by_label("Organisation that you represent").fill("Ministry (example)")
    page.get_by_label("Food that you do not eat").fill("no nuts")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("h1")).to_have_text("Your answers are kept. Who are you?")

    page.get_by_role("link", name="I am here for the first time").click()
    page.locator("#id_email").fill("chen@example.org")
    page.locator("#id_name").fill("Chen Wei")
    page.get_by_role("button", name="Create the sign-in").click()
    page.get_by_label("Code").fill(code_for("chen@example.org"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("main")).to_contain_text("Your answers are here")
    organisation = page.get_by_label("Organisation that you represent")
    expect(organisation).to_have_value("Ministry (example)")
    expect(page.get_by_label("Food that you do not eat")).to_have_value("")
    page.get_by_label("Food that you do not eat").fill("no nuts")
    page.get_by_role("button", name="Register").click()

    expect(page.locator("main")).to_contain_text("Seat confirmed")
    registration = Booking.objects.get().registration
    assert (registration.name, registration.diet) == ("Chen Wei", "no nuts")
