"""What the database refuses, and what it keeps by itself."""

import pytest
from django.db import IntegrityError, transaction

from documents.models import Document, PracticeVersion, Requirement, Section, Version
from partners.models import Organisation, Synonym, Term
from tests.factories import (
    DocumentFactory,
    FileFactory,
    PracticeFactory,
    SectionFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db


def refused(step):
    with pytest.raises(IntegrityError), transaction.atomic():
        step()


def found(model, words: str) -> list:
    return list(model.objects.extra(where=["search @@ portal_query(%s)"], params=[words]))


def test_a_version_never_changes_but_is_published_once():
    version = VersionFactory(published=False)
    refused(lambda: Version.objects.filter(pk=version.pk).update(change_note="Another"))
    assert Version.objects.filter(pk=version.pk).update(published_at=version.created_at) == 1
    refused(lambda: Version.objects.filter(pk=version.pk).update(published_at=None))
    refused(version.delete)


def test_a_file_never_changes_and_stays_with_a_published_version():
    file = FileFactory()
    refused(lambda: type(file).objects.filter(pk=file.pk).update(sha256="0" * 64))
    refused(file.delete)
    draft = FileFactory(version__published=False)
    draft.delete()


def test_a_published_practice_and_its_rows_never_change():
    version = PracticeFactory().current
    rows = PracticeVersion.objects.filter(pk=version.pk)
    refused(lambda: rows.update(title="Another"))
    refused(lambda: version.preconditions.update(text="Another"))
    refused(lambda: version.recommendations.all().delete())
    refused(lambda: version.references.create(text="A source"))
    assert rows.update(sort_title="x") == 1  # the trigger writes it anew
    assert rows.get().sort_title == version.title.lower()


def test_documents_are_found_by_terms_synonyms_organisations_and_countries():
    document = DocumentFactory(countries=["KE"])
    term = Term.objects.get(code="products-lamps")
    document.terms.add(term)
    document.organisations.add(Organisation.objects.create(name="Zoï Network"))
    Synonym.objects.create(term=term, text="glowtubes")
    for words in ("lamps", "lampes", "glowtube", "zoi network", "Kenya", "guideline"):
        assert found(Document, words) == [document], words
    document.refresh_from_db()
    assert (document.regions, document.term_ids) == (["africa"], [term.pk])
    document.terms.remove(term)
    assert found(Document, "glowtubes") == []


def test_practices_are_found_by_their_preconditions():
    draft = PracticeFactory(published=False).versions.get()
    landfill = Requirement.objects.get(code="engineered-landfill")
    draft.preconditions.create(kind="infrastructure", text="A lined cell", requirement=landfill)
    draft.refresh_from_db()
    assert draft.needs == [landfill.pk]
    assert draft.condition_kinds == ["infrastructure", "technical"]
    assert found(PracticeVersion, "lined cell") == [draft]


def test_a_section_that_is_too_long_for_the_search_is_cut_and_never_an_error():
    words = " ".join(f"word{number}" for number in range(150_000))  # 1.5 MB in a tsvector
    section = SectionFactory(paragraphs=[words], labels=["1.1"])
    assert found(Section, "word7") == [section]
    assert found(Section, "word149999") == []
