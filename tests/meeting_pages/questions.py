"""Addresses of meetings: questions. The letters and roles are those of tests/pages.py.

The partner takes part in the next meeting, partner and expert in the last one, which has a survey.
"""

from datetime import datetime

from meetings import asking, question_sets
from meetings.asking import Choice
from meetings.demonstration import LAST, NEXT
from meetings.models import Meeting, Question
from partners.models import User

OURS = """
#                              GET        POST       PUT        DELETE
question_detail@ranking        2222222222 S323333333 XXXXXXXXXX
question_detail@closed         2222222222 S333333232 XXXXXXXXXX
question_detail@written        2222222222 S323333333 XXXXXXXXXX
question_detail@discussion     2222222222 S333333333 XXXXXXXXXX
question_detail@prepared       S-------22 S-------33 XXXXXXXXXX
question_detail@survey         S-------22 S-------33 XXXXXXXXXX
question_room@ranking          2222222222 XXXXXXXXXX XXXXXXXXXX
question_room@written          2222222222 XXXXXXXXXX XXXXXXXXXX
question_room@prepared         S-------22 XXXXXXXXXX XXXXXXXXXX
question_results_csv@ranking   2222222222 XXXXXXXXXX XXXXXXXXXX
question_results_csv@written   S-------22 XXXXXXXXXX XXXXXXXXXX
question_answers_csv           SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
question_manage                SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
question_add                   SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
question_edit@ranking          SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
question_edit@prepared         SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
question_open                  SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
question_close                 SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
question_delete                SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
question_set_take@known        SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
question_set_take@unknown      SXXXXXXXXX SFFFFFFF-- SXXXXXXXXX
survey_open                    SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
survey_close                   SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
meeting_survey@last            SF22FFFFFF SF22FFFFFF SXXXXXXXXX
meeting_survey@next            SFFFFFFFFF SFFFFFFFFF SXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = {"question_results_csv", "question_answers_csv"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {
    "question_detail@french": ("question_detail@ranking", "?language=fr"),
    "question_detail@unknown": ("question_detail@ranking", "?language=xx&organisation=x"),
}

#: Questions of the next meeting, by what is known of one alone
_WHICH = {
    "ranking": {"kind": Question.Kind.RANKING},
    "closed": {"status": Question.Status.CLOSED},
    "discussion": {"kind": Question.Kind.DISCUSSION},
    "prepared": {"text__startswith": "Where shall we meet next"},
    "written": {"kind": Question.Kind.WRITTEN},
}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """Questions for discussion, in preparation and for written answers; a survey after LAST."""
    meeting = Meeting.objects.get(code=NEXT)
    asking.add(meeting.pk, {"text": "Which services are missing (example)?"})
    choice = {"text": "Where shall we meet next (example)?", "kind": Question.Kind.CHOICE}
    asking.add(meeting.pk, choice, [Choice("Lima"), Choice("Nairobi")])
    written = {
        "text": "What should participants bring (example)?",
        "kind": Question.Kind.WRITTEN,
        "asked_of": Question.AskedOf.PARTICIPANTS,
    }
    asking.open_for_answers(asking.add(meeting.pk, written).pk, now)
    held = Meeting.objects.get(code=LAST)
    question_sets.take(held.pk, "after-meeting")
    asking.move_survey(held.pk, Question.Status.OPEN, now)


def _number(code: str, **which) -> int:
    """Of the first such question of the meeting."""
    found = Question.objects.filter(meeting__code=code, **which)
    return found.earliest("number").number


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found = {name: [NEXT, _number(NEXT, **which)] for name, which in _WHICH.items()}
    found["survey"] = [LAST, _number(LAST)]
    names = ("question_detail", "question_room", "question_edit", "question_results_csv")
    return {
        **{f"{name}@{what}": key for name in names for what, key in found.items()},
        **{name: [NEXT] for name in ("question_manage", "question_add", "meeting_survey@next")},
        **{name: [LAST] for name in ("survey_open", "survey_close", "meeting_survey@last")},
        **dict.fromkeys(("question_open", "question_delete"), found["prepared"]),
        "question_close": found["ranking"],
        "question_answers_csv": found["ranking"],
        "question_set_take@known": [NEXT, "priorities"],
        "question_set_take@unknown": [NEXT, "nothing"],
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
