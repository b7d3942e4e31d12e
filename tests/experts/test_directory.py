"""The directory as a page: words, filters, order, what is unknown, what is empty."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from experts import listing_index
from experts.models import Expert
from partners.directory.words import SUGGESTIONS
from tests.factories import (
    NOW,
    TODAY,
    ExpertFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ask(client):
    """The names on the page for a query."""

    def get(query: str = "") -> list[str]:
        response = client.get(f"/experts/?{query}")
        assert response.status_code == 200
        names = [card["expert"].name for card in response.context["cards"]]
        assert response.context["found"].total == len(names)
        return names

    return get


def expert(name: str, **fields) -> Expert:
    """Somebody of whom nothing is known but what the test says."""
    bare = {"terms": (), "summary": "", "experience": "", "position": "", "organisation": None}
    return ExpertFactory(name=name, **{**bare, **fields})


# Words


@pytest.mark.parametrize(
    "words",
    ["lamps", "lampes", "LÁMPARAS", "Lampe", "fluorescent lamps", "tubes fluorescents"],
)
def test_lamps_are_found_in_three_languages_and_any_case(ask, words):
    expert("Ada", terms=["products-lamps"])
    expert("Ben", terms=["products-dental"])

    assert ask(f"q={words}") == ["Ada"]


def test_thermometers_and_amalgama_find_the_right_terms(ask, client):
    expert("Ada", terms=["products-measuring"])
    expert("Ben", terms=["products-dental"])

    assert ask("q=thermometers") == ["Ada"]
    assert ask("q=thermomètre") == ["Ada"]
    assert ask("q=amalgama") == ["Ben"]


def test_free_text_is_stemmed_as_english_and_accents_are_ignored(ask):
    expert("Ada", summary="She trained inspectors in Curaçao.")

    assert ask("q=training") == ["Ada"]
    assert ask("q=INSPECTOR+curacao") == ["Ada"]


def test_a_name_is_found_as_written_and_without_accents(ask):
    expert("Émile Zoë Nguyễn")

    assert [ask(f"q={word}") for word in ("emile", "Zoé", "nguyen", "Émile Nguyễn")] == [
        ["Émile Zoë Nguyễn"]
    ] * 4


def test_several_words_are_all_asked_for(ask):
    expert("Ada", terms=["products-lamps"], country_id="KE")
    expert("Ben", terms=["products-lamps"], country_id="FJ")

    assert ask("q=lamps+kenya") == ["Ada"]
    assert ask("q=lamps") == ["Ada", "Ben"]


def test_a_name_weighs_more_than_expertise_and_expertise_more_than_the_summary(ask):
    expert("C", summary="Collects lamps.")
    expert("B", terms=["products-lamps"])
    expert("A Lamps")

    assert ask("q=lamps") == ["A Lamps", "B", "C"]
    assert ask("q=lamps&sort=name") == ["A Lamps", "B", "C"]
    Expert.objects.filter(name="A Lamps").update(name="Z Lamps")
    assert ask("q=lamps") == ["Z Lamps", "B", "C"]


@pytest.mark.parametrize("words", ["germany", "Allemagne", "Alemania", "ministry", "MoWR"])
def test_the_words_of_a_country_and_an_organisation_are_found(ask, words):
    house = OrganisationFactory(name="Ministry of Water", acronym="MoWR", country_id="DE")
    expert("Ada", organisation=house, country_id="DE")
    expert("Ben")

    assert ask(f"q={words}") == ["Ada"]


def test_a_renamed_organisation_is_found_by_its_new_name(ask):
    house = OrganisationFactory(name="Ministry of Water")
    expert("Ada", organisation=house)
    house.name = "Agency of Rivers"
    house.save()

    assert (ask("q=rivers"), ask("q=water")) == (["Ada"], [])


@pytest.mark.parametrize(
    "words", ["hidden@example.org", "hidden", "example.org", "5550", "+59899123456", "Confidential"]
)
def test_private_fields_and_reasons_are_not_searched(ask, words):
    expert("Ada", email="hidden@example.org", phone="+59899123456", status_reason="Confidential")

    assert ask(f"q={words}") == []


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("termometer", "thermometer"),
        ("Japn", "Japan"),
        ("amalgan", "amalgam"),
        ("Nakamra", "Nakamura"),
    ],
)
def test_a_misspelt_word_is_answered_with_what_was_meant(client, misspelt, meant):
    expert("Aiko Nakamura")

    offered = client.get(f"/experts/?q={misspelt}").context["suggestions"]

    assert any(meant.casefold() in one["text"].casefold() for one in offered), offered
    assert len(offered) <= SUGGESTIONS
    assert client.get(offered[0]["url"]).status_code == 200


def test_names_of_people_off_the_list_are_not_suggested(client):
    expert("Aiko Nakamura", status=Expert.Status.UNLISTED)

    offered = client.get("/experts/?q=Nakamra").context["suggestions"]

    assert [one for one in offered if "Nakamura" in one["text"]] == []


@pytest.mark.parametrize(
    "words", ["%21%21", "the", "%22", "-lamps", "a%20or", "%27%3B--", "%E2%80%8B", ":*", "\\"]
)
def test_odd_words_are_answered(client, words):
    expert("Ada")

    assert client.get(f"/experts/?q={words}").status_code == 200


# Filters


def test_values_of_one_filter_are_or_and_filters_are_and(ask):
    expert("Ada", country_id="KE", languages=["en"])
    expert("Ben", country_id="FJ", languages=["fr"])
    expert("Cem", country_id="JP", languages=["en"])

    assert ask("region=africa&region=oceania") == ["Ada", "Ben"]
    assert ask("region=africa&region=oceania&language=en") == ["Ada"]
    assert ask("country=FJ&country=JP&language=en") == ["Cem"]


def test_a_group_stands_for_every_term_in_it(ask):
    expert("Ada", terms=["products-lamps"])
    expert("Ben", terms=["products-dental"])
    expert("Cem", terms=["handling-collection"])

    assert ask("term=products") == ["Ada", "Ben"]
    assert ask("term=products-lamps&term=handling") == ["Ada", "Cem"]


def test_available_is_neither_paused_nor_outside_the_days(ask):
    day = timedelta(days=1)
    expert("Free")
    expert("Begins today", available_from=TODAY, available_until=TODAY)
    expert("Back today", paused_until=TODAY)
    expert("Paused", paused_until=TODAY + day)
    expert("Later", available_from=TODAY + day)
    expert("Over", available_until=TODAY - day)

    assert ask("available=now") == ["Back today", "Begins today", "Free"]
    assert len(ask()) == 6


def test_unknown_values_are_named_and_ignored(client, ask):
    expert("Ada", country_id="KE")
    expert("Ben", country_id="FJ")
    query = (
        "region=africa&region=mars&term=x&language=xx&country=XX"
        "&can=fly&available=later&fresh=old&sort=age"
    )

    assert ask(query) == ["Ada"]
    unknown = client.get(f"/experts/?{query}").context["unknown"]
    assert [(str(label), value) for label, value in unknown] == [
        ("Region", "mars"),
        ("Expertise", "x"),
        ("Language", "xx"),
        ("Country", "XX"),
        ("Can do", "fly"),
        ("Available", "later"),
        ("Profile confirmed", "old"),
        ("Sort by", "age"),
    ]


def test_an_unknown_value_is_escaped_and_cut(client):
    response = client.get(
        "/experts/?sort=%3Cscript%3E" + "x" * 500 + "&region=%3Cscript%3E" + "y" * 500
    )

    assert response.status_code == 200
    assert [len(value) for _label, value in response.context["unknown"]] == [60, 60]
    assert "<script>x" not in response.content.decode()


def test_the_numbers_beside_the_values_are_on_the_page(client):
    expert("Ada", country_id="KE", languages=["en"])
    expert("Ben", country_id="FJ", languages=["fr", "en"])

    facets = {
        facet["name"]: {one["value"]: one["count"] for one in facet["options"]}
        for facet in client.get("/experts/?language=fr").context["facets"]
    }

    assert facets["language"] == {"en": 2, "fr": 1}
    assert facets["country"] == {"FJ": 1}
    assert (facets["region"]["oceania"], facets["region"]["africa"]) == (1, 0)


# Order and pages


def test_names_are_sorted_without_accents_and_case(ask):
    for name in ("Zoe", "Émile", "eduard", "Emma", "Åsa", "Abel"):
        expert(name)

    assert ask() == ["Abel", "Åsa", "eduard", "Émile", "Emma", "Zoe"]


def test_sorted_by_confirmation_the_newest_come_first_and_the_never_confirmed_last(ask):
    expert("Old", confirmed_at=NOW - timedelta(days=300))
    expert("Never", confirmed_at=None)
    expert("New", confirmed_at=NOW - timedelta(days=3))

    assert ask("sort=confirmed") == ["New", "Old", "Never"]


def test_every_expert_stands_on_exactly_one_page(client):
    ExpertFactory.create_batch(41, name="The same name")

    pages = [
        [card["expert"].pk for card in client.get(f"/experts/?page={n}").context["cards"]]
        for n in (1, 2, 3)
    ]

    assert [len(page) for page in pages] == [20, 20, 1]
    assert len({key for page in pages for key in page}) == 41


@pytest.mark.parametrize(
    "number", ["2", "0", "-1", "x", "1.0", "99999999999999999999", "000000001999", "%D9%A1", ""]
)
def test_a_page_that_does_not_exist_is_404_with_a_link_to_page_1(client, number):
    expert("Ada", country_id="KE")

    response = client.get(f"/experts/?region=africa&q=kenya&page={number}")

    assert response.status_code == 404
    assert (
        'href="/experts/?q=kenya&amp;region=africa">Go to page 1</a>' in response.content.decode()
    )
    assert client.get("/experts/?q=kenya&region=africa").status_code == 200


# Empty


def test_an_empty_result_says_what_to_loosen_and_every_number_is_true(client, ask):
    expert("Ada", country_id="KE", languages=["en"])
    expert("Ben", country_id="FJ", languages=["fr"])
    expert("Old", country_id="KE", languages=["fr"], confirmed_at=NOW - timedelta(days=900))
    query = "/experts/?region=africa&language=fr"

    offers = client.get(query).context["loosen"]
    assert [offer["text"] for offer in offers] == [
        "Without “Africa”: 1 expert",
        "Without “French”: 1 expert",
    ]
    lapsed = client.get(query).context["hidden"]
    assert lapsed["text"] == "Add 1 lapsed profile"
    for offer in [*offers, lapsed]:
        assert client.get(offer["url"]).context["found"].total == 1


def test_words_and_freshness_are_loosened_too_and_lead_where_they_say(client):
    expert("Ada", country_id="KE", terms=["products-lamps"])
    expert("Old", country_id="FJ", confirmed_at=NOW - timedelta(days=900))
    expert("Due", country_id="FJ", confirmed_at=NOW - timedelta(days=370))

    offers = client.get("/experts/?q=lamps&region=oceania&fresh=fresh").context["loosen"]

    numbers = {offer["text"]: client.get(offer["url"]).context["found"].total for offer in offers}
    assert numbers == {
        "Without “Oceania”: 1 expert": 1,
        "Only the words “lamps”, without filters: 1 expert": 1,
    }
    offers = client.get("/experts/?region=oceania&fresh=fresh").context["loosen"]
    assert {offer["text"]: client.get(offer["url"]).context["found"].total for offer in offers} == {
        "Without “Oceania”: 1 expert": 1,
        "Without “Within 12 months”: 1 expert": 1,
    }


def test_nothing_is_offered_that_gives_nothing(client):
    expert("Ada")

    context = client.get("/experts/?q=nobody&region=africa").context

    assert [offer["text"] for offer in context["loosen"]] == []
    assert (
        client.get("/experts/?q=nobody").context["loosen"][0]["text"]
        == "Without “nobody”: 1 expert"
    )


def test_an_empty_list_is_a_page(client):
    assert client.get("/experts/").context["heading"] == "0 experts"


# With and without scripts


def ids(html: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', html)


def test_what_htmx_swaps_is_what_the_whole_page_says(client):
    expert("Ada", country_id="KE", languages=["en"])
    expert("Ben", country_id="FJ", languages=["fr"])
    query = "/experts/?language=fr&can=remote_advice&sort=confirmed"
    whole = client.get(query).content.decode()
    swapped = client.get(query, headers=HTMX).content.decode()

    assert "<html" not in swapped
    results = whole.partition('<div id="results">')[2]
    for piece in re.findall(r'<fieldset id="filter-[a-z]+".*?</fieldset>', swapped, re.DOTALL):
        assert piece.replace(' hx-swap-oob="true"', "") in whole
    assert re.findall(r'<li><div class="top"><h3>.*?</h3>', swapped) == re.findall(
        r'<li><div class="top"><h3>.*?</h3>', results
    )
    figures = re.compile(r'<text class="count.*?</text>')
    assert figures.findall(swapped) == figures.findall(whole) != []
    assert "(2 active)" in swapped
    assert [one for one in ids(swapped) if one not in ids(whole)] == []


def test_a_filter_stays_as_open_as_the_person_left_it(client):
    """Only what is inside of it is swapped."""
    expert("Ada")

    swapped = client.get("/experts/?language=en", headers=HTMX).content.decode()

    assert '<details class="facet"' not in swapped
    assert len(re.findall(r'<fieldset id="filter-\w+" hx-swap-oob="true">', swapped)) == 7


def test_the_history_of_the_browser_gets_the_whole_page_with_each_id_once(client):
    expert("Ada")

    for headers in (
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
        HTMX | {"HX-History-Restore-Request": "true"},
        {"HX-Request": "true"},
        {},
    ):
        html = client.get("/experts/?language=en", headers=headers).content.decode()
        assert "<html" in html
        assert len(ids(html)) == len(set(ids(html)))


def test_a_page_and_a_part_of_it_are_kept_apart_by_caches(client):
    assert "HX-Target" in client.get("/experts/")["Vary"]


def test_the_filters_keep_the_order_that_was_chosen(client):
    ExpertFactory.create_batch(2)

    chosen = client.get("/experts/?sort=confirmed").content.decode()

    assert '<input type="hidden" name="sort" value="confirmed">' in chosen
    assert 'name="sort" value=' not in client.get("/experts/").content.decode()


def test_a_click_on_the_map_gives_the_figure_that_stands_there(client):
    expert("Ada", country_id="KE", languages=["en"])
    expert("Ben", country_id="KE", languages=["fr"])
    expert("Cem", country_id="FJ", languages=["fr"])

    html = client.get("/experts/?language=fr&region=oceania").content.decode()

    spots = re.findall(r'class="spot" href="([^"]+)">.*?<text class="count[^>]*>(\d+)<', html)
    assert [
        (client.get(url.replace("&amp;", "&")).context["found"].total, int(figure))
        for url, figure in spots
    ] == [(1, 1), (1, 1)]


# Cost


@pytest.mark.parametrize(
    "person", [None, PartnerUserFactory, LeadFactory], ids=["nobody", "partner", "lead"]
)
def test_the_directory_and_a_profile_keep_within_their_queries(
    client, person, django_assert_max_num_queries
):
    if person:
        client.force_login(person())
    client.get("/experts/")  # what is asked once a minute
    numbers = []
    for size in (1, 2, 37):
        experts = ExpertFactory.create_batch(size)
        for query in ("", "q=lamps&region=east-asia", "q=nobodyatall"):
            # One query for the sets: what changed, or all of them where a test's transaction wrote
            listing_index.KEEPER.kept.clear()
            with django_assert_max_num_queries(10) as counted:
                client.get(f"/experts/?{query}")
            numbers.append((query, len(counted)))
        with django_assert_max_num_queries(14):
            client.get(reverse("expert_detail", args=[experts[-1].pk]))
    for query in ("", "q=lamps&region=east-asia"):
        assert len({number for asked, number in numbers if asked == query}) == 1
