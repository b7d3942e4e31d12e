"""A report from its draft over the phase of amendments to the final text in the library.

Organisers write its words. The Lead opens it for amendments and makes it final: both publish a
version of a document of the library, and the first asks people to read it, with a comment round on
that version (documents/rounds.py).

All versions of a document have its audience. So a draft that fewer people are asked about than may
see the meeting is a document of its own, and the final text takes its place.
"""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from documents import cataloguing, publishing, rounds
from documents.models import CommentRound, Document, Version
from mailings import outbox
from meetings import permissions, report_printing, reporting
from meetings.models import Meeting, Report
from partners.audience import Audience
from partners.files import Checked
from partners.models import User
from partners.refusals import Refused

Status = Report.Status
LANGUAGE = "en"  # of the file in the library
FILED = ("document", "round__version__document")
TO_PARTICIPANTS = "meetings/mail/report_amendments"


class Collision(Refused):
    """Somebody else saved the words since the form was shown; `saved` is what stands there now."""

    def __init__(self, saved: Report):
        super().__init__(
            _(
                "Somebody else saved these words meanwhile. Read what stands there now; save once "
                "more if yours is to stand there."
            )
        )
        self.saved = saved


@transaction.atomic
def save(
    meeting_id: int, introduction: str, closing: str, seen: int, by: User, now: datetime
) -> Report:
    """Keep the words that are no rows; makes the report where there is none.

    `seen` is the version that the writer's form carried (0: none yet). Raises Collision where it is
    not the present one, and Refused for a final report.
    """
    report = _locked(meeting_id)
    if report.status == Status.FINAL:
        raise Refused(_("The report is final. The Lead can take it back to a draft."))
    if seen != report.version:
        raise Collision(report)
    report.introduction, report.closing = introduction, closing
    report.version += 1
    report.changed_by, report.changed_at = by, now
    report.save()
    return report


@transaction.atomic
def open_amendments(
    meeting_id: int, audience: str, closes_at: datetime, invitation: str, by: User, now: datetime
) -> Report:
    """Publish the draft in the library and ask for amendments until a moment.

    Partners, or core members, are asked by the comment round; other participants by a mail of ours.
    Raises Refused for somebody who may not, before the meeting is over, for more people than may
    see the meeting, for a close that has passed, and where comments or another round wait.
    """
    report = _locked(meeting_id)
    meeting = report.meeting
    _check(report, Status.AMENDMENTS, by, now)
    if Audience(audience).is_wider_than(Audience(meeting.audience)):
        raise Refused(
            _("The meeting is for fewer people: %(people)s. Ask those alone.")
            % {"people": meeting.get_audience_display()}
        )
    if closes_at <= now:
        raise Refused(_("The close has passed. Set a later one."))
    said = _("Draft of %(day)s for amendments") % {"day": date_format(now, "j F Y")}
    document = _document_for(report, Audience(audience), by, now)
    version = _file(report, document, said, by, now)
    if audience == meeting.audience:
        report.document = version.document
    values = {
        "title": _("Amendments: %(meeting)s") % {"meeting": meeting.title[:180]},
        "version": version,
        "address": "",
        "audience": audience,
        "invitation": invitation,
        "opens_at": now,
        "closes_at": closes_at,
    }
    team = list(meeting.organisers.filter(is_active=True))
    report.round = rounds.prepare(values, [], team, by, now)
    rounds.open_round(report.round.pk, by, now)
    report.status = Status.AMENDMENTS
    report.save()
    _ask_participants(report)
    return report


@transaction.atomic
def make_final(meeting_id: int, by: User, now: datetime) -> Report:
    """Publish the final text in the library, for whoever may see the meeting.

    A draft that was for fewer people stays with them, and says what took its place. Raises Refused
    for somebody who may not, before the meeting is over, and while the round of amendments is not
    finished.
    """
    report = _locked(meeting_id)
    _check(report, Status.FINAL, by, now)
    said = _("Final report of %(day)s") % {"day": date_format(now, "j F Y")}
    drafts = _documents(report)
    document = _document_for(report, Audience(report.meeting.audience), by, now)
    report.document = _file(report, document, said, by, now).document
    for draft in drafts:
        if draft.pk != report.document.pk and draft.status == Document.Status.PUBLISHED:
            publishing.supersede(draft.pk, report.document.pk, by, now)
    report.status, report.finished_at = Status.FINAL, now
    report.save()
    return report


@transaction.atomic
def take_back(meeting_id: int, by: User, now: datetime) -> Report:
    """Make it a draft again, to be corrected or opened once more; versions in the library stay.

    Raises Refused for somebody who may not, for a draft, and while a round of amendments runs.
    """
    report = _locked(meeting_id)
    _check(report, Status.DRAFT, by, now)
    report.status, report.finished_at = Status.DRAFT, None
    report.save()
    return report


def follow_audience(meeting: Meeting, audience: str, by: User, now: datetime):
    """Take what the library has of a report from people who will not see the meeting any more.

    In the transaction that gives the meeting this audience, which has locked it. Raises Refused
    while such people are asked for amendments, and where a final report was written for fewer
    people than the meeting would be shown to.
    """
    report = Report.objects.select_related(*FILED).filter(meeting=meeting).first()
    if report is None or audience == meeting.audience:
        return
    to = Audience(audience)
    if (
        report.status == Status.FINAL
        and report.document
        and to.is_wider_than(Audience(report.document.audience))
    ):
        raise Refused(
            _(
                "The final report was written for fewer people: %(people)s. Take the report back "
                "to a draft first; then publish it for the others, too."
            )
            % {"people": report.document.get_audience_display()}
        )
    asked = report.round
    if (
        asked
        and asked.status == CommentRound.Status.OPEN
        and Audience(asked.audience).is_wider_than(to)
    ):
        raise Refused(
            _(
                "%(people)s are asked for amendments to the report, and some of them would not see "
                "the meeting. Finish that round first."
            )
            % {"people": asked.get_audience_display()}
        )
    filed = [one.pk for one in _documents(report)]
    for document in Document.objects.filter(Q(pk__in=filed) | Q(superseded_by__in=filed)):
        if Audience(document.audience).is_wider_than(to):
            cataloguing.edit(document.pk, {"audience": to}, by, now)


def _locked(meeting_id: int) -> Report:
    """The report, or a new one that is not saved yet; the meeting is locked."""
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    found = Report.objects.select_related(*FILED).filter(meeting=meeting).first()
    report = found or Report(meeting=meeting)
    report.meeting = meeting
    return report


def _check(report: Report, to: Status, by: User, now: datetime):
    if not permissions.can_publish_report(by):
        raise Refused(_("The Lead publishes reports."))
    meeting = report.meeting
    if not meeting.is_over(meeting.day_at(now)):
        raise Refused(_("The meeting is not over yet."))
    if meeting.status in (Meeting.Status.DRAFT, Meeting.Status.CANCELLED):
        raise Refused(_("Only a meeting that was held has a report."))
    if to not in Report.NEXT[report.status]:
        raise Refused(
            _("The report is “%(status)s” now: this cannot be done.")
            % {"status": report.get_status_display()}
        )
    if report.round is not None and report.round.status == CommentRound.Status.OPEN:
        raise Refused(_("The round of amendments is not finished yet. Finish it first."))


def _document_for(report: Report, audience: Audience, by: User, now: datetime) -> Document:
    """The document whose next version is for these people; a new one where there is none."""
    current = (Document.Status.PUBLISHED, Document.Status.OPEN)
    for known in _documents(report):
        if known.audience == audience and known.status in current:
            return known
    meeting = report.meeting
    is_draft = audience != meeting.audience
    with translation.override(LANGUAGE):
        title = _("Draft of the report: %(meeting)s") if is_draft else _("Report: %(meeting)s")
        values = {
            "title": title % {"meeting": meeting.title},
            "kind": Document.Kind.MEETING_REPORT,
            "summary": ", ".join(filter(None, (meeting.when, meeting.where))),
            "year": meeting.starts_on.year,
            "languages": [LANGUAGE],
            "countries": [meeting.country_id] if meeting.country_id else [],
            "owner": by,
            "audience": audience,
        }
    return cataloguing.create(values, by, now)


def _documents(report: Report) -> list[Document]:
    """Of the final text and of the last round of amendments, as far as there are any."""
    found = [report.document, report.round and report.round.version.document]
    return list({one.pk: one for one in found if one}.values())


def _file(report: Report, document: Document, said: str, by: User, now: datetime) -> Version:
    """The report as the next published version of a document.

    Its words are those for the meeting's audience, also where fewer people are asked: the draft
    names nobody whom the final text would not name. In the caller's transaction; raises Refused as
    the steps of the library do.
    """
    meeting = report.meeting
    with translation.override(LANGUAGE):
        content = reporting.printed(report, Audience(meeting.audience), now)
        made = report_printing.pdf(content, said)
    name = f"report-{meeting.code}.pdf"
    checked = Checked(
        content=ContentFile(made, name=name),
        name=name,
        media_type="application/pdf",
        size=len(made),
        sha256=hashlib.sha256(made).hexdigest(),
        kind="pdf",
    )
    version = publishing.add_version(
        document.pk,
        [publishing.Part(language=LANGUAGE, is_original=True, checked=checked)],
        by,
        now,
        change_note=said,
        dated_on=now.date(),
    )
    return publishing.publish(version.pk, by, now)


def _ask_participants(report: Report):
    """Write to who took part and is not asked by the round: guests are no partners."""
    asked = report.round.invitees.values("user")
    guests = (
        reporting.who_took_part(report.meeting)
        .filter(user__is_active=True)
        .exclude(user__in=asked)
        .select_related("user")
        .order_by("pk")
    )
    for registration in guests:
        context = {"registration": registration, "meeting": report.meeting, "round": report.round}
        outbox.post(TO_PARTICIPANTS, registration.user.email, context)
