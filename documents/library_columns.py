"""The columns of the library's list as a file, in English: it goes from hand to hand."""

from collections.abc import Iterator

from django.db.models import QuerySet

from documents.models import Document
from partners import languages, mail
from partners.csv_files import neutral
from partners.directory.facets import country_name

HEADERS = (
    "Title",
    "Code",
    "Kind",
    "Year",
    "Organisations",
    "Languages",
    "Countries",
    "Expertise",
    "Serves",
    "Who may see it",
    "Status",
    "Version",
    "Published",
    "Address",
    "Summary",
)


def rows(documents: QuerySet[Document]) -> Iterator[list]:
    """The header, then a list for each document: text that no spreadsheet runs, days and None.

    Reads in portions; the caller has decided who may see which documents.
    """
    yield list(HEADERS)
    whole = documents.select_related("current").prefetch_related("organisations", "terms")
    for document in whole.iterator(chunk_size=2000):
        yield [neutral(value) or None for value in _cells(document)]


def _cells(document: Document) -> list:
    names = languages.names("en")
    return [
        document.title,
        document.code,
        document.get_kind_display(),
        document.year,
        "; ".join(one.name for one in document.organisations.all()),
        "; ".join(names.get(code, code) for code in document.languages),
        "; ".join(country_name(code) for code in document.countries),
        "; ".join(term.label_en for term in document.terms.all()),
        document.get_process_display(),
        document.get_audience_display(),
        document.get_status_display(),
        str(document.current.number),
        document.current.published_at.date(),
        mail.absolute(document.get_absolute_url()),
        document.summary,
    ]
