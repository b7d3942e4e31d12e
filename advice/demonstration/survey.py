"""Demonstration data: a survey of a year ago, with invented answers of two thirds of the list.

Called by `manage.py loaddemo` alone. None is open, so that the mailbox of the demonstration does
not fill; the Lead opens one with a button. That of 2014 is true and comes with migration 0004.
"""

from datetime import datetime, timedelta

from advice.models import Survey, SurveyAnswer
from experts.models import Expert
from partners import demonstration as people
from partners.models import User

OPENED_BEFORE, LASTED = timedelta(days=400), timedelta(days=28)

_ALL, _SOME, _NONE = SurveyAnswer.Answered
#: Requests, from where, on what, answered, what came of it; of each fourth expert who answers.
_ASKED = (
    (2, ["VN", "PH"], "Collection of lamps (example)", _ALL, "A city began to collect (example)."),
    (1, ["KE"], "A store for waste of hospitals (example)", _ALL, "A plan was written (example)."),
    (4, ["ID", "PH"], "Tailings of small mines (example)", _SOME, "Two trainings (example)."),
    (1, ["UY"], "Cells of a chlorine plant (example)", _ALL, "A survey is planned (example)."),
    (1, ["MN"], "Measuring in soil (example)", _NONE, ""),
    (3, ["ID"], "Rules for waste of thermometers (example)", _ALL, "A law was drafted (example)."),
    (2, ["PE", "KE"], "Treatment abroad (example)", _SOME, "One shipment left (example)."),
)
_WHY_NOT = tuple(SurveyAnswer.WhyNot)


def load(now: datetime):
    """In the caller's transaction."""
    opened_at = now - OPENED_BEFORE
    experts = list(Expert.objects.listed().filter(approved_at__lte=opened_at).order_by("pk"))
    survey = Survey.objects.create(
        title=f"Survey of {opened_at.year} (example)",
        opened_by=User.objects.get(email=people.LEAD),
        opened_at=opened_at,
        closes_on=(opened_at + LASTED).date(),
        closed_at=opened_at + LASTED + timedelta(hours=20),
        listed_then=len(experts),
    )
    answering = [expert for place, expert in enumerate(experts) if place % 3 != 2]
    SurveyAnswer.objects.bulk_create(
        _answer(survey, expert, place) for place, expert in enumerate(answering)
    )


def _answer(survey: Survey, expert: Expert, place: int) -> SurveyAnswer:
    said = {"received": 0, "why_not": _WHY_NOT[(place * place + place // 3) % len(_WHY_NOT)]}
    if place % 4 == 1:
        keys = ("received", "countries", "about", "answered", "result")
        said = dict(zip(keys, _ASKED[place // 4 % len(_ASKED)], strict=True))
    return SurveyAnswer(
        survey=survey,
        expert=expert,
        stays=place != 14,
        at=survey.opened_at + timedelta(days=place % 17, hours=place % 9),
        **said,
    )
