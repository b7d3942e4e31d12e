"""Leads need a second step: after every way of signing in, and before admin opens."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import reverse

from partners.models import User
from partners.second_factor import has_recovery_codes, has_second_factor, may_open_admin
from tests.factories import LeadFactory, UserFactory
from tests.factories.partners import TOTP_SECRET

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


def totp_code(secret=TOTP_SECRET):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def signed_in(client):
    return client.get(reverse("second_factor")).status_code == 200


def sign_in_by_code(client, lead, mailoutbox):
    answer = client.post(reverse("account_request_login_code"), {"email": lead.email})
    code = re.search(r"^ +(\d{6})$", mailoutbox[-1].body, re.MULTILINE)[1]
    return client.post(answer.url, {"code": code})


def test_after_the_code_from_the_mailbox_the_app_is_asked(client, mailoutbox):
    lead = LeadFactory(totp=True)

    answer = sign_in_by_code(client, lead, mailoutbox)

    assert answer.url == reverse("mfa_authenticate")
    assert not signed_in(client)
    client.post(answer.url, {"code": "000000"})
    assert not signed_in(client)
    client.post(answer.url, {"code": totp_code()})
    assert signed_in(client)


def test_after_the_password_the_app_is_asked(client):
    lead = LeadFactory(totp=True, password=PASSWORD)

    answer = client.post(reverse("account_login"), {"login": lead.email, "password": PASSWORD})

    assert answer.url == reverse("mfa_authenticate")
    assert not signed_in(client)


def test_a_recovery_code_opens_the_door_once(client, mailoutbox):
    lead = LeadFactory(totp=True)
    codes = Authenticator.objects.get(user=lead, type=Authenticator.Type.RECOVERY_CODES)
    code = codes.wrap().get_unused_codes()[0]

    answer = sign_in_by_code(client, lead, mailoutbox)
    client.post(answer.url, {"code": code})

    assert signed_in(client)
    codes.refresh_from_db()
    assert code not in codes.wrap().get_unused_codes()


def test_setting_up_the_app_makes_recovery_codes_and_opens_admin(client):
    lead = LeadFactory(totp=False)
    client.force_login(lead)
    assert not may_open_admin(lead)

    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})

    lead = User.objects.get(pk=lead.pk)
    assert (has_second_factor(lead), has_recovery_codes(lead)) == (True, True)
    assert may_open_admin(lead)


def test_admin_needs_role_and_second_step():
    people = {
        "Lead with app": LeadFactory(totp=True),
        "Lead without": LeadFactory(totp=False),
        "superuser with app": UserFactory(totp=True, is_superuser=True),
        "superuser without": UserFactory(is_superuser=True),
        "person with app": UserFactory(totp=True),
        "closed": LeadFactory(totp=True, is_active=False),
    }

    may = {name for name, person in people.items() if may_open_admin(person)}

    assert may == {"Lead with app", "superuser with app"}


def test_an_app_without_recovery_codes_is_not_enough():
    lead = LeadFactory(totp=True)
    Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).delete()

    assert (has_second_factor(lead), may_open_admin(lead)) == (True, False)


@pytest.mark.parametrize("totp, step", [(False, 1), (True, 3)])
def test_the_page_says_what_is_still_to_do(client, totp, step):
    client.force_login(LeadFactory(totp=totp))

    assert client.get(reverse("second_factor")).context["step"] == step


@pytest.mark.parametrize("totp, status", [(False, 302), (True, 200)])
def test_admin_opens_to_the_second_step_alone(client, totp, status):
    client.force_login(LeadFactory(totp=totp))

    assert client.get(reverse("admin:index")).status_code == status
