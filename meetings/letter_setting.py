"""Letters on paper: the invitation for a visa and the confirmation of attendance, PDF/UA-1.

Both are one page of letter.typ, filled with plain values and made on request; what stands in an
invitation was kept when it was issued. They are English: authorities elsewhere read them.
"""

import io
import logging
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings.models import InvitationLetter, Registration
from partners import mail, typesetting
from partners.typesetting.letters import IN_LATIN, in_plain_letters, showable

SECONDS = 20  # at most, for one page
TEMPLATE = Path(__file__).parent / "letter.typ"
ROOMY = 900  # letters of names and sentences; more of them are set smaller, to stay on the page

logger = logging.getLogger(__name__)


def address(letter: InvitationLetter) -> str:
    """Where anybody who has the letter can verify it, with the host: it is read on paper."""
    return mail.absolute(reverse("letter_verify", args=[letter.token]))


def invitation(letter: InvitationLetter) -> bytes:
    """The letter as it was issued. Raises subprocess.SubprocessError when Typst cannot run."""
    with translation.override(settings.LANGUAGE_CODE):
        return _pdf(_invitation(letter))


def confirmation(registration: Registration, days: list[date], now: datetime) -> bytes:
    """That somebody was there on these days, at least one. Raises as `invitation` does."""
    with translation.override(settings.LANGUAGE_CODE):
        return _pdf(_confirmation(registration, days, now))


def qr_code(text: str) -> str:
    """An SVG picture of one path, black on nothing."""
    code = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathImage, box_size=10, border=0)
    out = io.BytesIO()
    code.save(out)
    return out.getvalue().decode()


def _invitation(letter: InvitationLetter) -> dict:
    meeting = letter.registration.meeting
    said = {"name": letter.name, "meeting": letter.meeting_title}
    paragraphs = [
        _(
            "We invite %(name)s to take part, in person, in the meeting “%(meeting)s” of the Waste "
            "Management Area of the UNEP Global Mercury Partnership."
        )
        % said,
        _("The registration is confirmed, and a seat at the venue is kept."),
    ]
    if letter.says_host_pays:
        paragraphs.append(_("The host pays the costs of travel and stay."))
    paragraphs.append(
        _(
            "We would be grateful if you helped the participant to travel to the meeting in time, "
            "and gave a visa where one is needed."
        )
    )
    facts = [
        (_("Participant"), letter.name),
        (_("Organisation"), letter.represents),
        (_("Country represented"), letter.country_name),
        (_("Meeting"), letter.meeting_title),
        (_("Days"), letter.when),
        (_("Place"), letter.place),
        (_("Host"), letter.host),
    ]
    return {
        **_frame(_("Letter of invitation"), letter.issued_at, meeting.contact, facts, paragraphs),
        "number": letter.label,
        "greeting": _("To whom it may concern"),
        "verify": {
            "heading": _("Verify this letter"),
            "text": _(
                "This page says whether the letter still holds. The letter was issued by the "
                "portal of the Waste Management Area and is valid without a signature."
            ),
            "url": address(letter),
            "code": qr_code(address(letter)),
            "alt": _("QR code with the address of the page"),
        },
    }


def _confirmation(registration: Registration, days: list[date], now: datetime) -> dict:
    meeting = registration.meeting
    attended = ngettext(
        "We confirm that %(name)s attended the meeting “%(meeting)s” on %(n)s day.",
        "We confirm that %(name)s attended the meeting “%(meeting)s” on %(n)s days.",
        len(days),
    ) % {"name": registration.name, "meeting": meeting.title, "n": len(days)}
    facts = [
        (_("Participant"), registration.name),
        (_("Organisation"), registration.represents),
        (_("Country represented"), str(registration.country or "")),
        (_("Meeting"), meeting.title),
        (_("Held"), meeting.when),
        (_("Place"), meeting.where),
        (_("Host"), meeting.host),
        (_("Days attended"), _in_words(days)),
    ]
    noted = _("The organisers noted the attendance at the meeting, day by day.")
    return {
        **_frame(_("Confirmation of attendance"), now, meeting.contact, facts, [attended, noted]),
        "number": "",
        "greeting": _("To whom it may concern"),
        "verify": None,
    }


def _frame(
    title: str, at: datetime, contact: str, facts: Iterable[tuple[str, str]], paragraphs: list[str]
) -> dict:
    """What both letters have."""
    area, partnership = _("Waste Management Area"), _("UNEP Global Mercury Partnership")
    return {
        "lang": settings.LANGUAGE_CODE[:2],
        "title": title,
        "area": area,
        "partnership": partnership,
        "publisher": f"{area}, {partnership}",
        "date": date_format(at, "j F Y"),
        "facts": [(name, value) for name, value in facts if value],
        "paragraphs": paragraphs,
        "closing": _("For the organisers of the meeting"),
        "contact_label": _("Questions are answered by"),
        "contact": contact,
    }


def _in_words(days: list[date]) -> str:
    return "; ".join(date_format(day, "j F Y") for day in days)


def _pdf(data: dict) -> bytes:
    """Never fails for what people typed: what no font can show is written in Latin letters."""
    try:
        return typesetting.pdf(TEMPLATE, _shown(data, showable), SECONDS)
    except typesetting.Unshowable as error:  # letters that have a font each, but not together
        logger.warning("A letter is typeset in plain letters: %s", error)
        return typesetting.pdf(TEMPLATE, _shown(data, in_plain_letters), SECONDS)


def _shown(data: dict, show) -> dict:
    """The same with texts that the fonts can show; the code and its address stay as they are."""

    def plain(text: str) -> str:  # a letter has no place to explain the mark
        return show(text).removesuffix(IN_LATIN).rstrip()

    facts = [(name, plain(value)) for name, value in data["facts"]]
    paragraphs, contact = [plain(text) for text in data["paragraphs"]], plain(data["contact"])
    letters = sum(map(len, [*paragraphs, contact, *(value for _name, value in facts)]))
    return {
        **data,
        "facts": facts,
        "paragraphs": paragraphs,
        "contact": contact,
        "is_long": letters > ROOMY,
    }
