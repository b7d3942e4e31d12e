"""Who may see and do what with a profile. Who may see a profile at all is `visible_to` alone."""

from datetime import date

from experts.models import Audience, Expert
from partners import permissions as ground

#: Fields of which the expert chooses the audience.
_AUDIENCE = {"email": "email_audience", "phone": "phone_audience"}


def is_own(user, expert: Expert) -> bool:
    return user.is_authenticated and expert.user_id == user.pk


def can_see(user, expert: Expert, field: str, today: date) -> bool:
    """May this person see this private field ("email", "phone", "max_open_requests")?

    'Whose request I accepted' is whom the field was given to when the expert accepted.
    """
    if is_own(user, expert) or user.has_perm("experts.change_expert"):
        return True
    audience = getattr(expert, _AUDIENCE[field]) if field in _AUDIENCE else Audience.LEAD
    if audience == Audience.ACCEPTED:
        return user.is_authenticated and field in _given_to(user, expert)
    return audience == Audience.PARTNERS and ground.is_partner(user, today)


def _given_to(user, expert: Expert) -> set[str]:
    """Fields that this person got to know when the expert accepted a request, and still helps."""
    given = expert.contact_reveals.filter(to=user, choice__status="accepted")
    given = given.exclude(choice__place__request__status__in=("withdrawn", "refused"))
    given = given.values_list("fields", flat=True)
    return {field for fields in given for field in fields.split()}


def contact_seen_by(user, expert: Expert, today: date) -> dict[str, str]:
    """The private contact fields that this person may see and that are filled in, by name."""
    return {
        field: value
        for field in Expert.PRIVATE_FIELDS
        if (value := getattr(expert, field)) and can_see(user, expert, field, today)
    }


def can_nominate(user, today: date) -> bool:
    """Partners nominate."""
    return ground.is_partner(user, today)


def can_suggest_correction(user, expert: Expert) -> bool:
    """Anybody who is signed in, so that the expert knows who says so; not about oneself."""
    return user.is_authenticated and not is_own(user, expert)
