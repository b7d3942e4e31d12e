"""The use of the list as the page and the file show it: the same figures, the same ones hidden."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from advice import statistics
from advice.masking import Cell, cells
from advice.models import AdviceRequest
from advice.statistics import ASKED_THEN, LISTED_THEN, Month, OfAge, Period, Share
from experts import columns
from experts import statistics as of_list
from partners.models import Term


class RegionRow(NamedTuple):
    code: str
    name: str
    requests: Cell
    asked: Cell
    listed: int


class Row(NamedTuple):
    """One line of the comparison with 2014; `kind` is the colour of the bar."""

    name: str | Promise
    share: Share
    kind: str


class Board:
    """All figures for one period. Whole for the Lead; else small numbers of rows are hidden."""

    def __init__(self, period: Period, now: datetime, is_whole: bool):
        self.period, self.now, self.is_whole = period, now, is_whole
        self.ever = statistics.experts_asked()
        self.shares = self._shares()
        self.sent = statistics.requests_sent(period)
        self.median = in_words(statistics.median_to_first_answer(period))
        self.answered = statistics.answered(period)
        self.useful = statistics.useful(period)
        self.outside = of_list.outside_requests(*period)
        self.open = AdviceRequest.objects.open().count()
        self.regions = self._regions()
        self.expertise = self._expertise()
        self.months = statistics.by_month(period, now)
        self.ages = statistics.open_by_age(now) if is_whole else []

    @property
    def last(self) -> datetime:
        """The last day of the period."""
        return self.period.until - timedelta(days=1)

    @cached_property
    def most(self) -> int:
        """The longest bar of the table of expertise."""
        return max((cell.number or 0 for _term, cell in self.expertise), default=0)

    def people(self):
        """How often whom; for the Lead alone."""
        return statistics.per_expert(self.period)

    def _shares(self) -> list[Row]:
        year = Period.of_12_months(self.now)
        rows = [
            Row(gettext_lazy("2014, by questionnaire"), Share(ASKED_THEN, LISTED_THEN), "past"),
            Row(gettext_lazy("Ever, through the portal"), self.ever, "one"),
            Row(
                gettext_lazy("In the last 12 months, through the portal"),
                statistics.experts_asked(year),
                "one",
            ),
        ]
        if self.period != year:
            asked = statistics.experts_asked(self.period)
            rows.append(Row(gettext_lazy("In the period that you chose"), asked, "one"))
        anywhere = statistics.experts_asked_anywhere()
        rows.append(
            Row(gettext_lazy("Ever, here or elsewhere, as experts reported"), anywhere, "two")
        )
        return rows

    def _regions(self) -> list[RegionRow]:
        found = statistics.by_region(self.period)
        requests = cells([row.requests for row in found], self.is_whole)
        asked = cells([row.asked for row in found], self.is_whole)
        return [
            RegionRow(row.code, row.name, requests[place], asked[place], row.listed)
            for place, row in enumerate(found)
        ]

    def _expertise(self) -> list[tuple[Term, Cell]]:
        found = statistics.by_expertise(self.period)
        shown = cells([number for _term, number in found], self.is_whole, adds_up=False)
        rows = [(term, cell) for (term, _number), cell in zip(found, shown, strict=True)]
        # Among those that are hidden the order must not tell one from two
        return sorted(rows, key=lambda row: (-(row[1].number or 0), row[0].label))

    def lines(self) -> Iterator[list]:
        """The file: a heading, then table, row, what is counted, the number, and of how many."""
        yield [_("Table"), _("Row"), _("Counted"), _("Number"), _("Of")]
        for row in self._cells():
            yield [columns.neutral(str(cell)) if cell is not None else None for cell in row]

    def _cells(self) -> Iterator[tuple]:
        days = self.period.since.date(), self.last.date()
        table = _("Period")
        yield table, _("From"), "", days[0], None
        yield table, _("To"), "", days[1], None
        table, experts, requests = _("Experts who were asked"), _("Experts"), _("Requests")
        for row in self.shares:
            yield table, row.name, experts, row.share.part, row.share.whole
        table = _("In this period")
        yield table, _("Requests sent"), requests, self.sent, None
        yield table, _("Median time to the first answer"), _("Time"), self.median, None
        asked = _("Experts asked, each time counted")
        yield table, _("Answered, yes or no"), asked, *self.answered
        yield table, _("It helped, at least in part"), _("Answers about the result"), *self.useful
        outside = self.outside["number"]
        yield table, _("Requests outside the portal, as experts reported"), requests, outside, None
        yield _("Now"), _("Open requests"), requests, self.open, None
        for age in self.ages:
            yield (
                _("Now"),
                _("Open, sent %(age)s") % {"age": age_in_words(age)},
                requests,
                (age.number),
                None,
            )
        table = _("By region")
        for row in self.regions:
            yield table, row.name, requests, row.requests, None
            yield table, row.name, _("Experts who were asked"), row.asked, row.listed
        for term, cell in self.expertise:
            yield _("By expertise"), term.label, requests, cell, None
        for month in self.months:
            name = f"{month.first:%Y-%m}"
            yield _("By month"), name, requests, month.requests, None
            yield _("By month"), name, _("Experts ever asked"), month.asked, self.ever.whole
        if self.is_whole:
            for expert in self.people():
                yield _("By expert"), expert.name, _("Times asked"), expert.asked, None
                yield _("By expert"), expert.name, _("Times answered"), expert.said, expert.asked


def in_words(span: timedelta | None) -> str:
    """In hours up to two days, then in days; empty without a span."""
    if span is None:
        return ""
    hours = round(span / timedelta(hours=1))
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days = round(span / timedelta(days=1))
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def age_in_words(age: OfAge) -> str:
    """'less than 7 days ago'."""
    first, last = age.days
    if first == 0:
        return _("less than %(n)s days ago") % {"n": last}
    if last is None:
        return _("%(n)s days ago or more") % {"n": first}
    return _("%(first)s to %(last)s days ago") % {"first": first, "last": last}


class Curve:
    """Experts ever asked, month by month, as a share of the list: places for the drawing, as text
    for attributes, in units of its viewBox.
    """

    LEFT, RIGHT, TOP, BOTTOM = 80, 614, 20, 220
    LABELS_AT_MOST = 4

    def __init__(self, months: list[Month], listed: int):
        """`months`: ascending, two or more; `listed`: experts on the list, one or more."""
        self.listed = listed
        self.grid = [(percent, self._y(percent / 100)) for percent in (0, 25, 50, 75, 100)]
        places = [
            (self._x(place / (len(months) - 1)), self._y(month.asked / listed))
            for place, month in enumerate(months)
        ]
        self.path = "M" + " L".join(f"{x} {y}" for x, y in places)
        self.dots, self.end = places[:-1], places[-1]
        self.then = self._y(ASKED_THEN / LISTED_THEN)
        self.then_label = self._y(ASKED_THEN / LISTED_THEN, 17)
        self.begun, self.reached = months[0], months[-1]
        share = self.reached.asked / listed
        # The words stand under a high point, over others; a low one lets the line of 2014 pass
        lowest = ASKED_THEN / LISTED_THEN
        self.label_y = self._y(max(share, lowest), 32 if share > 0.8 else -14)
        every = -(-len(months) // self.LABELS_AT_MOST)
        self.labels = [
            (places[place][0], date_format(months[place].first, "M Y"))
            for place in range(len(months) - 1, -1, -every)
        ]

    def _x(self, share: float) -> str:
        return f"{self.LEFT + share * (self.RIGHT - self.LEFT):.1f}"

    def _y(self, share: float, below: int = 0) -> str:
        return f"{self.BOTTOM - share * (self.BOTTOM - self.TOP) + below:.1f}"
