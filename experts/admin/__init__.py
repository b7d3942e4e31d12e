"""The Resource Persons List in the Lead's admin, one file a subject."""

from importlib.util import find_spec

from experts.admin.expert import ExpertAdmin
from experts.admin.records import ConsentAdmin, CorrectionAdmin, EditAdmin, InvitationAdmin, PolicyAdmin

__all__ = [
    "ConsentAdmin",
    "CorrectionAdmin",
    "EditAdmin",
    "ExpertAdmin",
    "InvitationAdmin",
    "PolicyAdmin",
]

if find_spec("experts.admin.imports"):
    from experts.admin.imports import ImportRunAdmin  # noqa: F401
