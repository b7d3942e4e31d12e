"""What a worker does with the rows of the outbox, by true SMTP (bench/sink.py)."""

import logging
import os
import time
import uuid
from datetime import timedelta

import psycopg2
import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from bench.sink import Sink
from mailings import delivery, outbox, suppression, tasks, throttle
from mailings.models import Bounce, OutgoingMail, Suppression, Throttle

State = OutgoingMail.State
LISTED = "partners/mail/code"
WORDS = {"code": "123456", "why": "You change your address.", "minutes": 15}


@pytest.fixture(scope="module")
def server():
    with Sink() as sink:
        yield sink


@pytest.fixture
def sink(server, db, settings):
    server.forget()
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_TIMEOUT = 5
    settings.OUTBOX_LEASE = 60
    return server


@pytest.fixture
def template():
    """Register a function for a template; forgotten afterwards."""
    before = dict(outbox._prepared_by)
    yield outbox.prepared_by
    outbox._prepared_by.clear()
    outbox._prepared_by.update(before)


def post(to="ana@example.org", kind=outbox.Kind.MODERATION, **context):
    return outbox.post(LISTED, to, WORDS | context, kind)


def ready_made(to="ana@example.org", body="Your code is 482913."):
    EmailMessage("Your code", body, to=[to]).send()
    return OutgoingMail.objects.get(to=to)


def fresh(mail):
    mail.refresh_from_db()
    return mail


def come_again():
    """As if the waits were over."""
    OutgoingMail.objects.update(next_try=timezone.now())
    Throttle.objects.update(away_until=None)


# What leaves


def test_mails_leave_over_one_connection_and_rows_say_so(sink):
    mails = [post(f"person{number}@example.org") for number in range(45)]

    done = delivery.deliver()

    assert done == {"sent": 45}
    said = sink.tell()
    assert said["connections"] == 1
    assert sorted(said["taken"]) == sorted([mail.message_id, mail.to] for mail in mails)
    mail = fresh(mails[0])
    assert (mail.state, mail.attempts, mail.claimed_by) == (State.SENT, 1, None)
    assert mail.answer == "250 2.0.0 Taken"
    assert mail.finished_at
    assert b"123456" in mail.content


def test_ready_made_mail_is_erased_after_delivery_and_never_logged(sink, caplog):
    mail = ready_made()
    caplog.set_level(logging.DEBUG)

    delivery.deliver()

    assert sink.taken() == ["ana@example.org"]
    assert fresh(mail).content is None
    assert "482913" not in caplog.text


def test_ready_made_mail_that_is_refused_is_erased_too(sink, caplog):
    mail = ready_made()
    caplog.set_level(logging.DEBUG)
    sink.behave("never")

    delivery.deliver()

    assert fresh(mail).state == State.FAILED
    assert mail.content is None
    assert "482913" not in caplog.text


def test_a_mail_is_written_with_what_is_true_when_it_leaves(sink, template):
    template(LISTED, lambda mails, now: {mails[0].pk: outbox.Letter(WORDS, to="new@example.org")})
    mail = post("old@example.org")

    delivery.deliver()

    assert sink.taken() == ["new@example.org"]
    assert fresh(mail).to == "new@example.org"


def test_an_address_with_a_domain_in_another_script_is_written_to(sink):
    post("ana@ministère.example")

    delivery.deliver()

    assert sink.taken() == ["ana@xn--ministre-60a.example"]


# Refusals


def test_a_final_refusal_ends_it_and_counts_against_the_address(sink):
    mail = post()
    sink.behave("never")

    assert delivery.deliver() == {"failed": 1}

    assert fresh(mail).answer == "550 5.1.1 No such user"
    assert Bounce.objects.get().kind == Bounce.Kind.HARD
    assert Suppression.objects.filter(address_hash=suppression.hash_of(mail.to)).exists()
    assert throttle.current().failures_in_a_row == 1


def test_a_refused_content_does_not_count_against_the_address(sink):
    mail = post()
    sink.behave("never_at_the_end")

    delivery.deliver()

    assert fresh(mail).state == State.FAILED
    assert not Bounce.objects.exists()


def test_an_answer_counts_also_when_the_server_breaks_off_after_it(sink):
    mail, other = post("a@example.org"), post("b@example.org")
    sink.behave("never_and_break", 1)

    assert delivery.deliver() == {"failed": 1, "sent": 1}

    assert {fresh(mail).state, fresh(other).state} == {State.FAILED, State.SENT}


@pytest.mark.parametrize("how", ["later", "later_at_the_end"])
def test_a_mail_refused_for_now_comes_again_with_growing_waits_and_one_message_id(sink, how):
    mail = post()
    sink.behave(how)
    waits = []
    for _ in range(4):
        come_again()
        assert delivery.deliver() == {"deferred": 1}
        waits.append((fresh(mail).next_try - timezone.now()) / timedelta(minutes=1))
    for minutes, wait in zip((1, 2, 4, 8), waits, strict=True):
        assert minutes * 0.7 < wait <= minutes * 1.2
    assert throttle.current().slowed_until is None

    sink.behave("take")
    come_again()
    delivery.deliver()

    assert (fresh(mail).state, mail.attempts) == (State.SENT, 5)
    assert sink.tell()["taken"] == [[mail.message_id, mail.to]]


def test_waits_end_at_four_hours_and_trying_after_three_days(sink):
    mail = ready_made()
    sink.behave("later")
    OutgoingMail.objects.update(attempts=40)
    delivery.deliver()
    assert fresh(mail).next_try - timezone.now() < timedelta(hours=4.9)

    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    come_again()
    delivery.deliver()

    assert fresh(mail).state == State.FAILED
    assert mail.content is None


def test_a_mail_that_waited_for_days_without_being_tried_is_not_given_up_at_once(sink):
    mail = post()
    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(days=9))
    sink.behave("later")

    delivery.deliver()

    assert fresh(mail).state == State.DEFERRED


@pytest.mark.parametrize("how", ["patience", "closing"])
def test_a_server_that_asks_for_patience_halves_the_rate_for_ten_minutes(sink, how):
    mail = post()
    sink.behave(how)

    delivery.deliver()

    assert fresh(mail).state == State.DEFERRED
    left = throttle.current().slowed_until - timezone.now()
    assert timedelta(minutes=9.5) < left < timedelta(minutes=10.5)


# Servers that break


@pytest.mark.parametrize("how", ["break_before_data", "hang"])
def test_a_mail_that_was_not_handed_over_goes_again_and_others_are_not_charged(sink, settings, how):
    settings.EMAIL_TIMEOUT = 0.5
    mails = [post(f"person{number}@example.org") for number in range(3)]
    sink.behave(how, 1)

    assert delivery.deliver() == {"deferred": 1}

    states = sorted((fresh(mail).state, mail.attempts) for mail in mails)
    assert states == [("deferred", 1), ("queued", 0), ("queued", 0)]
    assert not OutgoingMail.objects.exclude(claimed_by=None).exists()
    assert not throttle.may_be_tried()
    come_again()
    delivery.deliver()
    assert len(sink.taken()) == 3
    assert throttle.current().away_times == 0


def test_a_server_that_breaks_off_inside_a_message_has_not_taken_it(sink):
    """One that is longer than what the two machines keep on the way."""
    mail = ready_made(body=("mercury " * 9 + "\n") * 150_000)
    sink.behave("break_in_data", 1)

    assert delivery.deliver() == {"deferred": 1}
    assert fresh(mail).attempts == 1


def test_a_connection_that_the_server_closes_between_two_mails_is_opened_again(sink):
    for number in range(6):
        post(f"person{number}@example.org")
    sink.behave("break_after_answer", 3)

    assert delivery.deliver() == {"sent": 6}

    said = sink.tell()
    assert len(said["taken"]) == 6
    assert said["connections"] == 4


@pytest.mark.parametrize("how", ["break_in_data", "break_after_dot", "hang_after_dot"])
def test_without_an_answer_to_the_whole_message_nobody_knows(sink, settings, how):
    settings.EMAIL_TIMEOUT = 0.5
    mail, other = post("a@example.org"), post("b@example.org")
    sink.behave(how, 1)

    assert delivery.deliver() == {"uncertain": 1}

    states = [fresh(mail).state, fresh(other).state]
    assert sorted(states) == ["queued", "uncertain"]


def test_it_is_repeated_where_the_portal_is_told_so_with_the_same_message_id(sink, settings):
    settings.OUTBOX_UNCERTAIN = "repeat"
    mail = post()
    sink.behave("break_after_dot", 1)

    delivery.deliver()
    assert fresh(mail).state == State.DEFERRED
    come_again()
    delivery.deliver()

    assert sink.tell()["taken"] == [[mail.message_id, mail.to]] * 2


def test_a_server_that_is_away_is_left_alone_for_longer_and_longer(sink, settings):
    from wmaportal.local.servers import free_port

    settings.EMAIL_PORT = free_port()
    mail = post()
    for times in (1, 2):
        come_again()
        assert delivery.deliver() == {}
        assert throttle.current().away_times == times
    assert delivery.deliver() == {}
    assert throttle.current().away_times == 2  # it was not tried

    mail = fresh(mail)
    assert (mail.state, mail.attempts, mail.claimed_by) == (State.QUEUED, 0, None)


# Leases


def test_a_stolen_lease_stops_a_worker_before_the_next_mail(sink):
    for number in range(3):
        post(f"person{number}@example.org")
    thief = uuid.uuid4()

    def steal():
        OutgoingMail.objects.exclude(claimed_by=None).update(claimed_by=thief)
        return False

    done = delivery.deliver(stop=steal)

    assert done == {}
    assert len(sink.taken()) == 1
    assert set(OutgoingMail.objects.values_list("claimed_by", flat=True)) == {thief}
    assert OutgoingMail.objects.filter(state=State.SENDING).count() == 1


def test_a_lease_that_ran_out_stops_a_worker_too(sink):
    for number in range(3):
        post(f"person{number}@example.org")

    def run_out():
        late = timezone.now() - timedelta(minutes=1)
        OutgoingMail.objects.exclude(claimed_by=None).update(lease_until=late)
        return False

    delivery.deliver(stop=run_out)

    assert len(sink.taken()) == 1
    assert not OutgoingMail.objects.filter(state=State.SENT).exists()


def test_every_commit_renews_the_lease_of_what_is_sent_next(sink, settings):
    for number in range(3):
        post(f"person{number}@example.org")
    leases = []

    def look():
        rows = OutgoingMail.objects.exclude(lease_until=None).order_by("-lease_until")
        leases.extend(rows.values_list("lease_until", flat=True)[:1])
        return False

    delivery.deliver(stop=look)

    assert leases == sorted(leases)
    assert len(set(leases)) >= 3


def cut_the_connection():
    """As a restart of PostgreSQL does it; Django learns of it with the next statement."""
    with psycopg2.connect(os.environ["DATABASE_URL"]) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("is_stolen", [False, True])
def test_a_commit_that_was_done_before_the_connection_broke_counts(transactional_db, is_stolen):
    first, second = post("a@example.org"), post("b@example.org")
    worker = delivery.Worker(time.monotonic() + 20, lambda: False)
    worker._claim(only_first=False)
    mail = worker._next()
    worker._mark(mail)
    following = worker._next()
    sent = delivery.Outcome(State.SENT, "250 OK")
    worker._finish(mail, sent, following)  # the commit, of which the worker does not learn
    if is_stolen:
        OutgoingMail.objects.filter(pk=second.pk).update(claimed_by=uuid.uuid4())
    cut_the_connection()

    assert worker._finish(mail, sent, following) == (None if is_stolen else following)

    assert (fresh(first).state, first.attempts) == (State.SENT, 1)
    assert fresh(second).state == State.SENDING
    worker.close()  # what was not tried goes back, if it is still ours
    assert fresh(second).state == (State.SENDING if is_stolen else State.QUEUED)


def test_a_connection_that_breaks_while_letters_are_prepared_costs_nothing(
    sink, transactional_db, template
):
    cuts = [cut_the_connection]

    def prepare(mails, now):
        while cuts:
            cuts.pop()()
            OutgoingMail.objects.count()
        return {mail.pk: outbox.Letter(WORDS) for mail in mails}

    template(LISTED, prepare)
    for number in range(3):
        post(f"person{number}@example.org")

    assert delivery.deliver() == {"sent": 3}


def test_a_claim_that_broke_off_gives_everything_back(sink, transactional_db, monkeypatch):
    """The connection breaks after the commit of the claim, of which the worker does not learn."""
    mails = [post(f"person{number}@example.org") for number in range(3)]
    sort_out = delivery.Worker._sort_out

    def break_off(self, mails, now):
        cut_the_connection()
        OutgoingMail.objects.count()
        return sort_out(self, mails, now)

    monkeypatch.setattr(delivery.Worker, "_sort_out", break_off)

    with pytest.raises(delivery.DATABASE_AWAY):
        delivery.deliver()

    states = {(fresh(mail).state, mail.claimed_by, mail.attempts) for mail in mails}
    assert states == {(State.QUEUED, None, 0)}


def dead_worker(**values):
    mail = post("dead@example.org")
    owner = {"claimed_by": uuid.uuid4(), "lease_until": timezone.now() - timedelta(seconds=1)}
    OutgoingMail.objects.filter(pk=mail.pk).update(**owner, **values)
    return mail


def test_what_a_dead_worker_claimed_and_did_not_try_goes_out(sink):
    mail = dead_worker()

    assert delivery.deliver() == {"sent": 1}
    assert fresh(mail).attempts == 1


def test_what_a_dead_worker_had_in_hand_is_uncertain(sink):
    mail = dead_worker(state=State.SENDING)

    assert delivery.deliver() == {}

    assert (fresh(mail).state, mail.claimed_by) == (State.UNCERTAIN, None)
    assert sink.taken() == []


def test_or_is_repeated_after_a_while(sink, settings):
    settings.OUTBOX_UNCERTAIN = "repeat"
    mail = dead_worker(state=State.SENDING)

    assert delivery.deliver() == {}
    assert fresh(mail).state == State.DEFERRED
    come_again()
    assert delivery.deliver() == {"sent": 1}


def test_a_living_lease_is_respected(sink):
    mail = post()
    owner = {"claimed_by": uuid.uuid4(), "lease_until": timezone.now() + timedelta(minutes=1)}
    OutgoingMail.objects.filter(pk=mail.pk).update(**owner)

    assert delivery.deliver() == {}
    OutgoingMail.objects.filter(pk=mail.pk).update(state=State.SENDING)
    assert delivery.deliver() == {}
    assert fresh(mail).state == State.SENDING


@pytest.mark.parametrize(
    ("kind", "number", "most"),
    [(outbox.Kind.MODERATION, 50, 20), (outbox.Kind.REMINDER, 110, 100)],
)
def test_nobody_owns_more_than_twenty_rows_or_a_hundred_of_mail_to_many(sink, kind, number, most):
    for one in range(number):
        post(f"person{one}@example.org", kind)
    owned = []

    def look():
        owned.append(OutgoingMail.objects.exclude(claimed_by=None).count())
        return len(owned) == 25

    delivery.deliver(stop=look)

    assert max(owned) == most
    assert not OutgoingMail.objects.exclude(claimed_by=None).exists()  # a stop gives back
    left = OutgoingMail.objects.filter(state=State.QUEUED, attempts=0).count()
    assert left == number - len(sink.taken())


# What is not sent


def test_a_blocked_address_gets_nothing_but_sign_in_mail(sink):
    suppression.suppress(
        suppression.hash_of("ana@example.org"), "", Suppression.Reason.BOUNCED, timezone.now()
    )
    mail = post()
    code = OutgoingMail.objects.exclude(pk=mail.pk)
    EmailMessage("Your code", "1", to=["ana@example.org"]).send()

    assert delivery.deliver() == {"sent": 1, "skipped": 1}

    assert fresh(mail).state == State.SKIPPED
    assert mail.answer == "Mail to the address came back"
    assert code.get().state == State.SENT


def test_an_app_may_decide_that_nothing_is_said(sink, template):
    template(LISTED, lambda mails, now: {mail.pk: outbox.Skip("Confirmed.") for mail in mails})
    mails = [post(f"person{number}@example.org") for number in range(45)]

    assert delivery.deliver() == {"skipped": 45}

    assert (fresh(mails[0]).state, mails[0].answer, mails[0].attempts) == (
        State.SKIPPED,
        "Confirmed.",
        0,
    )
    assert mails[0].finished_at


def test_a_mail_about_something_that_is_gone_is_not_sent(sink):
    mail = post()
    OutgoingMail.objects.update(context={"user": {"model": "partners.user", "pk": 0}})

    assert delivery.deliver() == {"skipped": 1}
    assert fresh(mail).answer == "What the mail speaks of is gone."


def test_a_function_that_breaks_on_one_mail_does_not_stop_the_others(sink, template):
    def prepare(mails, now):
        for mail in mails:
            if mail.to == "bad@example.org":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
        return {mail.pk: outbox.Letter(WORDS) for mail in mails}

    template(LISTED, prepare)
    post("a@example.org")
    bad = post("bad@example.org")
    post("b@example.org")

    assert delivery.deliver() == {"sent": 2, "deferred": 1}

    assert sink.taken() == ["a@example.org", "b@example.org"]
    assert "division by zero" in fresh(bad).answer
    assert (bad.attempts, bad.claimed_by) == (1, None)
    assert bad.next_try > timezone.now()


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"template": "partners/mail/nothing"}, State.FAILED),
        ({"to": "ana\r\nBcc: all@example.org"}, State.FAILED),
        ({"to": ""}, State.FAILED),
        ({"to": "josé@example.org"}, State.FAILED),
        ({"template": "", "content": None}, State.FAILED),
    ],
)
def test_a_mail_that_cannot_be_written_does_not_stop_the_others(sink, change, state):
    bad, other = post("bad@example.org"), post("other@example.org")
    OutgoingMail.objects.filter(pk=bad.pk).update(**change)

    done = delivery.deliver()

    assert done == {"sent": 1, state: 1}
    assert fresh(bad).answer.startswith("The mail cannot be written:")
    assert fresh(other).state == State.SENT


def test_a_mistake_in_a_template_puts_the_mail_off(sink, template):
    class Broken:
        def __str__(self):
            raise RuntimeError("boom")

    template(
        LISTED,
        lambda mails, now: {
            mail.pk: outbox.Letter(WORDS | {"why": Broken()} if "bad" in mail.to else WORDS)
            for mail in mails
        },
    )
    bad, _ = post("bad@example.org"), post("other@example.org")

    assert delivery.deliver() == {"sent": 1, "deferred": 1}
    assert "boom" in fresh(bad).answer


# What goes first


def test_the_urgent_leave_first_and_then_the_older(sink):
    late = post("late@example.org")
    post("reminder@example.org", outbox.Kind.REMINDER)
    post("notice@example.org")
    ready_made("code@example.org")
    OutgoingMail.objects.filter(pk=late.pk).update(next_try=timezone.now() - timedelta(minutes=1))

    delivery.deliver()

    assert sink.taken() == [f"{who}@example.org" for who in ("code", "late", "notice", "reminder")]


def test_a_code_overtakes_a_mailing_that_is_under_way(sink, monkeypatch):
    monkeypatch.setattr(delivery, "LOOK_EVERY", 0)
    for number in range(40):
        post(f"person{number}@example.org", outbox.Kind.REMINDER)
    asked = []

    def somebody_signs_in():
        asked.append(1)
        if len(asked) == 5:
            ready_made("code@example.org")
        return False

    delivery.deliver(stop=somebody_signs_in)

    assert sink.taken().index("code@example.org") <= 6
    assert len(set(sink.taken())) == 41


@pytest.mark.parametrize("why", ["rate", "held"])
def test_a_code_leaves_while_the_rate_is_used_up_or_mail_is_held(sink, settings, why):
    settings.MAIL_RATE = 0.001
    values = {"counted_at": timezone.now(), "allowance": 0}
    held = {"held_at": timezone.now()} if why == "held" else {}
    Throttle.objects.update(**values, **held)
    post("later@example.org")
    ready_made("code@example.org")

    delivery.deliver(seconds=1)

    assert sink.taken() == ["code@example.org"]


def test_only_sign_in_mail_leaves_where_a_request_delivers_it(sink):
    post("later@example.org")
    ready_made("code@example.org")

    assert delivery.deliver(only_first=True) == {"sent": 1}
    assert sink.taken() == ["code@example.org"]


def test_no_more_mails_leave_than_the_rate_allows(sink, settings):
    settings.MAIL_RATE = 5
    Throttle.objects.update(counted_at=None)
    for number in range(30):
        post(f"person{number}@example.org")

    delivery.deliver(seconds=1.5)

    assert 10 <= len(sink.taken()) <= 18


def test_twenty_failures_in_a_row_hold_all_but_sign_in_mail_until_somebody_says_go_on(sink):
    for number in range(41):
        post(f"person{number}@example.org")
    sink.behave("never", 20)
    delivery.deliver()
    done = OutgoingMail.objects.exclude(state=State.QUEUED).count()
    assert throttle.current().held_at
    assert throttle.current().held_why == "550 5.1.1 No such user"
    assert done == 20

    ready_made("code@example.org")
    delivery.deliver()
    assert sink.taken() == ["code@example.org"]

    throttle.go_on()
    delivery.deliver()
    assert len(sink.taken()) == 22


# Other ways out


def test_a_mail_service_delivers_by_setting(sink, settings, mailoutbox):
    settings.DELIVERY_BACKEND = "anymail.backends.test.EmailBackend"
    settings.INBOUND_ADDRESS = "portal@example.org"
    mail = post("ana@example.org")

    (sent,) = mailoutbox

    mail = fresh(mail)
    assert (mail.state, mail.remote_id) == (State.SENT, "0")
    assert sent.to == ["ana@example.org"]
    assert sent.extra_headers["Message-ID"] == mail.message_id
    assert sent.anymail_test_params["envelope_sender"] == f"portal+bounce-{mail.token}@example.org"
    assert "123456" in sent.body
    assert "123456" in sent.alternatives[0][0]


@pytest.mark.parametrize(
    ("code", "state", "is_away"),
    [
        (400, "failed", False),
        (429, "deferred", False),
        (401, "deferred", True),
        (503, "deferred", True),
    ],
)
def test_what_a_mail_service_answers(sink, settings, monkeypatch, code, state, is_away):
    from anymail.backends.test import EmailBackend
    from anymail.exceptions import AnymailAPIError

    def refuse(self, payload, message):
        raise AnymailAPIError("No", status_code=code, response=None)

    settings.DELIVERY_BACKEND = "anymail.backends.test.EmailBackend"
    monkeypatch.setattr(EmailBackend, "post_to_esp", refuse)
    monkeypatch.setattr(AnymailAPIError, "describe_response", lambda self: None)
    mail = post()

    assert delivery.deliver() == {state: 1}

    assert fresh(mail).attempts == 1
    assert throttle.may_be_tried() is not is_away
    assert (throttle.current().slowed_until is not None) is (code == 429)


def test_a_folder_of_files_takes_mail(sink, settings, tmp_path):
    settings.DELIVERY_BACKEND = "wmaportal.mailbox.FileOfMail"
    settings.MAIL_DIR = tmp_path / "mail"
    mail = post()

    assert delivery.deliver() == {"sent": 1}

    (file,) = settings.MAIL_DIR.glob("*.eml")
    assert mail.message_id in file.read_text()


def test_the_command_delivers_without_celery(sink, capsys):
    post()

    call_command("send_outbox")
    assert sink.taken() == ["ana@example.org"]
    assert capsys.readouterr().out == "1 sent\n"
    call_command("send_outbox")
    assert capsys.readouterr().out == "Nothing was due.\n"


def test_the_command_says_when_the_database_is_away(sink, monkeypatch):
    monkeypatch.setattr(
        delivery, "deliver", lambda **_: (_ for _ in ()).throw(delivery.DATABASE_AWAY[0]("gone"))
    )
    with pytest.raises(CommandError, match="PostgreSQL is away: gone"):
        call_command("send_outbox")


def test_a_task_knows_no_recipient_and_ends_within_a_minute(settings):
    assert tasks.deliver.run.__code__.co_argcount == 0
    assert tasks.deliver.time_limit == 60
    assert tasks.BEGINS + settings.EMAIL_TIMEOUT + 5 < 60
