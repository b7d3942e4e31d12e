"""Choosing what one gets by mail, with nothing but a keyboard, from a mail and signed in."""

import pytest
from playwright.sync_api import expect

from mailings import subscribing, topics
from mailings.models import Preferences, Subscription
from tests.factories import PartnerUserFactory, SubscriptionFactory, topic_called

pytestmark = pytest.mark.django_db(transaction=True)
TABS_AT_MOST = 80


def how_often(user) -> dict[str, str]:
    rows = Subscription.objects.filter(user=user).exclude(frequency="never")
    return dict(rows.values_list("topic__code", "frequency"))


def tab_to(page, target):
    """Press the Tab key until the target has the focus."""
    for _press in range(TABS_AT_MOST):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the Tab key does not lead to {target}")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_keyboard_is_enough_to_choose_and_to_save(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    row = SubscriptionFactory(user=PartnerUserFactory())
    token = topics.tokens(subscribing.TOPIC, [row.pk])[row.pk]
    page.goto(f"/mail/stop/{token}/")
    tab_to(page, page.get_by_role("link", name="Choose what you get by mail"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What you get by mail")

    projects = page.get_by_role("group", name="Projects")
    tab_to(page, projects.get_by_label("At once"))
    page.keyboard.press("ArrowDown")
    events = page.get_by_role("group", name="Events")
    tab_to(page, events.get_by_label("Never"))
    page.keyboard.press("ArrowUp")
    tab_to(page, page.get_by_label("Africa", exact=True).first)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_text("Single countries"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Cambodia"))
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # in a form it saves

    expect(page.get_by_role("status")).to_contain_text("Your choice is saved")
    now = page.get_by_role("region", name="What you get now")
    expect(now).to_contain_text("Once a day")
    expect(now).to_contain_text("Africa, Cambodia")
    assert how_often(row.user) == {"projects": "daily", "events": "weekly"}
    kept = Preferences.objects.get(user=row.user)
    assert (kept.regions, [one.pk for one in kept.countries.all()]) == (["africa"], ["KH"])
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_who_joins_goes_from_my_page_to_the_choice_and_stops_all_with_one_button(visit):
    user = PartnerUserFactory(email="amara@example.org")
    page = visit(user)
    page.goto("/my/")
    tab_to(page, page.get_by_role("link", name="what you get by mail"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="All once a week"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("Your choice is saved.")).to_be_visible()
    assert set(how_often(user).values()) == {"weekly"}
    assert topic_called("lead").code in how_often(user)

    tab_to(page, page.get_by_role("button", name="Stop all"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("You get no announcements by mail.")).to_be_visible()
    assert how_often(user) == {}
