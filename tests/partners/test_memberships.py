from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from partners import memberships
from partners.models import Decision, Membership
from partners.refusals import Refused
from tests.factories import (
    NOW,
    SINCE,
    TODAY,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact():
    return UserFactory(name="Contact")


@pytest.fixture
def organisation(contact):
    return OrganisationFactory(contact=contact)


def test_asking_tells_the_contact_person(organisation, contact, mailoutbox):
    person = UserFactory(name="Ana")

    membership = memberships.ask(person, organisation.pk, SINCE, NOW)

    assert (membership.status, membership.from_on) == ("applied", SINCE)
    assert [(one.to, one.subject) for one in mailoutbox] == [
        ([contact.email], f"Does Ana belong to {organisation}?")
    ]
    assert list(memberships.waiting_for(contact)) == [membership]


def test_without_a_contact_person_nobody_is_written_to(mailoutbox):
    memberships.ask(UserFactory(), OrganisationFactory().pk, SINCE, NOW)

    assert mailoutbox == []


def test_the_contact_person_approves_without_a_line_in_the_log_of_the_lead(
    organisation, contact, mailoutbox
):
    membership = memberships.ask(UserFactory(), organisation.pk, SINCE, NOW)

    memberships.approve(membership.pk, contact, NOW)

    membership.refresh_from_db()
    assert (membership.status, membership.decided_by, membership.decided_at) == (
        "approved",
        contact,
        NOW,
    )
    assert mailoutbox[-1].to == [membership.user.email]
    assert Decision.objects.count() == 0


def test_the_lead_approves_the_first_member_and_that_is_logged():
    membership = memberships.ask(UserFactory(), OrganisationFactory().pk, SINCE, NOW)
    lead = LeadFactory()

    memberships.approve(membership.pk, lead, NOW)

    assert list(Decision.objects.values_list("actor", "action")) == [(lead.pk, "approved")]


@pytest.mark.parametrize("who", ["self", "member", "stranger", "contact of another"])
def test_nobody_else_decides(organisation, who):
    membership = memberships.ask(UserFactory(), organisation.pk, SINCE, NOW)
    people = {
        "self": membership.user,
        "member": MembershipFactory(organisation=organisation).user,
        "stranger": UserFactory(),
        "contact of another": OrganisationFactory(contact=UserFactory()).contact,
    }

    for step in (
        lambda: memberships.approve(membership.pk, people[who], NOW),
        lambda: memberships.decline(membership.pk, people[who], "No.", NOW),
    ):
        with pytest.raises(Refused):
            step()

    membership.refresh_from_db()
    assert membership.status == "applied"


def test_declining_needs_a_reason_and_leaves_the_way_open(organisation, contact, mailoutbox):
    membership = memberships.ask(UserFactory(), organisation.pk, SINCE, NOW)

    with pytest.raises(Refused):
        memberships.decline(membership.pk, contact, "", NOW)
    memberships.decline(membership.pk, contact, "We do not know you.", NOW)
    memberships.ask(membership.user, organisation.pk, SINCE, NOW)

    assert "We do not know you." in mailoutbox[1].body
    assert sorted(Membership.objects.values_list("status", flat=True)) == ["applied", "declined"]


def test_an_answer_is_given_once(organisation, contact):
    membership = memberships.ask(UserFactory(), organisation.pk, SINCE, NOW)
    memberships.approve(membership.pk, contact, NOW)

    with pytest.raises(Refused):
        memberships.decline(membership.pk, contact, "After all not.", NOW)


def test_nobody_belongs_twice_to_an_organisation_at_one_time(organisation):
    person = MembershipFactory(organisation=organisation).user

    with pytest.raises(Refused):
        memberships.ask(person, organisation.pk, TODAY, NOW)
    with pytest.raises(IntegrityError, match="membership_once_at_a_time"), transaction.atomic():
        Membership.objects.create(user=person, organisation=organisation, from_on=TODAY)


def test_who_left_may_come_back_on_the_day_after(organisation):
    row = MembershipFactory(organisation=organisation, to_on=date(2024, 5, 31))

    with pytest.raises(Refused):
        memberships.ask(row.user, organisation.pk, date(2024, 5, 31), NOW)
    again = memberships.ask(row.user, organisation.pk, date(2024, 6, 1), NOW)

    assert again.status == "applied"


def test_a_person_may_belong_to_two_organisations(organisation):
    row = MembershipFactory(organisation=organisation)

    memberships.ask(row.user, OrganisationFactory().pk, SINCE, NOW)

    assert row.user.memberships.count() == 2


def test_a_membership_ends_with_its_last_day(organisation, mailoutbox):
    row = MembershipFactory(organisation=organisation)

    memberships.end(row.pk, row.user, TODAY, NOW)

    held = Membership.objects.held_on
    assert (held(TODAY).count(), held(TODAY + timedelta(days=1)).count()) == (1, 0)
    assert mailoutbox == []


def test_who_leaves_is_no_contact_person_any_more(contact, organisation):
    row = MembershipFactory(organisation=organisation, user=contact)

    memberships.end(row.pk, contact, TODAY, NOW)

    organisation.refresh_from_db()
    assert organisation.contact is None


def test_the_contact_person_ends_a_membership_and_the_person_is_told(
    organisation, contact, mailoutbox
):
    row = MembershipFactory(organisation=organisation)

    memberships.end(row.pk, contact, date(2026, 10, 31), NOW)

    assert mailoutbox[0].to == [row.user.email]
    assert "31 October 2026" in mailoutbox[0].body


@pytest.mark.parametrize("last_day", [SINCE - timedelta(days=1), TODAY + timedelta(days=1)])
def test_the_last_day_lies_between_the_first_and_today(organisation, last_day):
    row = MembershipFactory(organisation=organisation)

    with pytest.raises(Refused):
        memberships.end(row.pk, row.user, last_day, NOW)


def test_a_stranger_ends_nothing(organisation):
    row = MembershipFactory(organisation=organisation)

    with pytest.raises(Refused):
        memberships.end(row.pk, UserFactory(), TODAY, NOW)


def test_a_request_is_taken_back_until_it_is_answered(organisation, contact):
    membership = memberships.ask(UserFactory(), organisation.pk, SINCE, NOW)
    memberships.take_back(membership.pk, membership.user, NOW)
    assert Membership.objects.count() == 0

    membership = memberships.ask(membership.user, organisation.pk, SINCE, NOW)
    memberships.approve(membership.pk, contact, NOW)
    with pytest.raises(Refused):
        memberships.take_back(membership.pk, membership.user, NOW)
