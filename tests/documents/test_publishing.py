"""Versions: numbered once, published once, never changed; what becomes of their document."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from documents import publishing
from documents.models import CommentRound, Document, Extraction, Translation, Version
from documents.publishing import Part
from partners import files
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    DocumentFactory,
    FileFactory,
    LeadFactory,
    UserFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db
ADDRESS = Part("en", True, url="https://example.org/paper")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def text_file(words: bytes = b"Keep mercury waste apart.") -> files.Checked:
    return files.check_document(SimpleUploadedFile("paper.txt", words))


def stored(folder) -> list:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_version_gets_the_next_number_and_keeps_what_was_uploaded(folder):
    document = DocumentFactory()
    owner = UserFactory()
    version = publishing.add_version(
        document.pk, [Part("en", True, text_file()), Part("fr", False, url="https://a.org")],
        owner, NOW,
    )  # fmt: skip
    assert (version.number, version.published_at, version.created_by) == (2, None, owner)
    file, address = version.translations.order_by("language")
    assert (file.file_name, file.size, len(file.sha256)) == ("paper.txt", 25, 64)
    assert file.file.read() == b"Keep mercury waste apart."
    assert (address.url, bool(address.file)) == ("https://a.org", False)
    document.refresh_from_db()
    assert document.current.number == 1
    with pytest.raises(Refused, match="version 2 already"):
        publishing.add_version(document.pk, [ADDRESS], owner, NOW, number=2)


def test_a_readable_file_waits_for_its_text():
    pdf = FileFactory(version__published=False)
    checked = files.Checked(pdf.file, "a.pdf", "application/pdf", pdf.size, pdf.sha256, "pdf")
    version = publishing.add_version(DocumentFactory().pk, [Part("en", True, checked)], None, NOW)
    assert Extraction.objects.get().translation.version == version


def test_of_what_is_refused_neither_row_nor_file_stays(folder):
    document = DocumentFactory()
    two = [Part("en", True, text_file()), Part("en", False, text_file())]
    with pytest.raises(Refused, match="in this language already"):
        publishing.add_version(document.pk, two, None, NOW)
    assert document.versions.count() == 1
    assert stored(folder) == []
    for parts in ([], [Part("en", True)], [Part("en", True, text_file(), "https://a.org")]):
        with pytest.raises(Refused, match="Upload a file or give an address"):
            publishing.add_version(document.pk, parts, None, NOW)


def test_the_newest_published_version_is_what_readers_get():
    document = DocumentFactory()
    lead = LeadFactory(totp=True)
    second, third = (publishing.add_version(document.pk, [ADDRESS], lead, NOW) for _ in "ab")
    publishing.publish(third.pk, lead, NOW)
    publishing.publish(second.pk, lead, NOW)
    document.refresh_from_db()
    assert document.current == third
    with pytest.raises(Refused, match="published already"):
        publishing.publish(second.pk, lead, NOW)
    assert list(Decision.objects.values_list("action", "subject").order_by("pk")) == [
        ("published", f"{document.code} v3"),
        ("published", f"{document.code} v2"),
    ]


def test_a_draft_is_published_with_its_first_version_and_learns_its_languages():
    document = DocumentFactory(bare=True, languages=[])
    version = publishing.add_version(document.pk, [ADDRESS], None, NOW)
    assert version.number == 1
    publishing.publish(version.pk, None, NOW)
    publishing.add_translation(version.pk, Part("fr", False, url="https://a.org/fr"), None, NOW)
    document.refresh_from_db()
    assert (document.status, document.languages) == (Document.Status.PUBLISHED, ["en", "fr"])
    with pytest.raises(Refused, match="has an original already"):
        publishing.add_translation(version.pk, Part("es", True, url="https://a.org/"), None, NOW)


def test_unanswered_comments_hold_a_version_back_unless_the_lead_says_why():
    comment = CommentFactory()
    document = comment.round.version.document
    Document.objects.filter(pk=document.pk).update(status=Document.Status.OPEN)
    owner, lead = UserFactory(), LeadFactory(totp=True)
    version = publishing.add_version(document.pk, [ADDRESS], owner, NOW)
    with pytest.raises(Refused, match="1 comment on this document is not answered"):
        publishing.publish(version.pk, lead, NOW)
    with pytest.raises(Refused, match="Only the Lead"):
        publishing.publish(version.pk, owner, NOW, "It is urgent.")
    publishing.publish(version.pk, lead, NOW, "The conference meets tomorrow.")
    document.refresh_from_db()
    assert (document.status, document.current) == (Document.Status.OPEN, version)
    decision = Decision.objects.get(action="published with an override")
    assert decision.reason == "The conference meets tomorrow."


def test_only_a_version_that_was_never_published_can_be_dropped(
    folder, django_capture_on_commit_callbacks
):
    document = DocumentFactory()
    version = publishing.add_version(document.pk, [Part("en", True, text_file())], None, NOW)
    assert len(stored(folder)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        publishing.drop(version.pk, LeadFactory(), NOW)
    assert stored(folder) == []
    assert document.versions.get() == document.current
    with pytest.raises(Refused, match="for ever"):
        publishing.drop(document.current_id, LeadFactory(), NOW)
    wanted = VersionFactory(document=document, number=2, published=False)
    CommentRoundFactory(version=wanted, status=CommentRound.Status.PREPARED)
    with pytest.raises(Refused, match="comment round"), transaction.atomic():
        publishing.drop(wanted.pk, LeadFactory(), NOW)
    assert Version.objects.filter(pk=wanted.pk).exists()
    assert Translation.objects.filter(version=wanted).exists()


def test_superseded_archived_and_restored_only_from_where_it_is_allowed():
    old, new = DocumentFactory(), DocumentFactory()
    lead = LeadFactory()
    with pytest.raises(Refused, match="itself"):
        publishing.supersede(old.pk, old.pk, lead, NOW)
    assert publishing.supersede(old.pk, new.pk, lead, NOW).superseded_by == new
    with pytest.raises(Refused, match="Only a published document"):
        publishing.supersede(new.pk, old.pk, lead, NOW)
    draft = publishing.add_version(old.pk, [ADDRESS], lead, NOW)
    with pytest.raises(Refused, match="Restore it first"):
        publishing.publish(draft.pk, lead, NOW)
    with pytest.raises(Refused, match="Give a reason"):
        publishing.archive(old.pk, " ", lead, NOW)
    publishing.archive(old.pk, "Out of date", lead, NOW)
    with pytest.raises(Refused, match="archived"):
        publishing.add_version(old.pk, [ADDRESS], lead, NOW)
    restored = publishing.restore(old.pk, lead, NOW)
    assert (restored.status, restored.superseded_by) == (Document.Status.PUBLISHED, None)
    open_one = CommentRoundFactory().version.document
    Document.objects.filter(pk=open_one.pk).update(status=Document.Status.OPEN)
    with pytest.raises(Refused, match="cannot be done now"):
        publishing.archive(open_one.pk, "Why not", lead, NOW)
