"""The way back to the home page: on a phone it reads as one line that breaks within long names."""

from itertools import pairwise

import pytest

from tests.factories import MeetingFactory, StatementFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_long_name_does_not_push_its_slash_onto_a_line_of_its_own(page):
    meeting = MeetingFactory(title="Meeting of the Waste Management Area on interim storage")
    statement = StatementFactory(meeting=meeting)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(statement.get_absolute_url())
    first = "links => links.map((one) => one.getClientRects()[0])"
    tops = [one["top"] for one in page.locator(".crumbs a").evaluate_all(first)]
    assert len(tops) == 3
    assert tops[0] == tops[1], "the name of the meeting begins beside 'Home'"

    page.set_viewport_size({"width": 1280, "height": 800})
    places = page.locator(".crumbs a").evaluate_all(first)
    for one, following in pairwise(places):
        assert following["left"] - one["right"] > 10, "a slash stands between the two"
