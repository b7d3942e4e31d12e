"""Belonging to an organisation: a person asks, the contact person or the Lead answers, it ends.

Where an organisation has no contact person, the Lead decides.
"""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from partners import decisions, mail, permissions
from partners.models import Membership, Organisation, User
from partners.refusals import Refused


def open_for(user: User, organisation: Organisation, day: date) -> QuerySet[Membership]:
    """Memberships that wait, or run on this day or later."""
    rows = Membership.objects.filter(user=user, organisation=organisation)
    return rows.exclude(status=Membership.Status.DECLINED).filter(Q(to_on=None) | Q(to_on__gte=day))


def waiting_for(user: User) -> QuerySet[Membership]:
    """What this person, as contact person, has to answer; oldest first."""
    return (
        Membership.objects.filter(
            status=Membership.Status.APPLIED, organisation__contact=user, user__is_active=True
        )
        .select_related("user", "organisation")
        .order_by("applied_at", "pk")
    )


@transaction.atomic
def ask(
    user: User, organisation_id: int, from_on: date, now: datetime, tell: bool = True
) -> Membership:
    """Ask to belong to an organisation from a day on; tells its contact person by mail.

    Raises Refused when the person belongs to it on that day, or has asked already.
    """
    organisation = Organisation.objects.select_related("contact").get(pk=organisation_id)
    try:
        with transaction.atomic():
            membership = Membership.objects.create(
                user=user, organisation=organisation, from_on=from_on
            )
    except IntegrityError:  # membership_once_at_a_time
        raise Refused(
            _("You belong to %(organisation)s at that time already, or have asked for it.")
            % {"organisation": organisation}
        ) from None
    contact = organisation.contact
    if tell and contact is not None and contact.is_active and contact != user:
        mail.send(
            "partners/mail/membership_asked",
            contact.email,
            {
                "name": str(contact),
                "person": str(user),
                "address": user.email,
                "organisation": organisation,
                "from_on": from_on,
                "link": mail.absolute(reverse("membership_list", args=[organisation.pk])),
            },
        )
    return membership


@transaction.atomic
def approve(membership_id: int, by: User, now: datetime, tell: bool = True) -> Membership:
    """The person belongs to the organisation. Raises Refused when `by` may not, or too late."""
    membership = _decide(membership_id, Membership.Status.APPROVED, by, now, "")
    if tell:
        _tell("membership_approved", membership)
    return membership


@transaction.atomic
def decline(membership_id: int, by: User, reason: str, now: datetime) -> Membership:
    """The person does not; `reason` goes to them.

    Raises Refused without a reason, when `by` may not, or when it was decided already.
    """
    if not reason.strip():
        raise Refused(_("Write a reason. The person who asked reads it."))
    membership = _decide(membership_id, Membership.Status.DECLINED, by, now, reason)
    _tell("membership_declined", membership)
    return membership


@transaction.atomic
def end(membership_id: int, by: User, last_day: date, now: datetime) -> Membership:
    """The person belonged to the organisation until `last_day`, which is today or earlier.

    Who was its contact person is not any more. Raises Refused when `by` may not, when it is not
    approved or has ended, or when the day does not fit.
    """
    membership = _locked(membership_id)
    if not permissions.can_end_membership(by, membership):
        raise Refused(_("Only the person, the contact person or the Lead can do this."))
    if membership.status != Membership.Status.APPROVED:
        raise Refused(_("This membership is not approved."))
    if membership.to_on is not None and membership.to_on < now.date():
        raise Refused(_("This membership has ended already."))
    if not membership.from_on <= last_day <= now.date():
        raise Refused(
            _("The last day lies between %(first)s and today.")
            % {"first": membership.from_on.isoformat()}
        )
    membership.to_on = last_day
    membership.save(update_fields=["to_on"])
    Organisation.objects.filter(pk=membership.organisation_id, contact=membership.user).update(
        contact=None
    )
    if by != membership.user:
        _record(by, "ended", membership, now)
        _tell("membership_ended", membership)
    return membership


@transaction.atomic
def take_back(membership_id: int, by: User, now: datetime):
    """The person takes back what nobody has answered yet. Raises Refused when somebody has."""
    membership = _locked(membership_id)
    if membership.user != by or membership.status != Membership.Status.APPLIED:
        raise Refused(_("This was answered already."))
    membership.delete()


def _locked(membership_id: int) -> Membership:
    rows = Membership.objects.select_for_update(of=("self",))
    return rows.select_related("user", "organisation").get(pk=membership_id)


def _decide(membership_id, status, by, now, reason) -> Membership:
    membership = _locked(membership_id)
    if not permissions.can_decide_memberships(by, membership.organisation):
        raise Refused(_("Only the contact person of the organisation or the Lead can do this."))
    if status not in Membership.NEXT.get(membership.status, ()):
        raise Refused(_("This was answered already."))
    membership.status, membership.reason = status, reason
    membership.decided_by, membership.decided_at = by, now
    membership.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    _record(by, status.value, membership, now, reason)
    return membership


def _record(by: User, action: str, membership: Membership, now: datetime, reason: str = ""):
    """In the Lead's log stands what a Lead decided, not what a contact person did."""
    if permissions.is_lead(by) and membership.organisation.contact_id != by.pk:
        decisions.record(by, action, membership, now, reason)


def _tell(what: str, membership: Membership):
    person = membership.user
    if not person.is_active:
        return
    mail.send(
        f"partners/mail/{what}",
        person.email,
        {
            "name": str(person),
            "organisation": membership.organisation,
            "from_on": membership.from_on,
            "to_on": membership.to_on,
            "reason": membership.reason,
            "link": mail.absolute(reverse("my_page")),
        },
    )
