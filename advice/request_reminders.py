"""Reminders about requests: an answer that is due, and what came of the advice.

Ladders of the one engine (mailings/reminders.py), of `Choice` rows. The question to an expert is
repeated once, on the third day; its cycle is the moment of asking, so that nobody is reminded of a
question that was answered. Three weeks after acceptance both sides are asked what came of it, and
once more ten days later; who says 'not yet' is asked again after a month.
"""

from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy

from advice import asking, telling
from advice.models import AdviceRequest, Choice, Outcome, Side
from experts import switching_off
from experts.models import Expert
from experts.reminders import MailLanguage
from mailings import outbox, reminders, topics
from mailings.models import OutgoingMail
from mailings.outbox import Letter, Skip
from mailings.reminders import Ladder, Verdict

QUESTION = "request"
OUTCOME = {Side.EXPERT: "outcome_expert", Side.REQUESTER: "outcome_requester"}
TO_REMIND = "advice/mail/request_reminder"
TO_ASK = "advice/mail/outcome_question"

OUTCOME_AFTER = timedelta(days=21)
OUTCOME_AGAIN = timedelta(days=30)
OUTCOME_DAYS = [0, 10]
SPREAD = timedelta(hours=2)

_EXPERT_ADDRESS = Coalesce(NullIf("expert__email", Value("")), "expert__user__email", Value(""))


def register():
    """Name the topics and the functions that write the mails; called when the app is ready."""
    outbox.prepared_by(TO_REMIND, letters)
    outbox.prepared_by(TO_ASK, letters)
    names = {
        QUESTION: gettext_lazy("Reminders of requests for advice"),
        OUTCOME[Side.EXPERT]: gettext_lazy("Questions about what came of advice"),
        OUTCOME[Side.REQUESTER]: gettext_lazy("Questions about what came of advice"),
    }
    for topic, name in names.items():
        to_requester = topic == OUTCOME[Side.REQUESTER]
        of_readers = topics.of_people if to_requester else switching_off.of_experts
        topics.register(of_readers(topic, name))


def _reader(choice: Choice, side: Side) -> int:
    """Whom the topic of this side knows: the key of the expert, or of the requester's sign-in."""
    return choice.expert_id if side == Side.EXPERT else choice.place.request.requester_id


def _questions(now: datetime) -> QuerySet[Choice]:
    paused = When(expert__paused_until__gt=now.date(), then=Value(Verdict.PAUSED.value))
    return Choice.objects.filter(
        status=Choice.Status.ASKED, asked_at__gt=now - asking.ANSWER_WITHIN
    ).annotate(
        cycle=F("asked_at"),
        due_at=F("asked_at"),
        address=_EXPERT_ADDRESS,
        language=MailLanguage("expert__"),
        block=Case(paused, default=Value(""), output_field=CharField()),
    )


def outcomes_due(side: Side, now: datetime) -> QuerySet[Choice]:
    """Accepted choices of which this side is to say what came of it, with `cycle` and `due_at`."""
    said = Outcome.objects.filter(choice=OuterRef("pk"), side=side)
    moment = DateTimeField()
    return (
        Choice.objects.filter(
            status=Choice.Status.ACCEPTED,
            place__request__status__in=(*AdviceRequest.OPEN, AdviceRequest.Status.DONE),
        )
        .exclude(expert__status=Expert.Status.WITHDRAWN)
        .annotate(happened=Subquery(said.values("happened")), said_at=Subquery(said.values("at")))
        .filter(Q(happened=None) | Q(happened=Outcome.Happened.NOT_YET))
        .annotate(
            cycle=Coalesce("said_at", "answered_at"),
            due_at=Coalesce(
                ExpressionWrapper(F("said_at") + Value(OUTCOME_AGAIN), moment),
                ExpressionWrapper(F("answered_at") + Value(OUTCOME_AFTER), moment),
            ),
        )
        .filter(due_at__lte=now)
    )


def _ask_experts(now: datetime) -> QuerySet[Choice]:
    return outcomes_due(Side.EXPERT, now).annotate(
        address=_EXPERT_ADDRESS, language=MailLanguage("expert__"), block=Value("")
    )


def _ask_requesters(now: datetime) -> QuerySet[Choice]:
    return outcomes_due(Side.REQUESTER, now).annotate(
        address=F("place__request__requester__email"),
        language=F("place__request__mail_language"),
        block=Value(""),
    )


def _ladder(topic: str, template: str, due, days: list[int]) -> Ladder:
    return Ladder(
        topic=topic,
        template=template,
        kind=OutgoingMail.Kind.REMINDER,
        due=due,
        days=days,
        days_between=1,
        spread=SPREAD,
    )


LADDERS = {
    topic: _ladder(topic, template, due, days)
    for topic, template, due, days in (
        (QUESTION, TO_REMIND, _questions, [asking.REMIND_AFTER.days]),
        (OUTCOME[Side.EXPERT], TO_ASK, _ask_experts, OUTCOME_DAYS),
        (OUTCOME[Side.REQUESTER], TO_ASK, _ask_requesters, OUTCOME_DAYS),
    )
}


def scan(now: datetime) -> dict[str, int]:
    """Write the reminders that are due at this moment; returns how many of each sort."""
    names = {
        QUESTION: "questions to experts repeated",
        OUTCOME[Side.EXPERT]: "experts asked what came of it",
        OUTCOME[Side.REQUESTER]: "requesters asked what came of it",
    }
    return {names[topic]: reminders.scan(ladder, now) for topic, ladder in LADDERS.items()}


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The question again; nothing where it was answered meanwhile."""
    found: dict[int, Letter | Skip] = {}
    for topic, ladder in LADDERS.items():
        of_topic = [mail for mail in mails if mail.reminder and mail.reminder.topic == topic]
        if of_topic:
            found |= _letters(of_topic, ladder, now)
    gone = Skip("What the mail speaks of is gone.")
    return {mail.pk: found.get(mail.pk, gone) for mail in mails}


def _letters(mails: list[OutgoingMail], ladder: Ladder, now: datetime) -> dict[int, Letter | Skip]:
    side = Side.REQUESTER if ladder.topic == OUTCOME[Side.REQUESTER] else Side.EXPERT
    keys = {mail.reminder.object_id for mail in mails}
    cycles = dict(ladder.due(now).filter(pk__in=keys, block="").values_list("pk", "cycle"))
    open_ones = [
        mail for mail in mails if cycles.get(mail.reminder.object_id) == mail.reminder.cycle
    ]
    choices = telling.choices({mail.reminder.object_id for mail in open_ones})
    about = {mail.pk: choices[mail.reminder.object_id] for mail in open_ones}
    tokens = telling.make_links(open_ones, about, side, now)
    readers = {key: _reader(choice, side) for key, choice in choices.items()}
    stops = topics.tokens(ladder.topic, readers.values())
    found: dict[int, Letter | Skip] = {
        mail.pk: Skip("The question was answered meanwhile.") for mail in mails
    }
    for mail in open_ones:
        found[mail.pk] = telling.letter(
            about[mail.pk],
            side,
            mail,
            now,
            tokens[mail.pk],
            answer_by=(about[mail.pk].asked_at or now) + asking.ANSWER_WITHIN,
            files=about[mail.pk].files,
            stop=stops[readers[mail.reminder.object_id]],
            can_reply=ladder.topic == QUESTION,
        )
    return found
