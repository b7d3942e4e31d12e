"""The register as people read it: filters, search, one need and what goes with it."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advice import registering
from advice.models import Call, Need
from partners import vocabulary
from partners.models import Term
from partners.refusals import Refused
from tests.factories import (
    NOW,
    AdviceRequestFactory,
    ExpertFactory,
    LeadFactory,
    MissionFactory,
    NeedFactory,
    PartnerUserFactory,
    PracticeFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def listed(client, **query) -> list[str]:
    return [need.title for need in client.get(reverse("need_list"), query).context["page"]]


def test_the_register_has_what_is_public_the_newest_first(client):
    NeedFactory(title="Old", year=2013)
    NeedFactory(title="Unknown", year=None)
    NeedFactory(title="New", year=2026, status="closed", status_reason="No money.")
    partner = PartnerUserFactory()
    NeedFactory(title="Mine", status="awaiting", submitted_by=partner)
    NeedFactory(title="No", status="declined", status_reason="No.")
    client.force_login(partner)
    assert listed(client) == ["New", "Old", "Unknown"]


@pytest.mark.parametrize(
    "query",
    [
        {"country": "KE"},
        {"region": "africa"},
        {"term": "products-lamps"},
        {"term": "products"},
        {"status": "being_met"},
        {"year": "2020"},
        {"q": "lampes"},
        {"q": "Kenia"},
        {"q": "county plan"},
        {"q": "lamps", "region": ["africa", "europe"], "year": "2020", "status": "being_met"},
    ],
)
def test_each_filter_finds_what_it_says(client, query):
    NeedFactory(
        title="Wanted",
        country_id="KE",
        terms=["products-lamps"],
        status="being_met",
        year=2020,
        description="The county wants a plan.",
    )
    NeedFactory(title="Other", year=2018)
    assert listed(client, **query) == ["Wanted"]


def test_numbers_beside_filters_count_what_a_click_would_show(client):
    NeedFactory(country_id="KE", terms=["products-lamps", "disposal"])
    NeedFactory(country_id="UY", terms=["disposal"], status="met", status_reason="Done.")
    found = {}
    for facet in client.get(reverse("need_list"), {"region": "africa"}).context["facets"]:
        found[facet["name"]] = {one["value"]: one["count"] for one in facet["options"]}

    assert found["status"] == {"open": 1, "being_met": 0, "met": 0, "closed": 0}
    assert (found["region"]["africa"], found["region"]["america"]) == (1, 1)
    assert found["term"] == {"products-lamps": 1, "disposal": 1}


@pytest.mark.parametrize(
    "query",
    [
        "?q=" + "a" * 5000,
        "?q=%27%29%3B+DROP+TABLE",
        "?q=%26+%7C+%21+%3A%2A",
        "?country=XX",
        "?term=magic",
        "?region=mars",
        "?status=awaiting",
        "?status=declined&status=open",
        "?year=0",
        "?year=99999999999999999999",
        "?sort=colour",
    ],
)
def test_nonsense_in_the_address_shows_nothing_hidden_and_breaks_nothing(client, query):
    NeedFactory(title="Hidden", status="awaiting")
    answer = client.get(reverse("need_list") + query)
    assert answer.status_code == 200
    assert "Hidden" not in answer.content.decode()


@pytest.mark.parametrize("query", ["?page=0", "?page=-1", "?page=2", "?page=x"])
def test_a_page_that_is_not_there_is_a_404_with_a_way_back(client, query):
    answer = client.get(reverse("need_list") + query)
    assert answer.status_code == 404
    assert reverse("need_list") in answer.content.decode()


def test_twenty_needs_are_a_page_and_cost_what_one_costs(client):
    def queries(address) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    def add():
        need = NeedFactory(terms=["disposal", "products-lamps"])
        registering.move(need.pk, "met", "Done.", lead, NOW)
        registering.move(need.pk, "open", "Not yet.", lead, NOW)
        PracticeFactory(version={"country_id": "UY"})
        MissionFactory(need=need)
        ExpertFactory(terms=["disposal"])
        return need

    lead = LeadFactory()
    first = add()
    addresses = [reverse("need_list"), first.get_absolute_url(), "/advice/needs/supply-and-demand/"]
    few = [queries(one) for one in addresses]
    for _n in range(24):
        add()
    assert len(listed(client)) == 20
    assert [queries(one) for one in addresses] == few


def test_a_need_leads_to_experts_practices_missions_and_counts_requests(client):
    need = NeedFactory(terms=["products-lamps", "disposal"], url="https://example.org/statement")
    ExpertFactory(terms=["products-lamps"])
    ExpertFactory(terms=["disposal-landfill"])  # in the group that is asked for
    ExpertFactory(terms=["industry-asgm"])
    ExpertFactory(terms=["products-lamps"], status="unlisted")
    ExpertFactory(terms=["products-lamps"], confirmed_at=NOW.replace(year=2015))
    PracticeFactory(
        version={"title": "Lamps collected", "terms": ["products-lamps"], "rows": False}
    )
    MissionFactory(need=need, title="Mission to Montevideo")
    MissionFactory(need=need, title="Mission in draft", status="draft")
    AdviceRequestFactory(need=need)  # a draft: nobody's business
    AdviceRequestFactory(need=need, status="waiting", sent_at=NOW, waits_for="left_to_lead")

    answer = client.get(need.get_absolute_url())

    page = answer.content.decode()
    assert (answer.context["experts"], answer.context["requests"]) == (2, 1)
    assert "/experts/?term=" in page
    assert 'href="https://example.org/statement"' in page
    assert "Lamps collected" in page
    assert "Mission to Montevideo" in page
    assert "Mission in draft" not in page
    number = client.get("/experts/?term=products-lamps&term=disposal").context["found"].total
    assert number == 2


def test_the_submitter_is_named_to_nobody(client):
    need = NeedFactory(submitted_by=PartnerUserFactory(name="Rosa Hidden"))
    registering.move(need.pk, "met", "Done.", LeadFactory(name="Lead Hidden"), NOW)
    page = client.get(need.get_absolute_url()).content.decode()
    assert "Hidden" not in page


def test_the_search_of_the_portal_finds_needs_of_the_register(client):
    NeedFactory(title="Cinnabar in schools")
    NeedFactory(title="Cinnabar not yet", status="awaiting")
    found = client.get(reverse("search"), {"q": "cinnabar"}).context["lists"]
    assert [(one.name, [hit.title for hit in one.hits]) for one in found] == [
        ("Needs of countries", ["Cinnabar in schools"])
    ]
    assert found[0].url == "/advice/needs/?q=cinnabar"


def test_merging_two_terms_moves_needs_and_calls_and_loses_no_open_call():
    lead = LeadFactory()
    old, into = (Term.objects.get(code=code) for code in ("products-lamps", "products-batteries"))
    both, one = NeedFactory(terms=[old, into]), NeedFactory(terms=[old])
    common = {"opened_by": lead, "ends_on": NOW.date()}
    Call.objects.create(term=into, region="africa", ended_at=NOW, **common)
    in_africa = Call.objects.create(term=old, region="africa", **common)
    Call.objects.create(term=old, region="", **common)
    everywhere = Call.objects.create(term=into, region="", **common)
    with pytest.raises(Refused, match="is in use"):
        vocabulary.delete(old.pk, lead, NOW)

    vocabulary.merge(old.pk, into.pk, lead, NOW)

    for need in (both, one):
        need.refresh_from_db()
        assert (list(need.terms.all()), need.term_ids) == ([into], [into.pk])
    assert set(Need.objects.matching("batteries")) == {both, one}
    assert set(Call.objects.filter(ended_at=None)) == {in_africa, everywhere}
    assert set(Call.objects.values_list("term", flat=True)) == {into.pk}


def test_the_front_page_names_the_newest_open_needs(client):
    for year in (2020, 2021, 2022, 2023):
        NeedFactory(title=f"Of {year}", year=year)
    NeedFactory(title="Done", year=2026, status="met", status_reason="Done.")
    NeedFactory(title="Waits", year=2026, status="awaiting")
    found = client.get(reverse("home")).context["newest_needs"]
    assert [need.title for need in found] == ["Of 2023", "Of 2022", "Of 2021"]
