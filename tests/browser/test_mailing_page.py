"""The page of a mailing follows by itself, and its buttons work with the keyboard alone."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mailings import campaigning
from mailings.models import OutgoingMail
from tests.browser.tools import cookies_of
from tests.factories import AnnouncementFactory, LeadFactory, SubscriptionFactory
from tests.pages import World

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 360, "height": 800}


def test_the_lead_watches_a_mailing_pauses_it_and_lets_it_go_on(visit):
    SubscriptionFactory.create_batch(12)
    announcement = AnnouncementFactory(title="Two plants collect lamps (example)")
    campaign = campaigning.start(announcement.pk, None, timezone.now())
    page = visit(LeadFactory())
    page.goto(f"/announcements/{announcement.pk}/mailing/")
    figures = page.locator("#mailing-now .figures")
    expect(figures).to_contain_text("12")
    keys = list(campaign.mails.values_list("pk", flat=True)[:5])
    OutgoingMail.objects.filter(pk__in=keys).update(state="sent", finished_at=timezone.now())

    expect(figures.locator("dd").first).to_have_text("5")
    expect(page.locator("#mailing-now")).to_contain_text("mails a second leave now")

    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#mailing-now")).to_contain_text("Paused")
    assert set(campaign.mails.values_list("state", flat=True)) == {"sent", "paused"}

    page.get_by_role("button", name="Go on").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    campaigning.pause(campaign.pk, None, timezone.now(), "20 mails in a row were refused.")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    expect(page.locator("main")).to_contain_text("20 mails in a row were refused.")


def test_the_lead_finds_a_person_and_the_reason_on_a_telephone_without_scripts(browser, base_url):
    announcement = AnnouncementFactory()  # of a partner who never chose
    SubscriptionFactory.create_batch(60)
    SubscriptionFactory(user__name="Maria Weekly (example)", frequency="weekly")
    campaigning.start(announcement.pk, None, timezone.now())
    lead = LeadFactory()
    context = browser.new_context(base_url=base_url, java_script_enabled=False, viewport=NARROW)
    context.add_cookies(cookies_of(World().client(lead.email.split("@")[0]), base_url))
    page = context.new_page()
    page.goto(f"/announcements/{announcement.pk}/mailing/")
    page.get_by_role("link", name="Gets it in a weekly digest").click()
    expect(page.locator("tbody tr")).to_have_count(1)

    page.get_by_role("link", name="Everybody (62)").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("tbody tr")).to_have_count(12)
    page.get_by_label("Name or address").fill("maria")
    page.get_by_role("button", name="Show").click()

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Maria Weekly (example)")
    expect(page.locator("tbody tr")).to_contain_text("Gets it in a weekly digest")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    context.close()
