"""Atom feeds, the list as a file: newest first, safe words, nothing that is hidden."""

import csv
import io
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from documents.models import Document, Practice
from tests.factories import (
    NOW,
    DocumentFactory,
    LeadFactory,
    OrganisationFactory,
    PracticeFactory,
    PracticeVersionFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
HIDDEN = [
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


def entries(client, name: str, query: str = "") -> list[dict]:
    """What stands in a feed: title, summary, link, times."""
    answer = client.get(f"{reverse(name)}?{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    found = []
    for entry in ElementTree.fromstring(answer.content).iter(f"{ATOM}entry"):
        found.append(
            {
                "title": entry.findtext(f"{ATOM}title"),
                "summary": entry.findtext(f"{ATOM}summary"),
                "link": entry.find(f"{ATOM}link").get("href"),
                "id": entry.findtext(f"{ATOM}id"),
                "updated": entry.findtext(f"{ATOM}updated"),
            }
        )
    return found


def titles(client, name: str, query: str = "") -> list[str]:
    return [entry["title"] for entry in entries(client, name, query)]


@pytest.mark.parametrize("by_lead", [False, True])
def test_the_feed_of_the_library_is_the_same_for_everybody(client, by_lead):
    seen = DocumentFactory(title="Seen")
    for fields in HIDDEN:
        DocumentFactory(title="Hidden", **fields)
    if by_lead:
        client.force_login(LeadFactory())

    assert titles(client, "document_feed") == ["Seen"]
    assert titles(client, "document_feed", "audience=core&audience=partners") == ["Seen"]
    assert entries(client, "document_feed")[0]["link"] == (
        settings.SITE_URL + seen.get_absolute_url()
    )


def test_a_feed_has_the_fifty_newest_and_a_new_version_comes_to_the_top(client):
    lead = LeadFactory()
    for number in range(52):
        VersionFactory(
            document=DocumentFactory(bare=True, title=f"Document {number}"),
            published_at=NOW - timedelta(days=number + 1),
            published_by=lead,
        )
    oldest = Document.objects.get(title="Document 51")

    before = titles(client, "document_feed")
    VersionFactory(document=oldest, number=2, published_at=NOW, published_by=lead)
    after = entries(client, "document_feed")

    assert before == [f"Document {number}" for number in range(50)]
    assert [entry["title"] for entry in after][:2] == ["Document 51", "Document 0"]
    assert len(after) == 50
    assert after[0]["updated"] == NOW.isoformat()


def test_a_feed_keeps_the_filters_of_its_address(client):
    DocumentFactory(title="Lamps", kind="report")
    DocumentFactory(title="Lamps", kind="guideline")
    DocumentFactory(title="Teeth", kind="report")

    answer = client.get(reverse("document_feed"), {"q": "lamps", "kind": ["report", "<x>"]})
    links = {
        link.get("rel"): link.get("href")
        for link in ElementTree.fromstring(answer.content).findall(f"{ATOM}link")
    }

    assert titles(client, "document_feed", "q=lamps&kind=report") == ["Lamps"]
    assert links["self"] == f"{settings.SITE_URL}{reverse('document_feed')}?q=lamps&kind=report"
    assert client.get(links["alternate"].removeprefix(settings.SITE_URL)).status_code == 200


def test_hostile_words_stand_in_a_feed_as_words(client):
    nasty = "<script>alert(1)</script> & \x0b“quoted” \ufffe"
    DocumentFactory(title=nasty, summary=nasty)
    PracticeFactory(version={"title": nasty, "summary": nasty})

    for name in ("document_feed", "practice_feed"):
        entry = entries(client, name)[0]
        assert entry["title"] == "<script>alert(1)</script> & “quoted” "
        assert entry["summary"].startswith("&lt;script&gt;alert(1)&lt;/script&gt; &amp;")


def test_the_feed_of_practices_has_what_is_published_by_the_day_of_the_version(client):
    older = PracticeFactory(version={"title": "Older"})
    PracticeFactory(version={"title": "Newer", "kind": "warning"})
    PracticeFactory(version={"title": "Draft"}, published=False)
    PracticeFactory(version={"title": "Archived"}, status=Practice.Status.ARCHIVED)
    waiting = PracticeVersionFactory(practice=older, number=2, title="Older, again")

    assert titles(client, "practice_feed") == ["Newer", "Older"]
    assert titles(client, "practice_feed", "kind=warning") == ["Newer"]
    waiting.status, waiting.decided_at = waiting.Status.PUBLISHED, NOW
    waiting.save()
    Practice.objects.filter(pk=older.pk).update(current=waiting)
    newest = entries(client, "practice_feed")
    assert [one["title"] for one in newest] == ["Older, again", "Newer"]
    assert newest[0]["id"] == settings.SITE_URL + older.get_absolute_url()
    assert newest[0]["updated"] == NOW.isoformat()


@pytest.mark.parametrize("name", ["document_feed", "practice_feed"])
def test_a_reader_that_has_the_feed_is_told_that_nothing_changed(client, name):
    DocumentFactory()
    PracticeFactory()
    first = client.get(reverse(name))

    again = client.get(reverse(name), headers={"If-None-Match": first["ETag"]})
    DocumentFactory(title="One more")
    PracticeFactory(version={"title": "One more"})
    later = client.get(reverse(name), headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code, later.status_code) == (200, 304, 200)


def test_the_pages_lead_to_their_feeds_with_the_filters_that_are_chosen(client):
    DocumentFactory(kind="report")
    PracticeFactory(version={"kind": "warning"})

    library = client.get(reverse("document_list"), {"kind": "report"}).content.decode()
    practices = client.get(reverse("practice_list"), {"kind": "warning"}).content.decode()

    assert f'href="{reverse("document_feed")}?kind=report"' in library
    assert f'href="{reverse("document_export_csv")}?kind=report"' in library
    assert f'href="{reverse("practice_feed")}?kind=warning"' in practices
    for page, name in ((library, "document_feed"), (practices, "practice_feed")):
        assert 'type="application/atom+xml" title="New' in page
        assert f'href="{reverse(name)}">' in page


# The list as a file


def table(client, query: str = "") -> list[dict]:
    answer = client.get(f"{reverse('document_export_csv')}?{query}")
    assert answer.status_code == 200
    assert answer.streaming
    text = b"".join(answer).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_the_file_has_what_the_list_has_in_its_order(client):
    DocumentFactory(title="Old", year=2001)
    new = DocumentFactory(title="New", year=2024, languages=["en", "fr"], countries=["KE", "JP"])
    new.organisations.add(OrganisationFactory(name="Institute for Tests"))
    DocumentFactory(title="Report", year=2024, kind="report")
    for fields in HIDDEN:
        DocumentFactory(title="Hidden", **fields)

    rows = table(client, "kind=guideline")

    assert [row["Title"] for row in rows] == ["New", "Old"]
    assert {
        name: rows[0][name]
        for name in ("Kind", "Year", "Organisations", "Languages", "Countries", "Version")
    } == {
        "Kind": "Guideline",
        "Year": "2024",
        "Organisations": "Institute for Tests",
        "Languages": "English; French",
        "Countries": "Kenya; Japan",
        "Version": "1",
    }
    assert rows[0]["Address"] == settings.SITE_URL + new.get_absolute_url()
    assert [row["Title"] for row in table(client, "sort=title")] == ["New", "Old", "Report"]
    assert [row["Title"] for row in table(client, "q=nothing")] == []


def test_no_cell_of_the_file_is_a_formula(client):
    house = OrganisationFactory(name="+SUM(A1)")
    document = DocumentFactory(title="=HYPERLINK(1)", summary="@now\x0b")
    document.organisations.add(house)

    row = table(client)[0]

    assert (row["Title"], row["Organisations"], row["Summary"]) == (
        "'=HYPERLINK(1)",
        "'+SUM(A1)",
        "'@now",
    )
