"""The search of the whole portal: all lists, what the person may see, what may have been meant."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents.models import Practice
from experts.models import Expert
from partners.models import Term
from tests.factories import (
    NOW,
    DocumentFactory,
    ExpertFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    PracticeFactory,
)
from wmaportal.views import search

pytestmark = pytest.mark.django_db


def found(client, words: str, user=None) -> dict[str, list[str]]:
    client.logout()
    if user:
        client.force_login(user)
    response = client.get(reverse("search"), {"q": words})
    return {one.name: [hit.title for hit in one.hits] for one in response.context["lists"]}


def partner_house(name: str):
    house = OrganisationFactory(name=name)
    PartnerFactory(person=None, organisation=house)
    return house


def test_one_search_finds_experts_practices_documents_and_organisations(client):
    ExpertFactory(name="Rosa Cinnabar")
    PracticeFactory(version={"title": "Cinnabar kept apart"})
    DocumentFactory(title="Guideline on cinnabar")
    partner_house("Cinnabar Institute")
    DocumentFactory(title="Something else")

    assert found(client, "cinnabar") == {
        "Experts": ["Rosa Cinnabar"],
        "Good practices": ["Cinnabar kept apart"],
        "Library": ["Guideline on cinnabar"],
        "Organisations": ["Cinnabar Institute"],
    }


def test_a_list_without_a_find_is_left_out_and_the_others_stay(client):
    DocumentFactory(title="Guideline on cinnabar")

    assert found(client, "cinnabar") == {"Library": ["Guideline on cinnabar"]}


def test_nobody_finds_what_is_not_for_them(client):
    ExpertFactory(name="Ann Cinnabar", status=Expert.Status.UNLISTED)
    PracticeFactory(published=False, version={"title": "Cinnabar draft"})
    PracticeFactory(status=Practice.Status.ARCHIVED, version={"title": "Cinnabar archived"})
    DocumentFactory(title="Cinnabar for partners", audience="partners")
    DocumentFactory(title="Cinnabar not yet", published=False)
    OrganisationFactory(name="Cinnabar House")

    assert found(client, "cinnabar") == {}
    assert found(client, "cinnabar", PartnerUserFactory()) == {"Library": ["Cinnabar for partners"]}


def test_more_than_five_lead_to_the_whole_list(client):
    for number in range(7):
        DocumentFactory(title=f"Cinnabar {number}")

    page = client.get(reverse("search"), {"q": "cinnabar"}).content.decode()

    assert page.count("<h3>") == 5
    assert 'href="/library/?q=cinnabar"' in page
    assert "All: 7 documents" in page


def test_a_misspelt_word_gets_one_that_is_known(client):
    assert Term.objects.filter(label_en__icontains="thermometers").exists()

    page = client.get(reverse("search"), {"q": "thermomters"}).content.decode()

    assert "Nothing has “thermomters”" in page
    assert "?q=Thermometers" in page


def test_without_words_nothing_is_searched(client):
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("search"), {"q": "   "})
    assert page.context["lists"] == []
    assert len(queries) == 0


def test_words_are_shown_as_words(client):
    page = client.get(reverse("search"), {"q": '"><script>x</script>' + "a" * 500})
    assert page.status_code == 200
    assert "<script>x" not in page.content.decode()


def test_more_finds_take_no_more_queries(client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("search"), {"q": "cinnabar"})
        return len(asked)

    def add(number: int):
        ExpertFactory(name="Rosa Cinnabar")
        PracticeFactory(version={"title": "Cinnabar kept apart"})
        DocumentFactory(title="Guideline on cinnabar")
        partner_house(f"Cinnabar Institute {number}")

    add(0)
    queries()
    few = queries()
    for number in range(1, 4):
        add(number)
    assert queries() == few


def test_every_app_with_a_directory_is_asked():
    names = [hits.name for find in search.FINDERS for hits in find("x", AnonymousUser(), NOW)]
    assert names == [
        "Experts",
        "Needs of countries",
        "Missions",
        "Good practices",
        "Library",
        "Meetings",
        "Papers of meetings",
        "Announcements",
        "Organisations",
    ]
