"""Links in mails with which one person answers for one practice, without sign-in.

A link is a signed text, kept nowhere: who is asked, for which practice, in which cycle. It is dead
once it is too old, somebody has answered, or the address is not the right one any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core import signing

from documents import reviewing
from documents.models import Practice, PracticeExpert, PracticeReview
from experts.models import Expert
from mailings import suppression
from partners.models import User

VALID_FOR = timedelta(days=60)
_SALT = "documents.practice_links"

Role = PracticeReview.Role


@dataclass(frozen=True)
class Asked:
    """Somebody who can answer for a published practice. `key`: of the PracticeExpert row, for a
    resource person; else of the practice.
    """

    practice: Practice  # with its current version
    role: Role
    key: int
    name: str
    address: str
    user: User | None
    paused_until: date | None = None


@dataclass(frozen=True)
class Link:
    """A link whose signature is right; `asked` is None where nobody is asked in this way now."""

    asked: Asked | None
    is_answered: bool = False

    @property
    def is_alive(self) -> bool:
        return self.asked is not None and not self.is_answered


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
    return Asked(practice, role, practice.pk, user.name, user.email, user)


def _person(link: PracticeExpert) -> Asked:
    expert = link.expert
    return Asked(
        practice=link.version.practice,
        role=Role.RESOURCE_PERSON,
        key=link.pk,
        name=expert.name,
        address=expert.mail_address,
        user=expert.user,
        paused_until=expert.paused_until,
    )


def make(one: Asked) -> str:
    """The token of the address of a page (`practice_by_link`)."""
    said = {
        "practice": one.practice.pk,
        "role": str(one.role),
        "key": one.key,
        "address": suppression.hash_of(one.address)[:16],
        "reviewed_at": one.practice.reviewed_at.isoformat(),
    }
    return signing.dumps(said, salt=_SALT)


def find(token: str, now: datetime) -> Link | None:
    """What a token says; None for one that is too old, or was not made here."""
    try:
        said = signing.loads(token, salt=_SALT, max_age=VALID_FOR)
    except signing.BadSignature:
        return None
    role = Role(said["role"])
    one = asked(role, [said["key"]]).get(said["key"])
    if one is None or one.practice.pk != said["practice"]:
        return Link(None)
    if suppression.hash_of(one.address)[:16] != said["address"]:
        return Link(None)
    is_owner = role == Role.OWNER
    if is_owner is reviewing.owner_has_left(one.practice, now):
        return Link(None)
    return Link(one, is_answered=one.practice.reviewed_at.isoformat() != said["reviewed_at"])
