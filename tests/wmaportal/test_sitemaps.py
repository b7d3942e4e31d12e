"""What search engines are told: all that a visitor may read, nothing else, and where it stands."""

import re

import pytest
import time_machine
from django.conf import settings

from documents.models import Document, Practice
from experts.models import Expert
from tests.factories import (
    NOW,
    DocumentFactory,
    ExpertFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerFactory,
    PracticeFactory,
    VersionFactory,
)
from wmaportal import sitemaps

pytestmark = pytest.mark.django_db
HIDDEN_DOCUMENTS = [
    {"audience": "partners"},
    {"audience": "core"},
    {"published": False},
    {"status": Document.Status.ARCHIVED},
    {"status": Document.Status.SUPERSEDED},
]


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def told(client) -> dict[str, list[str]]:
    """Addresses by section, as a search engine reads them: from the index on."""
    index = client.get("/sitemap.xml").content.decode()
    files = re.findall(r"<loc>https?://[^/]+(/[^<]+)</loc>", index)
    return {
        path.removeprefix("/sitemap-").removesuffix(".xml"): re.findall(
            r"<loc>([^<]+)</loc>", client.get(path).content.decode()
        )
        for path in files
    }


def test_all_that_a_visitor_may_read_is_named_and_nothing_else(client):
    document, practice, expert = DocumentFactory(), PracticeFactory(), ExpertFactory()
    partner = OrganisationFactory()
    PartnerFactory(person=None, organisation=partner)
    hidden = [DocumentFactory(**fields) for fields in HIDDEN_DOCUMENTS]
    hidden.append(PracticeFactory(published=False))
    hidden.append(PracticeFactory(status=Practice.Status.ARCHIVED))
    hidden += [ExpertFactory(status=one) for one in set(Expert.Status) - {Expert.Status.LISTED}]
    hidden.append(OrganisationFactory())
    client.force_login(LeadFactory(totp=True))

    found = told(client)

    def address(thing) -> str:
        return settings.SITE_URL + thing.get_absolute_url()

    assert set(found) == set(sitemaps.SECTIONS)
    assert found["documents"] == [address(document)]
    assert found["practices"] == [address(practice)]
    assert address(expert) in found["experts"]
    assert address(partner) in found["organisations"]
    everything = [one for section in found.values() for one in section]
    assert [one for one in hidden if address(one) in everything] == []
    client.logout()
    for one in everything:
        answer = client.get(one.removeprefix(settings.SITE_URL))
        assert answer.status_code == 200, one
        assert b'name="robots" content="noindex"' not in answer.content, one


def test_it_says_when_the_newest_version_was_published(client):
    VersionFactory(document=DocumentFactory(), number=2, published_at=NOW)
    Document.objects.update(current=Document.objects.get().versions.get(number=2))

    page = client.get("/sitemap-documents.xml").content.decode()

    assert f"<lastmod>{NOW:%Y-%m-%d}</lastmod>" in page


def test_more_than_a_file_holds_goes_on_in_the_next(client, monkeypatch):
    for _n in range(3):
        DocumentFactory()
    monkeypatch.setattr(sitemaps.SECTIONS["documents"], "limit", 2)

    index = client.get("/sitemap.xml").content.decode()

    assert "/sitemap-documents.xml</loc>" in index
    assert "/sitemap-documents.xml?p=2</loc>" in index
    second = client.get("/sitemap-documents.xml?p=2").content.decode()
    assert second.count("<loc>") == 1


def test_robots_are_kept_from_endless_lists_and_shown_the_sitemap(client):
    words = client.get("/robots.txt").content.decode()

    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in words
    assert "Disallow: /library/?" in words
