"""What a mail service says about mail that it took: the same events as reports by mail.

django-anymail reads the services' own formats and sends one signal for all (`note`, connected in
mailings/apps.py). Its addresses on the web exist only where a service delivers and a secret is set;
that for mail which comes in (`take`) only with INBOUND_ADDRESS.
"""

import logging
import re
from email.utils import parseaddr

from anymail.signals import AnymailInboundEvent, AnymailTrackingEvent, EventType, RejectReason
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from mailings import bounces, inbound, smtp, topics
from mailings.models import Bounce, OutgoingMail, StopLink

logger = logging.getLogger(__name__)

_BACKEND = re.compile(r"anymail\.backends\.(\w+)\.EmailBackend")
_HAS_CODE = re.compile(r"(?<![\d.])[45](\d\d\b|\.\d{1,3}\.\d)")
_SOFT = re.compile(r"soft|transient|temporary|undetermined|delayed|full|quota", re.IGNORECASE)
#: Where services say in their own words how final a bounce is.
_WORDS_OF_THE_SERVICE = ("event", "type", "Type", "Name", "event_type", "bounceType", "severity")


def note(sender, event: AnymailTrackingEvent, esp_name: str, **kwargs):
    """Write down what one event says about an address. One about no mail of ours is left."""
    mail = _mail_of(event)
    if mail is None:
        logger.info("%s reports on a mail that is not known: %s.", esp_name, event.event_type)
        return
    if _wants_to_stop(event):
        _stop(mail)
        return
    kind = _kind_of(event)
    if kind is None or not mail.to:
        return
    said = " ".join(filter(None, (event.mta_response, event.description)))
    source, now = Bounce.Source.SERVICE, timezone.now()
    bounces.note(mail.to, kind, source, now, mail, _status(said), " ".join(said.split()))


def take(sender, event: AnymailInboundEvent, esp_name: str, **kwargs):
    """A message that a service took for us, as if a mail server had handed it over.

    Services that give fields alone have django-anymail build a message of them.
    """
    message = event.message
    inbound.receive(message.as_bytes(), message.envelope_recipient or "", timezone.now())


def _mail_of(event: AnymailTrackingEvent) -> OutgoingMail | None:
    """By the service's own name for it, else by our Message-ID or the token handed to the service.

    One event is about one recipient; a service may give several mails one name.
    """
    is_it = Q(pk__in=())
    if event.message_id:
        is_it |= Q(remote_id=event.message_id)
        is_it |= Q(message_id=f"<{event.message_id.strip('<> ')}>")
    token = (event.metadata or {}).get("mail")
    if isinstance(token, str) and re.fullmatch(r"[0-9a-z]{16,64}", token):
        is_it |= Q(message_id__startswith=f"<{token}@")
    mails = list(OutgoingMail.objects.defer("content", "context").filter(is_it)[:100])
    to = parseaddr(event.recipient or "")[1].lower()
    same = [mail for mail in mails if mail.to.lower() == to]
    return next(iter(same or mails[:1]), None) if len(mails) < 2 or same else None


def _wants_to_stop(event: AnymailTrackingEvent) -> bool:
    rejected = event.event_type == EventType.REJECTED
    return event.event_type == EventType.UNSUBSCRIBED or (
        rejected and event.reject_reason == RejectReason.UNSUBSCRIBED
    )


def _stop(mail: OutgoingMail):
    """As the mail's own link does it: no more of this sort. Mail without one cannot be stopped.

    Of a mail whose words were erased nothing is known; the service says it again of the next one.
    """
    head = (mail.content or b"").partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    before, _token, _after = reverse("mail_stop", args=["token"]).partition("token")
    tokens = re.findall(re.escape(before) + r"(\w+)/>", head)
    link = StopLink.objects.filter(token__in=tokens).first()
    if topic := topics.of(link):
        topic.stop(link.object_id, timezone.now())


def _kind_of(event: AnymailTrackingEvent) -> Bounce.Kind | None:
    """What an event means for the address; None where it says nothing about it.

    A service that did not even try ('rejected') repeats what it learned before. A delay is followed
    by another event. A server's own words count before the service's summary of them.
    """
    kinds, reason = Bounce.Kind, event.reject_reason
    if event.event_type == EventType.COMPLAINED:
        return kinds.COMPLAINT
    if event.event_type == EventType.REJECTED:
        return {
            RejectReason.INVALID: kinds.HARD,
            RejectReason.BOUNCED: kinds.HARD,
            RejectReason.TIMED_OUT: kinds.SOFT,
            RejectReason.SPAM: kinds.COMPLAINT,
        }.get(reason)
    if event.event_type != EventType.BOUNCED:
        return None
    said = event.mta_response or event.description or ""
    if _HAS_CODE.search(said):
        return bounces.kind_of(_status(said), said)
    if reason == RejectReason.INVALID:
        return kinds.HARD
    if reason == RejectReason.SPAM:
        return kinds.COMPLAINT
    if reason in (RejectReason.BLOCKED, RejectReason.OTHER):
        return None
    words = f"{said} {event.description} {_in_its_own_words(event.esp_event)}"
    is_soft = reason != RejectReason.BOUNCED or _SOFT.search(words)
    return kinds.SOFT if is_soft else kinds.HARD


def _in_its_own_words(esp_event) -> str:
    if not hasattr(esp_event, "get"):
        return ""
    return " ".join(str(esp_event.get(name) or "")[:200] for name in _WORDS_OF_THE_SERVICE)


def _status(said: str) -> str:
    return smtp.Answer(0, said).status


def patterns() -> list:
    """Where the service that delivers reports to, below /mail/events/; nothing without a secret."""
    service = _BACKEND.fullmatch(settings.DELIVERY_BACKEND)
    if not service or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return []
    from anymail import urls  # reads the code of every service

    # Mandrill has one address for all that it says
    wanted = {f"{service[1]}_tracking_webhook", f"{service[1]}_webhook"}
    if settings.INBOUND_ADDRESS:
        wanted.add(f"{service[1]}_inbound_webhook")
    return [pattern for pattern in urls.urlpatterns if pattern.name in wanted]
