"""A reply by mail, taken apart: who wrote it, whether a program did, the words and the files.

Knows no database. Nothing of a message is believed but what `relay` checks; every part has a limit,
since anybody may write anything to an address that is known.
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext as _

from mailings import folding, html_text, kinds, reports
from partners import files

logger = logging.getLogger(__name__)

LONGEST = 25 * 1024 * 1024  # bytes of a message; attachments are a third shorter
LONGEST_HEAD = 64 * 1024  # bytes of the headers that are read
LONGEST_TEXT = 20_000  # characters of what a person wrote
MOST_FILES = 10
_MOST_LINES = 600_000  # 25 MB in lines as mail has them are 340,000; each costs memory
_MOST_LEVELS, _MOST_PARTS = 30, 1000
_MOST_REFUSED = 15  # sentences
_SMALL_PICTURE = 20 * 1024  # bytes; what stands in a signature
_LONGEST_NAME = 60  # characters of a name in a sentence


# Who wrote it


def values(message: Message, name: str) -> list[str]:
    """All headers of a name as they came, each in one line of at most 2,000 characters."""
    return [
        " ".join(str(value)[:2000].split())
        for found, value in message.raw_items()
        if found.lower() == name
    ]


def subject(message: Message) -> str:
    """The words of it, read as their sender meant them; empty where there is none.

    Many programs write UTF-8 into headers as it is, which Python keeps as surrogates.
    """
    found = values(message, "subject")
    raw = found[0].encode("utf-8", "surrogateescape").decode("utf-8", "replace") if found else ""
    return _without_controls(reports.decoded(raw)).strip()


_NAME_AND_ADDRESS = re.compile(r"[^<>@,;:]*<\s*([^<>@,;:\s]+@[^<>@,;:\s]+)\s*>\s*")
_BARE_ADDRESS = re.compile(r"\s*([^<>@,;:\s()]+@[^<>@,;:\s()]+)\s*(?:\([^()<>@]*\)\s*)?")


def sender(message: Message) -> str:
    """The address in the one From header, in lower case; empty where there is not exactly one.

    Stricter than a parser: our mail server and a parser must not understand two addresses.
    """
    found = values(message, "from")
    if len(found) != 1:
        return ""
    words = re.sub(r'"(?:[^"\\]|\\.)*"', " ", found[0])
    match = _NAME_AND_ADDRESS.fullmatch(words) or _BARE_ADDRESS.fullmatch(words)
    return match[1].lower() if match else ""


def has_whole_head(content: bytes) -> bool:
    """Were all headers read? Below the limit there may be a second From."""
    is_short = len(content) <= LONGEST_HEAD
    return is_short or re.search(rb"\r?\n\r?\n", content[:LONGEST_HEAD]) is not None


def message_id(message: Message, content: bytes) -> str:
    """The Message-ID; made of the content where there is none that is one."""
    found = values(message, "message-id")
    if len(found) == 1 and re.fullmatch(r"<[!-;=?-~]{1,240}>", found[0]):
        return found[0]
    return f"<{hashlib.sha256(content).hexdigest()}@no-message-id.invalid>"


def is_automatic(message: Message) -> bool:
    """Did a program write this: an absence, a report, a mailing list, a delivery that failed?

    Whoever answers such a mail may answer for ever (RFC 3834 section 2). A person's mail that is
    taken for one is lost, so hints that servers put into people's mail count with a usual subject
    only (reports.answers_by_itself).
    """
    for value in values(message, "auto-submitted"):
        if re.split(r"[;(\s]", value.lower(), maxsplit=1)[0] not in ("", "no"):
            return True
    if any(value.replace(" ", "") == "<>" for value in values(message, "return-path")):
        return True
    for value in values(message, "precedence"):
        if re.fullmatch(r"bulk|junk|list|auto[-_]?reply", value.lower()):
            return True
    if any(value.lower() == "all" for value in values(message, "x-auto-response-suppress")):
        return True
    names = {name.lower() for name, _value in message.raw_items()}
    if names & {"list-id", "x-failed-recipients"}:
        return True
    if any(
        value.lower().startswith("multipart/report") for value in values(message, "content-type")
    ):
        return True
    first: dict[str, str] = {}
    for name in names:
        first[name] = reports.decoded(values(message, name)[0])
    return reports.is_from_a_server(first) or reports.answers_by_itself(first)


def is_our_own(message: Message, domain: str) -> bool:
    """Does it carry the mark of what the portal sends for people?"""
    marks = values(message, kinds.LOOP_MARK.lower())
    return any(mark.lower() == domain.lower() for mark in marks)


# What it says


@dataclass
class Reply:
    """What was read: as relay.Arrived has it; `refused` are sentences for the person."""

    text: str = ""
    folded: str = ""
    attachments: list[files.Checked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.text and not self.attachments


def is_too_large(content: bytes) -> bool:
    lines = max(content.count(b"\n"), content.count(b"\r"))
    return len(content) > LONGEST or lines > _MOST_LINES


def read(content: bytes) -> Reply:
    """The words and files of a message that `is_too_large` let pass. Never raises.

    What cannot be read is an empty Reply with a sentence in `refused`.
    """
    try:
        return _read(message_from_bytes(_defused(content)))
    except Exception:  # the parsers meet what any stranger sends
        logger.exception("A reply of %d bytes could not be read.", len(content))
        return Reply(refused=[_("The message could not be read.")])


def _read(message: Message) -> Reply:
    leaves = list(_leaves(message))
    plain, quoted = _words(message, leaves)
    text, folded = folding.fold(_clean(plain))
    folded = "\n\n".join(filter(None, [folded, _clean(quoted)]))
    if not _INVISIBLE.sub("", text):
        text = ""
    found = Reply(text[:LONGEST_TEXT].strip(), folded[:LONGEST_TEXT])
    if len(text) > LONGEST_TEXT:
        found.refused.append(_("The text is longer than 20,000 characters: its end is left out."))
    _take_files(found, leaves)
    if len(found.refused) > _MOST_REFUSED:
        more = len(found.refused) - _MOST_REFUSED
        found.refused[_MOST_REFUSED:] = [
            _("%(number)s more parts were not taken.") % {"number": more}
        ]
    return found


_HEADER = re.compile(
    rb"((?:^|[\r\n])content-(?:type|disposition)[ \t]*:[^\r\n]{0,600}"
    rb"(?:\r?\n[ \t][^\r\n]{0,200}){0,9})"
    rb"[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE,
)


def with_short_types(content: bytes) -> bytes:
    """The same bytes, with the headers that have parameters cut where no program makes them so
    long.
    """
    return _HEADER.sub(rb"\1", content)


def _defused(content: bytes) -> bytes:
    """The same message, without what costs Python's parser much time or depth.

    It takes quadratic time for the parameters of a header, and calls itself for each level.
    """
    content = reports.FIELDS.sub(rb"text/\1", with_short_types(content))
    for pattern, most in ((reports.LEVEL, _MOST_LEVELS), (reports.BOUNDARY, _MOST_PARTS)):
        for number, match in enumerate(pattern.finditer(content), start=1):
            if number > most:
                content = content[: match.start()]
                break
    return content


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something; a message in the message is one of them."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(part.get_payload()))
        else:
            yield part


def _is_text(part: Message) -> bool:
    """A text to be read with the mail, not a file."""
    kind = part.get_content_type()
    # A multipart whose parts were not found is text to all purposes
    if kind not in ("text/plain", "text/html") and not kind.startswith("multipart/"):
        return False
    return part.get_content_disposition() != "attachment" and not part.get_filename()


def _words(message: Message, leaves: Iterable[Message]) -> tuple[str, str]:
    """(the text of the mail, what its HTML quotes); plain text counts before HTML."""
    texts = [part for part in leaves if _is_text(part)]
    plain = [_unflowed(part) for part in texts if part.get_content_type() != "text/html"]
    if any(text.strip() for text in plain):
        return "\n\n".join(filter(str.strip, plain)), ""
    shown = [
        html_text.text_of(_without_controls(reports.text_of(part)))
        for part in texts
        if part.get_content_type() == "text/html"
    ][:5]
    return (
        "\n\n".join(filter(None, (written for written, _quoted in shown))),
        "\n\n".join(filter(None, (quoted for _written, quoted in shown))),
    )


def _unflowed(part: Message) -> str:
    """The text with its paragraphs in one line each, where they were broken as RFC 3676 says."""
    text = reports.text_of(part)
    parameters = str(part.get("content-type", "")).lower()
    if not re.search(r"format\s*=\s*\"?flowed", parameters):
        return text
    keeps_space = not re.search(r"delsp\s*=\s*\"?yes", parameters)
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        # Quotes are folded away anyway, and the signature's "-- " is no broken line
        is_broken = line.endswith(" ") and line != "-- " and not line.startswith(">")
        line = line[1:] if line.startswith(" ") else line
        begin = line if keeps_space or not is_broken else line[:-1]
        if goes_on and line.strip() and not line.startswith(">") and line != "-- ":
            lines[-1] += begin
        else:
            lines.append(begin)
        goes_on = is_broken
    return "\n".join(lines)


#: All control characters but those of text, and what turns the direction of reading
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


_INVISIBLE = re.compile("[\\s\u00ad\u034f\u200b-\u200f\u2060-\u2064]+")


def _without_controls(text: str) -> str:
    return _UNWANTED.sub("", text)


def _clean(text: str) -> str:
    return _without_controls(text.replace("\u2028", "\n").replace("\u2029", "\n"))


# Files

_OF_MAIL = {  # parts that people do not know of
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "text/x-amp-html",
}
_ENCRYPTED = {"application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}


def _take_files(found: Reply, leaves: Iterable[Message]):
    number = 0
    for part in leaves:
        kind = part.get_content_type()
        if _is_text(part) or kind in _OF_MAIL or _is_empty_text(part, kind):
            continue
        name = _name_of(part)
        why = _why_not(kind, name)
        if why:
            found.refused.append(_sentence(name, why))
            continue
        content = part.get_payload(decode=True) or b""
        if _is_of_a_signature(part, kind, content):
            continue
        number += 1
        if number > MOST_FILES:
            why = _("At most %(most)s attachments of a mail are taken.") % {"most": MOST_FILES}
            found.refused.append(_sentence(name, why))
            continue
        try:
            checked = files.check_document(SimpleUploadedFile(name or _("attachment"), content))
        except ValidationError as error:
            found.refused.append(_sentence(name, " ".join(error.messages)))
        else:
            found.attachments.append(checked)


def _is_empty_text(part: Message, kind: str) -> bool:
    return (
        kind.startswith("text/") and not part.get_filename() and not reports.text_of(part).strip()
    )


def _is_of_a_signature(part: Message, kind: str, content: bytes) -> bool:
    is_inline = part.get("content-id") is not None or part.get_content_disposition() == "inline"
    return kind.startswith("image/") and is_inline and len(content) < _SMALL_PICTURE


def _why_not(kind: str, name: str) -> str:
    """Why a part of this sort is never taken; empty where its content decides."""
    lower = name.lower()
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or lower == "winmail.dat":
        return _("This is a mail in a format of Outlook alone. Send it as HTML or plain text.")
    if kind in ("text/calendar", "application/ics") or lower.endswith((".ics", ".vcs")):
        return _("Invitations to meetings are not passed on. Write the day and the hour.")
    if kind in ("text/vcard", "text/x-vcard", "text/directory") or lower.endswith(".vcf"):
        return _("Visiting cards are not passed on.")
    if kind.startswith("message/") or lower.endswith((".eml", ".msg")):
        return _("Mails in the mail are not passed on.")
    if kind in _ENCRYPTED:
        return _("Encrypted mail cannot be read here.")
    return ""


def _name_of(part: Message) -> str:
    """What the sender calls the file, readable; empty where it has no name that can be read."""
    try:
        name = part.get_filename("")
    except (LookupError, ValueError):  # a parameter of RFC 2231 that cannot be read
        return ""
    return _without_controls(reports.decoded(str(name)[:1000])).strip()


def _sentence(name: str, why: str) -> str:
    """ "photo.exe: …"; of the name what can be neither an address nor a link."""
    name = re.sub(r"[^\w .()+-]+", " ", re.split(r"[/\\]", name)[-1]).strip()
    return f"{name[:_LONGEST_NAME] or _('attachment')}: {why}"
