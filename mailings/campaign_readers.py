"""The people of a mailing one by one: those it writes to, and all others of its audience.

Who is written to was frozen when the mailing began, and each of these mails is in one state. All
others are told as things stand now: each has one standing, by what the person has chosen. Nobody
is in both; a reader who left the audience stays among those who were written to.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from django.db import models
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.campaign_progress import ORDER
from mailings.models import Campaign, Frequency, Subscription
from partners.audience import Audience
from partners.csv_files import neutral


class Standing(models.TextChoices):
    """Why a person of the audience was not written to at once."""

    DAILY = "daily", gettext_lazy("Gets it in a daily digest")
    WEEKLY = "weekly", gettext_lazy("Gets it in a weekly digest")
    NARROWED = "narrowed", gettext_lazy("Narrowed it away")
    STOPPED = "stopped", gettext_lazy("Stopped this topic")
    NEVER_CHOSE = "never-chose", gettext_lazy("Never chose")
    LATER = "later", gettext_lazy("Chose this topic afterwards")


#: What a person can be in, by its word in addresses: the state of the mail, or the standing
NAMES = {one.value: one.label for one in (*ORDER, *Standing)}


class Person(NamedTuple):
    """`state` is a word of NAMES, `why` what a server or the portal said, `at` when it was over."""

    name: str | None  # of nobody, where the reader is not in the portal any more
    address: str
    state: str
    why: str
    at: datetime | None

    @property
    def said(self) -> str:
        return str(NAMES[self.state])


def written_to(campaign: Campaign) -> QuerySet:
    """The mails of it, as columns of Person."""
    mails = campaign.mails.annotate(name=F("reader__name"), address=F("to"), standing=F("state"))
    return mails.annotate(why=F("answer"), at=F("finished_at")).values_list(*_COLUMNS)


def others(campaign: Campaign, now: datetime) -> QuerySet:
    """Everybody else who belongs to its audience now, as columns of Person."""
    announcement = campaign.announcement
    people = Audience(announcement.audience).people(now)
    chosen = FilteredRelation(
        "subscriptions", condition=Q(subscriptions__topic=announcement.topic_id)
    )
    fits = Subscription.objects.fitting(announcement).filter(user=OuterRef("pk"))
    standing = Case(
        When(chosen__frequency=None, then=Value(Standing.NEVER_CHOSE)),
        When(chosen__frequency=Frequency.NEVER, then=Value(Standing.STOPPED)),
        When(~Exists(fits), then=Value(Standing.NARROWED)),
        # What is older than the choice comes in no digest (mailings/digesting.py)
        When(
            Q(chosen__frequency=Frequency.AT_ONCE)
            | Q(chosen__since__gte=announcement.published_at),
            then=Value(Standing.LATER),
        ),
        When(chosen__frequency=Frequency.DAILY, then=Value(Standing.DAILY)),
        default=Value(Standing.WEEKLY),
    )
    return (
        people.filter(~Exists(campaign.mails.filter(reader=OuterRef("pk"))))
        .annotate(chosen=chosen)
        .annotate(address=F("email"), standing=standing, why=Value("", TextField()))
        .annotate(at=Value(None, DateTimeField()))
        .values_list(*_COLUMNS)
    )


#: Those of Person
_COLUMNS = ("name", "address", "standing", "why", "at")


class People:
    """Those whose name or address has these words, a slice at a time, for a paginator.

    `state` is a word of NAMES, or empty for all. Who was written to comes first; each by name.
    """

    def __init__(self, campaign: Campaign, now: datetime, words: str = "", state: str = ""):
        self.state = state
        self._mails, self._others = written_to(campaign), others(campaign, now)
        for word in words.split():
            self._mails = self._mails.filter(_has(word, "reader__name", "to"))
            self._others = self._others.filter(_has(word, "name", "email"))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """How many are in each state that anybody is in, whichever `state` is asked for."""
        return numbers(self._mails, self._others)

    def count(self) -> int:
        return self._number(NAMES)

    def __getitem__(self, wanted: slice) -> list[Person]:
        first = self._number(ORDER)
        rest = slice(max(wanted.start - first, 0), max(wanted.stop - first, 0))
        return [*self._rows(self._mails, wanted), *self._rows(self._others, rest)]

    def _number(self, states: Iterable[str]) -> int:
        return sum(self.numbers.get(one, 0) for one in states if self.state in ("", one))

    def _rows(self, people: QuerySet, wanted: slice) -> Iterator[Person]:
        if self.state:
            people = people.filter(standing=self.state)
        return (Person(*row) for row in people.order_by("name", "pk")[wanted])


def numbers(*people: QuerySet) -> dict[str, int]:
    """How many of these are in each state that anybody is in, in the order of NAMES."""
    found: Counter = Counter()
    for rows in people:
        found.update(dict(rows.order_by().values_list("standing").annotate(number=Count("pk"))))
    return {state: found[state] for state in NAMES if found[state]}


def _has(word: str, name: str, address: str) -> Q:
    return Q(**{f"{name}__unaccent__icontains": word}) | Q(**{f"{address}__icontains": word})


def table(campaign: Campaign, now: datetime) -> Iterator[list]:
    """A header and a row for each person of the audience, for a file; read as it is written."""
    yield [_("Name"), _("Address"), _("State"), _("Why"), _("Time (UTC)")]
    for people in (written_to(campaign), others(campaign, now)):
        for row in people.order_by("pk").iterator(chunk_size=2000):
            one = Person(*row)
            moment = f"{one.at:%Y-%m-%d %H:%M:%S}" if one.at else ""
            said = (neutral(text) for text in (one.name or "", one.address, one.said, one.why))
            yield [*said, moment]
