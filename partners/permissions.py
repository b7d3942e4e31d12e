"""Who may do what on the ground floor. Deny by default: what is named nowhere is not allowed."""

from datetime import date

from partners.models import Membership, Organisation, Partner, Role

_VERBS = ("view", "add", "change", "delete")


def _all(app: str, *models: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for model in models for verb in _VERBS}


#: What the Lead and co-leads may do in admin: everything that the Lead moderates.
LEAD = frozenset(
    _all("partners", "organisation", "membership", "partnershiparea", "term", "synonym", "role")
    | _all("experts", "expert", "expertterm", "invitation", "importrun")
    | _all(
        "documents",
        "document",
        "version",
        "translation",
        "limitvalue",
        "proposal",
        "commentround",
        "comment",
        "practice",
        "requirement",
        "usereport",
        "compilation",
    )
    | _all("advice", "need", "call", "mission", "missionplace", "missionperson")
    | _all("meetings", "series", "meeting")
    | _all("mailings", "announcementtopic", "listrules", "trustedauthor")
    | {
        "advice.view_advicerequest",
        "advice.change_advicerequest",
        "advice.view_choice",
        "advice.view_requestchange",
        "advice.view_contactreveal",
        "advice.view_report",
        "advice.view_block",
        "advice.change_block",
        "advice.view_story",
        "advice.view_survey",
        "advice.add_survey",
        "advice.change_survey",
        "advice.view_surveyanswer",
        "partners.view_user",
        "partners.change_user",
        "partners.view_partner",
        "partners.add_partner",
        "partners.view_partnerchange",
        "partners.view_decision",
        "partners.view_filefinding",
        "partners.view_country",
        "documents.view_practiceversion",
        "documents.view_practicereview",
        "experts.view_consent",
        "experts.view_edit",
        "experts.view_change",
        "experts.view_correction",
        "experts.view_policy",
        "experts.change_policy",
        "experts.view_round",
        "experts.add_round",
        "experts.view_followup",
        "experts.view_historicalexpert",
        "experts.moderate",
        "experts.export_private",
        "partners.moderate",
        "mailings.view_mailingpolicy",
        "mailings.change_mailingpolicy",
        "mailings.view_announcement",
        "mailings.change_announcement",
        "mailings.view_campaign",
        "mailings.change_campaign",
        "mailings.view_outgoingmail",
        "mailings.view_bounce",
        "mailings.view_suppression",
        "mailings.decide",
    }
)

#: The secretariat reads what the Lead sees of people, profiles and documents, and changes nothing.
SECRETARIAT = frozenset(
    {
        "experts.view_expert",
        "partners.view_partner",
        "partners.view_user",
        "documents.view_document",
        "documents.view_commentround",
        "documents.view_practice",
        "documents.view_proposal",
        "advice.view_mission",
        "advice.view_need",
        "meetings.view_meeting",
    }
)

_BY_ROLE = {
    Role.Kind.LEAD: LEAD,
    Role.Kind.CO_LEAD: LEAD,
    Role.Kind.SECRETARIAT: SECRETARIAT,
}


def of_roles(roles: frozenset) -> frozenset:
    """The permissions ("app.codename") that follow from roles held today."""
    return frozenset().union(*(_BY_ROLE.get(role, frozenset()) for role in roles))


def is_lead(user) -> bool:
    """Lead or co-lead today, or superuser."""
    return user.is_authenticated and user.is_active and user.is_staff


def is_partner(user, today: date) -> bool:
    """Approved as a person, or belongs today to an organisation that is an approved partner.

    Asked once for each user object and day, since a page asks it for every field; of who comes with
    a session it is known (partners/authentication.py).
    """
    if not (user.is_authenticated and user.is_active):
        return False
    if is_lead(user):
        return True
    known = _known_of(user)
    if today not in known:
        known[today] = Partner.objects.standing_for(user, today).exists()
    return known[today]


def note_partner(user, today: date, is_one: bool):
    """Let `is_partner` know what was read together with the user."""
    _known_of(user)[today] = is_one


def _known_of(user) -> dict[date, bool]:
    """What `is_partner` found; kept on the user itself, not on a request's lazy one."""
    if not hasattr(user, "_is_partner_on"):
        user._is_partner_on = {}
    return user._is_partner_on


def can_decide_memberships(user, organisation: Organisation) -> bool:
    """The organisation's contact person, or the Lead."""
    return user.is_authenticated and (
        organisation.contact_id == user.pk or user.has_perm("partners.change_membership")
    )


def can_edit_organisation(user, organisation: Organisation) -> bool:
    """The organisation's contact person, or the Lead."""
    return user.is_authenticated and (
        organisation.contact_id == user.pk or user.has_perm("partners.change_organisation")
    )


def can_end_membership(user, membership: Membership) -> bool:
    """The person, and whoever may decide on memberships of that organisation."""
    return membership.user_id == user.pk or can_decide_memberships(user, membership.organisation)


def can_withdraw(user, partner: Partner) -> bool:
    """The person; for an organisation its contact person, or who applied and waits; the Lead."""
    if not user.is_authenticated:
        return False
    if user.has_perm("partners.moderate"):
        return True
    if partner.person_id is not None:
        return partner.person_id == user.pk
    waits = partner.status == Partner.Status.APPLIED and partner.applied_by_id == user.pk
    return waits or partner.organisation.contact_id == user.pk
