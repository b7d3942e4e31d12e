"""The living document: published practices in chapters by waste stream, as a page and as a PDF.

A chapter is a group of the vocabulary, in its order, in which waste streams come first. A practice
stands once, in the chapter of its first term; chapters of its other terms point there. Both page
and PDF (book.typ) are filled from the same `Sheet`s.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Prefetch, QuerySet
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from documents import reviewing
from documents.models import (
    Compilation,
    CompilationEntry,
    Photo,
    Practice,
    PracticeExpert,
    PracticeVersion,
    Precondition,
)
from experts.models import Expert
from partners import mail
from partners.models import Organisation, Term
from partners.typesetting.letters import IN_LATIN, Shown

OTHER = "other"  # code of the chapter of practices without a term


@dataclass(frozen=True)
class Text:
    """A part of a sheet: paragraphs under a heading, or points."""

    heading: str
    lines: list[str]
    is_list: bool = False


@dataclass
class Sheet:
    """One practice in words, in the reader's language, as page and PDF show it."""

    practice_id: int
    version_id: int
    code: str
    title: str
    url: str  # path of this version
    is_warning: bool
    summary: str
    reviewed: str
    facts: list[tuple[str, str]]
    texts: list[Text]
    preconditions: list[tuple[str, str, str, str]]  # kind, weight, what, how it was met
    results: list[tuple[str, str, str]]  # what, figure with unit, year
    results_text: str
    own_statement: bool
    recommendations: list[str]
    lessons: list[str]
    references: list[tuple[str, str]]  # source, address
    persons: list[Expert]  # on the page; never in an edition, which is kept for ever
    organisations: list[str]
    photos: list[Photo]

    @property
    def says_how_met(self) -> bool:
        """Whether any row says how a precondition was met or overcome."""
        return any(how_met for _kind, _weight, _what, how_met in self.preconditions)


@dataclass(frozen=True)
class Line:
    """A practice as the contents name it."""

    practice_id: int
    version_id: int
    code: str
    title: str
    is_warning: bool


@dataclass
class Chapter:
    """`see` are practices that stand in another chapter, and belong here, too."""

    term: Term | None
    lines: list[Line] = field(default_factory=list)
    see: list[Line] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.term.code if self.term else OTHER

    @property
    def title(self) -> str:
        return self.term.label if self.term else _("Other practices")

    @property
    def intro(self) -> str:
        return self.term.description if self.term else ""


@dataclass(frozen=True)
class Changes:
    """What changed since an edition (None: there is none yet)."""

    since: Compilation | None
    new: list[Line]
    changed: list[Line]
    left: list[str]  # titles as the edition had them

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.changed or self.left)

    def in_words(self) -> str:
        """For the change note of a version: "2 new, 1 changed, 1 left: …", cut to 2,000 letters."""
        if self.since is None:
            return _("First edition of the portal: %(n)s practices.") % {"n": len(self.new)}
        parts = [
            f"{heading}: {'; '.join(titles)}."
            for heading, titles in (
                (_("New"), [line.title for line in self.new]),
                (_("Changed"), [line.title for line in self.changed]),
                (_("Left"), self.left),
            )
            if titles
        ]
        said = " ".join(parts) or _("No practice changed since edition %(number)s.") % {
            "number": self.since.number
        }
        return said if len(said) <= 2000 else said[:1999] + "…"


def chapters() -> list[Chapter]:
    """The book as it stands: chapters that have practices or point at some. Two queries."""
    versions = PracticeVersion.objects.filter(
        practice__status=Practice.Status.PUBLISHED, practice__current=F("pk")
    )
    return _in_chapters(versions)


def _in_chapters(versions: QuerySet[PracticeVersion]) -> list[Chapter]:
    terms = {term.pk: term for term in Term.objects.defer("words")}
    order = {term.pk: place for place, term in enumerate(terms.values())}
    found = {term.pk: Chapter(term) for term in terms.values() if term.parent_id is None}
    other = Chapter(None)
    rows = versions.order_by("sort_title", "pk").values_list(
        "practice_id", "pk", "practice__code", "title", "kind", "term_ids"
    )
    for practice_id, key, code, title, kind, term_ids in rows:
        line = Line(practice_id, key, code, title, kind == PracticeVersion.Kind.WARNING)
        own = sorted((pk for pk in term_ids if pk in terms), key=order.get)
        groups = list(dict.fromkeys(terms[pk].parent_id or pk for pk in own))
        if not groups:
            other.lines.append(line)
            continue
        found[groups[0]].lines.append(line)
        for group in groups[1:]:
            found[group].see.append(line)
    return [one for one in (*found.values(), other) if one.lines or one.see]


def changes(now_there: list[Chapter], since: Compilation | None) -> Changes:
    """What differs from an edition that was made; one query."""
    lines = [line for chapter in now_there for line in chapter.lines]
    if since is None:
        return Changes(None, lines, [], [])
    rows = CompilationEntry.objects.filter(compilation=since)
    before = {
        practice: (version, title)
        for practice, version, title in rows.values_list(
            "version__practice", "version", "version__title"
        )
    }
    here = {line.practice_id for line in lines}
    return Changes(
        since,
        new=[line for line in lines if line.practice_id not in before],
        changed=[
            line
            for line in lines
            if line.practice_id in before and before[line.practice_id][0] != line.version_id
        ],
        left=[title for practice, (_version, title) in before.items() if practice not in here],
    )


def last_edition() -> Compilation | None:
    """The newest edition that was made."""
    made = Compilation.objects.filter(state=Compilation.State.DONE)
    return made.select_related("version__document").order_by("-number").first()


# Sheets


def sheets(keys: Iterable[int], now: datetime, reader=None) -> dict[int, Sheet]:
    """Sheets by key of the version; the same number of queries however many there are.

    Resource persons are those whose profile the reader may see; none without a reader.
    """
    seen = Expert.objects.visible_to(reader) if reader else Expert.objects.none()
    versions = (
        PracticeVersion.objects.filter(pk__in=list(keys))
        .select_related("practice", "country")
        .defer("search")
        .prefetch_related(
            "preconditions",
            "recommendations",
            "results",
            "references",
            "photos",
            Prefetch("organisations", Organisation.objects.only("name").order_by("name")),
            Prefetch(
                "resource_persons",
                PracticeExpert.objects.filter(expert__in=seen.values("pk"))
                .select_related("expert")
                .only("version", "expert__name")
                .order_by("expert__sort_name", "pk"),
            ),
        )
    )
    words = _Words(
        terms={term.pk: term.label for term in Term.objects.defer("words", "description")},
        kinds={str(code): str(label) for code, label in Precondition.Kind.choices},
        weights={str(code): str(label) for code, label in Precondition.Weight.choices},
    )
    return {version.pk: _sheet(version, words, now) for version in versions}


@dataclass(frozen=True)
class _Words:
    """Labels in the reader's language, looked up once for all sheets."""

    terms: dict[int, str]
    kinds: dict[str, str]
    weights: dict[str, str]


def _sheet(version: PracticeVersion, words: _Words, now: datetime) -> Sheet:
    practice = version.practice
    reviewed = practice.reviewed_at or version.decided_at or version.created_at
    said = _("Version %(number)s, reviewed on %(day)s.") % {
        "number": version.number,
        "day": date_format(reviewed, "DATE_FORMAT"),
    }
    if reviewing.is_due(practice, now):
        said = f"{said} {_('A new review is due.')}"
    return Sheet(
        practice_id=practice.pk,
        version_id=version.pk,
        code=practice.code,
        title=version.title,
        url=version.get_absolute_url(),
        is_warning=version.kind == PracticeVersion.Kind.WARNING,
        summary=version.summary,
        reviewed=said,
        facts=_facts(version, words.terms),
        texts=_texts(version),
        preconditions=[
            (words.kinds[one.kind], words.weights[one.weight], one.text, one.how_met)
            for weight in words.weights  # what must be there comes first
            for one in version.preconditions.all()
            if one.weight == weight
        ],
        results=[
            (one.what, f"{_figure(one.value)} {one.unit}", str(one.year or ""))
            for one in version.results.all()
        ],
        results_text=version.results_text,
        own_statement=version.own_statement,
        recommendations=[one.text for one in version.recommendations.all()],
        lessons=version.lesson_list,
        references=[(one.text, one.url) for one in version.references.all()],
        persons=[link.expert for link in version.resource_persons.all()],
        organisations=[one.name for one in version.organisations.all()],
        photos=list(version.photos.all()),
    )


def _figure(value) -> str:
    """Without zeros that say nothing, in groups of three."""
    return number_format(f"{value.normalize():f}", use_l10n=True, force_grouping=True)


def _facts(version: PracticeVersion, terms: dict[int, str]) -> list[tuple[str, str]]:
    place = ", ".join(filter(None, [str(version.country or ""), version.site]))
    cost = ". ".join(filter(None, [version.get_cost_band_display(), version.cost_note]))
    facts = [
        (_("Country and site"), place),
        (_("Operator"), version.operator),
        (_("Year"), str(version.year or "")),
        (_("Waste stream and life-cycle step"), "; ".join(terms[pk] for pk in version.term_ids)),
        (_("Technology or practice"), version.technology),
        (_("Cost"), cost),
        (_("Paid by"), version.financing),
    ]
    return [(name, value) for name, value in facts if value]


def _texts(version: PracticeVersion) -> list[Text]:
    texts = [
        Text(_("What was done"), _paragraphs(version.description)),
        Text(_("Steps"), version.step_list, is_list=True),
        Text(_("Safeguards"), _paragraphs(version.safeguards)),
        Text(_("Where it could be repeated"), _paragraphs(version.replicability)),
    ]
    return [text for text in texts if text.lines]


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


# For the typesetter


def citation(title: str, number: int, as_of: datetime, address: str) -> str:
    """How to cite an edition, in one sentence."""
    return _(
        "UNEP Global Mercury Partnership, Waste Management Area (%(year)s). %(title)s. "
        "Edition %(number)s, %(day)s. %(address)s"
    ) % {
        "year": as_of.year,
        "title": title,
        "number": number,
        "day": date_format(as_of, "DATE_FORMAT"),
        "address": address,
    }


def data(
    title: str,
    number: int,
    as_of: datetime,
    address: str,
    parts: list[Chapter],
    words_of: dict[int, Sheet],
    changed: Changes,
    pictures: dict[int, str],
    show: Callable[[str], str],
) -> dict:
    """What book.typ needs. `pictures`: file by key of a photo; a photo without one is left out.

    `show` makes a text that the fonts can show (partners.typesetting.letters).
    """
    shown = Shown(show)

    def sheet(line: Line) -> dict:
        one = words_of[line.version_id]
        return {
            "code": one.code,
            "title": shown(one.title) or "?",  # a heading must not be empty
            "url": mail.absolute(one.url),
            "warning": one.is_warning,
            "summary": shown(one.summary),
            "reviewed": one.reviewed,
            "facts": [[name, shown(value)] for name, value in one.facts],
            "texts": [
                {
                    "heading": text.heading,
                    "lines": [shown(words) for words in text.lines],
                    "is_list": text.is_list,
                }
                for text in one.texts
            ],
            "preconditions": [[shown(cell) for cell in row] for row in one.preconditions],
            "results": [[shown(cell) for cell in row] for row in one.results],
            "results_text": [shown(words) for words in _paragraphs(one.results_text)],
            "own_statement": one.own_statement,
            "recommendations": [shown(words) for words in one.recommendations],
            "lessons": [shown(words) for words in one.lessons],
            "references": [[shown(text), url] for text, url in one.references],
            "organisations": [shown(name) for name in one.organisations],
            "photos": [
                {
                    "file": pictures[photo.pk],
                    "caption": shown(photo.caption) or "?",
                    "rights": shown(photo.rights),
                    "is_tall": photo.height > photo.width,
                }
                for photo in one.photos
                if photo.pk in pictures
            ],
        }

    def names(lines: list[Line]) -> list[dict]:
        return [{"code": line.code, "title": shown(line.title) or "?"} for line in lines]

    left = [{"code": "", "title": shown(one)} for one in changed.left]
    found = {
        "lang": (get_language() or "en").split("-")[0],
        "chapters": [
            {
                "code": chapter.code,
                "title": shown(chapter.title),
                "intro": shown(chapter.intro),
                "sheets": [sheet(line) for line in chapter.lines],
                "see": names(chapter.see),
            }
            for chapter in parts
        ],
        "first": changed.since is None,
        "changes": [
            [heading, lines]
            for heading, lines in (
                (_("New"), names(changed.new) if changed.since else []),
                (_("Changed"), names(changed.changed)),
                (_("Left the collection"), left),
            )
            if lines
        ],
        "words": _words(title, number, as_of, address, parts, changed),
    }
    if shown.is_marked:
        found["words"]["note"] = _("%(mark)s Written in Latin letters here.") % {"mark": IN_LATIN}
    return found


def _words(
    title: str,
    number: int,
    as_of: datetime,
    address: str,
    parts: list[Chapter],
    changed: Changes,
) -> dict[str, str]:
    """The words of the printed pages, in the reader's language."""
    area, partnership = _("Waste Management Area"), _("UNEP Global Mercury Partnership")
    total = sum(len(chapter.lines) for chapter in parts)
    edition = _("Edition %(number)s, %(day)s") % {
        "number": number,
        "day": date_format(as_of, "DATE_FORMAT"),
    }
    if changed.since is None:
        what_changed = _("This is the first edition that the portal made.")
    elif changed.is_empty:
        what_changed = _("No practice changed.")
    else:
        what_changed = ""
    since = changed.since
    heading = (
        _("What changed since edition %(number)s") % {"number": since.number}
        if since
        else _("What changed since the last edition")
    )
    return {
        "title": title,
        "area": area,
        "partnership": partnership,
        "publisher": f"{area}, {partnership}",
        "edition": edition,
        "lead": _(
            "%(n)s practices and warning examples from the field, with what must be there to "
            "repeat them. Each sheet was reviewed and says when."
        )
        % {"n": total},
        "note": "",
        "names": _(
            "Names of countries and territories do not imply any opinion on their status or "
            "boundaries. Naming a firm or a product is no endorsement."
        ),
        "contents": _("Contents"),
        "changes": heading,
        "changes_text": what_changed,
        "cite": _("How to cite"),
        "citation": citation(title, number, as_of, address),
        "see": _("See also, in other chapters"),
        "warning": _("Warning example"),
        "preconditions": _("Preconditions"),
        "kind": _("Kind"),
        "weight": _("Weight"),
        "what": _("What"),
        "how_met": _("How it was met or overcome"),
        "results": _("Results"),
        "result": _("Result"),
        "figure": _("Figure"),
        "year": _("Year"),
        "own_statement": _("Operator’s own statement, shown without endorsement."),
        "recommendations": _("Recommendations"),
        "lessons": _("Lessons learnt"),
        "sources": _("Sources"),
        "organisations": _("Organisations"),
        "photo_rights": _("Photo:"),
        "page": _("Page"),
        "on_the_portal": _("This sheet and its resource persons in the portal"),
    }
