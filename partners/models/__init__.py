"""The ground floor's tables, one file a subject."""

from partners.models.codes import OneTimeCode
from partners.models.countries import Country, Region
from partners.models.decisions import Assignment, Decision
from partners.models.files import FileFinding
from partners.models.organisations import Membership, Organisation, PartnershipArea
from partners.models.people import Role, User
from partners.models.standing import Partner, PartnerChange
from partners.models.vocabulary import Synonym, Term

__all__ = [
    "Assignment",
    "Country",
    "Decision",
    "FileFinding",
    "Membership",
    "OneTimeCode",
    "Organisation",
    "Partner",
    "PartnerChange",
    "PartnershipArea",
    "Region",
    "Role",
    "Synonym",
    "Term",
    "User",
]
