"""Behind the link in a mail: looking changes nothing, buttons act, dead links say nothing."""

import html
import re
from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from experts import editing, links, listing
from experts.forms import ExpertForm
from experts.models import Confirmation, Consent, Edit, Expert, ProfileLink
from mailings import suppression
from mailings.links import VALID_FOR
from mailings.models import OutgoingMail, StopLink
from partners import even_time
from tests.everything import everything
from tests.experts.pages import NOTHING_NEW, picture
from tests.factories import NOW, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
PAGES = ("", "_edit", "_pause", "_remove", "_fresh")
STATES = {
    "listed": {},
    "paused": {"paused_until": date(2027, 1, 31)},
    "never": {"confirmed_at": None, "imported_updated_on": date(2017, 4, 30)},
    "silent": {"status": "unlisted", "unlisted_for": "silence"},
    "off": {"status": "unlisted", "unlisted_for": "lead", "status_reason": "Retired."},
    "withdrawn": {"status": "withdrawn", "removed_at": NOW - timedelta(days=3)},
    "draft": {"status": "draft"},
    "awaiting": {"status": "awaiting"},
}


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(even_time, "STEP_SECONDS", 0.001)
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


def an_expert(state="listed", **values) -> Expert:
    return ExpertFactory(**{"claimed": True, **STATES[state], **values})


def linked(expert, language="en", made=NOW) -> ProfileLink:
    return ProfileLink.objects.create(
        expert=expert,
        address_hash=suppression.hash_of(expert.mail_address),
        language=language,
        created_at=made,
        expires_at=made + VALID_FOR,
    )


def address(link, page="") -> str:
    return reverse(f"profile_by_link{page}", args=[getattr(link, "token", link)])


def text(response) -> str:
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def press(client, link, page="", data=None):
    """Open the page, then post its form with its token, as a browser does."""
    shown = client.get(address(link, page))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown.content.decode())[1]
    form = address(link, "_fresh" if shown.status_code == 410 else page)
    return client.post(form, {**(data or {}), "csrfmiddlewaretoken": token})


def form_data(expert, **changes) -> dict:
    form = ExpertForm(expert=Expert.objects.get(pk=expert.pk), masked=True)
    data = {}
    for name, field in form.fields.items():
        value = form[name].value()
        if name in ("languages", "worked_in"):
            value = field.prepare_value(value)
        if value not in NOTHING_NEW and name != "photo":
            data[name] = value
    return {**data, **changes}


# Looking


@pytest.mark.parametrize("state", STATES)
def test_scanners_that_open_every_link_five_times_change_nothing(client, state):
    link = linked(an_expert(state))
    stop = StopLink.objects.create(topic="profile", object_id=link.expert_id)
    before = everything()

    for _time in range(5):
        for page in PAGES:
            for ask in (client.get, client.head, client.options):
                ask(address(link, page))
        for ask in (client.get, client.head, client.options):
            ask(reverse("mail_stop", args=[stop.token]))

    assert everything() == before
    assert set(client.cookies) <= {"csrftoken"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("page", PAGES)
def test_no_cache_no_search_engine_and_no_other_site_learns_of_the_page(client, state, page):
    response = client.get(address(linked(an_expert(state)), page))

    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in response.headers["Cache-Control"]


SHOWN = {
    "listed": {"": 200, "_edit": 200, "_pause": 200, "_remove": 200, "_fresh": 302},
    "paused": {"": 200, "_edit": 200, "_pause": 200, "_remove": 200, "_fresh": 302},
    "never": {"": 200, "_edit": 200, "_pause": 200, "_remove": 200, "_fresh": 302},
    "silent": {"": 200, "_edit": 200, "_pause": 302, "_remove": 200, "_fresh": 302},
    "off": {"": 200, "_edit": 200, "_pause": 302, "_remove": 200, "_fresh": 302},
    "withdrawn": {"": 200, "_edit": 200, "_pause": 302, "_remove": 302, "_fresh": 302},
    "draft": {"": 200, "_edit": 302, "_pause": 302, "_remove": 200, "_fresh": 302},
    "awaiting": {"": 200, "_edit": 302, "_pause": 302, "_remove": 200, "_fresh": 302},
}
HEADINGS = {
    "listed": "Is your profile still right?",
    "paused": "Is your profile still right?",
    "never": "Is your profile still right?",
    "silent": "Is your profile still right?",
    "off": "Your profile is off the list",
    "withdrawn": "You are off the list",
    "draft": "Your profile",
    "awaiting": "Your profile",
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_its_pages(client, state):
    link = linked(an_expert(state))

    found = {page: client.get(address(link, page)).status_code for page in PAGES}

    assert found == SHOWN[state]
    shown = client.get(address(link)).content.decode()
    assert re.search(r"<h1>(.*?)</h1>", shown)[1] == HEADINGS[state]


@pytest.mark.parametrize("state", STATES)
def test_address_and_number_are_masked_everywhere(client, state):
    expert = an_expert(state, email="someone@example.org", phone="+81 3 5550 1234")
    link = linked(expert)

    for page in PAGES:
        shown = client.get(address(link, page), follow=True).content.decode()
        assert "someone@example.org" not in shown
        assert "5550" not in shown
    if state in ("listed", "silent"):
        assert "s…e@example.org, shown to the Lead alone" in text(client.get(address(link)))
        assert "…\N{NO-BREAK SPACE}34, shown to the Lead alone" in html.unescape(
            client.get(address(link)).content.decode()
        )


def test_the_cap_of_open_requests_is_shown_to_the_expert(client):
    link = linked(an_expert(max_open_requests=2))

    assert "Open requests at most 2, seen by you and the Lead alone" in text(
        client.get(address(link))
    )


# Still right


def test_still_right_confirms_and_says_thank_you(client):
    expert = an_expert()
    link = linked(expert)

    answer = press(client, link, data={"outside_requests": "7"})

    assert answer.headers["Location"] == address(link)
    confirmation = Confirmation.objects.get()
    assert (confirmation.expert, confirmation.at) == (expert, LATER)
    assert (confirmation.channel, confirmation.outside_requests) == ("mail", 7)
    assert Expert.objects.get().confirmed_at == LATER
    shown = text(client.get(address(link)))
    assert shown.startswith("Thank you. Your profile is confirmed.")
    assert "E-mail" not in shown  # what everybody sees


@pytest.mark.parametrize("number", ["-1", "1000", "many", "1.5"])
def test_a_wrong_number_is_said_so_and_loses_nothing(client, number):
    link = linked(an_expert())

    answer = press(client, link, data={"outside_requests": number})

    assert answer.status_code == 200
    assert "There is 1 problem" in text(answer)
    assert f'value="{number}"' in answer.content.decode()
    assert Confirmation.objects.count() == 0


@pytest.mark.parametrize("number", ["", "0", "999"])
def test_the_number_is_optional(client, number):
    press(client, linked(an_expert()), data={"outside_requests": number})

    assert Confirmation.objects.get().outside_requests == (int(number) if number else None)


def test_confirming_in_two_tabs_confirms_once(client):
    link = linked(an_expert())
    press(client, link)
    token = client.cookies["csrftoken"].value

    answer = client.post(
        address(link), {"outside_requests": "4", "csrfmiddlewaretoken": token}, follow=True
    )

    assert answer.status_code == 200
    assert Confirmation.objects.get().outside_requests == 4
    assert Expert.objects.get().version == 2


def test_who_was_unlisted_for_silence_is_back_at_once(client):
    expert = an_expert("silent", confirmed_at=NOW - timedelta(days=1200))

    press(client, linked(expert))

    expert.refresh_from_db()
    assert (expert.status, expert.unlisted_for) == ("listed", "")
    assert expert.confirmed_at == LATER


@pytest.mark.parametrize("state", ["off", "withdrawn", "draft", "awaiting"])
def test_still_right_does_nothing_for_who_is_off_the_list_otherwise(client, state):
    link = linked(an_expert(state, unlisted_for="lead" if state == "off" else "silence"))
    before = Expert.objects.values().get()
    client.get(address(link, "_remove"))
    client.get(address(link))

    token = client.cookies["csrftoken"].value
    client.post(address(link), {"still_right": "1", "csrfmiddlewaretoken": token})

    assert Expert.objects.values().get() == before
    assert Confirmation.objects.count() == 0


@pytest.mark.parametrize("page", ["", "_edit", "_pause", "_remove", "_fresh"])
def test_a_post_without_the_token_of_the_form_is_refused(client, page):
    link = linked(an_expert())
    before = everything()

    assert client.post(address(link, page), {"until": "2026-12-31"}).status_code == 403
    assert everything() == before


@pytest.mark.parametrize(
    ("origin", "status"), [("null", 302), ("http://testserver", 302), ("https://evil.test", 403)]
)
def test_the_form_may_come_from_a_page_that_hides_its_address_and_from_no_other_site(
    client, origin, status
):
    link = linked(an_expert())
    client.get(address(link))
    token = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}

    answer = client.post(address(link), token, headers={"origin": origin})

    assert answer.status_code == status
    assert client.post(address(link), headers={"origin": "null"}).status_code == 403


# Edit


def test_editing_shows_it_at_once_holds_what_the_lead_looks_at_and_confirms(client):
    expert = an_expert()
    link = linked(expert)

    answer = press(client, link, "_edit", form_data(expert, summary="New words.", name="New Name"))

    assert answer.headers["Location"] == address(link)
    expert.refresh_from_db()
    assert (expert.summary, expert.name == "New Name") == ("New words.", False)
    assert expert.confirmed_at == LATER
    edit = Edit.objects.get()
    assert (edit.by, edit.changes.get(field="name").state) == (None, "waiting")
    assert "Waiting for the Lead Name" in text(client.get(address(link)))


def test_a_photo_is_taken_along(client):
    expert = an_expert()

    press(client, linked(expert), "_edit", form_data(expert, photo=picture()))

    expert.refresh_from_db()
    assert expert.photo
    expert.photo.storage.delete(expert.photo.name)


def test_an_upload_that_is_no_picture_is_refused(client):
    expert = an_expert()
    upload = SimpleUploadedFile("me.jpg", b"not a picture")

    answer = press(client, linked(expert), "_edit", form_data(expert, photo=upload))

    assert "This file is not a picture" in text(answer)


def test_the_number_on_file_stays_when_none_is_typed_and_a_typed_one_replaces_it(client):
    expert = an_expert(phone="+81 3 5550 1234")
    link = linked(expert)

    press(client, link, "_edit", form_data(expert, summary="One."))
    assert Expert.objects.get().phone == "+81 3 5550 1234"
    press(client, link, "_edit", form_data(expert, phone="+81 3 5550 9999"))
    assert Expert.objects.get().phone == "+81 3 5550 9999"


def test_what_asks_for_a_code_cannot_be_changed_by_link(client):
    expert = an_expert(email="old@example.org")

    press(
        client,
        linked(expert),
        "_edit",
        form_data(
            expert,
            email="thief@example.org",
            email_audience="partners",
            phone_audience="partners",
            status="listed",
            user=str(LeadFactory().pk),
        ),
    )

    now = Expert.objects.get()
    assert (now.email, now.email_audience, now.phone_audience) == (
        "old@example.org",
        "lead",
        "lead",
    )
    assert now.user_id == expert.user_id


@pytest.mark.parametrize(("claimed", "words"), [(True, "sign in"), (False, "Write to the Lead")])
def test_it_is_said_where_the_address_is_changed(client, claimed, words):
    expert = ExpertFactory(claimed=claimed)

    assert words in text(client.get(address(linked(expert), "_edit")))


def test_two_edits_at_once_lose_nothing(client):
    expert = an_expert(summary="Old.", phone="+81 3 5550 1234")
    link = linked(expert)
    typed = form_data(expert, experience="From the mail.")
    editing.submit(expert.pk, {"summary": "Newer."}, expert.version, expert.user, NOW)

    answer = press(client, link, "_edit", typed)

    assert answer.status_code == 409
    assert "Somebody else changed this profile while you wrote" in text(answer)
    assert "Newer." in text(answer)
    assert "From the mail." in answer.content.decode()
    assert "5550" not in answer.content.decode()
    assert Expert.objects.get().experience == expert.experience


def test_saving_brings_back_who_was_unlisted_for_silence_but_holds_moderated_fields(client):
    expert = an_expert("silent")

    press(client, linked(expert), "_edit", form_data(expert, name="Another", summary="New."))

    now = Expert.objects.get()
    assert (now.status, now.summary, now.name) == ("listed", "New.", expert.name)
    assert now.confirmed_at == LATER


# Pause and remove


def test_pause_and_its_end(client):
    expert = an_expert()
    link = linked(expert)

    answer = press(client, link, "_pause", {"until": "2027-01-31"})

    assert answer.headers["Location"] == address(link)
    assert Expert.objects.get().paused_until == date(2027, 1, 31)
    assert "Paused until 31 January 2027" in text(client.get(address(link)))

    press(client, link, "", {"end_pause": "1"})
    assert Expert.objects.get().paused_until is None
    assert Confirmation.objects.count() == 0


@pytest.mark.parametrize("day", ["2026-11-24", "2028-01-01", "soon", ""])
def test_a_pause_that_cannot_be_is_refused(client, day):
    answer = press(client, linked(an_expert()), "_pause", {"until": day})

    assert answer.status_code == 200
    assert "There is 1 problem" in text(answer)
    assert Expert.objects.get().paused_until is None


@pytest.mark.parametrize("state", ["listed", "silent", "off", "draft", "awaiting"])
def test_remove_takes_the_consent_back_by_mail(client, state):
    expert = an_expert(state)
    link = linked(expert)

    answer = press(client, link, "_remove")

    assert answer.headers["Location"] == address(link)
    assert Expert.objects.get().status == "withdrawn"
    consent = Consent.objects.get()
    assert (consent.given, consent.channel, consent.actor) == (False, "mail", None)
    assert "On 24 December 2026 the portal erases" in text(client.get(address(link)))


# Coming back


@pytest.mark.parametrize("state", ["off", "withdrawn"])
def test_agreeing_hands_the_profile_in_to_the_lead(client, state):
    expert = an_expert(state)
    Consent.objects.create(
        expert=expert, text_version="list", at=NOW, channel=Consent.Channel.PUBLISHED_LIST
    )
    link = linked(expert)
    assert "What being listed means" in text(client.get(address(link)))

    press(client, link, data={"agree": "1"})

    expert.refresh_from_db()
    assert (expert.status, expert.removed_at) == ("awaiting", None)
    consent = expert.consents.last()
    assert (consent.given, consent.channel, consent.actor) == (True, "mail", None)
    assert "The Lead looks at your profile" in text(client.get(address(link)))


def test_who_has_empty_fields_is_sent_to_fill_them_in(client):
    expert = an_expert("withdrawn", summary="")
    link = linked(expert)
    shown = client.get(address(link))
    assert "Before you can come back: Summary." in text(shown)
    assert 'name="agree"' not in shown.content.decode()

    client.get(address(link, "_edit"))
    refused = client.post(
        address(link),
        {"agree": "1", "csrfmiddlewaretoken": client.cookies["csrftoken"].value},
    )

    assert refused.status_code == 409
    assert Expert.objects.get().status == "withdrawn"
    assert Consent.objects.count() == 0


def test_who_takes_an_address_meanwhile_keeps_it(client):
    expert = an_expert("withdrawn", email="same@example.org")
    link = linked(expert)
    ExpertFactory(email="same@example.org")

    answer = press(client, link, data={"agree": "1"})

    assert answer.status_code == 409
    assert "Another profile has this e-mail address." in text(answer)


# Dead links


def dead_link(why) -> str:
    expert = an_expert(name="Aiko Tanaka", email="aiko@example.org")
    link = linked(expert, made=NOW - timedelta(days=31) if why == "old" else NOW)
    if why == "address":
        Expert.objects.filter(pk=expert.pk).update(email="new@example.org")
    if why == "none":
        Expert.objects.filter(pk=expert.pk).update(email="", user=None)
    if why == "erased":
        listing.remove(expert.pk, expert.user, NOW - timedelta(days=40))
        listing.erase_removed(NOW)
    return "0" * 32 if why == "unknown" else link.token


DEAD = ["old", "address", "none", "erased", "unknown"]


@pytest.mark.parametrize("why", DEAD)
def test_a_dead_link_shows_the_same_page_and_nothing_of_a_person(client, why):
    token = dead_link(why)
    before = everything()

    pages = [client.get(address(token, page)) for page in PAGES]

    assert [page.status_code for page in pages] == [410] * 5
    shown = {re.sub(token + r"|value=\"\w{64}\"", "", page.content.decode()) for page in pages}
    assert len(shown) == 1
    assert not re.search("Aiko|Tanaka|aiko|new@", shown.pop())
    other = client.get(address("nobody"))
    assert text(other) == text(pages[0])
    assert everything() == before


@pytest.mark.parametrize("why", DEAD)
@pytest.mark.parametrize("page", ["", "_edit", "_pause", "_remove"])
def test_a_dead_link_acts_no_more(client, why, page):
    token = dead_link(why)
    client.get(address(token))
    before = everything()

    answer = client.post(
        address(token, page),
        {
            "csrfmiddlewaretoken": client.cookies["csrftoken"].value,
            "agree": "1",
            "until": "2026-12-31",
        },
    )

    assert answer.status_code == 410
    assert everything() == before


@pytest.mark.parametrize("why", DEAD)
def test_a_fresh_link_goes_to_the_address_on_file_and_the_answer_says_the_same(
    client, why, mailoutbox
):
    token = dead_link(why)
    mailoutbox.clear()

    answer = press(client, token)

    assert (answer.status_code, text(answer)) == (200, text(press(client, "unknown")))
    sent = {"old": ["aiko@example.org"], "address": ["new@example.org"]}.get(why, [])
    assert [mail.to for mail in mailoutbox] == [[to] for to in sent]
    for mail in mailoutbox:
        fresh = re.search(r"/experts/link/(\w+)/", mail.body)[1]
        assert client.get(address(fresh)).status_code == 200


def test_fresh_links_are_limited(client, mailoutbox):
    token = dead_link("old")
    sent = []
    for minutes in (0, 5, 11, 22, 33, 44, 55, 66, 60 * 24 + 45):
        with time_machine.travel(LATER + timedelta(minutes=minutes), tick=False):
            assert press(client, token).status_code == 200
            sent.append(len(mailoutbox))

    assert sent == [1, 1, 2, 3, 4, 5, 5, 5, 6]
    assert OutgoingMail.objects.filter(template=links.FRESH_LINK).count() == 6


@pytest.mark.parametrize(("days", "status"), [(29, 200), (30, 410)])
def test_a_link_works_for_thirty_days(client, days, status):
    link = linked(an_expert())

    with time_machine.travel(NOW + timedelta(days=days, seconds=1), tick=False):
        assert client.get(address(link)).status_code == status


def test_a_changed_sign_in_address_kills_the_link_of_who_has_no_other(client):
    expert = an_expert(email="mine@example.org")
    Expert.objects.filter(pk=expert.pk).update(email="")
    expert.refresh_from_db()
    link = linked(expert)
    assert client.get(address(link)).status_code == 200

    expert.user.email = "another@example.org"
    expert.user.save()

    assert client.get(address(link)).status_code == 410


# One profile, no session, no rights


def test_a_link_counts_for_its_own_profile_alone(client):
    mine, other = an_expert(), an_expert()
    link = linked(mine)
    before = Expert.objects.filter(pk=other.pk).values().get()

    press(client, link)
    press(client, link, "_remove", {"expert": str(other.pk)})

    assert Expert.objects.filter(pk=other.pk).values().get() == before
    assert list(Confirmation.objects.values_list("expert", flat=True)) == [mine.pk]


def test_the_link_opens_no_session(client):
    link = linked(an_expert())
    press(client, link)

    assert set(client.cookies) == {"csrftoken"}
    assert client.get(reverse("expert_me")).status_code == 302


def test_a_lead_beside_the_link_may_do_no_more_than_anybody(client):
    expert = an_expert("off")
    link = linked(expert)
    anonymous = text(client.get(address(link)))
    client.force_login(LeadFactory(totp=True))

    assert text(client.get(address(link))) == anonymous
    press(client, link, data={"agree": "1"})

    assert Expert.objects.get().status == "awaiting"
    assert expert.consents.get().actor is None


# Languages


def visible(response) -> set[str]:
    page = re.sub(r"<(script|style|svg).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    pieces = re.split(r"<[^>]+>", page) + re.findall(r'(?:aria-label|placeholder)="([^"]*)"', page)
    return {" ".join(html.unescape(piece).split()) for piece in pieces}


def english_left(response, code) -> set[str]:
    """Pieces of the page that are English although there is a translation that differs."""
    with translation.override(code):
        return {
            piece for piece in visible(response) if piece and translation.gettext(piece) != piece
        } - _names_of_languages


_names_of_languages = {"English", "Français", "Español"}


@pytest.mark.parametrize("code", ["fr", "es"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("page", PAGES)
def test_the_page_speaks_the_language_of_the_mail(client, code, state, page):
    link = linked(an_expert(state), code)

    response = client.get(address(link, page), headers={"accept-language": "en"}, follow=True)

    assert f'<html lang="{code}"' in response.content.decode()
    assert english_left(response, code) == set()


@pytest.mark.parametrize("code", ["fr", "es"])
def test_dead_links_and_their_answer_speak_the_language_of_the_reader(client, code):
    for token in (dead_link("old"), "unknown"):
        for response in (
            client.get(address(token), headers={"accept-language": code}),
            client.get(address(token), {"lang": code}),
        ):
            assert f'<html lang="{code}"' in response.content.decode()
            assert english_left(response, code) == set()


@pytest.mark.parametrize("code", ["fr", "es"])
def test_problems_are_said_in_the_language_of_the_page(client, code):
    expert = an_expert()
    link = linked(expert, code)

    for page, data in (
        ("", {"outside_requests": "many"}),
        ("_pause", {"until": "2026-11-01"}),
        ("_edit", {"name": "a@example.org", "languages": "Klingon", "orcid": "1", "version": "1"}),
    ):
        answer = press(client, link, page, data)
        assert answer.status_code == 200
        assert english_left(answer, code) == set()
        assert not re.search("There (is|are)|problem |This field", text(answer))


def test_the_chosen_language_is_kept_on_the_way(client):
    link = linked(an_expert())

    shown = client.get(address(link), {"lang": "es"})

    assert "¿Sigue siendo correcto su perfil?" in text(shown)
    assert f'href="{address(link, "_edit")}?lang=es"' in shown.content.decode()
    token = re.search(r'value="(\w{64})"', shown.content.decode())[1]
    answer = client.post(address(link) + "?lang=es", {"csrfmiddlewaretoken": token})
    assert answer.headers["Location"] == address(link) + "?lang=es"


def test_a_language_that_is_not_there_is_not_kept(client):
    link = linked(an_expert())

    shown = client.get(address(link), {"lang": '"><b>'}).content.decode()

    assert '<html lang="en"' in shown
    assert "lang=%22" not in shown.replace("?next=", "")
