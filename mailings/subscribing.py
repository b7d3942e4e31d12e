"""What a person wants to get by mail: choosing, stopping with one click, starting again.

Nobody is subscribed without having chosen. Whether a mail may leave is read from these rows in each
claim (`Subscription.objects.fitting`), and a change takes the reader's mail out of the claims that
are under way, so that it holds for the very next mail.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import outbox, topics
from mailings.models import (
    AnnouncementTopic,
    Frequency,
    Preferences,
    Subscription,
)
from partners import languages
from partners.models import Country, Region, Term, User
from partners.refusals import Refused
from partners.time_zones import zone_names

#: Of StopLink; the key of the thing is that of the Subscription
TOPIC = "announcements"

_COLUMNS = ("language", "time_zone", "regions", "languages")
_RELATIONS = {"countries": Country, "terms": Term}


def register():
    """Name the topic to the page behind the unsubscribe link; called when the app is ready."""
    topics.register(
        topics.Topic(
            TOPIC,
            gettext_lazy("Announcements"),
            stop,
            start,
            is_stopped,
            name_of=_name_of,
            user_of=_user_of,
        )
    )


# Choosing


@transaction.atomic
def choose(user_id: int, frequencies: dict[int, str], preferences: dict | None, now: datetime):
    """Write how often the person hears of each topic, and what narrows all of them.

    `frequencies` has, by key of the topic, one of Frequency; topics that it does not have stay as
    they are. `preferences` has language, time_zone, regions, countries (codes), terms (keys) and
    languages, or is None: they stay as they are. Raises Refused for what cannot be chosen.
    """
    people = User.objects.select_for_update(no_key=True)  # two windows at once: one after the other
    if people.filter(pk=user_id, is_active=True).first() is None:
        raise Refused(_("This sign-in was closed."))
    _check_frequencies(frequencies)
    mine = Subscription.objects.select_for_update().filter(user=user_id).order_by("pk")
    kept = {row.topic_id: row for row in mine}
    for topic_id, frequency in frequencies.items():
        row = kept.get(topic_id) or Subscription(user_id=user_id, topic_id=topic_id)
        _set(row, Frequency(frequency), now)
    if preferences is not None:
        _keep_preferences(user_id, preferences, now)
    outbox.ask_again_on_commit(reader=user_id)


def _check_frequencies(frequencies: dict[int, str]):
    known = set(AnnouncementTopic.objects.filter(pk__in=frequencies).values_list("pk", flat=True))
    if known != set(frequencies):
        raise Refused(_("A topic is not there any more. Look at the page again."))
    if not set(frequencies.values()) <= set(Frequency.values):
        raise Refused(_("Choose how often: at once, once a day, once a week, or never."))


def _set(row: Subscription, frequency: Frequency, now: datetime):
    """Write what is new; what was chosen before `never` is kept for starting again."""
    if row.frequency == frequency:
        return
    if row.frequency in ("", Frequency.NEVER):
        row.since = now
    row.frequency_before = row.frequency if frequency == Frequency.NEVER else ""
    row.frequency, row.changed_at = frequency, now
    row.save()


def _keep_preferences(user_id: int, preferences: dict, now: datetime):
    _check_preferences(preferences)
    columns = {name: preferences[name] for name in _COLUMNS}
    row, _created = Preferences.objects.update_or_create(
        user_id=user_id, defaults={**columns, "chosen_at": now}
    )
    for name in _RELATIONS:
        getattr(row, name).set(preferences[name])


def _check_preferences(preferences: dict):
    """Raise Refused for what no mail could be written with, and for what is gone meanwhile."""
    if preferences["language"] not in dict(settings.MAIL_LANGUAGES):
        raise Refused(_("Our mails are not written in this language."))
    if preferences["time_zone"] not in zone_names():
        raise Refused(_("“%(name)s” is not a time zone.") % {"name": preferences["time_zone"]})
    is_known = set(preferences["regions"]) <= set(Region.values)
    is_known = is_known and set(preferences["languages"]) <= set(languages.names("en"))
    for name, model in _RELATIONS.items():
        asked = set(preferences[name])
        is_known = is_known and model.objects.filter(pk__in=asked).count() == len(asked)
    if not is_known:
        raise Refused(_("One of your choices is not there any more. Look at the page again."))


# One click in a mail


@transaction.atomic
def stop(subscription_id: int, now: datetime):
    """No more mail of this topic to this reader. Safe to repeat, and for a row that is gone."""
    if row := _locked(subscription_id):
        _set(row, Frequency.NEVER, now)
        outbox.ask_again_on_commit(reader=row.user_id)


@transaction.atomic
def start(subscription_id: int, now: datetime):
    """As often as before; once a week where that is not known. Safe to repeat, and for a row that
    is gone.
    """
    row = _locked(subscription_id)
    if row and row.frequency == Frequency.NEVER:
        _set(row, Frequency(row.frequency_before or Frequency.WEEKLY), now)


def is_stopped(subscription_id: int) -> bool:
    return Subscription.objects.filter(pk=subscription_id, frequency=Frequency.NEVER).exists()


def _locked(subscription_id: int) -> Subscription | None:
    return Subscription.objects.select_for_update().filter(pk=subscription_id).first()


def _name_of(subscription_id: int) -> str:
    row = Subscription.objects.filter(pk=subscription_id).select_related("topic").first()
    return str(row.topic) if row else ""


def _user_of(subscription_id: int) -> int:
    return Subscription.objects.values_list("user", flat=True).get(pk=subscription_id)


# What one gets now, for pages


@dataclass(frozen=True)
class Choice:
    """What a person gets now, in words: (heading, names)."""

    has_chosen: bool
    topics: list[tuple[str, list[str]]]  # by how often they come; without those that never do
    narrowed: list[tuple[str, list[str]]]  # what narrows them; empty: nothing does


def has_chosen(user_id: int) -> bool:
    """Also who stopped everything has chosen, and is not asked again."""
    return Subscription.objects.filter(user=user_id).exists()


def choice_of(user_id: int) -> Choice:
    """What this person gets now."""
    rows = list(
        Subscription.objects.filter(user=user_id)
        .select_related("topic")
        .order_by("topic__position", "topic__pk")
    )
    by_frequency = [
        (one.label, [str(row.topic) for row in rows if row.frequency == one])
        for one in Frequency
        if one != Frequency.NEVER
    ]
    return Choice(bool(rows), _with_names(by_frequency), _with_names(_narrowed(user_id)))


def _narrowed(user_id: int) -> list[tuple[str, list[str]]]:
    kept = Preferences.objects.filter(user=user_id).first()
    if kept is None:
        return []
    places = [str(Region(code).label) for code in kept.regions]
    return [
        (_("Only these places"), places + [str(country) for country in kept.countries.all()]),
        (_("Only this expertise"), [str(term) for term in kept.terms.all()]),
        (_("Only these languages"), [languages.name(code) for code in kept.languages]),
    ]


def _with_names(found: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    return [(str(heading), names) for heading, names in found if names]
