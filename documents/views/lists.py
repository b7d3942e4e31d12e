"""The library and the good practices as lists, and the library's list as a file."""

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from documents import library_directory, search
from documents.models import Document
from documents.permissions import can_add_document
from partners import languages
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
    found = library_directory.find(request.GET, request.user, timezone.now())
    found.results = found.results.defer("search").prefetch_related("organisations")
    directory = Directory(request, found, "document_list")
    page = directory.page()
    passages = search.passages([document.pk for document in page], found.words)
    context = {
        **directory.context(page),
        "cards": [_document(one, passages.get(one.pk), found) for one in page],
        "suggestions": directory.suggestions("title", "sort_title"),
        "exports": directory.downloads(("document_export_csv", _("CSV"))),
        "feed": directory.downloads(("document_feed", _("Atom feed")))[0],
        "can_add": can_add_document(request.user),
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


def _address_of(document: Document, passage: search.Passage) -> str:
    read = reverse("version_read", args=[document.code, passage.number, passage.language])
    return f"{read}#s-{passage.label}"


def _first_sentence(text: str) -> str:
    """The first sentence, or 200 letters of it."""
    sentence, end, _rest = text.partition(". ")
    sentence += end.strip()
    return sentence if len(sentence) <= 200 else sentence[:199].rsplit(" ", 1)[0] + " …"


def document_feed(request, **kwargs):
    raise Http404


def document_export_csv(request, **kwargs):
    raise Http404


def practice_list(request, **kwargs):
    raise Http404


def practice_feed(request, **kwargs):
    raise Http404
