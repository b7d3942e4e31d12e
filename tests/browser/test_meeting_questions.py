"""A partner ranks with the keyboard alone, and the screen of the room follows by itself."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from meetings import answering
from meetings.answering import Said
from meetings.models import Question
from tests.factories import (
    MeetingFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    QuestionFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
SUBJECTS = ["Storage", "Lamps", "Tailings", "Financing"]


def ranking() -> Question:
    return QuestionFactory(
        meeting=MeetingFactory(),
        kind=Question.Kind.RANKING,
        at_most=3,
        results=Question.Results.AT_ONCE,
        options=SUBJECTS,
        unit=Question.Unit.ORGANISATION,
    )


def partner_of_a_house():
    house = OrganisationFactory()
    PartnerFactory(person=None, organisation=house)
    return MembershipFactory(organisation=house, user=PartnerUserFactory()).user


def test_a_partner_ranks_with_the_keyboard_and_the_room_sees_it(visit):
    question = ranking()
    own, room = visit(partner_of_a_house()), visit()
    room.goto(f"{question.get_absolute_url()}room/")
    expect(room.get_by_role("heading", level=2)).to_contain_text("0 answers")

    own.goto(question.meeting.get_absolute_url())
    link = own.get_by_role("link", name=re.compile("Rank the subjects"))
    link.focus()
    own.keyboard.press("Enter")
    expect(own.locator("h1")).to_have_text(question.text)
    own.get_by_label("Tailings").focus()
    own.keyboard.type("Place 2")
    own.get_by_label("Lamps").focus()
    own.keyboard.type("Place 2")
    own.keyboard.press("Tab")
    own.get_by_role("button", name="Send the answer").focus()
    own.keyboard.press("Enter")

    problems = own.get_by_role("region", name="There is 1 problem")
    expect(problems).to_contain_text("Two subjects have place 2: “Lamps”; “Tailings”.")
    expect(own.get_by_label("Lamps")).to_have_value("2")
    own.get_by_label("Lamps").focus()
    own.keyboard.type("Place 1")
    own.get_by_role("button", name="Send the answer").focus()
    own.keyboard.press("Enter")

    expect(own.locator(".note.good").first).to_contain_text("Thank you")
    expect(own.get_by_role("row").nth(1)).to_contain_text("Lamps")
    expect(room.get_by_role("heading", level=2)).to_contain_text("1 answer", timeout=10_000)
    expect(room.get_by_role("row").nth(1)).to_contain_text("Lamps")


def test_the_screen_without_a_script_has_a_link_that_loads_again(browser, base_url):
    question = ranking()
    page = browser.new_context(base_url=base_url, java_script_enabled=False).new_page()
    page.goto(f"{question.get_absolute_url()}room/")
    person = partner_of_a_house()
    house = person.memberships.get().organisation
    said = Said(picks=(question.options.get(text="Storage").pk,))
    answering.answer(question.pk, said, person, timezone.now(), house)

    page.get_by_role("link", name="Load again").click()

    expect(page.get_by_role("row").nth(1)).to_contain_text("Storage")
    page.context.close()
