"""The living document as a page, and its editions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from documents import book, compiling
from documents.models import Compilation, Document
from documents.permissions import can_compile
from partners import mail
from partners.refusals import Refused

STEPS = {
    "reading": gettext_lazy("The practices are read."),
    "pictures": gettext_lazy("The pictures are prepared."),
    "typesetting": gettext_lazy("The pages are typeset."),
    "filing": gettext_lazy("The edition goes into the library."),
}


def _editions(user):
    """Editions that this person may read, the newest first; for the Lead unmade ones, too."""
    editions = Compilation.objects.select_related("version__document")
    if can_compile(user):
        return editions
    seen = Document.objects.visible_to(user)
    return editions.filter(state=Compilation.State.DONE, version__document__in=seen.values("pk"))


@require_safe
def practice_book(request):
    """Contents, what changed, editions; with `chapter` one chapter, whole."""
    now = timezone.now()
    chapters = book.chapters()
    wanted = request.GET.get("chapter", "")
    context = {"chapters": chapters, "total": sum(len(one.lines) for one in chapters)}
    if wanted:
        places = {chapter.code: place for place, chapter in enumerate(chapters)}
        if wanted not in places:
            raise Http404
        place = places[wanted]
        chapter = chapters[place]
        chapter_of = {line.code: one.code for one in chapters for line in one.lines}
        words_of = book.sheets([line.version_id for line in chapter.lines], now, request.user)
        context |= {
            "chapter": chapter,
            "sheets": [words_of[line.version_id] for line in chapter.lines],
            "previous": chapters[place - 1] if place else None,
            "next": chapters[place + 1] if place + 1 < len(chapters) else None,
            "see": [(line, chapter_of[line.code]) for line in chapter.see],
        }
        return render(request, "documents/practice_book_chapter.html", context)
    editions = list(_editions(request.user))
    last = next((one for one in editions if one.version_id), None)
    documents = Document.objects.visible_to(request.user).defer("search")
    context |= {
        "last": last,
        "pdf": last and reverse("version_file", args=_file_of(last)),
        "changes": book.changes(chapters, last),
        "editions": editions,
        "citation": last and _citation(last),
        "can_compile": can_compile(request.user),
        "document": documents.filter(code=compiling.LIBRARY_CODE).first(),
    }
    return render(request, "documents/practice_book.html", context)


def _file_of(edition: Compilation) -> list:
    return [edition.version.document.code, edition.version.number, compiling.LANGUAGE]


def _citation(edition: Compilation) -> str:
    address = mail.absolute(edition.version.get_absolute_url())
    return book.citation(edition.version.document.title, edition.number, edition.as_of, address)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def compilation_add(request):
    """What the next edition would change, and the button that asks for it; the Lead."""
    if not can_compile(request.user):
        raise PermissionDenied
    now = timezone.now()
    refused = ""
    if request.method == "POST":
        try:
            compilation = compiling.ask(request.user, now)
        except Refused as refusal:
            refused = str(refusal)
        else:
            said = _("Edition %(number)s is asked for. This page shows how far it is.")
            messages.success(request, said % {"number": compilation.number})
            return redirect("compilation_detail", compilation.number)
    chapters = book.chapters()
    in_work = compiling.in_work()
    context = {
        "number": in_work.number if in_work else compiling.next_number(),
        "in_work": in_work,
        "can_ask": in_work is None or compiling.is_lost(in_work, now),
        "total": sum(len(chapter.lines) for chapter in chapters),
        "chapters": chapters,
        "changes": book.changes(chapters, book.last_edition()),
        "refused": refused,
    }
    status = 409 if refused else 200
    return render(request, "documents/compilation_add.html", context, status=status)


@require_safe
def compilation_detail(request, number):
    """How far an edition is, for the Lead; what is in one that was made, for everybody."""
    now = timezone.now()
    edition = get_object_or_404(_editions(request.user).select_related("asked_by"), number=number)
    is_done = edition.state == Compilation.State.DONE
    lost = not is_done and compiling.is_lost(edition, now)
    entries = edition.entries.select_related("chapter", "version__practice")
    context = {
        "edition": edition,
        "is_done": is_done,
        "can_ask": lost and can_compile(request.user),
        "at_work": not is_done and edition.state != Compilation.State.FAILED and not lost,
        "step": STEPS.get(edition.step, ""),
        "entries": entries.defer("version__search") if is_done else [],
        "citation": _citation(edition) if is_done else "",
    }
    response = render(request, "documents/compilation_detail.html", context)
    if request.htmx and not context["at_work"]:
        response["HX-Refresh"] = "true"  # the whole page says something else now
    return response
