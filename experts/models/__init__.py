"""The tables of the Resource Persons List, one file a subject."""

from experts.models.consent import Consent
from experts.models.edits import Change, Correction, Edit
from experts.models.expert import Audience, Expert, ExpertTerm, Freshness
from experts.models.imports import ImportRun
from experts.models.invitations import Invitation
from experts.models.policy import Policy

__all__ = [
    "Audience",
    "Change",
    "Consent",
    "Correction",
    "Edit",
    "Expert",
    "ExpertTerm",
    "Freshness",
    "ImportRun",
    "Invitation",
    "Policy",
]
