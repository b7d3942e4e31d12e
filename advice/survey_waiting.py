"""The survey on 'My page' of an expert."""

from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from advice import surveying
from advice.models import SurveyAnswer
from experts.models import Expert
from partners.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    """The open survey, as long as this expert of the list has not answered it."""
    survey = surveying.current(now)
    if survey is None:
        return []
    expert = Expert.objects.listed().filter(user=user).only("pk").first()
    if expert is None or SurveyAnswer.objects.filter(survey=survey, expert=expert).exists():
        return []
    return [
        Waiting(
            _("Answer the survey: were you asked for advice?"),
            reverse("survey_answer"),
            _("It takes a minute. It is open until %(day)s.")
            % {"day": date_format(survey.closes_on, "j F Y")},
            _("New"),
        )
    ]
