"""Addresses of meetings: questions. The letters and roles are those of tests/pages.py.

The expert of the role takes part in the next and in the last meeting; the last one has a survey.
"""

from datetime import datetime

from meetings import asking, question_sets
from meetings.asking import Choice
from meetings.demonstration import LAST, NEXT
from meetings.models import Booking, Meeting, Part, Question, Registration
from partners import demonstration as people
from partners.models import User

OURS = """
#                              GET        POST       PUT        DELETE
question_detail@ranking        2222222222 S323333333 XXXXXXXXXX
question_detail@closed         2222222222 S333333232 XXXXXXXXXX
question_detail@written        2222222222 S333333333 XXXXXXXXXX
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
meeting_survey@last            SFF2FFFFFF SFF2FFFFFF SXXXXXXXXX
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
    part = Part.objects.create(meeting=held, kind=Part.Kind.ONLINE)
    registration = Registration.objects.create(
        meeting=held, user=User.objects.get(email=people.EXPERT), name="Expert (example)"
    )
    Booking.objects.create(
        part=part, registration=registration, number=1, status=Booking.Status.CONFIRMED
    )
    question_sets.take(held.pk, "after-meeting")
    asking.move_survey(held.pk, Question.Status.OPEN, now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found = {"ranking": [NEXT, 1], "closed": [NEXT, 2], "discussion": [NEXT, 3]}
    found |= {"prepared": [NEXT, 4], "written": [NEXT, 5], "survey": [LAST, 1]}
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
