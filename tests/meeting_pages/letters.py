"""Addresses of meetings: letters, participants, check-in. Letters and roles as in tests/pages.py.

They are about a meeting that begins today, to which the role "expert" has a confirmed seat.
"""

from datetime import datetime, timedelta

from meetings import attendance, letters
from meetings.demonstration import NEXT
from meetings.models import (
    Booking,
    InvitationLetter,
    Meeting,
    Part,
    Registration,
    RegistrationDesk,
)
from partners import demonstration as people
from partners.models import User

TODAY = "today-example"

OURS = """
#                           GET        POST       PUT        DELETE
letter_verify               2222222222 XXXXXXXXXX XXXXXXXXXX
letter_verify@withdrawn     2222222222 XXXXXXXXXX XXXXXXXXXX
letter_verify@unknown       ---------- XXXXXXXXXX XXXXXXXXXX
letter_own                  S--2------ SXXXXXXXXX SXXXXXXXXX
letter_list                 SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
letter_issue                SXXXXXXXXX S--3----33 SXXXXXXXXX
letter_withdraw             SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
letter_pdf                  S--2----22 SXXXXXXXXX SXXXXXXXXX
attendance_pdf              S--2----22 SXXXXXXXXX SXXXXXXXXX
attendance_note             SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
participant_list@today      2222222222 XXXXXXXXXX XXXXXXXXXX
participant_list@next       2222222222 XXXXXXXXXX XXXXXXXXXX
check_in@today              SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
check_in@next               SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
check_in_print              SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = {"letter_pdf", "attendance_pdf"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A meeting that begins today: a withdrawn letter and one that holds, somebody was noted."""
    meeting = Meeting.objects.create(
        code=TODAY,
        title="A meeting that begins today (example)",
        form=Meeting.Form.HYBRID,
        place="Hall (example), Montevideo",
        country_id="UY",
        time_zone="UTC",
        starts_on=now.date(),
        ends_on=now.date() + timedelta(days=1),
        status=Meeting.Status.ANNOUNCED,
        created_by=lead,
        fictitious=True,
    )
    RegistrationDesk.objects.create(
        meeting=meeting,
        opens_at=now - timedelta(days=30),
        closes_at=now - timedelta(days=5),
        offers_letters=True,
        participants_shown_to=Registration.Appearance.EVERYONE,
        erase_on=now.date() + timedelta(days=30),
    )
    part = Part.objects.create(meeting=meeting, kind=Part.Kind.ON_SITE, seats=20)
    expert = User.objects.get(email=people.EXPERT)
    for number, user in enumerate((expert, User.objects.get(email=people.CO_LEAD)), 1):
        registration = Registration.objects.create(
            meeting=meeting,
            user=user,
            name=user.name,
            organisation_name="Institute (example)",
            country_id="UY",
            wants_letter=True,
            appearance=Registration.Appearance.EVERYONE,
            fictitious=True,
        )
        Booking.objects.create(
            part=part, registration=registration, number=number, status=Booking.Status.CONFIRMED
        )
    own = meeting.registrations.get(user=expert)
    letters.withdraw(letters.issue(own.pk, lead, now).pk, lead, now)
    letters.issue(own.pk, expert, now)
    attendance.note(own.pk, meeting.starts_on, lead, now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    own = Registration.objects.get(meeting__code=TODAY, user__email=people.EXPERT)
    letter = InvitationLetter.objects.get(registration=own, withdrawn_at=None)
    withdrawn = InvitationLetter.objects.exclude(withdrawn_at=None).get(registration=own)
    return {
        "letter_verify": [letter.token],
        "letter_verify@withdrawn": [withdrawn.token],
        "letter_verify@unknown": ["no-such-token"],
        "letter_own": [TODAY],
        "letter_list": [TODAY],
        "letter_issue": [TODAY, own.pk],
        "letter_withdraw": [TODAY, letter.pk],
        "letter_pdf": [TODAY, letter.pk],
        "attendance_pdf": [TODAY, own.pk],
        "attendance_note": [TODAY, own.pk],
        "participant_list@today": [TODAY],
        "participant_list@next": [NEXT],
        "check_in@today": [TODAY],
        "check_in@next": [NEXT],
        "check_in_print": [TODAY],
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
