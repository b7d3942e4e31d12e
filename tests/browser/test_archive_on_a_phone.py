"""The archive of announcements on a phone of 360 px and without scripts: find, read, answer."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mailings.models import OutgoingMail
from tests.browser.tools import cookies_of
from tests.factories import AnnouncementFactory, PartnerUserFactory, topic_called


@pytest.fixture
def phone(context, page):
    page.set_viewport_size({"width": 360, "height": 700})
    return page


@pytest.fixture
def grants():
    """One that is open among others, published now."""
    now = timezone.now()
    fields = {"audience": "public", "published_at": now}
    AnnouncementFactory(title="Two plants", **fields)
    past = {"closes_on": now.date() - timedelta(days=9)}
    AnnouncementFactory(title="Old grants", topic=topic_called("finance"), **past, **fields)
    found = AnnouncementFactory(
        title="New grants",
        topic=topic_called("finance"),
        closes_on=now.date() + timedelta(days=9),
        author=PartnerUserFactory(email="ada@authors.example"),
        **fields,
    )
    found.countries.set(["KE"])
    return found


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_a_partner_finds_an_open_call_reads_it_and_answers(
    phone, context, client, base_url, grants
):
    client.force_login(PartnerUserFactory(name="Bo Partner"))
    context.add_cookies(cookies_of(client, base_url))
    rows = phone.locator("#results h2")
    phone.goto("/")
    phone.get_by_role("navigation", name="Main").get_by_role("link", name="Announcements").click()
    expect(rows).to_have_count(3)

    phone.get_by_role("link", name="Financial schemes (2)").click()
    expect(rows).to_have_text(["New grants", "Old grants"])
    phone.get_by_role("link", name="Open (1)").click()
    expect(rows).to_have_text(["New grants"])
    phone.locator("label[for=show-filters]").click()
    phone.get_by_label("Country").select_option("KE")
    phone.get_by_role("button", name="Show").click()
    expect(rows).to_have_text(["New grants"])
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360

    phone.get_by_role("link", name="New grants").click()
    expect(phone.get_by_text("Closing date")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    phone.get_by_role("link", name="Answer the partner").click()
    phone.get_by_label("Your message").fill("We are interested.")
    phone.get_by_role("button", name="Send the message").click()

    expect(phone.get_by_text("Your message is on its way to the author.")).to_be_visible()
    assert OutgoingMail.objects.get().to == "ada@authors.example"
