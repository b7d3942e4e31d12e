"""An announcement from the first word to the author's yes to the Lead's words, in two browsers."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mailings.models import Announcement, Campaign
from tests.browser.tools import cookies_of
from tests.factories import (
    AnnouncementFactory,
    LeadFactory,
    PartnerUserFactory,
    SubscriptionFactory,
)
from tests.pages import World

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 360, "height": 800}


def is_open_to_everybody(page):
    """No fault that axe finds, and nothing wider than a telephone."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_partner_writes_the_lead_proposes_words_and_the_partner_agrees(visit):
    partner, lead = PartnerUserFactory(), LeadFactory()
    SubscriptionFactory()

    own = visit(partner)
    own.set_viewport_size(NARROW)
    own.goto("/announcements/write/")
    own.get_by_role("link", name="Business opportunities").click()
    own.get_by_label("Title").fill("Equipment for lamps is wanted")
    text = own.get_by_label("Text", exact=True)
    text.fill("Three cities want:\n•\tcrushers\n•\t**filters**")
    text.blur()
    expect(own.locator("#look li strong")).to_have_text("filters")
    own.get_by_label("Closing date").fill("2099-01-31")
    own.get_by_label("Amount of money").fill("250000")
    own.get_by_label("Currency").fill("usd")
    own.locator("summary", has_text="Countries").click()
    own.get_by_label("Peru").check()
    own.get_by_label("I have read the rules of the list").check()
    is_open_to_everybody(own)
    own.get_by_role("button", name="Save and look at it").click()
    mail = own.frame_locator("iframe")
    expect(mail.get_by_text("USD 250,000")).to_be_visible()
    is_open_to_everybody(own)
    own.get_by_role("link", name="French").click()
    expect(mail.get_by_text("USD 250\u202f000")).to_be_visible()
    own.get_by_role("button", name="Hand it in").click()
    expect(own.get_by_text("The Lead reads it and answers you by mail.")).to_be_visible()

    desk = visit(lead)
    desk.set_viewport_size(NARROW)
    desk.goto("/admin/")
    desk.get_by_role("link", name="Propose other words").click()
    desk.get_by_label("Title").fill("Equipment for mercury lamps is wanted")
    is_open_to_everybody(desk)
    desk.get_by_role("button", name="Send to the author").click()
    expect(desk.get_by_text("The author is asked whether these words are right.")).to_be_visible()

    own.goto("/announcements/write/")
    own.get_by_role("link", name="Equipment for lamps is wanted").click()
    expect(own.locator("ins")).to_have_text(["mercury"])
    is_open_to_everybody(own)
    own.get_by_role("button", name="I agree: publish it").click()
    expect(own.get_by_text("Your announcement is published.")).to_be_visible()
    announcement = Announcement.objects.get()
    assert announcement.title == "Equipment for mercury lamps is wanted"
    assert announcement.decided_by == lead
    assert Campaign.objects.get().announcement == announcement


def test_everything_works_without_scripts(browser, base_url, visit):
    partner = PartnerUserFactory()
    signed_in = visit(partner).context.cookies()
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    context.add_cookies(signed_in)
    page = context.new_page()
    page.goto("/announcements/write/?topic=projects")
    page.get_by_label("Title").fill("Lamps of two cities")
    page.get_by_label("Text", exact=True).fill("They collect **lamps**.")
    page.get_by_role("button", name="Preview the text").click()
    expect(page.locator("#look strong").last).to_have_text("lamps")
    page.get_by_label("I have read the rules of the list").check()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    assert Announcement.objects.get().title == "Lamps of two cities"
    context.close()


def test_links_of_the_mail_open_beside_the_preview_also_without_scripts(
    browser, base_url, settings
):
    settings.SITE_URL = base_url
    partner = PartnerUserFactory()
    text = "Read [the plan](/meetings/) <script>document.title = 'run'</script>"
    announcement = AnnouncementFactory(author=partner, text=text, status="draft")
    context = browser.new_context(base_url=base_url, java_script_enabled=False, viewport=NARROW)
    context.add_cookies(cookies_of(World().client(partner.email.split("@")[0]), base_url))
    page = context.new_page()
    page.goto(f"/announcements/{announcement.pk}/preview/")
    stop = page.frame_locator("iframe").get_by_role("link", name="Stop “")
    with context.expect_page() as opened:
        stop.click()
    expect(opened.value).to_have_url(f"{base_url}/mail/stop/preview/")
    expect(opened.value.locator("h1")).to_be_visible()
    expect(page.get_by_role("heading", name="The mail", exact=True)).to_be_visible()
    assert page.url.endswith("/preview/")
    context.close()
