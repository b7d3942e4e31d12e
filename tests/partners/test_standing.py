import pytest
from django.db import DatabaseError, transaction

from partners import standing
from partners.models import Decision, Membership, Partner, PartnerChange
from partners.refusals import Refused
from tests.factories import (
    NOW,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def history(partner):
    return list(partner.changes.values_list("old", "new", "actor", "at", "reason"))


def test_a_person_applies_and_gets_a_receipt(mailoutbox):
    person = UserFactory(name="Ana")

    partner = standing.apply(person, "We collect lamps.", person, NOW)

    assert (partner.status, partner.person, partner.applied_at) == ("applied", person, NOW)
    assert history(partner) == [("", "applied", person.pk, NOW, "")]
    assert [(one.to, one.subject) for one in mailoutbox] == [
        ([person.email], "Ana: your application has arrived")
    ]


def test_who_applies_for_an_organisation_asks_to_belong_to_it(mailoutbox):
    person, organisation = UserFactory(), OrganisationFactory()

    standing.apply(organisation, "We collect lamps.", person, NOW)

    membership = Membership.objects.get()
    assert (membership.user, membership.organisation, membership.status) == (
        person,
        organisation,
        "applied",
    )
    assert len(mailoutbox) == 1


def test_the_lead_approves_and_the_applicant_speaks_for_the_organisation(mailoutbox):
    lead, person, organisation = LeadFactory(), UserFactory(), OrganisationFactory()
    partner = standing.apply(organisation, "We collect lamps.", person, NOW)

    standing.approve(partner.pk, lead, NOW)

    organisation.refresh_from_db()
    membership = Membership.objects.get()
    assert (organisation.contact, membership.status, membership.decided_by) == (
        person,
        "approved",
        lead,
    )
    assert history(partner)[-1] == ("applied", "approved", lead.pk, NOW, "")
    assert set(Decision.objects.values_list("actor", "action")) == {(lead.pk, "approved")}
    assert [one.to for one in mailoutbox] == [[person.email]] * 2


def test_an_approval_does_not_replace_a_contact_person(mailoutbox):
    contact, stranger = UserFactory(), UserFactory()
    organisation = OrganisationFactory(contact=contact)
    partner = standing.apply(organisation, "We collect lamps.", stranger, NOW)

    standing.approve(partner.pk, LeadFactory(), NOW)

    organisation.refresh_from_db()
    assert organisation.contact == contact
    assert Membership.objects.get(user=stranger).status == "applied"


def test_declining_needs_a_reason_that_the_applicant_reads(mailoutbox):
    lead, person = LeadFactory(), UserFactory()
    partner = standing.apply(person, "We collect lamps.", person, NOW)

    with pytest.raises(Refused):
        standing.decline(partner.pk, lead, "  ", NOW)
    standing.decline(partner.pk, lead, "You sell mercury.", NOW)

    assert history(partner)[-1] == ("applied", "declined", lead.pk, NOW, "You sell mercury.")
    assert "You sell mercury." in mailoutbox[-1].body
    assert Decision.objects.get().reason == "You sell mercury."


def test_who_was_declined_may_apply_again(mailoutbox):
    person = UserFactory()
    partner = standing.apply(person, "First.", person, NOW)
    standing.decline(partner.pk, LeadFactory(), "Say more.", NOW)

    again = standing.apply(person, "Second.", person, NOW)

    assert (again.pk, again.status, again.statement) == (partner.pk, "applied", "Second.")
    assert [change[:2] for change in history(again)] == [
        ("", "applied"),
        ("applied", "declined"),
        ("declined", "applied"),
    ]


@pytest.mark.parametrize("status", ["applied", "approved"])
def test_nobody_applies_twice(status):
    partner = PartnerFactory(status=status)

    with pytest.raises(Refused):
        standing.apply(partner.person, "Again.", partner.person, NOW)

    assert partner.changes.count() == 1


@pytest.mark.parametrize(
    "status, step",
    [
        ("approved", "approve"),
        ("declined", "approve"),
        ("withdrawn", "approve"),
        ("approved", "decline"),
        ("withdrawn", "decline"),
        ("declined", "withdraw"),
        ("withdrawn", "withdraw"),
    ],
)
def test_a_step_from_the_wrong_status_is_refused(status, step, mailoutbox):
    partner, lead = PartnerFactory(status=status), LeadFactory()
    reason = [] if step == "approve" else ["Because."]

    with pytest.raises(Refused):
        getattr(standing, step)(partner.pk, lead, *reason, NOW)

    partner.refresh_from_db()
    assert partner.status == status
    assert mailoutbox == []


def test_a_partner_leaves_without_a_reason(mailoutbox):
    partner = PartnerFactory()

    standing.withdraw(partner.pk, partner.person, "", NOW)

    assert Partner.objects.get().status == "withdrawn"
    assert Decision.objects.count() == 0
    assert [one.to for one in mailoutbox] == [[partner.person.email]]


def test_the_lead_says_why_a_partner_has_to_leave(mailoutbox):
    partner, lead = PartnerFactory(), LeadFactory()

    with pytest.raises(Refused):
        standing.withdraw(partner.pk, lead, "", NOW)
    standing.withdraw(partner.pk, lead, "Left the field.", NOW)

    assert Decision.objects.get().action == "withdrawn"
    assert "Left the field." in mailoutbox[0].body


def test_a_member_who_is_not_the_contact_person_cannot_withdraw_the_organisation():
    partner = PartnerFactory(person=None, organisation=OrganisationFactory(contact=UserFactory()))
    member = MembershipFactory(organisation=partner.organisation).user

    with pytest.raises(Refused):
        standing.withdraw(partner.pk, member, "I leave.", NOW)


def test_history_and_log_cannot_be_changed():
    partner = standing.apply(person := UserFactory(), "Lamps.", person, NOW)
    standing.approve(partner.pk, LeadFactory(), NOW)

    for rows in (PartnerChange.objects.all(), Decision.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(reason="something else")
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()


def test_a_partner_is_a_person_or_an_organisation_and_not_both():
    with pytest.raises(DatabaseError), transaction.atomic():
        Partner.objects.create(person=UserFactory(), organisation=OrganisationFactory())
    with pytest.raises(DatabaseError), transaction.atomic():
        Partner.objects.create()


def test_when_the_mail_cannot_be_written_nothing_has_changed(monkeypatch):
    partner = standing.apply(person := UserFactory(), "Lamps.", person, NOW)

    def fail(*args):
        raise OSError("mail server is away")

    monkeypatch.setattr("partners.mail.send", fail)
    with pytest.raises(OSError, match="away"):
        standing.approve(partner.pk, LeadFactory(), NOW)

    assert Partner.objects.get().status == "applied"
    assert Decision.objects.count() == 0
