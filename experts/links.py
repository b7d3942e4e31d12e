"""Links in mails that act for one profile without sign-in, and the page that they open."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from experts.models import Expert, ProfileLink
from experts.models.expert import MAIL_ADDRESS
from mailings import links, outbox, suppression
from mailings.models import OutgoingMail
from partners.refusals import Refused

FRESH_LINK = "experts/mail/fresh_link"


def address_hashes() -> QuerySet[Expert]:
    """Profiles with their `address_hash`, for the Lead's list of marked addresses."""
    return Expert.objects.annotate(address_hash=suppression.AddressHash(MAIL_ADDRESS))


def make(mails: list[OutgoingMail], experts: dict[int, Expert], now: datetime) -> dict[int, str]:
    """Token by key of the mail, for mails of which `experts` has the profile by key of the mail."""
    about = {key: (expert.mail_address, {"expert": expert}) for key, expert in experts.items()}
    return links.make(ProfileLink, mails, about, now)


def find(token: str) -> ProfileLink | None:
    """The link with its profile, alive or dead."""
    found = ProfileLink.objects.select_related(
        "expert__organisation", "expert__country", "expert__user"
    )
    return found.defer("expert__search").filter(token=token).first()


def is_alive(link: ProfileLink, now: datetime) -> bool:
    """Not too old, and the profile's address is still the one that the mail went to."""
    return links.is_alive(link, link.expert.mail_address, now)


@transaction.atomic
def send_fresh(link: ProfileLink, now: datetime) -> OutgoingMail:
    """A new link, by mail, to the address that the profile has now.

    Raises Refused where there is no address any more, and when enough were sent for now.
    """
    experts = Expert.objects.select_for_update(of=("self",)).select_related("user")
    expert = experts.get(pk=link.expert_id)
    to = expert.mail_address
    if not to:
        raise Refused(_("The profile has no e-mail address any more. Write to the Lead."))
    links.check_fresh(
        OutgoingMail.objects.filter(template=FRESH_LINK, context__expert__pk=expert.pk), now
    )
    return outbox.post(
        FRESH_LINK,
        to,
        {"expert": expert},
        OutgoingMail.Kind.TRANSACTIONAL,
        link.language,
    )
