import re
from datetime import timedelta

import pytest

from partners import codes
from partners.models import OneTimeCode
from partners.refusals import Refused
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db
MAILBOX = "box@example.org"


@pytest.fixture
def person():
    return UserFactory()


@pytest.fixture
def sent(mailoutbox):
    """The code of the newest mail."""
    return lambda: re.search(r"^ +(\d{6})$", mailoutbox[-1].body, re.MULTILINE)[1]


def send(person, now=NOW, purpose="email", address=MAILBOX):
    codes.send(person, purpose, address, now, "You change your address.")


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_code_from_the_mail_is_right_once(person, sent, mailoutbox):
    send(person)

    assert mailoutbox[0].to == [MAILBOX]
    assert codes.check(person, "email", MAILBOX, sent(), NOW)
    assert not codes.check(person, "email", MAILBOX, sent(), NOW)


def test_spaces_and_capitals_do_not_matter(person, sent):
    send(person, address="Box@Example.org")
    code = sent()

    assert codes.check(person, "email", "BOX@example.org ", f" {code[:3]} {code[3:]}", NOW)


def test_a_code_works_for_fifteen_minutes(person, sent):
    send(person)
    late = NOW + timedelta(minutes=15, seconds=1)

    assert not codes.check(person, "email", MAILBOX, sent(), late)
    assert codes.check(person, "email", MAILBOX, sent(), late - timedelta(seconds=1))


def test_a_code_belongs_to_one_person_purpose_and_address(person, sent):
    send(person)

    assert not codes.check(UserFactory(), "email", MAILBOX, sent(), NOW)
    assert not codes.check(person, "phone", MAILBOX, sent(), NOW)
    assert not codes.check(person, "email", "other@example.org", sent(), NOW)
    assert codes.check(person, "email", MAILBOX, sent(), NOW)


def test_a_new_code_replaces_the_old_one(person, sent):
    send(person)
    old = sent()
    send(person, NOW + timedelta(minutes=1))

    if sent() != old:
        assert not codes.check(person, "email", MAILBOX, old, NOW + timedelta(minutes=1))
    assert codes.check(person, "email", MAILBOX, sent(), NOW + timedelta(minutes=1))


def test_after_five_wrong_tries_the_right_code_is_wrong_too(person, sent):
    send(person)
    code = sent()

    for _ in range(codes.MAX_WRONG_TRIES):
        assert not codes.check(person, "email", MAILBOX, wrong(code), NOW)

    assert not codes.check(person, "email", MAILBOX, code, NOW)


@pytest.mark.parametrize("typed", ["", "abcdef", "１２３４５６", "0" * 5000, "null\0"])
def test_what_is_no_code_is_wrong(person, typed, mailoutbox):
    send(person)

    assert not codes.check(person, "email", MAILBOX, typed, NOW)


def test_without_a_mail_every_code_is_wrong(person):
    assert not codes.check(person, "email", MAILBOX, "", NOW)
    assert not codes.check(person, "email", MAILBOX, "000000", NOW)


def test_the_table_does_not_hold_the_digits(person, sent):
    send(person)

    row = OneTimeCode.objects.get()
    assert sent() not in f"{row.digest} {row.purpose} {row.address}"


def test_ten_codes_an_hour_are_enough(person, mailoutbox):
    for number in range(codes.MAX_IN_AN_HOUR):
        send(person, address=f"box{number}@example.org")

    with pytest.raises(Refused):
        send(person)

    assert len(mailoutbox) == codes.MAX_IN_AN_HOUR
    send(person, NOW + timedelta(hours=1))


def test_many_people_cannot_flood_one_mailbox(mailoutbox):
    for _ in range(codes.MAX_IN_AN_HOUR):
        send(UserFactory())

    with pytest.raises(Refused):
        send(UserFactory())


def test_old_codes_go(person, mailoutbox):
    send(person)
    send(person, NOW + timedelta(days=1, seconds=1))

    assert OneTimeCode.objects.count() == 1


def test_two_codes_are_used_up_together_or_not_at_all(person, sent):
    send(person, purpose="new")
    new = sent()
    send(person, purpose="old")
    old = sent()

    assert codes.check_all(person, [("new", MAILBOX, new), ("old", MAILBOX, wrong(old))], NOW) == [
        True,
        False,
    ]
    assert codes.check_all(person, [("new", MAILBOX, new), ("old", MAILBOX, old)], NOW) == [
        True,
        True,
    ]


@pytest.mark.django_db(transaction=True)
def test_a_check_inside_a_transaction_is_a_mistake_of_the_caller(person):
    from django.db import transaction

    with transaction.atomic(), pytest.raises(RuntimeError):
        codes.check(person, "email", MAILBOX, "000000", NOW)
