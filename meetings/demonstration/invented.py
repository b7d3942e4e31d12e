"""An invented last meeting with open actions, and the next one, which is announced."""

from datetime import datetime, time, timedelta

from meetings import agenda
from meetings.models import (
    AgendaVersion,
    Item,
    Meeting,
    Outcome,
    Part,
    Presenter,
    RegistrationDesk,
    Series,
    Session,
)
from partners import demonstration as people
from partners.models import User

NEXT, LAST = "next-meeting-example", "last-meeting-example"

#: Session: title, day of the meeting from 0, begins, items of (title, kind, minutes, presenter)
AGENDA = (
    (
        "Opening and review",
        0,
        time(9),
        (
            ("Opening", Item.Kind.OPENING, 20, "Lead"),
            ("Open actions from the last meeting", Item.Kind.DISCUSSION, 40, "Chair"),
            ("Situation and needs of countries", Item.Kind.DISCUSSION, 90, "All partners"),
            ("Coffee", Item.Kind.BREAK, 15, ""),
            ("Review of the threshold of 15 mg/kg", Item.Kind.PRESENTATION, 75, "Drafting team"),
        ),
    ),
    (
        "Technologies and services",
        0,
        time(14),
        (
            ("Stabilization: what it costs", Item.Kind.PRESENTATION, 30, "Expert 07 (example)"),
            ("Storage before treatment", Item.Kind.PRESENTATION, 30, "Expert 12 (example)"),
            ("Tea", Item.Kind.BREAK, 20, ""),
            ("Which services are missing?", Item.Kind.DISCUSSION, 60, "Chair"),
        ),
    ),
    (
        "Way forward",
        1,
        time(9, 30),
        (
            ("Priority areas", Item.Kind.DISCUSSION, 90, "Chair"),
            ("Coffee", Item.Kind.BREAK, 15, ""),
            ("Decisions and actions", Item.Kind.DISCUSSION, 60, "Lead"),
        ),
    ),
)
#: Kind, text, owner, days from the loading until it is due, status, evidence
OUTCOMES = (
    ("decision", "The activity plan is reviewed each year in March (example)", "", None, "", ""),
    (
        *("action", "Collect measured concentrations from 10 countries (example)", "Lead", 60),
        *("under_way", ""),
    ),
    (
        *("action", "Fact sheet on lamp collection in two languages (example)"),
        *("Working group on capacity (example)", -60, "under_way", ""),
    ),
    (
        *("action", "Name a contact for gold mining waste (example)", "Secretariat", 95),
        *("open", ""),
    ),
    (
        *("action", "Publish the list of treatment facilities (example)", "Lead", -120),
        *("done", "The list stands in the library."),
    ),
    (
        *("recommendation", "Countries report concentrations with the method of measurement"),
        *("", None, "", ""),
    ),
)


def load(now: datetime):
    lead = User.objects.get(email=people.LEAD)
    series = Series.objects.get(slug="area-meetings")
    _load_last(series, lead, now)
    _load_next(series, lead, now)


def _load_last(series: Series, lead: User, now: datetime):
    day = now.date() - timedelta(days=240)
    meeting = Meeting.objects.create(
        code=LAST,
        title=f"{day.year} meeting of the Waste Management Area (example)",
        series=series,
        form=Meeting.Form.ONLINE,
        time_zone="Europe/Paris",
        starts_on=day,
        ends_on=day,
        languages=["en"],
        summary="Working groups reported, and the meeting agreed on actions for the year.",
        host="Lead (example)",
        status=Meeting.Status.HELD,
        created_by=lead,
        fictitious=True,
    )
    for number, (kind, text, owner, due, status, evidence) in enumerate(OUTCOMES, 1):
        Outcome.objects.create(
            meeting=meeting,
            number=number,
            kind=kind,
            text=text,
            owner=lead if owner == "Lead" else None,
            owner_name="" if owner == "Lead" else owner,
            due_on=now.date() + timedelta(days=due) if due is not None else None,
            status=status,
            evidence=evidence,
            created_at=now - timedelta(days=240),
            fictitious=True,
        )


def _load_next(series: Series, lead: User, now: datetime):
    first = now.date() + timedelta(days=100)
    meeting = Meeting.objects.create(
        code=NEXT,
        title=f"{first.year} meeting of the Waste Management Area (example)",
        series=series,
        form=Meeting.Form.HYBRID,
        place="Conference centre (example), Bangkok",
        country_id="TH",
        time_zone="Asia/Bangkok",
        starts_on=first,
        ends_on=first + timedelta(days=1),
        languages=["en", "fr"],
        summary=(
            "What became of the actions of the last meeting, what countries need, and what comes "
            "first in the next two years."
        ),
        host="Department of Pollution Survey (example)",
        contact="Secretariat of the meeting (example), meeting@example.org",
        practical="The hall is ten minutes from the station. Lunch is offered on both days.",
        online_address="https://example.org/meeting",
        beside="Regional Basel workshop (example)",
        status=Meeting.Status.ANNOUNCED,
        created_by=lead,
        fictitious=True,
    )
    _load_agenda(meeting, lead, now)
    _load_desk(meeting, now)


def _load_agenda(meeting: Meeting, lead: User, now: datetime):
    for number, (title, day, begins_at, items) in enumerate(AGENDA, 1):
        session = Session.objects.create(
            meeting=meeting,
            number=number,
            title=title,
            day=meeting.starts_on + timedelta(days=day),
            begins_at=begins_at,
            room="Hall A",
            chair="Chair (example)",
        )
        for position, (item_title, kind, minutes, presenter) in enumerate(items, 1):
            item = Item.objects.create(
                session=session,
                position=position,
                title=item_title,
                kind=kind,
                duration=minutes,
                carries_actions=item_title.startswith("Open actions"),
            )
            if presenter:
                Presenter.objects.create(item=item, name=presenter)
    AgendaVersion.objects.create(
        meeting=meeting,
        number=1,
        content=agenda.content(meeting),
        published_by=lead,
        published_at=now - timedelta(days=10),
    )


def _load_desk(meeting: Meeting, now: datetime):
    for kind, seats in ((Part.Kind.ON_SITE, 60), (Part.Kind.ONLINE, None)):
        Part.objects.create(meeting=meeting, kind=kind, seats=seats)
    Part.objects.create(
        meeting=meeting,
        kind=Part.Kind.VISIT,
        title="Lamp recycling plant (example)",
        text="By bus from the venue. Closed shoes are needed.",
        on=meeting.starts_on - timedelta(days=1),
        begins_at=time(13),
        seats=3,
    )
    RegistrationDesk.objects.create(
        meeting=meeting,
        opens_at=now - timedelta(days=10),
        closes_at=now + timedelta(days=75),
        asks_funding=True,
        offers_letters=True,
        erase_on=meeting.starts_on + timedelta(days=30),
    )
