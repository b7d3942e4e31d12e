"""Invitation letters for a visa: numbered, kept as issued, verified by anybody who has one.

The portal never takes passport data, so none stands in a letter.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Max
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import outbox
from meetings import permissions
from meetings.models import InvitationLetter, Meeting, Registration
from partners import decisions
from partners.models import User
from partners.refusals import Refused

NEWS = "meetings/mail/letter_news"
DAY = timedelta(days=1)
_LOCK = 0x57414D4C  # among PostgreSQL's advisory locks: one number is given at a time
LOOKED_UP = 12  # letters of a token: 72 of its 256 bits
ISSUED_A_DAY = 5  # for one registration, in 24 hours; the others must not lose their numbers to it


class Standing(models.TextChoices):
    """Whether a letter still holds, as the page behind its address says it."""

    HOLDS = "holds", gettext_lazy("This letter is valid")
    WITHDRAWN = "withdrawn", gettext_lazy("This letter was withdrawn")
    CANCELLED = "cancelled", gettext_lazy("The meeting is cancelled")
    GIVEN_BACK = "given_back", gettext_lazy("The seat was given back")
    OVER = "over", gettext_lazy("The meeting is over")
    CHANGED = "changed", gettext_lazy("The person has changed the registration since")
    MOVED = "moved", gettext_lazy("The meeting has other days or another place now")


def standing(letter: InvitationLetter, now: datetime) -> Standing:
    """What there is to say of the letter at this moment; the first that fits."""
    meeting = letter.registration.meeting
    if letter.withdrawn_at:
        return Standing.WITHDRAWN
    if meeting.status == Meeting.Status.CANCELLED:
        return Standing.CANCELLED
    if not _travels(letter.registration):
        return Standing.GIVEN_BACK
    if meeting.is_over(meeting.day_at(now)):
        return Standing.OVER
    if _differs(letter, _person(letter.registration)):
        return Standing.CHANGED
    if _differs(letter, _moves(meeting)):
        return Standing.MOVED
    return Standing.HOLDS


def find(token: str) -> InvitationLetter | None:
    """The letter of an address.

    The database looks for the beginning alone and the rest is compared in constant time, so that
    the time of an answer leads nobody to a token.
    """
    if len(token) < LOOKED_UP:
        return None
    begins_like_it = InvitationLetter.objects.filter(token__startswith=token[:LOOKED_UP])
    for letter in begins_like_it.with_what_it_is_held_against():
        if constant_time_compare(letter.token, token):
            return letter
    return None


def why_not(registration: Registration, by: User, now: datetime) -> str:
    """Why this person cannot issue a letter for the registration now; empty where they can."""
    meeting = registration.meeting
    if not permissions.can_organise(by, meeting):
        desk = getattr(meeting, "desk", None)
        if registration.user_id != by.pk or desk is None or not desk.offers_letters:
            return _("This meeting offers no invitation letters.")
    today = meeting.day_at(now)
    if meeting.status != Meeting.Status.ANNOUNCED or meeting.is_over(today) or not meeting.days:
        return _("Letters are issued while a meeting is announced and not over.")
    if not _travels(registration):
        return _("A letter needs a confirmed seat on site.")
    return ""


@transaction.atomic
def issue(
    registration_id: int, by: User, now: datetime, says_host_pays: bool = False
) -> InvitationLetter:
    """A letter with the next number of the year. One that says something else is withdrawn.

    Participants issue their own where the meeting offers letters, organisers anybody's; who pays is
    said where an organiser wishes it. Raises Refused without a confirmed seat on site, for a
    meeting that is not ahead, where a letter that says the same is there, and after ISSUED_A_DAY.
    """
    registration = _locked(registration_id)
    meeting = registration.meeting
    if refusal := why_not(registration, by, now):
        raise Refused(refusal)
    is_organiser = permissions.can_organise(by, meeting)
    said = _said(registration, says_host_pays and is_organiser)
    old = registration.letters.filter(withdrawn_at=None).first()
    if old is not None:
        if not is_organiser:
            said["says_host_pays"] = old.says_host_pays  # that is not theirs to take out
        if not _differs(old, said):
            raise Refused(
                _("There is a letter already that says the same: %(label)s.") % {"label": old}
            )
    if registration.letters.filter(issued_at__gt=now - DAY).count() >= ISSUED_A_DAY:
        raise Refused(
            _("%(n)s letters were issued here within a day. Issue the next one tomorrow.")
            % {"n": ISSUED_A_DAY}
        )
    if old is not None:
        old.withdrawn_at = now
        old.save(update_fields=["withdrawn_at"])
    letter = InvitationLetter.objects.create(
        registration=registration,
        year=now.year,
        number=_next_number(now.year),
        issued_at=now,
        issued_by=by,
        **said,
    )
    decisions.record(by, "issued", letter, now)
    _tell(letter, by)
    return letter


@transaction.atomic
def withdraw(letter_id: int, by: User, now: datetime) -> InvitationLetter:
    """The address of the letter says from now on that it holds no more; the person is told.

    Raises Refused where it was withdrawn before.
    """
    letter = InvitationLetter.objects.select_for_update(of=("self",)).select_related(
        "registration__meeting", "registration__user"
    )
    letter = letter.get(pk=letter_id)
    if letter.withdrawn_at:
        raise Refused(_("This letter was withdrawn before."))
    letter.withdrawn_at = now
    letter.save(update_fields=["withdrawn_at"])
    decisions.record(by, "withdrawn", letter, now)
    _tell(letter, by)
    return letter


def _locked(registration_id: int) -> Registration:
    found = Registration.objects.select_for_update(of=("self",)).select_related(
        "meeting__country", "organisation", "country", "user"
    )
    return found.get(pk=registration_id)


def _travels(registration: Registration) -> bool:
    """Has a confirmed seat on site."""
    return Registration.objects.filter(pk=registration.pk).with_a_seat_on_site().exists()


def _said(registration: Registration, says_host_pays: bool) -> dict:
    """What stands in a letter that is issued now."""
    meeting = registration.meeting
    return {
        "meeting_title": meeting.title,
        "host": meeting.host,
        "says_host_pays": says_host_pays,
        **_person(registration),
        **_moves(meeting),
    }


def _person(registration: Registration) -> dict:
    """Who the letter is for: it must be who has the seat."""
    with translation.override(settings.LANGUAGE_CODE):  # letters are English
        country_name = str(registration.country or "")
    return {
        "name": registration.name,
        "represents": registration.represents,
        "country_name": country_name,
    }


def _moves(meeting: Meeting) -> dict:
    """What a letter holds no more without: an authority looks at it."""
    with translation.override(settings.LANGUAGE_CODE):  # letters are English
        place = meeting.where
    return {"starts_on": meeting.starts_on, "ends_on": meeting.ends_on, "place": place}


def _differs(letter: InvitationLetter, facts: dict) -> bool:
    return any(getattr(letter, name) != value for name, value in facts.items())


def _next_number(year: int) -> int:
    """Under a lock until the transaction ends: no number twice, and none left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = InvitationLetter.objects.filter(year=year).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _tell(letter: InvitationLetter, by: User):
    """A mail to the person, unless it was they who pressed the button."""
    person = letter.registration.user
    if person.is_active and person != by:
        outbox.post(NEWS, person.email, {"person": person, "letter": letter})
