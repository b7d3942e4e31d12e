"""“Answer the partner”: two people write to each other about an announcement through the relay.

Neither sees the other's address. What the one writes, in the portal or in reply to a mail, leaves
as a mail to the other and is kept nowhere else. An address that somebody writes into the text is
passed on: among partners that is the writer's wish.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from mailings import outbox, relay
from mailings.models import Announcement, AnnouncementAnswer, OutgoingMail, Preferences
from mailings.outbox import Letter, Skip
from partners.models import User
from partners.refusals import Refused

TEMPLATE = "mailings/mail/announcement_answer"
#: Codes of the two places in the relay, by whether the author has it; the key is the answer's
PLACES = {True: "announce_author", False: "announce_person"}
WRITTEN_A_DAY = 20  # messages of one person about all announcements, in 24 hours
LONGEST = 5000  # characters


def register():
    """Name the letters to the outbox and the places to the relay; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, letters)
    for has_author, code in PLACES.items():
        relay.register(relay.Conversation(code, _address_of(has_author), _taken(has_author)))


@transaction.atomic
def answer(announcement_pk: int, by: User, text: str, now: datetime) -> AnnouncementAnswer:
    """A partner writes to the author. Raises Refused.

    Refused: an announcement that is gone, one's own, an author who left, nothing or too much
    written, too many messages in a day.
    """
    found = Announcement.objects.published().visible_to(by).select_related("author")
    announcement = found.defer("search").filter(pk=announcement_pk).first()
    if announcement is None:
        raise Refused(_("This announcement is not there any more."))
    if announcement.author_id == by.pk:
        raise Refused(_("This is your own announcement."))
    return _say(announcement, by, False, text, now)


@transaction.atomic
def go_on(answer_pk: int, by: User, text: str, now: datetime) -> AnnouncementAnswer:
    """One of the two writes to the other again, also when the announcement is past or withdrawn.

    Raises Refused as `answer`, and for somebody else.
    """
    known = AnnouncementAnswer.objects.of(by).with_people().filter(pk=answer_pk).first()
    if known is None:
        raise Refused(_("This conversation is closed."))
    is_by_author = known.announcement.author_id == by.pk
    return _say(known.announcement, known.person, is_by_author, text, now)


def _say(
    announcement: Announcement, person: User, is_by_author: bool, text: str, now: datetime
) -> AnnouncementAnswer:
    said = AnnouncementAnswer(
        announcement=announcement, person=person, is_by_author=is_by_author, at=now
    )
    text = text.strip()
    if not said.reader.is_active:
        raise Refused(_("This person cannot be written to any more."))
    if not text:
        raise Refused(_("Write something first."))
    if len(text) > LONGEST:
        raise Refused(_("The message has more than 5,000 characters. Shorten it."))
    writer = User.objects.select_for_update().get(pk=said.writer.pk)  # one message at a time
    today = AnnouncementAnswer.objects.written_by(writer).filter(at__gt=now - timedelta(days=1))
    if today.count() >= WRITTEN_A_DAY:
        raise Refused(_("You wrote 20 messages within a day. Go on tomorrow."))
    said.save()
    context = {"answer": said, "text": text}
    language = _language_of(said.reader)
    outbox.post(TEMPLATE, said.reader.email, context, OutgoingMail.Kind.RELAYED, language)
    return said


def _language_of(reader: User) -> str:
    chosen = Preferences.objects.filter(user=reader).values_list("language", flat=True)
    return chosen.first() or "en"


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """One message to the other, under the writer's name and the portal's address."""
    keys = {mail.pk: mail.context["answer"]["pk"] for mail in mails}
    found = AnnouncementAnswer.objects.with_people().in_bulk(keys.values())
    written: dict[int, Letter | Skip] = {}
    for mail in mails:
        said = found.get(keys[mail.pk])
        if said is None or not said.reader.is_active:
            written[mail.pk] = Skip("The one who should read it is gone.")
            continue
        name = " ".join(said.writer.name.split()) or _("A partner")
        written[mail.pk] = Letter(
            {
                "announcement": said.announcement,
                "answer": said,
                "writer": name,
                "text": mail.context["text"],
            },
            to=said.reader.email,
            relay=relay.reply_token(PLACES[not said.is_by_author], said.pk),
            sender=str(_("%(name)s via Waste Management Area") % {"name": name}),
        )
    return written


def _person_at(has_author: bool, key: int) -> User | None:
    said = AnnouncementAnswer.objects.with_people().filter(pk=key).first()
    if said is None:
        return None
    return said.announcement.author if has_author else said.person


def _address_of(has_author: bool) -> Callable[[int], str]:
    def address_of(key: int) -> str:
        person = _person_at(has_author, key)
        return person.email if person and person.is_active else ""

    return address_of


def _taken(has_author: bool) -> Callable[[int, relay.Arrived, datetime], None]:
    def take(key: int, arrived: relay.Arrived, now: datetime):
        if arrived.attachments:
            raise Refused(_("Files are not passed on here. Send the words without them."))
        person = _person_at(has_author, key)
        if person is None:
            raise Refused(_("This conversation is closed."))
        go_on(key, person, arrived.text, now)

    return take
