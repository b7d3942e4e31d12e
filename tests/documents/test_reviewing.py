"""When the review of a practice is due, who can answer, and what an answer does."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta

from documents import reviewing
from documents.models import Practice, PracticeReview, PracticeVersion
from mailings import suppression
from mailings.models import Suppression
from partners.models import Decision, Partner
from partners.refusals import Refused
from tests.factories import (
    NOW,
    SINCE,
    ExpertFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PracticeFactory,
    PracticeVersionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
Role = PracticeReview.Role
LONG_AGO = NOW - relativedelta(months=24)


def test_a_review_is_due_on_the_day_in_python_and_in_sql_alike():
    moments = [LONG_AGO, LONG_AGO + timedelta(seconds=1), NOW.replace(year=2024, month=2, day=29)]
    practices = [PracticeFactory(reviewed_at=moment) for moment in moments]
    PracticeFactory(reviewed_at=LONG_AGO, status=Practice.Status.ARCHIVED)

    found = list(reviewing.due(Practice.objects.all(), NOW).order_by("pk"))

    assert [one for one in practices if reviewing.is_due(one, NOW)] == found
    assert found == [practices[0], practices[2]]
    assert [reviewing.due_on(one) for one in practices] == [
        date(2026, 11, 24),
        date(2026, 11, 24),
        date(2026, 2, 28),
    ]
    assert [one.due_at.date() for one in found] == [date(2026, 11, 24), date(2026, 2, 28)]


def test_a_new_version_that_waits_for_the_reviewer_is_an_answer():
    practice = PracticeFactory(reviewed_at=LONG_AGO)
    version = PracticeVersionFactory(practice=practice, number=2)
    assert list(reviewing.unanswered(NOW)) == [practice]

    version.status = PracticeVersion.Status.SUBMITTED
    version.save()

    assert list(reviewing.unanswered(NOW)) == []


def _inactive():
    return UserFactory(is_active=False)


def _withdrawn():
    return PartnerFactory(status=Partner.Status.WITHDRAWN).person


def _left_the_organisation():
    organisation = OrganisationFactory()
    PartnerFactory(person=None, organisation=organisation)
    yesterday = NOW.date() - timedelta(days=1)
    return MembershipFactory(organisation=organisation, to_on=yesterday).user


def _bounced():
    user = PartnerFactory().person
    hashed = suppression.hash_of(user.email)
    suppression.suppress(hashed, "", Suppression.Reason.BOUNCED, NOW)
    return user


@pytest.mark.parametrize(
    "owner", [lambda: None, _inactive, _withdrawn, _left_the_organisation, _bounced]
)
def test_an_owner_has_left(owner):
    assert reviewing.owner_has_left(PracticeFactory(owner=owner()), NOW)


def _member():
    organisation = OrganisationFactory()
    PartnerFactory(person=None, organisation=organisation)
    return MembershipFactory(organisation=organisation, from_on=SINCE).user


@pytest.mark.parametrize("owner", [lambda: PartnerFactory().person, _member, LeadFactory])
def test_an_owner_is_there(owner):
    assert not reviewing.owner_has_left(PracticeFactory(owner=owner()), NOW)


def test_an_answer_is_written_down_and_the_lead_stands_in_the_log():
    practice, lead = PracticeFactory(reviewed_at=LONG_AGO), LeadFactory()

    reviewing.still_valid(practice.pk, Role.OWNER, practice.owner, NOW)
    reviewing.still_valid(practice.pk, Role.LEAD, lead, NOW + timedelta(days=1))

    practice.refresh_from_db()
    assert practice.reviewed_at == NOW + timedelta(days=1)
    said = PracticeReview.objects.order_by("at").values_list("role", "user", "at")
    assert list(said) == [
        ("owner", practice.owner.pk, NOW),
        ("lead", lead.pk, NOW + timedelta(days=1)),
    ]
    assert Decision.objects.get().actor == lead


def test_nobody_stands_by_a_practice_that_is_not_published():
    practice = PracticeFactory(status=Practice.Status.ARCHIVED)
    with pytest.raises(Refused):
        reviewing.still_valid(practice.pk, Role.OWNER, practice.owner, NOW)
    assert not PracticeReview.objects.exists()


def test_who_can_answer_and_as_what():
    contact = UserFactory()
    practice = PracticeFactory(organisation=OrganisationFactory(contact=contact))
    version = PracticeVersionFactory(practice=practice, number=2)
    expert, withdrawn = ExpertFactory(claimed=True), ExpertFactory(claimed=True, status="withdrawn")
    version.experts.add(expert, withdrawn)
    version.status, version.decided_at = PracticeVersion.Status.PUBLISHED, NOW
    version.save()
    practice.current = version
    practice.save()

    people = [practice.owner, LeadFactory(), contact, expert.user, withdrawn.user, UserFactory()]

    assert [reviewing.role_of(user, practice) for user in people] == [
        Role.OWNER,
        Role.LEAD,
        Role.ORGANISATION,
        Role.RESOURCE_PERSON,
        None,
        None,
    ]
