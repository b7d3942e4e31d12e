"""Pages of a document and its versions: what they show, to whom, and what the forms do."""

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from documents.models import Document, Proposal
from partners.audience import Audience
from tests.factories import (
    NOW,
    CommentFactory,
    DocumentFactory,
    LeadFactory,
    PartnerUserFactory,
    UserFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


def test_an_older_version_keeps_its_address_and_points_at_the_newest(client):
    document = DocumentFactory(summary='Says "</script>" <b>')
    VersionFactory(document=document, number=2)
    old = client.get(reverse("version_detail", args=[document.code, 1])).content.decode()
    assert "There is a newer version" in old
    assert f'href="{document.get_absolute_url()}"' in old
    assert '<meta name="robots" content="noindex">' in old
    new = client.get(document.get_absolute_url()).content.decode()
    assert "There is a newer version" not in new
    assert 'rel="canonical"' in new
    data = new.partition('application/ld+json">')[2].partition("</script>")[0]
    assert "\\u003c/script>" in data


def test_a_document_for_partners_and_its_draft_version_leak_nowhere(client):
    owner = UserFactory()
    document = DocumentFactory(audience=Audience.PARTNERS, owner=owner)
    VersionFactory(document=document, number=2, published=False)
    pages = {
        "document_detail": [document.code],
        "version_detail": [document.code, 2],
        "document_cite": [document.code, "ris"],
    }
    expected = {None: [404] * 3, PartnerUserFactory: [200, 404, 200], "owner": [200] * 3}
    for who, codes in expected.items():
        client.logout()
        if who:
            client.force_login(owner if who == "owner" else who())
        got = [client.get(reverse(name, args=args)).status_code for name, args in pages.items()]
        assert got == codes
    client.force_login(PartnerUserFactory())
    cited = reverse("document_cite", args=[document.code, "text"])
    assert client.get(f"{cited}?version=2").status_code == 404
    assert "ld+json" not in client.get(document.get_absolute_url()).content.decode()
    for name, more in (("document_edit", []), ("version_add", []), ("version_publish", [2])):
        answer = client.get(reverse(name, args=[document.code, *more]))
        assert answer.status_code == 403


def test_a_hidden_successor_and_proposals_of_partners_are_not_named(client):
    hidden = DocumentFactory(audience=Audience.CORE, title="Secret successor")
    document = DocumentFactory()
    document.superseded_by, document.status = hidden, Document.Status.SUPERSEDED
    document.save()
    Proposal.objects.create(
        title="Better figures", why="Old", document=document, proposed_by=UserFactory()
    )
    page = client.get(document.get_absolute_url()).content.decode()
    assert "Another document has taken the place" in page
    assert "Secret successor" not in page
    assert "Better figures" not in page
    client.force_login(PartnerUserFactory())
    assert "Better figures" in client.get(document.get_absolute_url()).content.decode()


def test_the_lead_makes_a_document_uploads_translates_and_publishes_it(client):
    client.force_login(LeadFactory(totp=True))
    owner = PartnerUserFactory()
    facts = {"title": "Limits", "kind": "guideline", "audience": "public", "owner": owner.email}
    answer = client.post(reverse("document_add"), facts)
    document = Document.objects.get()
    assert document.code == "limits-document"
    assert document.owner == owner
    assert answer.url == reverse("version_add", args=[document.code])
    said = {"language": "en", "licence": "unknown", "change_note": "Kept words"}
    wrong = client.post(answer.url, {**said, "file": SimpleUploadedFile("a.exe", b"MZ\x00\x01")})
    assert "Choose the file again" in wrong.content.decode()
    assert "Kept words" in wrong.content.decode()
    client.post(answer.url, {**said, "file": SimpleUploadedFile("a.txt", b"Some words")})
    more = reverse("translation_add", args=[document.code, 1])
    client.post(more, {"language": "fr", "url": "https://example.org/fr"})
    publish = reverse("version_publish", args=[document.code, 1])
    assert "Everybody" in client.get(publish).content.decode()
    document.refresh_from_db()
    assert document.status == Document.Status.DRAFT
    client.post(publish)
    document.refresh_from_db()
    assert (document.status, document.languages) == (Document.Status.PUBLISHED, ["en", "fr"])


def test_publishing_over_unanswered_comments_asks_the_lead_for_a_reason(client):
    document = CommentFactory().round.version.document
    owner = UserFactory()
    Document.objects.filter(pk=document.pk).update(owner=owner)
    version = VersionFactory(document=document, number=2, published=False)
    address = reverse("version_publish", args=[document.code, 2])
    client.force_login(owner)
    client.post(address)
    client.force_login(LeadFactory(totp=True))
    assert "1 comment on this document" in client.get(address).content.decode()
    client.post(address, {"reason": ""})
    version.refresh_from_db()
    assert version.published_at is None
    client.post(address, {"reason": "The conference meets tomorrow."})
    version.refresh_from_db()
    assert version.published_at == NOW


def test_a_page_asks_the_same_queries_for_one_version_and_for_five(
    client, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for number in (1, 5):
        document = DocumentFactory()
        for n in range(2, number + 1):
            VersionFactory(document=document, number=n)
        client.get(document.get_absolute_url())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(document.get_absolute_url())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_lead_archives_and_restores_in_admin(client):
    client.force_login(LeadFactory(totp=True))
    document = DocumentFactory()
    for model in ("document", "version", "limitvalue", "proposal", "requirement"):
        page = client.get(reverse(f"admin:documents_{model}_changelist"))
        assert page.status_code == 200
    assert client.get(reverse("admin:documents_limitvalue_add")).status_code == 200
    address = reverse("admin:documents_document_changelist")
    chosen = {"_selected_action": document.pk}
    client.post(address, {**chosen, "action": "archive", "reason": "Out of date"})
    document.refresh_from_db()
    assert (document.status, document.status_reason) == ("archived", "Out of date")
    client.post(address, {**chosen, "action": "restore"})
    document.refresh_from_db()
    assert document.status == "published"


def test_the_lead_says_what_takes_the_place_of_a_document_and_takes_it_back(client):
    old, new = DocumentFactory(), DocumentFactory(title="The newer one")
    client.force_login(LeadFactory(totp=True))
    address = reverse("document_end", args=[old.code])

    nothing = client.post(address, {"successor": "", "reason": ""})
    unknown = client.post(address, {"successor": "no-such-code", "reason": ""})
    itself = client.post(address, {"successor": old.code, "reason": "kept as typed"})
    client.post(address, {"successor": new.code, "reason": ""})
    page = client.get(old.get_absolute_url()).content.decode()
    listed = client.get(reverse("document_list")).content.decode()
    client.post(address, {"successor": "", "reason": "From a page that was opened before."})
    old.refresh_from_db()
    still = old.status
    client.post(address, {"restore": "1"})
    old.refresh_from_db()

    assert still == Document.Status.SUPERSEDED
    assert "Give a reason" in nothing.content.decode()
    assert "no document with this code" in unknown.content.decode()
    assert "cannot supersede itself" in itself.content.decode()
    assert "kept as typed" in itself.content.decode()
    assert "The newer one" in page
    assert old.get_absolute_url() not in listed
    assert (old.status, old.superseded_by) == (Document.Status.PUBLISHED, None)


def test_the_lead_archives_a_document_with_a_reason_and_its_address_stays(client):
    document = DocumentFactory()
    client.force_login(LeadFactory(totp=True))

    client.post(reverse("document_end", args=[document.code]), {"reason": "The law has changed."})
    client.logout()
    page = client.get(document.get_absolute_url())

    assert page.status_code == 200
    assert "The law has changed." in page.content.decode()


def test_who_saves_the_facts_second_sees_what_the_first_wrote_and_loses_no_word(client):
    document = DocumentFactory(title="Limits", summary="Short.")
    client.force_login(LeadFactory(totp=True))
    address = reverse("document_edit", args=[document.code])
    form = client.get(address).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields if name != "terms"}
    client.post(address, typed | {"summary": "Theirs, the first."})

    answer = client.post(address, typed | {"summary": "Mine, the second."})

    document.refresh_from_db()
    assert (answer.status_code, document.summary) == (409, "Theirs, the first.")
    assert answer.context["differences"] == [("Summary", "Theirs, the first.")]
    text = answer.content.decode()
    assert "Theirs, the first." in text
    assert "Mine, the second." in text
    again = answer.context["form"]["seen"].value()
    client.post(address, typed | {"summary": "Mine, the second.", "seen": again})
    document.refresh_from_db()
    assert document.summary == "Mine, the second."
