"""A mailing from the freeze to its end: who gets it, who does not, and why (true SMTP)."""

# ruff: noqa: F401, F811 (fixtures are imported)
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from mailings import (
    announcement_mails,
    campaigning,
    delivery,
    outbox,
    subscribing,
    suppression,
    tasks,
    throttle,
    topics,
)
from mailings.models import (
    Announcement,
    Campaign,
    Frequency,
    OutgoingMail,
    StopLink,
    Subscription,
    Suppression,
)
from partners.models import Decision, Partner
from partners.refusals import Refused
from tests.factories import (
    AnnouncementFactory,
    CampaignFactory,
    LeadFactory,
    PreferencesFactory,
    RoleFactory,
    SubscriptionFactory,
    UserFactory,
    topic_called,
)
from tests.mailings.test_delivery import ready_made, server, sink

State, Status = OutgoingMail.State, Campaign.Status


def now():
    return timezone.now()


def begun(readers: int = 3, **values) -> Campaign:
    """A mailing to so many readers, that nobody delivers yet."""
    announcement = AnnouncementFactory(**values)
    SubscriptionFactory.create_batch(readers, topic=announcement.topic)
    return campaigning.start(announcement.pk, None, now())


def states(campaign) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in campaign.mails.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def fresh(row):
    row.refresh_from_db()
    return row


# The freeze


def test_each_reader_has_a_row_of_the_outbox_and_nobody_else(db):
    announcement = AnnouncementFactory()
    wanted = SubscriptionFactory.create_batch(2)
    french = SubscriptionFactory()
    PreferencesFactory(user=french.user, language="fr")
    for frequency in (Frequency.DAILY, Frequency.WEEKLY, Frequency.NEVER):
        SubscriptionFactory(frequency=frequency)
    SubscriptionFactory(topic=topic_called("events"))
    SubscriptionFactory(user=UserFactory())  # no partner
    SubscriptionFactory(user__is_active=False)
    PreferencesFactory(user=SubscriptionFactory().user, languages=["es"])
    lead, moment = LeadFactory(), now()

    campaign = campaigning.start(announcement.pk, lead, moment)

    mails = {mail.reader_id: mail for mail in campaign.mails.all()}
    assert set(mails) == {one.user_id for one in [*wanted, french]}
    assert (campaign.size, campaign.started_by, campaign.frozen_at) == (3, lead, moment)
    mail = mails[french.user_id]
    assert (mail.to, mail.language) == (french.user.email, "fr")
    assert (mail.kind, mail.state, mail.priority) == ("announcement", "queued", 60)
    assert (mail.created_at, mail.next_try) == (moment, moment)
    assert len({one.message_id for one in mails.values()}) == 3
    assert len(mail.token) == 32
    assert mail.message_id == f"<{mail.token}@{delivery.settings.MAIL_DOMAIN}>"


def test_what_is_for_core_members_goes_to_them_alone(db):
    announcement = AnnouncementFactory(audience="core")
    SubscriptionFactory()
    core = SubscriptionFactory()
    RoleFactory(user=core.user, kind="core_member")

    campaign = campaigning.start(announcement.pk, None, now())

    assert [mail.reader_id for mail in campaign.mails.all()] == [core.user_id]


def test_the_author_gets_it_once_as_everybody(db):
    announcement = AnnouncementFactory()
    SubscriptionFactory(user=announcement.author)

    campaign = campaigning.start(announcement.pk, None, now())

    assert [mail.reader_id for mail in campaign.mails.all()] == [announcement.author_id]


def test_a_second_start_is_the_same_mailing(db):
    campaign = begun(2)
    SubscriptionFactory()

    assert campaigning.start(campaign.announcement_id, LeadFactory(), now()) == campaign
    assert campaign.mails.count() == 2


@pytest.mark.parametrize("status", ["draft", "submitted", "withdrawn"])
def test_what_is_not_published_is_not_sent(db, status):
    announcement = AnnouncementFactory(status=status)

    with pytest.raises(Refused):
        campaigning.start(announcement.pk, None, now())

    assert not Campaign.objects.exists()


def test_two_moderators_at_once_start_one_mailing(transactional_db):
    announcement = AnnouncementFactory()
    SubscriptionFactory.create_batch(5)
    together, found = threading.Barrier(4), []

    def run():
        try:
            together.wait()
            found.append(campaigning.start(announcement.pk, None, now()).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert set(found) == {Campaign.objects.get().pk}
    assert OutgoingMail.objects.count() == 5


# Each mail as it leaves


def test_a_mailing_reaches_each_reader_once_and_is_done(sink):
    campaign = begun(45)

    tasks.deliver()

    assert sorted(sink.taken()) == sorted(campaign.mails.values_list("to", flat=True))
    assert states(campaign) == {"sent": 45}
    assert fresh(campaign).status == Status.DONE
    assert campaign.finished_at


def test_a_mailing_to_nobody_is_done_too(sink):
    campaign = begun(0)

    tasks.deliver()

    assert (fresh(campaign).status, campaign.size) == (Status.DONE, 0)


def changed(**values):
    return lambda subscription: Subscription.objects.filter(pk=subscription.pk).update(**values)


def left_the_partnership(subscription):
    Partner.objects.filter(person=subscription.user).update(status="withdrawn")


def closed(subscription):
    subscription.user.is_active = False
    subscription.user.save()


def narrowed(subscription):
    PreferencesFactory(user=subscription.user, languages=["es"])


def marked(subscription):
    hashed = suppression.hash_of(subscription.user.email)
    suppression.suppress(hashed, "", Suppression.Reason.BOUNCED, now())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (changed(frequency="never"), announcement_mails.LEFT),
        (changed(frequency="weekly"), announcement_mails.DIGEST),
        (lambda subscription: subscription.delete(), announcement_mails.LEFT),
        (narrowed, announcement_mails.NARROWED),
        (left_the_partnership, announcement_mails.OUTSIDE),
        (closed, announcement_mails.CLOSED),
        (marked, str(Suppression.Reason.BOUNCED.label)),
    ],
)
def test_what_changed_in_mid_campaign_is_heeded_by_the_next_claim(sink, change, why):
    campaign = begun(1)
    change(Subscription.objects.get())

    tasks.deliver()

    mail = campaign.mails.get()
    assert (mail.state, mail.answer) == (State.SKIPPED, why)
    assert mail.finished_at
    assert sink.taken() == []
    assert fresh(campaign).status == Status.DONE


def test_the_address_and_language_are_those_of_the_moment(sink):
    campaign = begun(1)
    subscription = Subscription.objects.get()
    subscription.user.email = "new@example.org"
    subscription.user.save()
    PreferencesFactory(user=subscription.user, language="es")

    tasks.deliver()

    mail = campaign.mails.get()
    assert (sink.taken(), mail.language) == (["new@example.org"], "es")


def test_one_click_without_cookie_and_the_mail_is_not_sent(sink, client, settings):
    settings.MAIL_RATE = 1  # the first two leave; what comes then is another claim
    campaign = begun(4)
    delivery.deliver(seconds=0.5)
    waiting = campaign.mails.filter(state=State.QUEUED).first()
    subscription = Subscription.objects.get(user=waiting.reader)
    [token] = topics.tokens(announcement_mails.TOPIC, [subscription.pk]).values()

    answer = client.post(reverse("mail_stop", args=[token]), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    settings.MAIL_RATE = 1000
    tasks.deliver()
    assert (fresh(waiting).state, waiting.answer) == (State.SKIPPED, announcement_mails.LEFT)
    assert waiting.to not in sink.taken()
    assert states(campaign) == {"sent": 3, "skipped": 1}


def by_one_click(row):
    subscribing.stop(row.pk, now())


def by_a_choice(row):
    subscribing.choose(row.user_id, {row.topic_id: Frequency.WEEKLY}, None, now())


def by_narrowing(row):
    choice = {"regions": [], "countries": [], "terms": [], "languages": ["fr"]}
    choice |= {"language": "en", "time_zone": "UTC"}
    subscribing.choose(row.user_id, {}, choice, now())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (by_one_click, announcement_mails.LEFT),
        (by_a_choice, announcement_mails.DIGEST),
        (by_narrowing, announcement_mails.NARROWED),
    ],
)
@pytest.mark.parametrize("which", [1, 2, 4], ids=["announced", "next", "last"])
def test_a_change_holds_for_the_very_next_mail(
    sink, monkeypatch, django_capture_on_commit_callbacks, which, change, why
):
    """Though a worker claimed it and asked before, and has told the server who comes next."""
    campaign = begun(5)
    rows = list(campaign.mails.order_by("pk"))
    row = Subscription.objects.get(user=rows[which].reader)
    before, once = delivery.Worker._finish, []

    def finish(worker, *values):
        if not once:
            once.append(row)
            with django_capture_on_commit_callbacks(execute=True):
                change(row)
        return before(worker, *values)

    monkeypatch.setattr(delivery.Worker, "_finish", finish)

    tasks.deliver()

    assert states(campaign) == {"sent": 4, "skipped": 1}
    skipped = campaign.mails.get(state=State.SKIPPED)
    assert (skipped.reader_id, skipped.answer) == (row.user_id, why)
    assert rows[which].to not in sink.taken()
    assert fresh(campaign).status == Status.DONE


def test_a_mail_in_hand_stays_in_hand(sink, monkeypatch, django_capture_on_commit_callbacks):
    """The server may have it already: its fate is written all the same."""
    campaign = begun(2)
    row = Subscription.objects.get(user=campaign.mails.order_by("pk")[0].reader)
    before = delivery.Worker._hand_over

    def hand_over(worker, mail):
        if mail.reader_id == row.user_id:
            with django_capture_on_commit_callbacks(execute=True):
                subscribing.stop(row.pk, now())
        return before(worker, mail)

    monkeypatch.setattr(delivery.Worker, "_hand_over", hand_over)

    tasks.deliver()

    assert states(campaign) == {"sent": 2}


def test_each_mail_has_the_stop_link_of_its_reader(sink):
    campaign = begun(3)

    delivery.deliver()

    for mail in campaign.mails.all():
        subscription = Subscription.objects.get(user=mail.reader)
        token = StopLink.objects.get(topic="announcements", object_id=subscription.pk).token
        found = set(StopLink.objects.values_list("token", flat=True))
        assert {one for one in found if one.encode() in mail.content} == {token}
        assert f"/mail/preferences/{token}/".encode() in mail.content


def test_a_withdrawn_announcement_does_not_leave(sink):
    campaign = begun(2)
    Announcement.objects.update(status="withdrawn", withdrawn_at=now())

    tasks.deliver()

    assert states(campaign) == {"skipped": 2}
    assert {mail.answer for mail in campaign.mails.all()} == {campaigning.WITHDRAWN}
    assert sink.taken() == []


def test_a_sign_in_code_overtakes_a_mailing(sink, settings):
    settings.MAIL_RATE = 1
    begun(30)
    mail = ready_made("new@example.org")

    delivery.deliver(seconds=0.5)

    assert fresh(mail).state == State.SENT
    assert sink.taken()[0] == "new@example.org"
    assert len(sink.taken()) < 10


# Pause, go on, stop


def test_a_paused_mailing_stands_still_and_goes_on(sink):
    campaign, lead = begun(3), LeadFactory()

    campaigning.pause(campaign.pk, lead, now(), "The date is wrong.")

    assert states(campaign) == {"paused": 3}
    assert delivery.deliver() == {}
    assert (fresh(campaign).status, campaign.why) == (Status.PAUSED, "The date is wrong.")

    campaigning.resume(campaign.pk, lead, now())
    tasks.deliver()

    assert len(sink.taken()) == 3
    assert fresh(campaign).status == Status.DONE
    said = Decision.objects.values_list("action", "actor").order_by("pk")
    assert list(said) == [("paused mailing", lead.pk), ("let mailing go on", lead.pk)]


def test_a_mail_that_was_tried_before_the_pause_is_deferred_after_it(sink):
    campaign = begun(1)
    sink.behave("later", 1)
    delivery.deliver()
    campaigning.pause(campaign.pk, None, now())

    campaigning.resume(campaign.pk, LeadFactory(), now())

    mail = campaign.mails.get()
    assert (mail.state, mail.attempts) == (State.DEFERRED, 1)


def test_what_is_claimed_when_the_mailing_is_paused_does_not_leave(sink, monkeypatch):
    """But for the one mail in hand, though the worker announced the next to the server."""
    campaign = begun(20)
    before, once = delivery.Worker._answer, []

    def answer(worker, mail):
        if not once:
            once.append(mail)
            campaigning.pause(campaign.pk, None, now())
        return before(worker, mail)

    monkeypatch.setattr(delivery.Worker, "_answer", answer)

    delivery.deliver()

    assert states(campaign) == {"sent": 1, "paused": 19}
    assert len(sink.taken()) == 1
    assert not campaign.mails.exclude(claimed_by=None).exists()


def test_what_comes_back_to_the_queue_of_a_paused_mailing_is_put_aside(sink):
    campaign = begun(1)
    campaigning.pause(campaign.pk, None, now())
    campaign.mails.update(state=State.DEFERRED, attempts=2, answer="451 Later")

    delivery.deliver()

    mail = campaign.mails.get()
    assert (mail.state, mail.attempts, mail.answer) == (State.PAUSED, 2, "451 Later")
    assert sink.taken() == []


def test_what_was_put_aside_after_the_mailing_went_on_is_found(sink):
    campaign = begun(1)
    campaign.mails.update(state=State.PAUSED)

    tasks.deliver()
    tasks.deliver()

    assert states(campaign) == {"sent": 1}
    tasks.deliver()
    assert fresh(campaign).status == Status.DONE


@pytest.mark.parametrize("is_paused", [True, False])
def test_a_stopped_mailing_never_leaves(sink, is_paused):
    campaign, lead = begun(3), LeadFactory()
    if is_paused:
        campaigning.pause(campaign.pk, lead, now())

    campaigning.stop(campaign.pk, lead, now())

    assert states(campaign) == {"skipped": 3}
    assert {mail.answer for mail in campaign.mails.all()} == {campaigning.STOPPED}
    assert (fresh(campaign).status, bool(campaign.finished_at)) == (Status.STOPPED, True)
    tasks.deliver()
    assert sink.taken() == []


def test_a_mail_of_a_stopped_mailing_that_is_repeated_is_skipped(sink):
    campaign = begun(1)
    campaigning.stop(campaign.pk, None, now())
    campaign.mails.update(state=State.QUEUED)

    tasks.deliver()

    assert states(campaign) == {"skipped": 1}


def test_the_mailing_of_a_withdrawn_announcement_is_stopped(sink):
    campaign = begun(2)

    campaigning.stop_for(campaign.announcement_id, LeadFactory(), now())
    campaigning.stop_for(campaign.announcement_id, LeadFactory(), now())

    assert fresh(campaign).status == Status.STOPPED
    assert {mail.answer for mail in campaign.mails.all()} == {campaigning.WITHDRAWN}


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("paused", "pause"),
        ("sending", "resume"),
        *((over, step) for over in ("stopped", "done") for step in ("pause", "resume", "stop")),
    ],
)
def test_a_step_out_of_turn_is_refused(db, status, step):
    finished = now() if status in ("stopped", "done") else None
    campaign = CampaignFactory(status=status, finished_at=finished)

    with pytest.raises(Refused):
        getattr(campaigning, step)(campaign.pk, LeadFactory(), now())

    assert fresh(campaign).status == status
    assert not Decision.objects.exists()


def test_a_mailing_with_an_uncertain_mail_is_not_done(sink):
    campaign = begun(2)
    campaign.mails.filter(pk=campaign.mails.first().pk).update(state=State.UNCERTAIN)

    tasks.deliver()
    assert fresh(campaign).status == Status.SENDING

    campaign.mails.filter(state=State.UNCERTAIN).update(state=State.SKIPPED)
    tasks.deliver()
    assert fresh(campaign).status == Status.DONE


# Failures


def test_twenty_refusals_in_a_row_pause_the_mailing_and_nothing_else(sink):
    campaign = begun(60)
    sink.behave("never_at_the_end")

    delivery.deliver()

    found = states(campaign)
    assert 20 <= found["failed"] <= 21, "the one in hand, too"
    assert found == {"failed": found["failed"], "paused": 60 - found["failed"]}
    assert (fresh(campaign).status, campaign.changed_by) == (Status.PAUSED, None)
    assert campaign.why == "20 mails in a row were refused."
    assert throttle.current().held_at is None


def finished(campaign, state, number):
    """So many mails of it came to this state a moment ago."""
    keys = campaign.mails.filter(state=State.QUEUED).values_list("pk", flat=True)[:number]
    campaign.mails.filter(pk__in=list(keys)).update(state=state, finished_at=now())


@pytest.mark.parametrize(
    ("sent", "failed", "is_paused"),
    [(90, 6, False), (94, 5, False), (94, 6, True), (114, 6, False), (100, 19, True)],
)
def test_a_large_part_refused_pauses_the_mailing(db, sent, failed, is_paused):
    campaign = begun(125)
    finished(campaign, State.FAILED, failed)
    finished(campaign, State.SENT, sent)

    assert campaigning.note_failure(campaign.pk, now()) is is_paused
    assert (fresh(campaign).status == Status.PAUSED) is is_paused


def test_what_was_refused_before_the_mailing_went_on_is_not_counted_again(db):
    campaign = begun(40)
    finished(campaign, State.FAILED, 20)
    assert campaigning.note_failure(campaign.pk, now())

    campaigning.resume(campaign.pk, LeadFactory(), now())

    assert not campaigning.note_failure(campaign.pk, now())


# The words


def test_a_text_that_fits_is_left_as_it_is():
    assert announcement_mails.shortened("One.\n\nTwo.") == "One.\n\nTwo."


@pytest.mark.parametrize("between", ["\n\n", "\n"])
def test_a_text_that_is_too_long_for_gmail_ends_at_a_paragraph_or_line(between):
    text = between.join(f"- Word {number}" for number in range(900))

    found = announcement_mails.shortened(text, 9000)

    assert 1000 < len(found) < 9000
    assert text.startswith(found + between)


def test_a_long_mail_is_below_what_gmail_shows_and_links_to_the_rest(sink):
    campaign = begun(1, text="a\n\n" * 3300)

    delivery.deliver()

    mail = campaign.mails.get()
    assert mail.state == State.SENT
    message = delivery.mime.read(bytes(mail.content))
    html = message.get_body(("html",)).get_content()
    assert 80_000 < len(html.encode()) < 100_000
    assert "Read the rest" in html
    assert "Read the rest" in message.get_body(("plain",)).get_content()
    assert "/mail/stop/" in html


def test_mails_of_one_language_are_written_once(sink, monkeypatch):
    begun(30)
    written, before = [], delivery.ground.write

    def write(*arguments):
        written.append(arguments)
        return before(*arguments)

    monkeypatch.setattr(delivery.ground, "write", write)

    assert delivery.deliver() == {"sent": 30}
    assert len(written) == 1


# The page


@pytest.fixture
def lead(client):
    user = LeadFactory()
    client.force_login(user)
    return user


def page(campaign) -> str:
    return reverse("announcement_campaign", args=[campaign.announcement_id])


def test_each_reader_is_in_one_state_with_the_reason(db, client, lead):
    campaign = begun(10)
    finished(campaign, State.SENT, 4)
    finished(campaign, State.FAILED, 2)
    campaign.mails.filter(state=State.FAILED).update(answer="550 No such user")
    finished(campaign, State.SKIPPED, 1)
    campaign.mails.filter(state=State.SKIPPED).update(answer=announcement_mails.LEFT)

    progress = client.get(page(campaign)).context["progress"]

    assert progress.rows == [
        ("Sent", "", 4),
        ("Queued", "", 3),
        ("Failed", "550 No such user", 2),
        ("Not sent", announcement_mails.LEFT, 1),
    ]
    assert (progress.sent, progress.waiting, progress.failed, progress.skipped) == (4, 3, 2, 1)
    assert (progress.total, progress.over) == (10, 7)
    assert progress.ends_at > progress.now


def test_the_file_has_a_row_for_each_person_of_the_audience(db, client, lead):
    campaign = begun(2)
    finished(campaign, State.SKIPPED, 1)
    campaign.mails.filter(state=State.SKIPPED).update(answer="=1+1")

    answer = client.get(reverse("announcement_campaign_csv", args=[campaign.announcement_id]))

    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    mails = list(campaign.mails.order_by("pk"))
    by_state = {mail.state: mail for mail in mails}
    skipped, queued = by_state["skipped"], by_state["queued"]
    author = campaign.announcement.author
    assert lines[0] == "Name,Address,State,Why,Time (UTC)"
    said = f"{skipped.finished_at:%Y-%m-%d %H:%M:%S}"
    assert set(lines[1:]) == {
        f"{skipped.reader.name},{skipped.to},Not sent,'=1+1,{said}",
        f"{queued.reader.name},{queued.to},Queued,,",
        f"{author.name},{author.email},Never chose,,",
    }


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        ("sending", "pause", "paused"),
        ("paused", "resume", "sending"),
        ("paused", "stop", "stopped"),
        ("sending", "stop", "stopped"),
    ],
)
def test_buttons_of_the_page(db, client, lead, before, step, after):
    campaign = begun(1)
    if before == "paused":
        campaigning.pause(campaign.pk, lead, now())

    answer = client.post(page(campaign), {"step": step}, follow=True)

    assert answer.status_code == 200
    assert (fresh(campaign).status, campaign.changed_by) == (after, lead)


def test_a_button_that_came_too_late_says_why(db, client, lead):
    campaign = begun(1)
    campaigning.stop(campaign.pk, lead, now())

    answer = client.post(page(campaign), {"step": "pause"}, follow=True)

    assert "Only a mailing that is being sent can be paused." in answer.content.decode()


def test_the_page_asks_again_and_gets_what_is_new(db, client, lead):
    campaign = begun(3)
    htmx = {"HX-Request": "true"}
    stamp = client.get(page(campaign)).context["progress"].stamp

    same = client.get(page(campaign), {"seen": stamp}, headers=htmx)
    finished(campaign, State.SENT, 1)
    new = client.get(page(campaign), {"seen": stamp}, headers=htmx)
    campaigning.pause(campaign.pk, lead, now())
    other = client.get(page(campaign), {"seen": stamp}, headers=htmx)

    assert same.status_code == 204
    assert new.content.decode().lstrip().startswith('<section id="mailing-now"')
    assert other.headers["HX-Refresh"] == "true", "its buttons are others"


def test_the_page_asks_the_same_number_of_questions_for_many_readers(
    db, client, lead, django_assert_max_num_queries
):
    campaign = begun(60)

    with django_assert_max_num_queries(12):
        client.get(page(campaign))


# The Lead's queue


def test_a_paused_mailing_stands_in_the_queue_until_it_goes_on(db, client, lead):
    campaign = begun(2)
    campaigning.pause(campaign.pk, None, now(), "20 mails in a row were refused.")
    queue = client.get(reverse("admin:index")).content.decode()
    assert "20 mails in a row were refused." in queue

    decide = reverse("admin:queue_decide", args=["paused-campaign", campaign.pk])
    client.post(decide, {"step": "resume"})

    assert fresh(campaign).status == Status.SENDING
    assert states(campaign) == {"queued": 2}


def test_a_paused_mailing_is_stopped_in_the_queue(db, client, lead):
    campaign = begun(2)
    campaigning.pause(campaign.pk, None, now())

    decide = reverse("admin:queue_decide", args=["paused-campaign", campaign.pk])
    client.post(decide, {"step": "stop"})

    assert states(campaign) == {"skipped": 2}
