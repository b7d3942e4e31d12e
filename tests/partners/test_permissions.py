from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP

from partners import permissions
from partners.models import Role, User
from tests.factories import (
    NOW,
    SINCE,
    TODAY,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
)
from tests.factories.partners import TOTP_SECRET

pytestmark = pytest.mark.django_db
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to(NOW, tick=False)


def again(user):
    """The same person at the next request: roles are read once for each."""
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize(
    "from_on, to_on, held",
    [
        (SINCE, None, True),
        (SINCE, TODAY, True),
        (TODAY, TODAY, True),
        (SINCE, YESTERDAY, False),
        (TOMORROW, None, False),
    ],
)
@pytest.mark.parametrize("kind", [Role.Kind.LEAD, Role.Kind.CO_LEAD])
def test_rights_follow_from_the_role_held_today(kind, from_on, to_on, held):
    person = RoleFactory(user__totp=True, kind=kind, from_on=from_on, to_on=to_on).user

    assert person.has_perm("experts.moderate") is held
    assert person.has_module_perms("partners") is held
    assert person.is_staff is held
    assert permissions.is_lead(person) is held


def test_a_lead_has_the_rights_of_the_lead_with_a_second_step_of_signing_in_only():
    lead = LeadFactory(totp=False)
    assert lead.is_staff
    assert not lead.has_perm("experts.view_expert")
    assert not lead.has_module_perms("experts")

    TOTP.activate(lead, TOTP_SECRET)

    assert again(lead).has_perm("experts.view_expert")


def test_the_history_of_a_role_stays_when_it_ends(time_machine):
    lead = LeadFactory()
    lead.roles.update(to_on=TODAY)
    assert again(lead).is_staff

    time_machine.move_to(NOW + timedelta(days=1))

    assert not again(lead).is_staff
    assert lead.roles.get().kind == Role.Kind.LEAD


def test_two_leads_are_at_work_at_once():
    leads = LeadFactory(), LeadFactory()

    assert [lead.has_perm("partners.moderate") for lead in leads] == [True, True]


@pytest.mark.parametrize("kind", [Role.Kind.CORE_MEMBER, Role.Kind.SECRETARIAT])
def test_other_roles_do_not_open_admin(kind):
    person = RoleFactory(kind=kind).user

    assert (person.is_staff, person.has_perm("experts.change_expert")) == (False, False)


def test_the_secretariat_reads_and_changes_nothing():
    rights = SecretariatFactory().get_all_permissions()

    assert {right.split(".")[1].split("_")[0] for right in rights} == {"view"}


def test_nobody_has_a_right_that_is_named_nowhere():
    assert not LeadFactory().has_perm("experts.fly")
    assert not LeadFactory().has_perm("auth.change_group")


def test_a_closed_sign_in_has_no_rights():
    lead = LeadFactory()
    lead.is_active = False

    assert (lead.has_perm("experts.moderate"), permissions.is_lead(lead)) == (False, False)


def test_partners_are_persons_and_members_of_partner_organisations():
    organisation = PartnerFactory(person=None, organisation=OrganisationFactory()).organisation
    people = {
        "person": PartnerUserFactory(),
        "member": MembershipFactory(organisation=organisation).user,
        "lead": LeadFactory(),
        "former member": MembershipFactory(organisation=organisation, to_on=YESTERDAY).user,
        "future member": MembershipFactory(organisation=organisation, from_on=TOMORROW).user,
        "asks to be one": MembershipFactory(
            organisation=organisation, status="applied", decided_by=None, decided_at=None
        ).user,
        "member elsewhere": MembershipFactory().user,
        "applied": PartnerFactory(status="applied").person,
        "withdrawn": PartnerFactory(status="withdrawn").person,
        "anybody": UserFactory(),
        "secretariat": SecretariatFactory(),
    }

    partners = {name for name, person in people.items() if permissions.is_partner(person, TODAY)}

    assert partners == {"person", "member", "lead"}


def test_a_page_asks_once_whether_somebody_is_a_partner(django_assert_num_queries):
    partner = PartnerUserFactory()

    with django_assert_num_queries(2):  # the roles of today, and the standing
        assert [permissions.is_partner(partner, TODAY) for _ in range(3)] == [True] * 3


def test_the_contact_person_and_the_lead_look_after_an_organisation():
    organisation = OrganisationFactory(contact=UserFactory())
    people = [
        organisation.contact,
        LeadFactory(),
        MembershipFactory(organisation=organisation).user,
    ]

    for may in (permissions.can_decide_memberships, permissions.can_edit_organisation):
        assert [may(person, organisation) for person in people] == [True, True, False]
