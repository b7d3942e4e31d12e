"""The review of a published practice: when it is due, who can answer, and that somebody did.

A practice is due REVIEW_MONTHS after a person last stood by it: the publication of a version, or
'still valid'. Nothing of that is stored but `reviewed_at`.
"""

from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import DateTimeField, Exists, F, Func, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.models import Practice, PracticeExpert, PracticeReview, PracticeVersion
from experts.models import Expert
from mailings import suppression
from mailings.models import Suppression
from partners import decisions
from partners.models import Partner, Role, User
from partners.refusals import Refused

REVIEW_MONTHS = 24


class _DueAt(Func):
    """`due_on` in SQL, as a moment."""

    template = f"(%(expressions)s + interval '{REVIEW_MONTHS} months')"
    output_field = DateTimeField()

    def __init__(self):
        super().__init__(F("reviewed_at"))


def due_on(practice: Practice) -> date | None:
    """The day on which the review is due; None for what was never published."""
    due_at = _due_at(practice)
    return due_at and due_at.date()


def is_due(practice: Practice, now: datetime) -> bool:
    """Published, and the day of its review has come."""
    due_at = _due_at(practice)
    return practice.status == Practice.Status.PUBLISHED and due_at is not None and due_at <= now


def _due_at(practice: Practice) -> datetime | None:
    return practice.reviewed_at and practice.reviewed_at + relativedelta(months=REVIEW_MONTHS)


def with_due_at(practices: QuerySet[Practice]) -> QuerySet[Practice]:
    """Annotated with `due_at`: the moment of `due_on`."""
    return practices.annotate(due_at=_DueAt())


def due(practices: QuerySet[Practice], now: datetime) -> QuerySet[Practice]:
    """Those of which the review is due (`is_due` in SQL), with `due_at`."""
    return with_due_at(practices).filter(status=Practice.Status.PUBLISHED, due_at__lte=now)


def unanswered(now: datetime) -> QuerySet[Practice]:
    """Practices of which the review is due while no new version waits for the reviewer."""
    handed_in = PracticeVersion.objects.filter(
        practice=OuterRef("pk"), status=PracticeVersion.Status.SUBMITTED
    )
    return due(Practice.objects.all(), now).exclude(Exists(handed_in))


def has_owner(now: datetime) -> Q:
    """Condition on practices: the owner is active, still a partner, and mail arrives there."""
    today = now.date()
    partner = Partner.objects.standing_for(OuterRef("owner"), today)
    lead = Role.objects.held_on(today).filter(user=OuterRef("owner"), kind__in=Role.LEADS)
    unreachable = Suppression.objects.filter(
        topic="", address_hash=suppression.AddressHash(OuterRef("owner__email"))
    )
    return (
        Q(owner__is_active=True)
        & (Q(owner__is_superuser=True) | Exists(partner) | Exists(lead))
        & ~Exists(unreachable)
    )


def owner_has_left(practice: Practice, now: datetime | None = None) -> bool:
    """No owner, no partner any more today, or nobody whom mail reaches."""
    now = now or timezone.now()
    return not Practice.objects.filter(has_owner(now), pk=practice.pk).exists()


def role_of(user: User, practice: Practice) -> PracticeReview.Role | None:
    """As what this person can say that the practice is still valid; None: not at all."""
    if not (user.is_authenticated and user.is_active):
        return None
    if practice.owner_id == user.pk:
        return PracticeReview.Role.OWNER
    if user.has_perm("documents.change_practice"):
        return PracticeReview.Role.LEAD
    organisation = practice.organisation
    if organisation and organisation.contact_id == user.pk:
        return PracticeReview.Role.ORGANISATION
    if resource_persons(practice).filter(expert__user=user).exists():
        return PracticeReview.Role.RESOURCE_PERSON
    return None


def resource_persons(practice: Practice) -> QuerySet[PracticeExpert]:
    """Links of the current version to people whose profile was not withdrawn."""
    links = PracticeExpert.objects.filter(version=practice.current_id)
    return links.exclude(expert__status=Expert.Status.WITHDRAWN)


@transaction.atomic
def still_valid(
    practice_id: int, role: PracticeReview.Role, user: User | None, now: datetime
) -> Practice:
    """Somebody stands by the practice: with `practices.publish` the one writer of `reviewed_at`.

    `user` is None for a resource person without sign-in. The caller has asked whether the person
    may. Raises Refused for a practice that is not published.
    """
    practice = Practice.objects.select_for_update().get(pk=practice_id)
    if practice.status != Practice.Status.PUBLISHED:
        raise Refused(_("Only a published practice can be said to be still valid."))
    practice.reviewed_at = now
    practice.save(update_fields=["reviewed_at"])
    PracticeReview.objects.create(practice=practice, at=now, role=role, user=user)
    if role == PracticeReview.Role.LEAD:
        decisions.record(user, "said to be still valid", practice, now)
    return practice
