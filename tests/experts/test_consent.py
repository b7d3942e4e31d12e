"""Consent: rows that are only ever added; the last word counts."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from experts import consent
from experts.models import Consent, Expert
from tests.factories import NOW, ExpertFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True)


def test_nobody_has_agreed_before_saying_so(expert):
    assert consent.has_agreed(expert) is False


def test_the_last_word_counts(expert):
    words = []
    for day, step in enumerate((consent.agree, consent.withdraw, consent.agree, consent.withdraw)):
        step(expert, expert.user, NOW + timedelta(days=day))
        words.append(consent.has_agreed(expert))

    assert words == [True, False, True, False]
    assert Consent.objects.count() == 4


def test_of_two_words_at_one_moment_the_later_row_counts(expert):
    consent.agree(expert, expert.user, NOW)
    consent.withdraw(expert, expert.user, NOW)

    assert consent.has_agreed(expert) is False


def test_the_record_has_text_time_channel_and_person(expert):
    row = consent.agree(expert, expert.user, NOW)

    assert (row.given, row.text_version, row.at, row.channel, row.actor) == (
        True,
        "2026-11",
        NOW,
        Consent.Channel.PORTAL,
        expert.user,
    )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE experts_consent SET given = false",
        "UPDATE experts_consent SET at = now()",
        "DELETE FROM experts_consent",
    ],
)
def test_the_database_refuses_to_change_or_delete_a_record(expert, sql):
    row = consent.agree(expert, expert.user, NOW)

    with (
        pytest.raises(IntegrityError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert Consent.objects.get() == row
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.all().delete()


def test_a_profile_with_a_record_cannot_be_deleted(expert):
    consent.agree(expert, expert.user, NOW)

    with pytest.raises(IntegrityError), transaction.atomic():
        Expert.objects.all().delete()
