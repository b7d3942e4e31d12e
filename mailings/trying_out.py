"""A test mail: the announcement as readers will get it, to the person who asks."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from mailings import announcement_mails, outbox
from mailings.models import Announcement, OutgoingMail
from mailings.outbox import Letter, Skip
from partners.models import User
from partners.refusals import Refused

TEMPLATE = "mailings/mail/announcement_test"
AN_HOUR = 10  # test mails to one person


def register():
    """Name the function below to the outbox; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, letters)


def send(announcement: Announcement, to: User, now: datetime) -> OutgoingMail:
    """Promise one mail to this person. Raises Refused for too many in an hour."""
    recent = OutgoingMail.objects.filter(
        template=TEMPLATE, to=to.email, created_at__gt=now - timedelta(hours=1)
    )
    if recent.count() >= AN_HOUR:
        raise Refused(_("You got ten test mails within an hour. Try again later."))
    return outbox.post(TEMPLATE, to.email, {"announcement": announcement.pk})


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The announcement as it stands when the mail leaves, whatever state it is in."""
    keys = {mail.pk: mail.context.get("announcement") for mail in mails}
    known = Announcement.objects.select_related("topic", "author", "organisation").in_bulk(
        [key for key in keys.values() if key]
    )
    return {
        mail.pk: Letter(
            announcement_mails.same_for_all(known[keys[mail.pk]], mail.language),
        )
        if keys[mail.pk] in known
        else Skip("The announcement is gone.")
        for mail in mails
    }
