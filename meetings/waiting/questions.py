"""What waits for one person of questions of meetings, for “My page”."""

from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from meetings import answering, permissions
from meetings.models import Answered, Meeting, Question
from partners.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    """Open questions that the person is asked and has not answered; a survey is one thing."""
    today = now.date()
    seen = Meeting.objects.visible_to(user)
    answered = Answered.objects.of(user, today).values("question")
    asked = Q(asked_of=Question.AskedOf.PARTNERS) | Q(
        meeting__in=user.registrations.taking_part().values("meeting")
    )
    questions = (
        Question.objects.taking_answers(now)
        .filter(asked, meeting__in=seen.values("pk"))
        .exclude(pk__in=answered)
        .select_related("meeting")
        .order_by("meeting__starts_on", "meeting", "number")
    )
    found, surveys = [], set()
    for one in questions:
        if not permissions.is_asked(user, one, today):
            continue
        if one.is_survey:
            if one.meeting_id not in surveys and answering.survey_is_on(one.meeting, now):
                surveys.add(one.meeting_id)
                found.append(_survey(one.meeting))
        elif one.unit == Question.Unit.PERSON or permissions.answers_for(user, one, today):
            said = _("Question to partners: %(meeting)s")
            text = said % {"meeting": one.meeting}
            found.append(Waiting(one.text, one.get_absolute_url(), text, _("Open")))
    return found


def _survey(meeting: Meeting) -> Waiting:
    return Waiting(
        _("Survey: %(meeting)s") % {"meeting": meeting},
        reverse("meeting_survey", args=[meeting.code]),
        _("A few questions on one page."),
        _("Open"),
    )
