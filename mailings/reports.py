"""What a mail server, a mailbox provider or an absent person sends back about our mail.

`read` takes the bytes of a message and says which addresses it is about and what it means for
them. It knows no database and trusts nothing: anyone can send such a message to us, so whoever
acts on a report first finds the outgoing mail that it names.

How a failure is judged, in this order (RFC 3463 for the numbers, registered by RFC 5248):

- Action delivered, relayed, expanded (RFC 3464 section 2.3.3): `none`; delayed: `soft`.
- 4.x.x and an SMTP reply 4xx: `soft`, also when the server has given up (RFC 3463 section 2).
- 5.1.x (section 3.2) and 5.2.1 (3.3): `hard`. But 5.1.7 and 5.1.8 blame our sender: `content`;
  5.1.5 and 5.1.9 name no fault of the address: `soft`; 5.1.0 may say either, its text decides.
- 5.2.2 mailbox full and the rest of 5.2.x: `soft`; 5.2.3 and 5.3.4 found this one mail too large:
  `content`.
- 5.3.x, 5.4.x, 5.5.x (3.4 to 3.6): `soft`, unless the text says that nobody is there: a domain that
  does not exist is 5.4.4 for Postfix, 'Recipient address rejected: Access denied' is 5.4.1 for
  an unknown person at Exchange Online, and 5.5.0 'mailbox unavailable' one at Outlook.com.
- 5.6.x and 5.7.x (3.7 and 3.8): `content`, unless the text says that nobody is there; a refused
  relay: `soft`. 5.7.17 and 5.7.18, the owner has changed (RFC 7293): `hard`.
- 5.0.0 or no such number: the text decides, then the SMTP reply (RFC 5321 section 4.2.3: 551 and
  553 are about the mailbox, 552 is about room), and at last `soft`, the careful side.
"""

import functools
import html
import itertools
import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import header, message_from_bytes
from email.errors import MessageError
from email.message import Message
from enum import StrEnum

from flufl import bounce

logger = logging.getLogger(__name__)

LONGEST = 1024 * 1024  # bytes that are read; the rest is a returned message
MOST_RECIPIENTS = 1000  # of a report; our mails have one


class Kind(StrEnum):
    """What a report means for an address."""

    HARD = "hard"  # nobody is there
    SOFT = "soft"  # not now: full, slow, out of order
    CONTENT = "content"  # this mail or its sender was refused; says nothing on the address
    COMPLAINT = "complaint"  # the person called it spam
    AUTO_REPLY = (
        "auto_reply"  # absent, 'prove that you are human', or whatever else a program wrote
    )
    NONE = "none"  # arrived, or nothing to act upon


_GRAVEST_FIRST = (Kind.HARD, Kind.SOFT, Kind.CONTENT, Kind.NONE)


@dataclass(frozen=True)
class Recipient:
    """One address of a report.

    `address` is in lower case, and empty where the report names none; `status` is '5.1.1' or
    empty; `diagnostic` is one line of at most 500 characters without control characters.
    """

    kind: Kind
    address: str
    status: str = ""
    diagnostic: str = ""


@dataclass(frozen=True)
class Report:
    """A report on a mail of ours.

    `kind` is the gravest of its recipients; they differ when a mail went to several.
    `message_id` is that of our mail, in angle brackets, or None where the report has none.
    """

    kind: Kind
    recipients: tuple[Recipient, ...]
    message_id: str | None


def read(content: bytes) -> Report | None:
    """The report that a received message is, or None for anything else.

    Never raises. At most `LONGEST` bytes are read and `MOST_RECIPIENTS` recipients given back.
    """
    try:
        return _read(_defused(content))
    except Exception:  # the parsers below meet what any stranger sends
        logger.exception("A message of %d bytes could not be read.", len(content))
        return None


def _read(content: bytes) -> Report | None:
    message = message_from_bytes(content)
    parts = list(_parts(message))
    headers = _headers(message)
    returned = _Returned.of(message, parts, headers)
    from_a_server = is_from_a_server(headers)
    recipients = []
    # Fields alone may be what a person's mail program made of a forwarded report
    if from_a_server or any(part.get_content_type() == "multipart/report" for part in parts):
        recipients = (
            _complaint(parts, returned)
            or _delivery_status(parts, headers, returned)
            or _disposition(parts)
        )
    recipients = recipients or _old_complaint(headers, returned)
    if not recipients and from_a_server:
        recipients = _bounce(message, parts, headers, returned)
    if not recipients and answers_by_itself(headers):
        recipients = [_auto_reply(headers)]
    if not recipients:
        return None
    kinds = {recipient.kind for recipient in recipients}
    kind = next((kind for kind in _GRAVEST_FIRST if kind in kinds), recipients[0].kind)
    return Report(kind, tuple(recipients[:MOST_RECIPIENTS]), returned.message_id)


# What the parsers get. Nesting, parts, lines and parameters have limits since Python's parser
# calls itself for each level and takes quadratic time for the rest.

# ISO 2022, the encoding of Japanese and Korean mail, needs the last three
_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\x0e\x0f\x1b"))
_LONG_LINE = re.compile(rb"((?:^|[\r\n])[^\r\n]{998})[^\r\n]+")  # RFC 5321 section 4.5.3.1.6
_LONG_TYPE = re.compile(
    rb"((?:^|[\r\n])content-type[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*){9})"
    rb"(?:\r?\n[ \t][^\r\n]*)+",
    re.IGNORECASE,
)
# Read as text: the parser would make a message of each block of fields, without decoding base64,
# which RFC 6533 section 4 allows
FIELDS = re.compile(
    rb"message/((?:global-)?(?:delivery-status|disposition-notification)|feedback-report)",
    re.IGNORECASE,
)
LEVEL = re.compile(rb"(?:^|[\r\n])content-type[ \t]*:\s*(?:multipart|message)/", re.IGNORECASE)
BOUNDARY = re.compile(rb"[\r\n]--")


def _defused(content: bytes) -> bytes:
    """The same message, without what costs a parser much time or depth."""
    content = content[:LONGEST].translate(None, _CONTROLS)
    content = _LONG_LINE.sub(rb"\1", content)
    content = _LONG_TYPE.sub(rb"\1", content)
    content = FIELDS.sub(rb"text/\1", content)
    for pattern, most in ((LEVEL, 30), (BOUNDARY, 1000)):
        for number, match in enumerate(pattern.finditer(content), start=1):
            if number > most:
                content = content[: match.start()]
                break
    return content


# Parts, headers and texts

_DELIVERY_STATUS = {"text/delivery-status", "text/global-delivery-status"}
_DISPOSITION = {"text/disposition-notification", "text/global-disposition-notification"}
_RETURNED_HEADERS = {"text/rfc822-headers", "text/rfc822"}
_NO_CHARSETS = {"punycode", "idna", "unicodeescape", "rawunicodeescape"}  # Python's; some are slow
_LONGEST_TEXT = 20_000  # characters of a text for people that are looked at


def _parts(message: Message) -> Iterator[Message]:
    """The message and its parts, but none inside a returned or forwarded message."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(part.get_payload()))


def _headers(message: Message) -> dict[str, str]:
    """The first header of each name, decoded, in one line; names in lower case."""
    found: dict[str, str] = {}
    for name, value in message.items():
        name = name.lower()
        if name not in found:
            found[name] = decoded(str(value)[:2000])
    return found


def decoded(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) read, as far as they can be."""
    if "=?" in value:
        with suppress(MessageError, LookupError, ValueError):
            value = str(header.make_header(header.decode_header(value)))
    return " ".join(value.split())


def text_of(part: Message) -> str:
    """The text of a part, with \\n at the end of lines; empty for a container of parts."""
    if part.is_multipart():
        return ""
    content = part.get_payload(decode=True) or b""
    text = _decoded_as(_charset(part), content) or _decoded_as("utf-8", content)
    if text is None:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _charset(part: Message) -> str:
    try:
        return part.get_content_charset("")
    except ValueError:  # a parameter of RFC 2231 that cannot be read
        return ""


def _decoded_as(charset: str, content: bytes) -> str | None:
    if not charset or re.sub("[-_ ]", "", charset) in _NO_CHARSETS:
        return None
    try:
        return content.decode(charset)
    except (LookupError, ValueError):
        return None


def _blocks(text: str) -> Iterator[dict[str, list[str]]]:
    """Groups of fields with an empty line between (RFC 3464 section 2.1); names in lower case."""
    for block in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, list[str]] = {}
        for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), []).append(value.strip())
        if fields:
            yield fields


def _texts_for_people(parts: list[Message]) -> list[str]:
    """The texts of a report, without HTML tags; plain text first."""
    plain, from_html = [], []
    for part in parts:
        kind = part.get_content_type()
        # A multipart whose parts were not found is text to all purposes
        if kind == "text/plain" or kind.startswith("multipart/"):
            plain.append(text_of(part)[:_LONGEST_TEXT])
        elif kind == "text/html":
            tagless = re.sub(r"<(?:br|/p|/div|/tr|/li)\b[^<>]*>", "\n", text_of(part), flags=re.I)
            tagless = re.sub(r"<[^<>@]*>", " ", tagless)
            from_html.append(html.unescape(tagless)[:_LONGEST_TEXT])
    return [text for text in (*plain, *from_html) if text.strip()]


def _one_line(text: str) -> str:
    """At most 500 characters, without control and formatting characters."""
    text = " ".join(text[:2000].split())
    text = "".join(letter for letter in text if unicodedata.category(letter)[0] != "C")
    return text[:500].strip()


# Addresses, numbers and the mail that a report is about

_ADDRESS = re.compile(r"""[^\s<>()\[\],;:"\\@]{1,64}@[^\s<>()\[\],;:"\\@'`]{1,253}""")
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{2,5})\}")  # RFC 6533 section 3
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,500}@[!-;=?-~]{1,490}>")
_QUOTED_HEADER = re.compile(r"^[ \t>|]{0,8}(message-id|to):[ \t]*(.*(?:\n[ \t].*)?)", re.I | re.M)
_ENHANCED = re.compile(r"(?:^|(?<=[\s#(:\[-]))([245]\.[0-7]\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.:-])([45][0-5]\d)(?=[\s-])")


def _address_in(text: str) -> str:
    """The first address of a text in lower case, one in angle brackets before others; or empty."""
    text = text[:2000]
    bracketed = re.search(r"<([^<>\s]+@[^<>\s]+)>", text)
    found = (bracketed and _ADDRESS.search(bracketed[1])) or _ADDRESS.search(text)
    if not found:
        return ""
    address = _one_line(found[0].lower()).strip("'`.")
    local, _, domain = address.partition("@")
    return address if local and domain and len(address) <= 254 else ""  # RFC 5321 erratum 1690


def _message_id_in(text: str) -> str | None:
    found = _MESSAGE_ID.search("".join(text[:2000].split()))
    return found[0] if found else None


def _enhanced_in(text: str) -> str:
    """The first status of RFC 3463 in a text that is not x.0.0, else the first, else nothing."""
    found = _ENHANCED.findall(text)
    return next((status for status in found if not status.endswith(".0.0")), "".join(found[:1]))


@dataclass(frozen=True)
class _Returned:
    """What a report gives back of our mail."""

    message_id: str | None
    to: str
    complained_to: str  # Microsoft's own header

    @classmethod
    def of(cls, message: Message, parts: list[Message], headers: dict[str, str]) -> "_Returned":
        """From a returned part first, then fields of the report, quoted text, and threading."""
        returned: dict[str, str] = {}
        hints = []
        for part in parts:
            kind = part.get_content_type()
            if part is not message and not returned:
                if part.get_content_maintype() == "message" and part.is_multipart():
                    returned = _headers(part.get_payload(0))
                elif kind in _RETURNED_HEADERS:
                    block = next(_blocks(text_of(part).lstrip()), {})
                    returned = {name: values[0] for name, values in block.items()}
            if kind in _DELIVERY_STATUS | _DISPOSITION:
                for fields in _blocks(text_of(part)[:_LONGEST_TEXT]):
                    hints += fields.get("x-original-message-id", [])
                    hints += fields.get("original-message-id", [])  # RFC 8098 section 3.2.5
        quoted: dict[str, str] = {}
        for text in _texts_for_people(parts):
            for name, value in _QUOTED_HEADER.findall(text):
                quoted.setdefault(name.lower(), value)
        hints.insert(0, returned.get("message-id", ""))
        hints.append(quoted.get("message-id", ""))
        hints.append(headers.get("in-reply-to", ""))
        hints.append("<" + headers.get("references", "").rpartition("<")[2])
        return cls(
            next(filter(None, map(_message_id_in, hints)), None),
            _address_in(returned.get("to", "") or quoted.get("to", "")),
            _address_in(returned.get("x-hmxmroriginalrecipient", "")),
        )


# What the words of servers say. English, and French, Spanish, German, Italian, Portuguese and
# Japanese where servers write in the reader's language.


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_FULL = _any_of(
    r"\bquota\b",
    r"over ?quota",
    r"(?:mail ?box|in ?box|storage|account|maildir)\b.{0,40}\b(?:is |are )?(?:full|exceeded)\b",
    r"full (?:mail ?box|in ?box)",
    r"\b(?:insufficient|exceeded|not enough|out of)\b.{0,30}\b(?:storage|disk|space)\b",
    r"bo[iî]te\b.{0,40}\b(?:pleine|satur[ée]e)",
    r"espace\b.{0,30}\binsuffisant",
    r"buz[oó]n\b.{0,40}\blleno",
    r"\bcuota\b",
    r"\bpostfach\b.{0,40}\b(?:ist )?(?:voll|überfüllt)\b",
    r"speicherplatz",
    r"casella\b.{0,40}\bpiena",
    r"caixa\b.{0,40}\bcheia",
    r"容量|一杯|いっぱい",
)
_UNKNOWN = _any_of(
    r"\b(?:user|recipient|mail ?box|in ?box|account|address|addressee|alias|person)s?\b.{0,80}?"
    r"\b(?:unknown|not (?:be )?(?:found|known|exist|recogni[sz]ed|registered|listed)|no longer|"
    r"does(?: not|n['’]t) (?:exist|have an? \S{1,80} account)|disabled|"
    r"deactivated|inactive|discontinued|invalid|"
    r"(?:been|is|was) (?:deleted|closed|removed|suspended|terminated))\b",
    r"\b(?:unknown|invalid|no such|non-?existent|unroute?able|inactive)\s"
    r"(?:local |virtual |e-?mail |mail )?(?:user|recipient|mail ?box|account|address|alias|person)",
    r"\bno (?:mail ?box|user|one|person)\b.{0,20}\b(?:here|by that name|with that name)\b",
    r"is not an? (?:known|valid|existing) (?:user|recipient|mail ?box|address)",
    r"\buser ?unknown\b|\bnot our customer\b|\bunknown to\b|recip(?:ient)?notfound",
    r"\b(?:host or )?domain (?:name )?\S{0,255}\s?(?:not found|does(?: not|n['’]t) exist)",
    r"host not found|no such (?:domain|host)|non-existent hosts?|does not accept mail|\bnull ?mx\b",
    r"(?:utilisateur|destinataire|adresse|bo[iî]te|compte)\b.{0,60}?(?:inconnue?|inexistante?|"
    r"n['’]existe (?:pas|plus)|introuvable|désactivée?|(?:pas|pu)\b.{0,20}trouvée?)\b",
    r"(?:usuario|destinatario|buz[oó]n|direcci[oó]n|cuenta)\b.{0,60}?(?:desconocid[oa]|inexistente|"
    r"no existe|no (?:se|fue) .{0,15}encontr|desactivad[oa])",
    r"(?:benutzer|nutzer|empfänger|postfach|adresse|konto)\w*\b.{0,60}?\b(?:unbekannt|ungültig|"
    r"existiert nicht|nicht (?:gefunden|bekannt|vorhanden)|deaktiviert)",
    r"unbekannter (?:benutzer|empfänger)",
    r"(?:utente|indirizzo|destinatario|casella)\b.{0,60}?(?:sconosciut[oa]|inesistente|non esiste)",
    r"(?:usuário|destinatário|endereço|conta)\b.{0,60}?(?:desconhecid[oa]|inexistente|não existe)",
    r"(?:宛先|受信者|ユーザー?|アドレス|メールボックス|アカウント).{0,30}"
    r"(?:不明|存在しま|見つかりま|ありません)",
)
# Weaker than a word on the content: RFC 5321 section 4.2.3 lets 550 mean a policy, too
_UNAVAILABLE = _any_of(r"(?:mail ?box|user|recipient|account)\b.{0,20}\bunavailable")
# Then 'unknown' and 'not found' are about us
_ABOUT_US = _any_of(
    r"\bsender\b(?!'s)|\bmail from\b|\bhelo\b|\breverse\b|\bptr\b|\bclient host\b",
    r"\byour (?:account|domain|host|ip|server)",
)
_CONTENT = _any_of(
    r"spam|\bvirus|malware|phish|\bblock(?:ed|list)|black ?list|\bdns[bw]l|\br[bh]l\b|reputation",
    r"\bspf\b|\bdkim\b|\bdmarc\b|unauthenticated|unsolicited|\bbulk\b|\bbanned\b|prohibited",
    r"\bpolic(?:y|ies)\b|\bcontent\b|\battachment|message (?:was )?(?:rejected|refused)",
    r"(?:message|mail) (?:size|is too|too) |too (?:large|big)\b|access denied|not authori[sz]ed",
    r"indésirable|contenu|política|contenido|richtlinie|inhalt|迷惑メール|ポリシー",
)
_RELAY = _any_of(
    r"\brelay(?:ing)?\b.{0,30}\b(?:denied|not permitted|not allowed|prohibited)",
    r"\b(?:unable to|not permitted to|cannot|won't) relay\b",
)
_RATE = _any_of(r"\brate\b|too (?:quickly|many|fast)|try again later|temporar")
_ACCESS_DENIED = _any_of(r"recipient address rejected: access denied")


def judged(status: str, text: str) -> Kind:
    """What a failure means; the table in this module's docstring.

    `status` is '5.1.1' or empty, `text` what the server said, of any length.
    """
    text = " ".join(text[:1000].split())
    reply = _REPLY.search(text)
    code = reply[1] if reply else ""
    family, subject, detail = status.split(".") if status else (code[:1], "0", "0")
    if family == "4":
        return Kind.SOFT
    by_text = _by_text(text)
    match subject, detail:
        case ("1", "5" | "9"):
            return Kind.SOFT
        case ("1", "7" | "8"):
            return Kind.CONTENT
        case ("1", "0"):
            return by_text or (Kind.CONTENT if _ABOUT_US.search(text) else Kind.HARD)
        case ("2", "1"):
            return Kind.SOFT if _RATE.search(text) or _FULL.search(text) else Kind.HARD
        case ("1", _) | ("7", "17" | "18"):
            return Kind.HARD
        case ("2", "2"):
            return Kind.SOFT
        case ("2", "3") | ("3", "4"):
            return Kind.CONTENT
        case ("4", "1") if _ACCESS_DENIED.search(text):
            return Kind.HARD
        case ("6" | "7", _):
            if _RELAY.search(text):
                return Kind.SOFT
            return Kind.HARD if by_text == Kind.HARD else Kind.CONTENT
        case ("4", _):  # a route: words on policy there are about ours
            return Kind.HARD if by_text == Kind.HARD else Kind.SOFT
    if by_text:
        return by_text
    if code in ("551", "553") and not _ABOUT_US.search(text):
        return Kind.HARD
    return Kind.SOFT


def _by_text(text: str) -> Kind | None:
    """What the words alone say, or None where they say nothing."""
    if _FULL.search(text):
        return Kind.SOFT
    about_us = _ABOUT_US.search(text)
    if _UNKNOWN.search(text) and not about_us:
        return Kind.HARD
    if _RELAY.search(text):
        return Kind.SOFT
    if _CONTENT.search(text):
        return Kind.CONTENT
    if _UNAVAILABLE.search(text) and not about_us:
        return Kind.HARD
    return None


# Reports in the form of a standard


def _complaint(parts: list[Message], returned: _Returned) -> list[Recipient]:
    """A feedback report (RFC 5965).

    Its section 7.3 has abuse, fraud, virus and other; 'opt-out' stood in drafts, and an unknown
    kind counts as 'other'. A found virus is the verdict of a machine on the mail; not-spam
    (RFC 6430) and auth-failure (RFC 6591) ask for nothing.
    """
    for part in parts:
        if part.get_content_type() != "text/feedback-report":
            continue
        fields: dict[str, list[str]] = {}
        for block in _blocks(text_of(part)):
            for name, values in block.items():
                fields.setdefault(name, []).extend(values)
        feedback = _one_line("".join(fields.get("feedback-type", [])[:1])).lower()
        if feedback in ("not-spam", "auth-failure", "dmarc"):
            kind = Kind.NONE
        elif feedback == "virus":
            kind = Kind.CONTENT
        else:
            kind = Kind.COMPLAINT
        named = fields.get("original-rcpt-to", []) + fields.get("removal-recipient", [])
        addresses = dict.fromkeys(filter(None, map(_address_in, named[:MOST_RECIPIENTS])))
        fallback = returned.complained_to or returned.to
        return [Recipient(kind, address, "", feedback) for address in addresses or [fallback]]
    return []


def _old_complaint(headers: dict[str, str], returned: _Returned) -> list[Recipient]:
    """Microsoft's complaint without fields: the mail, with the reader in a header of its own."""
    subject = headers.get("subject", "").lower()
    if returned.complained_to and "complaint about message" in subject:
        return [Recipient(Kind.COMPLAINT, returned.complained_to, "", "abuse")]
    return []


def _delivery_status(
    parts: list[Message], headers: dict[str, str], returned: _Returned
) -> list[Recipient]:
    """The recipients of a delivery status notification (RFC 3464, RFC 6533), each once.

    The address is the original recipient, the one that we wrote to, before the final one.
    """
    found: dict[str, Recipient] = {}
    texts = [_above_the_original(text) for text in _texts_for_people(parts)]
    said = functools.cache(
        lambda address: next(filter(None, (_around(text, address) for text in texts)), "")
    )
    for part in parts:
        if part.get_content_type() not in _DELIVERY_STATUS:
            continue
        for fields in itertools.islice(_blocks(text_of(part)), MOST_RECIPIENTS + 1):
            if not fields.keys() & {"action", "status", "final-recipient", "original-recipient"}:
                continue
            first = {name: values[0] for name, values in fields.items()}
            address = (
                _typed_address(first.get("original-recipient", ""))
                or _typed_address(first.get("final-recipient", ""))
                or _address_in(headers.get("x-failed-recipients", ""))
                or returned.to
            )
            diagnostic = re.sub(r"^[\w-]{1,40}\s*;\s*", "", first.get("diagnostic-code", ""))
            if not diagnostic and not first.get("status", "").startswith("2"):
                diagnostic = said(address)
            recipient = _from_fields(first, address, diagnostic)
            before = found.setdefault(address, recipient)
            if _GRAVEST_FIRST.index(recipient.kind) < _GRAVEST_FIRST.index(before.kind):
                found[address] = recipient
    return list(found.values())


def _from_fields(fields: dict[str, str], address: str, diagnostic: str) -> Recipient:
    stated = re.search(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])", fields.get("status", ""))
    status = stated[0] if stated else ""
    action = fields.get("action", "").lower()
    if not status or status.endswith(".0.0"):
        status = _enhanced_in(diagnostic) or status
    if action.startswith(("deliver", "relay", "expand")) or (not action and status[:1] == "2"):
        kind = Kind.NONE
    elif action.startswith("delay"):
        kind = Kind.SOFT
    else:
        kind = judged(status, diagnostic)
    return Recipient(kind, address, status, _one_line(diagnostic))


def _typed_address(value: str) -> str:
    """The address of 'rfc822; user@example.org' (RFC 3464 section 2.3.1; utf-8: RFC 6533)."""
    kind, semicolon, address = value.partition(";")
    if not semicolon:
        return _address_in(value)
    if kind.strip().lower().startswith("utf-8"):
        address = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), address)
    return _address_in(address)


def _disposition(parts: list[Message]) -> list[Recipient]:
    """A disposition notification (RFC 8098): a receipt is an automatic reply.

    But a mail that was deleted by itself was refused by the reader's filter (RFC 5429) or, from
    Dovecot, for want of room.
    """
    for part in parts:
        if part.get_content_type() not in _DISPOSITION:
            continue
        fields = next(_blocks(text_of(part)), {})
        address = ""
        for name in ("original-recipient", "final-recipient"):
            address = address or _typed_address("".join(fields.get(name, [])[:1]))
        disposition = "".join(fields.get("disposition", [])[:1]).lower()
        text = next(map(_above_the_original, _texts_for_people(parts)), "")
        if "deleted" in disposition and "automatic" in disposition:
            kind = Kind.SOFT if _FULL.search(text) else Kind.CONTENT
        else:
            kind = Kind.AUTO_REPLY
        return [Recipient(kind, address, "", _one_line(text))]
    return []


# Reports in a form of their own

_SERVERS = _any_of(
    r"^(?:mailer-?daemon|mail-?daemon|postmaster|mdaemon|mmdf|uucp|mail-?delivery|bounces?)\b[^@]*(?:@|$)"
)
_BOUNCE_SUBJECT = _any_of(
    r"undeliver|returned mail|failure notice|delivery.{0,30}(?:fail|notification|problem|delay)",
    r"(?:mail|message).{0,20}(?:delivery failed|not delivered|returned|rejected)",
    r"could ?n[o']t be delivered|warning: (?:could not send|message .{0,40}delayed)",
    r"non[- ]?remis|échec de (?:la )?(?:remise|livraison)|no (?:se )?(?:ha )?(?:podido )?entreg",
    r"unzustellbar|nicht zugestellt|unzustellbarkeit|mancata consegna|não entregue",
    r"配信(?:不能|失敗|できま)|エラー",
)
_ORIGINAL = re.compile(
    r"^[- \t>_=*]{0,60}(?:(?:this|here|below|included)\b.{0,30}\bcopy of|original message\b|"
    r"below this line|(?:message|mail) (?:text|headers?)\b.{0,20}follow|unsent message\b|"
    r"forwarded message\b|"
    r"(?:return-path|received|message-id|mime-version):)",
    re.IGNORECASE | re.MULTILINE,
)


def is_from_a_server(headers: dict[str, str]) -> bool:
    """Does a header say that a mail server speaks? (RFC 5321 section 6.1: an empty sender.)"""
    if "x-failed-recipients" in headers:
        return True
    sender = _address_in(headers.get("from", "")) or headers.get("from", "").strip("<> \t")
    if not sender or _SERVERS.search(sender):
        return True
    empty = headers.get("return-path", "").replace(" ", "") == "<>"
    return empty and bool(_BOUNCE_SUBJECT.search(headers.get("subject", "")))


def _above_the_original(text: str) -> str:
    """A text up to where the returned mail begins."""
    text = text[:_LONGEST_TEXT]
    found = _ORIGINAL.search(text)
    return text[: found.start()] if found else text


def _around(text: str, address: str) -> str:
    """What a text says of an address: a line with it and up to ten more, until another address.

    Where several lines have the address, the first that has a reason after it, else the first. All
    of the text where none has it.
    """
    lines = text.split("\n")
    found = [n for n, line in enumerate(lines) if address and address in line.lower()]
    paragraphs = []
    for start in found[:10]:
        said = [lines[start]]
        for line in lines[start + 1 : start + 11]:
            other = _ADDRESS.search(line)
            if other and address not in line.lower():
                break
            said.append(line)
        paragraphs.append("\n".join(said)[:2000].strip())
    with_a_reason = (paragraph for paragraph in paragraphs if _says_why(paragraph))
    return next(with_a_reason, paragraphs[0] if paragraphs else text[:2000].strip())


def _says_why(text: str) -> bool:
    return bool(_enhanced_in(text) or _REPLY.search(text) or _by_text(text))


def _bounce(
    message: Message, parts: list[Message], headers: dict[str, str], returned: _Returned
) -> list[Recipient]:
    """The recipients of a bounce in the form of some mail server, as GNU Mailman's detectors do.

    Only for a message whose headers say that a server speaks: the detectors take a person's letter
    with an address between commas for a bounce. For the same reason an address counts only where
    the text gives a reason, or a header or the returned mail names it.
    """
    texts = [_above_the_original(text) for text in _texts_for_people(parts)]
    text = "\n".join(texts)[:_LONGEST_TEXT]
    temporary, permanent = bounce.all_failures(_for_detectors(message, texts, headers))
    delayed = _addresses(temporary)
    named = _lower(_ADDRESS.findall(headers.get("x-failed-recipients", "")))
    failed = named | _addresses(permanent)
    if not delayed and not failed:
        failed = _lower(_ADDRESS.findall(text)[:50])
    ours = {_address_in(headers.get(name, "")) for name in ("from", "to", "delivered-to")}
    recipients = []
    for address in map(_address_in, (delayed | failed)):
        around = _around(text, address)
        certain = address in named or address == returned.to
        if not address or address in ours or not (certain or _says_why(around)):
            continue
        said = around if _says_why(around) else text
        status = _enhanced_in(said)
        kind = Kind.SOFT if address in delayed else judged(status, said)
        recipients.append(Recipient(kind, address, status, _one_line(said)))
    return recipients


def _addresses(found: Iterable[bytes]) -> dict[str, None]:
    """What the detectors found, in a fixed order."""
    return _lower(sorted(address.decode("ascii", "replace") for address in found))


def _lower(addresses: list[str]) -> dict[str, None]:
    return dict.fromkeys(address.lower() for address in addresses[:MOST_RECIPIENTS])


def _for_detectors(message: Message, texts: list[str], headers: dict[str, str]) -> Message:
    """A small message of these texts: the detectors decode none, and take cubic time for a line."""
    copy = Message()
    copy["From"] = _ascii(_address_in(headers.get("from", "")) or "mailer-daemon")  # never empty
    copy["X-Mailer"] = _ascii(headers.get("x-mailer", "")[:200])
    leaves = []
    for text in texts:
        lines = [line[:200] for line in text[:8000].split("\n")]
        leaf = Message()
        leaf["Content-Type"] = "text/plain"
        leaf["Content-Description"] = (
            "Notification"  # Postfix's, without which its text is not read
        )
        leaf.set_payload(_ascii("\n".join(lines)) + "\n")
        leaves.append(leaf)
    if message.is_multipart() and leaves:
        copy["Content-Type"] = "multipart/mixed"
        copy.set_payload(leaves[:2])
    else:
        copy["Content-Type"] = "text/plain"
        copy.set_payload(leaves[0].get_payload() if leaves else "")
    return copy


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


# Replies that no person wrote

_ANSWERING_HEADERS = (  # of programs older than RFC 3834
    "x-autoreply",
    "x-auto-reply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-responder",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-autogenerated",
    "x-fc-machinegenerated",
    "x-tmda-confirm",
)
_ABSENT = _any_of(
    r"out[- ]of[- ](?:the[- ])?office|auto(?:matic|mated)?[- ]?(?:reply|response|responder)",
    r"\bvacation\b|\bon (?:\w+ )?(?:leave|holidays?)\b|\baway from\b|no longer (?:with|works?)",
    r"réponse automatique|\babsen(?:ce|te?)\b|en congés?\b|en vacances|hors du bureau",
    r"respuesta automática|fuera de (?:la )?oficina|\bausen(?:cia|te)\b|de vacaciones",
    r"automatische antwort|abwesen(?:heit|d)|nicht im (?:büro|haus)|im urlaub|außer haus",
    r"risposta automatica|resposta automática|自動(?:返信|応答)|不在",
    # Challenges to a sender whom the reader does not know
    r"\bchallenge\b|please (?:confirm|verify)|confirm(?:ation)? (?:is )?(?:required|needed)",
    r"requires? (?:your )?confirmation|verify your (?:message|e-?mail)",
    r"confirmez votre|confirme su|bestätigen sie",
)


def answers_by_itself(headers: dict[str, str]) -> bool:
    """Do the headers show that a program wrote this?

    Auto-Submitted decides alone (RFC 3834 section 5: anything but 'no'), as do the headers of
    autoresponders and 'Precedence: auto_reply'. Headers that a mailing list or a person's server
    may add count together with a subject that is usual for such replies.
    """
    submitted = headers.get("auto-submitted", "").partition(";")[0].partition("(")[0].strip()
    if submitted and submitted.lower() != "no":
        return True
    precedence = headers.get("precedence", "").lower()
    if re.fullmatch(r"auto[-_]?reply", precedence):
        return True
    if any(headers.get(name, "no").lower() not in ("no", "false") for name in _ANSWERING_HEADERS):
        return True
    hinted = (
        precedence in ("bulk", "junk", "list")
        or headers.get("x-auto-response-suppress", "none").lower() != "none"
        or headers.get("return-path", "").replace(" ", "") == "<>"
        or headers.keys() & {"x-loop", "x-ms-exchange-inbox-rules-loop", "x-vacation"}
        or "vacation" in headers.get("x-mailer", "").lower()
    )
    return bool(hinted and _ABSENT.search(headers.get("subject", "")))


def _auto_reply(headers: dict[str, str]) -> Recipient:
    """Whose mailbox answered, with the subject of the answer."""
    address = _address_in(headers.get("from", ""))
    return Recipient(Kind.AUTO_REPLY, address, "", _one_line(headers.get("subject", "")))
