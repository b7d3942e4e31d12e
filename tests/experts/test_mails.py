"""The mails about a profile: what they say, in which language, text and HTML alike, to whom not."""

import html
import re
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from experts import confirmation, facts, listing, reminders
from experts import links as profile_links
from experts.cycles import Calendar
from experts.models import Audience, Expert, ProfileLink, Round
from experts.models import Policy as ListPolicy
from mailings import delivery, outbox
from mailings.models import OutgoingMail, Reminder, StopLink
from tests.factories import NOW, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db

YEAR = relativedelta(years=1)
TEMPLATES = {
    "reminder": reminders.TEMPLATE,
    "notice": reminders.NOTICE_TEMPLATE,
    "fresh_link": profile_links.FRESH_LINK,
    "unlisted_for_silence": "experts/mail/unlisted_for_silence",
}


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def due(**values) -> Expert:
    """An expert who is due today, with everything that a page may show."""
    filled = {
        "claimed": True,
        "name": "Aiko Tanaka",
        "email": "aiko.tanaka@example.org",
        "phone": "+81 3 5550 0042",
        "email_audience": Audience.ACCEPTED,
        "max_open_requests": 2,
        "website": "https://example.org/aiko",
        "experience": "Ten years of lamps.\n\nAnd of thermometers.",
        "confirmed_at": NOW - YEAR,
        "languages": ["en", "ja"],
    }
    return ExpertFactory(**{**filled, **values})


def posted(name: str, expert: Expert) -> OutgoingMail:
    """The mail as the portal promises it, delivered."""
    if name in ("reminder", "notice"):
        step = Reminder.NOTICE if name == "notice" else None  # None: the Lead wrote by hand
        cycle = expert.confirmed_at or NOW - timedelta(days=40)
        if name == "notice":
            ListPolicy.objects.get_or_create(pk=1, defaults={"lapsed_months": 36})
            Expert.objects.filter(pk=expert.pk).update(
                confirmed_at=expert.confirmed_at and NOW - relativedelta(months=36)
            )
            ListPolicy.objects.update(first_round_ended_on=(NOW - relativedelta(months=12)).date())
            expert.refresh_from_db()
            cycle = Calendar.at(NOW).leaving().get(pk=expert.pk).cycle
        reminder = Reminder.objects.create(
            topic="profile", object_id=expert.pk, cycle=cycle, step=step, at=NOW
        )
        mail = OutgoingMail.objects.create(
            kind=OutgoingMail.Kind.REMINDER if name == "reminder" else OutgoingMail.Kind.MODERATION,
            to=expert.email,
            template=TEMPLATES[name],
            reminder=reminder,
        )
    else:
        if name == "unlisted_for_silence":
            Expert.objects.filter(pk=expert.pk).update(status="unlisted", unlisted_for="silence")
        mail = outbox.post(TEMPLATES[name], expert.email, {"expert": expert})
    delivery.deliver()
    mail.refresh_from_db()
    assert mail.state == OutgoingMail.State.SENT, mail.answer
    return mail


def message(mail: OutgoingMail):
    return message_from_bytes(bytes(mail.content), policy=policy.default)


def bodies(mail: OutgoingMail) -> tuple[str, str]:
    parts = message(mail)
    return tuple(
        parts.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html")
    )


def words_of_html(content: str) -> list[str]:
    """The words of the body as a reader gets them, and the address behind each link."""
    body = re.search(r"<main.*?</main>", content, re.DOTALL)[0]
    body = re.sub(r"<h1.*?</h1>", " ", body, flags=re.DOTALL)
    body = re.sub(r"</dt>\s*<dd[^>]*>", ": ", body)
    body = re.sub(r'<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>', _link, body, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", body)).split()


def _link(found) -> str:
    return f"{found[2]} {found[1]}" if found[1] != found[2] else found[2]


def words_of_text(content: str) -> list[str]:
    return [word for word in content.split() if word != "--"]


def sent(name, **values) -> OutgoingMail:
    return posted(name, due(**values))


# What they say


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_text_and_html_say_the_same(name, language):
    mail = sent(name, mail_language=language)

    text, rich = bodies(mail)
    # In French a colon has a space before it
    assert "".join(words_of_text(text)).replace(":", "") == "".join(words_of_html(rich)).replace(
        ":", ""
    )


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_mail_is_in_the_language_of_the_expert_and_says_so(name, language):
    mail = sent(name, mail_language=language)

    text, rich = bodies(mail)
    assert mail.language == language
    assert message(mail)["Content-Language"] == language
    assert f'<html lang="{language}" dir="ltr">' in rich
    assert max(map(len, text.split("\n"))) <= 78 or "://" in max(text.split("\n"), key=len)
    with translation.override(language):
        draft = translation.gettext("Draft translation: no native reader has checked it yet.")
    assert (draft in html.unescape(rich)) == (language != "en")
    pieces = {" ".join(html.unescape(one).split()) for one in re.split(r"<[^>]+>", rich)}
    with translation.override(language):
        left = {piece for piece in pieces if piece and translation.gettext(piece) != piece}
    assert left == set()


def test_the_first_language_of_the_profile_that_the_portal_writes_counts():
    assert sent("reminder", languages=["ja", "es", "fr"]).language == "es"


def test_the_reminder_shows_the_profile_as_it_stands():
    mail = sent("reminder")

    text, _rich = bodies(mail)
    assert message(mail)["Subject"] == "Is your profile in the Resource Persons List still right?"
    assert (
        "you last confirmed your profile in the Resource Persons List on 24\nNovember 2025" in text
    )
    for line in (
        "  Name: Aiko Tanaka",
        "  Position: Head of section",
        "  Country: Japan (East Asia)",
        "  Languages: English, Japanese",
        "  Experience in mercury waste: Ten years of lamps.\n      And of thermometers.",
        "  Worked in: Viet Nam",
        "  Can do: Remote advice",
        "  Links: https://example.org/aiko",
        "  Photo: not stated",
        "  E-mail: a…a@example.org, shown after you accept a request",
        "  Phone: …\N{NO-BREAK SPACE}42, shown to the Lead alone",
        "  Open requests at most: 2, seen by you and the Lead alone",
    ):
        assert line + "\n" in text
    assert "aiko.tanaka@" not in text
    assert "5550" not in text


def test_every_field_of_the_page_is_in_the_mail():
    expert = due()

    text, rich = bodies(posted("reminder", expert))

    for fact in facts.of(expert, NOW, masked=True):
        assert fact.as_text in text
        assert f">{html.escape(fact.name)}</dt>" in rich


def test_the_links_act_for_this_profile_for_thirty_days(client):
    mail = sent("reminder")
    link = ProfileLink.objects.get()
    stop = StopLink.objects.get()

    text, rich = bodies(mail)
    for page in ("", "_edit", "_pause", "_remove"):
        address = reverse(f"profile_by_link{page}", args=[link.token])
        assert re.search(rf"^http\S+{address}$", text, re.MULTILINE)
        assert f'{address}"' in rich
        assert client.get(address).status_code == 200
    assert reverse("mail_stop", args=[stop.token]) in text
    assert stop.token in message(mail)["List-Unsubscribe"]
    assert "The link works until 24 December 2026." in " ".join(text.split())
    assert link.expires_at == NOW + timedelta(days=30)


def test_each_mail_has_a_token_of_its_own_and_a_second_try_keeps_it():
    expert = due()
    first, second = posted("fresh_link", expert), posted("fresh_link", expert)
    assert first.profilelink.token != second.profilelink.token

    again = profile_links.make([first], {first.pk: expert}, NOW)

    assert again == {first.pk: first.profilelink.token}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"confirmed_at": None, "imported_updated_on": date(2017, 4, 30)},
            "your profile was taken over from the published Resource Persons List, where it was "
            "last updated on 30 April 2017. Nobody has confirmed it since.",
        ),
        (
            {"confirmed_at": None},
            "your profile was taken over from the published Resource Persons List. "
            "Nobody has confirmed it yet.",
        ),
    ],
)
@pytest.mark.parametrize("name", ["reminder", "notice"])
def test_a_profile_that_nobody_confirmed_is_spoken_of_as_such(name, values, words):
    text, _rich = bodies(sent(name, created_at=NOW - 3 * YEAR, **values))

    assert words in " ".join(text.split())
    assert "you last confirmed" not in text


def test_a_round_names_its_deadline_to_those_whom_it_asks():
    Round.objects.create(
        opened_at=NOW - timedelta(days=1), opened_by=LeadFactory(), deadline=date(2027, 1, 15)
    )

    asked, _rich = bodies(sent("reminder"))
    assert "The Lead asks everybody on the list to confirm by 15 January 2027." in " ".join(
        asked.split()
    )
    Round.objects.update(ended_at=NOW)
    after, _rich = bodies(sent("reminder", email="b@example.org"))
    assert "The Lead asks everybody" not in after


def test_the_notice_says_on_which_day_the_profile_leaves_and_that_one_click_keeps_it():
    mail = sent("notice")

    text = " ".join(bodies(mail)[0].split())
    assert message(mail)["Subject"] == (
        "Your profile leaves the Resource Persons List on 24 December 2026"
    )
    assert "If nobody confirms it, your profile leaves the list on 24 December 2026." in text
    assert "One click keeps it." in text
    assert "List-Unsubscribe" not in message(mail)


def test_the_day_in_the_notice_is_kept():
    expert = due(confirmed_at=NOW - relativedelta(months=36))
    posted("notice", expert)

    def leave(days):
        return reminders.leave_the_list(NOW + timedelta(days=days))

    assert (leave(29), leave(30)) == (0, 1)


def test_the_mail_after_unlisting_brings_back_in_one_click(client):
    expert = due()
    mail = posted("unlisted_for_silence", expert)
    address = re.search(r"(/experts/link/\w+/)$", bodies(mail)[0], re.MULTILINE)[1]

    client.post(address)

    expert.refresh_from_db()
    assert expert.status == "listed"


@pytest.mark.parametrize(("most", "words"), [(1, "at most once in"), (3, "at most 3 times in")])
def test_the_number_of_reminders_is_that_of_the_policy(most, words):
    ListPolicy.objects.create(pk=1, reminders_a_year=most)

    assert words in " ".join(bodies(sent("reminder"))[0].split())


# What is not sent after all


@pytest.mark.parametrize(
    "step",
    [
        lambda expert: confirmation.confirm(expert.pk, NOW),
        lambda expert: listing.remove(expert.pk, None, NOW),
        lambda expert: Expert.objects.filter(pk=expert.pk).update(email="", user=None),
    ],
)
def test_nobody_is_told_of_silence_who_spoke_or_left_before_the_mail_did(step):
    expert = due()
    Expert.objects.filter(pk=expert.pk).update(status="unlisted", unlisted_for="silence")
    mail = outbox.post(TEMPLATES["unlisted_for_silence"], expert.email, {"expert": expert})
    step(expert)
    delivery.deliver()

    mail.refresh_from_db()
    assert mail.state == OutgoingMail.State.SKIPPED
    assert ProfileLink.objects.count() == 0


def test_a_mail_goes_to_the_address_that_the_profile_has_when_it_leaves():
    expert = due()
    mail = outbox.post(TEMPLATES["fresh_link"], expert.email, {"expert": expert})
    Expert.objects.update(email="new@example.org")
    delivery.deliver()

    mail.refresh_from_db()
    assert mail.to == "new@example.org"
    assert profile_links.is_alive(profile_links.find(mail.profilelink.token), NOW)


def test_more_mails_take_no_more_queries():
    experts = [due(email=f"e{number}@example.org") for number in range(6)]
    mails = [
        OutgoingMail.objects.create(
            template=TEMPLATES["reminder"],
            to=expert.email,
            reminder=Reminder.objects.create(
                topic="profile", object_id=expert.pk, cycle=expert.confirmed_at, step=0, at=NOW
            ),
        )
        for expert in experts
    ]
    counts = []
    for part in (mails[:1], mails[1:]):
        with CaptureQueriesContext(connection) as taken:
            found = outbox.letters(part, NOW)
            for letter in found.values():
                assert letter.context["facts"]()
        counts.append(len(taken))
    assert counts[0] == counts[1]


# Hiding addresses


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("expert18@example.org", "e…8@example.org"),
        ("ab@example.org", "a…@example.org"),
        ("a@example.org", "a…@example.org"),
        ("", ""),
    ],
)
def test_an_address_is_masked(address, masked):
    assert facts.masked_email(address) == masked


@pytest.mark.parametrize(
    ("number", "masked"), [("+81 3 5550 0042", "… 42"), ("12345 ext. 7", "… 57"), ("", "")]
)
def test_a_number_is_masked(number, masked):
    assert facts.masked_phone(number).replace("\N{NO-BREAK SPACE}", " ") == masked
