"""Claiming, nominating, applying: who is asked, what is stored until then, what a link can do."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.urls import reverse

from experts import consent, invitations, listing
from experts.models import Consent, Expert, Invitation
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, LeadFactory, PartnerUserFactory, UserFactory

pytestmark = pytest.mark.django_db
State = Invitation.State
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(request):
    if "transactional_db" in request.fixturenames:
        yield
        return
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def lead():
    return LeadFactory()


@pytest.fixture
def partner():
    return PartnerUserFactory()


@pytest.fixture
def expert():
    return ExpertFactory(email="aiko@example.org")


def token_in(mail) -> str:
    return mail.body.partition("/experts/invitation/")[2].partition("/")[0]


def page(token: str) -> str:
    return reverse("invitation", args=[token])


def there(expert) -> Expert:
    return Expert.objects.get(pk=expert.pk)


# Claiming


def test_a_claim_links_the_person_to_the_profile_with_consent(
    client, expert, lead, mailoutbox, django_capture_on_commit_callbacks
):
    invitations.invite_to_claim(expert.pk, lead, NOW)
    assert mailoutbox[0].to == ["aiko@example.org"]
    token = token_in(mailoutbox[0])
    user = UserFactory(email="private@example.net")
    client.force_login(user)

    assert client.get(page(token)).status_code == 200
    assert there(expert).user is None, "looking changes nothing"
    response = client.post(page(token), {"accept": "1"})

    assert (response.status_code, response.url) == (302, reverse("expert_edit"))
    assert (there(expert).user, there(expert).email) == (user, "aiko@example.org")
    given = Consent.objects.get()
    assert (given.text_version, given.channel, given.actor) == (
        consent.TEXT_VERSION,
        "portal",
        user,
    )
    assert Invitation.objects.get().state == State.ACCEPTED
    assert client.get(page(token)).status_code == 410, "a link works once"


def test_a_claim_needs_a_listed_profile_with_an_address_and_without_an_owner(lead):
    for expert, words in (
        (ExpertFactory(claimed=True), "owner"),
        (ExpertFactory(email=""), "no e-mail"),
        (ExpertFactory(status="unlisted"), "not on the list"),
    ):
        with pytest.raises(Refused, match=words):
            invitations.invite_to_claim(expert.pk, lead, NOW)


def test_a_newer_invitation_ends_the_older(expert, lead):
    first = invitations.invite_to_claim(expert.pk, lead, NOW)
    second = invitations.invite_to_claim(expert.pk, lead, NOW)

    with pytest.raises(Refused):
        invitations.accept(first.token, UserFactory(), NOW)
    assert invitations.accept(second.token, UserFactory(), NOW) == expert


@pytest.mark.parametrize(
    ("after", "works"), [(30 * DAY - timedelta(seconds=1), True), (30 * DAY, False)]
)
def test_a_link_works_for_thirty_days(expert, lead, after, works):
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token

    if works:
        assert invitations.accept(token, UserFactory(), NOW + after) == expert
    else:
        with pytest.raises(Refused, match="not valid"):
            invitations.accept(token, UserFactory(), NOW + after)


def test_a_claim_dies_when_the_address_of_the_profile_changes(client, expert, lead):
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token
    Expert.objects.filter(pk=expert.pk).update(email="other@example.org")
    client.force_login(UserFactory())

    response = client.post(page(token), {"accept": "1"})

    assert (response.status_code, there(expert).user) == (409, None)


@pytest.mark.parametrize("status", ["unlisted", "withdrawn"])
def test_a_profile_that_left_the_list_cannot_be_claimed(expert, lead, status):
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token
    Expert.objects.filter(pk=expert.pk).update(status=status)

    with pytest.raises(Refused, match="not valid"):
        invitations.accept(token, UserFactory(), NOW)
    assert (there(expert).user, Consent.objects.count()) == (None, 0)


def test_who_has_a_profile_cannot_take_another(client, expert, lead):
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token
    client.force_login(ExpertFactory(claimed=True).user)

    response = client.post(page(token), {"accept": "1"})

    assert response.status_code == 409
    assert "You have a profile already." in response.content.decode()
    assert (there(expert).user, Invitation.objects.get().state) == (None, State.SENT)


def test_without_sign_in_nobody_takes_a_profile_over(client, expert, lead):
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token

    assert client.post(page(token), {"accept": "1"}).status_code == 403
    assert there(expert).user is None


def test_saying_no_to_a_claim_leaves_the_profile_and_says_so(client, expert, lead):
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token

    response = client.post(page(token), {"decline": "1"}, follow=True)

    assert "The Lead goes on keeping your profile" in response.content.decode()
    assert (there(expert).email, Invitation.objects.get().state) == (
        "aiko@example.org",
        State.DECLINED,
    )


def test_the_page_of_a_link_leaks_no_token_and_is_in_no_search_engine(client, expert, lead):
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token

    response = client.get(page(token))

    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    closed = client.get(page("0" * 32))
    assert (closed.status_code, closed["Referrer-Policy"]) == (410, "no-referrer")


@pytest.mark.parametrize("choice", ["accept", "decline"])
def test_the_buttons_work_in_a_browser_and_ask_for_the_token_of_their_form(expert, lead, choice):
    """With no-referrer a browser says "Origin: null" (partners/quiet.py)."""
    token = invitations.invite_to_claim(expert.pk, lead, NOW).token
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(email=expert.email))
    client.get(page(token))
    data, null = {choice: "1"}, {"origin": "null"}

    assert client.post(page(token), data, headers=null).status_code == 403
    data["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    assert client.post(page(token), data, headers=null).status_code == 302
    assert Invitation.objects.get().state != State.SENT


def test_of_two_claims_at_once_by_one_person_one_is_refused(transactional_db):
    lead, user = LeadFactory(), UserFactory()
    tokens = [
        invitations.invite_to_claim(one.pk, lead, NOW).token
        for one in ExpertFactory.create_batch(2)
    ]

    assert sorted(at_once(lambda token: invitations.accept(token, user, NOW), tokens)) == [
        "Expert",
        "Refused",
    ]
    assert Expert.objects.filter(user=user).count() == 1


def test_accepting_while_the_lead_invites_again_is_no_deadlock(transactional_db):
    lead = LeadFactory()
    expert = ExpertFactory()
    for _ in range(4):
        Expert.objects.update(user=None)
        token = invitations.invite_to_claim(expert.pk, lead, NOW).token
        steps = [
            lambda token=token: invitations.accept(token, UserFactory(), NOW),
            lambda: invitations.invite_to_claim(expert.pk, lead, NOW),
        ]
        assert set(at_once(lambda step: step(), steps)) <= {"Expert", "Invitation", "Refused"}


def at_once(do, things) -> list[str]:
    """Do it with each thing in a thread of its own; the names of what came back or was raised."""
    ready, ended = threading.Barrier(len(things)), []

    def run(thing):
        try:
            ready.wait(10)
            ended.append(type(do(thing)).__name__)
        except Exception as error:
            ended.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(thing,)) for thing in things]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


# Nominating


def nominate(client, email: str, name: str = "Ada Lovelace"):
    return client.post(reverse("expert_nominate"), {"name": name, "email": email}, follow=True)


def test_until_the_person_agrees_only_name_and_address_are_kept(client, partner, mailoutbox):
    client.force_login(partner)
    nominate(client, "Ada@Example.org")

    row = Invitation.objects.get()
    assert (row.kind, row.name, row.email, row.expert) == (
        "nomination",
        "Ada Lovelace",
        "ada@example.org",
        None,
    )
    assert not Expert.objects.exists()
    assert [mail.to for mail in mailoutbox] == [["ada@example.org"]]


def test_agreeing_starts_a_draft_that_remembers_who_nominated(client, partner, mailoutbox):
    client.force_login(partner)
    nominate(client, "ada@example.org")
    user = UserFactory(email="ada@example.org")
    client.force_login(user)

    client.post(page(token_in(mailoutbox[0])), {"accept": "1"})

    expert = Expert.objects.get()
    assert (expert.user, expert.status, expert.name) == (user, "draft", "Ada Lovelace")
    assert consent.has_agreed(expert)
    assert [one.invited_by for one in expert.invitations.all()] == [partner]
    assert client.get(reverse("expert_detail", args=[expert.pk])).status_code == 200
    client.logout()
    assert client.get(reverse("expert_detail", args=[expert.pk])).status_code == 404


def test_a_no_erases_name_and_address_and_is_not_asked_again_for_a_year(
    client, partner, mailoutbox
):
    token = invitations.nominate("Ada", "ada@example.org", partner, NOW).token

    response = client.post(page(token), {"decline": "1"}, follow=True)

    assert "Your name and address are erased here." in response.content.decode()
    row = Invitation.objects.get()
    assert (row.state, row.name) == (State.DECLINED, "(declined)")
    assert "ada" not in row.email
    assert invitations.nominate("Ada", "ADA@example.org", partner, NOW + 40 * DAY) is None
    assert invitations.nominate("Ben", "ben@example.org", partner, NOW + 40 * DAY) is not None
    assert invitations.nominate("Ada", "ada@example.org", partner, NOW + 366 * DAY) is not None
    assert len(mailoutbox) == 3


def test_the_page_does_not_tell_who_is_known(client, partner, mailoutbox):
    """Same page, same address, same words; the mail goes to those alone who are not known."""
    ExpertFactory(email="listed@example.org")
    ExpertFactory(email="draft@example.org", status="draft")
    invitations.nominate("Asked", "asked@example.org", LeadFactory(), NOW)
    client.force_login(partner)

    answers = []
    for email in (
        "listed@example.org",
        "draft@example.org",
        "asked@example.org",
        "new@example.org",
    ):
        response = nominate(client, email)
        text = response.content.decode()
        answers.append((response.redirect_chain, text[text.index("<main") :].replace(email, "")))

    without_token = [(chain, text.partition("csrfmiddlewaretoken")[0]) for chain, text in answers]
    assert without_token == [without_token[0]] * 4
    assert [mail.to for mail in mailoutbox[1:]] == [["new@example.org"]]


def test_the_time_of_the_answer_does_not_tell_either(client):
    assert reverse("expert_nominate") == "/experts/nominate/"
    from experts.views import expert_nominate

    assert expert_nominate.even_time is True


def test_ten_names_a_day_known_or_not(client, partner):
    client.force_login(partner)
    ExpertFactory(email="known@example.org")
    for n in range(9):
        nominate(client, f"new{n}@example.org")
    nominate(client, "known@example.org")

    response = nominate(client, "eleventh@example.org")

    assert response.context["form"].non_field_errors() == [
        "You have named ten people today. Go on tomorrow."
    ]
    assert response.context["form"]["name"].value() == "Ada Lovelace"
    assert Invitation.objects.count() == 9
    assert invitations.nominate("Ada", "ada@example.org", UserFactory(), NOW) is not None
    assert invitations.nominate("Ada", "bea@example.org", partner, NOW + DAY) is not None


def test_only_partners_nominate(client):
    assert client.get(reverse("expert_nominate")).status_code == 302
    client.force_login(UserFactory())
    assert client.get(reverse("expert_nominate")).status_code == 403
    assert nominate(client, "ada@example.org").status_code == 403


# Applying


def test_an_application_starts_one_draft(client):
    user = UserFactory()
    client.force_login(user)

    assert client.post(reverse("expert_apply")).url == reverse("expert_edit")
    assert client.post(reverse("expert_apply")).url == reverse("expert_me")
    expert = Expert.objects.get()
    assert (expert.user, expert.name, expert.email, expert.status) == (
        user,
        user.name,
        user.email,
        "draft",
    )


def test_two_clicks_at_once_start_one_draft(transactional_db):
    user = UserFactory()

    ended = at_once(
        lambda email: invitations.start_profile(user, "Ada", email, NOW), [user.email] * 2
    )

    assert sorted(ended) == ["Expert", "Refused"]


def test_who_is_on_the_list_already_is_told_how_to_take_the_profile_over(client):
    ExpertFactory(email="ada@example.org")
    client.force_login(UserFactory(email="ada@example.org"))

    response = client.post(reverse("expert_apply"))

    assert (response.status_code, Expert.objects.count()) == (409, 1)
    assert "The Lead can send you a link" in response.content.decode()


def test_a_very_long_name_of_an_account_fits(client):
    client.force_login(UserFactory(name="x" * 200))

    assert client.post(reverse("expert_apply")).status_code == 302
    assert len(Expert.objects.get().name) == 150


def test_without_an_account_nobody_applies(client):
    assert client.get(reverse("expert_apply")).status_code == 200
    assert client.post(reverse("expert_apply")).status_code == 403


def test_an_unverified_address_does_not_reach_the_queue(client):
    """Signing in asks for the code first; without it there is no account that could apply."""
    UserFactory(email="ada@example.org", password="correct horse 9", verified=False)

    client.post("/accounts/login/", {"login": "ada@example.org", "password": "correct horse 9"})

    assert client.post(reverse("expert_apply")).status_code == 403
    assert not Expert.objects.exists()


def test_a_removed_persons_address_may_be_nominated_again(lead):
    expert = ExpertFactory(claimed=True, email="ada@example.org")
    listing.remove(expert.pk, expert.user, NOW)

    assert invitations.nominate("Ada", "ada@example.org", lead, NOW) is not None
