"""What a mail service says: the same events as reports by mail."""

import base64
import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from anymail.signals import AnymailTrackingEvent, tracking
from django.core.mail import get_connection
from django.test import Client
from django.urls import include, path

from mailings import kinds, mime, subscribing, topics
from mailings.models import Bounce, OutgoingMail, Reminder, StopLink, Suppression
from mailings.tracking import patterns
from tests.factories import (
    NOW,
    CampaignFactory,
    SubscriptionFactory,
    topic_called,
)
from tests.wmaportal.test_settings import start
from wmaportal import urls as portal

pytestmark = pytest.mark.django_db

TO = "person@example.net"
SECRET = "portal:0123456789abcdef0123"
GONE = "550 5.1.1 <person@example.net>: user unknown"


def sent(**values) -> OutgoingMail:
    return OutgoingMail.objects.create(
        **{"kind": "reminder", "state": "sent", "to": TO, "remote_id": "remote-1", **values}
    )


def say(event_type, message_id="remote-1", recipient=TO, **more):
    event = AnymailTrackingEvent(
        event_type=event_type, message_id=message_id, recipient=recipient, **more
    )
    tracking.send(sender=None, event=event, esp_name="Brevo")


def events():
    return [(bounce.kind, bounce.source) for bounce in Bounce.objects.order_by("pk")]


EVENTS = [
    ("bounced", "bounced", GONE, {}, "hard"),
    ("bounced", "bounced", "452 4.2.2 mailbox full", {}, "soft"),
    ("bounced", "bounced", "554 5.7.1 looks like spam", {}, None),
    ("bounced", "bounced", None, {"event": "hard_bounce"}, "hard"),
    ("bounced", "bounced", None, {"event": "soft_bounce"}, "soft"),
    ("bounced", "bounced", None, {"Type": "SoftBounce"}, "soft"),
    ("bounced", "timed_out", None, {}, "soft"),
    ("bounced", "invalid", None, {}, "hard"),
    ("bounced", "spam", None, {}, "complaint"),
    ("bounced", "blocked", None, {}, None),
    ("bounced", "other", None, {}, None),
    ("complained", "spam", None, {}, "complaint"),
    ("rejected", "bounced", None, {}, "hard"),
    ("rejected", "invalid", None, {}, "hard"),
    ("rejected", "timed_out", None, {}, "soft"),
    ("rejected", "spam", None, {}, "complaint"),
    ("rejected", "blocked", None, {}, None),
    ("deferred", None, "451 4.7.1 later", {}, None),
    ("autoresponded", None, None, {}, None),
    ("delivered", None, None, {}, None),
    ("opened", None, None, {}, None),
    ("failed", None, None, {}, None),
]


@pytest.mark.parametrize(("event_type", "reason", "said", "raw", "kind"), EVENTS)
def test_an_event_counts_as_what_it_means(event_type, reason, said, raw, kind):
    mail = sent()

    say(event_type, reject_reason=reason, mta_response=said, esp_event=raw)

    assert events() == ([(kind, "service")] if kind else [])
    mail.refresh_from_db()
    assert mail.state == "sent"
    assert Suppression.objects.exists() == (kind in ("hard", "complaint"))


def test_amazons_own_words_say_how_final_a_bounce_is():
    sent()
    say("bounced", reject_reason="bounced", description="Transient: MailboxFull")
    say("bounced", reject_reason="bounced", description="Permanent: General")

    assert events() == [("soft", "service"), ("hard", "service")]


def test_a_mail_is_found_by_the_names_that_services_keep():
    mail = sent(remote_id="")
    for message_id, metadata in (
        (mail.message_id, {}),
        (mail.message_id.strip("<>"), {}),
        (None, {"mail": mail.token}),
        ("unknown", {"mail": mail.token}),
    ):
        say("complained", message_id, metadata=metadata)
        assert events() == [("complaint", "service")], (message_id, metadata)
        Bounce.objects.all().delete()


def test_what_names_no_mail_of_ours_counts_for_nothing():
    sent()
    say("complained", None)
    say("complained", "")
    say("complained", "unknown")
    say("complained", "unknown", metadata={"mail": "%"})
    say("complained", "unknown", metadata={"mail": ["x"]})

    assert events() == []


def test_of_several_mails_of_one_name_it_is_that_of_the_recipient():
    sent(to="other@example.net")
    mail = sent()
    say("complained", recipient="Person <PERSON@example.net>")
    say("complained", recipient="third@example.net")

    assert [bounce.mail for bounce in Bounce.objects.all()] == [mail]


@pytest.mark.parametrize(
    ("event_type", "reason"), [("unsubscribed", None), ("rejected", "unsubscribed")]
)
@pytest.mark.parametrize("topic", ["profile", "document", "practice", "weekly-digest"])
def test_who_unsubscribes_at_the_service_stops_what_the_mails_own_link_stops(
    monkeypatch, event_type, reason, topic
):
    """Whose key is that of a person, where the reminder has that of a thing."""
    reminder = Reminder.objects.create(topic=topic, object_id=7, cycle=NOW, step=0, at=NOW)
    link = StopLink.objects.create(topic=topic, object_id=31)
    headers = [("List-Unsubscribe", kinds.stop_addresses(link.token))]
    sent(reminder=reminder, content=mime.build(headers, "Words", "<p>Words</p>", "part1"))
    stopped = []
    stop = dataclasses.replace(
        topics.get(topic), code=topic, stop=lambda key, now: stopped.append(key)
    )
    monkeypatch.setitem(topics._topics, topic, stop)

    say(event_type, reject_reason=reason)

    assert stopped == [31]
    assert events() == []


def test_what_was_erased_is_not_guessed():
    sent(reminder=Reminder.objects.create(topic="document", object_id=7, cycle=NOW, step=0, at=NOW))

    say("unsubscribed")

    assert Suppression.objects.count() == 0


def test_who_unsubscribes_at_the_service_gets_no_more_announcements_of_that_topic():
    campaign, row = CampaignFactory(), SubscriptionFactory()
    other = SubscriptionFactory(user=row.user, topic=topic_called("events"))
    token = topics.tokens(subscribing.TOPIC, [row.pk])[row.pk]
    headers = [("List-Unsubscribe", kinds.stop_addresses(token))]
    content = mime.build(headers, "Words", "<p>Words</p>", "part1")
    kind = OutgoingMail.Kind.ANNOUNCEMENT
    sent(kind=kind, campaign=campaign, reader=row.user, content=content)

    say("unsubscribed")

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.frequency, row.frequency_before, other.frequency) == ("never", "at_once", "at_once")
    assert events() == []


def test_who_is_gone_has_nothing_to_unsubscribe():
    sent(kind=OutgoingMail.Kind.ANNOUNCEMENT, campaign=CampaignFactory(), reader=None)
    say("unsubscribed")

    assert events() == []


def test_other_mail_cannot_be_unsubscribed():
    sent(kind="moderation")
    say("unsubscribed")

    assert (events(), Suppression.objects.count()) == ([], 0)


# Over the web


def names(backend, secret=SECRET, settings=None):
    settings.DELIVERY_BACKEND, settings.ANYMAIL = backend, {"WEBHOOK_SECRET": secret}
    return [pattern.name for pattern in patterns()]


def test_only_the_service_that_delivers_has_an_address_and_only_with_a_secret(settings):
    brevo = "anymail.backends.brevo.EmailBackend"
    assert names(brevo, settings=settings) == ["brevo_tracking_webhook"]
    assert names("anymail.backends.mandrill.EmailBackend", settings=settings) == [
        "mandrill_webhook",
        "mandrill_tracking_webhook",
    ]
    assert names(brevo, "", settings=settings) == []
    assert names("django.core.mail.backends.smtp.EmailBackend", settings=settings) == []


@pytest.fixture
def post(settings):
    names("anymail.backends.brevo.EmailBackend", settings=settings)

    class Urls:
        urlpatterns = [path("mail/events/", include(patterns())), *portal.urlpatterns]

    settings.ROOT_URLCONF = Urls

    def post(event: dict, secret: str = SECRET) -> int:
        headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
        client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
        return client.post(
            "/mail/events/brevo/tracking/",
            json.dumps(event),
            content_type="application/json",
            headers=headers if secret else {},
        ).status_code

    return post


BREVO = {
    "event": "hard_bounce",
    "email": TO,
    "message-id": "<remote-1@smtp-relay.example>",
    "reason": GONE,
    "ts_epoch": 1763974800000,
}


def test_an_event_comes_in_over_the_web(post):
    mail = sent(remote_id="<remote-1@smtp-relay.example>")

    assert post(BREVO) == 200
    found = mail.bounces.get()
    assert (found.kind, found.status) == ("hard", "5.1.1")
    assert found.diagnostic == "550 5.1.1 <…>: user unknown"
    assert datetime.now(UTC) - found.at < timedelta(minutes=1)


@pytest.mark.parametrize("secret", ["", "portal:wrong", "other:0123456789abcdef0123"])
def test_without_the_secret_nothing_comes_in(post, secret):
    sent(remote_id="<remote-1@smtp-relay.example>")

    assert post(BREVO, secret) == 400
    assert events() == []


def test_a_services_settings_come_from_the_environment():
    given = {"ANYMAIL_BREVO_API_KEY": "key", "ANYMAIL_WEBHOOK_SECRET": SECRET}

    assert start("ANYMAIL['BREVO_API_KEY']", **given).stdout == "key\n"
    assert start("ANYMAIL['WEBHOOK_SECRET']", **given).stdout == f"{SECRET}\n"


def test_a_service_that_knows_no_return_path_takes_the_mail_all_the_same(settings):
    """Brevo refuses a mail that asks for one, unless it is told to leave out what it lacks."""
    settings.ANYMAIL = {**settings.ANYMAIL, "BREVO_API_KEY": "key"}
    content = b"From: portal@example.org\r\nTo: person@example.net\r\nSubject: x\r\n\r\nwords"
    message = mime.as_django(content, "portal+bounce-x@example.org", TO)
    backend = get_connection("anymail.backends.brevo.EmailBackend")

    payload = backend.build_message_payload(message, backend.send_defaults)

    assert payload.data["to"] == [{"email": TO}]


@pytest.mark.parametrize("secret", ["short:er", "0123456789abcdef0123456789"])
def test_a_weak_secret_of_a_service_stops_the_start_and_is_not_repeated(secret):
    started = start(ANYMAIL_WEBHOOK_SECRET=secret)

    assert started.returncode != 0
    assert "ANYMAIL_WEBHOOK_SECRET is weak" in started.stderr
    assert secret not in started.stderr
