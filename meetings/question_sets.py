"""Questions that are asked time and again, to be put to partners in one click.

The priority areas and the questions of the area's own slides come from its meetings. The 2014
questionnaire asks what is needed to repeat the survey among experts of that year: the slides give
its result (5 of 40 had ever been asked for advice) and no form.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from meetings import asking
from meetings.asking import Choice
from meetings.models import Question

Kind = Question.Kind


@dataclass(frozen=True)
class Set:
    """`questions`: (text, kind, texts of answers, further fields)."""

    name: str
    text: str
    questions: tuple[tuple[str, str, tuple[str, ...], dict], ...]


_ORGANISATION = {"unit": Question.Unit.ORGANISATION}
_SURVEY = {"is_survey": True}
_ANONYMOUS = {"is_survey": True, "is_anonymous": True}

SETS = {
    "priorities": Set(
        _("Priority areas"),
        _("One ranking: which three subjects come first. One answer for each organisation."),
        (
            (
                "Which three subjects should come first in the next two years?",
                Kind.RANKING,
                (
                    "Collection and separation of mercury waste",
                    "Interim storage",
                    "Stabilization and disposal",
                    "Contaminated sites",
                    "Waste from small-scale gold mining",
                    "Laws and thresholds",
                    "Financing",
                    "Training and awareness",
                ),
                {"at_most": 3, **_ORGANISATION},
            ),
        ),
    ),
    "discussion": Set(
        _("Questions of the area’s meetings"),
        _("What partners were asked at area meetings, for written answers of organisations."),
        (
            (
                "Which tools help partners to exchange information, and which information is "
                "useful: projects, events, financial schemes?",
                *(Kind.WRITTEN, (), _ORGANISATION),
            ),
            ("Should any other document be developed?", Kind.WRITTEN, (), _ORGANISATION),
            (
                "How can the Waste Management Area contribute to the Convention’s discussions?",
                *(Kind.WRITTEN, (), _ORGANISATION),
            ),
            (
                "With which partnership areas should it work, and how can joint activities be run?",
                *(Kind.WRITTEN, (), _ORGANISATION),
            ),
            (
                "What are the priorities, and which strategies stimulate partners?",
                *(Kind.WRITTEN, (), _ORGANISATION),
            ),
        ),
    ),
    "questionnaire-2014": Set(
        _("Questionnaire of 2014"),
        _("Were you asked for advice? Seven short questions on one page, as in 2014."),
        (
            (
                "How many requests for advice have you received because of the list?",
                *(Kind.CHOICE, ("None", "One", "2 to 5", "More than 5"), _SURVEY),
            ),
            ("From which countries?", Kind.WRITTEN, (), _SURVEY),
            ("On what?", Kind.WRITTEN, (), _SURVEY),
            (
                "Did you answer the requests?",
                *(Kind.CHOICE, ("All of them", "Some of them", "None of them"), _SURVEY),
            ),
            ("What came of it?", Kind.WRITTEN, (), _SURVEY),
            (
                "If nobody asked you: why, as you see it?",
                Kind.CHOICE,
                (
                    "The list is not known",
                    "My profile was out of date",
                    "My field is not needed now",
                    "People find me in other ways",
                    "I do not know",
                ),
                _SURVEY,
            ),
            ("Do you want to stay on the list?", Kind.CHOICE, ("Yes", "No"), _SURVEY),
        ),
    ),
    "after-meeting": Set(
        _("After the meeting"),
        _("A short survey among participants: three anonymous questions on one page."),
        (
            (
                "How useful was the meeting for your work?",
                Kind.CHOICE,
                ("Very useful", "Useful", "Of little use", "Of no use"),
                _ANONYMOUS,
            ),
            ("What should the next meeting do in another way?", Kind.WRITTEN, (), _ANONYMOUS),
            (
                "What would you like to see on the next agenda?",
                *(Kind.WRITTEN, (), _ANONYMOUS),
            ),
        ),
    ),
}


@transaction.atomic
def take(meeting_id: int, name: str) -> list[Question]:
    """Add the questions of a set, in preparation. Raises KeyError for a set that is not known."""
    return [
        asking.add(meeting_id, {"text": text, "kind": kind, **more}, [Choice(one) for one in texts])
        for text, kind, texts, more in SETS[name].questions
    ]
