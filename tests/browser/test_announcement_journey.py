"""The whole way of an announcement: chosen, written, approved, in the mailbox, stopped, chosen."""

import re
from contextlib import suppress
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from mailings import delivery
from tests.browser.tools import hand_in
from tests.factories import LeadFactory, PartnerUserFactory

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 360, "height": 800}


def test_from_the_choice_of_a_reader_to_the_mail_and_back_to_the_choice(
    visit, sink, base_url, settings
):
    settings.SITE_URL = base_url
    reader, author, lead = PartnerUserFactory(), PartnerUserFactory(), LeadFactory()

    choice = visit(reader)
    choice.set_viewport_size(NARROW)
    choice.goto("/my/")
    choice.locator("main a[href='/mail/preferences/']").click()
    choice.get_by_role("group", name="Projects").get_by_label("At once").check()
    choice.get_by_role("button", name=re.compile("^Save")).first.click()
    expect(choice.get_by_role("region", name="What you get now")).to_contain_text("At once")

    own = visit(author)
    own.set_viewport_size(NARROW)
    hand_in(own, "Lamps of two cities")
    expect(own.get_by_text("The Lead reads it and answers you by mail.")).to_be_visible()

    desk = visit(lead)
    desk.goto("/admin/")
    desk.get_by_role("button", name="Approve and send").click()
    expect(desk.locator(".note.good")).to_contain_text("Published")

    delivery.deliver(20)
    [(to, mail)] = [one for one in sink.taken if one[1]["List-Id"]]
    assert (to, mail["Subject"]) == (reader.email, "Lamps of two cities")
    assert "Two plants collect lamps." in mail.get_body(["plain"]).get_content()

    address = re.search("<(.+?)>", mail["List-Unsubscribe"])[1]
    for method in ("GET", "HEAD", "OPTIONS"):
        with suppress(HTTPError):  # OPTIONS is refused
            urlopen(Request(address, method=method)).close()
    assert reader.subscriptions.get(topic__code="projects").frequency == "at_once"
    body = b"List-Unsubscribe=One-Click"
    with urlopen(Request(address, data=body)) as answer:
        assert answer.status == 200
    assert reader.subscriptions.get(topic__code="projects").frequency == "never"

    token = urlsplit(address).path.split("/")[-2]
    again = visit()
    again.set_viewport_size(NARROW)
    again.goto(f"/mail/preferences/{token}/")
    assert reader.name not in again.content()
    again.get_by_role("group", name="Projects").get_by_label("Once a day").check()
    again.get_by_role("button", name=re.compile("^Save")).first.click()
    expect(again.get_by_role("region", name="What you get now")).to_contain_text("Once a day")
    assert reader.subscriptions.get(topic__code="projects").frequency == "daily"
