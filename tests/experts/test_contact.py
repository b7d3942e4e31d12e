"""Address and audiences change with codes from the mailboxes, for exactly what was chosen."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.urls import reverse

from experts import contact
from experts.models import Audience, Change, Expert
from partners.refusals import Refused
from tests.experts.pages import code_in
from tests.factories import NOW, ExpertFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def expert():
    expert = ExpertFactory(claimed=True, email="old@example.org")
    expert.user.email = "login@example.org"
    expert.user.save()
    return expert


@pytest.fixture
def own(client, expert):
    client.force_login(expert.user)
    return client


def there(expert) -> Expert:
    return Expert.objects.get(pk=expert.pk)


def chosen(**changes) -> dict:
    return {
        "email": "old@example.org",
        "email_audience": "lead",
        "phone_audience": "lead",
    } | changes


def send(client, mailoutbox, data: dict, codes: dict | None = None, **tampered):
    """Both steps as a browser does them; `codes` replaces those from the mails."""
    before = len(mailoutbox)
    first = client.post(reverse("expert_contact"), data)
    if first.status_code != 200 or not first.context["asked"]:
        return first
    typed = {mail.to[0]: code_in(mail) for mail in mailoutbox[before:]} | (codes or {})
    asked = first.context["asked"]
    return client.post(
        reverse("expert_contact"),
        {
            **asked.values,
            "address": list(asked.addresses),
            "code": [typed[address] for address in asked.addresses],
            **tampered,
        },
    )


def test_an_audience_changes_with_a_code_from_the_sign_in_address(own, expert, mailoutbox):
    response = send(own, mailoutbox, chosen(phone_audience="partners"))

    assert response.status_code == 302
    assert there(expert).phone_audience == Audience.PARTNERS
    assert [mail.to for mail in mailoutbox] == [["login@example.org"]]
    change = Change.objects.get()
    assert (change.field, change.before, change.after) == ("phone_audience", "lead", "partners")


def test_a_new_address_needs_a_code_from_it_as_well_and_the_old_one_is_told(
    own, expert, mailoutbox
):
    response = send(own, mailoutbox, chosen(email="New@Example.org"))

    assert response.status_code == 302
    assert there(expert).email == "new@example.org"
    assert [mail.to[0] for mail in mailoutbox] == [
        "login@example.org",
        "new@example.org",
        "old@example.org",
    ]
    assert "new@example.org" not in mailoutbox[2].body, "nor do we say to whom it went"
    change = Change.objects.get()
    assert (change.field, change.before, change.after) == ("email", None, None)


def test_the_first_step_alone_changes_nothing(own, expert, mailoutbox):
    page = own.post(reverse("expert_contact"), chosen(email="new@example.org"))

    assert page.context["asked"].addresses == ("login@example.org", "new@example.org")
    assert there(expert).email == "old@example.org"


def test_nothing_changed_asks_for_no_code(own, expert, mailoutbox):
    assert own.post(reverse("expert_contact"), chosen()).url == reverse("expert_me")
    assert mailoutbox == []


@pytest.mark.parametrize("wrong", ["login@example.org", "new@example.org"])
def test_each_code_must_be_right(own, expert, mailoutbox, wrong):
    response = send(own, mailoutbox, chosen(email="new@example.org"), {wrong: "000000"})

    assert response.status_code == 200
    assert response.context["asked"].addresses == ("login@example.org", "new@example.org")
    assert len(response.context["form"].non_field_errors()) == 1
    assert (there(expert).email, there(expert).version) == ("old@example.org", expert.version)


def test_after_a_wrong_code_the_right_ones_still_work(own, expert, mailoutbox):
    send(own, mailoutbox, chosen(email="new@example.org"), {"new@example.org": "000000"})
    codes = [code_in(mail) for mail in mailoutbox]

    response = own.post(
        reverse("expert_contact"),
        {
            **chosen(email="new@example.org"),
            "address": ["login@example.org", "new@example.org"],
            "code": codes,
        },
    )

    assert (response.status_code, there(expert).email) == (302, "new@example.org")


@pytest.mark.parametrize(
    "tampered",
    [
        {"email": "evil@example.org"},
        {"email_audience": "partners"},
        {"phone_audience": "accepted"},
        {"address": ["login@example.org", "login@example.org"]},
        {"address": ["login@example.org"], "code": ["000000"]},
        {"code": ["", ""]},
    ],
)
def test_values_that_differ_from_those_that_were_asked_for_are_refused(
    own, expert, mailoutbox, tampered
):
    response = send(own, mailoutbox, chosen(email="new@example.org"), **tampered)

    assert response.status_code == 200
    now = there(expert)
    assert (now.email, now.email_audience, now.phone_audience) == (
        "old@example.org",
        "lead",
        "lead",
    )


def test_codes_of_one_choice_do_not_work_for_another(own, expert, mailoutbox):
    own.post(reverse("expert_contact"), chosen(phone_audience="accepted"))
    code = code_in(mailoutbox[0])

    with pytest.raises(Refused):
        contact.change(
            expert.pk,
            expert.user,
            chosen(phone_audience="partners"),
            {"login@example.org": code},
            NOW,
        )
    assert there(expert).phone_audience == "lead"


def test_the_page_shows_no_addresses_that_a_form_made_up(own, mailoutbox):
    response = send(
        own,
        mailoutbox,
        chosen(phone_audience="partners"),
        address=["<script>x</script>@example.org"],
        code=["1"],
    )

    assert response.context["asked"].addresses == ("login@example.org",)
    assert "made-up" not in response.content.decode()


def test_whether_another_profile_has_an_address_is_told_to_who_reads_its_mail_alone(
    own, expert, mailoutbox
):
    ExpertFactory(email="taken@example.org")

    first = own.post(reverse("expert_contact"), chosen(email="taken@example.org"))
    free = own.post(reverse("expert_contact"), chosen(email="free@example.org"))
    assert first.context["asked"].addresses == ("login@example.org", "taken@example.org")
    assert len(first.content) - len(free.content) == 2 * len("taken") - 2 * len("free") + (
        len("taken") - len("free")
    ), "but for the address the pages are the same"

    response = send(own, mailoutbox, chosen(email="taken@example.org"))

    assert response.context["asked"] is None
    assert response.context["form"].errors == {
        "email": ["Another profile has this e-mail address."]
    }
    assert there(expert).email == "old@example.org"


def test_the_address_of_a_removed_profile_is_free(own, expert, mailoutbox):
    ExpertFactory(email="gone@example.org", status="withdrawn")

    assert send(own, mailoutbox, chosen(email="gone@example.org")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_profiles_that_take_one_address_at_once_one_is_refused(mailoutbox):
    experts = [ExpertFactory(claimed=True) for _ in range(2)]
    ready, ended = threading.Barrier(2), []

    def take(expert):
        values = chosen(email="wanted@example.org")
        try:
            ready.wait(10)
            contact._write(expert.pk, expert.user, values, NOW)
            ended.append("taken")
        except contact.Taken as refusal:
            ended.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=(expert,)) for expert in experts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended) == ["Another profile has this e-mail address.", "taken"]


def test_ten_codes_an_hour(own, mailoutbox):
    for n in range(10):
        own.post(reverse("expert_contact"), chosen(phone_audience=["partners", "accepted"][n % 2]))

    response = own.post(reverse("expert_contact"), chosen(phone_audience="partners"))

    assert response.context["asked"] is None
    assert len(response.context["form"].non_field_errors()) == 1
    assert len(mailoutbox) == 10


def test_a_code_is_too_old_after_a_quarter_of_an_hour(own, expert, mailoutbox):
    values = chosen(phone_audience="partners")
    contact.ask(expert, expert.user, values, NOW)
    typed = {"login@example.org": code_in(mailoutbox[0])}

    with pytest.raises(Refused):
        contact.change(expert.pk, expert.user, values, typed, NOW + timedelta(minutes=16))
    assert contact.change(expert.pk, expert.user, values, typed, NOW).phone_audience == "partners"
