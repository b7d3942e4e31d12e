"""Minutes are typed beside the agenda: saving one item leaves what was typed under another."""

import re

import pytest
from playwright.sync_api import expect

from meetings.models import Minutes
from tests.browser.tools import cookies_of
from tests.factories import ItemFactory, LeadFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_item_is_saved_while_another_is_being_typed(page, context, base_url, client):
    first = ItemFactory(title="First (example)")
    second = ItemFactory(session=first.session, title="Second (example)")
    client.force_login(LeadFactory())
    context.add_cookies(cookies_of(client, base_url))
    page.goto(f"/meetings/{first.session.meeting.code}/minutes/")
    fields = page.get_by_label("Minutes", exact=True)
    fields.nth(1).fill("Half a sentence")
    fields.nth(0).fill("Said first.")

    page.get_by_role("button", name=re.compile("^Save.*First")).click()

    expect(page.locator(f"#item-{first.pk} [role=status]").first).to_be_visible()
    expect(fields.nth(1)).to_have_value("Half a sentence")
    assert Minutes.objects.get().text == "Said first."

    Minutes.objects.update(text="By somebody else.", version=2)
    fields.nth(0).fill("Said again.")
    page.get_by_role("button", name=re.compile("^Save.*First")).click()
    expect(page.get_by_role("alert")).to_contain_text("By somebody else.")
    expect(fields.nth(0)).to_have_value("Said again.")
    page.get_by_role("button", name="Keep both, one after the other").click()
    expect(fields.nth(0)).to_have_value("By somebody else.\n\nSaid again.")
    expect(fields.nth(1)).to_have_value("Half a sentence")
    assert not Minutes.objects.filter(item=second).exists()
