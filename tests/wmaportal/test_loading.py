"""Loading the demonstration: what it says, where it is refused, as many experts as one wants."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from experts.models import Expert
from partners import demonstration
from partners.models import User

pytestmark = pytest.mark.django_db


def load(**options) -> str:
    said = StringIO()
    call_command("loaddemo", stdout=said, **options)
    return said.getvalue()


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


def test_a_second_run_adds_what_is_missing_and_nothing_else():
    load(experts=60)
    first = list(Expert.objects.order_by("pk").values())

    load(experts=60)
    again = list(Expert.objects.order_by("pk").values())
    load(experts=80)

    assert again == first
    assert Expert.objects.listed().count() == 80
