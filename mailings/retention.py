"""How long the outbox knows what it wrote: words for a month, addresses for two years.

What stays is that a mail of this sort left on that day, and what became of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from mailings.models import Bounce, Digest, Frequency, IncomingCount, OutgoingMail, RelayedReply

State = OutgoingMail.State

ADDRESSES_FOR = timedelta(days=731)  # two years
BOUNCES_FOR = timedelta(days=731)
COUNTS_FOR = timedelta(days=366)
#: That a reply came; a mail server repeats one for some days, a restored mailbox later.
REPLIES_FOR = timedelta(days=90)
#: That a reader was looked at and nothing was new; of what comes at once there is one each hour.
EMPTY_DIGESTS_FOR, EMPTY_AT_ONCE_FOR = timedelta(days=35), timedelta(days=1)
#: What came ready-made and may not have arrived: a sign-in code is of no use long before.
READY_MADE_UNCERTAIN_FOR = timedelta(days=1)
IN_ONE_GO = 5000  # rows
FINISHED = (State.SENT, State.FAILED, State.SKIPPED)

_ERASED = Q(content=None, subject="", context={})
_WORDLESS = {"content": None, "subject": "", "context": {}}


class _WithoutAddresses(Func):
    """A server's answer, with … where it names an address."""

    function = "regexp_replace"
    output_field = TextField()

    def __init__(self, name: str):
        pattern = r"[^[:space:]<>:;,]+@[^[:space:]<>:;,]+"
        super().__init__(F(name), Value(pattern), Value("…"), Value("g"))


def forget(now: datetime) -> dict[str, int]:
    """Remove what is kept long enough. Returns how many of each; safe to repeat, to interrupt."""
    finished = OutgoingMail.objects.filter(state__in=FINISHED).annotate(
        over_at=Coalesce("finished_at", "created_at")
    )
    old = now - timedelta(days=settings.OUTBOX_BODIES_DAYS)
    uncertain = OutgoingMail.objects.filter(
        state=State.UNCERTAIN, next_try__lt=now - READY_MADE_UNCERTAIN_FOR
    )
    return {
        "ready-made mails erased": sum(
            _emptied(mails.sent_as_it_came().exclude(_ERASED)) for mails in (finished, uncertain)
        ),
        "bodies of mails erased": _emptied(finished.filter(over_at__lt=old).exclude(_ERASED)),
        "addresses of mails erased": _addresses_erased(
            finished.filter(over_at__lt=now - ADDRESSES_FOR).exclude(to="")
        ),
        "old bounces dropped": sum(
            Bounce.objects.filter(pk__in=keys).delete()[0]
            for keys in _chunks(Bounce.objects.filter(at__lt=now - BOUNCES_FOR))
        ),
        "old replies by mail forgotten": sum(
            RelayedReply.objects.filter(pk__in=keys).delete()[0]
            for keys in _chunks(RelayedReply.objects.filter(at__lt=now - REPLIES_FOR))
        ),
        "old counts dropped": IncomingCount.objects.filter(
            day__lt=(now - COUNTS_FOR).date()
        ).delete()[0],
        "empty digests dropped": sum(
            Digest.objects.filter(pk__in=keys).delete()[0] for keys in _chunks(_empty_digests(now))
        ),
    }


def _empty_digests(now: datetime) -> QuerySet[Digest]:
    at_once = Q(frequency=Frequency.AT_ONCE, until__lt=now - EMPTY_AT_ONCE_FOR)
    return Digest.objects.filter(at_once | Q(until__lt=now - EMPTY_DIGESTS_FOR), mail=None)


def _chunks(rows: QuerySet) -> Iterator[list[int]]:
    """The keys of these rows, some thousand at a time; each chunk is left when it is dealt with."""
    last = 0
    while keys := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:IN_ONE_GO]
    ):
        yield keys
        last = keys[-1]


def _emptied(mails: QuerySet[OutgoingMail]) -> int:
    return sum(
        OutgoingMail.objects.filter(pk__in=keys, state__in=(*FINISHED, State.UNCERTAIN)).update(
            **_WORDLESS
        )
        for keys in _chunks(mails)
    )


def _addresses_erased(mails: QuerySet[OutgoingMail]) -> int:
    return sum(
        OutgoingMail.objects.filter(pk__in=keys).update(
            to="", answer=_WithoutAddresses("answer"), **_WORDLESS
        )
        for keys in _chunks(mails)
    )


@transaction.atomic
def forget_address(address: str, now: datetime) -> int:
    """A person's profile is erased: no mail says any more who they were. Returns how many mails.

    What waits for this address and is no sign-in mail does not leave. A mail in a worker's hand is
    left to it, and is found by the next call. That the address must not be written to stays
    (mailings/suppression.py), as it is kept as a hash.
    """
    if not address:
        return 0
    mails = OutgoingMail.objects.filter(to__iexact=address)
    waiting = mails.filter(
        state__in=(*OutgoingMail.WAITING, State.PAUSED, State.UNCERTAIN), claimed_by=None
    )
    waiting.exclude(kind=OutgoingMail.Kind.TRANSACTIONAL).update(
        state=State.SKIPPED, answer="The profile was erased.", finished_at=now
    )
    return _addresses_erased(mails.filter(state__in=FINISHED))
