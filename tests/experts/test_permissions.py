"""Who sees what of a profile: every role, every audience, every private field."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from experts import permissions
from experts.models import Audience
from partners.models import Partner, Role
from tests.factories import (
    NOW,
    TODAY,
    ExpertFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def partner_by_organisation(**fields):
    house = OrganisationFactory()
    PartnerFactory(person=None, organisation=house)
    return MembershipFactory(organisation=house, **fields).user


def withdrawn_partner():
    user = UserFactory()
    PartnerFactory(person=user, status=Partner.Status.WITHDRAWN)
    return user


def role(kind, **fields):
    return RoleFactory(kind=kind, **fields).user


YESTERDAY = TODAY - timedelta(days=1)
#: Who → the audiences whose fields this person sees.
EVERYBODY = {
    "nobody": (AnonymousUser, ()),
    "signed in": (UserFactory, ()),
    "another expert": (lambda: ExpertFactory(claimed=True).user, ()),
    "core member": (lambda: role(Role.Kind.CORE_MEMBER), ()),
    "secretariat": (SecretariatFactory, ()),
    "former lead": (lambda: role(Role.Kind.LEAD, to_on=YESTERDAY), ()),
    "partner": (PartnerUserFactory, ("partners",)),
    "partner by organisation": (partner_by_organisation, ("partners",)),
    "former member": (lambda: partner_by_organisation(to_on=YESTERDAY), ()),
    "member who waits": (
        lambda: partner_by_organisation(status="applied", decided_by=None, decided_at=None),
        (),
    ),
    "withdrawn partner": (withdrawn_partner, ()),
    "inactive partner": (lambda: PartnerUserFactory(is_active=False), ()),
    "lead": (LeadFactory, ("lead", "accepted", "partners")),
    "co-lead": (lambda: role(Role.Kind.CO_LEAD, user__totp=True), ("lead", "accepted", "partners")),
    "superuser": (lambda: UserFactory(is_superuser=True), ("lead", "accepted", "partners")),
}


@pytest.mark.parametrize("field", ["email", "phone"])
@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.parametrize("who", EVERYBODY)
def test_a_private_field_is_seen_by_its_audience_alone(who, audience, field):
    make, seen = EVERYBODY[who]
    expert = ExpertFactory(**{f"{field}_audience": audience})

    assert permissions.can_see(make(), expert, field, TODAY) is (audience in seen)


@pytest.mark.parametrize("audience", Audience.values)
def test_the_expert_sees_everything_of_the_own_profile(audience):
    expert = ExpertFactory(claimed=True, email_audience=audience, phone_audience=audience)

    assert permissions.contact_seen_by(expert.user, expert, TODAY) == {
        "email": expert.email,
        "phone": expert.phone,
    }


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_cap_of_open_requests_is_seen_by_the_expert_and_the_lead_alone(who):
    make, seen = EVERYBODY[who]
    expert = ExpertFactory(claimed=True, email_audience="partners", max_open_requests=2)

    assert permissions.can_see(make(), expert, "max_open_requests", TODAY) is ("lead" in seen)
    assert permissions.can_see(expert.user, expert, "max_open_requests", TODAY) is True


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_page_has_the_fields_of_the_audience_and_no_others(client, who):
    make, seen = EVERYBODY[who]
    user = make()
    expert = ExpertFactory(
        email="shown@example.org",
        email_audience="partners",
        phone="+598 99 123 456",
        phone_audience="lead",
    )
    if user.is_authenticated:
        client.force_login(user)

    html = client.get(expert.get_absolute_url()).content.decode()

    assert ("shown@example.org" in html, "99 123 456" in html) == (
        "partners" in seen,
        "lead" in seen,
    )


SEES_HIDDEN = {"secretariat", "lead", "co-lead", "superuser"}


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_profile_off_the_list_is_404_for_all_but_the_leads_people(client, who):
    make, _seen = EVERYBODY[who]
    user = make()
    if user.is_authenticated:
        client.force_login(user)
    for status in ("draft", "awaiting", "unlisted", "withdrawn"):
        expert = ExpertFactory(status=status)
        code = 200 if who in SEES_HIDDEN else 404
        assert client.get(expert.get_absolute_url()).status_code == code
        if user.is_anonymous or user.is_active:
            address = reverse("expert_correction", args=[expert.pk])
            assert client.get(address).status_code == (404 if user.is_authenticated else 302)


@pytest.mark.parametrize("status", ["draft", "awaiting", "unlisted", "withdrawn"])
def test_the_expert_sees_the_own_page_whatever_its_status(client, status):
    expert = ExpertFactory(claimed=True, status=status)
    client.force_login(expert.user)

    assert client.get(expert.get_absolute_url()).status_code == 200


def test_a_hidden_and_a_missing_profile_look_the_same(client):
    hidden = ExpertFactory(status="draft")

    answers = [client.get(f"/experts/{pk}/") for pk in (hidden.pk, 999_999)]

    pages = [
        one.content.decode().replace(str(hidden.pk), "?").replace("999999", "?") for one in answers
    ]
    assert [one.status_code for one in answers] == [404, 404]
    assert pages[0] == pages[1]


def test_a_profile_shows_what_a_search_engine_may_know_and_nothing_else(client):
    expert = ExpertFactory(
        name="</script><b>Ada", email_audience="partners", phone_audience="partners"
    )
    client.force_login(PartnerUserFactory())

    html = client.get(expert.get_absolute_url()).content.decode()

    schema = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert '"name": "\\u003c/script>\\u003cb>Ada"' in schema
    assert [private in schema for private in (expert.email, expert.phone)] == [False, False]


ONLY_POST = ["/experts/me/confirm/", "/experts/me/corrections/1/"]
ONLY_GET = [
    "/experts/",
    "/experts/me/",
    "/experts/me/history/",
    "/experts/1/",
    "/experts/1/photo/",
    "/experts/1/vcard/",
]
BOTH = [
    "/experts/apply/",
    "/experts/nominate/",
    "/experts/me/edit/",
    "/experts/me/contact/",
    "/experts/me/submit/",
    "/experts/me/pause/",
    "/experts/me/remove/",
    "/experts/1/correction/",
    "/experts/invitation/x/",
]


@pytest.mark.parametrize(
    ("address", "methods"),
    [
        *((address, ("get", "put", "delete", "patch")) for address in ONLY_POST),
        *((address, ("post", "put", "delete", "patch")) for address in ONLY_GET),
        *((address, ("put", "delete", "patch")) for address in BOTH),
    ],
)
def test_a_method_that_a_page_does_not_have_is_405(client, address, methods):
    client.force_login(ExpertFactory(claimed=True).user)

    assert [getattr(client, method)(address).status_code for method in methods] == [405] * len(
        methods
    )


@pytest.mark.parametrize(
    "address", [one for one in ONLY_POST + ONLY_GET + BOTH if "/me/" in one or "nominate" in one]
)
def test_ones_own_pages_ask_for_sign_in(client, address):
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 302
        assert answer.url == f"/accounts/login/?next={address}"


@pytest.mark.parametrize("name", ["edit", "contact", "submit", "pause", "remove", "history"])
def test_who_has_no_profile_finds_none(client, name):
    client.force_login(UserFactory())

    assert client.get(reverse(f"expert_{name}")).status_code == 404
    assert client.get(reverse("expert_me")).url == reverse("expert_apply")
