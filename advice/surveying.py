"""The survey of 2014, run again: the Lead opens one, experts answer, it ends on a day.

Mails: survey_reminders.py. What came of it: survey_results.py.
"""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from advice.models import Survey, SurveyAnswer, SurveyLink
from experts.listing import ERASE_AFTER
from experts.models import Expert
from partners import decisions
from partners.models import User
from partners.refusals import Refused

AT_LEAST, AT_MOST = timedelta(days=7), timedelta(days=90)

#: What an expert says, as `answer` takes it.
SAID = ("received", "countries", "about", "answered", "result", "why_not", "stays")


@transaction.atomic
def open(title: str, closes_on: date, by: User, now: datetime) -> Survey:
    """Ask everybody on the list; the next scan of reminders writes to them.

    Raises Refused while another one is open, and for a day that is not 7 to 90 days ahead.
    """
    first, last = now.date() + AT_LEAST, now.date() + AT_MOST
    if not first <= closes_on <= last:
        raise Refused(
            _("Choose a day from %(first)s to %(last)s.")
            % {"first": date_format(first), "last": date_format(last)}
        )
    close_past(now)
    try:
        with transaction.atomic():
            survey = Survey.objects.create(
                title=title,
                opened_by=by,
                opened_at=now,
                closes_on=closes_on,
                listed_then=Expert.objects.listed().count(),
            )
    except IntegrityError:  # one open at a time, kept by PostgreSQL
        raise Refused(_("A survey is open already. Close it, or wait for its last day.")) from None
    decisions.record(by, "opened a survey", survey, now)
    return survey


@transaction.atomic
def close(survey_id: int, by: User, now: datetime) -> Survey:
    """End it before its day: no more answers and no more mails. Raises Refused when it is over."""
    survey = Survey.objects.select_for_update().get(pk=survey_id)
    if not survey.is_open(now):
        raise Refused(_("This survey is closed."))
    survey.closed_at = now
    survey.save(update_fields=["closed_at"])
    decisions.record(by, "closed a survey", survey, now)
    return survey


def close_past(now: datetime) -> int:
    """Note that surveys whose last day has passed are closed. Returns how many."""
    past = Survey.objects.filter(closed_at=None, closes_on__lt=now.date())
    return past.update(closed_at=now)


def current(now: datetime) -> Survey | None:
    """The survey that takes answers now."""
    return Survey.objects.open(now).first()


@transaction.atomic
def answer(survey_id: int, expert_id: int, said: dict, now: datetime) -> SurveyAnswer:
    """What one expert says, all of `SAID`; a second answer takes the place of the first.

    Raises Refused when the survey is closed, and for a profile that is not on the list.
    """
    survey = Survey.objects.select_for_update().get(pk=survey_id)
    if not survey.is_open(now):
        raise Refused(_("This survey is closed."))
    expert = Expert.objects.select_for_update(of=("self",)).get(pk=expert_id)
    if expert.status != Expert.Status.LISTED:
        raise Refused(_("This profile is not on the list."))
    values = {name: said[name] for name in SAID}
    row, _is_new = SurveyAnswer.objects.update_or_create(
        survey=survey, expert=expert, defaults={**values, "at": now}
    )
    return row


@transaction.atomic
def forget_erased(now: datetime) -> int:
    """Answers and links of profiles that were erased go with them. Returns how many answers.

    The row of an erased profile stays (experts/listing.py), so that no CASCADE fires.
    """
    erased = Expert.objects.filter(
        status=Expert.Status.WITHDRAWN, removed_at__lte=now - ERASE_AFTER, user=None, email=""
    )
    SurveyLink.objects.filter(expert__in=erased).delete()
    return SurveyAnswer.objects.filter(expert__in=erased).delete()[0]
