"""Links in mails that act for one profile without sign-in, and the page that they open."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from experts.models import Expert, ProfileLink
from experts.models.expert import MAIL_ADDRESS
from mailings import outbox, suppression
from mailings.models import OutgoingMail
from partners.refusals import Refused

VALID_FOR = timedelta(days=30)
KEPT_FOR = timedelta(days=365)  # after that; a dead link still offers a fresh one
FRESH_LINK = "experts/mail/fresh_link"
FRESH_LINK_AT_MOST_EVERY = timedelta(minutes=10)
FRESH_LINKS_A_DAY = 5


def address_hashes() -> QuerySet[Expert]:
    """Profiles with their `address_hash`, for the Lead's list of marked addresses."""
    return Expert.objects.annotate(address_hash=suppression.AddressHash(MAIL_ADDRESS))


def make(mails: list[OutgoingMail], experts: dict[int, Expert], now: datetime) -> dict[int, str]:
    """Token by key of the mail, for mails of which `experts` has the profile by key of the mail.

    A mail that is tried again keeps its token, so that what may have arrived still works.
    """
    links = ProfileLink.objects.filter(mail__in=[mail.pk for mail in mails])
    known = set(links.values_list("mail_id", flat=True))
    ProfileLink.objects.bulk_create(
        [
            ProfileLink(
                expert=experts[mail.pk],
                mail=mail,
                address_hash=suppression.hash_of(experts[mail.pk].mail_address),
                language=mail.language,
                created_at=now,
                expires_at=now + VALID_FOR,
            )
            for mail in mails
            if mail.pk in experts and mail.pk not in known
        ],
        ignore_conflicts=True,
    )
    return dict(links.all().values_list("mail_id", "token"))


def find(token: str) -> ProfileLink | None:
    """The link with its profile, alive or dead."""
    links = ProfileLink.objects.select_related(
        "expert__organisation", "expert__country", "expert__user"
    )
    return links.defer("expert__search").filter(token=token).first()


def is_alive(link: ProfileLink, now: datetime) -> bool:
    """Not too old, and the profile's address is still the one that the mail went to."""
    address = link.expert.mail_address
    return (
        link.expires_at > now
        and bool(address)
        and suppression.hash_of(address) == link.address_hash
    )


def forget_old(now: datetime) -> int:
    """Links that are dead for a year go; until then they offer a fresh one. Returns how many."""
    return ProfileLink.objects.filter(expires_at__lt=now - KEPT_FOR).delete()[0]


@transaction.atomic
def send_fresh(link: ProfileLink, now: datetime) -> OutgoingMail:
    """A new link, by mail, to the address that the profile has now.

    Raises Refused where there is no address any more, when one was sent a moment ago, and after
    FRESH_LINKS_A_DAY: a link that others know must not fill a mailbox.
    """
    experts = Expert.objects.select_for_update(of=("self",)).select_related("user")
    expert = experts.get(pk=link.expert_id)
    to = expert.mail_address
    if not to:
        raise Refused(_("The profile has no e-mail address any more. Write to the Lead."))
    today = OutgoingMail.objects.filter(
        template=FRESH_LINK,
        context__expert__pk=expert.pk,
        created_at__gt=now - timedelta(days=1),
    )
    recent = today.filter(created_at__gt=now - FRESH_LINK_AT_MOST_EVERY)
    if recent.exists() or today.count() >= FRESH_LINKS_A_DAY:
        raise Refused(_("A fresh link was sent a moment ago. Look into your mailbox."))
    return outbox.post(
        FRESH_LINK,
        to,
        {"expert": expert},
        OutgoingMail.Kind.TRANSACTIONAL,
        link.language,
    )
