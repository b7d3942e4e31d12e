"""The engine: what a scan writes, what it leaves alone, and why; each by its own small case."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.core import mail
from django.db import connection

from experts import confirmation, listing
from experts import reminders as ladders
from experts.models import Expert, Policy, Round
from mailings import bounces, delivery, reminders
from mailings.models import Bounce, OutgoingMail, Reminder, Suppression
from mailings.reminders import Verdict
from mailings.suppression import hash_of
from tests.factories import NOW, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
YEAR = relativedelta(months=12)
DUE = NOW - YEAR  # confirmed then, due at NOW
State = OutgoingMail.State


@pytest.fixture
def expert():
    return ExpertFactory(confirmed_at=DUE)


def scan(now) -> dict[str, int]:
    with time_machine.travel(now, tick=False):
        return ladders.scan(now)


def deliver(now) -> list[str]:
    """The subjects' recipients of what leaves at this moment."""
    with time_machine.travel(now, tick=False):
        before = len(mail.outbox)
        delivery.deliver()
        return [message.to[0] for message in mail.outbox[before:]]


def written() -> list[tuple[int, datetime]]:
    return list(Reminder.objects.order_by("pk").values_list("step", "at"))


def states() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("state", flat=True))


def verdicts(now, which=ladders.ladder) -> list[Verdict]:
    return [one.verdict for one in reminders.plan(which(now), now)]


def at_once(**numbers) -> Policy:
    """A policy under which a day's mails leave in the moment of the scan."""
    return Policy.objects.create(pk=1, spread_minutes=0, **numbers)


# Steps


def test_three_steps_fourteen_days_apart_and_then_silence(expert):
    at_once()
    left = []
    for day in range(-3, 120):
        scan(NOW + day * DAY)
        left += [day for _to in deliver(NOW + day * DAY)]

    assert left == [0, 14, 28]
    assert [step for step, _at in written()] == [0, 1, 2]


def test_a_day_has_its_own_second_and_not_one_before(expert):
    assert scan(NOW - SECOND)["reminders"] == 0
    assert scan(NOW)["reminders"] == 1


def test_two_scans_write_once(expert):
    assert [scan(NOW)["reminders"], scan(NOW)["reminders"], scan(NOW + DAY / 2)["reminders"]] == [
        1,
        0,
        0,
    ]


def test_after_an_outage_only_the_latest_step_is_taken(expert):
    scan(NOW + 20 * DAY)

    assert [step for step, _at in written()] == [1]


def test_the_step_after_an_outage_keeps_its_distance(expert):
    at_once()
    scan(NOW + 20 * DAY)
    deliver(NOW + 20 * DAY)
    scan(NOW + 28 * DAY)
    assert verdicts(NOW + 28 * DAY) == [Verdict.SOON]

    scan(NOW + 33 * DAY)
    assert deliver(NOW + 34 * DAY - SECOND) == []
    assert deliver(NOW + 34 * DAY) == [expert.email]


@pytest.mark.parametrize("confirmed", [datetime(2024, 2, 29, 12, tzinfo=UTC)])
def test_a_leap_day_is_due_when_freshness_says_so(confirmed):
    expert = ExpertFactory(confirmed_at=confirmed)
    last = datetime(2025, 2, 28, 23, 59, 59, tzinfo=UTC)

    assert (expert.freshness(last), scan(last)["reminders"]) == ("fresh", 0)
    first = last + SECOND
    assert (expert.freshness(first), scan(first)["reminders"]) == ("due", 1)


def test_changed_numbers_count_at_the_next_scan(expert):
    scan(NOW - 100 * DAY)
    assert written() == []

    Policy.objects.create(pk=1, fresh_months=6)
    scan(NOW - 100 * DAY)

    assert [step for step, _at in written()] == [2]


def test_before_the_first_step_nobody_was_written_to(expert):
    at_once(reminder_days=[7, 21])

    assert verdicts(NOW) == [Verdict.LATER]
    assert verdicts(NOW + 7 * DAY) == [Verdict.WRITE]


def test_without_steps_nothing_is_written(expert):
    at_once(reminder_days=[])

    assert scan(NOW + 99 * DAY)["reminders"] == 0


# Distance, by the times at which mails left


def test_the_distance_counts_from_the_second_in_which_the_last_mail_left(expert):
    at_once()
    scan(NOW)
    deliver(NOW + 5 * timedelta(hours=1))
    scan(NOW + 14 * DAY)

    assert deliver(NOW + 14 * DAY + timedelta(hours=5) - SECOND) == []
    assert deliver(NOW + 14 * DAY + timedelta(hours=5)) == [expert.email]


def test_mail_that_was_held_past_the_next_step_is_replaced_by_that_step(expert):
    at_once()
    scan(NOW)
    scan(NOW + 14 * DAY)

    assert states() == [State.SKIPPED, State.QUEUED]
    assert OutgoingMail.objects.get(state="skipped").answer == "A later mail took its place."
    assert deliver(NOW + 15 * DAY) == [expert.email]
    assert scan(NOW + 28 * DAY)["reminders"] == 1, "a mail that did not leave counts for nothing"
    assert deliver(NOW + 28 * DAY) == []
    assert deliver(NOW + 29 * DAY) == [expert.email]


def claimed(mail_id: int, state: str, lease: str):
    """As a worker leaves a row that it claimed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_outgoingmail SET state = %s, claimed_by = gen_random_uuid(), "
            "lease_until = clock_timestamp() + %s::interval WHERE id = %s",
            [state, lease, mail_id],
        )


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_while_a_worker_has_the_last_mail_nothing_is_written(expert, state):
    at_once()
    scan(NOW)
    claimed(OutgoingMail.objects.get().pk, state, "1 minute")

    assert verdicts(NOW + 14 * DAY) == [Verdict.SOON]
    assert scan(NOW + 14 * DAY)["reminders"] == 0
    assert states() == [state]


def test_what_a_dead_worker_had_claimed_is_replaced(expert):
    at_once()
    scan(NOW)
    claimed(OutgoingMail.objects.get().pk, "queued", "-1 second")

    assert scan(NOW + 14 * DAY)["reminders"] == 1
    assert states() == [State.SKIPPED, State.QUEUED]


def test_nothing_is_written_while_the_last_mail_waits_for_its_hour(expert):
    at_once(reminder_days=[0, 1], days_between=1)
    scan(NOW)
    OutgoingMail.objects.update(next_try=NOW + DAY + SECOND)

    assert verdicts(NOW + DAY) == [Verdict.SOON]
    assert scan(NOW + DAY)["reminders"] == 0


@pytest.mark.parametrize("state", ["failed", "skipped"])
def test_a_mail_that_did_not_leave_counts_for_no_limit(expert, state):
    at_once(days_between=90)
    scan(NOW)
    OutgoingMail.objects.update(state=state, finished_at=NOW)

    assert [one.in_a_year for one in reminders.plan(ladders.ladder(NOW + 14 * DAY), NOW)] == [0]
    assert scan(NOW + 14 * DAY)["reminders"] == 1
    assert OutgoingMail.objects.get(state="queued").next_try == NOW + 14 * DAY


def test_a_mail_of_unknown_fate_counts(expert):
    at_once(reminders_a_year=1)
    scan(NOW)
    OutgoingMail.objects.update(state="uncertain")

    assert verdicts(NOW + 14 * DAY) == [Verdict.ENOUGH]


# At most three in any twelve months


def sent(expert, *moments, step=0) -> list[Reminder]:
    """Reminders that left at these moments, each in a cycle of its own."""
    made = []
    for moment in moments:
        one = Reminder.objects.create(
            topic="profile",
            object_id=expert.pk,
            cycle=moment,
            step=step,
            at=moment,
        )
        OutgoingMail.objects.create(
            kind="reminder", state="sent", reminder=one, finished_at=moment, to=expert.email
        )
        made.append(one)
    return made


def test_three_in_twelve_months_are_enough_until_the_oldest_is_twelve_months_old(expert):
    first = NOW - 300 * DAY
    sent(expert, first, NOW - 200 * DAY, NOW - 100 * DAY)

    assert verdicts(NOW) == [Verdict.ENOUGH]
    assert verdicts(first + YEAR - SECOND) == [Verdict.ENOUGH]
    assert verdicts(first + YEAR) == [Verdict.WRITE]


def test_a_round_does_not_beat_the_limit(expert):
    sent(expert, NOW - 300 * DAY, NOW - 200 * DAY, NOW - 3 * DAY)
    Round.objects.create(opened_at=NOW, opened_by=LeadFactory(), deadline=(NOW + 42 * DAY).date())

    assert verdicts(NOW + DAY) == [Verdict.ENOUGH], "although the last mail is short ago, too"
    assert scan(NOW + DAY)["reminders"] == 0


def test_what_the_lead_wrote_by_hand_counts_for_neither_limit(expert):
    at_once(reminders_a_year=1)
    lead = LeadFactory()
    with time_machine.travel(NOW - DAY, tick=False):
        mine = reminders.write_again(
            ladders.ladder(NOW), expert.pk, DUE, expert.email, "en", lead, NOW - DAY
        )
    assert deliver(NOW - DAY) == [expert.email]

    assert (mine.reminder.step, mine.reminder.by) == (None, lead)
    scan(NOW)
    assert deliver(NOW) == [expert.email]


def test_a_notice_counts_for_the_distance_but_not_for_the_limit(expert):
    at_once(reminders_a_year=1)
    sent(expert, NOW - 15 * DAY, step=Reminder.NOTICE)
    assert verdicts(NOW) == [Verdict.WRITE]

    sent(expert, NOW - 3 * DAY, step=Reminder.NOTICE)
    assert verdicts(NOW) == [Verdict.SOON]


# Who is not written to


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"paused_until": (NOW + DAY).date()}, Verdict.PAUSED),
        ({"paused_until": NOW.date()}, Verdict.WRITE),
        ({"reminders_off_at": NOW - DAY}, Verdict.OFF),
        ({"reminders_off_at": NOW, "paused_until": (NOW + DAY).date()}, Verdict.PAUSED),
        ({"email": ""}, Verdict.NOWHERE),
        ({"status": "unlisted"}, None),
        ({"status": "withdrawn"}, None),
        ({"confirmed_at": DUE + SECOND}, None),
        ({"confirmed_at": None}, None),
    ],
)
def test_the_plan_says_why_and_the_scan_does_that(expert, values, why):
    Expert.objects.update(**values)

    assert verdicts(NOW) == ([why] if why else [])
    assert scan(NOW)["reminders"] == (why == Verdict.WRITE)


@pytest.mark.parametrize(
    ("topic", "reason", "why"),
    [
        ("", "bounced", Verdict.BOUNCED),
        ("", "complaint", Verdict.STOPPED),
        ("profile", "stopped", Verdict.STOPPED),
        ("another", "stopped", Verdict.WRITE),
    ],
)
def test_an_address_that_must_not_be_written_to_is_not(expert, topic, reason, why):
    Suppression.objects.create(address_hash=hash_of(expert.email), topic=topic, reason=reason)

    assert verdicts(NOW) == [why]
    assert scan(NOW)["reminders"] == (why == Verdict.WRITE)


def test_who_has_no_own_address_is_written_to_at_the_one_of_the_sign_in():
    expert = ExpertFactory(confirmed_at=DUE, claimed=True)
    Expert.objects.update(email="")
    scan(NOW)

    assert OutgoingMail.objects.get().to == expert.user.email


# Between scan and delivery


def confirms(expert):
    confirmation.confirm(expert.pk, NOW + SECOND)


def pauses(expert):
    listing.pause(expert.pk, (NOW + 3 * DAY).date(), NOW)


def switches_off(expert):
    Expert.objects.update(reminders_off_at=NOW)


def is_taken_off(expert):
    listing.unlist(expert.pk, LeadFactory(), "Reason", NOW)


def withdraws(expert):
    listing.remove(expert.pk, None, NOW)


def bounced(expert):
    bounces.note(expert.email, Bounce.Kind.HARD, Bounce.Source.REPORT, NOW)


def loses_the_address(expert):
    Expert.objects.update(email="")


@pytest.mark.parametrize(
    "event",
    [confirms, pauses, switches_off, is_taken_off, withdraws, bounced, loses_the_address],
    ids=lambda event: event.__name__,
)
def test_a_mail_whose_reason_is_gone_does_not_leave(expert, event):
    scan(NOW)
    event(expert)
    deliver(NOW + DAY)

    reminder = OutgoingMail.objects.get(kind="reminder")
    assert (reminder.state, bool(reminder.answer)) == (State.SKIPPED, True)


def open_round(at) -> Round:
    return Round.objects.create(
        opened_at=at, opened_by=LeadFactory(), deadline=(at + 42 * DAY).date()
    )


def outdated() -> list[str]:
    taken = list(Reminder.objects.filter(mail__state="queued").order_by("pk"))
    found = ladders.outdated(taken, NOW + DAY)
    return [found.get(one.pk, "") for one in taken]


def test_a_round_ends_the_ladder_that_was_running(expert):
    scan(NOW)
    assert outdated() == [""]

    round_ = open_round(NOW + SECOND)
    assert outdated() == ["It is not due any more."]
    scan(NOW + DAY)
    assert written() == [(0, NOW), (0, NOW + DAY)]
    assert states() == [State.SKIPPED, State.QUEUED]
    assert Reminder.objects.latest("pk").cycle == round_.opened_at


def test_a_cancelled_round_takes_its_mails_along(expert):
    Expert.objects.update(confirmed_at=NOW - 30 * DAY)
    round_ = open_round(NOW)
    scan(NOW)
    assert outdated() == [""]

    Round.objects.filter(pk=round_.pk).update(cancelled_at=NOW + SECOND)
    assert outdated() == ["It is not due any more."]
    assert verdicts(NOW + DAY) == []


def test_a_longer_year_takes_the_mails_of_the_shorter_along(expert):
    scan(NOW)
    Policy.objects.create(pk=1, fresh_months=13)

    assert outdated() == ["It is not due any more."]


def test_a_mail_of_unknown_fate_that_is_repeated_does_not_leave_beside_a_newer_one(expert):
    at_once(days_between=1)
    scan(NOW)
    OutgoingMail.objects.update(state="uncertain")
    first = Reminder.objects.get()
    scan(NOW + 14 * DAY)
    newer = Reminder.objects.latest("pk")
    OutgoingMail.objects.filter(reminder=first).update(state="queued")
    late = "Another mail about the profile left meanwhile."

    assert ladders.outdated([first, newer], NOW + 14 * DAY) == {first.pk: late}
    OutgoingMail.objects.filter(reminder=newer).update(
        state="sent", finished_at=NOW + 14 * DAY + SECOND
    )
    assert ladders.outdated([first], NOW + 15 * DAY) == {first.pk: late}
    assert ladders.outdated([first], NOW + 15 * DAY + SECOND) == {}


def test_what_the_lead_wrote_by_hand_is_never_outdated(expert):
    lead = LeadFactory()
    with time_machine.travel(NOW, tick=False):
        for _times in range(2):
            mine = reminders.write_again(
                ladders.ladder(NOW), expert.pk, DUE, expert.email, "en", lead, NOW
            )

    assert ladders.outdated([mine.reminder], NOW) == {}


# Before a profile leaves the list


SILENT = NOW - relativedelta(months=36)


def test_a_notice_thirty_days_before_and_then_off_the_list():
    at_once(reminder_days=[])
    expert = ExpertFactory(confirmed_at=SILENT)
    first = NOW - 30 * DAY

    assert scan(first - SECOND) == {"reminders": 0, "notices": 0, "unlisted for silence": 0}
    assert scan(first)["notices"] == 1
    assert deliver(first) == [expert.email]
    assert scan(NOW - SECOND)["unlisted for silence"] == 0
    assert scan(NOW)["unlisted for silence"] == 1
    expert.refresh_from_db()
    assert (expert.status, expert.unlisted_for) == ("unlisted", "silence")


def test_without_a_notice_that_left_in_time_nobody_leaves_the_list():
    at_once(reminder_days=[])
    expert = ExpertFactory(confirmed_at=SILENT)
    late = NOW + 200 * DAY
    scan(NOW)
    assert scan(late)["unlisted for silence"] == 0, "the notice waits"

    assert deliver(late) == [expert.email]
    assert scan(late + 30 * DAY - SECOND)["unlisted for silence"] == 0
    assert scan(late + 30 * DAY)["unlisted for silence"] == 1


def test_a_shorter_notice_takes_nobody_off_before_the_months_are_over():
    policy = at_once(reminder_days=[])
    ExpertFactory(confirmed_at=SILENT)
    scan(NOW - 30 * DAY)
    deliver(NOW - 30 * DAY)
    policy.notice_days = 10
    policy.save()

    assert scan(NOW - SECOND)["unlisted for silence"] == 0
    assert scan(NOW)["unlisted for silence"] == 1


def test_a_paused_profile_gets_no_notice_and_stays():
    at_once(reminder_days=[])
    ExpertFactory(confirmed_at=SILENT, paused_until=(NOW + 60 * DAY).date())

    assert scan(NOW) == {"reminders": 0, "notices": 0, "unlisted for silence": 0}
    assert verdicts(NOW, ladders.notice) == [Verdict.PAUSED]


def test_a_profile_paused_after_the_notice_stays_as_long():
    at_once(reminder_days=[])
    ExpertFactory(confirmed_at=SILENT)
    scan(NOW)
    deliver(NOW)
    Expert.objects.update(paused_until=(NOW + 60 * DAY).date())

    assert scan(NOW + 59 * DAY)["unlisted for silence"] == 0
    assert scan(NOW + 60 * DAY)["unlisted for silence"] == 1


def test_reminders_switched_off_do_not_hide_the_notice():
    at_once()
    expert = ExpertFactory(confirmed_at=SILENT, reminders_off_at=NOW - 90 * DAY)
    scan(NOW)

    assert deliver(NOW) == [expert.email]
    assert [step for step, _at in written()] == [Reminder.NOTICE]


def test_who_never_confirmed_leaves_twelve_months_after_the_first_round():
    ended = (NOW - 10 * DAY).date()
    at_once(reminder_days=[], first_round_ended_on=ended)
    expert = ExpertFactory(confirmed_at=None)
    leaves = datetime(ended.year + 1, ended.month, ended.day, tzinfo=UTC)

    assert scan(leaves - 30 * DAY - SECOND)["notices"] == 0
    assert scan(leaves - 30 * DAY)["notices"] == 1
    deliver(leaves - 30 * DAY)
    assert scan(leaves)["unlisted for silence"] == 1
    confirmation.confirm(expert.pk, leaves + DAY)
    expert.refresh_from_db()
    assert (expert.status, expert.unlisted_for) == ("listed", "")


def test_who_never_confirmed_stays_while_the_first_round_has_not_ended():
    at_once(reminder_days=[])
    ExpertFactory(confirmed_at=None, created_at=NOW - 1500 * DAY)

    assert scan(NOW) == {"reminders": 0, "notices": 0, "unlisted for silence": 0}


def test_who_the_lead_puts_back_gets_another_notice_before_leaving_again():
    at_once(reminder_days=[])
    expert = ExpertFactory(confirmed_at=SILENT)
    scan(NOW)
    deliver(NOW)
    scan(NOW + 30 * DAY)
    listing.relist(expert.pk, LeadFactory(), NOW + 40 * DAY)

    assert scan(NOW + 41 * DAY)["unlisted for silence"] == 0
    assert expert.email in deliver(NOW + 41 * DAY)
    assert scan(NOW + 71 * DAY)["unlisted for silence"] == 1
    assert [step for step, _at in written()] == [Reminder.NOTICE] * 2


def test_a_reminder_and_a_notice_of_one_day_leave_one_after_the_other():
    at_once()
    expert = ExpertFactory(confirmed_at=SILENT)
    open_round(NOW)
    planned = [one.verdict for _ladder, one in ladders.plan(NOW)]

    assert scan(NOW) == {"reminders": 1, "notices": 0, "unlisted for silence": 0}
    assert planned == [Verdict.WRITE, Verdict.SOON]
    left = []
    for day in range(60):
        scan(NOW + day * DAY)
        left += [day for to in deliver(NOW + day * DAY) if to == expert.email]
    assert left == [0, 14, 28, 44], "a reminder, the notice, a reminder, and 'off the list'"
    assert [step for step, _at in written()] == [0, Reminder.NOTICE, 1, 2]
    assert states() == [State.SENT, State.SENT, State.SKIPPED, State.SENT, State.SENT]


def test_a_notice_that_waits_is_not_replaced_by_a_reminder():
    at_once(reminder_days=[])
    ExpertFactory(confirmed_at=SILENT)
    scan(NOW)
    Policy.objects.update(reminder_days=[0])

    assert verdicts(NOW + 9 * DAY) == [Verdict.SOON]
    assert scan(NOW + 9 * DAY)["reminders"] == 0
    assert states() == [State.QUEUED]


# Rounds and cycles


def test_who_was_never_asked_is_not_due_before_a_round(expert):
    Expert.objects.update(confirmed_at=None)
    assert scan(NOW)["reminders"] == 0

    open_round(NOW)
    assert scan(NOW)["reminders"] == 1


def test_who_confirmed_in_the_round_has_a_year(expert):
    open_round(NOW)
    confirmation.confirm(expert.pk, NOW + DAY)

    assert verdicts(NOW + DAY + YEAR - SECOND) == []
    assert verdicts(NOW + DAY + YEAR) == [Verdict.WRITE]


# All of them, at once


def test_the_plan_is_what_the_scan_does():
    Policy.objects.create(pk=1, spread_minutes=0)
    for number in range(40):
        expert = ExpertFactory(
            confirmed_at=DUE - number * DAY,
            paused_until=(NOW + DAY).date() if number % 7 == 3 else None,
            reminders_off_at=NOW if number % 11 == 5 else None,
        )
        sent(expert, *[NOW - (10 + 5 * k + 9 * (number % 4)) * DAY for k in range(number % 5)])
    planned = {one.object_id: one for one in reminders.plan(ladders.ladder(NOW), NOW)}
    wanted = {key: one.step for key, one in planned.items() if one.verdict == Verdict.WRITE}
    before = set(Reminder.objects.values_list("pk", flat=True))
    scan(NOW)

    fresh = Reminder.objects.exclude(pk__in=before)
    assert dict(fresh.values_list("object_id", "step")) == wanted
    assert {one.verdict for one in planned.values()} >= {
        Verdict.WRITE,
        Verdict.SOON,
        Verdict.ENOUGH,
        Verdict.PAUSED,
        Verdict.OFF,
    }
    assert len(planned) == 40


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 100])
def test_pieces_of_any_size_do_the_same(monkeypatch, at_a_time):
    monkeypatch.setattr(reminders, "AT_ONCE", at_a_time)
    experts = [ExpertFactory(confirmed_at=DUE) for _number in range(6)]

    assert len(list(reminders.plan(ladders.ladder(NOW), NOW))) == 6
    assert scan(NOW)["reminders"] == 6
    assert sorted(OutgoingMail.objects.values_list("to", flat=True)) == sorted(
        expert.email for expert in experts
    )


def test_the_queries_do_not_follow_those_who_are_not_due(django_assert_num_queries):
    """Nor those who are, up to AT_ONCE."""
    ExpertFactory(confirmed_at=DUE)
    with django_assert_num_queries(10) as counted:
        scan(NOW)
    for number in range(30):
        ExpertFactory(confirmed_at=DUE if number < 4 else NOW)

    with django_assert_num_queries(len(counted)):
        scan(NOW)


def test_a_day_s_mails_are_spread_over_the_minutes_of_the_policy():
    Policy.objects.create(pk=1, spread_minutes=600)
    for _number in range(60):
        ExpertFactory(confirmed_at=DUE)
    scan(NOW)
    times = sorted(OutgoingMail.objects.values_list("next_try", flat=True))
    hours = {(moment - NOW) // timedelta(hours=1) for moment in times}

    assert times[0] >= NOW
    assert times[-1] < NOW + timedelta(minutes=600)
    assert len(hours) >= 8


def test_a_profile_keeps_its_place_in_the_day(expert):
    scan(NOW)
    first = OutgoingMail.objects.get().next_try
    deliver(first)
    scan(NOW + 14 * DAY)

    assert OutgoingMail.objects.latest("pk").next_try == first + 14 * DAY


@pytest.mark.parametrize(
    ("chosen", "spoken", "language"),
    [
        ("", ["ja", "es", "fr"], "es"),
        ("fr", ["es"], "fr"),
        ("", ["ja"], "en"),
        ("", [], "en"),
        ("de", ["fr"], "fr"),
    ],
)
def test_the_language_is_the_readers_in_sql_as_in_python(expert, chosen, spoken, language):
    Expert.objects.update(mail_language=chosen, languages=spoken)
    scan(NOW)

    assert OutgoingMail.objects.get().language == language
    assert Expert.objects.get().reads == language


def test_two_schedulers_at_once_write_once(transactional_db):
    for _number in range(30):
        ExpertFactory(confirmed_at=DUE)
    start, results = threading.Barrier(4), []

    def one():
        start.wait()
        try:
            results.append(ladders.scan(NOW)["reminders"])
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(results), sum(results)) == (4, 30)
    assert OutgoingMail.objects.count() == Reminder.objects.count() == 30


def test_a_worker_that_claims_in_the_same_instant_keeps_its_mail(transactional_db, expert):
    """The scan waits for the claim's commit and sees that the mail is not free any more."""
    from django.db import transaction

    at_once()
    scan(NOW)
    key = OutgoingMail.objects.get().pk
    is_claimed, results = threading.Event(), []

    def scheduler():
        is_claimed.wait()
        try:
            results.append(ladders.scan(NOW + 14 * DAY)["reminders"])
        finally:
            connection.close()

    thread = threading.Thread(target=scheduler)
    thread.start()
    with transaction.atomic():
        claimed(key, "sending", "1 minute")
        is_claimed.set()
        _until_somebody_waits_for_a_lock()
    thread.join()

    assert (results, states()) == ([0], [State.SENDING])


def _until_somebody_waits_for_a_lock():
    from wmaportal.local import servers

    def waits():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return cursor.fetchone()[0] > 0

    servers.wait_until(waits, 10)
