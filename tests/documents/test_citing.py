"""Citations can be read by the programs they are for, whatever stands in a title."""

import bibtexparser
import pytest
import rispy

from documents import citing
from partners.models import Organisation
from tests.factories import DocumentFactory

pytestmark = pytest.mark.django_db


def version(**fields):
    document = DocumentFactory(**fields)
    for name in ("Zoï {Network} & Co", "Ministry and Agency"):
        document.organisations.add(Organisation.objects.create(name=name))
    return document.current


def test_bibtex_keeps_organisations_whole_and_escapes_what_is_special():
    text = citing.as_bibtex(version(title="100 % of $ {waste}\nTY  - X", code="waste"))
    library = bibtexparser.parse_string(text)
    assert library.failed_blocks == []
    entry = library.entries[0]
    assert (entry.entry_type, entry.key) == ("techreport", "waste-v1")
    assert entry["author"] == r"{Ministry and Agency} and {Zoï \{Network\} \& Co}"
    assert entry["title"] == r"{100 \% of \$ \{waste\} TY - X}"
    assert entry["url"].endswith("/library/waste/v1/")


def test_ris_is_read_back_as_it_was_meant():
    text = citing.as_ris(version(title="Waste\nER  - \nTY  - BOOK", kind="sourcebook"))
    [entry] = rispy.loads(text)
    assert entry["type_of_reference"] == "BOOK"
    assert entry["title"] == "Waste ER - TY - BOOK"
    assert entry["authors"] == ["Ministry and Agency", "Zoï {Network} & Co"]
    assert entry["year"] == "2020"


def test_text_names_the_version_and_its_address():
    one = version(title="Waste", code="waste")
    assert citing.as_text(one).startswith("Ministry and Agency; Zoï {Network} & Co (2020). Waste")
    assert citing.as_text(one).endswith("(version 1). " + citing.address(one))
