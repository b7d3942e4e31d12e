"""One meeting from its announcement to the next one's agenda: by keyboard alone, and on a phone."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from meetings.models import Attendance, Booking, Meeting, Outcome
from tests.browser.tools import cookies_of
from tests.factories import LeadFactory, SeriesFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
_FIELDS = "input, select, textarea"
_FOCUSED = """() => {
    const e = document.activeElement, label = e.labels && e.labels[0];
    const text = e.innerText || e.textContent || "";
    const words = e.matches("button, a, summary") ? text : (label ? label.innerText : e.name || "");
    return words.replace(/\\s+/g, " ").trim();
}"""


class Hands:
    """How somebody uses pages: Tab, Enter and keys alone, or a finger."""

    def __init__(self, page: Page, has_keyboard_alone: bool):
        self.page, self.has_keyboard_alone = page, has_keyboard_alone

    def press(self, name: str):
        """Follow the link or push the button whose words begin so."""
        if self.has_keyboard_alone:
            self._focus(name)
            self._press_enter()
        else:
            words = re.compile(f"^{re.escape(name)}")
            pages = self.page.get_by_role("link", name=words)
            steps = self.page.get_by_role("button", name=words)
            folded = self.page.locator("summary").filter(has_text=words)
            pages.or_(steps).or_(folded).first.click()

    def type(self, label: str, text: str):
        if self.has_keyboard_alone:
            self._focus(label, _FIELDS)
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(text)
        else:
            self.page.get_by_label(label).first.fill(text)

    def day(self, label: str, day):
        """Dates are typed part by part, in the order of the browser's language."""
        if self.has_keyboard_alone:
            self._focus(label, _FIELDS)
            self.page.keyboard.type(f"{day:%m%d%Y}")
        else:
            self.page.get_by_label(label).fill(day.isoformat())

    def time(self, label: str, clock: str):
        if self.has_keyboard_alone:
            self._focus(label, _FIELDS)
            self.page.keyboard.type(f"{clock.replace(':', '')}AM")
        else:
            self.page.get_by_label(label).fill(clock)

    def choose(self, label: str, option: str):
        if self.has_keyboard_alone:
            self._focus(label, _FIELDS)
            self.page.keyboard.type(option)
        else:
            self.page.get_by_label(label).select_option(label=option)

    def tick(self, label: str):
        """One of several: Tab goes to the first, arrows to the others."""
        if self.has_keyboard_alone:
            for _press in range(150):
                radio = "document.activeElement.type === 'radio'"
                self.page.keyboard.press("ArrowDown" if self.page.evaluate(radio) else "Tab")
                if self.page.evaluate(_FOCUSED) == label:
                    return
            raise AssertionError(f"“{label}” is not reached")
        self.page.get_by_label(label, exact=True).check()

    def _press_enter(self):
        """Go on when the page that follows is there; a fold, and what htmx does, stay on theirs."""
        element = "document.activeElement"
        stays = f"{element}.matches('summary') || {element}.closest('[hx-post]') !== null"
        if self.page.evaluate(stays):
            self.page.keyboard.press("Enter")
        else:
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")

    def _focus(self, name: str, what: str = "a, button, summary"):
        for _press in range(150):
            self.page.keyboard.press("Tab")
            is_such = self.page.evaluate(f"document.activeElement.matches('{what}')")
            if is_such and self.page.evaluate(_FOCUSED).startswith(name):
                return
        raise AssertionError(f"“{name}” is not reached with Tab")


@pytest.fixture(params=[(True, 1280), (False, 360)], ids=["keyboard", "phone"])
def hands(request, browser, base_url):
    """`hands(user)`: somebody with a browser of their own."""
    alone, width = request.param
    contexts = []

    def of(user) -> Hands:
        client = Client()  # of its own: a sign-in ends the one before it
        client.force_login(user)
        context = browser.new_context(
            base_url=base_url, viewport={"width": width, "height": 740}, locale="en-US"
        )
        contexts.append(context)
        context.add_cookies(cookies_of(client, base_url))
        return Hands(context.new_page(), alone)

    yield of
    for context in contexts:
        context.close()


def begin(lead: Hands, title: str, code: str, day, series: str):
    lead.page.goto("/meetings/add/")
    lead.type("Title", title)
    lead.type("Word in its address", code)
    lead.choose("Series", series)
    lead.day("First day", day)
    lead.tick("Online")
    lead.press("Save the draft")
    expect(lead.page.locator("h1")).to_have_text(title)


def register(person: Hands, code: str, name: str):
    person.page.goto(f"/meetings/{code}/register/")
    person.type("Name", name)
    person.press("Register")


def test_from_the_announcement_to_the_next_agenda(hands, link_for):
    series = SeriesFactory(name="Yearly meetings (example)")
    lead, ana, boris = hands(LeadFactory()), UserFactory(), UserFactory()
    soon = timezone.now().date() + timedelta(days=20)

    # Announced, with one seat
    begin(lead, "First meeting (example)", "first-example", soon, str(series))
    lead.press("Agenda")
    lead.press("Add a session")
    lead.type("Title", "Morning (example)")
    lead.time("Begins at", "09:00")
    lead.press("Add the session")
    lead.press("Add an item")
    lead.type("Title", "Fact sheets (example)")
    lead.press("Save")
    lead.press("Check and publish")
    lead.press("Publish")
    lead.page.goto("/meetings/first-example/prepare/")
    lead.press("Registration")
    lead.type("Seats online", "1")
    lead.press("Save")
    lead.press("Overview")
    lead.press("Announce the meeting")
    expect(lead.page.locator("main")).to_contain_text("Announced")

    # One has the seat, one waits, and is promoted
    first, second = hands(ana), hands(boris)
    register(first, "first-example", "Ana Silva")
    expect(first.page.locator("main")).to_contain_text("Seat confirmed")
    register(second, "first-example", "Boris Ito")
    expect(second.page.locator("main")).to_contain_text("Place 1 of the waiting list")
    first.press("I cannot come")
    first.press("Cancel my registration")
    expect(first.page.locator("main")).to_contain_text("You are not registered any more")
    second.page.goto(link_for(boris.email))
    second.press("Accept the seat")
    expect(second.page.locator("main")).to_contain_text("Seat confirmed")
    states = Booking.objects.order_by("pk").values_list("status", flat=True)
    assert list(states) == ["cancelled", "confirmed"]

    # The night passes: it is the day
    today = timezone.now().date()
    meeting = Meeting.objects.get()
    meeting.sessions.update(day=today)
    Meeting.objects.update(starts_on=today, ends_on=today)
    lead.page.goto("/meetings/first-example/check-in/")
    lead.press("Check in")
    expect(lead.page.locator("main")).to_contain_text("Checked in at")
    assert Attendance.objects.get().registration.name == "Boris Ito"

    # Minutes, and an action in one step
    lead.press("Minutes and outcomes")
    lead.type("Minutes", "Two fact sheets are missing.")
    lead.press("Save")
    expect(lead.page.get_by_role("status").first).to_be_visible()
    lead.page.reload()
    lead.press("Add an outcome")
    lead.choose("Kind", "Action")
    lead.type("Outcome", "Write a fact sheet on lamps (example)")
    lead.type("Owner of an action", "Group on capacity (example)")
    lead.press("Add the outcome")
    expect(lead.page.locator("main")).to_contain_text("Write a fact sheet on lamps (example)")
    action = Outcome.objects.get()
    assert (action.kind, action.status) == ("action", "open")

    # It stands on the next meeting's draft agenda by itself
    begin(lead, "Second meeting (example)", "second-example", soon, str(series))
    lead.press("Agenda")
    expect(lead.page.locator("main")).to_contain_text("Open actions from the last meeting")
    lead.page.goto("/meetings/second-example/")
    expect(lead.page.locator("#carried + *, section:has(#carried)").first).to_contain_text(
        "Write a fact sheet on lamps (example)"
    )
    assert lead.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
