"""The pages of the ground floor, one file a subject."""

from partners.views.addresses import EmailView, address_change, address_confirm
from partners.views.memberships import (
    membership_answer,
    membership_ask,
    membership_end,
    membership_list,
    membership_take_back,
)
from partners.views.organisations import organisation_detail, organisation_edit
from partners.views.second_factor import second_factor
from partners.views.standing import partner_apply, partner_list, partner_withdraw

__all__ = [
    "EmailView",
    "address_change",
    "address_confirm",
    "membership_answer",
    "membership_ask",
    "membership_end",
    "membership_list",
    "membership_take_back",
    "organisation_detail",
    "organisation_edit",
    "partner_apply",
    "partner_list",
    "partner_withdraw",
    "second_factor",
]
