"""The text of a version in the browser, and two versions side by side."""

from django.db.models import F, Func, IntegerField
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from documents import comparing
from documents.models import CommentRound, Document, Extraction, Section, Translation, Version
from partners.languages import name as language_name

PAGE_LETTERS = 150_000  # of a text that is shown at once; longer ones are paged by section
RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}


def direction(language: str) -> str:
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


@require_safe
def version_read(request, code: str, number: int, language: str):
    """The text as sections and numbered paragraphs; of a long one, the part of `?section=`."""
    translation = get_object_or_404(
        Translation.objects.visible_to(request.user).select_related(
            "version__document", "extraction"
        ),
        version__document__code=code,
        version__number=number,
        language=language,
    )
    version, extraction = translation.version, getattr(translation, "extraction", None)
    is_read = extraction is not None and extraction.state == Extraction.State.DONE
    now = timezone.now()
    context = {
        "document": version.document,
        "version": version,
        "translation": translation,
        "direction": direction(language),
        "extraction": extraction,
        "is_waiting": extraction is not None
        and extraction.state in (Extraction.State.WAITING, Extraction.State.RUNNING),
        "has_failed": extraction is not None and extraction.state == Extraction.State.FAILED,
        "is_read": is_read,
        "others": version.translations.exclude(pk=translation.pk),
        "round": CommentRound.objects.visible_to(request.user)
        .taking_comments(now)
        .filter(version=version)
        .first(),
        "reading": None,
    }
    if is_read:
        context |= in_parts(translation, request.GET.get("section", ""))
    response = render(request, "documents/version_read.html", context)
    if context["is_waiting"]:
        response["Cache-Control"] = "no-store"
    return response


def in_parts(translation: Translation, label: str) -> dict:
    """What parts/text.html shows: contents; all sections, or the part where a label stands."""
    contents = list(
        translation.sections.annotate(
            letters=Func(
                Func(F("paragraphs"), template="array_to_string(%(expressions)s, '')"),
                function="length",
                output_field=IntegerField(),
            )
        )
        .only("label", "heading", "level", "page", "order")
        .order_by("order")
    )
    parts = _parts(contents)
    shown = next(
        (at for at, part in enumerate(parts) if any(one.label == label for one in part)), 0
    )
    for part in parts:
        for one in part:
            one.address = f"?section={part[0].label}#s-{one.label}" if len(parts) > 1 else ""
            one.address = one.address or f"#s-{one.label}"
    found = Section.objects.none()
    if parts:
        first, last = parts[shown][0].order, parts[shown][-1].order
        found = translation.sections.filter(order__range=(first, last)).defer("search")
    return {
        "contents": [one for one in contents if one.heading],
        "sections": found.order_by("order"),
        "part_number": shown + 1,
        "part_count": len(parts),
        "previous": parts[shown - 1][0] if shown else None,
        "next": parts[shown + 1][0] if shown + 1 < len(parts) else None,
    }


def _parts(contents: list[Section]) -> list[list[Section]]:
    """A long text in parts: each begins with a section of the highest level, or is full."""
    if sum(one.letters for one in contents) <= PAGE_LETTERS:
        return [contents] if contents else []
    top = min(one.level for one in contents)
    parts: list[list[Section]] = []
    letters = 0
    for one in contents:
        if not parts or one.level == top or letters + one.letters > PAGE_LETTERS:
            parts.append([])
            letters = 0
        parts[-1].append(one)
        letters += one.letters
    return parts


@require_safe
def version_compare(request, code: str):
    """What changed between `?from=` and `?to=`, as far as both may be seen; else the last two.

    Side by side, or with `?view=one` in one text.
    """
    document = get_object_or_404(Document.objects.visible_to(request.user), code=code)
    versions = list(
        Version.objects.visible_to(request.user).filter(document=document).order_by("number")
    )
    texts = list(
        Translation.objects.filter(version__in=versions, extraction__state=Extraction.State.DONE)
        .select_related("version", "extraction")
        .order_by("version__number", "-is_original", "language")
    )
    language = _language(request.GET.get("language", ""), texts)
    by_number = {one.version.number: one for one in texts if one.language == language}
    older, newer = _numbers(request, [version.number for version in versions], list(by_number))
    context = {
        "document": document,
        "versions": versions,
        "languages": [
            (one, language_name(one)) for one in dict.fromkeys(text.language for text in texts)
        ],
        "language": language,
        "direction": direction(language),
        "older": older,
        "newer": newer,
        "in_one": request.GET.get("view") == "one",
        "has_texts": older in by_number and newer in by_number and older != newer,
        "without_text": [one for one in (older, newer) if one is not None and one not in by_number],
    }
    if context["has_texts"]:
        found = comparing.compare(by_number[older], by_number[newer], request.user)
        context |= {
            "comparison": found,
            "older_text": by_number[older],
            "newer_text": by_number[newer],
        }
    return render(request, "documents/version_compare.html", context)


def _language(asked: str, texts: list[Translation]) -> str:
    """The language asked for; else the one in which most versions can be read."""
    known = [one.language for one in texts]
    if asked in known:
        return asked
    return max(dict.fromkeys(known), key=known.count, default="en")


def _numbers(request, numbers: list[int], with_text: list[int]) -> tuple[int | None, int | None]:
    """The two versions, the older first. 404 for one that is not there for this person."""
    newest = [*reversed(with_text or numbers), None, None]
    chosen = []
    for name in ("from", "to"):
        asked = request.GET.get(name, "")
        if asked.isascii() and asked.isdigit() and len(asked) < 6:
            if int(asked) not in numbers:
                raise Http404
            chosen.append(int(asked))
        else:
            chosen.append(None)
    older, newer = chosen
    if newer is None:
        newer = next((one for one in newest if one is not None and one != older), None)
    if older is None:
        below = [one for one in newest if one is not None and newer is not None and one < newer]
        older = below[0] if below else next((one for one in newest if one != newer), None)
    if older is not None and newer is not None and older > newer:
        older, newer = newer, older
    return older, newer
