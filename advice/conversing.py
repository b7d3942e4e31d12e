"""The conversation between a requester and an expert: in the portal, by link, and by e-mail."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from advice import telling
from advice.drafting import check_room, keep_file
from advice.models import AdviceRequest, Attachment, Choice, Message, Side
from advice.states import locked_choice
from experts.models import Expert
from mailings import relay
from partners.files import Checked
from partners.models import User
from partners.refusals import Refused

WRITTEN_A_DAY = 30  # messages of one side of one conversation, in 24 hours
FILES_AT_MOST = 5  # of a message
LONGEST = 20_000  # characters


def register():
    """Name the two places of a conversation to the relay; called when the app is ready."""
    for side, code in telling.PLACES.items():
        relay.register(relay.Conversation(code, _address_of(side), _taken(side)))


def is_open(choice: Choice) -> bool:
    """Asked or accepted, the expert still there, the request under way or finished well."""
    request = choice.place.request
    return (
        choice.status in (Choice.Status.ASKED, Choice.Status.ACCEPTED)
        and choice.expert.status != Expert.Status.WITHDRAWN
        and request.status in (*AdviceRequest.OPEN, AdviceRequest.Status.DONE)
    )


@transaction.atomic
def say(
    choice_id: int,
    side: Side,
    text: str,
    files: list[Checked],
    now: datetime,
    author: User | None = None,
    channel: Message.Channel = Message.Channel.PORTAL,
    folded: str = "",
) -> Message:
    """Add a message; the other side gets it by mail. Raises Refused.

    Refused: a conversation that is closed, an empty message, too many files, too many in a day.
    """
    choice = locked_choice(choice_id)
    text = text.strip()
    if not is_open(choice):
        raise Refused(_("This conversation is closed."))
    if not text and not files:
        raise Refused(_("Write something first."))
    if len(text) > LONGEST:
        raise Refused(_("The message has more than 20,000 characters. Attach it as a file."))
    if len(files) > FILES_AT_MOST:
        raise Refused(_("A message has five files at most."))
    written = choice.messages.filter(side=side, at__gt=now - timedelta(days=1))
    if side != Side.LEAD and written.count() >= WRITTEN_A_DAY:
        raise Refused(_("You wrote 30 messages within a day. Go on tomorrow."))
    check_room(Attachment.objects.filter(message__choice=choice, message__side=side), files, now)
    message = Message.objects.create(
        choice=choice,
        side=side,
        author=author,
        text=text,
        folded=folded,
        channel=channel,
        at=now,
    )
    for checked in files:
        keep_file(Attachment(request=choice.place.request, message=message, at=now), checked)
    telling.relay_message(message)
    return message


def _address_of(side: Side):
    def address_of(key: int) -> str:
        choice = telling.choices([key]).get(key)
        if choice is None or not is_open(choice):
            return ""
        return telling.address_of(choice, side)

    return address_of


def _taken(side: Side):
    def take(key: int, arrived: relay.Arrived, now: datetime):
        say(
            key,
            side,
            arrived.text,
            arrived.attachments[:FILES_AT_MOST],
            now,
            channel=Message.Channel.MAIL,
            folded=arrived.folded,
        )

    return take
