"""Digests: each reader's morning, each announcement once, nothing when there is nothing."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailings import campaigning, delivery, digesting, topics
from mailings.models import (
    Announcement,
    Digest,
    DigestEntry,
    Frequency,
    OutgoingMail,
    StopLink,
    Subscription,
)
from partners.models import Partner, User
from tests.factories import (
    AnnouncementFactory,
    CampaignFactory,
    PreferencesFactory,
    SubscriptionFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: A Tuesday; in UTC the day's digest has been due for two hours
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SEVEN = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
#: Savepoint and its end, the lock, who is due, who reads digests, and that there are no more
QUERIES_WITHOUT_ANYBODY_DUE = 6


def reader(frequency=Frequency.DAILY, zone="UTC", language="en", **values) -> User:
    subscription = SubscriptionFactory(frequency=frequency, **values)
    PreferencesFactory(user=subscription.user, time_zone=zone, language=language)
    return subscription.user


def announced(at: datetime = SEVEN - HOUR, **values) -> Announcement:
    return AnnouncementFactory(published_at=at, **values)


def titles(user: User) -> list[str]:
    """Of all entries of the reader's digests, in their order."""
    entries = DigestEntry.objects.filter(user=user).order_by("pk")
    return [one.announcement.title for one in entries.select_related("announcement")]


# When


def test_what_was_published_before_seven_is_in_the_digest_of_the_day():
    user = reader()
    announced(SEVEN, title="In time")
    announced(SEVEN + timedelta(seconds=1), title="Later")

    assert digesting.write_due(NOW) == 1

    assert titles(user) == ["In time"]
    digest = Digest.objects.get()
    assert (digest.frequency, digest.period, digest.until) == ("daily", NOW.date(), SEVEN)
    assert (digest.mail.to, digest.mail.kind, digest.mail.reader) == (user.email, "digest", user)


def test_what_came_later_is_in_the_digest_of_the_next_day():
    user = reader()
    announced(SEVEN + HOUR, title="Later")
    assert digesting.write_due(NOW) == 0
    assert digesting.write_due(NOW + DAY) == 1
    assert titles(user) == ["Later"]


def test_a_second_run_writes_nothing():
    reader()
    announced()
    assert [digesting.write_due(NOW), digesting.write_due(NOW + HOUR)] == [1, 0]


def test_nothing_is_sent_when_there_is_nothing():
    user = reader()
    assert digesting.write_due(NOW) == 0
    assert OutgoingMail.objects.count() == 0
    assert list(Digest.objects.values_list("user", "period", "mail")) == [
        (user.pk, NOW.date(), None)
    ]


def test_a_reader_is_looked_at_once_a_period_also_where_nothing_was_new():
    user = reader()
    digesting.write_due(NOW)
    # As if the database had it late: its moment is before seven, and it came after the look
    announced(SEVEN - HOUR, title="Late")
    assert [digesting.write_due(NOW + hours * HOUR) for hours in range(1, 22)] == [0] * 21
    assert titles(user) == []
    assert digesting.write_due(NOW + DAY) == 1
    assert titles(user) == ["Late"]


def test_readers_of_whom_none_is_due_cost_the_same_however_many_they_are(
    django_assert_num_queries,
):
    reader()
    digesting.write_due(NOW)
    with django_assert_num_queries(QUERIES_WITHOUT_ANYBODY_DUE):
        digesting.write_due(NOW + HOUR)
    for _n in range(3):
        reader()
    digesting.write_due(NOW + HOUR)
    with django_assert_num_queries(QUERIES_WITHOUT_ANYBODY_DUE):
        digesting.write_due(NOW + 2 * HOUR)


def test_all_readers_of_a_batch_are_begun_in_one_statement():
    for _n in range(3):
        reader()
    with CaptureQueriesContext(connection) as captured:
        digesting.write_due(NOW)
    inserts = [one["sql"] for one in captured if "INSERT INTO mailings_digest" in one["sql"]]
    assert (len(inserts), Digest.objects.count()) == (1, 3)


def test_readers_of_all_batches_get_theirs_and_a_broken_one_leaves_those_before_it(monkeypatch):
    monkeypatch.setattr(digesting, "IN_ONE_COMMIT", 2)
    people = [reader() for _n in range(5)]
    announced()
    wanted = digesting._write

    def write(batch, now):
        if people[3].pk in [one.user_id for one in batch]:
            raise TimeoutError
        return wanted(batch, now)

    monkeypatch.setattr(digesting, "_write", write)
    with pytest.raises(TimeoutError):
        digesting.write_due(NOW)
    assert set(Digest.objects.values_list("user", flat=True)) == {one.pk for one in people[:2]}

    monkeypatch.setattr(digesting, "_write", wanted)
    assert digesting.write_due(NOW + HOUR) == 3
    assert set(OutgoingMail.objects.values_list("reader", flat=True)) == {one.pk for one in people}


@pytest.mark.parametrize(("changed_at", "number"), [(SEVEN, 1), (SEVEN + HOUR, 0)])
def test_who_chooses_after_seven_gets_the_first_digest_on_the_next_morning(changed_at, number):
    reader(since=SEVEN - DAY, changed_at=changed_at)
    announced()
    assert digesting.write_due(NOW) == number
    assert digesting.write_due(NOW + DAY) == 1 - number


@pytest.mark.parametrize(
    ("zone", "moment", "period"),
    [
        ("Asia/Tokyo", datetime(2026, 11, 23, 21, 59, tzinfo=UTC), date(2026, 11, 23)),
        ("Asia/Tokyo", datetime(2026, 11, 23, 22, 0, tzinfo=UTC), date(2026, 11, 24)),
        ("America/New_York", datetime(2026, 11, 24, 11, 59, tzinfo=UTC), date(2026, 11, 23)),
        ("America/New_York", datetime(2026, 11, 24, 12, 0, tzinfo=UTC), date(2026, 11, 24)),
        # Summer time began in Vienna on 28 March 2027 and ended on 31 October 2027
        ("Europe/Vienna", datetime(2027, 3, 27, 5, 59, tzinfo=UTC), date(2027, 3, 26)),
        ("Europe/Vienna", datetime(2027, 3, 28, 5, 0, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Vienna", datetime(2027, 10, 31, 6, 0, tzinfo=UTC), date(2027, 10, 31)),
        ("Europe/Vienna", datetime(2027, 10, 31, 5, 59, tzinfo=UTC), date(2027, 10, 30)),
    ],
)
def test_the_morning_is_that_of_the_reader(zone, moment, period):
    reader(zone=zone)
    announced(moment - 2 * DAY)
    digesting.write_due(moment)
    assert Digest.objects.get().period == period


def test_a_week_begins_on_monday_morning():
    user = reader(Frequency.WEEKLY)
    monday = SEVEN - DAY
    announced(monday - HOUR, title="Last week")
    announced(monday + HOUR, title="This week")

    digesting.write_due(NOW)
    assert (titles(user), Digest.objects.get().period) == (["Last week"], monday.date())
    for days in range(1, 6):
        assert digesting.write_due(NOW + days * DAY) == 0
    digesting.write_due(NOW + 6 * DAY)
    assert titles(user) == ["Last week", "This week"]


def test_after_an_outage_of_a_week_there_is_one_digest_with_everything():
    user = reader()
    for days in range(7):
        announced(SEVEN - days * DAY, title=f"{days}")
    assert digesting.write_due(NOW) == 1
    assert sorted(titles(user)) == list("0123456")


# To whom, and what


def test_topics_and_frequencies_are_kept_apart():
    user = reader(Frequency.DAILY)
    SubscriptionFactory(user=user, topic=topic_called("events"), frequency=Frequency.WEEKLY)
    SubscriptionFactory(user=user, topic=topic_called("finance"), frequency=Frequency.NEVER)
    monday = SEVEN - DAY - HOUR
    for code in ("projects", "events", "finance", "business"):
        announced(monday, topic=topic_called(code), title=code)

    assert digesting.write_due(NOW) == 2

    found = {one.frequency: one for one in Digest.objects.all()}
    entries = {
        frequency: [entry.announcement.title for entry in digest.entries.all()]
        for frequency, digest in found.items()
    }
    assert entries == {"daily": ["projects"], "weekly": ["events"]}


def test_what_came_before_the_reader_chose_the_topic_is_not_sent():
    reader(since=SEVEN - HOUR)
    announced(SEVEN - 2 * HOUR)
    assert digesting.write_due(NOW) == 0


@pytest.mark.parametrize("frequency", ["at_once", "daily"])
def test_the_author_is_a_reader_like_any_other(frequency):
    user = reader(frequency)
    announcement = announced(author=user)
    readership = [row.user for row in Subscription.objects.reaching(announcement, NOW)]
    campaigning.start(announcement.pk, None, NOW)
    digesting.write_due(NOW)
    assert [mail.reader for mail in OutgoingMail.objects.all()] == readership == [user]


def test_nobody_gets_an_announcement_for_others():
    reader()
    announced(audience="core")
    announced(status=Announcement.Status.WITHDRAWN)
    assert digesting.write_due(NOW) == 0


def test_former_partners_and_people_who_may_not_sign_in_get_none():
    former, blocked = reader(), reader()
    Partner.objects.filter(person=former).update(status=Partner.Status.WITHDRAWN)
    User.objects.filter(pk=blocked.pk).update(is_active=False)
    announced()
    assert digesting.write_due(NOW) == 0


def test_who_changes_how_often_misses_nothing_and_gets_nothing_twice():
    user = reader(Frequency.WEEKLY)
    subscription = Subscription.objects.get()
    announced(SEVEN - 2 * DAY, title="Before Monday")
    digesting.write_due(SEVEN - DAY + HOUR)
    announced(SEVEN - HOUR, title="Since Monday")

    Subscription.objects.filter(pk=subscription.pk).update(frequency=Frequency.DAILY)
    digesting.write_due(NOW)
    digesting.write_due(NOW + DAY)
    Subscription.objects.filter(pk=subscription.pk).update(frequency=Frequency.WEEKLY)
    digesting.write_due(NOW + 7 * DAY)

    assert titles(user) == ["Before Monday", "Since Monday"]


def test_what_came_at_once_does_not_come_again():
    user = reader()
    announcement = announced()
    campaign = CampaignFactory(announcement=announcement)
    OutgoingMail.objects.create(
        kind="announcement", to=user.email, campaign=campaign, reader=user, state="sent"
    )
    assert digesting.write_due(NOW) == 0


# What it says when it leaves


def written(frequency="daily"):
    mails = list(OutgoingMail.objects.filter(digest__frequency=frequency))
    return digesting.letters(mails, NOW)[mails[0].pk]


def shown(letter) -> list[tuple[str, list[str]]]:
    return [
        (str(topic), [one.announcement.title for one in entries])
        for topic, entries in letter.context["groups"]
    ]


def test_topics_stand_in_their_order_and_what_closes_first_stands_first():
    user = reader()
    SubscriptionFactory(user=user, topic=topic_called("finance"), frequency=Frequency.DAILY)
    finance = topic_called("finance")
    announced(topic=finance, title="Open")
    announced(topic=finance, title="March", closes_on=date(2027, 3, 1))
    announced(topic=finance, title="January", closes_on=date(2027, 1, 1))
    announced(title="Project")
    digesting.write_due(NOW)

    assert shown(written()) == [
        ("Projects", ["Project"]),
        ("Financial schemes", ["January", "March", "Open"]),
    ]


def test_what_was_withdrawn_meanwhile_is_left_out():
    reader()
    gone, stays = announced(title="Gone"), announced(title="Stays")
    digesting.write_due(NOW)
    Announcement.objects.filter(pk=gone.pk).update(status=Announcement.Status.WITHDRAWN)
    assert shown(written()) == [("Projects", ["Stays"])]

    Announcement.objects.filter(pk=stays.pk).update(status=Announcement.Status.WITHDRAWN)
    assert written() == digesting.Skip("Nothing of it is to be said any more.")


def test_a_change_of_mind_holds_for_the_mail_that_waits():
    reader()
    announced()
    digesting.write_due(NOW)
    Subscription.objects.update(frequency=Frequency.NEVER)
    assert isinstance(written(), digesting.Skip)


def test_one_click_stops_the_digest_and_starts_it_again():
    user = reader()
    SubscriptionFactory(user=user, topic=topic_called("events"), frequency=Frequency.WEEKLY)
    announced()
    digesting.write_due(NOW)
    link = StopLink.objects.get(token=written().stop)
    topic = topics.get(link.topic)

    topic.stop(link.object_id, NOW)
    assert Counter(Subscription.objects.values_list("frequency", flat=True)) == {
        "never": 1,
        "weekly": 1,
    }
    assert topic.is_stopped(link.object_id)
    topic.start(link.object_id, NOW)
    assert Counter(Subscription.objects.values_list("frequency", flat=True)) == {
        "daily": 1,
        "weekly": 1,
    }


def test_the_mail_is_in_the_language_of_the_reader_and_says_what_is_announced(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    reader(language="fr")
    announced(title="Lamps (example)", text="Two plants **collect**.", closes_on=date(2027, 1, 1))
    digesting.write_due(NOW)

    delivery.deliver(5)

    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.language) == ("sent", "fr")
    words = mail.content.decode()
    assert "Lamps (example)" in words
    assert "Projets" in words


# Many at once


@pytest.mark.django_db(transaction=True)
def test_three_schedulers_over_a_week_of_the_change_of_clocks_give_one_digest_a_day_each():
    zones = ("Europe/Vienna", "America/New_York", "Asia/Tokyo", "America/Santiago", "UTC")
    people = [reader(zone=zones[n % len(zones)]) for n in range(20)]
    first = datetime(2027, 3, 25, tzinfo=UTC)
    for day in range(-1, 8):
        announced(first + day * DAY + timedelta(minutes=1))
    Subscription.objects.update(since=first - 9 * DAY)

    def schedule(moment):
        try:
            digesting.write_due(moment)
        finally:
            connection.close()

    for hour in range(0, 7 * 24, 3):
        threads = [threading.Thread(target=schedule, args=[first + hour * HOUR]) for _n in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    for user in people:
        zone = ZoneInfo(user.mail_preferences.time_zone)
        mornings = {
            (first + hour * HOUR - timedelta(hours=7)).astimezone(zone)
            for hour in range(0, 7 * 24, 3)
        }
        sent = Digest.objects.filter(user=user, mail__isnull=False)
        periods = list(sent.values_list("period", flat=True))
        assert len(periods) == len(set(periods))
        expected = {moment.date() for moment in mornings}
        assert set(periods) <= expected
        assert len(periods) >= 7
        assert DigestEntry.objects.filter(user=user).count() == len(
            set(DigestEntry.objects.filter(user=user).values_list("announcement", flat=True))
        )
    assert OutgoingMail.objects.count() == Digest.objects.exclude(mail=None).count()
