"""What waits for the Lead on the ground floor, and the words in which every app says it.

An app offers `KINDS`; wmaportal/moderation.py gathers them. A kind reads its items with the same
number of queries however many there are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners import memberships, standing
from partners.models import Membership, Partner, User

#: A contact person has this long to decide on a membership before it is shown to the Lead.
CONTACT_MAY_TAKE = timedelta(days=14)


@dataclass(frozen=True)
class Answer:
    """What the Lead says about one item; `parts` are names of fields, `said` a form's values."""

    by: User
    now: datetime
    reason: str = ""
    parts: frozenset[str] = frozenset()
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What a step wants to know of each item, on a page between the button and the step.

    `form` is made for each item, with what `initial(objects)` gives by key; an item of which the
    form is left empty is left out. The words are the page's.
    """

    form: type[forms.Form]
    initial: Callable[[list[Model]], dict[int, dict]]
    heading: str
    lead: str
    button: str


@dataclass(frozen=True)
class Step:
    """What one button does. `run` raises Refused; `done` is the sentence afterwards."""

    run: Callable[[int, Answer], Any]
    done: str
    needs_reason: bool = False
    needs_parts: bool = False
    asked: Asked | None = None


@dataclass(frozen=True)
class Bulk:
    """A step for several items at once; `look` is the class of its button.

    One with a `button` unfolds a reason, as its step needs one, and that button.
    """

    step: str
    name: str
    look: str = "second"
    button: str = ""


@dataclass(frozen=True)
class Part:
    """One field that differs; `before` and `after` are (words, whether they differ)."""

    field: str
    label: str
    before: list[tuple[str, bool]]
    after: list[tuple[str, bool]]
    can_be_undone: bool = True


@dataclass
class Item:
    """One thing that waits; `facts` is what the template of its kind shows beside the title."""

    object: Model
    title: str
    since: datetime
    parts: list[Part] = field(default_factory=list)
    facts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A sort of items: which wait, how they read, and what the Lead may do with them.

    `waiting(now)` gives the objects with `since`; `describe(objects)` their items, in order.
    An exception needs the Lead; without one, what is no exception goes away by itself. `bulk` are
    the steps for several at once; with `ticked`, all of them are chosen at first.
    """

    code: str
    name: str
    waiting: Callable[[datetime], QuerySet]
    describe: Callable[[Iterable[Model]], list[Item]]
    template: str
    steps: dict[str, Step]
    bulk: tuple[Bulk, ...]
    is_exception: bool = True
    ticked: bool = False


def _partners(now: datetime) -> QuerySet[Partner]:
    return Partner.objects.applied().annotate(since=F("applied_at"))


def _describe_partners(partners: QuerySet[Partner]) -> list[Item]:
    partners = list(
        partners.select_related("organisation__country", "person", "applied_by").prefetch_related(
            "organisation__memberships"
        )
    )
    people = {partner.pk: _people_of(partner) for partner in partners}
    verified = set(
        EmailAddress.objects.filter(
            verified=True, user__in={user for users in people.values() for user in users}
        ).values_list("user", flat=True)
    )
    return [
        Item(
            object=partner,
            title=_title(partner),
            since=partner.since,
            facts={"people": _addresses(people[partner.pk], verified)},
        )
        for partner in partners
    ]


def _people_of(partner: Partner) -> set[int]:
    users = {partner.applied_by_id, partner.person_id}
    if partner.organisation:
        users |= {
            membership.user_id
            for membership in partner.organisation.memberships.all()
            if membership.status != Membership.Status.DECLINED
        }
    return users - {None}


def _title(partner: Partner) -> str:
    country = partner.organisation.country if partner.organisation else None
    if country:
        said = _("%(name)s, %(country)s, wants to be a partner")
        return said % {"name": partner, "country": country}
    return _("%(name)s wants to be a partner") % {"name": partner}


def _addresses(users: set[int], verified: set[int]) -> str:
    """“2 people, both addresses verified” and the like."""
    if not users:
        return _("Nobody of it has a sign-in yet.")
    people = ngettext("One person", "%(n)s people", len(users)) % {"n": len(users)}
    known = len(users & verified)
    if known == len(users):
        words = ngettext("the address is verified", "all addresses are verified", known)
    else:
        words = _("%(known)s of %(n)s addresses verified") % {"known": known, "n": len(users)}
    return f"{people}: {words}."


def _memberships(now: datetime) -> QuerySet[Membership]:
    """Memberships that nobody else can decide, or that the contact person left lying.

    Who applies for an organisation as a partner asks to belong to it too: one decision, not two.
    """
    nobody_else = (
        Q(organisation__contact=None)
        | Q(organisation__contact=F("user"))
        | Q(organisation__contact__is_active=False)
    )
    applied_with = Partner.objects.applied().filter(
        organisation=OuterRef("organisation"), applied_by=OuterRef("user")
    )
    return (
        Membership.objects.filter(status=Membership.Status.APPLIED)
        .filter(nobody_else | Q(applied_at__lte=now - CONTACT_MAY_TAKE))
        .exclude(Exists(applied_with))
        .annotate(
            since=F("applied_at"),
            is_verified=Exists(EmailAddress.objects.filter(user=OuterRef("user"), verified=True)),
        )
    )


def _describe_memberships(memberships: QuerySet[Membership]) -> list[Item]:
    return [
        Item(
            object=membership,
            title=_("%(person)s says to belong to %(organisation)s")
            % {"person": membership.user, "organisation": membership.organisation},
            since=membership.since,
        )
        for membership in memberships.select_related(
            "user", "organisation__contact", "organisation__country"
        )
    ]


KINDS = (
    Kind(
        code="partners",
        name=gettext_lazy("Partners"),
        waiting=_partners,
        describe=_describe_partners,
        template="admin/queue/partners.html",
        steps={
            "approve": Step(
                lambda pk, answer: standing.approve(pk, answer.by, answer.now),
                gettext_lazy("%(item)s is a partner now."),
            ),
            "reject": Step(
                lambda pk, answer: standing.decline(pk, answer.by, answer.reason, answer.now),
                gettext_lazy("Declined: %(item)s. The other side is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("approve", gettext_lazy("Approve the chosen")),),
    ),
    Kind(
        code="memberships",
        name=gettext_lazy("Memberships"),
        waiting=_memberships,
        describe=_describe_memberships,
        template="admin/queue/memberships.html",
        steps={
            "approve": Step(
                lambda pk, answer: memberships.approve(pk, answer.by, answer.now),
                gettext_lazy("Approved: %(item)s."),
            ),
            "reject": Step(
                lambda pk, answer: memberships.decline(pk, answer.by, answer.reason, answer.now),
                gettext_lazy("Declined: %(item)s. The other side is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("approve", gettext_lazy("Approve the chosen")),),
    ),
)
