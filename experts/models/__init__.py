"""The tables of the Resource Persons List, one file a subject."""

from experts.models.consent import Consent
from experts.models.edits import Change, Correction, Edit
from experts.models.expert import Audience, Expert, ExpertTerm, Freshness
from experts.models.freshness import (
    Confirmation,
    Edition,
    EditionEntry,
    EditionFigure,
    FollowUp,
    ProfileLink,
    Round,
)
from experts.models.imports import ImportRun
from experts.models.invitations import Invitation
from experts.models.policy import Policy

__all__ = [
    "Audience",
    "Change",
    "Confirmation",
    "Consent",
    "Correction",
    "Edit",
    "Edition",
    "EditionEntry",
    "EditionFigure",
    "Expert",
    "ExpertTerm",
    "FollowUp",
    "Freshness",
    "ImportRun",
    "Invitation",
    "Policy",
    "ProfileLink",
    "Round",
]
