"""The report of a meeting, made from its rows: sections that the page and the PDF both show.

Nothing is copied or kept: agenda, minutes, outcomes and figures stand where they always do. What a
reader gets beyond them are the words of `Report`.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from documents.models import Document
from meetings import agenda, carrying, minuting, report_annexes, tabling
from meetings.agenda import ShownSession
from meetings.models import (
    Attendance,
    Booking,
    Meeting,
    Outcome,
    Paper,
    PaperAudience,
    PaperVersion,
    Part,
    Registration,
    Report,
)
from meetings.report_blocks import Block, Content, Section
from partners import mail
from partners.audience import Audience


def content(report: Report, reader, now: datetime) -> Content:
    """The report as this person may read it on its page."""
    papers = Paper.objects.visible_to(reader).filter(meeting=report.meeting)
    return _content(report, papers, reader, tabling.sees_names(reader), now)


def printed(report: Report, audience: Audience, now: datetime) -> Content:
    """The report as a file for these people, the same whoever asks for it.

    It names papers that everybody may read, and people who own actions to partners alone.
    """
    papers = _public_papers(report.meeting)
    return _content(report, papers, None, audience != Audience.PUBLIC, now)


def _content(
    report: Report, papers: QuerySet[Paper], reader, with_names: bool, now: datetime
) -> Content:
    meeting = report.meeting
    version = agenda.newest(meeting)
    sessions = agenda.read(version.content if version else agenda.content(meeting), meeting)
    chapters = [
        (_("Introduction"), [_text(report.introduction or meeting.summary)], []),
        (_("Agenda"), _agenda(sessions, meeting), []),
        (_("Participants"), _participants(meeting), []),
        (_("Discussion"), [], _discussion(meeting)),
        (_("Outcomes"), _outcomes(meeting, with_names, now), []),
        (_("Closing"), [_text(report.closing)], []),
    ]
    annexes = [
        (_("Papers"), [_papers(papers)], []),
        (_("Statements of countries"), [], report_annexes.statements(meeting)),
        (_("Answers to questions"), [], report_annexes.results_of_questions(meeting, now)),
        (_("Actions of earlier meetings"), [_carried(meeting, reader, with_names, now)], []),
    ]
    facts = [
        (_("Kind"), str(meeting.get_kind_display())),
        (_("Host"), meeting.host),
        (_("Back to back with"), meeting.beside),
        (_("Time zone"), meeting.time_zone if meeting.days else ""),
    ]
    return Content(
        title=_("Report: %(meeting)s") % {"meeting": meeting.title},
        when=meeting.when,
        where=meeting.where,
        facts=[(name, value) for name, value in facts if value],
        sections=_numbered(chapters) + _as_annexes(annexes),
    )


def _numbered(chapters: list[tuple]) -> list[Section]:
    """Chapters with something in them, numbered from 1, and their parts below them."""
    return _sections(chapters, "%(number)s")


def _as_annexes(annexes: list[tuple]) -> list[Section]:
    return _sections(annexes, _("Annex %(number)s"))


def _sections(chapters: list[tuple], said: str) -> list[Section]:
    found: list[Section] = []
    number = 0
    for title, blocks, parts in chapters:
        blocks = _filled(blocks)
        if not blocks and not parts:
            continue
        number += 1
        found.append(Section(said % {"number": number}, title, 1, blocks))
        found += [
            Section(said % {"number": f"{number}.{place}"}, name, 2, inner)
            for place, (name, inner) in enumerate(parts, 1)
        ]
    return found


def _filled(blocks: list[Block]) -> list[Block]:
    return [one for one in blocks if one.lines or one.rows]


def _text(words: str) -> Block:
    return Block("text", [line.strip() for line in words.splitlines() if line.strip()])


def _agenda(sessions: list[ShownSession], meeting: Meeting) -> list[Block]:
    """A table for each session, under a line with its day; breaks are left out."""
    found = []
    for session in sessions:
        day = date_format(session.day, "l, j F Y") if session.day else ""
        heading = ". ".join(filter(None, (session.title, day, session.room)))
        rows = []
        for item in session.items:
            if item.is_break:
                continue
            title = f"{item.number}. {item.title}" if item.number else item.title
            if item.is_cancelled:
                title = _("%(item)s (cancelled)") % {"item": title}
            begins = date_format(item.begins, "H:i") if item.begins else ""
            who = ", ".join(one["name"] for one in item.presenters)
            rows.append([title, begins, who])
        if rows:
            found.append(Block("text", [heading]))
            found.append(Block("table", header=[_("Item"), _("Time"), _("Who")], rows=rows))
    return found


def who_took_part(meeting: Meeting) -> QuerySet[Registration]:
    """Who was checked in on some day; where nobody was, who had a confirmed seat."""
    registered = Registration.objects.filter(meeting=meeting)
    present = Attendance.objects.filter(registration__meeting=meeting)
    if present.exists():
        return registered.filter(pk__in=present.values("registration"))
    return registered.taking_part()


def _participants(meeting: Meeting) -> list[Block]:
    """How many from where; names of those alone who agreed, and whose accounts are not blocked.

    The consent to appear on the list of participants ends with the meeting, and is not used here.
    """
    people = list(
        who_took_part(meeting)
        .select_related("organisation", "country", "user")
        .order_by("name", "pk")
    )
    if not people:
        return []
    total = ngettext("%(n)s person took part.", "%(n)s people took part.", len(people))
    found = [Block("text", [total % {"n": len(people)}])]
    ways = Counter(
        Part.objects.filter(
            bookings__registration__in=people,
            bookings__status=Booking.Status.CONFIRMED,
            kind__in=Part.WAYS,
        ).values_list("kind", flat=True)
    )
    found.append(
        _counts(_("How"), {str(Part.Kind(kind).label): number for kind, number in ways.items()})
    )
    unknown = _("not stated")
    found.append(
        _counts(
            _("Kind of organisation"),
            Counter(
                str(one.organisation.get_kind_display()) if one.organisation else unknown
                for one in people
            ),
        )
    )
    countries = Counter(str(one.country) if one.country else unknown for one in people)
    found.append(_counts(_("Country"), countries))
    named = [one for one in people if one.in_report and one.user.is_active]
    if named:
        rows = [[one.name, one.represents, str(one.country or "")] for one in named]
        found.append(Block("text", [_("These agreed that their names stand here:")]))
        header = [_("Name"), _("Organisation"), _("Country")]
        found.append(Block("table", header=header, rows=rows))
    return found


def _counts(name: str, counts: dict[str, int]) -> Block:
    rows = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Block(
        "table", header=[name, _("People")], rows=[[words, str(number)] for words, number in rows]
    )


def _discussion(meeting: Meeting) -> list[tuple[str, list[Block]]]:
    """The minutes of each item that has some."""
    found = []
    for part in minuting.parts(meeting):
        for place in part.places:
            if place.minutes and place.minutes.text.strip():
                title = place.item.title
                if place.item.number:
                    said = _("Item %(number)s: %(title)s")
                    title = said % {"number": place.item.number, "title": title}
                found.append((title, [_text(place.minutes.text)]))
    return found


def _outcomes(meeting: Meeting, with_names: bool, now: datetime) -> list[Block]:
    """Decisions and the like as points, then the actions with owner, due date and state."""
    outcomes = list(tabling.loaded(meeting.outcomes.order_by("number")))
    found = []
    for kind in (Outcome.Kind.DECISION, Outcome.Kind.RECOMMENDATION, Outcome.Kind.RESULT):
        rows = [one for one in outcomes if one.kind == kind]
        found.append(
            Block(
                "table",
                header=[str(kind.label)],
                rows=[[one.text] for one in rows],
                links=_links(rows),
            )
        )
    actions = [one for one in outcomes if one.kind == Outcome.Kind.ACTION]
    found.append(_actions(actions, with_names, now))
    return found


def _carried(meeting: Meeting, reader, with_names: bool, now: datetime) -> Block:
    """On a page those that the reader may see; in a file those of meetings for the same people."""
    carried = carrying.carried(meeting, now)
    if reader is None:
        own = Audience(meeting.audience)
        known = [one for one in Audience if not own.is_wider_than(one)]
        carried = carried.filter(meeting__audience__in=known)
    else:
        seen = Outcome.objects.visible_to(reader).order_by()
        carried = carried.filter(pk__in=seen.values("pk"))
    return _actions(list(tabling.loaded(carried)), with_names, now)


def _actions(actions: list[Outcome], with_names: bool, now: datetime) -> Block:
    rows = tabling.in_words(actions, with_names, now.date())
    return Block(
        "table",
        header=[_("Action"), _("Owner"), _("Due"), _("State")],
        rows=[
            [
                *(row.outcome.text, row.owner),
                date_format(row.outcome.due_on, "j F Y") if row.outcome.due_on else "",
                row.state.words if row.state else "",
            ]
            for row in rows
        ],
        links=_links(actions),
    )


def _links(outcomes: Iterable[Outcome]) -> list[str]:
    return [mail.absolute(one.get_absolute_url()) for one in outcomes]


def _papers(papers: QuerySet[Paper]) -> Block:
    found = list(papers.select_related("document").order_by("session_number", "number"))
    return Block(
        "table",
        header=[_("Paper"), _("Title")],
        rows=[[one.label, one.title] for one in found],
    )


def _public_papers(meeting: Meeting) -> QuerySet[Paper]:
    """Papers for everybody that are there to be read, or known by name."""
    approved = PaperVersion.objects.filter(paper=OuterRef("pk"), approved_at__isnull=False)
    readable = (
        Q(Exists(approved)) | Q(document__in=Document.objects.public()) | Q(is_only_named=True)
    )
    return meeting.papers.filter(readable, audience=PaperAudience.PUBLIC)
