"""What organisers do: set up the desk, ask, approve, register by hand, take files."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from meetings import desks, registering
from meetings.models import FormAnswer, FormQuestion, Meeting, Part, Registration, RegistrationDesk
from meetings.moderation.registration import KINDS
from partners.moderation import Answer
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
DESK = {
    "opens_at": "2026-12-01T09:00",
    "closes_at": "2027-02-28T18:00",
    "has_on_site": "on",
    "on_site_seats": "60",
    "has_online": "on",
    "online_seats": "",
    "asks_funding": "on",
    "participants_shown_to": "participants",
    "offer_hours": "24",
    "erase_on": "2027-04-10",
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def meeting(client):
    """A meeting that the person of `client` organises."""
    meeting, organiser = MeetingFactory(), UserFactory()
    meeting.organisers.add(organiser)
    client.force_login(organiser)
    return meeting


def words(answer) -> str:
    return " ".join(answer.content.decode().split())


def at(name, meeting, *keys) -> str:
    return reverse(name, args=[meeting.code, *keys])


def errors(answer) -> dict:
    return answer.context["form"].errors


# The desk


def test_the_desk_opens_and_closes_by_the_clock_of_the_meeting(client, meeting):
    client.post(at("desk_edit", meeting), DESK)

    desk = RegistrationDesk.objects.get()
    assert (desk.opens_at, desk.closes_at) == (
        datetime(2026, 12, 1, 2, tzinfo=UTC),
        datetime(2027, 2, 28, 11, tzinfo=UTC),
    )
    assert (desk.offer_hours, desk.asks_funding, desk.needs_approval) == (24, True, False)
    assert [(one.kind, one.seats) for one in meeting.parts.order_by("kind")] == [
        ("on_site", 60),
        ("online", None),
    ]
    form = client.get(at("desk_edit", meeting)).context["form"]
    assert form["opens_at"].value() == datetime(2026, 12, 1, 9)
    assert form.fields["opens_at"].help_text == "By the clock of the meeting: Asia/Bangkok."


def test_a_way_that_is_not_offered_is_not_there(client, meeting):
    client.post(at("desk_edit", meeting), DESK)

    client.post(at("desk_edit", meeting), {k: v for k, v in DESK.items() if k != "has_online"})

    assert [one.kind for one in meeting.parts.all()] == ["on_site"]


def test_a_way_with_people_cannot_go_and_seats_not_fall_below_them(client, meeting):
    client.post(at("desk_edit", meeting), DESK)
    for part in meeting.parts.all():
        for _number in range(2):
            BookingFactory(part=part)

    fewer = client.post(at("desk_edit", meeting), DESK | {"on_site_seats": "1"})
    gone = client.post(
        at("desk_edit", meeting), {k: v for k, v in DESK.items() if k != "has_online"}
    )

    assert errors(fewer)["__all__"] == [
        "2 people have a seat (On site). Give at least as many seats."
    ]
    assert "2 people are registered there (Online)." in errors(gone)["__all__"][0]
    assert meeting.parts.count() == 2


def test_more_seats_on_the_form_move_the_line_up(client, meeting):
    client.post(at("desk_edit", meeting), DESK | {"on_site_seats": "0"})
    hall = meeting.parts.get(kind="on_site")
    for number in (1, 2, 3):
        BookingFactory(part=hall, number=number, status="waiting")

    client.post(at("desk_edit", meeting), DESK | {"on_site_seats": "2"})

    states = list(hall.bookings.values_list("status", flat=True))
    assert states == ["offered", "offered", "waiting"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("closes_at", "2026-12-01T09:00", "It closes before it opens. Choose a later time."),
        (
            *("erase_on", "2027-03-09"),
            "The host needs the answers until the meeting is over. Choose a later day.",
        ),
        (
            *("erase_on", "2028-03-10"),
            "Nobody needs the answers so long. Choose a day within a year of the meeting.",
        ),
        ("offer_hours", "0", "Give people at least one hour."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client, meeting, field, value, said):
    answer = client.post(at("desk_edit", meeting), DESK | {field: value})

    assert errors(answer) == {field: [said]}


def test_once_people_registered_their_answers_are_erased_on_the_promised_day_or_before(
    client, meeting
):
    client.post(at("desk_edit", meeting), DESK)
    client.post(at("desk_edit", meeting), DESK | {"erase_on": "2027-04-20"})
    RegistrationFactory(meeting=meeting)

    later = client.post(at("desk_edit", meeting), DESK | {"erase_on": "2027-04-21"})
    assert errors(later)["erase_on"] == [
        "People registered while the form said: Erased on 20 April 2027. Choose that day or before."
    ]
    with pytest.raises(Refused, match="Erased on 20 April 2027"):
        desks.keep(meeting.pk, {"erase_on": date(2027, 4, 21)}, {}, NOW)
    client.post(at("desk_edit", meeting), DESK | {"erase_on": "2027-04-12"})

    assert RegistrationDesk.objects.get().erase_on == date(2027, 4, 12)


def test_the_promised_day_stays_though_the_meeting_moved_beyond_it(client, meeting):
    client.post(at("desk_edit", meeting), DESK)
    RegistrationFactory(meeting=meeting)
    Meeting.objects.update(starts_on=date(2027, 5, 4), ends_on=date(2027, 5, 5))

    answer = client.post(at("desk_edit", meeting), DESK | {"offer_hours": "12"})

    assert answer.status_code == 302
    desk = RegistrationDesk.objects.get()
    assert (desk.offer_hours, desk.erase_on) == (12, date(2027, 4, 10))


def test_the_desk_begins_with_what_is_usual(client, meeting):
    form = client.get(at("desk_edit", meeting)).context["form"]

    assert form["closes_at"].value() == datetime(2027, 3, 2, 0, 0)
    assert form["erase_on"].value() == date(2027, 4, 9)


# Questions


def test_questions_are_added_moved_changed_and_removed(client, meeting):
    client.post(at("desk_edit", meeting), DESK)
    for text in ("First?", "Second?"):
        client.post(at("form_question_add", meeting), {"text": text, "kind": "text"})
    first, second = meeting.form_questions.in_order()

    client.post(at("form_question_move", meeting, second.pk), {"to": "up"})
    assert list(meeting.form_questions.in_order()) == [second, first]

    said = {"text": "Fish?", "kind": "choice", "choices": "Fish\n\n Rice \nFish"}
    client.post(at("form_question_edit", meeting, first.pk), said)
    first.refresh_from_db()
    assert (first.text, first.choices) == ("Fish?", ["Fish", "Rice"])

    registration = RegistrationFactory(meeting=meeting)
    FormAnswer.objects.create(registration=registration, question=first, text="Fish")
    refused = client.post(
        at("form_question_edit", meeting, first.pk), {"text": "Fish?", "kind": "text"}
    )
    assert errors(refused)["__all__"] == [
        "People have answered already: the kind of the answer stays as it is."
    ]
    client.post(at("form_question_remove", meeting, first.pk))
    assert (list(meeting.form_questions.all()), FormAnswer.objects.count()) == ([second], 0)


def test_a_question_stays_sensitive_once_somebody_answered(client, meeting):
    RegistrationDeskFactory(meeting=meeting)
    said = {"text": "Illness?", "kind": "text", "is_sensitive": "on"}
    client.post(at("form_question_add", meeting), said)
    question = FormQuestion.objects.get()
    registration = RegistrationFactory(meeting=meeting)
    FormAnswer.objects.create(registration=registration, question=question, text="Epilepsy")
    edit = at("form_question_edit", meeting, question.pk)

    refused = client.post(edit, {"text": "Illness?", "kind": "text"})
    client.post(edit, said | {"text": "An illness?"})

    assert errors(refused)["__all__"] == [
        "People have answered already and were told that their answers will be erased: "
        "the question stays sensitive."
    ]
    question.refresh_from_db()
    assert (question.text, question.is_sensitive) == ("An illness?", True)


def test_a_choice_needs_answers(client, meeting):
    answer = client.post(
        at("form_question_add", meeting), {"text": "Fish?", "kind": "choice", "choices": "Fish"}
    )

    assert errors(answer) == {"choices": ["Give at least two answers to choose from."]}


# Site visits


def test_a_site_visit_is_added_changed_and_removed(client, meeting):
    client.post(at("desk_edit", meeting), DESK)
    said = {"title": "Plant", "on": "2027-03-08", "begins_at": "13:00", "seats": "3"}
    client.post(at("visit_add", meeting), said)
    visit = meeting.parts.visits().get()
    assert visit.begins == datetime(2027, 3, 8, 6, tzinfo=UTC)
    booking = BookingFactory(part=visit)

    refused = client.post(at("visit_edit", meeting, visit.pk), said | {"seats": "0"})
    assert list(errors(refused)) == ["seats"]
    client.post(at("visit_edit", meeting, visit.pk), said | {"title": "Lamp plant", "seats": "1"})
    visit.refresh_from_db()
    assert (visit.title, visit.seats) == ("Lamp plant", 1)

    client.post(at("visit_remove", meeting, visit.pk))
    assert meeting.parts.visits().count() == 1
    booking.delete()
    client.post(at("visit_remove", meeting, visit.pk))
    assert meeting.parts.visits().count() == 0


def test_a_site_visit_needs_a_desk():
    with pytest.raises(Refused, match="Set up the registration first"):
        desks.add_visit(MeetingFactory(), {"title": "Plant", "on": date(2027, 3, 8)})


# Who comes


@pytest.fixture
def hall(meeting):
    RegistrationDeskFactory(meeting=meeting)
    return PartFactory(meeting=meeting, seats=10)


def comes(part, name, **fields):
    registration = RegistrationFactory(meeting=part.meeting, name=name, **fields)
    return BookingFactory(part=part, registration=registration)


def names(answer) -> list[str]:
    return [booking.registration.name for booking in answer.context["page"]]


def test_the_list_is_filtered_and_counts(client, meeting, hall):
    comes(hall, "Ana", is_funded=True, diet="vegan")
    comes(hall, "Boris", organisation_name="Institute of lamps")
    BookingFactory(
        part=hall, status="declined", registration__name="Chen", registration__country_id="CN"
    )
    url = at("registration_list", meeting)

    assert names(client.get(url)) == ["Ana", "Boris"]
    assert names(client.get(url, {"funded": "on"})) == ["Ana"]
    assert names(client.get(url, {"needs": "on"})) == ["Ana"]
    assert names(client.get(url, {"q": "LAMPS"})) == ["Boris"]
    assert names(client.get(url, {"status": "declined"})) == ["Chen"]
    unknown = client.get(url, {"status": "asleep", "part": "99999"})
    assert (names(unknown), list(errors(unknown))) == (["Ana", "Boris"], ["part", "status"])
    assert client.get(url).context["numbers"] == {
        "all": 2,
        "countries": 1,
        "funded": 1,
        "needs": 1,
        "letters": 0,
    }


def test_the_list_takes_the_same_queries_for_one_and_for_three(
    client, meeting, hall, django_assert_num_queries
):
    comes(hall, "Ana")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(at("registration_list", meeting))
    for name in ("Boris", "Chen"):
        comes(hall, name)

    with django_assert_num_queries(len(few)):
        client.get(at("registration_list", meeting))


def test_files_have_what_the_host_needs_and_no_formula(client, meeting, hall):
    asked = desks.add_question(meeting, None, {"text": "=Dinner?", "kind": "yes_no"})
    booking = comes(hall, "=cmd()", is_funded=True, diet="@vegan", country_id="UY")
    FormAnswer.objects.create(registration=booking.registration, question=asked, text="yes")

    table = client.get(at("registration_csv", meeting))
    rows = list(csv.reader(io.StringIO(b"".join(table.streaming_content).decode("utf-8-sig"))))
    book = client.get(at("registration_xlsx", meeting))
    sheet = load_workbook(io.BytesIO(b"".join(book.streaming_content))).active

    row = dict(zip(*rows, strict=True))
    assert row == {
        "Part": "On site",
        "Number": "1",
        "State": "Confirmed",
        "Since (UTC)": "2026-11-19 09:00",
        "Name": "'=cmd()",
        "Organisation": "",
        "Country": "Uruguay",
        "Address": booking.registration.user.email,
        "Costs to be paid": "yes",
        "Diet": "'@vegan",
        "Access needs": "",
        "Letter for a visa": "",
        "Who sees the name": "Nobody but the organisers",
        "'=Dinner?": "yes",
    }
    assert [str(cell.value or "") for cell in sheet[2]] == list(row.values())
    assert (
        "'=cmd()"
        not in b"".join(
            client.get(at("registration_csv", meeting) + "?q=nobody").streaming_content
        ).decode()
    )


def test_organisers_approve_and_decline_with_a_reason(client, meeting, hall):
    RegistrationDesk.objects.update(needs_approval=True)
    ana, boris = (
        registering.register(meeting.pk, UserFactory(), hall.pk, {"name": name}, {}, NOW)
        for name in ("Ana", "Boris")
    )

    client.post(at("booking_approve", meeting, ana.pk))
    refused = client.post(at("booking_decline", meeting, boris.pk), {"reason": " "})
    assert list(errors(refused)) == ["reason"]
    client.post(at("booking_decline", meeting, boris.pk), {"reason": "The hall is small."})

    for booking in (ana, boris):
        booking.refresh_from_db()
    assert (ana.status, boris.status, boris.reason) == (
        "confirmed",
        "declined",
        "The hall is small.",
    )
    page = words(client.get(at("registration_detail", meeting, boris.registration_id)))
    assert "The hall is small." in page


def test_organisers_correct_who_somebody_is(client, meeting, hall):
    house = OrganisationFactory(name="Institute of lamps")
    registration = comes(hall, "Anna", organisation=house, diet="vegan").registration
    correct = at("registration_correct", meeting, registration.pk)
    form = client.get(correct).context["form"]
    assert (form["name"].value(), form["represents"].value()) == ("Anna", "Institute of lamps")

    client.post(correct, {"name": "Ana", "represents": "Institute of lamps", "country": "PE"})
    registration.refresh_from_db()
    assert (registration.name, registration.organisation, registration.country_id) == (
        "Ana",
        house,
        "PE",
    )
    client.post(correct, {"name": "Ana", "represents": "Ministry", "country": ""})
    registration.refresh_from_db()
    assert (registration.represents, registration.organisation, registration.diet) == (
        "Ministry",
        None,
        "vegan",
    )
    assert list(errors(client.post(correct, {"name": " "}))) == ["name"]


def test_the_lead_approves_in_the_queue(hall):
    RegistrationDesk.objects.update(needs_approval=True)
    booking = registering.register(
        hall.meeting_id, UserFactory(), hall.pk, {"name": "Ana"}, {}, NOW
    )
    (kind,) = KINDS
    items = kind.describe(kind.waiting(NOW))
    assert [(one.title, one.since) for one in items] == [(f"Ana, On site: {hall.meeting}", NOW)]

    kind.steps["approve"].run(booking.pk, Answer(by=LeadFactory(), now=NOW))

    assert (kind.waiting(NOW).count(), hall.bookings.get().status) == (0, "confirmed")


def test_an_organiser_registers_somebody_by_hand_also_when_the_desk_is_closed(
    client, meeting, hall
):
    RegistrationDesk.objects.update(opens_at=NOW - timedelta(9), closes_at=NOW - timedelta(1))
    guest = UserFactory(name="Guest")
    add = at("registration_add", meeting)
    unknown = client.post(add, {"email": "nobody@example.org", "way": hall.pk})
    assert errors(unknown) == {"email": ["Nobody signs in with this address."]}

    client.post(add, {"email": guest.email.upper(), "way": hall.pk, "country": "PE"})

    registration = Registration.objects.get()
    assert (registration.user, registration.name, registration.country_id) == (guest, "Guest", "PE")
    assert registration.bookings.get().status == "confirmed"


def test_a_guest_of_a_closed_circle_sees_the_meeting_while_waiting_for_a_seat(
    client, meeting, hall
):
    hall.seats, meeting.audience = 0, "core"
    hall.save()
    meeting.save()
    guest = UserFactory()
    client.post(at("registration_add", meeting), {"email": guest.email, "way": hall.pk})
    client.force_login(guest)

    assert "Place 1 of the waiting list." in words(client.get(at("registration_own", meeting)))
    left = client.post(at("registration_cancel", meeting))
    assert left.url == reverse("my_page")
    assert client.get(at("registration_own", meeting)).status_code == 404


@pytest.mark.parametrize("key", ["is_funded", "diet", "access"])
def test_what_the_host_alone_sees_stands_on_no_page_of_others(client, meeting, hall, key):
    word = "costs to be paid" if key == "is_funded" else "needs-of-ana"
    booking = comes(hall, "Ana", **{key: True if key == "is_funded" else word})
    addresses = [
        at("registration_list", meeting),
        at("registration_detail", meeting, booking.registration_id),
        at("registration_csv", meeting),
    ]
    client.force_login(comes(hall, "Boris").registration.user)

    assert [client.get(one).status_code for one in addresses] == [403, 403, 403]
    for one in (meeting.get_absolute_url(), at("registration_own", meeting)):
        assert word not in client.get(one).content.decode()


def test_a_question_of_another_meeting_is_not_found(client, meeting):
    other = FormQuestion.objects.create(meeting=MeetingFactory(), text="Other?")
    visit = Part.objects.create(
        meeting=other.meeting, kind="visit", title="Plant", on=date(2027, 3, 8)
    )

    assert client.get(at("form_question_edit", meeting, other.pk)).status_code == 404
    assert client.get(at("visit_edit", meeting, visit.pk)).status_code == 404
    assert client.get(at("form_question_add", meeting) + f"?visit={visit.pk}").status_code == 404
