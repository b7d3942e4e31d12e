"""Refresh rounds: opened, cancelled, ended by themselves; what the Lead sees of them."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from experts import confirmation, reminders, rounds
from experts.models import Edition, Expert, Policy, Round
from mailings import delivery, suppression
from mailings.models import OutgoingMail, Reminder, Suppression
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import NOW, TODAY, ExpertFactory, LeadFactory, SecretariatFactory
from wmaportal import housekeeping

pytestmark = pytest.mark.django_db
DEADLINE = TODAY + timedelta(days=56)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def open_round(lead, now=NOW, deadline=DEADLINE) -> Round:
    return rounds.open(deadline, lead, now)


def reminded(expert, now, state=OutgoingMail.State.SENT, step=0, cycle=None, answer=""):
    reminder = Reminder.objects.create(
        topic=reminders.TOPIC, object_id=expert.pk, cycle=cycle or now, step=step, at=now
    )
    return OutgoingMail.objects.create(
        kind=OutgoingMail.Kind.REMINDER,
        state=state,
        to=expert.email,
        reminder=reminder,
        created_at=now,
        next_try=now,
        finished_at=now,
        answer=answer,
    )


# Open


def test_a_round_makes_everybody_due_who_has_not_confirmed_since(lead, mailoutbox, clock):
    experts = [ExpertFactory(confirmed_at=NOW - timedelta(days=1)) for _n in range(3)]
    assert reminders.scan(NOW)["reminders"] == 0

    open_round(lead)
    confirmation.confirm(experts[0].pk, NOW + timedelta(minutes=1))

    assert reminders.scan(NOW + timedelta(minutes=2))["reminders"] == 2
    clock.move_to(NOW + timedelta(hours=9))
    assert {mail.to[0] for mail in mailoutbox} == {experts[1].email, experts[2].email}
    decision = Decision.objects.get()
    assert (decision.actor, decision.action) == (lead, "opened a round")


@pytest.mark.parametrize(
    ("days", "fits"), [(-1, False), (0, False), (6, False), (7, True), (180, True), (181, False)]
)
def test_a_deadline_is_7_to_180_days_ahead(lead, days, fits):
    deadline = TODAY + timedelta(days=days)
    if fits:
        open_round(lead, deadline=deadline)
    else:
        with pytest.raises(Refused, match="Choose a day from 1 December 2026 to 23 May 2027"):
            open_round(lead, deadline=deadline)

    assert Round.objects.count() == int(fits)


def test_one_round_is_open_at_a_time(lead):
    first = open_round(lead)
    with pytest.raises(Refused, match="A round is open already"):
        open_round(lead, NOW + timedelta(days=1))

    rounds.cancel(first.pk, lead, "By mistake.", NOW + timedelta(days=1))
    open_round(lead, NOW + timedelta(days=2))

    assert Round.objects.count() == 2


# Cancel


def test_a_cancelled_round_asks_nobody_and_its_waiting_mail_stays_here(lead, mailoutbox, clock):
    expert = ExpertFactory()
    one = open_round(lead)
    reminders.scan(NOW + timedelta(minutes=1))

    rounds.cancel(one.pk, lead, "By mistake.", NOW + timedelta(minutes=2))

    clock.move_to(NOW + timedelta(hours=9))
    assert list(mailoutbox) == []
    assert OutgoingMail.objects.get().state == OutgoingMail.State.SKIPPED
    assert reminders.scan(NOW + timedelta(days=15))["reminders"] == 0
    assert Decision.objects.filter(action="cancelled a round").get().reason == "By mistake."
    assert not Edition.objects.exists()
    assert Expert.objects.get() == expert


def test_a_round_is_cancelled_once_with_a_reason_and_not_after_its_end(lead):
    one = open_round(lead)
    with pytest.raises(Refused, match="Give a reason"):
        rounds.cancel(one.pk, lead, " ", NOW)
    rounds.cancel(one.pk, lead, "By mistake.", NOW)
    with pytest.raises(Refused, match="This round is over"):
        rounds.cancel(one.pk, lead, "Again.", NOW)

    ended = open_round(lead, NOW + timedelta(days=1))
    rounds.end_past(NOW + timedelta(days=60))
    with pytest.raises(Refused, match="This round is over"):
        rounds.cancel(ended.pk, lead, "Too late.", NOW + timedelta(days=61))


# End


def test_a_round_ends_after_the_day_of_its_deadline_with_an_edition(lead, clock):
    ExpertFactory()
    one = open_round(lead)
    midnight = NOW.replace(hour=0) + timedelta(days=57)

    assert rounds.end_past(midnight - timedelta(seconds=1)) == 0
    assert housekeeping.keep_house(midnight)["rounds ended"] == 1

    one.refresh_from_db()
    assert (one.ended_at, one.edition.at) == (midnight, midnight)
    assert Policy.current().first_round_ended_on == midnight.date()
    assert rounds.end_past(midnight + timedelta(hours=1)) == 0
    assert Edition.objects.count() == 1


def test_only_the_first_round_sets_its_end_in_the_policy(lead):
    Policy.objects.create(pk=1, first_round_ended_on=date(2025, 3, 1))
    open_round(lead)

    rounds.end_past(NOW + timedelta(days=60))

    assert Policy.current().first_round_ended_on == date(2025, 3, 1)


def test_a_cancelled_round_does_not_end(lead):
    rounds.cancel(open_round(lead).pk, lead, "By mistake.", NOW)

    assert rounds.end_past(NOW + timedelta(days=60)) == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_end_the_same_round_make_one_edition():
    ExpertFactory()
    open_round(LeadFactory())
    together, ended = Barrier(2), []

    def work():
        try:
            together.wait()
            ended.append(rounds.end_past(NOW + timedelta(days=60)))
        finally:
            connection.close()

    workers = [Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(ended) == [0, 1]
    assert Edition.objects.count() == 1
    assert Edition.objects.get().entries.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_open_a_round_at_once_open_one():
    leads, together, opened = [LeadFactory(), LeadFactory()], Barrier(2), []

    def work(lead, now):
        try:
            together.wait()
            opened.append(open_round(lead, now))
        except Refused as refusal:
            opened.append(str(refusal))
        finally:
            connection.close()

    workers = [
        Thread(target=work, args=(lead, NOW + timedelta(seconds=place)))
        for place, lead in enumerate(leads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Round.objects.count() == 1
    assert "A round is open already. Cancel it, or wait for its deadline." in opened


# Preview


def test_the_preview_says_who_would_be_written_to_and_who_not(lead):
    fine = ExpertFactory()
    soon, off, nowhere, enough = (ExpertFactory() for _n in range(4))
    reminded(soon, NOW - timedelta(days=3))
    Expert.objects.filter(pk=off.pk).update(reminders_off_at=NOW)
    Expert.objects.filter(pk=nowhere.pk).update(email="")
    for days in (300, 200, 100):
        reminded(enough, NOW - timedelta(days=days))

    found = rounds.preview(NOW)

    assert (found.due, found.now, found.later, found.unreached) == (5, 1, 1, 3)
    assert dict(found.people) == {
        off: "Switched reminders off",
        nowhere: "Has no e-mail address",
        enough: "Had as many reminders in 12 months as the policy allows",
    }
    assert (found.steps, found.spread_hours) == ([0, 14, 28], 8)
    assert Reminder.objects.count() == 4  # nothing was written
    assert fine not in dict(found.people)


def test_the_preview_is_what_the_round_does(lead):
    for _n in range(5):
        ExpertFactory()
    Expert.objects.filter(pk=Expert.objects.earliest("pk").pk).update(email="")

    promised = rounds.preview(NOW).now
    open_round(lead)

    assert reminders.scan(NOW)["reminders"] == promised == 4


# Progress


def test_progress_counts_confirmed_reminded_and_who_was_not_written_to(lead, clock):
    confirmed, once, off, enough, lost = (
        ExpertFactory(country_id=code) for code in ("FR", "JP", "JP", "JP", "FR")
    )
    one = open_round(lead)
    Expert.objects.filter(pk=off.pk).update(reminders_off_at=NOW)
    for days in (300, 200, 100):
        reminded(enough, NOW - timedelta(days=days))
    reminded(lost, NOW, OutgoingMail.State.FAILED, cycle=one.opened_at, answer="550 No such user")
    assert reminders.scan(NOW)["reminders"] == 2
    clock.move_to(NOW + timedelta(hours=9))
    delivery.deliver()
    confirmation.confirm(confirmed.pk, NOW + timedelta(days=1))

    found = rounds.progress(one, NOW + timedelta(days=1))

    assert (found.asked, found.confirmed, found.waiting, found.unreached) == (5, 1, 0, 3)
    assert found.reminded == [(1, 2)]
    assert dict(found.people) == {
        off: "Switched reminders off",
        enough: "Had as many reminders in 12 months as the policy allows",
        lost: "550 No such user",
    }
    assert [
        (row["code"], row["asked"], row["confirmed"]) for row in found.regions if row["asked"]
    ] == [("east-asia", 3, 0), ("europe", 2, 1)]
    assert once not in dict(found.people)


def test_the_limit_of_three_reminders_beats_a_round(lead, mailoutbox, clock):
    expert = ExpertFactory()
    for days in (300, 200, 100):
        reminded(expert, NOW - timedelta(days=days))
    one = open_round(lead)

    for day in range(0, 57, 7):
        reminders.scan(NOW + timedelta(days=day))
    clock.move_to(NOW + timedelta(days=57))

    assert Reminder.objects.filter(cycle=one.opened_at).count() == 0
    assert [e for e, _why in rounds.progress(one, NOW + timedelta(days=30)).people] == [expert]


def test_progress_takes_the_same_queries_for_one_and_for_many(lead, django_assert_max_num_queries):
    one = open_round(lead)
    Expert.objects.filter(pk=ExpertFactory().pk).update(email="")
    with django_assert_max_num_queries(30) as few:
        rounds.progress(one, NOW)
    for _n in range(9):
        Expert.objects.filter(pk=ExpertFactory().pk).update(email="")
    with django_assert_max_num_queries(30) as many:
        assert len(rounds.progress(one, NOW).people) == 10

    assert len(many) == len(few)


# Pages


def test_the_lead_opens_a_round_on_a_page_that_says_what_it_would_do(client, lead):
    expert = ExpertFactory(email="", name="Expert 03 (example)")
    page = client.get(reverse("admin:experts_round_add"))
    assert "Expert 03 (example)" in page.content.decode()
    assert "Has no e-mail address" in page.content.decode()

    response = client.post(reverse("admin:experts_round_add"), {"deadline": DEADLINE.isoformat()})

    one = Round.objects.get()
    assert response.url == reverse("admin:experts_round_change", args=[one.pk])
    assert (one.opened_by, one.deadline) == (lead, DEADLINE)
    assert str(expert) in client.get(response.url).content.decode()


@pytest.mark.parametrize("deadline", ["", "nonsense", "2026-11-25", "2030-01-01"])
def test_a_deadline_that_does_not_fit_is_said(client, lead, deadline):
    response = client.post(reverse("admin:experts_round_add"), {"deadline": deadline})

    assert response.context["form"].errors.keys() == {"deadline"}
    assert Round.objects.count() == 0


def test_the_lead_cancels_on_the_page_of_the_round_with_a_reason(client, lead):
    one = open_round(lead)
    url = reverse("admin:experts_round_cancel", args=[one.pk])
    assert client.get(url).status_code == 302
    assert client.post(url, {"reason": " "}).context["form"].errors.keys() == {"reason"}

    client.post(url, {"reason": "By mistake."})

    one.refresh_from_db()
    assert one.cancelled_at == NOW
    assert (
        "cancelled"
        in client.get(reverse("admin:experts_round_change", args=[one.pk])).content.decode()
    )


def test_a_round_that_does_not_exist_is_not_found(client, lead):
    for pk in ("999999", "nonsense", "9" * 30):
        assert client.get(f"/admin/experts/round/{pk}/change/").status_code == 404


def test_the_secretariat_opens_no_round(client):
    client.force_login(SecretariatFactory(totp=True))

    for name, args in (("add", []), ("cancel", [1])):
        url = reverse(f"admin:experts_round_{name}", args=args)
        assert client.post(url, {"deadline": DEADLINE, "reason": "x"}).status_code == 403


def test_an_address_that_bounced_is_named_on_the_page(client, lead):
    expert = ExpertFactory()
    one = open_round(lead)
    reason = Suppression.Reason.BOUNCED
    suppression.suppress(suppression.hash_of(expert.email), "", reason, NOW)

    page = client.get(reverse("admin:experts_round_change", args=[one.pk])).content.decode()

    assert "Mail to the address comes back" in page
