"""The Lead's two pages about freshness: how the list stands, and who would be written to."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from experts import freshness, reminders, statistics
from experts.cycles import Calendar
from experts.freshness import Group
from experts.models import Expert, Policy, Round
from mailings.models import Reminder
from mailings.reminders import Ladder, Planned, Verdict

MONTHS_OF_CURVE = 24
LOOK_AHEAD = timedelta(days=60)
PER_PAGE = 50


def _changelist(**query: str) -> str:
    return reverse("admin:experts_expert_changelist", query=query)


def _need_right(request):
    if not request.user.has_perm("experts.view_expert"):
        raise PermissionDenied


# How the list stands


@require_safe
def freshness_page(request):
    """Groups, ages, answers and the curve. The number of queries does not follow the list."""
    _need_right(request)
    now = timezone.now()
    numbers = freshness.numbers(now)
    total = sum(numbers.values())
    since, last_round = statistics.cycle_of_list(now)
    moments = statistics.months_back(now, MONTHS_OF_CURVE)
    over_time = statistics.fresh_over_time(moments)
    rounds = list(statistics.rounds_between(moments[0], now).order_by("opened_at"))
    context = {
        **admin.site.each_context(request),
        "title": _("Freshness of the list"),
        "now": now,
        "policy": Policy.current(),
        "total": total,
        "groups": [(group, numbers[group], _changelist(group=group.value)) for group in Group],
        "fresh": over_time[-1][1],
        "fresh_url": _changelist(status__exact=Expert.Status.LISTED, freshness=Group.FRESH.value),
        "median_age": _age(statistics.median_confirmation(), now),
        "since": since,
        "last_round": last_round,
        "answers": _answers(since),
        "outside": statistics.outside_requests(now - statistics.YEAR),
        "outside_url": _changelist(answers="outside"),
        "actions": statistics.lead_actions(since),
        "by_hand_before": statistics.BY_HAND_BEFORE,
        "curve": Curve(over_time, rounds),
    }
    return render(request, "admin/experts/expert/freshness.html", context)


def _age(moment: datetime | None, now: datetime) -> str:
    """In days up to two months, then in months; empty without a moment."""
    if moment is None:
        return ""
    days = (now - moment).days
    if days < 60:
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    span = relativedelta(now, moment)
    months = 12 * span.years + span.months
    return ngettext("%(n)s month", "%(n)s months", months) % {"n": months}


def _answers(since: datetime) -> list[dict]:
    """Rows of the table: `name`, `told` (experts written to, or None), `said`, `url`."""
    said, told = statistics.answers(since), statistics.reminded(since)
    first_steps = set(range(len(Policy.current().reminder_days)))
    steps = sorted(first_steps | said.steps.keys() | told.keys())
    rows = [
        ("self", None, said.unasked),
        *((str(step), told.get(step, 0), said.steps.get(step, 0)) for step in steps),
        ("hand", None, said.by_hand),
    ]
    return [
        {"name": name_of_way(way), "told": told, "said": number, "url": _changelist(answers=way)}
        for way, told, number in rows
    ]


def is_way(way: str) -> bool:
    """Whether this names a row of the table of answers, or "outside"."""
    return way in _WAYS or (way.isdecimal() and int(way) <= Reminder.NOTICE)


def name_of_way(way: str) -> str:
    """How the expert came to confirm; a number is a step, of which the first is 0."""
    if way in _WAYS:
        return _WAYS[way]
    if int(way) == Reminder.NOTICE:
        return _("After the notice before unlisting")
    return _("After reminder %(n)s") % {"n": int(way) + 1}


_WAYS = {
    "self": gettext_lazy("By themselves, without a reminder"),
    "hand": gettext_lazy("After the Lead wrote again"),
    "outside": gettext_lazy("Told of requests outside the portal"),
}


class Curve:
    """Places of the drawing, as text for attributes, in units of its viewBox."""

    LEFT, RIGHT, TOP, BOTTOM = 52, 614, 20, 220
    LABEL_EVERY = 6  # months

    def __init__(self, over_time: list[tuple[datetime, int, int]], rounds: list[Round]):
        """`over_time`: moment, confirmed in time, on the list; ascending, two or more."""
        self.first, self.last = over_time[0][0], over_time[-1][0]
        most = max(listed for _moment, _fresh, listed in over_time)
        step = _round_number(most / 4)
        self.most = step * max(1, -(-most // step))
        self.grid = [(value, self._y(value)) for value in range(0, self.most + 1, step)]
        places = [(self._x(moment), self._y(fresh)) for moment, fresh, _listed in over_time]
        self.path = "M" + " L".join(f"{x} {y}" for x, y in places)
        self.dots, self.end = places[:-1], places[-1]
        self.begun, self.reached = over_time[0][1:], over_time[-1][1:]
        is_high = self.reached[0] > 0.8 * self.most
        self.label_y = self._y(self.reached[0], 32 if is_high else -14)
        months = [moment for moment, _fresh, _listed in over_time if moment.day == 1]
        self.months = [
            (self._x(moment), date_format(moment - timedelta(days=1), "M Y"))
            for moment in reversed(months[:: -self.LABEL_EVERY])
        ]
        middle = self.first + (self.last - self.first) / 2
        self.rounds = [
            {
                "x": self._x(one.opened_at),
                "label_x": self._x(one.opened_at, -8 if one.opened_at > middle else 8),
                "is_late": one.opened_at > middle,
                "day": one.opened_at,
            }
            for one in rounds
        ]
        self.rows = [
            (self._name(moment), fresh, listed) for moment, fresh, listed in reversed(over_time)
        ]

    def _x(self, moment: datetime, aside: int = 0) -> str:
        share = (moment - self.first) / (self.last - self.first)
        return f"{self.LEFT + share * (self.RIGHT - self.LEFT) + aside:.1f}"

    def _y(self, number: int, below: int = 0) -> str:
        return f"{self.BOTTOM - number / self.most * (self.BOTTOM - self.TOP) + below:.1f}"

    def _name(self, moment: datetime) -> str:
        if moment == self.last:
            return date_format(moment, "j F Y")
        return _("End of %(month)s") % {"month": date_format(moment - timedelta(days=1), "F Y")}


def _round_number(least: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50 and so on."""
    size = 1
    while True:
        for digit in (1, 2, 5):
            if digit * size >= least:
                return digit * size
        size *= 10


# Who would be written to


class DayForm(forms.Form):
    """A day from today to sixty days ahead."""

    on = forms.DateField(
        label=gettext_lazy("Day, today or up to 60 days ahead"),
        widget=forms.DateInput({"type": "date", "class": "short"}, "%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Give a day as in 2026-11-24.")},
    )

    def __init__(self, *args, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.today, self.latest = today, today + LOOK_AHEAD
        self.fields["on"].widget.attrs |= {
            "min": f"{self.today:%Y-%m-%d}",
            "max": f"{self.latest:%Y-%m-%d}",
        }

    def clean_on(self) -> date:
        on = self.cleaned_data["on"]
        if not self.today <= on <= self.latest:
            raise ValidationError(
                _("Choose a day from %(first)s to %(last)s."),
                params={
                    "first": date_format(self.today, "j F Y"),
                    "last": date_format(self.latest, "j F Y"),
                },
            )
        return on


@dataclass(frozen=True)
class Row:
    """One expert and one mail: what a scan would do, why, and what comes next."""

    expert: Expert
    planned: Planned
    why: str
    mail: str
    next: str


@require_safe
def reminders_today(request):
    """What a scan at this time of the day would write, and what not and why; writes nothing."""
    _need_right(request)
    now = timezone.now()
    today = now.date()
    form = DayForm({"on": request.GET.get("on") or today.isoformat()}, today=today)
    context = {
        **admin.site.each_context(request),
        "title": _("Who would be written to"),
        "form": form,
        "now": now,
    }
    if form.is_valid():
        context |= _dry_run(now + (form.cleaned_data["on"] - today), request.GET)
    return render(request, "admin/experts/expert/reminders_today.html", context)


def _dry_run(at: datetime, query: QueryDict) -> dict:
    policy = Policy.current()
    found = list(reminders.plan(at))
    order = {verdict: place for place, verdict in enumerate(Verdict)}
    found.sort(key=lambda pair: (order[pair[1].verdict], pair[1].due_at, pair[1].object_id))
    counts = Counter(planned.verdict for _ladder, planned in found)
    chosen = query.get("verdict", "")
    if chosen in Verdict.values:
        found = [pair for pair in found if pair[1].verdict == chosen]
    page = Paginator(found, PER_PAGE).get_page(query.get("page"))
    keys = {planned.object_id for _ladder, planned in page}
    experts = Expert.objects.select_related("country").defer("search").in_bulk(keys)
    leaving = reminders.silent_after_notice(Calendar.at(at))
    return {
        "at": at,
        "page": page,
        "rows": [_row(experts[one.object_id], ladder, one, policy, at) for ladder, one in page],
        "counts": [
            (verdict.value, _in_words(verdict), counts[verdict])
            for verdict in Verdict
            if counts[verdict]
        ],
        "chosen": chosen if chosen in Verdict.values else "",
        "number": counts.total(),
        "leaving_number": leaving.count(),
        "leaving": leaving.defer("search")[:PER_PAGE],
        "spread_minutes": policy.spread_minutes,
    }


def _row(expert: Expert, ladder: Ladder, planned: Planned, policy: Policy, at: datetime) -> Row:
    if ladder.first_step == Reminder.NOTICE:
        mail = _("Notice before unlisting")
    else:
        number = max(planned.step, 0) + 1  # the step is -1 before the first
        mail = _("Reminder %(n)s of %(all)s") % {"n": number, "all": len(ladder.days)}
    why = _in_words(planned.verdict)
    return Row(expert, planned, why, mail, _next(expert, ladder, planned, policy, at))


def _in_words(verdict: Verdict) -> str:
    """As the engine calls it, but for mails of another day than today."""
    return _("Is written to") if verdict == Verdict.WRITE else verdict.label


def _next(expert: Expert, ladder: Ladder, planned: Planned, policy: Policy, at: datetime) -> str:
    """What follows for this expert if the profile stays as it is."""
    if planned.verdict == Verdict.PAUSED:
        day = date_format(expert.paused_until, "j F Y")
        return _("again when the pause ends, %(day)s") % {"day": day}
    if planned.verdict in (Verdict.OFF, Verdict.NOWHERE, Verdict.BOUNCED, Verdict.STOPPED):
        return _("stands in your queue")
    last_at = at if planned.verdict == Verdict.WRITE else planned.last_at or planned.due_at
    if planned.verdict == Verdict.SOON:
        return date_format(max(at, last_at + timedelta(days=policy.days_between)), "j F Y")
    if ladder.first_step == Reminder.NOTICE:
        leaves_at = max(planned.due_at, last_at) + timedelta(days=policy.notice_days)
        return _("leaves the list on %(day)s") % {"day": date_format(leaves_at, "j F Y")}
    if later := ladder.days[planned.step + 1 :]:
        return date_format(planned.due_at + timedelta(days=later[0]), "j F Y")
    in_queue_at = max(
        planned.due_at + timedelta(days=policy.due_days),
        last_at + timedelta(days=policy.days_between),
    )
    return _("in your queue from %(day)s") % {"day": date_format(in_queue_at, "j F Y")}
