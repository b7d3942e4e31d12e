"""The whole way of a digest: chosen, followed, announced, in the mailbox on Monday, stopped."""

import re
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from playwright.sync_api import expect

from mailings import delivery, digesting
from tests.browser.tools import hand_in
from tests.factories import (
    AnnouncementFactory,
    LeadFactory,
    NeedFactory,
    PartnerUserFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 360, "height": 800}
WEEK = timedelta(days=7)


def next_monday() -> datetime:
    """Half past seven, half an hour after digests begin in UTC."""
    today = datetime.now(UTC).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), time(7, 30), UTC)


def written_and_sent(moment: datetime) -> int:
    """The scheduler and a worker at this moment; returns how many digests were written."""
    with time_machine.travel(moment, tick=True):
        number = digesting.write_due(moment)
        delivery.deliver(20)
    return number


def test_from_the_choice_of_a_reader_to_the_digest_and_to_its_end(visit, sink, base_url, settings):
    settings.SITE_URL = base_url
    reader, author, lead = PartnerUserFactory(), PartnerUserFactory(), LeadFactory()
    monday = next_monday()

    choice = visit(reader)
    choice.set_viewport_size(NARROW)
    choice.goto("/mail/preferences/")
    choice.get_by_role("group", name="Projects").get_by_label("Once a week").check()
    choice.get_by_role("button", name=re.compile("^Save")).first.click()
    expect(choice.get_by_role("region", name="What you get now")).to_contain_text("Once a week")
    choice.goto("/countries/ke/")
    choice.get_by_role("button", name="Follow: hear of what is new").click()
    expect(choice.get_by_text("You follow “Kenya”.")).to_be_visible()

    own = visit(author)
    hand_in(own, "Lamps of two cities")
    desk = visit(lead)
    desk.goto("/admin/")
    desk.get_by_role("button", name="Approve and send").click()
    expect(desk.locator(".note.good")).to_contain_text("Published")
    NeedFactory(country_id="KE", title="A place to store mercury")

    delivery.deliver(20)
    assert [to for to, mail in sink.taken if mail["List-Id"]] == []
    assert written_and_sent(monday) == 1
    [(to, mail)] = [one for one in sink.taken if one[1]["List-Id"]]
    assert (to, mail["Subject"]) == (reader.email, "Waste Management Area: 2 news")
    text = mail.get_body(["plain"]).get_content()
    parts = (
        "Projects",
        "Lamps of two cities",
        "New in what you follow: Kenya",
        "A place to store mercury",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)

    browser = visit()
    browser.set_viewport_size(NARROW)
    browser.goto(re.search(r"/mail/preferences/\w+/", text)[0])
    now = browser.get_by_role("region", name="What you get now")
    expect(now).to_contain_text("Projects")
    expect(now).to_contain_text("New in what you follow")
    expect(now).not_to_contain_text("Kenya")  # the mail may have been passed on
    assert reader.name not in browser.content()
    assert browser.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    browser.goto(urlsplit(re.search("<(.+?)>", mail["List-Unsubscribe"])[1]).path)
    browser.get_by_role("button", name="Stop these mails").click()
    expect(browser.get_by_role("heading", level=1)).to_have_text("These mails are off")

    AnnouncementFactory(topic=topic_called("projects"), published_at=monday + timedelta(days=1))
    NeedFactory(country_id="KE", title="Training")
    before = len(sink.taken)
    assert written_and_sent(monday + WEEK) == 0
    assert len(sink.taken) == before
