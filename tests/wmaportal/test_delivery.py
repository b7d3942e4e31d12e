"""Mail over a true SMTP server, as EMAIL_URL says."""

from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from mailings import delivery
from partners import mail
from wmaportal.local.servers import free_port


class Inbox:
    """An SMTP handler that keeps what it gets."""

    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def inbox(settings):
    handler = Inbox()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield handler
    controller.stop()


def test_a_mail_of_the_portal_leaves_by_smtp_as_text_and_html(db, inbox):
    context = {"code": "123456", "why": "You change your address.", "minutes": 15}

    mail.send("partners/mail/code", "expert@example.org", context)
    delivery.deliver()

    (envelope,) = inbox.envelopes
    assert envelope.rcpt_tos == ["expert@example.org"]
    received = message_from_bytes(envelope.content, policy=policy.SMTP)
    parts = [received.get_body([kind]).get_content() for kind in ("plain", "html")]
    assert ["123456" in part for part in parts] == [True, True]
    assert received["Auto-Submitted"] == "auto-generated"
