"""Links in mails with which one person answers for one practice, without sign-in.

Dead once it is too old, somebody has answered, or the person is not asked any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from documents import reviewing
from documents.models import Practice, PracticeExpert, PracticeLink, PracticeReview
from experts.models import Expert
from mailings import links
from mailings.models import OutgoingMail
from partners.models import User

Role = PracticeReview.Role


@dataclass(frozen=True)
class Asked:
    """Somebody who can answer for a published practice. `key`: of the PracticeExpert row, for a
    resource person; else of the practice. `reader`: whom the link that stops such mail knows, by
    the key of the practice for its owner, of the sign-in for a contact person, else of the expert.
    """

    practice: Practice  # with its current version
    role: Role
    key: int
    reader: int
    name: str
    address: str
    user: User | None
    paused_until: date | None = None


@dataclass(frozen=True)
class Found:
    """What a token leads to; `asked` is None where nobody is asked in this way now."""

    link: PracticeLink
    asked: Asked | None
    is_answered: bool
    is_alive: bool


def asked(role: Role, keys: Iterable[int]) -> dict[int, Asked]:
    """Who is asked in this role, by key; one query. Nobody for a practice that is not published."""
    practices = Practice.objects.published().defer("current__search").select_related("current")
    if role == Role.OWNER:
        found = practices.filter(pk__in=keys, owner__is_active=True).select_related("owner")
        return {one.pk: _user(one, role, one.owner) for one in found}
    if role == Role.ORGANISATION:
        found = practices.filter(pk__in=keys, organisation__contact__is_active=True)
        found = found.select_related("organisation__contact")
        return {one.pk: _user(one, role, one.organisation.contact) for one in found}
    links = (
        PracticeExpert.objects.filter(pk__in=keys, version__practice__status="published")
        .exclude(expert__status=Expert.Status.WITHDRAWN)
        .select_related("expert__user", "version__practice__current")
        .defer("expert__search", "version__search", "version__practice__current__search")
    )
    return {
        link.pk: _person(link)
        for link in links
        if link.version.practice.current_id == link.version_id
    }


def _user(practice: Practice, role: Role, user: User) -> Asked:
    reader = practice.pk if role == Role.OWNER else user.pk
    return Asked(practice, role, practice.pk, reader, user.name, user.email, user)


def _person(link: PracticeExpert) -> Asked:
    expert = link.expert
    return Asked(
        practice=link.version.practice,
        role=Role.RESOURCE_PERSON,
        key=link.pk,
        reader=expert.pk,
        name=expert.name,
        address=expert.mail_address,
        user=expert.user,
        paused_until=expert.paused_until,
    )


def make(mails: list[OutgoingMail], found: dict[int, Asked], now: datetime) -> dict[int, str]:
    """Token by key of the mail, for mails of which `found` says who is asked."""
    about = {
        key: (
            one.address,
            {
                "practice": one.practice,
                "role": one.role,
                "person_id": one.key if one.role == Role.RESOURCE_PERSON else None,
                "reviewed_at": one.practice.reviewed_at,
            },
        )
        for key, one in found.items()
    }
    return links.make(PracticeLink, mails, about, now)


def find(token: str, now: datetime) -> Found | None:
    """What a token leads to, alive or dead; None for one that nobody made."""
    link = PracticeLink.objects.select_related("practice").filter(token=token).first()
    if link is None:
        return None
    one = asked_by(link, now)
    is_answered = link.practice.reviewed_at != link.reviewed_at
    is_alive = not is_answered and one is not None and links.is_alive(link, one.address, now)
    return Found(link, one, is_answered, is_alive)


def asked_by(link: PracticeLink, now: datetime) -> Asked | None:
    """Who is asked today in the role of the link; the owner, or colleagues when the owner left."""
    role = Role(link.role)
    key = link.person_id if role == Role.RESOURCE_PERSON else link.practice_id
    one = asked(role, [key]).get(key)
    if one and (role == Role.OWNER) is reviewing.owner_has_left(one.practice, now):
        return None
    return one
