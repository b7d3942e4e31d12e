"""The Resource Persons List in the Lead's admin, one file a subject."""

from experts.admin.expert import ExpertAdmin
from experts.admin.imports import ImportRunAdmin
from experts.admin.records import (
    ConsentAdmin,
    CorrectionAdmin,
    EditAdmin,
    InvitationAdmin,
    PolicyAdmin,
)
from experts.admin.rounds import FollowUpAdmin, RoundAdmin

__all__ = [
    "ConsentAdmin",
    "CorrectionAdmin",
    "EditAdmin",
    "ExpertAdmin",
    "FollowUpAdmin",
    "ImportRunAdmin",
    "InvitationAdmin",
    "PolicyAdmin",
    "RoundAdmin",
]
