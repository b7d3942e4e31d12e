"""The list of participants: five readers, three settings, three consents; and what one is told."""

import itertools
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from meetings import participants
from meetings.models import Meeting, Registration
from partners.models import Role, User
from tests.factories import (
    NOW,
    BookingFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    PartnerUserFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
    RoleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
Appearance = Registration.Appearance
LEVELS = ("nobody", "participants", "everyone")
READERS = ("visitor", "partner", "waiting", "participant", "organiser")
NAME = "Ana María Pérez"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def world(setting: str, consent: str, audience: str = "public") -> Registration:
    """Ana's registration for a meeting with these."""
    meeting = MeetingFactory(audience=audience)
    RegistrationDeskFactory(meeting=meeting, participants_shown_to=setting)
    part = PartFactory(meeting=meeting, seats=None)
    registration = RegistrationFactory(meeting=meeting, name=NAME, appearance=consent)
    BookingFactory(part=part, registration=registration)
    return registration


def reader(kind: str, meeting: Meeting) -> User | None:
    """Somebody of this kind; None for a visitor."""
    if kind == "visitor":
        return None
    if kind == "organiser":
        user = UserFactory()
        meeting.organisers.add(user)
        return user
    if kind == "core":
        return RoleFactory(kind=Role.Kind.CORE_MEMBER).user
    user = PartnerUserFactory() if kind in ("partner", "waiting") else UserFactory()
    if kind in ("waiting", "participant"):
        status = "waiting" if kind == "waiting" else "confirmed"
        registration = RegistrationFactory(meeting=meeting, user=user)
        BookingFactory(part=meeting.parts.get(), registration=registration, status=status)
    return user


def sees(client, user: User | None, meeting: Meeting) -> bool:
    """Whether the true page shows Ana to this person."""
    client.logout()
    if user:
        client.force_login(user)
    answer = client.get(reverse("participant_list", args=[meeting.code]))
    if answer.status_code == 302:  # hidden: sign in
        return False
    return NAME in answer.content.decode()


def expected(kind: str, setting: str, consent: str) -> bool:
    """Written by hand: the organisers see all, others what setting and consent both allow."""
    if kind == "organiser":
        return True
    narrower = min(LEVELS.index(setting), LEVELS.index(consent))
    return narrower >= (1 if kind == "participant" else 2)


@pytest.mark.parametrize(
    ("kind", "setting", "consent"), [*itertools.product(READERS, LEVELS, LEVELS)]
)
def test_who_sees_whom(client, kind, setting, consent):
    registration = world(setting, consent)
    user = reader(kind, registration.meeting)

    seen = sees(client, user, registration.meeting)

    assert seen == expected(kind, setting, consent)
    rows = participants.listed(registration.meeting, user or AnonymousUser(), NOW)
    assert rows.filter(pk=registration.pk).exists() == seen


@pytest.mark.parametrize(
    ("audience", "setting", "consent"),
    [*itertools.product(("public", "partners", "core"), LEVELS, LEVELS)],
)
def test_what_a_person_is_told_is_what_others_see(client, audience, setting, consent):
    registration = world(setting, consent, audience)
    meeting = registration.meeting
    kinds = ["visitor", "partner", *(["core"] if audience == "core" else []), "participant"]
    readers = [reader(kind, meeting) for kind in kinds]

    told = [one.is_shown for one in participants.preview(registration, NOW)]

    assert told == [sees(client, user, meeting) for user in readers]


@pytest.mark.parametrize(
    "change",
    [
        lambda one: Meeting.objects.filter(pk=one.meeting_id).update(status="held"),
        lambda one: Meeting.objects.filter(pk=one.meeting_id).update(
            status="cancelled", status_reason="Flood"
        ),
        lambda one: Meeting.objects.filter(pk=one.meeting_id).update(
            starts_on=NOW.date() - timedelta(days=3), ends_on=NOW.date() - timedelta(days=1)
        ),
        lambda one: one.bookings.update(status="cancelled"),
        lambda one: User.objects.filter(pk=one.user_id).update(is_active=False),
        lambda one: type(one.meeting.desk).objects.all().delete(),
    ],
)
def test_it_stays_true_when_something_else_happens(client, change):
    registration = world("everyone", "everyone")
    readers = [reader(kind, registration.meeting) for kind in ("visitor", "partner", "participant")]
    change(registration)
    registration = Registration.objects.get(pk=registration.pk)

    told = [one.is_shown for one in participants.preview(registration, NOW)]

    assert told == [sees(client, user, registration.meeting) for user in readers]


def test_the_consent_ends_with_the_last_day_at_the_place_of_the_meeting(client):
    registration = world("everyone", "everyone")  # until 10 March in Bangkok
    meeting = registration.meeting

    for moment, seen in (
        (datetime(2027, 3, 10, 16, 59, tzinfo=NOW.tzinfo), True),
        (datetime(2027, 3, 10, 17, 1, tzinfo=NOW.tzinfo), False),
    ):
        with time_machine.travel(moment, tick=False):
            assert sees(client, None, meeting) == seen
            told = [one.is_shown for one in participants.preview(registration, moment)]
            assert told == [seen] * 3


def test_who_is_blocked_stands_on_no_list_but_the_organisers_and_breaks_no_page(client):
    registration = world("everyone", "everyone")
    User.objects.filter(pk=registration.user_id).update(is_active=False)
    meeting, lead = registration.meeting, LeadFactory()

    assert not sees(client, None, meeting)
    assert sees(client, lead, meeting)
    for name in ("letter_list", "check_in", "check_in_print"):
        page = client.get(reverse(name, args=[meeting.code]))
        assert (page.status_code, NAME in page.content.decode()) == (200, True)


def test_nothing_but_name_organisation_and_country_is_shown(client):
    registration = world("everyone", "everyone")
    Registration.objects.update(
        is_funded=True, diet="halal", access="wheelchair", organisation_name="Ministry (example)"
    )

    page = client.get(reverse("participant_list", args=[registration.meeting.code]))

    words = page.content.decode()
    assert "Ministry (example)" in words
    assert "Uruguay" in words
    assert [one for one in ("halal", "wheelchair", registration.user.email) if one in words] == []
    assert page["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in words


def test_a_participant_sees_what_others_see_of_them(client):
    registration = world("participants", "everyone")
    client.force_login(registration.user)

    page = client.get(reverse("participant_list", args=[registration.meeting.code]))

    words = page.content.decode()
    assert "This is what others see of you" in words
    assert (words.count("does not see you"), words.count("sees you")) == (2, 1)
    assert words.count(NAME) == 2  # on the list, and in the preview for participants


def test_the_page_takes_the_same_queries_for_one_person_and_for_ten(
    client, django_assert_max_num_queries
):
    registration = world("everyone", "everyone")
    address = reverse("participant_list", args=[registration.meeting.code])
    with django_assert_max_num_queries(60) as one:
        client.get(address)
    for _ in range(9):
        more = RegistrationFactory(meeting=registration.meeting, appearance="everyone")
        BookingFactory(part=registration.meeting.parts.get(), registration=more)

    with django_assert_max_num_queries(60) as ten:
        client.get(address)

    assert len(ten) == len(one)
