"""One expert as a contact for an address book.

vCard 3.0 in UTF-8: the version that Outlook, Apple's and Google's address books all read. Written
with icalendar, which the portal has for calendars and which folds and escapes by the same rules.
"""

import unicodedata

from icalendar import Component
from icalendar.prop import vAdr, vN, vOrg, vText, vUri

from experts import presenting
from experts.models import Expert
from partners import mail


class _Card(Component):
    name = "VCARD"


def write(expert: Expert, contact: dict[str, str]) -> bytes:
    """The card as bytes. `contact` is what the reader may see: "email", "phone", either or both.

    The country is in the reader's language. Names are not taken apart: the whole name stands where
    a family name would, as address books sort by it.
    """
    card = _Card()
    _add(card, "VERSION", vText("3.0"))
    _add(card, "N", vN((_clean(expert.name), "", "", "", "")))
    _add(card, "FN", vText(_clean(expert.name)))
    if expert.organisation:
        _add(card, "ORG", vOrg((_clean(expert.organisation.name),)))
    if expert.position:
        _add(card, "TITLE", vText(_clean(expert.position)))
    if expert.country_id:
        country = presenting.country(expert.country_id)
        _add(card, "ADR", vAdr(("", "", "", "", "", "", country)), TYPE="WORK")
    if "email" in contact:
        _add(card, "EMAIL", vText(_clean(contact["email"])), TYPE=["INTERNET", "WORK"])
    if "phone" in contact:
        _add(card, "TEL", vText(_clean(contact["phone"])), TYPE=["WORK", "VOICE"])
    address = mail.absolute(expert.get_absolute_url())
    _add(card, "URL", vUri(address))
    _add(card, "UID", vText(address))
    return card.to_ical(sorted=False)


def _add(card: Component, name: str, value, **parameters):
    value.params.update(parameters)
    card.add(name, value, encode=False)


def _clean(text: str) -> str:
    """On one line and without control characters."""
    return "".join(
        " " if char in "\r\n\t" else char
        for char in text
        if char in "\r\n\t" or unicodedata.category(char) != "Cc"
    )
