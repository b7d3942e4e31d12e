"""The digest, and the mails about announcements that came by mail (test_headers.py)."""

from datetime import timedelta

from django.test import override_settings

from mailings import digesting, inbound
from tests.factories import (
    NOW,
    AnnouncementFactory,
    NeedFactory,
    PartnerUserFactory,
    PreferencesFactory,
    SubscriptionFactory,
    topic_called,
)

DAY = timedelta(days=1)


def digest(names, language="en"):
    reader = PartnerUserFactory(name=names)
    for code in ("finance", "events"):
        SubscriptionFactory(user=reader, topic=topic_called(code), frequency="daily")
        AnnouncementFactory(
            topic=topic_called(code),
            title=f"About {names} & <others>",
            text=f"**{names}** asks & gets.",
            published_at=NOW - DAY,
        )
    PreferencesFactory(user=reader, language=language)
    reader.follows.create(kind="country", key="KE", name="Kenya", frequency="daily")
    NeedFactory(country_id="KE", title=f"A store for {names} & <more>")
    digesting.write_due(NOW)


def _posted(names, *results):
    author = PartnerUserFactory(name=names, email="author@example.net")
    words = [
        *results,
        "Received: from mx.example.net by mx.portal.example.org; Tue, 24 Nov 2026 09:00:00 +0000",
        f"From: {author.email}",
        "To: portal+post@portal.example.org",
        "Subject: Lamps & <more>",
        "Message-ID: <1@mail.example.net>",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTwo plants.\r\n",
        "--b\r\nContent-Type: application/octet-stream\r\n"
        "Content-Disposition: attachment; filename=run.exe\r\n\r\nMZ\r\n--b--\r\n",
    ]
    to = "portal@portal.example.org"
    with override_settings(INBOUND_ADDRESS=to, AUTHSERV_ID="mx.portal.example.org"):
        inbound.receive("\r\n".join(words).encode(), "portal+post@portal.example.org", NOW)


def posted_draft(names):
    _posted(names, "Authentication-Results: mx.portal.example.org; dkim=pass header.d=example.net")


def posted_question(names):
    _posted(names)


STEPS = {f"mailings/mail/{step.__name__}": step for step in (digest, posted_draft, posted_question)}
#: Mail of the list: it can be stopped, and says what list it is of
OF_THE_LIST = {digesting.TEMPLATE}
