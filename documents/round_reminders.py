"""Who is asked for comments by mail, who is reminded before the close, and what these mails say.

Two ladders of the one engine (mailings/reminders.py), both of `Invitee` rows, in rounds that take
comments, of people who have not answered and who would still be asked today. Who joins a round
without having been asked has answered at that moment, and gets neither mail.

The invitation leaves once, when the round begins. The reminders are taken on the seventh and on the
second day before the day of the close, days being those of UTC. A step is left out when its day
begins less than GAP after the invitation left; so a round of a week has one reminder, one of three
days has none, and nobody has two mails about a round within two days.

The cycle of a reminder is the close that it was written for. When the Lead prolongs a round by up
to AGAIN_AFTER, the cycle stays: no step is taken twice, and a step to come is taken before the new
close. When the round is prolonged by more, another cycle begins with both steps. A mail that waits
in the outbox is looked at again when it would leave.
"""

from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    F,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy

from documents.models import Comment, CommentRound, Invitee
from mailings import outbox, reminders, topics
from mailings.models import OutgoingMail, Reminder
from mailings.outbox import Letter, Skip
from mailings.reminders import Ladder, Verdict
from partners.audience import Audience

INVITATION, COMMENTS = "comment_invitation", "comments"
TO_INVITE = "documents/mail/round_invitation"
TO_REMIND = "documents/mail/round_reminder"

DAYS_BEFORE = (7, 2)  # the day of the close
GAP = timedelta(days=2)  # at least between two mails about a round
AGAIN_AFTER = timedelta(days=7)  # that a round was prolonged by


def register():
    """Name the topics and the functions that write the mails; called when the app is ready."""
    outbox.prepared_by(TO_INVITE, invitations)
    outbox.prepared_by(TO_REMIND, letters)
    # Both stop the reminders about one round; the next round's invitation comes again
    for topic in (INVITATION, COMMENTS):
        topics.register(
            topics.Topic(
                topic,
                gettext_lazy("Reminders about a comment round"),
                _switch_off,
                _switch_on,
                _is_off,
                _user_of,
            )
        )


# Who is due


class _FirstDue(Func):
    """The first moment, in UTC, of the day of the first reminder before a close."""

    template = (
        f"(date_trunc('day', %(expressions)s, 'UTC') - interval '{24 * DAYS_BEFORE[0]} hours')"
    )
    output_field = DateTimeField()


def _asked(now: datetime) -> QuerySet[Invitee]:
    """Invitees who can answer now and have not, with what the engine needs of all of them."""
    return Invitee.objects.filter(
        _would_be_asked(now),
        round__status=CommentRound.Status.OPEN,
        round__opens_at__lte=now,
        round__closes_at__gt=now,
        done_at=None,
    ).annotate(address=F("user__email"), language=Value("en"))


def _would_be_asked(now: datetime) -> Q:
    """Condition on invitees: today they belong to the audiences of the round and its document."""
    of_round, of_document = Q(), Q(round__version=None)
    for audience in Audience:
        asked = Q(user__in=audience.people(now))
        of_round |= Q(round__audience=audience) & asked
        of_document |= Q(round__version__document__audience=audience) & asked
    return of_round & of_document


def _to_invite(now: datetime) -> QuerySet[Invitee]:
    return _asked(now).annotate(
        cycle=F("round__opened_at"),
        due_at=Greatest("round__opened_at", "round__opens_at"),
        block=Value(""),
    )


def _to_remind(now: datetime) -> QuerySet[Invitee]:
    """Those whose step of this moment lies GAP after their invitation, which has left."""
    taken = Reminder.objects.filter(object_id=OuterRef("pk"), step__isnull=False)
    invitation = taken.filter(topic=INVITATION).filter(
        Q(mail=None) | Q(mail__finished_at__isnull=False)
    )
    past = taken.filter(topic=COMMENTS).order_by().values("object_id")
    off = When(stopped_at__isnull=False, then=Value(Verdict.OFF.value))
    return (
        _asked(now)
        .annotate(
            due_at=_FirstDue("round__closes_at"),
            invited_at=Subquery(
                invitation.order_by("-pk").values(left=Coalesce("mail__finished_at", "at"))[:1]
            ),
            last_cycle=Subquery(past.annotate(last=Max("cycle")).values("last")),
            cycle=Case(
                When(
                    last_cycle__gte=F("round__closes_at") - Value(AGAIN_AFTER),
                    then=F("last_cycle"),
                ),
                default=F("round__closes_at"),
            ),
            block=Case(off, default=Value(""), output_field=CharField()),
        )
        .filter(_a_step_is_due(now))
    )


def _a_step_is_due(now: datetime) -> Q:
    """One of the steps has come, and lies GAP after the invitation."""
    found = Q()
    for days in _STEPS:
        later = timedelta(days=days)
        found |= Q(due_at__lte=now - later, due_at__gte=F("invited_at") + Value(GAP - later))
    return found


#: Days of the steps after the day of the first.
_STEPS = [DAYS_BEFORE[0] - days for days in DAYS_BEFORE]

_INVITATIONS = Ladder(
    topic=INVITATION,
    template=TO_INVITE,
    kind=OutgoingMail.Kind.REMINDER,
    due=_to_invite,
    days=[0],
    days_between=GAP.days,
    spread=timedelta(0),
)
_REMINDERS = Ladder(
    topic=COMMENTS,
    template=TO_REMIND,
    kind=OutgoingMail.Kind.REMINDER,
    due=_to_remind,
    days=_STEPS,
    days_between=GAP.days,
    spread=timedelta(hours=1),
)
LADDERS = (_INVITATIONS, _REMINDERS)


def invite(now: datetime) -> int:
    """Write the invitations to rounds that have begun; returns how many. Safe to repeat.

    In the caller's transaction: called when a round is opened, and every hour for those that begin
    later than they were opened.
    """
    return reminders.scan(_INVITATIONS, now)


def scan(now: datetime) -> dict[str, int]:
    """Write the mails that are due at this moment; returns how many of each sort."""
    return {
        "round invitations": invite(now),
        "round reminders": reminders.scan(_REMINDERS, now),
    }


# What stands in the mails, decided when they leave


def invitations(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """What is asked, by whom, until when; nothing where the person is not asked any more."""
    return _letters(mails, now)


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The close, with the number of drafts that were not sent; nothing after an answer."""
    taken = [mail.reminder for mail in mails if mail.reminder]
    overtaken = reminders.overtaken(taken, GAP.days, now)
    found = _letters(mails, now)
    drafts = _drafts([one.context for one in found.values() if isinstance(one, Letter)])
    for mail in mails:
        letter = found[mail.pk]
        if isinstance(letter, Skip):
            continue
        invitee = letter.context["invitee"]
        why = _why_no_reminder(invitee, mail.reminder)
        if not why and mail.reminder_id in overtaken:
            why = "Another mail about the round left meanwhile."
        if why:
            found[mail.pk] = Skip(why)
        letter.context["drafts"] = drafts.get((invitee.round_id, invitee.user_id), 0)
    return found


def _letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """What both mails have in common; the same number of queries for all of them."""
    keys = [mail.reminder.object_id for mail in mails if mail.reminder]
    invitees = (
        Invitee.objects.select_related("user", "round__opened_by", "round__version__document")
        .defer("round__version__document__search")
        .prefetch_related("round__questions")
        .in_bulk(keys)
    )
    asked = set(_asked(now).filter(pk__in=keys).values_list("pk", flat=True))
    stops = topics.tokens(COMMENTS, list(invitees))
    found: dict[int, Letter | Skip] = {}
    for mail in mails:
        invitee = mail.reminder and invitees.get(mail.reminder.object_id)
        if why := _why_not(invitee, asked, now):
            found[mail.pk] = Skip(why)
            continue
        stop = stops[invitee.pk]
        context = {
            "invitee": invitee,
            "person": str(invitee.user),
            "round": invitee.round,
            "document": invitee.round.version and invitee.round.version.document,
            "questions": list(invitee.round.questions.all()),
            "stop": stop,
        }
        found[mail.pk] = Letter(context, to=invitee.user.email, stop=stop)
    return found


def _why_not(invitee: Invitee | None, asked: set[int], now: datetime) -> str:
    """Why neither mail is sent any more, in the Lead's words; empty when it is."""
    if invitee is None:
        return "What the mail speaks of is gone."
    if not invitee.round.takes_comments(now):
        return "The round takes no comments any more."
    if invitee.done_at:
        return "The person answered meanwhile."
    if invitee.pk not in asked:
        return "The person is not one of those who are asked any more."
    if invitee.stopped_at:
        return "Reminders were switched off meanwhile."
    return ""


def _why_no_reminder(invitee: Invitee, reminder: Reminder) -> str:
    if invitee.round.closes_at - reminder.cycle > AGAIN_AFTER:
        return "The round was prolonged: reminders come before the new close."
    return ""


def _drafts(contexts: list[dict]) -> dict[tuple[int, int], int]:
    """How many comments wait to be sent, by round and person."""
    counted = (
        Comment.objects.filter(
            status=Comment.Status.DRAFT,
            round__in={context["round"].pk for context in contexts},
            author__in={context["invitee"].user_id for context in contexts},
        )
        .order_by()
        .values_list("round", "author")
        .annotate(number=Count("pk"))
    )
    return {(of_round, author): number for of_round, author, number in counted}


# The switch behind the unsubscribe link


def _switch_off(invitee_id: int, now: datetime):
    Invitee.objects.filter(pk=invitee_id, stopped_at=None).update(stopped_at=now)


def _switch_on(invitee_id: int, now: datetime):
    Invitee.objects.filter(pk=invitee_id).update(stopped_at=None)


def _is_off(invitee_id: int) -> bool:
    return Invitee.objects.filter(pk=invitee_id, stopped_at__isnull=False).exists()


def _user_of(invitee_id: int) -> int:
    return Invitee.objects.values_list("user", flat=True).get(pk=invitee_id)
