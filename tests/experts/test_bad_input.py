"""What no honest browser sends is a form error or a clear 4xx, never a 500, nothing half-saved."""

import pytest
from django.urls import reverse

from experts.models import Change, Expert, Invitation
from tests.experts.pages import form_data
from tests.factories import ExpertFactory, LeadFactory, PartnerUserFactory

pytestmark = pytest.mark.django_db

TEXTS = [
    "name",
    "position",
    "organisation",
    "languages",
    "summary",
    "experience",
    "worked_in",
    "website",
    "orcid",
    "linkedin",
    "phone",
    "reason",
]


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True)


@pytest.fixture
def edit(client, expert):
    client.force_login(expert.user)

    def send(**changes):
        data = {
            name: value for name, value in form_data(expert, **changes).items() if value is not None
        }
        return client.post(reverse("expert_edit"), data)

    return send


def is_error_of(response, field: str, expert) -> bool:
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert Expert.objects.get(pk=expert.pk).version == expert.version
    assert not Change.objects.exists()
    return True


@pytest.mark.parametrize("field", TEXTS)
def test_a_nul_is_an_error_of_its_field(edit, expert, field):
    assert is_error_of(edit(**{field: "a\0b"}), field, expert)


@pytest.mark.parametrize("field", TEXTS)
def test_what_is_too_long_is_an_error_of_its_field(edit, expert, field):
    start = {"website": "https://", "linkedin": "https://www.linkedin.com/in/"}.get(field, "")
    response = edit(**{field: start + "x" * 5000})

    assert is_error_of(response, field, expert)
    assert response.context["form"][field].value() == start + "x" * 5000


@pytest.mark.parametrize("field", ["website", "linkedin"])
@pytest.mark.parametrize("length", [200, 201, 400])
def test_an_address_is_as_long_as_the_database_takes(edit, expert, field, length):
    link = "https://www.linkedin.com/in/".ljust(length, "x")
    response = edit(**{field: link})

    if length == 200:
        assert getattr(Expert.objects.get(pk=expert.pk), field) == link
    else:
        assert is_error_of(response, field, expert)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "ftp://example.org/", "data:text/html,x", "//x", "x y"]
)
def test_only_addresses_of_the_web_are_links(edit, expert, link):
    assert is_error_of(edit(website=link), "website", expert)


def test_a_page_at_another_site_is_not_linkedin(edit, expert):
    for link in ("https://evil.example/linkedin.com/", "https://linkedin.com.evil.example/in/x"):
        assert is_error_of(edit(linkedin=link), "linkedin", expert)


@pytest.mark.parametrize("version", ["", "x", "-1", "1.5", "9" * 5000, "9" * 30, "0", "\0", None])
def test_a_wrong_version_is_never_a_500_and_saves_nothing(edit, expert, version):
    response = edit(version=version, summary="Kept")

    assert response.status_code in (200, 409)
    assert response.context["form"]["summary"].value() == "Kept"
    assert Expert.objects.get(pk=expert.pk).version == expert.version
    if response.status_code == 200:
        assert list(response.context["form"].errors) == ["version"]


@pytest.mark.parametrize("field", ["name", "country", "terms", "languages", "summary"])
def test_a_missing_field_is_named(edit, expert, field):
    assert is_error_of(edit(**{field: None}), field, expert)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "XX"),
        ("country", "x" * 5000),
        ("terms", ["999999"]),
        ("terms", ["x"]),
        ("terms", ["9" * 40]),
        ("terms", ["\0"]),
        ("available_from", "2026-13-45"),
        ("available_until", "\0"),
        ("max_open_requests", "-1"),
        ("max_open_requests", "99999999999"),
        ("orcid", "0000-0002-1825-0098"),
        ("phone", "call me"),
        ("name", "ada@example.org"),
    ],
)
def test_a_value_that_cannot_be_is_an_error_of_its_field(edit, expert, field, value):
    assert is_error_of(edit(**{field: value}), field, expert)


def test_days_in_the_wrong_order_are_an_error(edit, expert):
    response = edit(available_from="2026-12-02", available_until="2026-12-01")

    assert is_error_of(response, "available_until", expert)


def test_a_group_of_terms_is_not_a_term(edit, expert):
    from partners.models import Term

    assert is_error_of(edit(terms=[Term.objects.get(code="products").pk]), "terms", expert)


def test_broken_utf_8_in_a_form_is_no_500(client, expert):
    client.force_login(expert.user)
    body = b"text=%ED%A0%80%FF&x=%00"

    response = client.post(
        reverse("expert_correction", args=[ExpertFactory().pk]),
        body,
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 302


def test_a_form_of_more_than_two_megabytes_is_refused(client, expert):
    client.force_login(expert.user)

    response = client.post(reverse("expert_edit"), form_data(expert, experience="x" * 3_000_000))

    assert response.status_code in (400, 413)
    assert Expert.objects.get(pk=expert.pk).version == expert.version


def test_markup_in_texts_is_shown_and_not_run(client, expert, edit):
    words = "<img src=x onerror=alert(1)>"
    edit(summary=words, experience=words)

    for address in (
        expert.get_absolute_url(),
        "/experts/",
        reverse("expert_me"),
        reverse("expert_history"),
    ):
        assert "<img src=x" not in client.get(address).content.decode()


def test_an_address_is_as_long_as_the_database_takes_when_contact_or_nominee(client, expert):
    # 254 characters fit, 255 do not, and Django's own field takes 320
    domain = ".".join(["d" * 60] * 3)
    for length, fits in ((254, True), (255, False)):
        email = f"{'a' * (length - len(domain) - 5)}@{domain}.org"
        assert len(email) == length
        client.force_login(expert.user)
        contact = client.post(
            reverse("expert_contact"),
            {"email": email, "email_audience": "lead", "phone_audience": "lead"},
        )
        assert bool(contact.context["asked"]) is fits
        client.force_login(LeadFactory())
        client.post(reverse("expert_nominate"), {"name": "Ada", "email": email})
        assert Invitation.objects.filter(email=email).exists() is fits


@pytest.mark.parametrize(
    "name", ["expert_nominate", "expert_pause", "expert_contact", "expert_submit"]
)
def test_an_empty_form_is_shown_again(client, name):
    user = PartnerUserFactory() if name == "expert_nominate" else ExpertFactory(claimed=True).user
    client.force_login(user)

    for data in (
        {},
        {"x": "y"},
        dict.fromkeys(("name", "email", "until", "agree", "code", "address"), "\0"),
    ):
        response = client.post(reverse(name), data)
        assert response.status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/experts/99999999999999999999/",
        "/experts/0/",
        "/experts/99999999999999999999/photo/",
        "/experts/99999999999999999999/vcard/",
        "/experts/99999999999999999999/correction/",
        "/experts/-1/",
        "/experts/x/",
    ],
)
def test_a_number_that_no_profile_has_is_404(client, address):
    client.force_login(PartnerUserFactory())

    assert client.get(address).status_code == 404
