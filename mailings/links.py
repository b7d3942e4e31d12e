"""Links in mails that act without sign-in: made when the mail leaves, found, alive or dead."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mailings import suppression
from mailings.models import MailLink, OutgoingMail
from partners.refusals import Refused

VALID_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=365)  # after that; a dead link still offers a fresh one
FRESH_AT_MOST_EVERY = timedelta(minutes=10)
FRESH_A_DAY = 5


def make(
    model: type[MailLink],
    mails: list[OutgoingMail],
    about: dict[int, tuple[str, dict]],
    now: datetime,
) -> dict[int, str]:
    """Token by key of the mail. `about` has, by key of the mail, its address and the link's fields;
    mails that it does not have get none.

    A mail that is tried again keeps its token, so that what may have arrived still works.
    """
    links = model.objects.filter(mail__in=[mail.pk for mail in mails])
    known = set(links.values_list("mail_id", flat=True))
    model.objects.bulk_create(
        [
            model(
                mail=mail,
                address_hash=suppression.hash_of(about[mail.pk][0]),
                language=mail.language,
                created_at=now,
                expires_at=now + VALID_FOR,
                **about[mail.pk][1],
            )
            for mail in mails
            if mail.pk in about and mail.pk not in known
        ],
        ignore_conflicts=True,
    )
    return dict(links.all().values_list("mail_id", "token"))


def is_alive(link: MailLink, address: str, now: datetime) -> bool:
    """Not too old, and `address`, to which the mail would go today, is that of the mail."""
    return (
        link.expires_at > now
        and bool(address)
        and suppression.hash_of(address) == link.address_hash
    )


def forget_old(model: type[MailLink], now: datetime) -> int:
    """Links that are dead for a year go; until then they offer a fresh one. Returns how many."""
    return model.objects.filter(expires_at__lt=now - KEPT_FOR).delete()[0]


def check_fresh(sent: QuerySet[OutgoingMail], now: datetime):
    """Raise Refused where `sent`, the mails with fresh links about one thing, are enough for now:
    a link that others know must not fill a mailbox.
    """
    today = sent.filter(created_at__gt=now - timedelta(days=1))
    recent = today.filter(created_at__gt=now - FRESH_AT_MOST_EVERY)
    if recent.exists() or today.count() >= FRESH_A_DAY:
        raise Refused(_("A fresh link was sent a moment ago. Look into your mailbox."))
