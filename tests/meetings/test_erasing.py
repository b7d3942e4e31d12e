"""Sensitive answers go on the day that the form stated, from every table, and stay gone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from meetings import attendance, erasing, hourly, letters, seats
from meetings.models import (
    Booking,
    FormAnswer,
    FormQuestion,
    InvitationLetter,
    Meeting,
    Part,
    Registration,
    RegistrationDesk,
)
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
)

pytestmark = pytest.mark.django_db
#: The factories' desk erases on 10 April 2027, which begins in Bangkok seven hours before UTC
BEFORE = datetime(2027, 4, 9, 16, 59, tzinfo=UTC)
DUE = datetime(2027, 4, 9, 17, 1, tzinfo=UTC)
PLANTED = "zinnober"


@pytest.fixture
def planted() -> Registration:
    """Somebody with a word in each sensitive place, a letter, and days of attendance."""
    part = PartFactory(seats=None)
    meeting = part.meeting
    RegistrationDeskFactory(meeting=meeting, offers_letters=True)
    visit = PartFactory(meeting=meeting, kind=Part.Kind.VISIT, title="Plant (example)")
    registration = RegistrationFactory(
        meeting=meeting,
        name="Ana",
        diet=f"{PLANTED}-diet",
        access=f"{PLANTED}-access",
        is_funded=True,
        wants_letter=True,
    )
    BookingFactory(part=part, registration=registration)
    for on, sensitive in ((None, True), (visit, True), (None, False), (visit, False)):
        question = FormQuestion.objects.create(
            meeting=meeting, part=on, text="Question", is_sensitive=sensitive
        )
        text = f"{PLANTED}-answer" if sensitive else "kept-answer"
        FormAnswer.objects.create(registration=registration, question=question, text=text)
    letters.issue(registration.pk, registration.user, NOW)
    attendance.note(
        registration.pk, date(2027, 3, 9), LeadFactory(), datetime(2027, 3, 9, 3, tzinfo=UTC)
    )
    return registration


def tables_with(word: str) -> set[str]:
    """Each column of the whole database, of words, lists or JSON, in which the word stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type IN "
            "('text', 'character varying', 'ARRAY', 'jsonb', 'json', 'tsvector')"
        )
        found = set()
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" WHERE "{column}"::text LIKE %s)',
                [f"%{word}%"],
            )
            if cursor.fetchone()[0]:
                found.add(f"{table}.{column}")
    return found


def test_on_the_day_nothing_sensitive_is_left_in_any_table(planted):
    assert tables_with(PLANTED) == {
        "meetings_registration.diet",
        "meetings_registration.access",
        "meetings_formanswer.text",
    }
    assert hourly.due(BEFORE)["sensitive answers of meetings erased"] == 0

    assert hourly.due(DUE)["sensitive answers of meetings erased"] == 1

    assert tables_with(PLANTED) == set()
    planted.refresh_from_db()
    assert (planted.is_funded, planted.wants_letter, planted.name) == (False, False, "Ana")
    assert list(planted.answers.values_list("text", flat=True)) == ["kept-answer"] * 2
    assert RegistrationDesk.objects.get().erased_at == DUE


def test_no_page_and_no_file_shows_what_was_erased(planted, client):
    erasing.erase_due(DUE)
    client.force_login(LeadFactory(totp=True))
    code = planted.meeting.code
    letter = InvitationLetter.objects.get()

    for address in (
        reverse("letter_list", args=[code]),
        reverse("check_in", args=[code]),
        reverse("check_in_print", args=[code]),
        reverse("participant_list", args=[code]),
        reverse("meeting_detail", args=[code]),
        reverse("letter_verify", args=[letter.token]),
    ):
        page = client.get(address)
        assert (page.status_code, PLANTED in page.content.decode()) == (200, False), address


def test_letters_seats_and_attendance_stay(planted):
    before = InvitationLetter.objects.values().get()

    erasing.erase_due(DUE)

    assert InvitationLetter.objects.values().get() == before
    assert planted.bookings.count() == 1
    assert attendance.days_of(planted) == [date(2027, 3, 9)]


def test_a_second_run_does_nothing_and_a_late_one_does_all(planted):
    late = DUE + timedelta(days=200)
    assert erasing.erase_due(late) == 1

    assert erasing.erase_due(late + timedelta(hours=1)) == 0

    assert RegistrationDesk.objects.get().erased_at == late


def test_what_comes_after_the_day_goes_with_the_next_run(planted):
    erasing.erase_due(DUE)
    Registration.objects.update(diet=f"{PLANTED}-again")
    FormQuestion.objects.update(is_sensitive=True)

    assert erasing.erase_due(DUE + timedelta(hours=1)) == 1

    assert tables_with(PLANTED) == tables_with("kept-answer") == set()


def test_reasons_for_a_no_are_erased_too(planted):
    planted.bookings.update(reason=f"{PLANTED}-reason")

    erasing.erase_due(DUE)

    assert list(planted.bookings.values_list("reason", flat=True)) == [""]


def test_who_never_had_a_seat_nor_a_letter_goes_with_the_registration(planted):
    hall = planted.meeting.parts.get(kind=Part.Kind.ON_SITE)
    after = datetime(2027, 3, 8, tzinfo=UTC)
    until = {"offered_until": after}
    kept, gone = [planted], []
    for status, more in (
        *(("applied", {}), ("waiting", {}), ("offered", until)),
        *(("declined", {}), ("cancelled", {}), ("expired", {})),
    ):
        gone.append(BookingFactory(part=hall, status=status, **more).registration)
    gone.append(RegistrationFactory(meeting=planted.meeting))
    FormAnswer.objects.create(registration=gone[0], question=planted.answers.first().question)
    RegistrationDesk.objects.update(needs_approval=False)
    once = RegistrationFactory(meeting=planted.meeting)
    seats.take(once, hall.pk, NOW)
    seats.cancel(once, NOW)
    with_letter = BookingFactory(part=hall).registration
    letters.issue(with_letter.pk, LeadFactory(), NOW)
    with_letter.bookings.update(status="cancelled")
    was_there = BookingFactory(part=hall).registration
    attendance.note(was_there.pk, date(2027, 3, 9), LeadFactory(), DUE)
    was_there.bookings.update(status="cancelled")
    kept += [once, with_letter, was_there]

    assert erasing.erase_due(DUE) == 1

    assert list(Registration.objects.order_by("pk")) == kept
    assert Booking.objects.exclude(registration__in=kept).count() == 0
    hall.refresh_from_db()
    assert hall.taken == 1
    assert erasing.erase_due(DUE) == 0


def test_who_waits_for_a_meeting_that_was_put_off_beyond_the_day_goes_on_waiting(planted):
    hall = planted.meeting.parts.get(kind=Part.Kind.ON_SITE)
    waiting = BookingFactory(part=hall, status="waiting").registration
    Meeting.objects.update(starts_on=date(2027, 4, 20), ends_on=date(2027, 4, 21))

    erasing.erase_due(DUE)
    assert waiting.bookings.get().status == "waiting"

    assert erasing.erase_due(datetime(2027, 4, 22, tzinfo=UTC)) == 1
    assert list(Registration.objects.all()) == [planted]


def test_other_meetings_keep_their_answers(planted):
    later = MeetingFactory()
    RegistrationDeskFactory(meeting=later, erase_on=date(2027, 4, 11))
    other = RegistrationFactory(meeting=later, diet="vegetarian")

    erasing.erase_due(DUE)

    other.refresh_from_db()
    assert other.diet == "vegetarian"


def test_a_run_that_breaks_leaves_a_meeting_as_it_was(planted):
    with connection.cursor() as cursor:  # the last write of the step fails
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE meetings_registrationdesk ADD CONSTRAINT never CHECK (erased_at IS NULL)"
        )

    with pytest.raises(Exception, match="never"):
        erasing.erase_due(DUE)

    planted.refresh_from_db()
    assert planted.diet == f"{PLANTED}-diet"
    assert planted.answers.count() == 4
