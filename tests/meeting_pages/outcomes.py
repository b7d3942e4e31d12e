"""Addresses of meetings: minutes, outcomes, report. The letters and roles are those of
tests/pages.py.

The role "partner" owns an action of the last meeting, "other" organises the one that is
"over" and has a draft report, "expert" took part in the last one. "core" is for core members alone.
"""

from datetime import datetime, timedelta

from meetings import deciding, minuting, report_phases
from meetings.demonstration import LAST, NEXT
from meetings.models import Item, Meeting, Minutes, Outcome, Session
from partners.models import User

OURS = """
#                             GET        POST       PUT        DELETE
outcome_list                  2222222222 XXXXXXXXXX XXXXXXXXXX
outcome_export_csv            2222222222 XXXXXXXXXX XXXXXXXXXX
outcome_detail@own            2222222222 XXXXXXXXXX XXXXXXXXXX
outcome_detail@done           2222222222 XXXXXXXXXX XXXXXXXXXX
outcome_detail@decision       2222222222 XXXXXXXXXX XXXXXXXXXX
outcome_detail@core           S----2--22 XXXXXXXXXX XXXXXXXXXX
outcome_progress@own          SXXXXXXXXX SF2FFFFF22 SXXXXXXXXX
outcome_progress@decision     SXXXXXXXXX SFFFFFFFFF SXXXXXXXXX
outcome_progress@core         SXXXXXXXXX S----F--22 SXXXXXXXXX
outcome_edit@own              SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
outcome_edit@core             S----F--22 S----F--22 SXXXXXXXXX
outcome_add@next              SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
outcome_add@core              S----F--22 S----F--22 SXXXXXXXXX
minutes_edit@next             SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
minutes_edit@over             SFFF2FFF22 SXXXXXXXXX SXXXXXXXXX
minutes_edit@last             SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
minutes_edit@core             S----F--22 SXXXXXXXXX SXXXXXXXXX
minutes_save@next             SXXXXXXXXX SFFFFFFF22 SXXXXXXXXX
minutes_save@over             SXXXXXXXXX SFFF2FFF22 SXXXXXXXXX
minutes_texts@last            SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
carry_again@next              SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
report_detail@last            2222222222 XXXXXXXXXX XXXXXXXXXX
report_detail@over            S---2---22 XXXXXXXXXX XXXXXXXXXX
report_detail@next            S-------22 XXXXXXXXXX XXXXXXXXXX
report_detail@core            S-------22 XXXXXXXXXX XXXXXXXXXX
report_pdf@last               2222222222 XXXXXXXXXX XXXXXXXXXX
report_pdf@over               S---2---22 XXXXXXXXXX XXXXXXXXXX
report_edit@last              SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
report_edit@over              SFFF2FFF22 SFFF2FFF22 SXXXXXXXXX
report_edit@next              SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
report_open@over              SXXXXXXXXX SFFFFFFF22 SXXXXXXXXX
report_finish@next            SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
report_take_back@over         SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
registration_report_consent   SXXXXXXXXX S-33------ SXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = {"outcome_export_csv", "report_pdf"}
ALIKE: set[str] = {"outcome_detail@done", "report_detail@next", "minutes_edit@core"}
QUERIES: dict[str, tuple[str, str]] = {
    "outcome_list@late": ("outcome_list", "?status=late&kind=action&owner=group"),
    "outcome_list@nothing": ("outcome_list", "?q=thermometers&year=2013"),
    "outcome_list@unknown": ("outcome_list", "?status=lost&kind=wish&meeting=none&series=none"),
    "outcome_list@past-the-end": ("outcome_list", "?page=99"),
}
CORE, OVER = "core-example", "over-example"


def furnish(partner: User, other: User, lead: User, now: datetime):
    """An organiser who is not the Lead, minutes, a meeting of core members, a draft report."""
    for code, title, audience in (
        (CORE, "A meeting of core members (example)", "core"),
        (OVER, "A webinar that is over (example)", "public"),
    ):
        day = now.date() - timedelta(days=9)
        meeting = Meeting.objects.create(
            code=code,
            title=title,
            audience=audience,
            starts_on=day,
            ends_on=day,
            status=Meeting.Status.HELD,
            fictitious=True,
        )
        values = {"kind": "action", "text": f"Write to all: {title}", "owner_name": "Chair"}
        deciding.add(meeting.pk, values, lead, now)
    over = Meeting.objects.get(code=OVER)
    over.organisers.add(other)
    session = Session.objects.create(meeting=over, number=1, title="Talks", day=over.starts_on)
    item = Item.objects.create(session=session, position=1, title="Welcome")
    minuting.save(item.pk, "The Lead opened the meeting.", 0, lead, now)
    report_phases.save(over.pk, "A first draft.", "", 0, lead, now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    of_last = Outcome.objects.filter(meeting__code=LAST)
    keys = {
        "own": of_last.get(number=7).pk,
        "done": of_last.get(number=5).pk,
        "decision": of_last.get(number=1).pk,
        "core": Outcome.objects.get(meeting__code=CORE).pk,
    }
    codes = {"next": NEXT, "last": LAST, "core": CORE, "over": OVER}
    outcomes = ("outcome_detail", "outcome_progress", "outcome_edit")
    pages = (
        *("outcome_add", "minutes_edit", "carry_again", "report_detail", "report_pdf"),
        *("report_edit", "report_open", "report_finish", "report_take_back"),
    )
    written = Minutes.objects.get(meeting__code=OVER).item_id
    following = Item.objects.filter(session__meeting__code=NEXT).earliest("pk").pk
    earlier = Minutes.objects.filter(meeting__code=LAST).earliest("pk").item_id
    return {
        **{f"{name}@{which}": [key] for name in outcomes for which, key in keys.items()},
        **{f"{name}@{which}": [code] for name in pages for which, code in codes.items()},
        "registration_report_consent": [LAST],
        "minutes_save@next": [NEXT, following],
        "minutes_save@over": [OVER, written],
        "minutes_texts@last": [LAST, earlier],
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
