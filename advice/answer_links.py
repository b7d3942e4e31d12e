"""Links in mails that act for one side of a choice without sign-in."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from advice import telling
from advice.models import AnswerLink, Choice, Side
from advice.states import locked_choice
from mailings import links, outbox
from mailings.models import OutgoingMail
from mailings.outbox import Letter, Skip
from partners.refusals import Refused

FRESH_LINK = "advice/mail/fresh_link"


def find(token: str) -> AnswerLink | None:
    """The link with all that its page shows, alive or dead."""
    link = AnswerLink.objects.filter(token=token).first()
    if link is not None:
        link.choice = telling.choices([link.choice_id])[link.choice_id]
    return link


def is_alive(link: AnswerLink, now: datetime) -> bool:
    """Not too old, and the address of that side is still the one that the mail went to."""
    return links.is_alive(link, telling.address_of(link.choice, link.side), now)


def register():
    """Name the function that writes the mail with a fresh link; called when the app is ready."""
    outbox.prepared_by(FRESH_LINK, _letters)


def _letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    choices = telling.choices({mail.context["choice"]["pk"] for mail in mails})
    found: dict[int, Letter | Skip] = {}
    for side in (Side.EXPERT, Side.REQUESTER):
        of_side = [mail for mail in mails if mail.context["side"] == side]
        about = {mail.pk: choices[mail.context["choice"]["pk"]] for mail in of_side}
        tokens = telling.make_links(of_side, about, side, now)
        for mail in of_side:
            found[mail.pk] = telling.letter(
                about[mail.pk], side, mail, now, tokens[mail.pk], can_reply=False
            )
    return found


@transaction.atomic
def send_fresh(link: AnswerLink, now: datetime) -> OutgoingMail:
    """A new link, by mail, to the address that this side has now.

    Raises Refused where there is nothing to do for this side any more, and when enough were sent.
    """
    choice = locked_choice(link.choice_id)
    to = telling.address_of(choice, link.side)
    is_over = link.side == Side.EXPERT and choice.status not in (
        Choice.Status.ASKED,
        Choice.Status.ACCEPTED,
    )
    if not to or is_over:
        raise Refused(_("There is nothing to do about this request any more."))
    sent = OutgoingMail.objects.filter(
        template=FRESH_LINK, context__choice__pk=choice.pk, context__side=link.side
    )
    links.check_fresh(sent, now)
    return outbox.post(
        FRESH_LINK,
        to,
        {"choice": choice, "side": str(link.side)},
        OutgoingMail.Kind.TRANSACTIONAL,
        link.language,
    )
