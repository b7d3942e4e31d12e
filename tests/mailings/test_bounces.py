"""Events about an address, their score, and the mark."""

from datetime import timedelta

import pytest

from mailings import bounces, smtp, suppression
from mailings.models import Bounce, OutgoingMail, Suppression
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TO = "person@example.net"
SOFT, HARD, COMPLAINT = Bounce.Kind.SOFT, Bounce.Kind.HARD, Bounce.Kind.COMPLAINT


def note(kind=SOFT, days=0.0, mail=None):
    return bounces.note(TO, kind, Bounce.Source.REPORT, NOW + timedelta(days=days), mail)


def marks():
    rows = Suppression.objects.filter(address_hash=suppression.hash_of(TO))
    return [(row.topic, row.reason) for row in rows]


def sent(**values):
    return OutgoingMail.objects.create(**{"kind": "reminder", "state": "sent", "to": TO, **values})


@pytest.mark.parametrize(("kind", "reason"), [(HARD, "bounced"), (COMPLAINT, "complaint")])
def test_one_hard_bounce_or_complaint_marks_the_address_at_once(kind, reason):
    note(kind)

    assert marks() == [("", reason)]


def test_soft_bounces_mark_on_the_sixth_day_in_a_row():
    for day in range(5):
        note(days=day)
    assert marks() == []

    note(days=5)

    assert marks() == [("", "bounced")]


def test_many_soft_bounces_of_one_day_count_once():
    for hour in range(12):
        note(days=hour / 24)

    assert Bounce.objects.count() == 12
    assert bounces.score(suppression.hash_of(TO), NOW + timedelta(hours=11)) == 1.0


def test_the_heaviest_event_of_a_day_counts():
    note(SOFT)
    note(HARD, days=0.1)

    assert bounces.score(suppression.hash_of(TO), NOW + timedelta(days=0.1)) == 5.0


def test_a_score_halves_in_thirty_days_and_is_forgotten():
    note()
    address_hash = suppression.hash_of(TO)

    assert bounces.score(address_hash, NOW + timedelta(days=30)) == 0.5
    assert bounces.score(address_hash, NOW + timedelta(days=181)) == 0


def test_one_soft_bounce_a_month_never_marks():
    for month in range(36):
        note(days=30 * month)

    assert marks() == []


def test_what_is_forgiven_does_not_count():
    for day in range(5):
        note(days=day)
    suppression.lift(TO)

    note(days=5)

    assert marks() == []


def test_the_same_said_twice_of_one_mail_on_one_day_is_one_event():
    mail = sent()

    assert note(mail=mail) == note(mail=mail, days=0.2)
    assert note(mail=mail) != note(mail=mail, days=1)
    assert mail.bounces.count() == 2


REFUSALS = [
    ("550", "5.1.1 <person@example.net>: Recipient address rejected: User unknown", True, HARD),
    ("550", "No such user here", True, HARD),
    ("550", "5.7.1 Message rejected as spam", True, None),
    ("554", "5.7.1 Message contains spam", False, None),
    ("552", "5.2.2 Mailbox full", True, SOFT),
    ("554", "Transaction failed", False, None),
    ("550", "5.1.1 User unknown in virtual mailbox table", False, HARD),
    ("552", "5.3.4 Message too big", False, None),
    ("550", "Access denied", True, None),
]


@pytest.mark.parametrize(("code", "text", "about_recipient", "kind"), REFUSALS)
def test_a_refusal_on_delivery_counts_as_what_it_means(code, text, about_recipient, kind):
    mail = sent(state="sending", claimed_by="0" * 32, lease_until=NOW)

    bounces.refused(mail, smtp.Answer(int(code), text, about_recipient), NOW)

    assert [bounce.kind for bounce in mail.bounces.all()] == ([kind] if kind else [])


def test_an_event_keeps_what_was_said_but_no_more_than_fits():
    mail = sent()
    bounces.note(TO, HARD, Bounce.Source.SERVICE, NOW, mail, "5.1.1", "x" * 900)

    found = mail.bounces.get()
    assert (found.status, len(found.diagnostic), found.source) == ("5.1.1", 500, "service")


def test_no_address_is_kept_in_what_a_server_said():
    said = f"550 <{TO}>... User unknown, see postmaster@mx.example.net (for {TO})"
    found = bounces.note(TO, HARD, Bounce.Source.SMTP, NOW, diagnostic=said)

    assert found.diagnostic == "550 <…>... User unknown, see … (for …)"
