"""What the nightly check of stored files found, for the Lead's queue."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import file_check
from partners.models import FileFinding
from partners.moderation import Bulk, Item, Kind, Step


def _findings(now: datetime) -> QuerySet[FileFinding]:
    return file_check.waiting().annotate(since=F("found_at"))


def _describe(findings: Iterable[FileFinding]) -> list[Item]:
    return [
        Item(object=finding, title=_title(finding), since=finding.since) for finding in findings
    ]


def _title(finding: FileFinding) -> str:
    if finding.kind == FileFinding.Kind.MISSING:
        return _("The file of %(row)s is missing") % {"row": finding.about}
    return _("No row points at the file %(path)s") % {"path": finding.path}


KINDS = (
    Kind(
        code="files",
        name=gettext_lazy("Files"),
        waiting=_findings,
        describe=_describe,
        template="admin/queue/files.html",
        steps={
            "delete": Step(
                lambda pk, answer: file_check.delete_orphan(pk, answer.by, answer.now),
                gettext_lazy("Deleted: %(item)s."),
            ),
            "note": Step(
                lambda pk, answer: file_check.note(pk, answer.by, answer.now),
                gettext_lazy("Noted: %(item)s."),
            ),
        },
        bulk=(Bulk("note", gettext_lazy("I know of the chosen")),),
    ),
)
