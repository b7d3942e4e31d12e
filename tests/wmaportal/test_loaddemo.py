"""What the demonstration has: the forty, the sign-ins, and what waits for the Lead."""

from collections import Counter

import pytest
from django.core.management import call_command
from django.utils import timezone

from documents.demonstration import PUBLISHER
from experts.models import Change, Correction, Expert, Invitation, Policy
from mailings.models import Announcement, Frequency, Preferences, Subscription
from partners import demonstration, permissions
from partners.models import Organisation, Partner, PartnershipArea, User
from tests.everything import everything
from tests.worlds import taken_back


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The demonstration, loaded once for all tests here."""
    with django_db_blocker.unblock(), taken_back():
        call_command("loaddemo", verbosity=0)
        yield


@pytest.fixture(autouse=True)
def _nothing_else(loaded):
    """What a test writes beside it is taken back."""
    with taken_back():
        yield


def test_the_forty_stand_in_the_true_numbers_by_region():
    regions = Counter(Expert.objects.listed().values_list("region", flat=True))
    assert regions == {
        "east-asia": 21,
        "oceania": 2,
        "south-west-asia": 5,
        "africa": 4,
        "america": 3,
        "europe": 5,
    }
    now, policy = timezone.now(), Policy.current()
    freshness = Counter(expert.freshness(now, policy) for expert in Expert.objects.listed())
    assert freshness == {"fresh": 32, "due": 2, "stale": 2, "lapsed": 2, "never": 2}


def test_a_second_run_changes_nothing():
    before = everything()

    call_command("loaddemo", verbosity=0)

    assert everything() == before


def test_all_people_are_invented_and_say_so():
    for expert in Expert.objects.all():
        assert expert.fictitious
        assert expert.name.endswith("(example)")
        assert expert.organisation.name.endswith("(example)")
        assert expert.email.endswith("@example.org")
        assert expert.phone.startswith("+999 ")  # belongs to no country
    for user in User.objects.all():
        assert user.email.endswith("@example.org")
        assert user.name.endswith("(example)")


def test_every_profile_is_one_that_the_forms_would_take():
    for expert in Expert.objects.all():
        expert.full_clean()
        assert expert.term_ids


def test_organisations_come_from_the_data_with_their_source():
    organisations = Organisation.objects.exclude(source__in=("Demonstration", PUBLISHER))
    assert organisations.count() == 57
    assert not organisations.filter(source="").exists()
    assert organisations.get(acronym="UNIDO").kind == Organisation.Kind.INTERGOVERNMENTAL
    approved = Partner.objects.approved().filter(organisation__in=organisations)
    assert approved.count() == 32  # lead, co-lead, secretariat, listed
    assert all(partner.changes.count() == 1 for partner in approved)
    leads = PartnershipArea.objects.get(slug="waste").leads.values_list("name", flat=True)
    assert set(leads) == {"Ministry of the Environment, Japan", "Kyoto University"}


def test_something_waits_for_the_lead():
    waiting = Change.objects.filter(state=Change.State.WAITING)
    assert waiting.values("edit").distinct().count() == 2
    assert Change.objects.filter(state=Change.State.APPLIED).values("edit").distinct().count() == 1
    assert Expert.objects.awaiting().count() == 1
    assert Partner.objects.applied().count() == 1
    assert Correction.objects.filter(state=Correction.State.OPEN).count() == 1
    assert Invitation.objects.filter(kind=Invitation.Kind.NOMINATION).count() == 1


def test_who_confirmed_can_sign_in_and_agreed_to_be_listed():
    for expert in Expert.objects.listed():
        assert (expert.user is None) == (expert.confirmed_at is None)
        assert expert.consents.count() == (1 if expert.user is None else 2)


def test_the_three_sign_ins_have_the_rights_that_they_are_for():
    lead, partner, expert = (
        User.objects.get(email=address)
        for address in (demonstration.LEAD, demonstration.PARTNER, demonstration.EXPERT)
    )
    today = timezone.now().date()
    assert permissions.is_lead(lead)
    assert permissions.is_partner(partner, today)
    assert not permissions.is_lead(partner)
    assert expert.expert.status == Expert.Status.LISTED
    assert not permissions.is_partner(expert, today)
    assert all(user.emailaddress_set.get().verified for user in (lead, partner, expert))


def test_partners_chose_what_they_get_and_one_stopped_everything():
    chosen = Subscription.objects.values_list("user__email", flat=True).distinct()
    people = User.objects.filter(email__in=chosen)
    today = timezone.now().date()

    assert {permissions.is_partner(person, today) for person in people} == {True}
    assert {row.frequency for row in Subscription.objects.all()} == set(Frequency)
    stopped = Subscription.objects.filter(user__email="lamps@example.org")
    assert {(row.frequency, row.frequency_before) for row in stopped} == {("never", "daily")}
    assert Preferences.objects.filter(regions=["africa"]).count() == 1


def test_announcements_are_true_with_a_source_or_say_that_they_are_invented():
    true = Announcement.objects.filter(fictitious=False)
    assert true.count() == 10
    assert all("*Source: " in one.text for one in true)
    assert {one.status for one in true} == {Announcement.Status.PUBLISHED}
    invented = Announcement.objects.filter(fictitious=True)
    assert {one.status for one in invented} == set(Announcement.Status)
    assert all(one.title.endswith("(example)") for one in invented)


def test_every_announcement_is_one_that_the_forms_would_take():
    for announcement in Announcement.objects.all():
        announcement.full_clean(exclude=["search", "last_day"])
