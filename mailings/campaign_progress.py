"""How far a mailing is: who got it, who did not, and why; each reader in exactly one state."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, CharField, Count, Value, When

from mailings.models import Campaign, OutgoingMail
from mailings.progress import Alike

State = OutgoingMail.State

#: The rate is that of the last minute
RATE_OF = timedelta(minutes=1)
#: In the order in which people ask for them
ORDER = [
    *(State.SENT, State.QUEUED, State.SENDING, State.DEFERRED, State.PAUSED),
    *(State.UNCERTAIN, State.FAILED, State.SKIPPED),
]


@dataclass(frozen=True)
class CampaignProgress:
    """`rows`: (state in words, why, number of readers), as they stand at `now`."""

    campaign: Campaign
    now: datetime
    rows: list[tuple[str, str, int]]
    numbers: Counter
    in_last_minute: int

    @property
    def total(self) -> int:
        return self.numbers.total()

    @property
    def sent(self) -> int:
        return self.numbers[State.SENT]

    @property
    def waiting(self) -> int:
        """Those that leave by themselves, or when the mailing goes on."""
        return sum(
            self.numbers[state]
            for state in (State.QUEUED, State.SENDING, State.DEFERRED, State.PAUSED)
        )

    @property
    def skipped(self) -> int:
        return self.numbers[State.SKIPPED]

    @property
    def failed(self) -> int:
        return self.numbers[State.FAILED]

    @property
    def over(self) -> int:
        """Readers of whom it is known whether they get it."""
        return self.sent + self.skipped + self.failed

    @property
    def is_going(self) -> bool:
        return self.campaign.status == Campaign.Status.SENDING

    @property
    def is_over(self) -> bool:
        return not Campaign.NEXT.get(self.campaign.status)

    @property
    def rate(self) -> float:
        """Mails a second, since it began or went on, or in the last minute."""
        took = min(RATE_OF, self.now - self.campaign.changed_at).total_seconds()
        return self.in_last_minute / max(took, 1)

    @property
    def ends_at(self) -> datetime | None:
        """When the last one leaves at this rate; None where nothing leaves."""
        if not self.is_going or not self.waiting or not self.rate:
            return None
        return self.now + timedelta(seconds=self.waiting / self.rate)

    @property
    def stamp(self) -> str:
        """Another one where anything that is shown changed; the status stands before the dot."""
        numbers = "-".join(str(self.numbers[state]) for state in ORDER)
        return f"{self.campaign.status}.{numbers}-{self.rate:.1f}"


def of(campaign: Campaign, now: datetime) -> CampaignProgress:
    """The figures of this moment, in two queries however many readers there are."""
    silent = (State.SENT, State.QUEUED, State.SENDING, State.PAUSED)
    why = Case(
        When(state__in=silent, then=Value("")), default=Alike("answer"), output_field=CharField()
    )
    groups = (
        campaign.mails.order_by().values_list("state", why).annotate(n=Count("pk")).order_by("-n")
    )
    found = list(groups)
    numbers: Counter = Counter()
    for state, _why, number in found:
        numbers[state] += number
    found.sort(key=lambda row: ORDER.index(row[0]))  # the largest group of each state first
    since = max(now - RATE_OF, campaign.changed_at)
    return CampaignProgress(
        campaign=campaign,
        now=now,
        rows=[(State(state).label, said, number) for state, said, number in found],
        numbers=numbers,
        in_last_minute=campaign.mails.filter(
            state=State.SENT, finished_at__gt=since, finished_at__lte=now
        ).count(),
    )
