import re

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from partners import codes
from partners.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NEW = "new@example.org"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Answers need not wait here: tests/partners/test_sign_in.py looks at the time."""
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


@pytest.fixture
def person(client):
    user = UserFactory(name="Ana", email="old@example.org")
    client.force_login(user)
    return user


def ask(client, new=NEW):
    return client.post(reverse("address_change"), {"new": new})


def sent(mailoutbox) -> dict[str, str]:
    """Mailbox → the newest code sent there."""
    found = {}
    for message in mailoutbox:
        if code := re.search(r"^ +(\d{6})$", message.body, re.MULTILINE):
            found[message.to[0]] = code[1]
    return found


def confirm(client, code_new, code_old):
    return client.post(reverse("address_confirm"), {"code_new": code_new, "code_old": code_old})


def test_both_codes_change_the_sign_in_address(client, person, mailoutbox):
    assert ask(client).url == reverse("address_confirm")
    codes_sent = sent(mailoutbox)

    assert confirm(client, codes_sent[NEW], codes_sent["old@example.org"]).url == reverse("my_page")

    person.refresh_from_db()
    rows = EmailAddress.objects.filter(user=person).values_list("email", "primary", "verified")
    assert person.email == NEW
    assert sorted(rows) == [(NEW, True, True), ("old@example.org", False, True)]
    assert mailoutbox[-1].to == ["old@example.org"]
    assert mailoutbox[-1].subject == "Your sign-in address was changed"


def test_the_session_goes_on_and_so_do_others(client, person, mailoutbox):
    from django.test import Client

    other = Client()
    other.force_login(person)
    ask(client)
    confirm(client, *[sent(mailoutbox)[box] for box in (NEW, "old@example.org")])

    for browser in (client, other):
        assert browser.get(reverse("address_change")).context["user"].email == NEW


@pytest.mark.parametrize("known", [(True, False), (False, True), (False, False)])
def test_one_code_alone_changes_nothing(client, person, mailoutbox, known):
    ask(client)
    right = [sent(mailoutbox)[box] for box in (NEW, "old@example.org")]
    typed = [
        code if knows else f"{(int(code) + 1) % 10**6:06}"
        for code, knows in zip(right, known, strict=True)
    ]

    response = confirm(client, *typed)

    person.refresh_from_db()
    assert (response.status_code, person.email) == (200, "old@example.org")
    wrong = {"code_new", "code_old"} - {
        name for name, knows in zip(("code_new", "code_old"), known, strict=True) if knows
    }
    assert set(response.context["form"].errors) == wrong
    assert typed[0] in response.content.decode()  # typed text is kept


def test_the_code_of_the_old_mailbox_agrees_to_one_address_only(client, person, mailoutbox):
    ask(client, "first@example.org")
    old = sent(mailoutbox)["old@example.org"]
    ask(client)

    confirm(client, sent(mailoutbox)[NEW], old)

    person.refresh_from_db()
    if old != sent(mailoutbox)["old@example.org"]:
        assert person.email == "old@example.org"


def test_the_new_mailbox_gets_no_words_of_the_sender(client, person, mailoutbox):
    person.name = "Buy at http://spam.example"
    person.save()

    ask(client)

    mail = next(one for one in mailoutbox if one.to == [NEW])
    assert "spam" not in mail.body + mail.subject + mail.alternatives[0].content


def test_an_address_of_somebody_else_looks_the_same_and_gives_no_code(client, person, mailoutbox):
    taken = UserFactory(email="taken@example.org")
    pages = {}
    for address in ("taken@example.org", "untouched@example.org"):
        response = ask(client, address)
        page = client.get(response.url)
        pages[address] = (response.status_code, response.url, without(address, page))

    assert pages["taken@example.org"] == pages["untouched@example.org"]
    assert "taken@example.org" not in sent(mailoutbox)
    assert [one.subject for one in mailoutbox if one.to == [taken.email]] == [
        "This address has a sign-in already"
    ]


def without(address, response):
    """The page without the address that was typed and without the token of the form."""
    text = response.content.decode().replace(address, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_a_further_address_of_somebody_else_is_taken_too(client, person, mailoutbox):
    other = UserFactory()
    EmailAddress.objects.create(user=other, email=NEW, verified=True)

    ask(client)

    assert NEW not in sent(mailoutbox)


def test_an_address_that_was_taken_meanwhile_is_refused(client, person, mailoutbox):
    ask(client)
    UserFactory(email=NEW)

    response = confirm(client, *[sent(mailoutbox)[box] for box in (NEW, "old@example.org")])

    person.refresh_from_db()
    assert (response.status_code, person.email) == (200, "old@example.org")
    assert str(codes.WRONG).replace("'", "&#x27;") in response.content.decode()


@pytest.mark.parametrize(
    "typed", ["", "no address", "a@b", "x" * 300 + "@example.org", "old@example.org"]
)
def test_what_cannot_be_used_is_said_at_the_field(client, person, typed, mailoutbox):
    response = ask(client, typed)

    assert (response.status_code, list(response.context["form"].errors)) == (200, ["new"])
    assert mailoutbox == []


def test_codes_are_limited(client, person, mailoutbox):
    for number in range(codes.MAX_IN_AN_HOUR // 2):
        assert ask(client, f"box{number}@example.org").status_code == 302

    assert ask(client).status_code == 200
    assert NEW not in sent(mailoutbox)


def test_without_a_wanted_address_the_second_page_leads_to_the_first(client, person):
    assert client.get(reverse("address_confirm")).url == reverse("address_change")


@pytest.mark.parametrize("name", ["address_change", "address_confirm"])
def test_the_pages_are_for_people_who_signed_in(client, db, name):
    response = client.get(reverse(name))

    assert (response.status_code, response.url.split("?")[0]) == (302, reverse("account_login"))


def test_allauths_page_does_not_go_round_the_two_codes(client, person):
    EmailAddress.objects.create(user=person, email=NEW, verified=True)

    response = client.post(reverse("account_email"), {"action_primary": "", "email": NEW})

    person.refresh_from_db()
    assert (response.url, person.email) == (reverse("address_change"), "old@example.org")
    assert client.get(response.url).context["form"]["new"].value() == NEW


def test_the_main_address_cannot_be_removed(client, person):
    EmailAddress.objects.create(user=person, email=NEW, verified=True)

    client.post(reverse("account_email"), {"action_remove": "", "email": "old@example.org"})
    client.post(reverse("account_email"), {"action_remove": "", "email": NEW})

    assert [one.email for one in EmailAddress.objects.filter(user=person)] == ["old@example.org"]
    assert User.objects.get().email == "old@example.org"


def test_a_further_address_is_added_with_a_code_and_does_not_become_the_main_one(
    client, person, mailoutbox
):
    client.post(reverse("account_email"), {"action_add": "", "email": NEW})
    code = re.search(r"^ +(\d{6})$", mailoutbox[-1].body, re.MULTILINE)[1]
    client.post(reverse("account_email_verification_sent"), {"code": code})

    person.refresh_from_db()
    rows = EmailAddress.objects.filter(user=person).values_list("email", "primary", "verified")
    assert sorted(rows) == [(NEW, False, True), ("old@example.org", True, True)]
    assert person.email == "old@example.org"
