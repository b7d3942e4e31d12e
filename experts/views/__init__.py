"""The pages of the Resource Persons List, one file a subject."""

from experts.views.by_link import (
    profile_by_link,
    profile_by_link_edit,
    profile_by_link_fresh,
    profile_by_link_pause,
    profile_by_link_remove,
)
from experts.views.contact_person import contact_person
from experts.views.correcting import correction_answer, expert_correction
from experts.views.directory import expert_list
from experts.views.editions import edition_detail, edition_list, edition_pdf
from experts.views.joining import expert_apply, expert_nominate, invitation
from experts.views.own import (
    expert_confirm,
    expert_contact,
    expert_edit,
    expert_history,
    expert_mail_again,
    expert_mail_language,
    expert_me,
    expert_pause,
    expert_reminders,
    expert_remove,
    expert_submit,
)
from experts.views.profile import expert_detail, expert_photo
from experts.views.roster import (
    expert_export_csv,
    expert_export_xlsx,
    expert_roster,
    expert_roster_pdf,
    expert_vcard,
)

__all__ = [
    "contact_person",
    "correction_answer",
    "edition_detail",
    "edition_list",
    "edition_pdf",
    "expert_apply",
    "expert_confirm",
    "expert_contact",
    "expert_correction",
    "expert_detail",
    "expert_edit",
    "expert_export_csv",
    "expert_export_xlsx",
    "expert_history",
    "expert_list",
    "expert_mail_again",
    "expert_mail_language",
    "expert_me",
    "expert_nominate",
    "expert_pause",
    "expert_photo",
    "expert_reminders",
    "expert_remove",
    "expert_roster",
    "expert_roster_pdf",
    "expert_submit",
    "expert_vcard",
    "invitation",
    "profile_by_link",
    "profile_by_link_edit",
    "profile_by_link_fresh",
    "profile_by_link_pause",
    "profile_by_link_remove",
]
