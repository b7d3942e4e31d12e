"""Consent to be named in the report of a meeting: it can be taken back until the report is final.

Other things of a registration cannot be changed once the meeting is over; this can, as the report
is written then.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from meetings.models import Meeting, Registration, Report
from partners.refusals import Refused


@transaction.atomic
def withdraw_from_report(registration_id: int) -> Registration:
    """The person is counted in the report, and not named any more.

    A draft that went out for amendments keeps its text. Raises Refused when the report is final,
    whose file never changes.
    """
    registration = Registration.objects.only("meeting").get(pk=registration_id)
    # The meeting first, as the step that makes the report final: the name stays or goes, not both
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=registration.meeting_id)
    if Report.objects.filter(meeting=meeting, status=Report.Status.FINAL).exists():
        raise Refused(
            _("The report is final: its text does not change any more. Write to the Lead.")
        )
    registration = Registration.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=registration_id
    )
    registration.in_report = False
    registration.save(update_fields=["in_report"])
    return registration
