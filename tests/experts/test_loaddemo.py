"""The demonstration: the forty, the sign-ins, and as many more as a measuring wants."""

from collections import Counter
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.utils import timezone

from documents.demonstration import PUBLISHER
from experts.models import Change, Correction, Expert, Invitation, Policy
from partners import demonstration, permissions
from partners.models import Organisation, Partner, PartnershipArea, User

pytestmark = pytest.mark.django_db


def load(**options) -> str:
    said = StringIO()
    call_command("loaddemo", stdout=said, **options)
    return said.getvalue()


def everything() -> dict:
    """All rows of our tables."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for app in ("partners", "experts", "account", "mfa")
        for model in apps.get_app_config(app).get_models()
    }


def test_the_forty_stand_in_the_true_numbers_by_region():
    load()

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
    load()
    before = everything()

    load()

    assert everything() == before


def test_all_people_are_invented_and_say_so():
    load()

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
    load()

    for expert in Expert.objects.all():
        expert.full_clean()
        assert expert.term_ids


def test_organisations_come_from_the_data_with_their_source():
    load()

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
    load()

    waiting = Change.objects.filter(state=Change.State.WAITING)
    assert waiting.values("edit").distinct().count() == 2
    assert Change.objects.filter(state=Change.State.APPLIED).values("edit").distinct().count() == 1
    assert Expert.objects.awaiting().count() == 1
    assert Partner.objects.applied().count() == 1
    assert Correction.objects.filter(state=Correction.State.OPEN).count() == 1
    assert Invitation.objects.filter(kind=Invitation.Kind.NOMINATION).count() == 1


def test_who_confirmed_can_sign_in_and_agreed_to_be_listed():
    load()

    for expert in Expert.objects.listed():
        assert (expert.user is None) == (expert.confirmed_at is None)
        assert expert.consents.count() == (1 if expert.user is None else 2)


def test_the_three_sign_ins_have_the_rights_that_they_are_for():
    load()

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


def test_signins_shows_what_is_needed_and_loads_nothing():
    assert "run manage.py loaddemo first" in load(signins=True)
    assert User.objects.count() == 0
    load()

    said = load(signins=True)

    lead = User.objects.get(email=demonstration.LEAD)
    factor = demonstration.second_factor(lead)
    password = said.split("Password")[1].split()[0]
    for address in (demonstration.LEAD, demonstration.PARTNER, demonstration.EXPERT):
        assert address in said
        assert User.objects.get(email=address).check_password(password)
    assert factor.uri in said
    assert factor.recovery_codes[0] in said
    assert lead.authenticator_set.get(type="totp").wrap().validate_code(factor.code)


def test_it_is_refused_in_production(settings):
    settings.LOCAL_MODE = False

    with pytest.raises(CommandError, match="LOCAL_MODE"):
        load()

    assert User.objects.count() == 0


def test_in_production_the_password_is_new_and_the_second_factor_is_not_shown(settings):
    settings.LOCAL_MODE = False

    said = load(yes_really=True)

    assert "sulphur" not in said
    assert "otpauth" not in said
    password = said.split("Password")[1].split()[0]
    assert User.objects.get(email=demonstration.LEAD).check_password(password)
    assert password not in load(yes_really=True, signins=True)


def test_many_experts_for_measuring():
    load(experts=400)

    listed = Expert.objects.listed()
    assert listed.count() == 400
    many = listed.filter(email__endswith="@bulk.example.org").annotate(number=Count("terms"))
    assert many.count() == 360
    assert {expert.number for expert in many} == {2, 3, 4, 5}
    assert not many.filter(search=None).exists()
    assert not many.filter(sort_name="").exists()
    assert set(many.values_list("region", flat=True)) >= {"east-asia", "europe", "africa"}
    for expert in many[:40]:
        assert expert.fictitious
        assert sorted(expert.terms.values_list("pk", flat=True)) == expert.term_ids
        expert.full_clean()


def test_many_experts_twice_are_not_twice_as_many():
    load(experts=100)
    before = everything()

    load(experts=100)

    assert everything() == before


def test_more_can_be_added_later():
    load(experts=60)

    load(experts=80)

    assert Expert.objects.listed().count() == 80
