"""The archive of announcements: filters, tabs, topics, badges, names, pages, My page, home."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from mailings.models import Announcement
from tests.factories import (
    NOW,
    TODAY,
    AnnouncementFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    UserFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db
LIST = "/announcements/"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def public(title: str, **fields) -> Announcement:
    countries = fields.pop("countries", [])
    found = AnnouncementFactory(title=title, audience="public", **fields)
    found.countries.set(countries)
    return found


def titles(client, query: str = "") -> list[str]:
    page = client.get(f"{LIST}{query}").content.decode()
    return re.findall(r'<h2><a href="/announcements/\d+/"[^>]*>([^<]+)</a></h2>', page)


def row_of(client, announcement) -> str:
    """The words of its row in the archive."""
    page = client.get(LIST).content.decode()
    _before, _link, rest = page.partition(f">{announcement.title}</a></h2>")
    head = _before.rpartition('<li><div class="top">')[2]
    html = head + rest.partition("</ul></li>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_filters_are_and(client):
    house = OrganisationFactory(name="Institute of Lamps", acronym="IOL")
    public("Old lamps", published_at=NOW.replace(year=2019), countries=["KE"], organisation=house)
    public("Teeth", topic=topic_called("events"), begins_on=TODAY, countries=["KE", "JP"])
    public("Storage", topic=topic_called("finance"), closes_on=TODAY - timedelta(days=1))

    found = {
        query: titles(client, query)
        for query in (
            "",
            "?topic=events",
            "?time=open",
            "?time=past",
            "?year=2019",
            "?country=KE",
            "?author=lamps",
            "?author=iol",
            "?q=storage",
            "?country=KE&year=2026",
            "?topic=events&time=past",
        )
    }

    assert found == {
        "": ["Storage", "Teeth", "Old lamps"],
        "?topic=events": ["Teeth"],
        "?time=open": ["Teeth", "Old lamps"],
        "?time=past": ["Storage"],
        "?year=2019": ["Old lamps"],
        "?country=KE": ["Teeth", "Old lamps"],
        "?author=lamps": ["Old lamps"],
        "?author=iol": ["Old lamps"],
        "?q=storage": ["Storage"],
        "?country=KE&year=2026": ["Teeth"],
        "?topic=events&time=past": [],
    }


def test_an_unknown_value_is_named_and_not_used(client):
    public("Lamps")

    page = client.get(f"{LIST}?topic=magic&time=never&year=x&country=XX").content.decode()

    assert titles(client, "?topic=magic&time=never&year=x&country=XX") == ["Lamps"]
    assert re.findall(r"<li>([^<]+ is not known\.)</li>", page) == [
        "Topic: “magic” is not known.",
        "Open or past: “never” is not known.",
        "Year: “x” is not known.",
        "Country: “XX” is not known.",
    ]


def test_numbers_of_topics_and_tabs_are_those_of_the_list_and_keep_the_other_filters(client):
    public("Lamps in Kenya", countries=["KE"])
    public("Lamps in Japan", countries=["JP"], closes_on=TODAY - timedelta(days=1))
    public("Teeth", topic=topic_called("events"), countries=["KE"])
    AnnouncementFactory(title="For partners")

    def numbers(query):
        page = client.get(f"{LIST}{query}").content.decode()
        topics = dict(re.findall(r'>([^<>]+) <span class="muted">\((\d+)\)</span></a>', page))
        tabs = dict(re.findall(r">(Open|Past|All) \((\d+)\)</a>", page))
        return {name: int(topics[name]) for name in ("All topics", "Projects", "Events")}, tabs

    assert numbers("") == (
        {"All topics": 3, "Projects": 2, "Events": 1},
        {"Open": "2", "Past": "1", "All": "3"},
    )
    assert numbers("?country=KE&topic=projects") == (
        {"All topics": 2, "Projects": 1, "Events": 1},
        {"Open": "1", "Past": "0", "All": "1"},
    )
    assert numbers("?time=past") == (
        {"All topics": 1, "Projects": 1, "Events": 0},
        {"Open": "2", "Past": "1", "All": "3"},
    )


def test_links_of_tabs_and_topics_keep_the_filters_and_begin_at_the_first_page(client):
    public("Lamps", countries=["KE"])

    page = client.get(f"{LIST}?country=KE&topic=projects&page=1").content.decode()

    assert f'href="{LIST}?country=KE&amp;topic=projects&amp;time=past"' in page
    assert 'href="?country=KE&amp;topic=events"' in page
    assert 'href="?country=KE" >' in page or 'href="?country=KE">' in page
    assert '<input type="hidden" name="topic" value="projects">' in page


def test_a_closed_topic_stands_in_the_list_while_it_has_announcements(client):
    used, unused = topic_called("needs"), topic_called("experts")
    public("Laboratory", topic=used)
    for topic in (used, unused):
        topic.is_open = False
        topic.save()

    page = client.get(LIST).content.decode()

    assert "?topic=needs" in page
    assert "?topic=experts" not in page


@pytest.mark.parametrize(
    ("topic", "fields", "expected"),
    [
        ("finance", {"closes_on": date(2026, 12, 4)}, "Closes 4 December 2026"),
        ("finance", {"closes_on": TODAY}, "Closes 24 November 2026"),
        ("finance", {"closes_on": date(2019, 6, 14)}, "Closed 14 June 2019"),
        ("finance", {}, "No closing date"),
        ("events", {"begins_on": TODAY - timedelta(days=1)}, "Past"),
        ("events", {"begins_on": TODAY - timedelta(days=1), "ends_on": TODAY}, ""),
        ("projects", {}, ""),
    ],
)
def test_an_announcement_says_until_when_it_holds(client, topic, fields, expected):
    announcement = public("Lamps", topic=topic_called(topic), **fields)

    for url in (LIST, announcement.get_absolute_url()):
        page = client.get(url).content.decode()
        assert re.findall(r'<span class="badge[^"]*">([^<]+)</span>', page) == (
            [expected] if expected else []
        )


def test_people_are_named_to_partners_and_others_read_the_organisation(client):
    house = OrganisationFactory(name="Institute of Lamps")
    author = PartnerUserFactory(name="Ada Author")
    with_house = public("With a house", author=author, organisation=house)
    alone = public("Alone", author=author)
    by_lead = public("By the Lead", author=LeadFactory(name="Leo Lead"))

    def authors():
        return [row_of(client, one).partition("from ")[2] for one in (with_house, alone, by_lead)]

    assert authors() == ["Institute of Lamps", "a partner", "the Lead"]
    client.force_login(UserFactory())
    assert authors() == ["Institute of Lamps", "a partner", "the Lead"]
    client.force_login(PartnerUserFactory())
    assert authors() == ["Ada Author, Institute of Lamps", "Ada Author", "the Lead"]


def test_a_name_is_no_way_to_find_out_who_wrote(client):
    author = PartnerUserFactory(name="Ada Author")
    announcement = public("Lamps", author=author)
    addresses = (LIST, announcement.get_absolute_url(), "/announcements/feed/", "/search/?q=lamps")

    def names():
        return [url for url in addresses if "Ada Author" in client.get(url).content.decode()]

    assert names() == []
    assert titles(client, "?author=ada") == []
    client.force_login(PartnerUserFactory())
    assert titles(client, "?author=ada") == ["Lamps"]
    assert names() == [LIST, announcement.get_absolute_url(), "/search/?q=lamps"]


def test_years_and_countries_to_choose_from_tell_of_no_hidden_announcement(client):
    public("Lamps", countries=["KE"])
    hidden = AnnouncementFactory(published_at=NOW.replace(year=2015))
    hidden.countries.set(["JP"])

    def choices():
        return re.findall(r'<option value="(2\d{3}|[A-Z]{2})"', client.get(LIST).content.decode())

    assert choices() == ["2026", "KE"]
    client.force_login(PartnerUserFactory())
    assert choices() == ["2026", "2015", "JP", "KE"]


def test_the_list_takes_the_same_queries_for_one_and_for_ten(client, django_assert_max_num_queries):
    house = OrganisationFactory()
    client.force_login(PartnerUserFactory())
    counts = []
    for number in (1, 9):
        for _again in range(number):
            public("Lamps", countries=["KE", "JP"], organisation=house)
        for url in (LIST, "/search/?q=lamps", "/countries/ke/"):
            with django_assert_max_num_queries(60) as asked:
                client.get(url)
            counts.append((url, len(asked)))

    assert counts[:3] == counts[3:]


def test_a_list_goes_on_on_a_second_page(client):
    for number in range(21):
        public(f"Lamps {number:02}", published_at=NOW - timedelta(days=number))

    assert titles(client) == [f"Lamps {number:02}" for number in range(20)]
    assert titles(client, "?page=2") == ["Lamps 20"]
    assert client.get(f"{LIST}?page=3").status_code == 404


def test_the_page_has_all_that_is_known(client):
    announcement = public(
        "Grants",
        topic=topic_called("finance"),
        text="**Lamps** <script>alert(1)</script> [more](https://example.org)",
        closes_on=date(2026, 12, 4),
        begins_on=date(2027, 1, 5),
        ends_on=date(2027, 1, 7),
        amount="12000000",
        currency="USD",
        who_may_apply="Municipalities",
        links=["https://example.org/grants"],
        about_path="/meetings/next/",
        countries=["KE", "JP"],
    )

    page = client.get(announcement.get_absolute_url()).content.decode()

    assert "<strong>Lamps</strong> &lt;script&gt;" in page
    facts = dict(re.findall(r"<div><dt>([^<]+)</dt><dd>(.*?)</dd></div>", page))
    assert facts == {
        "Event": "5 January 2027 to 7 January 2027",
        "Closing date": "4 December 2026",
        "Amount": "USD 12,000,000",
        "Who may apply": "Municipalities",
        "Countries": '<a href="/countries/jp/">Japan</a>, <a href="/countries/ke/">Kenya</a>',
        "From": "a partner",
        "Published": "23 November 2026",
        "Who reads it": "Everybody",
        "About": '<a href="/meetings/next/">The page that this is about</a>',
    }
    assert '<a href="https://example.org/grants" rel="noopener nofollow">' in page


@pytest.mark.parametrize("path", ["//example.org", "https://example.org", "/\\example.org", ""])
def test_a_page_leads_to_no_other_host_as_if_it_were_of_the_portal(client, path):
    announcement = public("Lamps", about_path=path)

    page = client.get(announcement.get_absolute_url()).content.decode()

    assert "The page that this is about" not in page


def test_an_organisation_that_the_reader_may_not_see_is_named_and_not_linked(client):
    house = OrganisationFactory(name="Institute of Lamps")  # no partner any more
    announcement = public("Lamps", organisation=house)

    page = client.get(announcement.get_absolute_url()).content.decode()

    assert "Institute of Lamps" in page
    assert house.get_absolute_url() not in page


@pytest.mark.parametrize(
    ("status", "fields", "to_author", "to_lead"),
    [
        ("draft", {}, "This is a draft", None),
        ("submitted", {}, "It waits for the Lead", "It waits for the Lead"),
        ("returned", {"reason": "No figures."}, "No figures.", "No figures."),
        ("edited", {}, "when you agree", "until its author agrees"),
        ("scheduled", {"publish_at": NOW}, "24 November 2026, 09:00 UTC", "It is scheduled"),
        ("withdrawn", {"reason": "It is cancelled."}, "It is cancelled.", "It was withdrawn"),
    ],
)
def test_author_and_lead_read_how_it_stands(client, status, fields, to_author, to_lead):
    announcement = AnnouncementFactory(status=status, audience="public", **fields)
    client.force_login(announcement.author)

    page = client.get(announcement.get_absolute_url())
    client.force_login(LeadFactory())
    other = client.get(announcement.get_absolute_url())

    assert to_author in page.content.decode()
    assert '<meta name="robots" content="noindex">' in page.content.decode()
    assert other.status_code == (200 if to_lead else 404)
    assert to_lead is None or to_lead in other.content.decode()


def test_my_page_has_all_own_announcements_with_their_states_and_what_came_back(client):
    author = PartnerUserFactory()
    for status in ("draft", "returned", "edited", "published", "withdrawn"):
        AnnouncementFactory(author=author, status=status, title=f"Own {status}")
    AnnouncementFactory(title="Of another")
    client.force_login(author)

    page = client.get(reverse("my_page")).content.decode()
    own = page.partition('id="announcements"')[2].partition("</section>")[0]
    waiting = page.partition('id="wait"')[2].partition("</section>")[0]

    assert "Of another" not in page
    assert re.findall(r">(Own \w+)</a></h3><span class=\"badge[^\"]*\">([^<]+)<", own) == [
        ("Own withdrawn", "Withdrawn"),
        ("Own published", "Published"),
        ("Own edited", "Edited by the Lead"),
        ("Own returned", "Returned"),
        ("Own draft", "Draft"),
    ]
    assert re.findall(r">(Own \w+)</a>", waiting) == ["Own returned", "Own edited"]


def test_home_has_the_newest_three_that_are_open(client):
    for number in range(5):
        public(
            f"Lamps {number}",
            published_at=NOW - timedelta(days=number),
            closes_on=TODAY - timedelta(days=1) if number == 1 else None,
        )

    page = client.get("/").content.decode()

    assert re.findall(r">(Lamps \d)</a>", page) == ["Lamps 0", "Lamps 2", "Lamps 3"]
