"""Check-in: who is there on which day, by two helpers at once, on a phone and on paper."""

import io
import re
import threading
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from pypdf import PdfReader

from meetings import attendance, letters
from meetings.models import Attendance, Booking, Meeting, Part
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    OrganisationFactory,
    PartFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
FIRST, SECOND = date(2027, 3, 9), date(2027, 3, 10)
AFTER = datetime(2027, 3, 12, 9, tzinfo=NOW.tzinfo)
#: In the morning of the first day in Bangkok, which is still the day before in New York
MORNING = datetime(2027, 3, 9, 2, 0, tzinfo=NOW.tzinfo)


@pytest.fixture(autouse=True)
def _at_the_door():
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def part():
    return PartFactory(seats=None)


@pytest.fixture
def organiser(client, part):
    user = UserFactory()
    part.meeting.organisers.add(user)
    client.force_login(user)
    return user


def coming(part, name: str, **values):
    registration = RegistrationFactory(meeting=part.meeting, name=name, **values)
    BookingFactory(part=part, registration=registration)
    return registration


def press(client, registration, day=FIRST, present="yes", htmx=False, **more):
    address = reverse("attendance_note", args=[registration.meeting.code, registration.pk])
    headers = {"HX-Request": "true", "HX-Target": f"person-{registration.pk}"} if htmx else {}
    return client.post(address, {"day": day, "present": present, **more}, headers=headers)


def noted() -> list[tuple[str, date]]:
    rows = Attendance.objects.order_by("day", "registration__name")
    return [(one.registration.name, one.day) for one in rows]


def names(page: str) -> list[str]:
    return re.findall(r"<h2>([^<]+)</h2>", page)


# At the door


def test_a_button_notes_a_person_for_the_day_and_another_takes_it_back(client, part, organiser):
    ana = coming(part, "Ana")

    answer = press(client, ana, q="an")

    assert noted() == [("Ana", FIRST)]
    row = Attendance.objects.get()
    assert (row.noted_by, row.noted_at) == (organiser, MORNING)
    assert answer.url == (
        f"/meetings/{part.meeting.code}/check-in/?day=2027-03-09&q=an#person-{ana.pk}"
    )
    press(client, ana, present="no")
    press(client, ana, present="no")
    assert noted() == []


def test_a_second_press_changes_nothing(client, part, organiser):
    ana = coming(part, "Ana")
    press(client, ana)

    press(client, ana)

    assert noted() == [("Ana", FIRST)]


@pytest.mark.django_db(transaction=True)
def test_two_helpers_who_press_at_once_note_a_person_once():
    ana, lead = coming(PartFactory(), "Ana"), LeadFactory()
    barrier, made = threading.Barrier(4), []

    def run():
        barrier.wait()
        try:
            made.append(attendance.note(ana.pk, FIRST, lead, MORNING))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(made) == [False, False, False, True]
    assert noted() == [("Ana", FIRST)]


def test_htmx_gets_the_row_and_the_counts_alone(client, part, organiser):
    ana = coming(part, "Ana")
    coming(part, "Ben")

    page = press(client, ana, htmx=True).content.decode()

    assert names(page) == ["Ana"]
    assert "<html" not in page
    assert "Checked in at 09:00" in page  # the clock of Bangkok
    assert "Ana is noted." in page
    assert 'hx-swap-oob="true"' in page
    assert "1 of 2" in page


def test_today_at_the_place_of_the_meeting_comes_first(client, part, organiser):
    address = reverse("check_in", args=[part.meeting.code])
    for moment, day in (
        (MORNING - timedelta(days=30), FIRST),
        (MORNING, FIRST),
        (datetime(2027, 3, 9, 16, 59, tzinfo=NOW.tzinfo), FIRST),
        (datetime(2027, 3, 9, 17, 1, tzinfo=NOW.tzinfo), SECOND),
        (MORNING + timedelta(days=30), SECOND),
    ):
        with time_machine.travel(moment, tick=False):
            client.force_login(organiser)
            assert client.get(address).context["day"] == day
            assert client.get(f"{address}?day=2027-03-10").context["day"] == SECOND
            assert client.get(f"{address}?day=2027-02-31").context["day"] == day


@pytest.mark.parametrize(
    ("change", "day", "why"),
    [
        (None, SECOND, "This day has not begun yet"),
        (None, date(2027, 3, 8), "The meeting is not on this day"),
        (lambda: Booking.objects.update(status="cancelled"), FIRST, "Ana has no confirmed seat"),
        (
            lambda: Meeting.objects.update(status="cancelled", status_reason="Flood"),
            FIRST,
            "This meeting does not take place",
        ),
    ],
)
def test_what_cannot_be_noted_is_said(client, part, organiser, change, day, why):
    ana = coming(part, "Ana")
    if change:
        change()

    with pytest.raises(Refused, match=why):
        attendance.note(ana.pk, day, organiser, MORNING)
    answer = press(client, ana, day=day)

    assert why in str(next(iter(client.get(answer.url).context["messages"])))
    assert noted() == []


@pytest.mark.parametrize("day", ["", "2027-02-31", "x", "2027-03-09\0"])
def test_a_day_that_is_none_is_refused(client, part, organiser, day):
    answer = press(client, coming(part, "Ana"), day=day)

    assert answer.status_code == 302
    assert noted() == []


def test_the_search_finds_names_and_organisations_without_accents(client, part, organiser):
    ministry = OrganisationFactory(name="Ministère de la Santé")
    coming(part, "José Núñez")
    coming(part, "Ben Okoro", organisation=ministry)
    coming(part, "Chi Tran", organisation_name="Université")
    address = reverse("check_in", args=[part.meeting.code])

    found = {words: client.get(address, {"q": words}) for words in ("nunez", "sante", "ben min")}
    found |= {words: client.get(address, {"q": words}) for words in ("universite", "%")}

    assert {words: names(page.content.decode()) for words, page in found.items()} == {
        "nunez": ["José Núñez"],
        "sante": ["Ben Okoro"],
        "ben min": ["Ben Okoro"],
        "universite": ["Chi Tran"],
        "%": [],
    }


def test_online_participants_are_noted_too_and_those_without_a_seat_are_not_there(
    client, part, organiser
):
    online = PartFactory(meeting=part.meeting, kind=Part.Kind.ONLINE, seats=None)
    coming(part, "Ana")
    ben = coming(online, "Ben")
    BookingFactory(
        part=part,
        status="waiting",
        registration=RegistrationFactory(meeting=part.meeting, name="Chi"),
    )

    press(client, ben)
    page = client.get(reverse("check_in", args=[part.meeting.code]))

    assert names(page.content.decode()) == ["Ana", "Ben"]
    assert page.context["counts"] == {FIRST: 1, SECOND: 0}


def test_who_was_there_stays_on_the_list_when_the_seat_is_given_back(client, part, organiser):
    ana = coming(part, "Ana")
    press(client, ana)
    Booking.objects.update(status="cancelled")

    page = client.get(reverse("check_in", args=[part.meeting.code])).content.decode()

    assert names(page) == ["Ana"]


def test_the_page_takes_the_same_queries_for_one_person_and_for_ten(
    client, part, organiser, django_assert_max_num_queries
):
    address = reverse("check_in", args=[part.meeting.code])
    coming(part, "Ana")
    with django_assert_max_num_queries(60) as one:
        client.get(address)
    for number in range(9):
        coming(part, f"Person {number}", organisation=OrganisationFactory())

    with django_assert_max_num_queries(60) as ten:
        client.get(address)

    assert len(ten) == len(one)


def test_a_meeting_of_which_the_month_alone_is_known_has_no_check_in(client, organiser):
    meeting = MeetingFactory(precision="month")
    meeting.organisers.add(organiser)

    page = client.get(reverse("check_in", args=[meeting.code]))

    assert "Only the month or the year of this meeting is known." in page.content.decode()


# On paper


def test_the_list_for_paper_has_a_line_for_each_on_site_sorted_by_name(client, part, organiser):
    online = PartFactory(meeting=part.meeting, kind=Part.Kind.ONLINE, seats=None)
    for name in ("ben", "Émile", "Ana", "Zoë", "Ernst"):
        coming(part, name)
    coming(online, "Nobody Signs")

    page = client.get(reverse("check_in_print", args=[part.meeting.code])).content.decode()

    assert re.findall(r'<th scope="row">([^<]+)', page) == ["Ana", "ben", "Émile", "Ernst", "Zoë"]
    assert page.count('class="sign"') == 5 * 2
    assert "1 person takes part online and does not sign." in page


# Confirmations


def test_a_person_gets_a_confirmation_of_the_days_on_which_they_were_noted(client, part):
    ana, lead = coming(part, "Ana Pérez", organisation_name="Ministry (example)"), LeadFactory()
    address = reverse("attendance_pdf", args=[part.meeting.code, ana.pk])
    client.force_login(ana.user)
    missing = client.get(address)
    assert (missing.status_code, "Nobody noted an attendance" in missing.content.decode()) == (
        404,
        True,
    )
    attendance.note(ana.pk, FIRST, lead, MORNING)
    attendance.note(ana.pk, SECOND, lead, MORNING + timedelta(days=1))

    content = client.get(address).getvalue()

    reader = PdfReader(io.BytesIO(content))
    assert len(reader.pages) == 1
    assert reader.metadata.title == "Confirmation of attendance"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    words = " ".join(reader.pages[0].extract_text().split())
    assert f"Ana Pérez attended the meeting “{part.meeting}” on 2 days." in words
    assert "9 March 2027; 10 March 2027" in words
    assert "Ministry (example)" in words


def test_a_confirmation_is_for_the_person_and_organisers_alone(client, part, organiser):
    ana = coming(part, "Ana")
    attendance.note(ana.pk, FIRST, organiser, MORNING)
    address = reverse("attendance_pdf", args=[part.meeting.code, ana.pk])

    got = {"organiser": client.get(address).status_code}
    for who, user in (("own", ana.user), ("other", coming(part, "Ben").user)):
        client.force_login(user)
        got[who] = client.get(address).status_code

    assert got == {"organiser": 200, "own": 200, "other": 404}


@pytest.mark.parametrize("status", ["announced", "held"])
def test_who_was_there_finds_letter_and_confirmation_when_the_meeting_is_over(client, status):
    part = PartFactory()
    meeting = part.meeting
    RegistrationDeskFactory(meeting=meeting)
    registration = BookingFactory(part=part).registration
    letter = letters.issue(registration.pk, LeadFactory(), NOW)
    Meeting.objects.update(status=status)
    attendance.note(registration.pk, FIRST, LeadFactory(), AFTER)
    client.force_login(registration.user)

    with time_machine.travel(AFTER, tick=False):
        shown = client.get(meeting.get_absolute_url()).content.decode()
        page = client.get(reverse("registration_own", args=[meeting.code])).content.decode()
        files = [
            client.get(address).status_code
            for address in (
                reverse("letter_pdf", args=[meeting.code, letter.pk]),
                reverse("attendance_pdf", args=[meeting.code, registration.pk]),
            )
        ]

    assert reverse("registration_own", args=[meeting.code]) in shown
    assert reverse("letter_pdf", args=[meeting.code, letter.pk]) in page
    assert reverse("attendance_pdf", args=[meeting.code, registration.pk]) in page
    assert reverse("registration_change", args=[meeting.code]) not in page
    assert files == [200, 200]
