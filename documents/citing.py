"""How to cite a version: as text, BibTeX or RIS; and the document for search engines."""

import json
import re

import rispy
from bibtexparser import Library, write_string
from bibtexparser.model import Entry, Field
from django.utils.translation import gettext as _

from documents.models import Document, Version
from partners import mail

Kind = Document.Kind

BOOKS = {Kind.SOURCEBOOK, Kind.CATALOGUE}
OTHERS = {Kind.TRAINING, Kind.CONVENTION_TEXT, Kind.OTHER}
#: media type and ending of each style
STYLES = {
    "text": ("text/plain; charset=utf-8", ""),
    "bibtex": ("application/x-bibtex; charset=utf-8", "bib"),
    "ris": ("application/x-research-info-systems; charset=utf-8", "ris"),
}

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def cite(version: Version, style: str) -> str:
    """The citation of a version (with its document) in one of STYLES."""
    return {"text": as_text, "bibtex": as_bibtex, "ris": as_ris}[style](version)


def address(version: Version) -> str:
    """Where the version stays for ever."""
    return mail.absolute(version.get_absolute_url())


def _title(version: Version) -> str:
    return _one_line(version.title or version.document.title)


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _authors(version: Version) -> list[str]:
    return [_one_line(one.name) for one in version.document.organisations.all()]


def _year(version: Version) -> str:
    """Of the text; else of the document, or of publication here; empty where none is known."""
    if version.dated_on:
        return str(version.dated_on.year)
    if version.document.year:
        return str(version.document.year)
    return str(version.published_at.year) if version.published_at else ""


def as_text(version: Version) -> str:
    """One line, to copy."""
    year = _year(version) or _("no year")
    authors = "; ".join(_authors(version))
    head = f"{authors} ({year}). {_title(version)}" if authors else f"{_title(version)} ({year})"
    return _("%(head)s (version %(number)s). %(address)s") % {
        "head": head,
        "number": version.number,
        "address": address(version),
    }


def _escaped(words: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in words)


def as_bibtex(version: Version) -> str:
    kind = version.document.kind
    type_of = "book" if kind in BOOKS else "misc" if kind in OTHERS else "techreport"
    authors = [_escaped(name) for name in _authors(version)]
    # a second pair of braces: an organisation has no family name
    fields = [("author", " and ".join(f"{{{name}}}" for name in authors))]
    fields.append(("title", f"{{{_escaped(_title(version))}}}"))
    if authors and type_of != "misc":
        house = "publisher" if type_of == "book" else "institution"
        fields.append((house, f"{{{authors[0]}}}"))
    fields += [
        ("year", _year(version)),
        ("edition" if type_of == "book" else "note", f"Version {version.number}"),
        ("url", re.sub(r"[{}\\]", "", address(version))),
    ]
    key = f"{version.document.code}-v{version.number}"
    library = Library([Entry(type_of, key, [Field(name, text) for name, text in fields if text])])
    return write_string(library)


def as_ris(version: Version) -> str:
    kind = version.document.kind
    type_of = "BOOK" if kind in BOOKS else "GEN" if kind in OTHERS else "RPRT"
    entry = {
        "type_of_reference": type_of,
        "authors": _authors(version),
        "title": _title(version),
        "year": _year(version),
        "edition": f"Version {version.number}",
        "abstract": _one_line(version.document.summary),
        "urls": [address(version)],
    }
    return rispy.dumps([{name: value for name, value in entry.items() if value}])


def schema(document: Document, version: Version) -> str:
    """The document for search engines, as JSON that may stand in a script element."""
    data = {
        "@context": "https://schema.org",
        "@type": "DigitalDocument" if document.kind in BOOKS | OTHERS else "Report",
        "name": document.title,
        "description": document.summary,
        "identifier": document.code,
        "url": mail.absolute(document.get_absolute_url()),
        "version": str(version.number),
        "inLanguage": document.languages,
        "datePublished": _year(version),
        "author": [{"@type": "Organization", "name": name} for name in _authors(version)],
        "about": [term.label for term in document.terms.all()],
    }
    text = json.dumps({name: value for name, value in data.items() if value})
    return text.replace("<", "\\u003c")
