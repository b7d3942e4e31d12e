"""Invitation letters: numbered without a gap, kept as issued, verified by who has one."""

import io
import threading
from datetime import date, datetime, timedelta

import pypdfium2
import pytest
import qrcode
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from PIL import Image, ImageChops
from pypdf import PdfReader

from mailings.models import OutgoingMail
from meetings import letter_setting, letters
from meetings.letters import Standing
from meetings.models import Booking, InvitationLetter, Meeting, Part, Registration
from partners.models import Decision
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


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def travelling(part: Part | None = None, **values):
    """A registration with a confirmed seat on site, for a meeting that offers letters."""
    if part is None:
        part = PartFactory(seats=None)
        RegistrationDeskFactory(meeting=part.meeting, offers_letters=True)
    registration = RegistrationFactory(meeting=part.meeting, **values)
    BookingFactory(part=part, registration=registration)
    return registration


def own_letter(**values) -> InvitationLetter:
    registration = travelling(**values)
    return letters.issue(registration.pk, registration.user, NOW)


def text_of(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


# Issuing


def test_a_participant_issues_the_own_letter_and_reads_it(client):
    registration = travelling(name="Ana Pérez", organisation_name="Ministry (example)")
    client.force_login(registration.user)
    code = registration.meeting.code

    client.post(reverse("letter_issue", args=[code, registration.pk]))

    letter = InvitationLetter.objects.get()
    assert (str(letter), letter.name, letter.represents, letter.country_name) == (
        "WMA-2026-0001",
        "Ana Pérez",
        "Ministry (example)",
        "Uruguay",
    )
    assert (letter.starts_on, letter.ends_on) == (date(2027, 3, 9), date(2027, 3, 10))
    assert letter.place == "Conference centre (example), Bangkok, Thailand"
    page = client.get(reverse("letter_own", args=[code])).content.decode()
    assert "WMA-2026-0001" in page
    file = client.get(reverse("letter_pdf", args=[code, letter.pk]))
    assert (file.status_code, file["Content-Type"]) == (200, "application/pdf")
    assert file["Cache-Control"] == "private, no-store"
    assert Decision.objects.filter(action="issued", subject="WMA-2026-0001").count() == 1


def test_numbers_follow_each_other_over_all_meetings_and_begin_anew_with_the_year():
    made = [own_letter(), own_letter()]
    new_year = datetime(2027, 1, 2, 9, tzinfo=NOW.tzinfo)
    late = travelling()

    made.append(letters.issue(late.pk, late.user, new_year))

    assert [str(one) for one in made] == ["WMA-2026-0001", "WMA-2026-0002", "WMA-2027-0001"]


@pytest.mark.django_db(transaction=True)
def test_ten_workers_at_once_give_ten_numbers_without_a_gap():
    part = PartFactory(seats=None)
    RegistrationDeskFactory(meeting=part.meeting, offers_letters=True)
    people = [travelling(part) for _ in range(10)]
    barrier = threading.Barrier(len(people))

    def run(registration):
        barrier.wait()
        try:
            letters.issue(registration.pk, registration.user, NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[one]) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    numbers = InvitationLetter.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 11))


@pytest.mark.django_db(transaction=True)
def test_a_button_that_is_pressed_twice_at_once_gives_one_letter():
    registration = travelling()
    barrier, refused = threading.Barrier(2), []

    def run():
        barrier.wait()
        try:
            letters.issue(registration.pk, registration.user, NOW)
        except Refused as refusal:
            refused.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert InvitationLetter.objects.count() == 1
    assert refused == ["There is a letter already that says the same: WMA-2026-0001."]


def test_a_number_that_was_not_kept_leaves_no_gap():
    registration = travelling()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        letters.issue(registration.pk, registration.user, NOW)
        raise ZeroDivisionError

    assert str(own_letter()) == "WMA-2026-0001"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda one: one.bookings.update(status="cancelled"), "A letter needs a confirmed seat"),
        (lambda one: one.meeting.parts.update(kind="online"), "A letter needs a confirmed seat"),
        (
            lambda one: type(one.meeting.desk).objects.update(offers_letters=False),
            "This meeting offers no invitation letters",
        ),
        (lambda one: type(one.meeting.desk).objects.all().delete(), "offers no invitation letters"),
        (
            lambda one: Meeting.objects.update(status="cancelled", status_reason="Flood"),
            "Letters are issued while a meeting is announced",
        ),
        (
            lambda one: Meeting.objects.update(
                starts_on=NOW.date() - timedelta(days=2), ends_on=NOW.date() - timedelta(days=1)
            ),
            "Letters are issued while a meeting is announced",
        ),
    ],
)
def test_no_letter_without_a_seat_on_site_an_offer_and_a_meeting_ahead(change, why):
    registration = travelling()
    change(registration)

    with pytest.raises(Refused, match=why):
        letters.issue(registration.pk, registration.user, NOW)

    assert not InvitationLetter.objects.exists()


def test_nobody_issues_or_reads_the_letter_of_somebody_else(client):
    letter = own_letter()
    meeting = letter.registration.meeting
    client.force_login(UserFactory())

    for name, key in (("letter_issue", letter.registration_id), ("letter_pdf", letter.pk)):
        ask = client.post if name == "letter_issue" else client.get
        assert ask(reverse(name, args=[meeting.code, key])).status_code == 404
    assert InvitationLetter.objects.count() == 1


def test_who_pays_is_said_only_where_an_organiser_ticks_it(client):
    registration = travelling(is_funded=True)
    letter = letters.issue(registration.pk, registration.user, NOW, says_host_pays=True)
    assert not letter.says_host_pays
    assert "pays" not in text_of(letter_setting.invitation(letter))
    organiser = UserFactory()
    registration.meeting.organisers.add(organiser)
    client.force_login(organiser)

    client.post(
        reverse("letter_issue", args=[registration.meeting.code, registration.pk]),
        {"says_host_pays": "yes"},
    )

    second = InvitationLetter.objects.get(withdrawn_at=None)
    assert (str(second), second.says_host_pays) == ("WMA-2026-0002", True)
    assert "The host pays the costs of travel and stay." in text_of(
        letter_setting.invitation(second)
    )
    told = OutgoingMail.objects.filter(template=letters.NEWS).values_list("to", flat=True)
    assert list(told) == [registration.user.email]


def test_an_organiser_issues_where_the_desk_offers_no_letters():
    booking = BookingFactory()

    letter = letters.issue(booking.registration_id, LeadFactory(), NOW)

    assert letter.name == booking.registration.name


def test_a_new_letter_after_a_change_withdraws_the_old_one():
    old = own_letter()
    registration = old.registration
    registration.name = "Name as in the passport"
    registration.save()

    new = letters.issue(registration.pk, registration.user, NOW)

    old.refresh_from_db()
    assert (old.withdrawn_at, new.withdrawn_at, new.name) == (NOW, None, "Name as in the passport")


def test_five_letters_a_day_are_issued_for_a_registration_and_no_more():
    registration = travelling()
    for number in range(letters.ISSUED_A_DAY):
        Registration.objects.update(name=f"Name {number}")
        letters.issue(registration.pk, registration.user, NOW + timedelta(hours=number))
    Registration.objects.update(name="One more")

    with pytest.raises(Refused, match="5 letters were issued here within a day"):
        letters.issue(registration.pk, LeadFactory(), NOW + timedelta(hours=23))
    own_letter()
    letters.issue(registration.pk, registration.user, NOW + timedelta(days=1))

    assert registration.letters.count() == 6


def test_what_was_issued_can_neither_be_changed_nor_deleted():
    letter = own_letter()

    with pytest.raises(DatabaseError), transaction.atomic():
        InvitationLetter.objects.filter(pk=letter.pk).update(name="Somebody else")
    with pytest.raises(DatabaseError), transaction.atomic():
        InvitationLetter.objects.filter(pk=letter.pk).delete()

    assert InvitationLetter.objects.get().name == letter.name


# Verifying


def verified(client, letter) -> str:
    answer = client.get(reverse("letter_verify", args=[letter.token]))
    assert answer.status_code == 200
    return answer


def test_anybody_with_the_letter_reads_what_was_issued_and_that_it_holds(client):
    letter = own_letter(name="Ana Pérez", diet="gluten", access="ramp")

    answer = verified(client, letter)

    assert answer.context["standing"] == Standing.HOLDS
    page = answer.content.decode()
    for words in ("WMA-2026-0001", "Ana Pérez", "9 to 10 March 2027", "24 November 2026"):
        assert words in page
    assert "gluten" not in page
    assert "ramp" not in page
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        (lambda one: letters.withdraw(one.pk, LeadFactory(), NOW), Standing.WITHDRAWN),
        (
            lambda one: one.registration.bookings.update(status="cancelled"),
            Standing.GIVEN_BACK,
        ),
        (
            lambda one: Meeting.objects.update(status="cancelled", status_reason="Flood"),
            Standing.CANCELLED,
        ),
        (lambda one: Meeting.objects.update(status="held"), Standing.OVER),
        (lambda one: Meeting.objects.update(ends_on=date(2027, 3, 11)), Standing.MOVED),
        (lambda one: Meeting.objects.update(place="Elsewhere"), Standing.MOVED),
        (lambda one: Meeting.objects.update(title="Other words"), Standing.HOLDS),
        (lambda one: Registration.objects.update(name="A stranger"), Standing.CHANGED),
        (lambda one: Registration.objects.update(organisation_name="Other"), Standing.CHANGED),
        (lambda one: Registration.objects.update(country="PE"), Standing.CHANGED),
        (lambda one: Registration.objects.update(diet="vegan"), Standing.HOLDS),
    ],
)
def test_the_address_says_when_a_letter_holds_no_more(client, change, standing):
    letter = own_letter()
    change(letter)

    answer = verified(client, letter)

    assert answer.context["standing"] == standing
    assert "WMA-2026-0001" in answer.content.decode()


def test_a_letter_is_over_after_the_last_day_at_the_place_of_the_meeting(client):
    letter = own_letter()  # until 10 March in Bangkok, seven hours before UTC

    for moment, standing in (
        (datetime(2027, 3, 10, 16, 59, tzinfo=NOW.tzinfo), Standing.HOLDS),
        (datetime(2027, 3, 10, 17, 1, tzinfo=NOW.tzinfo), Standing.OVER),
    ):
        assert letters.standing(letter, moment) == standing


def test_a_wrong_token_is_not_found_however_it_begins(client):
    letter = own_letter()

    near = (letter.token[:-1] + "!", letter.token[:12], letter.token[0], letter.token + "a")
    for token in (*near, "%" * 43, "é" * 43):
        assert client.get(reverse("letter_verify", args=[token])).status_code == 404
    assert letters.find(letter.token) == letter


def test_only_organisers_withdraw_and_the_person_is_told_once(client):
    letter = own_letter()
    meeting, person = letter.registration.meeting, letter.registration.user
    address = reverse("letter_withdraw", args=[meeting.code, letter.pk])
    client.force_login(person)
    assert client.post(address).status_code == 403
    organiser = UserFactory()
    meeting.organisers.add(organiser)
    client.force_login(organiser)

    client.post(address)
    again = client.post(address, follow=True)

    assert "This letter was withdrawn before." in again.content.decode()
    told = OutgoingMail.objects.filter(template=letters.NEWS).values_list("to", flat=True)
    assert list(told) == [person.email]


def test_the_person_reads_the_own_letter_also_where_the_meeting_is_hidden_by_now(client):
    letter = own_letter()
    Meeting.objects.update(audience="core")
    Booking.objects.update(status="cancelled")
    client.force_login(letter.registration.user)

    file = client.get(reverse("letter_pdf", args=[letter.registration.meeting.code, letter.pk]))

    assert file.status_code == 200


# On paper


def test_a_letter_is_one_page_with_its_words_title_language_and_address(settings):
    organisation = OrganisationFactory(name="Ministry of Environment (example)")
    letter = own_letter(name="Ana Pérez", organisation=organisation)

    content = letter_setting.invitation(letter)

    reader = PdfReader(io.BytesIO(content))
    assert len(reader.pages) == 1
    assert reader.metadata.title == "Letter of invitation WMA-2026-0001"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    words = text_of(content)
    for part in (
        "Waste Management Area",
        "UNEP Global Mercury Partnership",
        "WMA-2026-0001",
        "24 November 2026",
        "To whom it may concern",
        "We invite Ana Pérez to take part",
        "Ministry of Environment (example)",
        "Uruguay",
        "9 to 10 March 2027",
        "Conference centre (example), Bangkok, Thailand",
        "Verify this letter",
    ):
        assert part in words
    assert "assport" not in words
    links = [note.get_object()["/A"]["/URI"] for note in reader.pages[0]["/Annots"]]
    address = settings.SITE_URL + reverse("letter_verify", args=[letter.token])
    assert links == [address]


def test_the_picture_in_the_letter_is_the_code_of_its_address(settings):
    letter = own_letter()
    page = pypdfium2.PdfDocument(letter_setting.invitation(letter))[0]
    dots = 4  # for each of the 72 points of an inch
    drawn = page.render(scale=dots).to_pil().convert("1", dither=Image.Dither.NONE)
    mm = dots * 72 / 25.4
    box = drawn.crop([int(edge * mm) for edge in (28, 200, 56, 271)])
    code = box.crop(ImageChops.invert(box).getbbox())
    made = qrcode.QRCode(border=0)
    made.add_data(settings.SITE_URL + reverse("letter_verify", args=[letter.token]))
    wanted = made.get_matrix()
    size = code.width / len(wanted)

    read = [
        [
            code.getpixel((int((column + 0.5) * size), int((row + 0.5) * size))) == 0
            for column in range(len(wanted))
        ]
        for row in range(len(wanted))
    ]

    assert read == wanted


@pytest.mark.parametrize(
    "name", ["Ω" * 200, "环境 部长", "أحمد علي", "W" * 200, "#set page() *x* \\ $y$", "ꦲꦏ"]
)
def test_no_name_breaks_the_letter_or_makes_it_longer_than_a_page(name):
    part = PartFactory(
        seats=None,
        meeting=MeetingFactory(title="M " * 100, place="P " * 100, host="H " * 100),
    )
    registration = travelling(part, name=name, organisation_name=name)
    letter = letters.issue(registration.pk, LeadFactory(), NOW, says_host_pays=True)

    assert len(PdfReader(io.BytesIO(letter_setting.invitation(letter))).pages) == 1
