"""Links in mails with which one expert answers one survey, without sign-in.

Dead once the survey is closed, the link is too old, or the profile has another address or is not
on the list any more.
"""

from dataclasses import dataclass
from datetime import datetime

from advice.models import Survey, SurveyLink
from experts.models import Expert
from mailings import links
from mailings.models import OutgoingMail


@dataclass(frozen=True)
class Found:
    """What a token leads to."""

    link: SurveyLink
    is_closed: bool
    is_alive: bool


def make(
    mails: list[OutgoingMail], survey: Survey, experts: dict[int, Expert], now: datetime
) -> dict[int, str]:
    """Token by key of the mail, for mails of which `experts` has the profile by key of the mail."""
    about = {
        key: (expert.mail_address, {"survey": survey, "expert": expert})
        for key, expert in experts.items()
    }
    return links.make(SurveyLink, mails, about, now)


def find(token: str, now: datetime) -> Found | None:
    """What a token leads to, alive or dead; None for one that nobody made."""
    rows = SurveyLink.objects.select_related("survey", "expert__user").defer("expert__search")
    link = rows.filter(token=token).first()
    if link is None:
        return None
    is_open = link.survey.is_open(now)
    is_listed = link.expert.status == Expert.Status.LISTED
    is_known = links.is_alive(link, link.expert.mail_address, now)
    return Found(link, not is_open, is_open and is_listed and is_known)
