"""'We used this practice': partners tell what they changed and what it brought."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from documents.models import Practice, UseReport
from experts import presenting
from partners import decisions
from partners.models import User
from partners.refusals import Refused

FIELDS = ("country", "year", "organisation_id", "outcome", "changed", "brought")


class Twice(Refused):
    """The person has told of this country and year already: `report` is that one."""

    def __init__(self, report: UseReport):
        super().__init__(
            _("You have told of this country and year already. Change that report instead.")
        )
        self.report = report


#: Look of the badge of an outcome.
_LOOK = {
    UseReport.Outcome.HELPED: "good",
    UseReport.Outcome.PARTLY: "info",
    UseReport.Outcome.DID_NOT: "warn",
    UseReport.Outcome.EARLY: "",
}


def of(practice: Practice) -> list[UseReport]:
    """The reports that everybody sees, ready to be shown."""
    return ready(practice.uses.shown().select_related("organisation"))


def ready(reports: Iterable[UseReport]) -> list[UseReport]:
    """Each with `place`, the country's name, and `look`, the kind of its badge."""
    found = list(reports)
    for report in found:
        report.place = presenting.country(report.country)
        report.look = _LOOK[report.outcome]
    return found


@transaction.atomic
def report(
    practice_id: int, user: User, values: dict, now: datetime, report_id: int | None = None
) -> UseReport:
    """Tell of a use, or change one's own report (`report_id`); it is shown at once.

    `values`: the FIELDS. Raises Twice when the person has another report for this country and
    year, Refused when the practice is not published. A changed report comes before the Lead again;
    a hidden one stays hidden.
    """
    practice = Practice.objects.select_for_update().get(pk=practice_id)
    if practice.status != Practice.Status.PUBLISHED:
        raise Refused(_("Only the use of a published practice can be reported."))
    mine = UseReport.objects.filter(practice=practice, user=user)
    if report_id is None:
        told = UseReport(
            practice=practice, user=user, version_number=practice.current.number, at=now
        )
    else:
        told = mine.select_for_update().get(pk=report_id)
    same = mine.filter(country=values["country"], year=values["year"]).exclude(pk=told.pk).first()
    if same:
        raise Twice(same)
    for field in FIELDS:
        setattr(told, field, values[field])
    told.seen_at = None
    told.save()
    return told


@transaction.atomic
def see(report_id: int, by: User, now: datetime) -> UseReport:
    """The Lead has looked at it."""
    told = UseReport.objects.select_for_update().get(pk=report_id)
    told.seen_at = now
    told.save(update_fields=["seen_at"])
    return told


@transaction.atomic
def hide(report_id: int, reason: str, by: User, now: datetime) -> UseReport:
    """Take a report off the page; who wrote it reads the reason where the report is changed."""
    if not reason.strip():
        raise Refused(_("Give a reason."))
    told = UseReport.objects.select_for_update().get(pk=report_id)
    if told.hidden_at:
        raise Refused(_("This report is hidden already."))
    told.seen_at = told.hidden_at = now
    told.hidden_reason = reason.strip()[:500]
    told.save(update_fields=["seen_at", "hidden_at", "hidden_reason"])
    decisions.record(by, "hidden", told, now, reason)
    return told


@transaction.atomic
def show_again(report_id: int, by: User, now: datetime) -> UseReport:
    """The reverse of `hide`."""
    told = UseReport.objects.select_for_update().get(pk=report_id)
    if told.hidden_at is None:
        raise Refused(_("This report is not hidden."))
    told.hidden_at, told.hidden_reason = None, ""
    told.save(update_fields=["hidden_at", "hidden_reason"])
    decisions.record(by, "shown again", told, now)
    return told
