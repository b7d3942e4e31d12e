"""What happened around the meetings, for their story: true facts with their source."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Milestone:
    """`month` is 0 where the year alone is known."""

    year: int
    month: int
    text: str
    source: str


_SLIDES = _("Slides of the core-member meeting, Vienna 2018")

MILESTONES = (
    Milestone(
        2005,
        0,
        _("Governments begin the Global Mercury Partnership, a voluntary one."),
        _("UNEP Global Mercury Partnership"),
    ),
    Milestone(2008, 0, _("Japan starts the Waste Management Area, early in the year."), _SLIDES),
    Milestone(
        2010,
        0,
        _("The first draft of the good-practice document is written. Then treaty talks begin."),
        _SLIDES,
    ),
    Milestone(
        2013,
        10,
        _("The Minamata Convention on Mercury is adopted."),
        _("Summary of the third meeting of the area"),
    ),
    Milestone(
        2014,
        0,
        _("A survey asks the 40 experts of the list: 5 of them had ever been asked for advice."),
        _SLIDES,
    ),
    Milestone(
        2023,
        11,
        _(
            "The fifth Conference of the Parties sets 15 mg/kg of total mercury as the threshold "
            "of contaminated waste."
        ),
        _("Decision of the fifth Conference of the Parties"),
    ),
    Milestone(
        2025,
        11,
        _("The sixth Conference of the Parties invites its parties to review the threshold."),
        _("Decision of the sixth Conference of the Parties"),
    ),
)
