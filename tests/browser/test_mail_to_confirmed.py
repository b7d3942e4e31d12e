"""From the reminder in the mailbox to 'confirmed': two clicks, whatever scanners did before."""

import re
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from dateutil.relativedelta import relativedelta
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from experts import links, reminders
from experts.models import Confirmation, Expert, Policy, ProfileLink
from mailings import delivery, outbox, suppression, topics
from mailings.links import VALID_FOR
from mailings.models import OutgoingMail, Reminder
from tests.everything import everything
from tests.factories import ExpertFactory
from wmaportal.local import servers

pytestmark = pytest.mark.django_db(transaction=True)

LANGUAGES = ["en", "fr", "es"]
STILL_RIGHT = {"en": "Still right", "fr": "Toujours exact", "es": "Sigue siendo correcto"}
THANKS = {
    "en": "Thank you. Your profile is confirmed.",
    "fr": "Merci. Votre profil est confirmé.",
    "es": "Gracias. Su perfil está confirmado.",
}


class Mailbox:
    """What a mail server took in."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def mailbox(settings, base_url):
    """A true SMTP server, to which the portal delivers; links lead to the portal of this test."""
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=servers.free_port())
    server.start()
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.SITE_URL = base_url
    yield box
    server.stop()


def body(mail, kind) -> str:
    return mail.get_body((kind,)).get_content()


def reminded(mailbox, language) -> Expert:
    """An expert who is due today and whom the daily scan wrote to."""
    now = timezone.now()
    Policy.objects.create(pk=1, spread_minutes=0)
    expert = ExpertFactory(
        confirmed_at=now - relativedelta(years=1, days=1), mail_language=language
    )
    assert reminders.scan(now)["reminders"] == 1
    assert delivery.deliver()[OutgoingMail.State.SENT] == 1
    assert [mail["To"] for mail in mailbox.mails] == [expert.email]
    return expert


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_clicks_after_five_scanners_with_the_keyboard_alone(mailbox, page, base_url, language):
    expert = reminded(mailbox, language)
    mail = mailbox.mails[0]
    every_link = set(re.findall(re.escape(base_url) + r"/\S+", body(mail, "plain")))
    before = everything()
    for _scanner in range(5):
        for address in every_link:
            for ask in (Client().get, Client().head):
                assert ask(address.removeprefix(base_url)).status_code == 200
    assert everything() == before

    page.set_content(body(mail, "html"))
    page.get_by_role("link", name=STILL_RIGHT[language]).focus()
    page.keyboard.press("Enter")  # the first click
    button = page.get_by_role("button", name=STILL_RIGHT[language])
    expect(button).to_be_visible()
    assert everything() == before
    for _step in range(40):
        if button.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the second

    expect(page.locator("h1")).to_have_text(THANKS[language])
    expect(page.locator("html")).to_have_attribute("lang", language)
    confirmation = Confirmation.objects.get()
    assert (confirmation.expert, confirmation.channel) == (expert, "mail")
    assert confirmation.reminder == Reminder.objects.get()
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"csrftoken"}


def test_the_number_typed_is_kept_when_it_is_wrong_and_taken_when_it_is_right(mailbox, page):
    reminded(mailbox, "en")
    page.goto(re.search(r"http\S+/experts/link/\w+/", body(mailbox.mails[0], "plain"))[0])
    number = page.get_by_label("How many people asked you for advice")
    number.evaluate("one => { one.type = 'text' }")  # a browser that does not know numbers
    number.fill("many")
    page.get_by_role("button", name="Still right").click()
    expect(page.get_by_text("There is 1 problem")).to_be_visible()
    assert Confirmation.objects.count() == 0

    page.get_by_label("How many people asked you for advice").fill("12")
    page.get_by_role("button", name="Still right").click()

    expect(page.locator("h1")).to_have_text(THANKS["en"])
    assert Confirmation.objects.get().outside_requests == 12


# Everybody can read them


def violations(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def sent(name, expert) -> OutgoingMail:
    now = timezone.now()
    template = {
        "reminder": reminders.TEMPLATE,
        "notice": reminders.NOTICE_TEMPLATE,
        "fresh_link": links.FRESH_LINK,
        "unlisted_for_silence": "experts/mail/unlisted_for_silence",
    }[name]
    if name == "unlisted_for_silence":
        Expert.objects.filter(pk=expert.pk).update(status="unlisted", unlisted_for="silence")
    if name in ("reminder", "notice"):  # as the Lead writes by hand
        return OutgoingMail.objects.create(
            template=template,
            to=expert.email,
            reminder=Reminder.objects.create(
                topic="profile", object_id=expert.pk, cycle=expert.confirmed_at, step=None, at=now
            ),
        )
    return outbox.post(template, expert.email, {"expert": expert})


MAILS = ("reminder", "notice", "fresh_link", "unlisted_for_silence")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mails_are_readable_for_everybody_light_and_dark_narrow_and_wide(
    mailbox, browser, language
):
    for name in MAILS:
        sent(name, ExpertFactory(mail_language=language))
    delivery.deliver()
    assert len(mailbox.mails) == len(MAILS)
    page = browser.new_page()  # a mail program: the policy of the portal's pages is not its

    for mail in mailbox.mails:
        page.set_content(body(mail, "html"))
        for width, scheme in ((320, "light"), (700, "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


STATES = {
    "listed": {},
    "thanks": {},
    "paused": {"paused_until": timezone.now().date() + relativedelta(months=2)},
    "silent": {"status": "unlisted", "unlisted_for": "silence"},
    "off": {"status": "unlisted", "unlisted_for": "lead", "status_reason": "Retired."},
    "draft": {"status": "draft"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_is_open_to_everybody_in_each_language(browser, base_url, language):
    """Light and dark, narrow and wide differ in no language: test_every_page.py looks at those."""
    now = timezone.now()
    addresses = []
    for state, values in STATES.items():
        expert = ExpertFactory(**values)
        if state == "thanks":
            later = now + relativedelta(seconds=1)
            Expert.objects.filter(pk=expert.pk).update(confirmed_at=later)
        link = ProfileLink.objects.create(
            expert=expert,
            address_hash=suppression.hash_of(expert.email),
            language=language,
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        here = f"{base_url}/experts/link/{link.token}/"
        addresses.append(here)
        if state == "listed":
            stop = topics.tokens(reminders.TOPIC, [expert.pk])[expert.pk]
            addresses += [
                f"{here}edit/",
                f"{here}pause/",
                f"{here}remove/",
                f"{base_url}/experts/link/unknown/?lang={language}",
                f"{base_url}/mail/stop/{stop}/?lang={language}",
            ]
    page = browser.new_page(viewport={"width": 320, "height": 800})
    for address in addresses:
        page.goto(address)
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
        assert page.locator("html").get_attribute("lang") == language
    page.close()
