"""Mail that the portal writes by itself: three templates, one call.

    mail.send("partners/mail/partner_approved", user.email, {"name": user.name, "link": link})

renders `<template>.subject.txt` (one line), `<template>.txt` (extends "mail/base.txt") and
`<template>.html` (extends "mail/base.html", bare tags: the styles are written in here). Text and
HTML say the same. In the two text files nothing is escaped for HTML. Paragraphs of the text file
are wrapped; lines that begin with a space, or hold an address of the web, are left alone.
"""

import re
import secrets
import textwrap
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils.html import escape
from django.utils.translation import get_language

WIDTH = 72  # characters in a line of text
_CODE = re.compile(r"[A-Z0-9-]{4,12}")  # a part of a text that is a code to type

#: Mail programs drop style sheets, so each bare tag gets its style here (look/mail-reminder.html).
STYLES = {
    "h1": "font-family:Georgia,'Times New Roman',serif;font-size:26px;line-height:32px;"
    "margin:24px 0 12px",
    "h2": "font-size:20px;line-height:28px;margin:24px 0 8px",
    "h3": "font-size:18px;line-height:26px;margin:24px 0 8px",
    "h4": "font-size:16px;line-height:24px;margin:16px 0 8px",
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding:0 0 0 24px",
    "ol": "margin:0 0 16px;padding:0 0 0 24px",
    "pre": "margin:0 0 16px;white-space:pre-wrap",
    "li": "margin:0 0 8px",
    "dl": "margin:0 0 24px",
    "dt": "font-size:14px;line-height:20px;color:#4a585c;font-weight:bold;padding-top:8px;"
    "border-top:1px solid #cfd6d3",
    "dd": "margin:0 0 8px",
    "blockquote": "margin:0 0 16px;padding:0 0 0 16px;border-left:4px solid #cfd6d3;"
    "white-space:pre-line",
    "a": "color:#0b5468",
    'p class="small"': "font-size:14px;line-height:20px;color:#4a585c;margin:0 0 12px",
    'p class="code"': "font-family:Consolas,Menlo,monospace;font-size:26px;line-height:32px;"
    "letter-spacing:4px;margin:0 0 16px",
    'a class="main"': "display:inline-block;background:#0b5468;color:#ffffff;font-weight:bold;"
    "text-decoration:none;padding:12px 24px;border:2px solid #0b5468",
}
_TAGS = {tag: f'<{tag} style="{style}"' for tag, style in STYLES.items()}
_TAG = re.compile(f"<({'|'.join(sorted(_TAGS, key=len, reverse=True))})(?=[ >])")


def sender_address() -> str:
    """The bare address that mail of the portal comes from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def absolute(path: str) -> str:
    """The full address of a path of the portal: `absolute(reverse("my_page"))`."""
    return settings.SITE_URL + path


@dataclass(frozen=True)
class Written:
    """One mail in words: the subject in one line, and the two bodies, which say the same."""

    subject: str
    text: str
    html: str


def write(template: str, to: str, context: dict) -> Written:
    """The three templates filled in, in the language that is active.

    `context` is what they need; `site_url` and `to` are added. Raises BadHeaderError where a value
    would put a line break into the subject or the address.
    """
    context = {**context, "site_url": settings.SITE_URL, "to": to}
    subject = _plain(f"{template}.subject.txt", context)
    if re.search(r"[\r\n]", subject + to):
        raise BadHeaderError("A line break in a subject or an address is refused.")
    html = render_to_string(f"{template}.html", {**context, "subject": subject})
    text = _wrapped(_plain(f"{template}.txt", context)) + "\n"
    return Written(subject, text, styled(html))


#: What stands for a value that differs between mails which are alike: letters and digits, so that
#: it passes addresses and escaping unchanged; random, so that it occurs in no text.
_PLACE = f"v{secrets.token_hex(8)}"
_PLACES = re.compile(_PLACE + "([a-z]+)V")


def write_alike(template: str, context: dict, varies: dict[str, str]) -> Written:
    """As `write`, for mails that differ in a few words: the templates are filled in once for all.

    `context` is the same for many, of hashable values. `varies` has the words of this one: names of
    small letters, which the templates may show, but ask or filter for nothing. Raises
    BadHeaderError as `write` does.
    """
    once = _once(template, get_language(), tuple(varies), tuple(sorted(context.items())))
    subject = _PLACES.sub(lambda place: varies[place[1]], once.subject)
    if re.search(r"[\r\n]", subject):
        raise BadHeaderError("A line break in a subject is refused.")
    escaped = {name: escape(value) for name, value in varies.items()}
    return Written(
        subject,
        _PLACES.sub(lambda place: varies[place[1]], once.text),
        _PLACES.sub(lambda place: escaped[place[1]], once.html),
    )


@lru_cache(maxsize=100)
def _once(template: str, language: str, names: tuple[str, ...], same: tuple) -> Written:
    return write(template, "", dict(same) | {name: f"{_PLACE}{name}V" for name in names})


def send(template: str, to: str, context: dict):
    """Send one mail to one address, through Django's mail backend, in the caller's transaction.

    Raises BadHeaderError as `write` does.
    """
    written = write(template, to, context)
    message = EmailMultiAlternatives(
        subject=written.subject,
        body=written.text,
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(written.html, "text/html")
    message.send()


def framed(subject: str, text: str) -> tuple[str, str]:
    """Text and HTML in the frame of all mails, of a plain text with blank lines between parts."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    context = {
        "subject": subject,
        "parts": [(part, bool(_CODE.fullmatch(part))) for part in parts],
        "site_url": settings.SITE_URL,
    }
    html = render_to_string("mail/framed.html", context)
    return _wrapped(_plain("mail/framed.txt", context)) + "\n", styled(html)


def styled(html: str) -> str:
    """The same with a style in each bare tag."""
    return _TAG.sub(lambda tag: _TAGS[tag[1]], html)


def _plain(name: str, context: dict) -> str:
    """A template as text: what people typed is not escaped."""
    return get_template(name).template.render(Context(context, autoescape=False)).strip()


def _wrapped(text: str) -> str:
    """Lines of at most WIDTH characters, at most one blank line between them."""
    lines = []
    for line in re.sub(r"\n\s*\n+", "\n\n", text).split("\n"):
        if len(line) <= WIDTH or line.startswith(" ") or "://" in line:
            lines.append(line.rstrip())
        else:
            lines += _lines_of(line)
    return "\n".join(lines)


@lru_cache(maxsize=500)  # most paragraphs of a mailing are the same in each of its mails
def _lines_of(line: str) -> tuple[str, ...]:
    return tuple(textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False))
