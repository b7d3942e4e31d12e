"""The mail of an announcement before it leaves, written by what writes it when it leaves."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation

from mailings import announcement_mails, campaigning, kinds
from mailings.models import Announcement, OutgoingMail
from partners import mail as ground

#: Stands where the links of each reader have a token of their own: it stops nothing
NOBODY = "preview"
#: What a frame with the mail may do, as its page and the mail itself say: open links elsewhere
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
#: For the mail alone in a frame: its own styles and nothing else, however it came into the text
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    f"frame-ancestors 'self'; sandbox {SANDBOX}"
)


@dataclass(frozen=True)
class Preview:
    """`sender` and `subject` as the headers say them; the two bodies say the same."""

    language: str
    sender: str
    subject: str
    text: str
    html: str

    @property
    def framed(self) -> str:
        """The HTML for a frame: links open beside it, as those of a mail do."""
        return self.html.replace("<head>", '<head>\n<base target="_blank">', 1)


def language_of(asked: str) -> str:
    """The language that is asked for, English where we write no mails in it."""
    return asked if asked in dict(settings.MAIL_LANGUAGES) else settings.LANGUAGE_CODE


def of(announcement: Announcement, language: str, now: datetime) -> Preview:
    """As a reader with this language of mails would get it now; nothing is written."""
    mail = OutgoingMail(
        kind=OutgoingMail.Kind.ANNOUNCEMENT, template=campaigning.TEMPLATE, language=language
    )
    same = announcement_mails.same_for_all(announcement, language)
    letter = announcement_mails.letter(announcement, same, NOBODY)
    with translation.override(language):
        written = ground.write(mail.template, mail.to, letter.context | letter.varies)
    headers = dict(kinds.headers(mail, written.subject, now, letter))
    return Preview(language, headers["From"], headers["Subject"], written.text, written.html)
