"""A report from its draft over the phase of amendments to the final text in the library.

Organisers write its words. The Lead opens it for amendments and makes it final: both publish a
version of a document of the library, and the first asks people to read it, with a comment round on
that version (documents/rounds.py).
"""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from documents import cataloguing, publishing, rounds
from documents.models import Audience, CommentRound, Document, Version
from mailings import outbox
from meetings import permissions, report_printing, reporting
from meetings.models import Meeting, Report
from partners.files import Checked
from partners.models import User
from partners.refusals import Refused

Status = Report.Status
LANGUAGE = "en"  # of the file in the library
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
    version = _file(report, Audience(audience), said, by, now)
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

    Raises Refused for somebody who may not, before the meeting is over, and while the round of
    amendments is not finished.
    """
    report = _locked(meeting_id)
    _check(report, Status.FINAL, by, now)
    said = _("Final report of %(day)s") % {"day": date_format(now, "j F Y")}
    _file(report, Audience(report.meeting.audience), said, by, now)
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


def _locked(meeting_id: int) -> Report:
    """The report, or a new one that is not saved yet; the meeting is locked."""
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    found = Report.objects.select_related("round", "document").filter(meeting=meeting).first()
    report = found or Report(meeting=meeting)
    report.meeting = meeting
    return report


def _check(report: Report, to: Status, by: User, now: datetime):
    if not permissions.can_publish_report(by):
        raise Refused(_("The Lead publishes reports."))
    meeting = report.meeting
    if not meeting.is_over(now.astimezone(meeting.zone).date()):
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


def _file(report: Report, audience: Audience, said: str, by: User, now: datetime) -> Version:
    """The report as the next published version of its document, which is made where there is none.

    In the caller's transaction; raises Refused as the steps of the library do.
    """
    meeting = report.meeting
    with translation.override(LANGUAGE):
        content = reporting.printed(report, audience, now)
        made = report_printing.pdf(content, said)
    values = {"audience": audience}
    if report.document is None:
        values |= {
            "title": content.title,
            "kind": Document.Kind.MEETING_REPORT,
            "summary": ", ".join(filter(None, (content.when, content.where))),
            "year": meeting.starts_on.year,
            "languages": [LANGUAGE],
            "countries": [meeting.country_id] if meeting.country_id else [],
            "owner": by,
        }
        report.document = cataloguing.create(values, by, now)
        report.save()
    else:
        cataloguing.edit(report.document.pk, values, by, now)
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
        report.document.pk,
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
