"""The way back to the home page: on a phone it reads as one line that breaks within long names."""

import pytest

from tests.factories import MeetingFactory, StatementFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_long_name_does_not_push_its_slash_onto_a_line_of_its_own(page):
    meeting = MeetingFactory(title="Meeting of the Waste Management Area on interim storage")
    statement = StatementFactory(meeting=meeting)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(statement.get_absolute_url())
    tops = page.locator(".crumbs a").evaluate_all(
        "links => links.map((one) => one.getClientRects()[0].top)"
    )
    assert len(tops) == 3
    assert tops[0] == tops[1], "the name of the meeting begins beside 'Home'"
