"""What stands in the mails of an announcement, decided when they leave (mailings/outbox.py)."""

from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mailings import campaigning, kinds, markdown, outbox, presenting, topics
from mailings.models import Announcement, Campaign, Frequency, OutgoingMail, Subscription
from mailings.outbox import Hold, Letter, Skip
from mailings.subscribing import TOPIC
from partners import mail as ground
from partners.audience import Audience
from partners.models import User

#: Bytes of the text of a mail in HTML: Gmail cuts a mail off at 102 KB, the stop link with it
LONGEST = 90_000

ERASED = "The reader is not in the portal any more."
CLOSED = "The reader's account is closed."
OUTSIDE = "The reader does not belong to the audience any more."
LEFT = "The reader stopped this topic."
DIGEST = "The reader gets this topic in a digest now."
NARROWED = "The reader narrowed this topic, so that the announcement does not fit any more."

Fate = Letter | Skip | Hold


def register():
    """Name the function below to the outbox; called when the app is ready."""
    outbox.prepared_by(campaigning.TEMPLATE, letters)


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Fate]:
    """The announcement as it stands; nothing to who does not want it any more."""
    by_campaign: dict[int, list[OutgoingMail]] = {}
    for mail in mails:
        by_campaign.setdefault(mail.campaign_id, []).append(mail)
    campaigns = Campaign.objects.select_related(
        "announcement__topic", "announcement__author", "announcement__organisation"
    ).in_bulk(by_campaign)
    found: dict[int, Fate] = {}
    for key, group in by_campaign.items():
        found |= _of_campaign(campaigns[key], group, now)
    return found


def _of_campaign(campaign: Campaign, mails: list[OutgoingMail], now: datetime) -> dict[int, Fate]:
    if campaign.status == Campaign.Status.PAUSED:
        return {mail.pk: Hold() for mail in mails}
    if campaign.status == Campaign.Status.STOPPED:
        return {mail.pk: Skip(campaign.why) for mail in mails}
    announcement = campaign.announcement
    if announcement.status != Announcement.Status.PUBLISHED:
        return {mail.pk: Skip(campaigning.WITHDRAWN) for mail in mails}
    keys = {mail.reader_id for mail in mails if mail.reader_id}
    wanted = {
        reader: (subscription, address, language or "en")
        for subscription, reader, address, language in campaigning.readers(announcement, now)
        .filter(user__in=keys)
        .values_list("pk", "user", "user__email", "user__mail_preferences__language")
    }
    lost = keys - wanted.keys()
    why = _why_not(announcement, lost, now) if lost else {}
    stops = topics.tokens(TOPIC, [subscription for subscription, *_ in wanted.values()])
    languages = {language for *_, language in wanted.values()}
    same = {language: same_for_all(announcement, language) for language in languages}
    found: dict[int, Fate] = {}
    for mail in mails:
        if mail.reader_id not in wanted:
            found[mail.pk] = Skip(why.get(mail.reader_id, ERASED))
            continue
        subscription, address, language = wanted[mail.reader_id]
        found[mail.pk] = letter(
            announcement, same[language], stops[subscription], to=address, language=language
        )
    return found


def letter(
    announcement: Announcement, same: dict, stop: str, to: str = "", language: str = ""
) -> Letter:
    """What one reader gets; `same` is what `same_for_all` says in the reader's language."""
    return Letter(
        same,
        {"stop": stop},
        to=to,
        language=language,
        stop=stop,
        sender=_sender(announcement),
        archived=kinds.announcement_page(announcement.pk),
    )


def _why_not(announcement: Announcement, readers: set[int], now: datetime) -> dict[int, str]:
    """Why each of these readers does not get it any more, in the Lead's words."""
    people = set(
        Audience(announcement.audience)
        .people(now)
        .filter(pk__in=readers)
        .values_list("pk", flat=True)
    )
    rows = Subscription.objects.filter(user__in=readers, topic=announcement.topic_id)
    chosen = dict(rows.values_list("user", "frequency"))
    active = set(User.objects.filter(pk__in=readers, is_active=True).values_list("pk", flat=True))
    found = {}
    for reader in readers:
        if reader not in active:
            found[reader] = CLOSED
        elif reader not in people:
            found[reader] = OUTSIDE
        elif chosen.get(reader, Frequency.NEVER) == Frequency.NEVER:
            found[reader] = LEFT
        elif chosen[reader] != Frequency.AT_ONCE:
            found[reader] = DIGEST
        else:
            found[reader] = NARROWED
    return found


def _sender(announcement: Announcement) -> str:
    """Words before the portal's own address; the author's stays unknown."""
    return f"{' '.join(announcement.author.name.split()) or kinds.LIST_NAME} via WMA"


def same_for_all(announcement: Announcement, language: str) -> dict:
    """What is the same in all mails of one language: hashable, as write_alike asks for."""
    with translation.override(language):
        as_html, as_text, is_cut = _words(announcement.text, settings.SITE_URL)
        return {
            "title": announcement.title,
            "topic": str(announcement.topic),
            "facts": facts(announcement),
            "links": tuple(announcement.links),
            "text_language": "" if announcement.language == language else announcement.language,
            "as_html": as_html,
            "as_text": as_text,
            "is_cut": is_cut,
            "page": kinds.announcement_page(announcement.pk),
        }


def facts(announcement: Announcement) -> tuple[tuple[str, str], ...]:
    """(name, value) of what is known of it beside its text, in the language that is active."""
    who = announcement.author.name
    if announcement.organisation:
        who = f"{who}, {announcement.organisation}"
    countries = ", ".join(sorted(str(one) for one in announcement.countries.all()))
    closes_on = announcement.closes_on
    found = (
        (_("From"), who),
        (_("Date"), presenting.days(announcement)),
        (_("Closes on"), date_format(closes_on) if closes_on else ""),
        (_("Countries"), countries),
        (_("Amount"), presenting.money(announcement)),
        (_("Who may apply"), announcement.who_may_apply),
    )
    return tuple((name, value) for name, value in found if value)


@lru_cache(maxsize=50)
def _words(text: str, site: str) -> tuple[SafeString, str, bool]:
    """The text as HTML and as plain text, and whether its end is left out of both."""
    shown = shortened(text)
    return markdown.to_html(shown, site), markdown.to_text(shown, site), shown != text


def shortened(text: str, longest: int = LONGEST) -> str:
    """The paragraphs of a text whose HTML in a mail has at most so many bytes.

    Where the first paragraph alone is too long, its lines; never a part of a line.
    """
    for between in ("\n\n", "\n"):
        parts = text.replace("\r\n", "\n").split(between)
        number = _most(parts, between, longest)
        if number == len(parts):
            return text
        if number:
            return between.join(parts[:number])
    return ""


def _most(parts: list[str], between: str, longest: int) -> int:
    """How many of these parts fit: the first half, the half of the rest, and so on."""
    fits, too_many = 0, len(parts) + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        text = markdown.to_html(between.join(parts[:middle]), settings.SITE_URL)
        html = ground.styled(text)
        if len(html.encode()) <= longest:
            fits = middle
        else:
            too_many = middle
    return fits
