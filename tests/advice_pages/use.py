"""Addresses of the floor: use. The letters and roles are those of tests/pages.py."""

from datetime import datetime, timedelta

from advice import surveying
from advice.models import Survey, SurveyAnswer, SurveyLink
from experts.models import Expert
from mailings import links, suppression
from partners.models import User

OURS = """
#                               GET        POST       PUT        DELETE
use_of_list                     2222222222 XXXXXXXXXX XXXXXXXXXX
use_of_list_csv                 2222222222 XXXXXXXXXX XXXXXXXXXX
survey_results@before           2222222222 XXXXXXXXXX XXXXXXXXXX
survey_results@over             2222222222 XXXXXXXXXX XXXXXXXXXX
survey_results@open             --------22 XXXXXXXXXX XXXXXXXXXX
survey_answer                   S--22----- S--22----- SXXXXXXXXX
survey_by_link@open             2222222222 2222222222 XXXXXXXXXX
survey_by_link@answered         2222222222 2222222222 XXXXXXXXXX
survey_by_link@leaves           2222222222 2222222222 XXXXXXXXXX
survey_by_link@over             GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
survey_by_link@dead             GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
survey_by_link_fresh@open       3333333333 2222222222 XXXXXXXXXX
survey_by_link_fresh@over       GGGGGGGGGG 2222222222 XXXXXXXXXX
survey_by_link_fresh@dead       GGGGGGGGGG 2222222222 XXXXXXXXXX
admin:advice_survey_close       SFFFFFF3XX SFFFFFF333 SFFFFFF3XX
"""

MODELS = """
advice_survey              222F23 222FX3 2X2FX3
advice_surveyanswer        2F2F23 2F2FF3 2F2F23
"""

FILES: set[str] = {"use_of_list_csv"}
ALIKE: set[str] = set()
QUERIES: dict[str, tuple[str, str]] = {
    "use_of_list@all": ("use_of_list", "?from=&to="),
    "use_of_list@wrong": ("use_of_list", "?from=2026-13-01&to=yesterday"),
}

_LINKS = ("open", "answered", "leaves", "over", "dead")


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A survey that is open, and links to it and to that of last year."""
    over = Survey.objects.latest("opened_at")
    open_one = surveying.open("Survey of now (example)", now.date() + timedelta(days=28), lead, now)
    listed = Expert.objects.listed().exclude(email="").filter(user=None).order_by("pk")
    for name, expert in zip(_LINKS, listed, strict=False):
        SurveyLink.objects.create(
            survey=over if name == "over" else open_one,
            expert=expert,
            token=f"survey-{name}",
            address_hash=suppression.hash_of(expert.mail_address),
            created_at=now,
            expires_at=now + (timedelta(days=-1) if name == "dead" else links.VALID_FOR),
        )
        if name in ("answered", "leaves"):
            said = {
                "received": 1,
                "countries": ["PE"],
                "about": "Lamps (example)",
                "answered": SurveyAnswer.Answered.ALL,
                "result": "A plan (example)",
                "why_not": "",
                "stays": name != "leaves",
            }
            surveying.answer(open_one.pk, expert.pk, said, now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    surveys = Survey.objects.order_by("opened_at")
    found = {
        f"survey_results@{name}": [survey.pk]
        for name, survey in zip(("before", "over", "open"), surveys, strict=True)
    }
    for name in _LINKS:
        found[f"survey_by_link@{name}"] = [f"survey-{name}"]
        found[f"survey_by_link_fresh@{name}"] = [f"survey-{name}"]
    return found | {"admin:advice_survey_close": [surveys.last().pk]}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {
        "advice_survey": Survey.objects.latest("opened_at").pk,
        "advice_surveyanswer": SurveyAnswer.objects.earliest("pk").pk,
    }
