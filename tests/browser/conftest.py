"""What browser tests share: people who are signed in, codes and links from mails.

Django is imported in the fixtures: pytest reads this file before the settings can be read.
"""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller


class Sink:
    """A mail server that keeps what it takes: (address, message)."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append((envelope.rcpt_tos[0], message))
        return "250 OK"


@pytest.fixture
def sink(settings):
    """Mails go over SMTP to a server of the test."""
    from wmaportal.local.servers import free_port

    found = Sink()
    controller = Controller(found, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield found
    controller.stop()


@pytest.fixture
def mail_folder(settings, tmp_path) -> Path:
    """Mails go to files, as under make run."""
    settings.DELIVERY_BACKEND = "wmaportal.mailbox.FileOfMail"
    settings.MAIL_DIR = tmp_path / "mail"
    return settings.MAIL_DIR


def text_of_newest_mail(folder: Path, to: str) -> str:
    from mailings import delivery

    delivery.deliver()
    for path in sorted(folder.glob("*.eml"), reverse=True):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        if mail["To"] == to:
            return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    raise AssertionError(f"no mail to {to} in {folder}")


@pytest.fixture
def code_for(mail_folder):
    """The code in the newest mail to an address."""

    def code(address: str) -> str:
        return re.search(r"^ +(\d{6})$", text_of_newest_mail(mail_folder, address), re.MULTILINE)[1]

    return code


@pytest.fixture
def link_for(mail_folder, settings):
    """The path of the portal's link in the newest mail to an address."""

    def link(address: str) -> str:
        text = text_of_newest_mail(mail_folder, address)
        return re.search(re.escape(settings.SITE_URL) + r"(/\S+)", text)[1]

    return link


@pytest.fixture
def signed_in(base_url):
    """Give a browser's context somebody's sign-in: a user, or a role of tests/pages.py."""

    from tests import pages
    from tests.browser.tools import cookies_of

    def sign_in(context, who):
        client = pages.World().client(who)
        context.add_cookies(cookies_of(client, base_url))

    return sign_in


@pytest.fixture
def visit(browser, base_url):
    """A browser of somebody's own: `visit()` for a visitor, `visit(user)` signed in."""
    from tests.browser.tools import cookies_of
    from tests.pages import World

    contexts = []

    def visit(user=None):
        context = browser.new_context(base_url=base_url)
        contexts.append(context)
        if user is not None:
            context.add_cookies(cookies_of(World().client(user.email.split("@")[0]), base_url))
        return context.new_page()

    yield visit
    for context in contexts:
        context.close()
