"""How long words, addresses and events are kept."""

from datetime import timedelta

import pytest

from mailings import bounces, retention
from mailings.models import Bounce, Digest, IncomingCount, OutgoingMail, Suppression
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db

TO = "person@example.net"
NOTHING = {
    "ready-made mails erased": 0,
    "bodies of mails erased": 0,
    "addresses of mails erased": 0,
    "old bounces dropped": 0,
    "old replies by mail forgotten": 0,
    "old counts dropped": 0,
    "empty digests dropped": 0,
}


def mail(state="sent", days=0.0, **values) -> OutgoingMail:
    """One that came to this state so many days ago."""
    then = NOW - timedelta(days=days)
    over = state in ("sent", "failed", "skipped")
    return OutgoingMail.objects.create(
        **{
            "kind": "moderation",
            "state": state,
            "to": TO,
            "template": "experts/mail/listed",
            "subject": "You are on the list",
            "context": {"expert": {"model": "experts.expert", "pk": 1}},
            "content": b"Subject: x\r\n\r\nwords\r\n",
            "created_at": then,
            "next_try": then,
            "finished_at": then if over else None,
            "answer": f"250 for <{TO}>",
            **values,
        }
    )


def digest(reader, days: float, frequency="daily", **values) -> Digest:
    until = NOW - timedelta(days=days)
    return Digest.objects.create(
        user=reader, frequency=frequency, period=until.date(), until=until, **values
    )


def words(row):
    row.refresh_from_db()
    return row.subject, row.context, row.content and row.content


def has_words(row):
    return words(row) != ("", {}, None)


@pytest.mark.parametrize("state", ["sent", "failed", "skipped"])
def test_the_words_of_a_finished_mail_go_after_thirty_days(state):
    old, newer = mail(state, 30.1), mail(state, 29.9)

    assert retention.forget(NOW) == NOTHING | {"bodies of mails erased": 1}
    assert words(old) == ("", {}, None)
    assert has_words(newer)
    assert (old.to, old.state, old.answer) == (TO, state, f"250 for <{TO}>")
    assert retention.forget(NOW) == NOTHING


def test_the_setting_says_how_many_days(settings):
    settings.OUTBOX_BODIES_DAYS = 3
    row = mail(days=4)
    retention.forget(NOW)

    assert not has_words(row)


@pytest.mark.parametrize("state", ["queued", "deferred", "uncertain"])
def test_what_is_not_finished_keeps_its_words(state):
    row = mail(state, 400)

    assert retention.forget(NOW) == NOTHING
    assert has_words(row)


@pytest.mark.parametrize("state", ["sent", "failed", "skipped"])
def test_ready_made_mail_that_is_finished_has_no_words_at_all(state):
    row = mail(state, template="", context={}, subject="")

    assert retention.forget(NOW) == NOTHING | {"ready-made mails erased": 1}
    assert not has_words(row)


def test_ready_made_mail_of_unknown_fate_keeps_its_words_for_a_day():
    made = {"template": "", "context": {}, "subject": ""}
    old, newer = mail("uncertain", 1.1, **made), mail("uncertain", 0.9, **made)
    waiting = mail("deferred", 2, **made)
    retention.forget(NOW)

    assert [has_words(row) for row in (old, newer, waiting)] == [False, True, True]
    assert old.state == "uncertain"


def test_addresses_go_after_two_years_also_from_answers():
    old, newer = mail(days=732), mail(days=730)

    assert retention.forget(NOW)["addresses of mails erased"] == 1
    old.refresh_from_db()
    newer.refresh_from_db()
    assert (old.to, old.answer, old.state) == ("", "250 for <…>", "sent")
    assert newer.to == TO
    assert OutgoingMail.objects.count() == 2


def test_old_bounces_go_and_marks_stay():
    bounces.note(TO, Bounce.Kind.HARD, Bounce.Source.SMTP, NOW - timedelta(days=732))
    newer = bounces.note(TO, Bounce.Kind.SOFT, Bounce.Source.SMTP, NOW)

    assert retention.forget(NOW)["old bounces dropped"] == 1
    assert list(Bounce.objects.all()) == [newer]
    assert Suppression.objects.count() == 1


def test_rows_are_taken_in_chunks(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(retention, "IN_ONE_GO", 2)
    rows = [mail(days=40) for _n in range(5)]

    with django_assert_num_queries(14):  # three chunks, and each list ends with an empty one
        assert retention.forget(NOW)["bodies of mails erased"] == 5
    assert not any(map(has_words, rows))


def test_looks_without_news_are_forgotten_after_five_weeks_and_digests_are_kept():
    reader, written = UserFactory(), mail()
    for days in (36, 34):
        digest(reader, days)
    digest(reader, 40, mail=written)

    assert retention.forget(NOW) == NOTHING | {"empty digests dropped": 1}
    assert retention.forget(NOW) == NOTHING
    left = [(NOW - one.until).days for one in Digest.objects.order_by("until")]
    assert left == [40, 34]


# A person's profile is erased


def test_no_mail_says_any_more_who_an_erased_person_was():
    old = mail("failed", answer=f"550 5.1.1 <{TO}>: unknown", to=TO.upper())
    other = mail(to="other@example.net")
    bounces.note(TO, Bounce.Kind.HARD, Bounce.Source.SMTP, NOW, old)

    assert retention.forget_address(TO, NOW) == 1
    old.refresh_from_db()
    assert (old.to, old.answer, old.state) == ("", "550 5.1.1 <…>: unknown", "failed")
    assert not has_words(old)
    assert has_words(other)
    assert Suppression.objects.count() == 1
    assert retention.forget_address(TO, NOW) == 0


def test_what_waits_for_an_erased_person_does_not_leave_but_sign_in_mail_does():
    waiting, paused, uncertain = mail("queued"), mail("paused"), mail("uncertain")
    sign_in = mail("queued", kind="transactional", template="")

    assert retention.forget_address(TO, NOW) == 3
    for row in (waiting, paused, uncertain):
        row.refresh_from_db()
        assert (row.state, row.to, row.answer) == ("skipped", "", "The profile was erased.")
    sign_in.refresh_from_db()
    assert (sign_in.state, sign_in.to) == ("queued", TO)


def test_no_address_is_nobodys():
    row = mail(to="")

    assert retention.forget_address("", NOW) == 0
    assert has_words(row)


def test_counts_of_mail_that_came_in_go_after_a_year(db):
    for days in (366, 367):
        IncomingCount.objects.create(day=(NOW - timedelta(days=days)).date(), sort="a bounce")

    assert retention.forget(NOW) == NOTHING | {"old counts dropped": 1}
