"""Who needs what: needs of countries, requests for advice, missions, surveys."""

from advice.models.conversation import (
    Attachment,
    Block,
    ContactReveal,
    Message,
    Outcome,
    Report,
    Story,
)
from advice.models.missions import Mission, MissionPerson, MissionPlace
from advice.models.needs import Call, Need, NeedChange, NeedTerm
from advice.models.requests import (
    AdviceRequest,
    AnswerLink,
    Choice,
    ChoiceChange,
    Place,
    RequestChange,
    RequestTerm,
    Side,
)
from advice.models.survey import Survey, SurveyAnswer, SurveyLink

__all__ = [
    "AdviceRequest",
    "AnswerLink",
    "Attachment",
    "Block",
    "Call",
    "Choice",
    "ChoiceChange",
    "ContactReveal",
    "Message",
    "Mission",
    "MissionPerson",
    "MissionPlace",
    "Need",
    "NeedChange",
    "NeedTerm",
    "Outcome",
    "Place",
    "Report",
    "RequestChange",
    "RequestTerm",
    "Side",
    "Story",
    "Survey",
    "SurveyAnswer",
    "SurveyLink",
]
