"""Who is reminded of an action, and what stands in that mail.

One ladder of the one engine (mailings/reminders.py): before the due date, on it, and every 30 days
while the action is late. The owner with a sign-in gets the mail; without one, the contact person of
the responsible organisation. The cycle is the due date, so that another one begins anew; a mail
that waits in the outbox is stopped when it would leave.
"""

from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    F,
    Func,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext_lazy

from mailings import outbox, reminders, topics
from mailings.models import OutgoingMail
from mailings.outbox import Letter, Skip
from mailings.reminders import Ladder
from meetings import lateness
from meetings.models import Meeting, Outcome
from partners.models import User

TOPIC = "action"
TEMPLATE = "meetings/mail/action_due"
DAYS = [-14, 0, 30, 60, 90, 120, 150, 180]  # past due; then the Lead's queue has it
DAYS_BETWEEN = 7
#: Late for so long, the action stands in the Lead's queue where nobody is reminded of it, or where
#: all reminders were in vain
NOBODY_AFTER = timedelta(days=60)
IN_VAIN_AFTER = timedelta(days=DAYS[-1] + 30)

_HAS_OWNER = Q(owner__is_active=True)
_HAS_CONTACT = Q(organisation__contact__is_active=True)


def register():
    """Name the topic and the function that writes the mail; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, letters)
    name = gettext_lazy("Reminders of actions that meetings agreed on")
    topics.register(topics.of_people(TOPIC, name))


class _Moment(Func):
    """The first moment, in UTC, of a day."""

    template = "(%(expressions)s::timestamp AT TIME ZONE 'UTC')"
    output_field = DateTimeField()


def _dated(now: datetime) -> QuerySet[Outcome]:
    """Open actions with a due date, of meetings that were announced or held."""
    silent = (Meeting.Status.DRAFT, Meeting.Status.CANCELLED)
    return (
        Outcome.objects.open_actions()
        .filter(due_on__isnull=False)
        .exclude(meeting__status__in=silent)
        .annotate(due_at=_Moment(F("due_on")))
    )


def _to_remind(now: datetime) -> QuerySet[Outcome]:
    """Those of which somebody can be reminded, with what the engine needs."""
    first = now + timedelta(days=-DAYS[0])
    return (
        _dated(now)
        .filter(_HAS_OWNER | _HAS_CONTACT, due_at__lte=first)
        .annotate(
            cycle=F("due_at"),
            address=Case(
                When(_HAS_OWNER, then=F("owner__email")),
                default=F("organisation__contact__email"),
                output_field=CharField(),
            ),
            language=Value("en"),
            block=Value(""),
        )
    )


LADDER = Ladder(
    topic=TOPIC,
    template=TEMPLATE,
    kind=OutgoingMail.Kind.REMINDER,
    due=_to_remind,
    days=DAYS,
    days_between=DAYS_BETWEEN,
    spread=timedelta(hours=4),
)


def scan(now: datetime) -> dict[str, int]:
    """Write the reminders that are due at this moment; returns how many."""
    return {"actions": reminders.scan(LADDER, now)}


def for_the_lead(now: datetime) -> QuerySet[Outcome]:
    """Late actions that nobody is reminded of, or of which all reminders were in vain."""
    nobody = ~(_HAS_OWNER | _HAS_CONTACT)
    return (
        _dated(now)
        .annotate(
            is_asked=Case(When(nobody, then=Value(False)), default=Value(True)),
            since=Case(
                When(nobody, then=F("due_at") + Value(NOBODY_AFTER)),
                default=F("due_at") + Value(IN_VAIN_AFTER),
                output_field=DateTimeField(),
            ),
        )
        .filter(since__lte=now)
    )


def reminded(outcome: Outcome) -> User | None:
    """The person who is reminded of an action: its owner, or who answers for its organisation."""
    if outcome.owner is not None and outcome.owner.is_active:
        return outcome.owner
    contact = outcome.organisation.contact if outcome.organisation else None
    return contact if contact is not None and contact.is_active else None


# What stands in the mail, decided when it leaves


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """How the action stands; nothing where it was done, dropped, moved or given to others."""
    taken = [mail.reminder for mail in mails if mail.reminder]
    asked = (
        _to_remind(now)
        .select_related("owner", "organisation__contact", "meeting")
        .in_bulk([reminder.object_id for reminder in taken])
    )
    overtaken = reminders.overtaken(taken, DAYS_BETWEEN, now)
    stops = topics.tokens(TOPIC, {reminded(outcome).pk for outcome in asked.values()})
    found: dict[int, Letter | Skip] = {}
    for mail in mails:
        outcome = mail.reminder and asked.get(mail.reminder.object_id)
        if outcome is None or outcome.cycle != mail.reminder.cycle:
            found[mail.pk] = Skip("The action is over, has another day, or nobody is asked.")
        elif mail.reminder_id in overtaken:
            found[mail.pk] = Skip("Another mail about the action left meanwhile.")
        else:
            found[mail.pk] = _letter(outcome, stops[reminded(outcome).pk], now)
    return found


def _letter(outcome: Outcome, stop: str, now: datetime) -> Letter:
    person = reminded(outcome)
    days = (now.date() - outcome.due_on).days
    context = {
        "outcome": outcome,
        "line": " ".join(outcome.text.split()),  # a subject has one line
        "meeting": outcome.meeting,
        "name": str(person),
        "is_owner": person == outcome.owner,
        "organisation": outcome.organisation,
        "is_late": days > 0,
        "time": lateness.span(abs(days)),
        "is_today": days == 0,
        "stop": stop,
    }
    return Letter(context, to=outcome.address, stop=stop)
