"""Who is asked to answer the survey, and what stands in that mail.

One ladder of the one engine (mailings/reminders.py) over experts. The cycle is the moment at which
the survey was opened; an answer ends it, and so does the end of the survey: a mail that waits in
the outbox is stopped when it would leave.
"""

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    OuterRef,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice import survey_links, surveying
from advice.models import Survey, SurveyAnswer, SurveyLink
from experts import switching_off
from experts.models import Expert
from experts.models.expert import MAIL_ADDRESS
from experts.reminders import MailLanguage
from mailings import links, outbox, reminders, topics
from mailings.models import OutgoingMail, Reminder
from mailings.outbox import Letter, Skip
from mailings.reminders import Ladder, Verdict
from partners.refusals import Refused

TOPIC = "survey"
TEMPLATE = "advice/mail/survey"
DAYS = [0, 7, 14]  # after the opening
DAYS_BETWEEN = 5
SPREAD = timedelta(hours=4)


def register():
    """Name the topic and the function that writes the mail; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, letters)
    name = gettext_lazy("Questions about requests for advice")
    topics.register(switching_off.of_experts(TOPIC, name))


# Who is due


def _to_ask(survey: Survey, now: datetime) -> QuerySet[Expert]:
    """Experts on the list who have not answered; with what the engine needs."""
    answered = SurveyAnswer.objects.filter(survey_id=survey.pk, expert=OuterRef("pk"))
    opened = Value(survey.opened_at, output_field=DateTimeField())
    paused = When(paused_until__gt=now.date(), then=Value(Verdict.PAUSED.value))
    off = When(reminders_off_at__isnull=False, then=Value(Verdict.OFF.value))
    return (
        Expert.objects.listed()
        .exclude(Exists(answered))
        .annotate(
            cycle=opened,
            due_at=opened,
            address=MAIL_ADDRESS,
            language=MailLanguage(),
            block=Case(paused, off, default=Value(""), output_field=CharField()),
        )
    )


def _ladder(survey: Survey) -> Ladder:
    return Ladder(
        topic=TOPIC,
        template=TEMPLATE,
        kind=OutgoingMail.Kind.REMINDER,
        due=lambda now: _to_ask(survey, now),
        days=DAYS,
        days_between=DAYS_BETWEEN,
        spread=SPREAD,
    )


def scan(now: datetime) -> dict[str, int]:
    """Write the mails of the open survey that are due at this moment; returns how many."""
    survey = surveying.current(now)
    return {"surveys": reminders.scan(_ladder(survey), now) if survey else 0}


def preview(now: datetime) -> Counter[Verdict]:
    """What the first scan would do with each expert on the list if a survey opened now."""
    survey = Survey(opened_at=now, closes_on=now.date())
    return Counter(one.verdict for one in reminders.plan(_ladder(survey), now))


@transaction.atomic
def send_fresh(link: SurveyLink, now: datetime) -> OutgoingMail:
    """The question once more, to the address that the profile has today.

    Raises Refused when the survey is closed, where nobody can be written to, and when enough were
    sent for now.
    """
    experts = Expert.objects.select_for_update(of=("self",)).select_related("user")
    expert = experts.get(pk=link.expert_id)
    survey = link.survey
    is_listed = expert.status == Expert.Status.LISTED
    if not (survey.is_open(now) and is_listed and expert.mail_address):
        raise Refused(_("This survey is closed."))
    by_hand = OutgoingMail.objects.filter(
        reminder__topic=TOPIC, reminder__object_id=expert.pk, reminder__step=None
    )
    links.check_fresh(by_hand, now)
    return reminders.write_again(
        _ladder(survey), expert.pk, survey.opened_at, expert.mail_address, expert.reads, None, now
    )


# What stands in the mail, decided when it leaves


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The question with a link that answers it; nothing where it is not open any more."""
    survey = surveying.current(now)
    taken = [mail.reminder for mail in mails if mail.reminder]
    experts = (
        Expert.objects.select_related("user")
        .defer("search")
        .in_bulk([one.object_id for one in taken])
    )
    answered = set(
        SurveyAnswer.objects.filter(
            survey=survey, expert__in=experts, survey__isnull=False
        ).values_list("expert_id", flat=True)
    )
    overtaken = reminders.overtaken(taken, DAYS_BETWEEN, now)
    found: dict[int, Letter | Skip] = {}
    of_mail: dict[int, Expert] = {}
    for mail in mails:
        expert = experts.get(mail.reminder.object_id) if mail.reminder else None
        why = _why_not(survey, expert, mail.reminder, answered, now)
        if not why and mail.reminder_id in overtaken:
            why = "Another mail about the survey left meanwhile."
        if why or survey is None or expert is None:
            found[mail.pk] = Skip(why)
        else:
            of_mail[mail.pk] = expert
    to_write = [mail for mail in mails if mail.pk in of_mail]
    if survey is None or not to_write:
        return found
    for mail in to_write:
        mail.language = of_mail[mail.pk].reads
    tokens = survey_links.make(to_write, survey, of_mail, now)
    stops = topics.tokens(TOPIC, [expert.pk for expert in of_mail.values()])
    for key, expert in of_mail.items():
        context = {
            "name": expert.name,
            "closes_on": survey.closes_on,
            "token": tokens[key],
            "stop": stops[expert.pk],
            "valid_until": min(survey.closes_on, (now + links.VALID_FOR).date()),
        }
        found[key] = Letter(context, to=expert.mail_address, stop=stops[expert.pk])
    return found


def _why_not(
    survey: Survey | None,
    expert: Expert | None,
    reminder: Reminder | None,
    answered: set[int],
    now: datetime,
) -> str:
    """Why this question is not sent any more, in the Lead's words; empty when it is."""
    if survey is None or reminder is None or reminder.cycle != survey.opened_at:
        return "The survey is closed."
    if expert is None or expert.status != Expert.Status.LISTED:
        return "The profile is not on the list any more."
    if not expert.mail_address:
        return "The profile has no address any more."
    if reminder.step is None:  # the expert asked for a fresh link
        return ""
    if expert.pk in answered:
        return "The survey was answered meanwhile."
    if expert.is_paused(now):
        return "Paused meanwhile."
    if expert.reminders_off_at:
        return "Reminders were switched off meanwhile."
    return ""
