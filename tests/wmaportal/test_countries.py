"""The page of a country: what everybody may read of it, and what to do where nothing is."""

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advice.models import Outcome, Story
from partners.models import Country
from tests.factories import (
    NOW,
    AdviceRequestFactory,
    ChoiceFactory,
    DocumentFactory,
    ExpertFactory,
    MissionFactory,
    NeedFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    PlaceFactory,
    PracticeFactory,
)

pytestmark = pytest.mark.django_db
WAITS = {"status": "waiting", "waits_for": "left_to_lead"}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def page_of(client, code="uy") -> str:
    return client.get(reverse("country_detail", args=[code])).content.decode()


def story(sentence: str, country="UY", **values) -> Story:
    """Two sides who agreed, on a request that is finished."""
    request = AdviceRequestFactory(country_id=country, status="done", sent_at=NOW, ended_at=NOW)
    choice = ChoiceFactory(
        place=PlaceFactory(request=request),
        status="accepted",
        asked_at=NOW,
        answered_at=NOW,
    )
    for side in ("requester", "expert"):
        Outcome.objects.create(
            choice=choice,
            side=side,
            happened="yes",
            helped="yes",
            sentence=f"{sentence} ({side})",
            agrees=True,
        )
    return Story.objects.create(choice=choice, at=NOW, **values)


def fill(code: str, word: str):
    """One of everything in a country, with this word in its name."""
    NeedFactory(title=f"Need {word}", country_id=code)
    ExpertFactory(name=f"Expert {word}", country_id=code)
    PracticeFactory(version={"title": f"Practice {word}", "country_id": code})
    DocumentFactory(title=f"Document {word}", countries=[code])
    MissionFactory(title=f"Mission {word}", country_id=code)
    house = OrganisationFactory(name=f"House {word}", country_id=code)
    PartnerFactory(person=None, organisation=house)
    story(f"Story {word}", code)


THINGS = ("Need", "Expert", "Practice", "Document", "Mission", "House", "Story")


def test_everything_of_a_country_stands_on_its_page_and_nothing_of_another(client):
    fill("UY", "here")
    fill("KE", "elsewhere")

    page = page_of(client)

    assert [thing for thing in THINGS if f"{thing} here" not in page] == []
    # A practice of elsewhere about the same need is offered, as one of elsewhere
    assert [thing for thing in THINGS if f"{thing} elsewhere" in page] == []
    assert f'<link rel="canonical" href="{settings.SITE_URL}/countries/uy/">' in page
    assert '<meta name="description" content="Uruguay and mercury waste' in page


def test_what_is_not_for_everybody_does_not_stand_there(client):
    NeedFactory(title="Hidden need", status="awaiting")
    NeedFactory(title="Hidden no", status="declined", status_reason="No.")
    ExpertFactory(name="Hidden expert", country_id="UY", status="unlisted")
    ExpertFactory(name="Hidden lapsed", country_id="UY", confirmed_at=NOW.replace(year=2015))
    PracticeFactory(version={"title": "Hidden practice", "country_id": "UY"}, published=False)
    DocumentFactory(title="Hidden document", countries=["UY"], audience="core")
    MissionFactory(title="Hidden mission", status="draft")
    OrganisationFactory(name="Hidden house", country_id="UY")
    AdviceRequestFactory(text="Hidden request", sent_at=NOW, **WAITS)
    story("Hidden story", hidden_at=NOW, hidden_reason="A name stood in it.")

    for user in (None, PartnerUserFactory()):
        if user:
            client.force_login(user)
        assert "Hidden" not in page_of(client)


def test_where_nothing_is_each_list_says_so_and_what_can_be_done(client):
    page = page_of(client, "tv")
    for sentence in (
        "No need of Tuvalu is in the register.",
        "The partnership has sent no mission here yet.",
        "No expert from Tuvalu is on the list now.",
        "No practice from Tuvalu is described yet.",
        "No story from here is published yet",
        "No document of the library is about Tuvalu.",
        "No organisation of Tuvalu is a partner yet.",
    ):
        assert sentence in page
    assert "/advice/needs/add/" not in page
    client.force_login(PartnerUserFactory())
    assert "/advice/needs/add/?country=TV" in page_of(client, "tv")


def test_practices_of_elsewhere_about_an_unmet_need_are_offered(client):
    NeedFactory(terms=["products-lamps"])
    NeedFactory(terms=["products-batteries"], status="met", status_reason="Done.")
    for title, country, term in (
        ("Lamps abroad", "JP", "products-lamps"),
        ("Lamps here", "UY", "products-lamps"),
        ("Batteries abroad", "JP", "products-batteries"),
    ):
        PracticeFactory(version={"title": title, "country_id": country, "terms": [term]})
    answer = client.get("/countries/uy/")
    assert [one.current.title for one in answer.context["for_needs"]] == ["Lamps abroad"]


def test_experts_who_worked_there_are_counted(client):
    ExpertFactory(worked_in=["UY"])
    ExpertFactory(worked_in=["UY"], country_id="UY")
    ExpertFactory(worked_in=["PE"])
    assert "1 expert from elsewhere has worked here." in page_of(client)


def test_more_than_twenty_lead_to_the_whole_list(client):
    for number in range(21):
        NeedFactory(title=f"Need {number}")
    answer = client.get("/countries/uy/")
    assert len(answer.context["needs"]["rows"]) == 20
    assert 'href="/advice/needs/?country=UY">All 21 needs' in answer.content.decode()


def test_a_country_has_one_address(client):
    answer = client.get("/countries/UY/")
    assert (answer.status_code, answer["Location"]) == (301, "/countries/uy/")
    for nonsense in ("xx", "uruguay", "u", "-", "0", "uy_", "ÛY"):
        assert client.get(f"/countries/{nonsense}/").status_code == 404


def test_a_country_costs_the_same_however_much_there_is(client):
    def queries(address) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    addresses = ["/countries/uy/", "/countries/"]
    fill("UY", "first")
    few = [queries(one) for one in addresses]
    for number in range(3):
        fill("UY", str(number))
        fill("KE", str(number))
    assert [queries(one) for one in addresses] == few


def test_the_list_has_every_country_with_its_numbers(client):
    fill("UY", "here")
    NeedFactory(status="met", status_reason="Done.")
    NeedFactory(status="awaiting")
    answer = client.get(reverse("country_list"))
    rows = {row["country"].pk: row for _region, rows in answer.context["regions"] for row in rows}
    assert len(rows) == Country.objects.count() == 197
    uruguay = rows["UY"]
    assert [uruguay[name] for name in ("needs", "experts", "practices", "missions")] == [1, 1, 1, 1]
    assert not rows["TV"]["any"]


def test_pages_of_other_floors_lead_to_the_page_of_their_country(client):
    house = OrganisationFactory(country_id="KE")
    PartnerFactory(person=None, organisation=house)
    for thing in (
        NeedFactory(country_id="KE"),
        ExpertFactory(country_id="KE"),
        PracticeFactory(version={"country_id": "KE"}),
        house,
    ):
        assert 'href="/countries/ke/"' in client.get(thing.get_absolute_url()).content.decode()
