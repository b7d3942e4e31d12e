"""What a person wrote in a reply, apart from what the mail program quoted and from the signature.

Where quotes and signatures begin in a language is known to mail-parser-reply. Its expressions are
used, not its reader, which loses answers that stand between quotes, and takes all below a line
such as "Thanks, …" for a signature. They get short lines without runs of blank ones, for
which they take cubic time.
"""

import re
from functools import cache

from mailparser_reply.parser import EmailMessage

LANGUAGES = ("en", "fr", "es", "de", "it", "nl")
_LONGEST = 60_000  # characters that are looked at
_LONGEST_LINE = 300  # characters of a line that the library gets
_LONGEST_GREETING = 60  # characters of the line that begins a signature
_SIGNATURE_LINES, _SIGNATURE_LENGTH = 14, 900  # what is longer is no signature
_MANY_BLANKS = re.compile(r"\n{4,}")

_QUOTE = re.compile(r"\s{0,3}[>|]")
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]+\.[^\s<>@]")
_WHEN = re.compile(r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d\d\b")
#: "----- Mensaje original -----", "---------- Forwarded message ---------"
_SEPARATOR = re.compile(r"\s*-{3,}\s?[^\W\d_][^-]{3,50}[^\W\d_]\s?-{3,}\s*")
_RULE = re.compile(r"\s*[_\u2014-]{10,}\s*")
#: "From: …", "*Envoyé :* …": a line of the block that Outlook puts above a quote
_FIELD = re.compile(r"\s*\*?[^\W\d_][\w -]{1,20}\s?\*?:\*?\s.{0,300}")
_DASHES = re.compile(r"\s*(?:--|__|\u2014\u2014)\s*")
#: What the library lacks
_GREETING = re.compile(
    r"(?:Bien (?:cordialement|à (?:vous|toi))|(?:Meilleures|Sincères) salutations|Sincèrement|"
    r"(?:Un )?(?:cordial )?saludos?|Atentamente|(?:Yours )?(?:sincerely|faithfully|truly)|"
    r"(?:Warm )?regards|Cheers|Atenciosamente|Cumprimentos)\b",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"\s*(?:Sent from|Get Outlook for|Envoy[ée] (?:de(?:puis)?|à partir)|Télécharger Outlook|"
    r"Enviado (?:desde|do)|Obtener Outlook|Gesendet von|Inviato da|Verzonden vanaf)\b.{0,80}",
    re.IGNORECASE,
)


def fold(text: str) -> tuple[str, str]:
    """(what the person wrote, what is folded away) of a plain text.

    Answers between quoted lines stay. Never folds all of a text for a signature alone.
    """
    text, rest = text[:_LONGEST], text[_LONGEST:]
    lines = [line.rstrip() for line in _MANY_BLANKS.sub("\n\n\n", text).strip().split("\n")]
    kept, folded = _without_quotes(lines)
    kept, signature = _without_signature(kept)
    parts = ["\n".join(part).strip("\n") for part in (kept, signature, folded)]
    return parts[0].strip(), "\n\n".join(filter(str.strip, [*parts[1:], rest]))


def _without_quotes(lines: list[str]) -> tuple[list[str], list[str]]:
    begins, behind = _quote_begins(lines)
    if begins is None:
        kept, folded = lines, []
    else:
        kept, folded = lines[:begins], lines[begins:behind]
        is_marked = next((bool(_QUOTE.match(line)) for line in lines[behind:] if line), False)
        if is_marked:
            answers, quoted = _answers(lines[behind:])
            folded += quoted
            kept = [*kept, *answers]
        else:
            folded += lines[behind:]
    answers, quoted = _answers(kept)
    return answers, quoted + folded


def _answers(lines: list[str]) -> tuple[list[str], list[str]]:
    """(lines of one's own, quoted lines) of a text where quotes are marked.

    One line right between marked ones is the rest of the long one above, which was broken.
    """
    kept: list[str] = []
    quoted: list[str] = []
    block: list[str] = []
    for line in lines:
        if not _QUOTE.match(line):
            block.append(line)
            continue
        is_broken = len(block) == 1 and block[0].strip() and quoted and len(quoted[-1]) > 60
        begins = 0 if is_broken else _announced(block)
        kept += block[:begins]
        quoted += [*block[begins:], line]
        block = []
    return kept + block, quoted


def _announced(block: list[str]) -> int:
    """Where the lines begin that announce the quote below this block; its end where none do."""
    end = len(block)
    while end and not block[end - 1].strip():
        end -= 1
    begins = end
    while begins and block[begins - 1].strip() and end - begins < 3:
        begins -= 1
        said = " ".join(block[begins:end])
        if said.endswith((":", "\uff1a")) and _WHEN.search(said):
            return begins
    return len(block)


def _is_attribution(block: list[str]) -> bool:
    """ "On Tuesday, 24 Nov 2026 at 10:00, Ann <ann@example.org> wrote:", in any language."""
    said = " ".join(filter(str.strip, block))
    return (
        len(said) < 400
        and said.endswith((":", "\uff1a"))
        and bool(_ADDRESS.search(said))
        and bool(_WHEN.search(said))
    )


def _quote_begins(lines: list[str]) -> tuple[int | None, int]:
    """(the line where quoting begins, the line behind what announces it); (None, 0): nowhere."""
    found = [(begin, end) for begin, end in (_by_library(lines), _by_shape(lines)) if end]
    if not found:
        return None, 0
    begin, end = min(found)
    while begin and (not lines[begin - 1].strip() or _RULE.fullmatch(lines[begin - 1])):
        begin -= 1
    return begin, end


def _by_library(lines: list[str]) -> tuple[int, int]:
    short = "\n".join(line.strip()[:_LONGEST_LINE] for line in lines)
    found = _known().HEADER_REGEX.search(short)
    if not found:
        return 0, 0
    start = found.start() + len(found[0]) - len(found[0].lstrip())
    begin = short.count("\n", 0, start)
    return begin, begin + found[0].strip().count("\n") + 1


def _by_shape(lines: list[str]) -> tuple[int, int]:
    """Separators, blocks of fields and lines of attribution in languages the library lacks."""
    for number, line in enumerate(lines):
        if _SEPARATOR.fullmatch(line):
            return number, number + 1
        fields = lines[number : number + 4]
        if (
            len(fields) > 2
            and all(_FIELD.fullmatch(field) for field in fields[:3])
            and _WHEN.search(" ".join(fields))
            and _ADDRESS.search(" ".join(fields))
        ):
            end = number
            while end < len(lines) and lines[end].strip():
                end += 1
            return number, end
        for more in (1, 2, 3):
            block = lines[number : number + more]
            if all(map(str.strip, block)) and _is_attribution(block):
                return number, number + more
    return 0, 0


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """Below two dashes all is signature; below a greeting what is short."""
    begins = next((n for n, line in enumerate(lines) if _DASHES.fullmatch(line)), len(lines))
    begins = min(begins, _greeting(lines[:begins]))
    while begins and not lines[begins - 1].strip():
        begins -= 1
    last = next((line for line in reversed(lines[:begins]) if line.strip()), "")
    if _SENT_FROM.fullmatch(last):
        begins = max(n for n in range(begins) if lines[n].strip())
    if not any(line.strip() for line in lines[:begins]):
        return lines, []
    return lines[:begins], lines[begins:]


def _greeting(lines: list[str]) -> int:
    """The line where "Best regards" begins a signature, else that behind the last."""
    short = "\n".join(line.strip()[:_LONGEST_LINE] for line in lines)
    for number in range(max(1, len(lines) - _SIGNATURE_LINES), len(lines)):
        start = len("\n".join(short.split("\n")[:number])) + 1
        line = short[start:].partition("\n")[0]
        if not line or len(line) > _LONGEST_GREETING:
            continue
        below = short[start:]
        if len(below) <= _SIGNATURE_LENGTH and _is_greeting(line):
            return number
    return len(lines)


def _is_greeting(line: str) -> bool:
    """A greeting, and a name at most: "Thanks, Tuesday is fine." is what somebody says."""
    if _SENT_FROM.fullmatch(line):
        return True
    found = _GREETING.match(line) or _known().SIGNATURE_REGEX.match(f"\n{line}", 1)
    return bool(found) and len(line.split()) <= 6 and not line.endswith((".", "?", "!", ":"))


@cache
def _known() -> EmailMessage:
    return EmailMessage(text="", languages=list(LANGUAGES), keep_hyphen_lists=True)
