"""Who may do what on the ground floor. Deny by default: what is named nowhere is not allowed."""

from datetime import date

from django.db.models import Q

from partners.models import Membership, Organisation, Partner, Role

_VERBS = ("view", "add", "change", "delete")


def _all(app: str, *models: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for model in models for verb in _VERBS}


#: What the Lead and co-leads may do in admin: everything that the Lead moderates.
LEAD = frozenset(
    _all("partners", "organisation", "membership", "partnershiparea", "term", "synonym", "role")
    | _all("experts", "expert", "expertterm", "invitation", "importrun")
    | {
        "partners.view_user",
        "partners.change_user",
        "partners.view_partner",
        "partners.add_partner",
        "partners.view_partnerchange",
        "partners.view_decision",
        "partners.view_country",
        "experts.view_consent",
        "experts.view_edit",
        "experts.view_change",
        "experts.view_correction",
        "experts.view_policy",
        "experts.change_policy",
        "experts.view_historicalexpert",
        "experts.moderate",
        "experts.export_private",
        "partners.moderate",
    }
)

#: The secretariat reads what the Lead sees of people and profiles, and changes nothing.
SECRETARIAT = frozenset({"experts.view_expert", "partners.view_partner", "partners.view_user"})

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
    """Approved as a person, or belongs today to an organisation that is an approved partner."""
    if not (user.is_authenticated and user.is_active):
        return False
    if is_lead(user):
        return True
    return (
        Partner.objects.approved()
        .filter(
            Q(person=user)
            | Q(organisation__in=Membership.objects.held_on(today).filter(user=user).values("organisation"))
        )
        .exists()
    )


def can_decide_memberships(user, organisation: Organisation) -> bool:
    """The organisation's contact person, or the Lead."""
    return user.is_authenticated and (
        organisation.contact_id == user.pk or user.has_perm("partners.change_membership")
    )
