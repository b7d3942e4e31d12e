"""The preview of an announcement is the very mail, in a frame in which nothing can happen."""

# ruff: noqa: F401, F811 (fixtures are imported)
import re
from html import unescape

import pytest
from django.urls import reverse

from mailings import campaigning, delivery, mime, previewing
from mailings.models import OutgoingMail, StopLink
from tests.factories import (
    NOW,
    AnnouncementFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PreferencesFactory,
    SubscriptionFactory,
)
from tests.mailings.test_delivery import server, sink
from tests.validity import errors_of

LANGUAGES = ("en", "fr", "es")


def address(announcement, name="announcement_mail") -> str:
    return reverse(name, args=[announcement.pk])


def with_all_of_it(**values):
    values = {
        "title": "Lamps & “thermometers” of São Tomé",
        "text": "# Where\n\nIn **two** cities.\n\n- [More](https://example.org/more)",
        "links": ["https://example.org/lamps"],
        "amount": 50_000,
        "currency": "USD",
        "organisation": OrganisationFactory(),
    } | values
    found = AnnouncementFactory(**values)
    found.countries.set(["KE", "PE"])
    return found


@pytest.fixture
def author(client, db):
    partner = PartnerUserFactory(name="Anna Ødegård")
    client.force_login(partner)
    return partner


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_frame_shows_is_the_mail_that_leaves(sink, client, author, language):
    announcement = with_all_of_it(author=author)
    reader = SubscriptionFactory().user
    PreferencesFactory(user=reader, language=language)
    page = client.get(address(announcement, "announcement_preview"), {"mail": language})
    framed = client.get(address(announcement), {"mail": language}).content.decode()
    assert not StopLink.objects.exists()

    campaigning.start(announcement.pk, None, NOW)
    delivery.deliver()

    token = StopLink.objects.get().token
    left = mime.read(bytes(OutgoingMail.objects.get().content))
    bodies = [left.get_body((kind,)).get_content() for kind in ("html", "plain")]
    html, text = (body.replace("\r\n", "\n").replace(token, previewing.NOBODY) for body in bodies)
    assert framed.replace('\n<base target="_blank">', "").strip() == html.strip()
    shown = page.context["mail"]
    assert shown.text.strip() == text.strip()
    assert (shown.sender, shown.subject) == (left["From"], left["Subject"])
    words = unescape(page.content.decode())
    assert all(part in words for part in (shown.sender, shown.subject, shown.text.strip()))


def test_the_page_frames_the_mail_and_offers_each_language(client, author):
    announcement = AnnouncementFactory(author=author, status="draft")
    page = client.get(address(announcement, "announcement_preview"), {"mail": "fr"})
    words = page.content.decode()
    assert f'src="{address(announcement)}?mail=fr"' in words
    assert 'title="The mail as readers get it"' in words
    assert "allow-scripts" not in words and "allow-same-origin" not in words
    assert re.findall(r'<a href="(\?mail=\w+)#mail"( aria-current="page")?>', words) == [
        ("?mail=en", ""),
        ("?mail=fr", ' aria-current="page"'),
        ("?mail=es", ""),
    ]


def test_the_mail_is_a_valid_page(client, author):
    framed = client.get(address(with_all_of_it(author=author)), {"mail": "es"})
    found = errors_of(framed.content.decode())
    assert [one.split()[0] for one in found] == ["title", "lang"], "a mail has its own"


def test_a_language_that_we_write_no_mails_in_is_english(client, author):
    announcement = AnnouncementFactory(author=author)
    framed = client.get(address(announcement), {"mail": "xx"})
    assert 'lang="en"' in framed.content.decode()
    assert framed.headers["Content-Language"] == "en"


def test_nothing_can_run_load_or_be_sent_in_the_frame(client, author):
    framed = client.get(address(AnnouncementFactory(author=author)))
    policy = dict(
        rule.strip().partition(" ")[::2]
        for rule in framed.headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
    }
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_page_itself_cannot_be_framed(client, author):
    page = client.get(address(AnnouncementFactory(author=author), "announcement_preview"))
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["mail_stop", "mail_preferences_by_mail"])
def test_the_links_of_nobody_stop_nothing(client, author, name):
    subscription = SubscriptionFactory(user=author)
    client.post(reverse(name, args=[previewing.NOBODY]), {"List-Unsubscribe": "One-Click"})
    subscription.refresh_from_db()
    assert subscription.frequency == "at_once"


def test_the_lead_sees_the_mail_before_approving_and_no_draft(client, db):
    client.force_login(LeadFactory())
    assert client.get(address(AnnouncementFactory(status="submitted"))).status_code == 200
    assert client.get(address(AnnouncementFactory(status="draft"))).status_code == 404


def test_another_partner_does_not_see_it(client, author):
    assert client.get(address(AnnouncementFactory(status="submitted"))).status_code == 404
    assert client.get(address(AnnouncementFactory())).status_code == 403
