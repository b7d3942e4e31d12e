"""Signing in does not tell whether an address is known, by text, status or time; it is limited."""

import re
import time
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from django.http import HttpResponse
from django.urls import reverse

from partners import even_time
from partners.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
KNOWN, UNKNOWN = "known@example.org", "nobody@example.org"

FLOWS = {
    "account_request_login_code": {},
    "account_login": {"password": "wrong horse battery"},
    "account_signup": {"name": "Somebody"},
    "account_reset_password": {},
}


@pytest.fixture(autouse=True)
def known(request):
    by_password = "password" in request.node.name or "account_login" in request.node.name
    return UserFactory(email=KNOWN, name="Known", password=PASSWORD if by_password else None)


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


def try_flow(client, name, address):
    field = "login" if name == "account_login" else "email"
    return client.post(reverse(name), {field: address, **FLOWS[name]})


def shown(response, address):
    """What the person reads, without the address that the person typed and the form's token."""
    text = response.content.decode().replace(address, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


@pytest.mark.parametrize("name", FLOWS)
def test_known_and_unknown_addresses_look_the_same(name, client, at_once, mailoutbox):
    seen = {}
    for address in (KNOWN, UNKNOWN):
        client.cookies.clear()
        first = try_flow(client, name, address)
        second = client.get(first.url) if first.status_code == 302 else first
        third = client.post(first.url, {"code": "000000"}) if first.status_code == 302 else first
        seen[address] = [
            (answer.status_code, answer.get("Location"), shown(answer, address))
            for answer in (first, second, third)
        ]

    assert seen[KNOWN] == seen[UNKNOWN]
    to = [one.to for one in mailoutbox]
    assert to == ([] if name == "account_login" else [[KNOWN], [UNKNOWN]])


@pytest.mark.parametrize("name", FLOWS)
def test_a_closed_sign_in_looks_like_none(name, client, at_once, known):
    User.objects.filter(pk=known.pk).update(is_active=False)

    answers = []
    for address in (KNOWN, UNKNOWN):
        client.cookies.clear()
        answer = try_flow(client, name, address)
        answers.append((answer.status_code, answer.get("Location"), shown(answer, address)))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
def test_answers_for_known_and_unknown_addresses_come_in_whole_steps(address, name, client):
    """The best of three: a busy machine makes answers slower, never faster."""
    times = []
    for number in range(3):
        client.cookies.clear()
        address_now = address if address == KNOWN else f"{number}{address}"
        started = time.perf_counter()
        try_flow(client, name, address_now)
        times.append(time.perf_counter() - started)

    assert min(times) >= even_time.STEP_SECONDS
    assert min(spent % even_time.STEP_SECONDS for spent in times) < even_time.STEP_SECONDS / 4


@pytest.mark.parametrize(
    "method, url_name, flag, spent, waited",
    [
        ("POST", "account_login", False, 0.1, 0.4),
        ("POST", "account_login", False, 0.6, 0.4),
        ("POST", "account_logout", False, 0.1, None),
        ("POST", "partner_apply", False, 0.1, None),
        ("POST", "expert_claim", True, 0.2, 0.3),
        ("GET", "account_login", False, 0.1, None),
    ],
)
def test_answers_wait_for_the_next_step(method, url_name, flag, spent, waited, monkeypatch):
    now, slept = [0.0], []
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda s: slept.append(round(s, 6)))
    monkeypatch.setattr(even_time, "time", clock)

    def view(request):
        now[0] += spent
        return HttpResponse()

    match = SimpleNamespace(func=even_time.even_time(view) if flag else view, url_name=url_name)
    even_time.EvenTime(view)(SimpleNamespace(method=method, resolver_match=match))

    assert slept == ([] if waited is None else [waited])


def test_an_unknown_page_does_not_wait():
    request = SimpleNamespace(method="POST", resolver_match=None)

    assert even_time.EvenTime(lambda request: HttpResponse())(request).status_code == 200


def test_sign_in_by_code(client, at_once, mailoutbox, known):
    answer = try_flow(client, "account_request_login_code", KNOWN)
    code = re.search(r"^ +(\d{6})$", mailoutbox[0].body, re.MULTILINE)[1]

    client.post(answer.url, {"code": code})

    assert client.get(reverse("address_change")).context["user"] == known
    assert mailoutbox[0].extra_headers["Auto-Submitted"] == "auto-generated"
    assert code in mailoutbox[0].alternatives[0].content


def test_sign_in_by_password_whatever_the_case_of_the_address(client, at_once, known):
    client.post(reverse("account_login"), {"login": "KNOWN@Example.org", "password": PASSWORD})

    assert client.get(reverse("address_change")).context["user"] == known


def test_a_new_sign_in_needs_the_code_from_the_mailbox(client, at_once, mailoutbox):
    answer = try_flow(client, "account_signup", UNKNOWN)
    assert client.get(reverse("address_change")).status_code == 302
    code = re.search(r"^ +(\d{6})$", mailoutbox[0].body, re.MULTILINE)[1]

    client.post(answer.url, {"code": code})

    person = User.objects.get(email=UNKNOWN)
    assert (person.name, EmailAddress.objects.get(user=person).verified) == ("Somebody", True)
    assert client.get(reverse("address_change")).context["user"] == person


def test_the_mail_of_a_new_sign_in_has_no_words_of_the_sender(client, at_once, mailoutbox):
    client.post(reverse("account_signup"), {"email": UNKNOWN, "name": "Buy http://spam.example"})

    assert "spam" not in str(mailoutbox[0].message())


def test_a_name_that_is_an_address_is_an_error_at_the_field(client, at_once):
    answer = client.post(reverse("account_signup"), {"email": UNKNOWN, "name": UNKNOWN})

    assert list(answer.context["form"].errors) == ["name"]
    assert not User.objects.filter(email=UNKNOWN).exists()


def test_what_fills_in_the_trap_gets_no_sign_in(client, at_once, mailoutbox):
    page = client.get(reverse("account_signup")).content.decode()
    answer = client.post(
        reverse("account_signup"),
        {"email": UNKNOWN, "name": "Bot", "fax_number": "1"},
    )

    assert re.search(
        r'class="[^"]*\btrap\b[^"]*"[^>]*><label[^>]*>[^<]*</label><input[^>]*fax_number', page
    )
    assert "style=" not in page
    assert answer.status_code == 302
    assert not User.objects.filter(email=UNKNOWN).exists()
    assert mailoutbox == []


def test_codes_are_not_sent_without_end(client, at_once, mailoutbox):
    for _ in range(5):
        client.cookies.clear()
        try_flow(client, "account_request_login_code", KNOWN)

    assert len(mailoutbox) == 3


def test_passwords_are_not_tried_without_end(client, at_once):
    for _ in range(5):
        try_flow(client, "account_login", KNOWN)

    answer = client.post(reverse("account_login"), {"login": KNOWN, "password": PASSWORD})

    assert answer.status_code == 200
    assert client.get(reverse("address_change")).status_code == 302


def test_too_many_answers_with_429(client, at_once):
    answers = [try_flow(client, "account_signup", f"{n}@example.org") for n in range(22)]

    assert [answer.status_code for answer in answers[-2:]] == [429, 429]
