"""What a server says about an address: one event however it is learned, a score, a mark."""

from datetime import datetime, timedelta

from django.db.models import Max
from django.db.models.functions import TruncDate

from mailings import smtp, suppression
from mailings.models import Bounce, OutgoingMail, Suppression

Kind = Bounce.Kind

THRESHOLD = 5.0
HALVES_IN = timedelta(days=30)
FORGOTTEN_AFTER = timedelta(days=180)
WEIGHT = {Kind.SOFT: 1.0, Kind.HARD: THRESHOLD, Kind.COMPLAINT: THRESHOLD}
#: Enhanced status codes (RFC 3463) that say that the mailbox does not exist or never will.
_NO_SUCH = ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")


def note(
    address: str,
    kind: Kind,
    source: Bounce.Source,
    now: datetime,
    mail: OutgoingMail | None = None,
    status: str = "",
    diagnostic: str = "",
) -> Bounce:
    """Write one event down; the address is marked when its score is reached.

    A hard bounce and a complaint mark it at once; soft ones count once a day and lose half their
    weight in thirty days.
    """
    address_hash = suppression.hash_of(address)
    bounce = Bounce.objects.create(
        address_hash=address_hash,
        mail=mail,
        at=now,
        kind=kind,
        source=source,
        status=status[:12],
        diagnostic=diagnostic[:500],
    )
    if score(address_hash, now) >= THRESHOLD:
        reason = Suppression.Reason
        why = reason.COMPLAINT if kind == Kind.COMPLAINT else reason.BOUNCED
        suppression.suppress(address_hash, "", why, now)
    return bounce


def score(address_hash: str, now: datetime) -> float:
    """The heaviest event of each day, with its decay; a mark is set at THRESHOLD."""
    days = (
        Bounce.objects.filter(address_hash=address_hash, counts=True, at__gt=now - FORGOTTEN_AFTER)
        .order_by()
        .annotate(day=TruncDate("at"))
        .values_list("day", "kind")
        .annotate(last=Max("at"))
    )
    heaviest: dict = {}
    for day, kind, last in days:
        weight = WEIGHT[kind] * 0.5 ** (max(now - last, timedelta(0)) / HALVES_IN)
        heaviest[day] = max(weight, heaviest.get(day, 0.0))
    return sum(heaviest.values())


def refused(mail: OutgoingMail, answer: smtp.Answer, now: datetime):
    """A 5xx on delivery; one about the message or its content does not count."""
    if not answer.about_recipient or answer.status.startswith("5.7."):
        return
    kind = Kind.HARD if not answer.status or answer.status in _NO_SUCH else Kind.SOFT
    note(
        mail.to, kind, Bounce.Source.SMTP, now, mail, answer.status, f"{answer.code} {answer.text}"
    )
