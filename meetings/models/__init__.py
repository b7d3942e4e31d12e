"""Meetings: agenda, papers, registration, statements, questions, outcomes, report."""

from meetings.models.agenda import AgendaVersion, Item, Presenter, Session
from meetings.models.calendars import CalendarFeed
from meetings.models.desk import FormQuestion, RegistrationDesk
from meetings.models.letters import Attendance, InvitationLetter
from meetings.models.meeting import Meeting, Series
from meetings.models.outcomes import Minutes, MinutesText, Outcome, OutcomeChange, Report
from meetings.models.papers import (
    Paper,
    PaperAudience,
    PaperVersion,
    UploadLink,
    new_token,
)
from meetings.models.questions import Answer, Answered, Option, Pick, Question
from meetings.models.registration import FormAnswer, Registration
from meetings.models.seats import Booking, Part
from meetings.models.statements import StatedNeed, Statement

__all__ = [
    "AgendaVersion",
    "Answer",
    "Answered",
    "Attendance",
    "Booking",
    "CalendarFeed",
    "FormAnswer",
    "FormQuestion",
    "InvitationLetter",
    "Item",
    "Meeting",
    "Minutes",
    "MinutesText",
    "Option",
    "Outcome",
    "OutcomeChange",
    "Paper",
    "PaperAudience",
    "PaperVersion",
    "Part",
    "Pick",
    "Presenter",
    "Question",
    "Registration",
    "RegistrationDesk",
    "Report",
    "Series",
    "Session",
    "StatedNeed",
    "Statement",
    "UploadLink",
    "new_token",
]
