"""The library and the good practices as lists, and the library's list as a file."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import conditional_page, require_safe
from django.views.decorators.vary import vary_on_headers

from documents import (
    comparing_practices,
    feeds,
    finding,
    library_columns,
    library_directory,
    practice_directory,
    reviewing,
)
from documents.models import Document, Practice, PracticeVersion
from documents.permissions import can_add_document, can_propose, can_submit_practice
from partners import languages
from partners.csv_files import csv_answer
from partners.directory.facets import country_name
from partners.directory.pages import Directory

#: Look of a badge by status: what needs no word has none.
BADGES = {
    Document.Status.OPEN: "info",
    Document.Status.SUPERSEDED: "warn",
    Document.Status.ARCHIVED: "",
}


@require_safe
@vary_on_headers("HX-Target")
def document_list(request):
    now = timezone.now()
    found = library_directory.find(request.GET, request.user, now)
    found.results = found.results.defer("search").prefetch_related("organisations")
    directory = Directory(request, found, "document_list")
    page = directory.page()
    passages = finding.passages([document.pk for document in page], found.words)
    context = {
        **directory.context(page),
        "cards": [_document(one, passages.get(one.pk), found) for one in page],
        "suggestions": directory.suggestions("title", "sort_title"),
        "exports": directory.downloads(("document_export_csv", _("CSV"))),
        "feed": directory.downloads(("document_feed", _("Atom feed")))[0],
        "can_add": can_add_document(request.user),
        "can_propose": can_propose(request.user, now.date()),
    }
    return directory.render(
        "documents/document_list.html", "documents/parts/document_results.html", context
    )


def _document(document: Document, passage, found) -> dict:
    facts = [
        "; ".join(str(one) for one in document.organisations.all()),
        str(document.year or ""),
        ", ".join(map(languages.name, document.languages)),
        ", ".join(map(country_name, document.countries[:3])),
    ]
    if len(document.countries) > 3:
        facts[-1] += " …"
    return {
        "document": document,
        "badge": BADGES.get(document.status),
        "facts": [fact for fact in facts if fact],
        "summary": _first_sentence(document.summary),
        "terms": found.tags(document.term_ids),
        "passage": passage,
        "passage_url": passage and _address_of(document, passage),
    }


def _address_of(document: Document, passage: finding.Passage) -> str:
    read = reverse("version_read", args=[document.code, passage.number, passage.language])
    return f"{read}#s-{passage.label}"


def _first_sentence(text: str) -> str:
    """The first sentence, or 200 letters of it."""
    sentence, end, _rest = text.partition(". ")
    sentence += end.strip()
    return sentence if len(sentence) <= 200 else sentence[:199].rsplit(" ", 1)[0] + " …"


@require_safe
@conditional_page
def document_feed(request):
    """What is new in the library for everybody, with the filters of the query string, as Atom."""
    return feeds.Library()(request)


@require_safe
def document_export_csv(request):
    """The list with its filters: UTF-8 with a byte order mark, commas; streamed, any length."""
    now = timezone.now()
    found = library_directory.find(request.GET, request.user, now)
    rows = library_columns.rows(found.results.defer("search"))
    return csv_answer(rows, f"library-{now:%Y-%m-%d}.csv")


@require_safe
@vary_on_headers("HX-Target")
def practice_list(request):
    now = timezone.now()
    found = practice_directory.find(request.GET, request.user, now)
    directory = Directory(request, found, "practice_list")
    page = directory.page()
    context = {
        **directory.context(page),
        **directory.map(),
        "cards": [_practice(one, found) for one in page],
        "suggestions": directory.suggestions("current__title", "current__sort_title"),
        "feed": directory.downloads(("practice_feed", _("Atom feed")))[0],
        "can_add": can_submit_practice(request.user, now.date()),
        "at_least": comparing_practices.AT_LEAST,
        "at_most": comparing_practices.AT_MOST,
    }
    return directory.render(
        "documents/practice_list.html", "documents/parts/practice_results.html", context
    )


def _practice(practice: Practice, found) -> dict:
    sheet = practice.current
    badges = []
    if sheet.kind == PracticeVersion.Kind.WARNING:
        badges.append((sheet.get_kind_display(), "danger"))
    if reviewing.is_due(practice, found.now):
        badges.append((_("Review due"), "warn"))
    used = found.uses[practice.pk]
    facts = [
        sheet.get_form_display(),
        sheet.get_cost_band_display(),
        ngettext("Used by %(n)s other", "Used by %(n)s others", used) % {"n": used} if used else "",
    ]
    return {
        "practice": practice,
        "badges": badges,
        "place": ", ".join(filter(None, (sheet.site, country_name(sheet.country_id)))),
        "summary": _first_sentence(sheet.summary),
        "terms": found.tags(sheet.term_ids),
        "facts": [fact for fact in facts if fact],
    }


@require_safe
@conditional_page
def practice_feed(request):
    """Practices that were published last, with the filters of the query string, as Atom."""
    return feeds.Practices()(request)
