"""A practice from the first words to its use elsewhere, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from documents.models import Practice
from tests.factories import ExpertFactory, LeadFactory, PartnerUserFactory, PracticeFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_practice_is_submitted_returned_published_compared_and_used(visit):
    other = PracticeFactory(version={"title": "Boxes in schools"})
    ExpertFactory(name="Rosa Retort (example)")
    partner, lead = PartnerUserFactory(), LeadFactory()
    own = visit(partner)

    own.goto("/practices/new/")
    own.get_by_label("Title").fill("Lamps in hardware shops")
    own.get_by_role("button", name="Begin").click()
    own.get_by_role("button", name="Save draft", exact=True).first.click()
    expect(own.get_by_text("Before you can submit it")).to_be_visible()
    own.get_by_label("Summary").first.fill("Shops take back lamps in boxes.")
    own.get_by_label("Country", exact=True).select_option(label="Uruguay")
    own.get_by_role("textbox", name="What was done").fill("Forty shops had a box for a year.")
    own.locator("#id_preconditions-0-text").fill("A treatment plant that takes lamps")
    own.locator("#id_preconditions-0-kind").select_option(label="Technical")
    own.locator("#id_recommendations-0-text").fill("Empty the boxes each week.")
    own.locator("#id_persons-0-name").fill("Rosa Retort (example)")
    own.get_by_role("button", name="Save and look at the checklist").click()
    expect(own.get_by_text("All that is asked for is there")).to_be_visible()
    own.get_by_role("button", name="Submit", exact=True).click()
    expect(own.locator("h1")).to_contain_text(re.compile("Waits|Lamps in hardware shops"))

    desk = visit(lead)
    desk.goto("/admin/")
    desk.get_by_role("link", name=re.compile("Review")).first.click()
    expect(desk.locator("h1")).to_have_text("Lamps in hardware shops")
    desk.get_by_label("Results", exact=False).last.fill("How many lamps came back?")
    desk.get_by_role("button", name="Return with comments").click()
    expect(desk.locator(".note.good")).to_be_visible()

    practice = Practice.objects.get(code="lamps-in-hardware-shops")
    own.goto(f"/practices/{practice.code}/edit/")
    expect(own.get_by_text("How many lamps came back?")).to_be_visible()
    own.locator("#id_results-0-what").fill("Lamps that came back")
    own.locator("#id_results-0-value").fill("5200")
    own.locator("#id_results-0-unit").fill("lamps a year")
    own.get_by_role("button", name="Save and look at the checklist").click()
    own.get_by_role("button", name="Submit", exact=True).click()

    desk.goto(f"/practices/{practice.code}/review/")
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(desk.get_by_text("Tick every point of the list").first).to_be_visible()
    for point in desk.get_by_role("checkbox").all():
        point.check()
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(desk.get_by_text("Published. The owner gets a mail.")).to_be_visible()
    public = visit()
    public.goto("/practices/")
    row = public.locator("li", has=public.get_by_role("link", name="Lamps in hardware shops"))
    expect(row.first).to_be_visible()

    public.locator(f'input[name="practice"][value="{practice.code}"]').check()
    public.locator(f'input[name="practice"][value="{other.code}"]').check()
    public.get_by_role("button", name="Compare the chosen").click()
    expect(public.locator("main")).to_contain_text("Lamps in hardware shops")
    expect(public.locator("main")).to_contain_text("Boxes in schools")

    user = visit(PartnerUserFactory())
    user.goto(practice.get_absolute_url())
    user.get_by_role("link", name="Tell us that you used it").click()
    user.get_by_label("Country", exact=True).select_option(label="Chile")
    user.get_by_label("Year", exact=True).fill("2026")
    user.get_by_label("It helped", exact=True).check()
    user.get_by_label("What it brought").fill("900 lamps in a month.")
    user.get_by_role("button", name="Tell it").click()
    public.goto(practice.get_absolute_url())
    expect(public.locator("main")).to_contain_text("900 lamps in a month.")


def test_practices_chosen_to_be_compared_stay_chosen_when_the_list_changes(visit):
    for number, title in enumerate(
        ("Boxes in schools", "Boxes in shops", "Retorts", "Retort trucks")
    ):
        PracticeFactory(version={"title": title}, code=f"practice-{number}")
    page = visit()
    page.goto("/practices/")
    for title in ("Boxes in schools", "Boxes in shops"):
        page.get_by_label(f"Compare: {title}").check()

    page.locator("#find").fill("retort")
    page.keyboard.press("Enter")
    expect(page.locator("#results h2").first).to_have_text("2 practices")
    expect(page.get_by_label("Compare: Boxes in schools")).to_be_checked()
    page.get_by_label("Compare: Boxes in schools").uncheck()
    page.get_by_label("Compare: Retorts").check()
    page.get_by_role("button", name="Compare the chosen").click()

    expect(page.locator("main table").first).to_contain_text("Boxes in shops")
    assert sorted(re.findall("practice=([a-z0-9-]+)", page.url)) == ["practice-1", "practice-2"]
