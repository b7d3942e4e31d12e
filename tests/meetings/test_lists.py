"""Meetings as lists, by month, as a story, in the feed and in the search."""

import html
import re
from datetime import date

import pytest
from django.core.management import call_command

from meetings.models import Meeting
from tests.factories import MeetingFactory, OutcomeFactory, PartnerUserFactory

pytestmark = pytest.mark.django_db


def held(year: int, month: int, **fields):
    day = date(year, month, 5)
    return MeetingFactory(starts_on=day, ends_on=day, status="held", **fields)


def titles(page: str, meetings) -> list[str]:
    return [one.title for one in meetings if f">{one.title}<" in page]


def test_filters_narrow_what_was_and_what_comes(client):
    core = held(2016, 11, kind="core", title="Bangkok (example)")
    webinar = held(2022, 2, kind="webinar", title="Webinar (example)")
    coming = MeetingFactory(title="Coming (example)")
    everything = (core, webinar, coming)

    found = {
        query: titles(client.get(f"/meetings/{query}").content.decode(), everything)
        for query in ("", "?kind=core", "?year=2022", "?q=coming", "?kind=core&year=2022")
    }

    assert found == {
        "": [core.title, webinar.title, coming.title],
        "?kind=core": [core.title],
        "?year=2022": [webinar.title],
        "?q=coming": [coming.title],
        "?kind=core&year=2022": [],
    }


def test_the_list_takes_the_same_queries_for_one_and_for_ten_meetings(
    client, django_assert_max_num_queries
):
    held(2020, 1)
    with django_assert_max_num_queries(20) as one:
        client.get("/meetings/")
    for month in range(1, 10):
        held(2021, month)
    with django_assert_max_num_queries(20) as ten:
        client.get("/meetings/")

    assert len(one) == len(ten)


def test_a_month_shows_each_day_of_a_meeting_and_no_false_days(client):
    MeetingFactory(
        title="Two days (example)", starts_on=date(2026, 3, 31), ends_on=date(2026, 4, 1)
    )
    MeetingFactory(
        title="Some day in March (example)",
        starts_on=date(2026, 3, 1),
        ends_on=date(2026, 3, 31),
        precision="month",
    )

    march, april = (
        client.get(f"/meetings/months/2026/{month}/").content.decode().partition("</table>")
        for month in (3, 4)
    )

    assert march[0].count("Two days (example)") == april[0].count("Two days (example)") == 1
    assert "Some day in March (example)" in march[2].partition("The day is not known")[2]
    assert "".join(march).count("Some day in March (example)") == 1


@pytest.mark.parametrize("month", ["2026/13", "2026/0", "1999/3", "2101/1"])
def test_there_are_no_pages_of_months_without_end(client, month):
    assert client.get(f"/meetings/months/{month}/").status_code == 404


def test_what_is_for_partners_stands_in_no_list_of_a_visitor(client):
    hidden = held(2020, 5, title="For partners (example)", audience="partners")
    OutcomeFactory(meeting=hidden, text="A secret outcome (example)")
    pages = ("", "story/", "months/2020/5/", "feed/")

    for path in pages:
        page = client.get(f"/meetings/{path}").content.decode()
        assert ("For partners" in page, "secret" in page) == (False, False)
    assert "For partners" not in client.get("/search/?q=partners+example").content.decode()
    client.force_login(PartnerUserFactory())
    story = client.get("/meetings/story/").content.decode()
    assert ("For partners" in story, "secret" in story) == (True, True)


def test_the_search_knows_words_of_the_agenda_and_of_outcomes(client):
    meeting = held(2020, 5, title="Fifth (example)")
    meeting.versions.create(
        number=1, content=[{"title": "Opening", "items": [{"title": "Calomel in smelters"}]}]
    )
    OutcomeFactory(meeting=meeting, text="A catalogue of retorts")

    for words in ("calomel", "retort catalogue", "fifth"):
        assert list(Meeting.objects.matching(words)) == [meeting]
    assert meeting.title in client.get("/search/?q=calomel").content.decode()


def test_the_true_meetings_are_there_with_what_is_known_of_them():
    call_command("loaddemo", verbosity=0)
    real = Meeting.objects.filter(fictitious=False)

    assert real.count() == 20
    assert real.get(code="wma-1-tokyo-2009").when == "March 2009"
    assert real.get(code="core-member-vienna-2018").when == "2018"
    manila = real.get(code="wma-3-manila-2013")
    assert manila.when == "10 to 11 December 2013"
    assert [str(one) for one in manila.papers.all()] == ["S0-4 Logistics information"]
    assert manila.before().code == "wma-2-tokyo-2010"


def test_the_home_page_leads_to_the_open_actions_that_it_counts(client):
    OutcomeFactory(status="under_way")
    OutcomeFactory(status="done", evidence="There.")
    page = client.get("/").content.decode()
    [address] = re.findall(r'href="(/meetings/outcomes/[^"]*)">1 open action<', page)

    answer = client.get(html.unescape(address)).content.decode()

    assert "Some filters were not used" not in answer
    assert re.search("1 outcome", answer)
