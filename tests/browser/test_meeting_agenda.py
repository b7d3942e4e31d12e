"""An organiser writes an agenda with the keyboard alone and publishes it; others drag."""

import re

import pytest
from playwright.sync_api import expect

from meetings.models import Item
from tests.factories import ItemFactory, MeetingFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def press_on(page, control):
    """Go to a control with the Tab key and press Enter, as somebody without a mouse does."""
    for _n in range(150):
        page.keyboard.press("Tab")
        if control.evaluate("one => one === document.activeElement"):
            break
    expect(control).to_be_focused()
    page.keyboard.press("Enter")


def type_into(page, label, words):
    field = page.get_by_label(label, exact=True)
    field.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(words)


def add_item(page, title, minutes):
    press_on(page, page.get_by_role("link", name="Add an item"))
    expect(page.locator("h1")).to_have_text("Add an item")
    type_into(page, "Title", title)
    type_into(page, "Minutes (optional)", minutes)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Draft of the agenda")


def test_with_the_keyboard_alone_from_the_first_session_to_the_published_agenda(visit):
    meeting, organiser = MeetingFactory(), UserFactory(name="Olga Organiser")
    meeting.organisers.add(organiser)
    page = visit(organiser)
    page.goto(f"/meetings/{meeting.code}/agenda/edit/")
    press_on(page, page.get_by_role("link", name="Add a session"))
    type_into(page, "Title", "Opening and review")
    page.get_by_label("Begins at").focus()
    page.keyboard.type("0900AM")
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_have_text("1. Opening and review")
    add_item(page, "Opening", "20")
    add_item(page, "Review", "40")
    times = page.locator("td.clocks strong")
    expect(times).to_have_text(["09:00", "09:20"])

    press_on(page, page.get_by_role("button", name=re.compile("Down.*Opening")))

    expect(page.locator("tbody th a")).to_have_text(["1. Review", "2. Opening"])
    expect(times).to_have_text(["09:00", "09:40"])
    # It is the last now: the focus is on the button beside the one that went
    expect(page.get_by_role("button", name=re.compile("Up.*Opening"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tbody th a")).to_have_text(["1. Opening", "2. Review"])
    expect(page.get_by_role("button", name=re.compile("Down.*Opening"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tbody th a")).to_have_text(["1. Review", "2. Opening"])

    press_on(page, page.get_by_role("link", name="Check and publish"))
    press_on(page, page.get_by_role("button", name="Publish", exact=True))

    expect(page.locator(".note.good")).to_contain_text("Version 1 of the agenda is published.")
    public = visit()
    public.goto(f"/meetings/{meeting.code}/")
    expect(public.locator("table.agenda th[scope=row]")).to_have_text(
        [re.compile("^1. Review"), re.compile("^2. Opening")]
    )


def test_an_item_is_dragged_into_another_session(visit):
    meeting, organiser = MeetingFactory(), UserFactory()
    meeting.organisers.add(organiser)
    for titles in ("AB", "C"):
        session = SessionFactory(meeting=meeting)
        for title in titles:
            ItemFactory(session=session, title=title)
    page = visit(organiser)
    page.set_viewport_size({"width": 1280, "height": 1600})  # nothing scrolls under the mouse
    page.goto(f"/meetings/{meeting.code}/agenda/edit/")
    row, there = (page.locator("tr[data-item]").filter(has_text=one) for one in ("1. A", "3. C"))

    row.drag_to(there, target_position={"x": 300, "y": 3})

    expect(page.locator(".note.good")).to_contain_text("“A” is now number 1 of its session.")
    expect(page.locator("tbody th a")).to_have_text([re.compile(one) for one in "BAC"])
    assert list(
        Item.objects.order_by("session__number", "position").values_list("title", "session__number")
    ) == [("B", 1), ("A", 2), ("C", 2)]


def test_the_page_of_now_renews_itself_and_keeps_the_focus(visit):
    session = SessionFactory()
    ItemFactory(session=session)
    page = visit(UserFactory())
    page.clock.install()
    page.goto(f"/meetings/{session.meeting.code}/now/")
    page.locator("#again").focus()

    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.clock.fast_forward(31_000)

    expect(page.locator("#now section")).to_have_count(1)
    expect(page.locator("#again")).to_be_focused()
