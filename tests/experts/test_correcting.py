"""Colleagues suggest, the expert answers; nobody else reads or answers."""

from datetime import timedelta

import pytest
from django.urls import reverse

from experts import correcting
from experts.models import Correction
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True)


@pytest.fixture
def colleague():
    return UserFactory(name="Ada Lovelace")


def test_a_note_goes_to_the_expert_with_the_name_of_who_wrote_it(
    client, expert, colleague, mailoutbox
):
    client.force_login(colleague)
    client.post(reverse("expert_correction", args=[expert.pk]), {"text": "It is\r\nMontevideo."})

    assert Correction.objects.get().text == "It is\nMontevideo."
    assert [mail.to for mail in mailoutbox] == [[expert.email]]
    assert ["Ada Lovelace" in mailoutbox[0].body, colleague.email in mailoutbox[0].body] == [
        True,
        False,
    ]
    client.force_login(expert.user)
    assert [note.by for note in client.get(reverse("expert_me")).context["corrections"]] == [
        colleague
    ]


@pytest.mark.parametrize(("button", "state"), [("taken", "done"), ("declined", "declined")])
def test_the_answer_goes_back_once(client, expert, colleague, mailoutbox, button, state):
    note = correcting.suggest(expert.pk, "A note", colleague, NOW)
    client.force_login(expert.user)
    address = reverse("correction_answer", args=[note.pk])

    client.post(address, {button: "1"})
    client.post(address, {"taken": "1"})

    note.refresh_from_db()
    assert note.state == state
    assert [mail.to for mail in mailoutbox[1:]] == [[colleague.email]]


def test_nobody_answers_the_notes_of_another(client, expert, colleague):
    note = correcting.suggest(expert.pk, "A note", colleague, NOW)
    for user in (colleague, ExpertFactory(claimed=True).user):
        client.force_login(user)
        assert client.post(reverse("correction_answer", args=[note.pk])).status_code == 404
    note.refresh_from_db()
    assert note.state == "open"


def test_five_notes_in_a_day(expert, colleague):
    for n in range(5):
        correcting.suggest(expert.pk, "A note", colleague, NOW + timedelta(hours=n))

    with pytest.raises(Refused, match="five notes"):
        correcting.suggest(ExpertFactory().pk, "A note", colleague, NOW + timedelta(hours=23))
    correcting.suggest(expert.pk, "A note", UserFactory(), NOW + timedelta(hours=23))
    correcting.suggest(expert.pk, "A note", colleague, NOW + timedelta(hours=24))


def test_the_sixth_note_keeps_what_was_typed(client, expert, colleague):
    from django.utils import timezone

    for _ in range(5):
        correcting.suggest(expert.pk, "A note", colleague, timezone.now())
    client.force_login(colleague)

    response = client.post(reverse("expert_correction", args=[expert.pk]), {"text": "The sixth"})

    assert response.context["form"]["text"].value() == "The sixth"
    assert len(response.context["form"].non_field_errors()) == 1


def test_nobody_corrects_the_own_profile(client, expert):
    client.force_login(expert.user)

    assert client.get(reverse("expert_correction", args=[expert.pk])).status_code == 403
