"""Digests: what is new since the last one, once a day or once a week, in one mail: announcements,
and what the reader follows; and what is followed at once, in one mail an hour at most.

A day begins for a reader at seven in the morning of the own time zone, a week on Monday at that
hour. A reader is looked at once in each: the row of the digest is made first, and stays without a
mail where there is nothing to say. What was published until seven is in that digest; what is
followed has no moments, so it is what is new when it is looked at. Whatever runs twice, late or at
three places at once: the database takes one digest for a reader and period, and each announcement
once for a reader.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from mailings import following, markdown, outbox, topics
from mailings.following import Item, Thing
from mailings.models import (
    Announcement,
    AnnouncementTopic,
    Digest,
    DigestEntry,
    DigestNews,
    Follow,
    Frequency,
    OutgoingMail,
    Subscription,
)
from mailings.outbox import Letter, Skip
from partners import mail as ground
from partners.models import User

logger = logging.getLogger(__name__)

TEMPLATE = "mailings/mail/digest"
LEAVES_AT = time(7)  # on the reader's clock
#: Readers; a look at what one of them follows takes seconds, and a task that is ended at its time
#: limit has to leave something done
IN_ONE_COMMIT = 20
#: An announcement older than this stands in the archive alone, also after a long outage
LOOKS_BACK = timedelta(days=35)
FIRST_WORDS = 300  # characters of an announcement
#: Code of what one click on a digest stops; the key is that of the reader
TOPICS = {
    Frequency.AT_ONCE: "followed-at-once",
    Frequency.DAILY: "daily-digest",
    Frequency.WEEKLY: "weekly-digest",
}
#: Of them, those that hold announcements; what is announced at once has a mail of its own
OF_ANNOUNCEMENTS = (Frequency.DAILY, Frequency.WEEKLY)
_LOCK = 0x57414D44  # among PostgreSQL's advisory locks: one scheduler at a time


def register():
    """Name the mail and what stops it; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, letters)
    for frequency, name in (
        (Frequency.AT_ONCE, _("What you follow, at once")),
        (Frequency.DAILY, _("Announcements once a day")),
        (Frequency.WEEKLY, _("Announcements once a week")),
    ):
        topics.register(_topic(frequency, name))


def _topic(frequency: Frequency, name) -> topics.Topic:
    def stop(user_id: int, now: datetime):
        if frequency in OF_ANNOUNCEMENTS:
            Subscription.objects.filter(user=user_id, frequency=frequency).update(
                frequency=Frequency.NEVER, frequency_before=frequency, changed_at=now
            )
        following.stop(user_id, frequency)
        outbox.ask_again_on_commit(reader=user_id)

    def start(user_id: int, now: datetime):
        if frequency in OF_ANNOUNCEMENTS:
            stopped = Subscription.objects.filter(user=user_id, frequency=Frequency.NEVER)
            stopped.filter(frequency_before=frequency).update(
                frequency=frequency, frequency_before="", since=now, changed_at=now
            )
        following.start(user_id, frequency, now)

    def is_stopped(user_id: int) -> bool:
        models = (Subscription, Follow) if frequency in OF_ANNOUNCEMENTS else (Follow,)
        return not any(
            model.objects.filter(user=user_id, frequency=frequency).exists() for model in models
        )

    return topics.Topic(TOPICS[frequency], name, stop, start, is_stopped, user_of=int)


# Making them


@dataclass(frozen=True)
class Begun:
    """A digest whose row was made now: a reader's period has begun."""

    pk: int
    user_id: int
    frequency: str
    until: datetime
    language: str
    email: str

    @property
    def key(self) -> tuple[int, str]:
        return self.user_id, self.frequency


def write_due(now: datetime) -> int:
    """Look at each reader whose period has begun, once, and write the digests that have anything to
    say; returns how many.
    """
    written = 0
    for readers in _batches():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                cursor.execute(_BEGIN, {"readers": readers, "now": now, "hour": LEAVES_AT})
                begun = [Begun(*row) for row in cursor.fetchall()]
            if begun:
                written += _write(begun, now)
    return written


def _batches() -> Iterator[list[int]]:
    """Keys of those who read digests."""
    mine = {"user": OuterRef("pk")}
    wants = Q(Exists(Subscription.objects.filter(**mine, frequency__in=OF_ANNOUNCEMENTS)))
    follows = Q(Exists(Follow.objects.filter(**mine, frequency__in=TOPICS)))
    readers = User.objects.filter(wants | follows, is_active=True).order_by("pk")
    after = 0
    while keys := list(readers.filter(pk__gt=after).values_list("pk", flat=True)[:IN_ONE_COMMIT]):
        after = keys[-1]
        yield keys


#: Makes the rows of the readers' own mornings: the last one that has begun, and for a week that of
#: its Monday; and those of this hour, for what comes at once. Who chose since then begins with the
#: next one.
_BEGIN = """
WITH reader AS (
    SELECT u.id, u.email, coalesce(p.time_zone, 'UTC') AS zone,
        coalesce(p.language, 'en') AS language
    FROM partners_user u LEFT JOIN mailings_preferences p ON p.user_id = u.id
    WHERE u.id = ANY (%(readers)s)
), morning AS (
    SELECT *, ((%(now)s AT TIME ZONE zone) - %(hour)s::time::interval)::date AS day FROM reader
), period AS (
    SELECT id, zone, frequency, CASE frequency WHEN 'weekly'
        THEN day - (extract(isodow FROM day)::int - 1) ELSE day END AS first_day
    FROM morning, (VALUES ('at_once'), ('daily'), ('weekly')) AS one (frequency)
), due AS (
    SELECT *, CASE frequency WHEN 'at_once' THEN date_trunc('hour', %(now)s, 'UTC')
        ELSE (first_day + %(hour)s::time) AT TIME ZONE zone END AS until FROM period
), begun AS (
    INSERT INTO mailings_digest (user_id, frequency, period, until)
    SELECT id, frequency, first_day, until FROM due
    WHERE EXISTS (SELECT FROM mailings_subscription s WHERE s.user_id = due.id
            AND s.frequency = due.frequency AND s.changed_at <= due.until
            AND s.frequency <> 'at_once')
        OR EXISTS (SELECT FROM mailings_follow f WHERE f.user_id = due.id
            AND f.frequency = due.frequency AND f.since <= due.until)
    ON CONFLICT DO NOTHING
    RETURNING id, user_id, frequency, until
)
SELECT begun.id, user_id, frequency, until, language, email
FROM begun JOIN reader ON reader.id = begun.user_id ORDER BY user_id, frequency
"""


def _write(batch: list[Begun], now: datetime) -> int:
    new, news = _new_entries(batch, now), _still_followed(_news(batch))
    made = [one for one in batch if one.key in new.keys() | news.keys()]
    if not made:
        return 0
    DigestEntry.objects.bulk_create(
        [
            DigestEntry(digest_id=one.pk, user_id=one.user_id, announcement_id=announcement)
            for one in made
            for announcement in new.get(one.key, ())
        ]
    )
    _keep_news({one.pk: news.get(one.key, []) for one in made})
    mails = OutgoingMail.objects.bulk_create(
        [
            OutgoingMail(
                kind=OutgoingMail.Kind.DIGEST,
                priority=OutgoingMail.PRIORITY[OutgoingMail.Kind.DIGEST],
                to=one.email,
                reader_id=one.user_id,
                template=TEMPLATE,
                language=one.language,
                created_at=now,
                next_try=now,
            )
            for one in made
        ]
    )
    written = [Digest(pk=one.pk, mail=mail) for one, mail in zip(made, mails, strict=True)]
    Digest.objects.bulk_update(written, ["mail"])
    outbox.ring_on_commit()
    return len(mails)


News = dict[tuple[int, str], list[tuple[Follow, list[str]]]]


def _news(batch: list[Begun]) -> News:
    """{(reader, frequency): [(what is followed, codes of its new items)]}."""
    due = {one.key for one in batch}
    users = {one.user_id for one in batch}
    follows = Follow.objects.filter(user__in=users, frequency__in=TOPICS).select_related("user")
    found = defaultdict(list)
    people: dict[int, User] = {}
    for follow in follows.order_by("user", "name", "pk"):
        follow.user = people.setdefault(follow.user_id, follow.user)  # keeps what it may see
        key = (follow.user_id, follow.frequency)
        codes = _codes_of_news(follow) if key in due else []
        if codes:
            found[key].append((follow, codes))
    return dict(found)


def _codes_of_news(follow: Follow) -> list[str]:
    """None where the look breaks: the next one tells what is new."""
    try:
        with transaction.atomic():
            return following.news_of(follow)
    except Exception:  # whatever an app's functions raise
        logger.exception("What is followed cannot be looked at: %s %s", follow.kind, follow.pk)
        return []


def _still_followed(news: News) -> News:
    """Without what the readers ended, stopped or began again during the looks; from here to the
    commit they wait.
    """
    keys = [follow.pk for found in news.values() for follow, _codes in found]
    locked = Follow.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    now = {one.pk: one for one in locked if one.frequency != Frequency.NEVER}
    kept = defaultdict(list)
    for key, found in news.items():
        for follow, codes in found:
            known = set(now[follow.pk].known) if follow.pk in now else set(codes)
            if still := [code for code in codes if code not in known]:
                kept[key].append((now[follow.pk], still))
    return dict(kept)


def _keep_news(found: dict[int, list[tuple[Follow, list[str]]]]):
    """The items of each digest, by its key; from now on the reader knows them."""
    told = []
    rows = []
    for digest, news in found.items():
        for follow, codes in news:
            rows.append(DigestNews(digest_id=digest, follow=follow, items=codes))
            follow.known = [*follow.known, *codes]
            told.append(follow)
    DigestNews.objects.bulk_create(rows)
    Follow.objects.bulk_update(told, ["known"])


def _new_entries(batch: list[Begun], now: datetime) -> dict[tuple[int, str], list[int]]:
    """{(reader, frequency): keys of announcements} of what each has not got yet."""
    due = {one.key: one for one in batch}
    users = {one.user_id for one in batch}
    got = set(DigestEntry.objects.filter(user__in=users).values_list("user_id", "announcement_id"))
    got |= set(
        OutgoingMail.objects.filter(reader__in=users, campaign__isnull=False)
        .exclude(state=OutgoingMail.State.SKIPPED)
        .values_list("reader_id", "campaign__announcement_id")
    )
    found = defaultdict(list)
    since = now - LOOKS_BACK
    for one in Announcement.objects.published().filter(published_at__gt=since).order_by("pk"):
        for user, frequency in _readers(one, users, now):
            row = due.get((user, frequency))
            if row and one.published_at <= row.until and (user, one.pk) not in got:
                found[user, frequency].append(one.pk)
    return dict(found)


def _readers(announcement: Announcement, users: set[int], now: datetime) -> set[tuple[int, str]]:
    """(reader, frequency) of those among these people who want it in a digest."""
    wanted = Subscription.objects.reaching(announcement, now).filter(
        user__in=users, frequency__in=OF_ANNOUNCEMENTS, since__lt=announcement.published_at
    )
    return set(wanted.order_by().values_list("user_id", "frequency"))


# Writing them as they leave


@dataclass(frozen=True)
class Entry:
    """One announcement, as the digest shows it."""

    announcement: Announcement
    words: str
    url: str


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """What each digest says at the moment at which it leaves.

    What was withdrawn meanwhile, or is not wanted any more, is left out; without anything else
    there is no mail.
    """
    digests = {
        one.mail_id: one
        for one in Digest.objects.filter(mail__in=[mail.pk for mail in mails]).select_related(
            "user__mail_preferences"
        )
    }
    languages = {
        digest.pk: _language(digest, mail) for mail in mails if (digest := digests.get(mail.pk))
    }
    still = _still_wanted(list(digests.values()), now)
    news = _still_new(languages, still)
    stops = {
        frequency: topics.tokens(
            code, [one.user_id for one in digests.values() if one.frequency == frequency]
        )
        for frequency, code in TOPICS.items()
    }
    found: dict[int, Letter | Skip] = {}
    for mail in mails:
        digest = digests.get(mail.pk)
        groups = still.get(digest.pk, []) if digest else []
        followed = news.get(digest.pk, []) if digest else []
        if not groups and not followed:
            found[mail.pk] = Skip("Nothing of it is to be said any more.")
            continue
        stop = stops[digest.frequency][digest.user_id]
        titles = [entry.announcement.title for _topic, entries in groups for entry in entries]
        titles += [item.title for _thing, items in followed for item in items]
        context = {
            "digest": digest,
            "name": str(digest.user),
            "groups": groups,
            "followed": followed,
            "number": len(titles),
            "first": titles[0],
            "stop": stop,
        }
        language = languages[digest.pk]
        found[mail.pk] = Letter(context, to=digest.user.email, language=language, stop=stop)
    return found


def _language(digest: Digest, mail: OutgoingMail) -> str:
    """What the reader chose meanwhile."""
    preferences = getattr(digest.user, "mail_preferences", None)
    return preferences.language if preferences else mail.language


def _still_wanted(
    digests: list[Digest], now: datetime
) -> dict[int, list[tuple[AnnouncementTopic, list[Entry]]]]:
    """{key of a digest: [(topic, its entries)]}, what closes first standing first."""
    pairs = DigestEntry.objects.filter(digest__in=digests).values_list("digest", "announcement")
    by_announcement = defaultdict(set)
    for digest, announcement in pairs:
        by_announcement[announcement].add(digest)
    by_key = {one.pk: one for one in digests}
    found = defaultdict(lambda: defaultdict(list))
    shown = Announcement.objects.published().filter(pk__in=by_announcement)
    shown = shown.select_related("topic", "organisation").prefetch_related("countries")
    for one in sorted(shown, key=_order):
        users = {by_key[key].user_id for key in by_announcement[one.pk]}
        wanting = _wanting(one, users, now)
        url = ground.absolute(one.get_absolute_url())
        entry = Entry(one, markdown.first_words(one.text, FIRST_WORDS), url)
        for key in by_announcement[one.pk]:
            if by_key[key].user_id in wanting:
                found[key][one.topic].append(entry)
    return {key: list(groups.items()) for key, groups in found.items()}


def _still_new(
    languages: dict[int, str], announced: dict[int, list[tuple[AnnouncementTopic, list[Entry]]]]
) -> dict[int, list[tuple[Thing, list[Item]]]]:
    """{key of a digest: [(what is followed, its new items)]} of what the reader still sees.

    `languages` has that of each digest, in which things and items are named. What stands in the
    mail already, announced or new of another thing, does not stand there again.
    """
    standing = defaultdict(set)
    for digest, groups in announced.items():
        for _topic, entries in groups:
            standing[digest] |= {f"announcement-{one.announcement.pk}" for one in entries}
    rows = DigestNews.objects.filter(digest__in=languages, follow__user__is_active=True)
    rows = rows.exclude(follow__frequency=Frequency.NEVER).select_related("follow__user")
    found = defaultdict(list)
    people: dict[int, User] = {}
    for row in rows.order_by("follow__name", "pk"):
        follow = row.follow
        follow.user = people.setdefault(follow.user_id, follow.user)  # keeps what it may see
        codes = set(row.items) - standing[row.digest_id]
        with translation.override(languages[row.digest_id]):
            thing, seen = following.look(follow, codes)
        items = [replace(one, url=ground.absolute(one.url)) for one in seen]
        if items:
            found[row.digest_id].append((thing, items))
            standing[row.digest_id] |= {one.code for one in items}
    return dict(found)


def _order(announcement: Announcement) -> tuple:
    return (
        announcement.topic.position,
        announcement.last_day is None,
        announcement.last_day or date.max,
        announcement.published_at,
    )


def _wanting(announcement: Announcement, users: set[int], now: datetime) -> set[int]:
    """Those whose choice still has it, how often they may want it now."""
    wanted = Subscription.objects.reaching(announcement, now).filter(user__in=users)
    return set(wanted.values_list("user_id", flat=True))
