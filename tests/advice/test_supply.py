"""Supply and demand: who counts, what is missing; the Lead calls for nominations."""

import csv
import io
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from advice import calling, supply
from advice.models import Call
from partners.models import Decision, Term
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, LeadFactory, NeedFactory, PartnerUserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def row(code: str) -> supply.Row:
    return next(one for one in supply.rows(NOW) if one.term.code == code)


def key(code: str) -> int:
    return Term.objects.get(code=code).pk


def test_met_needs_and_people_who_cannot_be_found_do_not_count():
    NeedFactory(terms=["products-lamps"])
    NeedFactory(terms=["products-lamps"], status="being_met")
    NeedFactory(terms=["products-lamps"], status="met", status_reason="Done.")
    NeedFactory(terms=["products-lamps"], status="awaiting")
    ExpertFactory(terms=["products-lamps"], country_id="KE")
    ExpertFactory(terms=["products-lamps"], status="unlisted")
    ExpertFactory(terms=["products-lamps"], confirmed_at=NOW.replace(year=2015))

    found = row("products-lamps")

    assert (found.unmet, found.found, found.is_short) == (2, 1, True)
    assert [one for one in found.by_region if one[1] or one[2]] == [
        ("africa", 1, 0),
        ("america", 0, 2),
    ]
    assert [region.value for region in found.short_in] == ["america"]


def test_a_group_counts_each_need_and_each_expert_once():
    NeedFactory(terms=["products-lamps", "products-batteries", "products"])
    ExpertFactory(terms=["products-lamps", "products-batteries"])
    assert (row("products").unmet, row("products").found) == (1, 1)


def test_where_experts_are_missing_it_stands_in_words(client):
    NeedFactory(terms=["products-lamps"])
    page = client.get(reverse("supply_and_demand")).content.decode()
    assert page.count("Experts are missing</span>") == 1
    ExpertFactory(terms=["products-lamps"], country_id="JP")
    page = client.get(reverse("supply_and_demand")).content.decode()
    assert "Experts are missing</span>" not in page
    assert "Missing in: America" in " ".join(page.split())


def test_the_file_has_the_numbers_of_the_page(client):
    NeedFactory(terms=["products-lamps"])
    ExpertFactory(terms=["products-lamps"], country_id="KE")
    calling.open_call(key("products-lamps"), "america", LeadFactory(), NOW)
    Term.objects.filter(code="products-batteries").update(label_en="=cmd|' /C calc'!A0")

    answer = client.get(reverse("supply_and_demand_csv"))

    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = {one["Code"]: one for one in csv.DictReader(io.StringIO(content))}
    assert len(rows) == Term.objects.count()
    lamps = rows["products-lamps"]
    assert (lamps["Unmet needs"], lamps["Current experts"]) == ("1", "1")
    assert (lamps["Experts in Africa"], lamps["Unmet needs in America"]) == ("1", "1")
    assert (lamps["Experts are missing"], lamps["Call for nominations"]) == ("", "America")
    assert rows["products-batteries"]["Expertise"] == "'=cmd|' /C calc'!A0"


# Calls for nominations


def test_one_click_of_the_lead_asks_everybody_for_ninety_days(client):
    NeedFactory(terms=["products-lamps"])
    lead = LeadFactory()
    client.force_login(lead)
    assert "Call for nominations" in client.get("/advice/needs/supply-and-demand/").content.decode()

    client.post(reverse("call_open"), {"term": "products-lamps", "region": "africa"})

    call = Call.objects.get()
    assert (call.term.code, call.region, call.opened_by) == ("products-lamps", "africa", lead)
    assert call.ends_on == NOW.date() + timedelta(days=90)
    assert Decision.objects.get().action == "called for nominations"
    client.logout()
    for address in (reverse("home"), reverse("supply_and_demand")):
        page = client.get(address).content.decode()
        assert "Experts wanted" in page
        assert "End the call" not in page
    with time_machine.travel(NOW + timedelta(days=90), tick=False):
        assert "Experts wanted" in client.get(reverse("home")).content.decode()
    with time_machine.travel(NOW + timedelta(days=91), tick=False):
        assert "Experts wanted" not in client.get(reverse("home")).content.decode()


def test_the_lead_ends_a_call_once():
    lead = LeadFactory()
    call = calling.open_call(key("products-lamps"), "", lead, NOW)
    calling.end(call.pk, lead, NOW)
    with pytest.raises(Refused, match="ended already"):
        calling.end(call.pk, lead, NOW)
    assert not calling.running(NOW)
    calling.open_call(key("products-lamps"), "", lead, NOW)


def test_a_call_whose_days_are_over_can_be_opened_anew_and_the_same_one_not_twice():
    lead, later = LeadFactory(), NOW + timedelta(days=91)
    first = calling.open_call(key("products-lamps"), "africa", lead, NOW)
    with pytest.raises(Refused, match="open already"):
        calling.open_call(key("products-lamps"), "africa", lead, NOW + timedelta(days=90))
    calling.open_call(key("products-lamps"), "europe", lead, NOW)
    with pytest.raises(Refused, match="ended already"):
        calling.end(first.pk, lead, later)
    second = calling.open_call(key("products-lamps"), "africa", lead, later)
    assert [call.pk for call in calling.running(later)] == [second.pk]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"term": "magic"},
        {"term": "\x00"},
        {"term": "products-lamps", "region": "mars"},
        {"term": "products-lamps", "region": "\x00"},
    ],
)
def test_nonsense_opens_no_call(client, data):
    client.force_login(LeadFactory())
    answer = client.post(reverse("call_open"), data, follow=True)
    assert answer.status_code == 200
    assert not Call.objects.exists()


def test_nobody_but_the_lead_calls(client):
    call = calling.open_call(key("products-lamps"), "", LeadFactory(), NOW)
    client.force_login(PartnerUserFactory())
    assert client.post(reverse("call_open"), {"term": "products-batteries"}).status_code == 403
    assert client.post(reverse("call_end", args=[call.pk])).status_code == 403
    assert list(calling.running(NOW)) == [call]


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_call_at_once_make_one_call():
    term, together, ended = key("products-lamps"), Barrier(2), []

    def work(lead):
        try:
            together.wait(10)
            calling.open_call(term, "africa", lead, NOW)
            ended.append("open")
        except Refused as refusal:
            ended.append(str(refusal))
        finally:
            connection.close()

    workers = [Thread(target=work, args=(LeadFactory(),)) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(ended) == ["This call is open already.", "open"]
    assert Call.objects.count() == 1
