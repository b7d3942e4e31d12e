"""The true meetings: agenda, outcomes, papers and site visits as far as they are known."""

import calendar
import json
from datetime import date, datetime
from pathlib import Path

from documents.models import Document
from meetings import agenda
from meetings.models import (
    AgendaVersion,
    Item,
    Meeting,
    Outcome,
    Paper,
    PaperAudience,
    Part,
    Presenter,
    Series,
    Session,
)
from partners import demonstration as people
from partners.models import User

DATA = Path(__file__).parents[1] / "data" / "meetings.json"

SERIES = {
    "area_meeting": ("Meetings of the Waste Management Area", "area-meetings"),
    "core_group": ("Meetings of core members", "core-members"),
    "webinar": ("Webinars", "webinars"),
}
KINDS = {
    "area_meeting": Meeting.Kind.PARTNERSHIP,
    "core_group": Meeting.Kind.CORE,
    "webinar": Meeting.Kind.WEBINAR,
    "side_event": Meeting.Kind.OTHER,
    "related": Meeting.Kind.OTHER,
}
FORMS = {"in_person": Meeting.Form.ON_SITE, "online": Meeting.Form.ONLINE}
#: Zones of the towns, and of online meetings that named their times in another one
ZONES = {
    "Tokyo": "Asia/Tokyo",
    "Osaka": "Asia/Tokyo",
    "Manila": "Asia/Manila",
    "Bangkok": "Asia/Bangkok",
    "Vienna": "Europe/Vienna",
    "Geneva": "Europe/Zurich",
    "Bilbao": "Europe/Madrid",
}
#: Events beside which a meeting was held, where the sources name one
BESIDE = {"wma-bilbao-2019": "ISWA World Congress 2019, Bilbao, 7 to 9 October 2019"}
#: Papers that stand in the library, by the title in the data
IN_LIBRARY = {
    "Good Practices for Management of Mercury Releases from Waste (First Draft)": "good-practices",
    "Report - Analysis of Gaps and Needs in Projects on Management of Mercury Waste and Storage of "
    "Mercury": "gaps-needs-2010",
    "Catalogue of Technologies and Services on Mercury Waste Management": "catalogue-technologies",
    "Business Plan of the Mercury Waste Management Partnership Area (March 2020)": (
        "wma-business-plan-2020"
    ),
    "Partnership Area Activity Plan 2021-2023": "wma-activity-plan-2021",
}


def load(now: datetime):
    lead = User.objects.get(email=people.LEAD)
    series = {
        kind: Series.objects.create(name=name, slug=slug) for kind, (name, slug) in SERIES.items()
    }
    for row in json.loads(DATA.read_text(encoding="utf-8")):
        meeting = _meeting(row, series.get(row["kind"]), lead)
        _load_agenda(meeting, row["agenda"])
        for number, text in enumerate(row["outcomes"], 1):
            Outcome.objects.create(
                meeting=meeting, number=number, kind=Outcome.Kind.RESULT, text=text
            )
        for paper in row["documents"]:
            _load_paper(meeting, paper)
        for visit in row["site_visits"]:
            Part.objects.create(
                meeting=meeting,
                kind=Part.Kind.VISIT,
                title=visit["place"],
                text=visit["description"] or "",
                on=date.fromisoformat(visit["date"]) if visit["date"] else None,
            )


def _meeting(row: dict, series: Series | None, lead: User) -> Meeting:
    starts_on, ends_on = days_of(row["start_date"], row["end_date"])
    return Meeting.objects.create(
        code=row["slug"],
        title=row["title"],
        kind=KINDS[row["kind"]],
        form=FORMS.get(row["format"], row["format"] or ""),
        series=series,
        place=row["city"] or "",
        country_id=row["country"],
        time_zone=ZONES.get(row["city"], "UTC"),
        starts_on=starts_on,
        ends_on=ends_on,
        precision=row["date_precision"],
        summary=row["summary"],
        host=row["host"] or "",
        beside=BESIDE.get(row["slug"], ""),
        status=Meeting.Status.HELD,
        source_text=row["source"],
        url=row["url"] or "",
        created_by=lead,
    )


def days_of(start: str, end: str | None) -> tuple[date, date]:
    """First and last day of "2009-03", "2018" or "2013-12-10", as far as they are known."""
    first = date.fromisoformat(f"{start}-01-01"[:10]) if len(start) < 10 else None
    first = first or date.fromisoformat(start)
    if end:
        return first, date.fromisoformat(end)
    if len(start) == 4:
        return first, date(first.year, 12, 31)
    if len(start) == 7:
        return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return first, first


def _load_agenda(meeting: Meeting, rows: list[dict]):
    """Order alone is known: no times."""
    if not rows:
        return
    session = Session.objects.create(meeting=meeting, number=1, title="Agenda")
    for row in rows:
        item = Item.objects.create(
            session=session, position=row["order"], title=row["title"], duration=None
        )
        if row["presenter_organisation"]:
            Presenter.objects.create(item=item, name=row["presenter_organisation"])
    AgendaVersion.objects.create(
        meeting=meeting, number=1, content=agenda.content(meeting), is_telling=False
    )


def _load_paper(meeting: Meeting, row: dict):
    """Numbered as its title says ("S0-4 ..."), else in its order; a name or a document."""
    label, _space, rest = row["title"].partition(" ")
    is_numbered = label.startswith("S0-") and label[3:].isdigit()
    document = Document.objects.filter(code=IN_LIBRARY.get(row["title"], "")).first()
    Paper.objects.create(
        meeting=meeting,
        number=int(label[3:]) if is_numbered else meeting.papers.count() + 1,
        title=rest if is_numbered else row["title"],
        audience=PaperAudience.PUBLIC,
        document=document,
        is_only_named=document is None,
    )
