"""What is written to experts by itself: the ladder of a cycle, the notice, the end of a listing.

The engine is mailings/reminders.py; when a profile is due, experts/cycles.py says.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, CharField, Exists, Func, OuterRef, QuerySet, Value, When

from experts import listing
from experts.cycles import Calendar
from experts.models import Expert
from experts.models.expert import MAIL_ADDRESS
from experts.models.freshness import TOPIC
from mailings import reminders
from mailings.models import OutgoingMail, Reminder
from mailings.reminders import Ladder, Planned, Verdict

TEMPLATE = "experts/mail/reminder"
NOTICE_TEMPLATE = "experts/mail/notice"


class MailLanguage(Func):
    """The expert's choice, else the first of the expert's languages that the portal writes.

    `to_expert` is the way from the model that is asked: "expert__" for one that points at experts.
    """

    template = (
        "(SELECT coalesce(min(code) FILTER (WHERE place = 0), "
        "(array_agg(code ORDER BY place))[1], 'en') FROM ("
        "SELECT %(expressions)s) AS wanted(chosen, spoken, known), "
        "LATERAL (SELECT chosen, 0 UNION ALL SELECT * FROM unnest(spoken) WITH ORDINALITY) "
        "AS each(code, place) WHERE code = ANY (known))"
    )
    output_field = CharField()

    def __init__(self, to_expert: str = ""):
        known = [code for code, _name in settings.MAIL_LANGUAGES]
        super().__init__(
            f"{to_expert}mail_language",
            f"{to_expert}languages",
            Value(known, output_field=ArrayField(CharField(max_length=7))),
        )


def _to_be_told(experts: QuerySet[Expert], now: datetime, silent: bool) -> QuerySet[Expert]:
    """What the engine needs beside `cycle` and `due_at`; `silent` heeds 'reminders off'."""
    blocks = [When(paused_until__gt=now.date(), then=Value(Verdict.PAUSED.value))]
    if silent:
        blocks.append(When(reminders_off_at__isnull=False, then=Value(Verdict.OFF.value)))
    return experts.annotate(
        address=MAIL_ADDRESS,
        language=MailLanguage(),
        block=Case(*blocks, default=Value(""), output_field=CharField()),
    )


def ladder(now: datetime, calendar: Calendar | None = None) -> Ladder:
    """The reminders of a cycle, as the policy has them at this moment."""
    calendar = calendar or Calendar.at(now)
    policy = calendar.policy
    return Ladder(
        topic=TOPIC,
        template=TEMPLATE,
        kind=OutgoingMail.Kind.REMINDER,
        due=lambda when: _to_be_told(calendar.due(), when, silent=True),
        days=sorted(policy.reminder_days),
        days_between=policy.days_between,
        spread=timedelta(minutes=policy.spread_minutes),
        at_most=policy.reminders_a_year,
    )


def notice(now: datetime, calendar: Calendar | None = None) -> Ladder:
    """One mail before a profile leaves the list; 'reminders off' does not hide that."""
    calendar = calendar or Calendar.at(now)
    return Ladder(
        topic=TOPIC,
        template=NOTICE_TEMPLATE,
        kind=OutgoingMail.Kind.MODERATION,
        due=lambda when: _to_be_told(calendar.leaving(), when, silent=False),
        days=[0],
        days_between=calendar.policy.days_between,
        spread=timedelta(minutes=calendar.policy.spread_minutes),
        first_step=Reminder.NOTICE,
    )


def leave_the_list(now: datetime, calendar: Calendar | None = None) -> int:
    """Take off the list whoever got the notice in time and stayed silent. Returns how many."""
    silent = silent_after_notice(calendar or Calendar.at(now))
    keys = list(silent.values_list("pk", flat=True))
    return sum(listing.unlist_for_silence(key, silent.all(), now) for key in keys)


def silent_after_notice(calendar: Calendar) -> QuerySet[Expert]:
    now = calendar.now
    told_by = now - timedelta(days=calendar.policy.notice_days)
    told = Reminder.objects.filter(
        topic=TOPIC,
        object_id=OuterRef("pk"),
        cycle=OuterRef("cycle"),
        step=Reminder.NOTICE,
        mail__state=OutgoingMail.State.SENT,
        mail__finished_at__lte=told_by,
    )
    return calendar.silent().exclude(paused_until__gt=now.date()).filter(Exists(told))


def outdated(taken: list[Reminder], now: datetime) -> dict[int, str]:
    """Why mails that the engine wrote must not leave any more, in the Lead's words.

    By key of the reminder; asked in the claim (experts/mails.py). Meanwhile the expert may have
    confirmed, a round begun or been cancelled, the policy changed, another mail left.
    """
    calendar = Calendar.at(now)
    taken = [one for one in taken if one.step is not None]
    found = {}
    for experts, is_notice in ((calendar.due, False), (calendar.leaving, True)):
        alike = [one for one in taken if (one.step >= Reminder.NOTICE) == is_notice]
        if alike:
            keys = {one.object_id for one in alike}
            cycles = dict(experts().filter(pk__in=keys).values_list("pk", "cycle"))
            for one in alike:
                if cycles.get(one.object_id) != one.cycle:
                    found[one.pk] = "It is not due any more."
    if taken:
        for key in reminders.overtaken(taken, calendar.policy.days_between, now):
            found.setdefault(key, "Another mail about the profile left meanwhile.")
    return found


def plan(now: datetime) -> Iterator[tuple[Ladder, Planned]]:
    """What `scan` would do at this moment, both ladders in its order; writes nothing."""
    written = set()
    calendar = Calendar.at(now)
    first, second = ladder(now, calendar), notice(now, calendar)
    for one in reminders.plan(first, now):
        if one.verdict == Verdict.WRITE:
            written.add(one.object_id)
        yield first, one
    for one in reminders.plan(second, now):
        if one.verdict == Verdict.WRITE and one.object_id in written:
            one = replace(one, verdict=Verdict.SOON)
        yield second, one


def scan(now: datetime) -> dict[str, int]:
    """Do what is due on the list at this moment; returns how many of each."""
    calendar = Calendar.at(now)
    return {
        "reminders": reminders.scan(ladder(now, calendar), now),
        "notices": reminders.scan(notice(now, calendar), now),
        "unlisted for silence": leave_the_list(now, calendar),
    }
