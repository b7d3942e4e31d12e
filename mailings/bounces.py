"""What is said about an address: one event however it is learned, a score, a mark.

A server's refusal on delivery (`refused`), a report by mail (mailings/inbound.py) and a mail
service (mailings/tracking.py) all end in `note`. What a refusal means is judged in one place,
mailings/reports.py; content rejections, and replies of absent people, never come here.
"""

import re
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import TruncDate

from mailings import reports, smtp, suppression
from mailings.models import Bounce, OutgoingMail, Suppression

Kind = Bounce.Kind

_ADDRESS = re.compile(r"""[^\s<>()\[\]:;,"']+@[^\s<>()\[\]:;,"']+""")

#: Soft bounces on six days in a row reach it, or one a week in nine weeks; one a month never does.
THRESHOLD = 5.0
HALVES_IN = timedelta(days=30)
FORGOTTEN_AFTER = timedelta(days=180)
WEIGHT = {Kind.SOFT: 1.0, Kind.HARD: THRESHOLD, Kind.COMPLAINT: THRESHOLD}
#: One event of these is enough.
AT_ONCE = {
    Kind.HARD: Suppression.Reason.BOUNCED,
    Kind.COMPLAINT: Suppression.Reason.COMPLAINT,
}


@transaction.atomic
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
    weight in thirty days. The address is kept as its hash, and not in what was said either. The
    same said again of the same mail on the same day (UTC) changes nothing and gives the event that
    is there.
    """
    address_hash = suppression.hash_of(address)
    if mail is not None:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        said = mail.bounces.filter(
            address_hash=address_hash, kind=kind, source=source, counts=True, at__gte=midnight
        ).first()
        if said:
            return said
    bounce = Bounce.objects.create(
        address_hash=address_hash,
        mail=mail,
        at=now,
        kind=kind,
        source=source,
        status=status[:12],
        diagnostic=_ADDRESS.sub("…", diagnostic[:2000])[:500],
    )
    if kind in AT_ONCE:
        suppression.suppress(address_hash, "", AT_ONCE[kind], now)
    elif score(address_hash, now) >= THRESHOLD:
        suppression.suppress(address_hash, "", Suppression.Reason.BOUNCED, now)
    return bounce


def score(address_hash: str, now: datetime) -> float:
    """The heaviest event of each day (UTC), with its decay; a mark is set at THRESHOLD."""
    days = (
        Bounce.objects.filter(address_hash=address_hash, counts=True, at__gt=now - FORGOTTEN_AFTER)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=UTC))
        .values_list("day", "kind")
        .annotate(last=Max("at"))
    )
    heaviest: dict = {}
    for day, kind, last in days:
        weight = WEIGHT[kind] * 0.5 ** (max(now - last, timedelta(0)) / HALVES_IN)
        heaviest[day] = max(weight, heaviest.get(day, 0.0))
    return sum(heaviest.values())


def refused(mail: OutgoingMail, answer: smtp.Answer, now: datetime):
    """A 5xx on delivery; one about the message or its content does not count.

    An answer to the message itself, not to the recipient, counts only where it says that nobody is
    there.
    """
    said = f"{answer.code} {answer.text}"
    kind = kind_of(answer.status, said)
    if kind is None or (kind != Kind.HARD and not answer.about_recipient):
        return
    note(mail.to, kind, Bounce.Source.SMTP, now, mail, answer.status, said)


def kind_of(status: str, text: str) -> Kind | None:
    """What a server's words mean for an address; None where they say nothing about it.

    `status` is as "5.1.1" (RFC 3463) or empty; `text` may begin with the SMTP reply.
    """
    return COUNTED.get(reports.judged(status, text))


#: Of a report's kinds those that are events; the others say nothing about the address.
COUNTED = {
    reports.Kind.HARD: Kind.HARD,
    reports.Kind.SOFT: Kind.SOFT,
    reports.Kind.COMPLAINT: Kind.COMPLAINT,
}
