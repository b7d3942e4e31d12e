"""Standing in the partnership: somebody applies, the Lead approves or declines, a partner leaves.

Each step writes a PartnerChange and tells the applicant by mail; what the Lead decided also stands
in the Lead's log.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from partners import decisions, mail, memberships, permissions
from partners.models import Membership, Organisation, Partner, PartnerChange, User
from partners.refusals import Refused


@transaction.atomic
def apply(applicant: Organisation | User, statement: str, by: User, now: datetime) -> Partner:
    """Ask that an organisation or a person becomes a partner.

    Who applies for an organisation asks at the same time to belong to it. Raises Refused when the
    applicant is a partner already, or waits.
    """
    side = "organisation" if isinstance(applicant, Organisation) else "person"
    try:
        with transaction.atomic():
            partner = Partner.objects.create(
                **{side: applicant},
                statement=statement,
                applied_by=by,
                status=Partner.Status.APPLIED,
            )
        old = ""
    except IntegrityError:  # has a standing: declined or withdrawn may apply again
        partner = Partner.objects.select_for_update().get(**{side: applicant})
        old = _check(partner, Partner.Status.APPLIED)
    partner.status, partner.statement = Partner.Status.APPLIED, statement
    partner.applied_by, partner.applied_at = by, now
    partner.save()
    _note(partner, old, by, now)
    if side == "organisation" and not memberships.open_for(by, applicant, now.date()).exists():
        memberships.ask(by, applicant.pk, now.date(), now, tell=applicant.contact_id is not None)
    _tell("partner_applied", partner, [by], statement=statement)
    return partner


def approve(partner_id: int, by: User, now: datetime) -> Partner:
    """The Lead agrees.

    Where an organisation has no contact person yet, who applied for it becomes one, and the
    membership that waits is approved with it. Raises Refused unless the application waits.
    """
    with transaction.atomic():
        partner = _change(partner_id, Partner.Status.APPROVED, by, now)
        decisions.record(by, "approved", partner, now)
        if partner.organisation is not None and partner.organisation.contact is None:
            _make_contact(partner.organisation, partner.applied_by, by, now)
        _tell("partner_approved", partner, _people(partner))
    return partner


def decline(partner_id: int, by: User, reason: str, now: datetime) -> Partner:
    """The Lead says no, with a reason that the applicant reads.

    Raises Refused without a reason, or unless the application waits.
    """
    if not reason.strip():
        raise Refused(_("Write a reason. The applicant reads it."))
    with transaction.atomic():
        partner = _change(partner_id, Partner.Status.DECLINED, by, now, reason)
        decisions.record(by, "declined", partner, now, reason)
        _tell("partner_declined", partner, _people(partner), reason=reason)
    return partner


def withdraw(partner_id: int, by: User, reason: str, now: datetime) -> Partner:
    """A partner leaves, or an application is taken back; `reason` may be empty for oneself.

    Raises Refused when `by` may not, when the Lead gives no reason, or when there is nothing to
    withdraw.
    """
    with transaction.atomic():
        partner = Partner.objects.select_related("organisation").get(pk=partner_id)
        if not permissions.can_withdraw(by, partner):
            raise Refused(_("Only the partner or the Lead can do this."))
        for_others = by.pk not in {person.pk for person in _people(partner)}
        if for_others and not reason.strip():
            raise Refused(_("Write a reason. The partner reads it."))
        partner = _change(partner_id, Partner.Status.WITHDRAWN, by, now, reason)
        if for_others:
            decisions.record(by, "withdrawn", partner, now, reason)
        _tell("partner_withdrawn", partner, _people(partner), reason=reason)
    return partner


def _change(partner_id, new, by, now, reason="") -> Partner:
    """Lock, check where it comes from, and write the new status with its line of history."""
    partner = (
        Partner.objects.select_for_update(of=("self",))
        .select_related("organisation__contact", "person", "applied_by")
        .get(pk=partner_id)
    )
    old = _check(partner, new)
    partner.status = new
    partner.save(update_fields=["status"])
    _note(partner, old, by, now, reason)
    return partner


def _check(partner: Partner, new: str) -> str:
    """The status it comes from; raises Refused when that does not lead to `new`."""
    if new not in Partner.NEXT[partner.status]:
        sentences = {
            Partner.Status.APPLIED: _("%(partner)s has applied already and waits for the Lead."),
            Partner.Status.APPROVED: _("%(partner)s is a partner already."),
            Partner.Status.DECLINED: _("The application of %(partner)s was declined already."),
            Partner.Status.WITHDRAWN: _("%(partner)s is not a partner any more."),
        }
        raise Refused(sentences[partner.status] % {"partner": partner})
    return partner.status


def _note(partner, old, by, now, reason=""):
    PartnerChange.objects.create(
        partner=partner, old=old, new=partner.status, at=now, actor=by, reason=reason
    )


def _make_contact(organisation: Organisation, person: User | None, by: User, now: datetime):
    """The person who applied speaks for the organisation, unless the membership was refused."""
    if person is None:
        return
    membership = memberships.open_for(person, organisation, now.date()).first()
    if membership is None:
        return
    if membership.status == Membership.Status.APPLIED:
        memberships.approve(membership.pk, by, now, tell=False)
    organisation.contact = person
    organisation.save(update_fields=["contact"])


def _people(partner: Partner) -> list[User]:
    """Who hears of a change: the person, or for an organisation its contact and who applied."""
    if partner.person is not None:
        return [partner.person]
    people = [partner.organisation.contact, partner.applied_by]
    return list(dict.fromkeys(person for person in people if person and person.is_active))


def _tell(what: str, partner: Partner, people: list[User], **context):
    for person in people:
        mail.send(
            f"partners/mail/{what}",
            person.email,
            {
                "name": str(person),
                "partner": str(partner),
                "organisation": partner.organisation,
                "link": mail.absolute(reverse("my_page")),
                **context,
            },
        )
