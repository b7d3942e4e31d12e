"""What the invented last meeting left: agenda, minutes, history of its actions, a final report."""

from datetime import datetime, time, timedelta

from meetings import agenda, report_phases
from meetings.models import (
    AgendaVersion,
    Booking,
    Item,
    Meeting,
    Minutes,
    MinutesText,
    Outcome,
    OutcomeChange,
    Part,
    Registration,
    Report,
    Session,
)
from partners import demonstration as people
from partners.models import Organisation, User

#: Title, kind, minutes of time, what was said
ITEMS = (
    ("Opening", Item.Kind.OPENING, 15, "The Lead opened the meeting. The agenda was adopted."),
    (
        *("Reports of working groups", Item.Kind.PRESENTATION, 60),
        "Three groups reported (example). The group on capacity has begun a fact sheet on the "
        "collection of lamps.\nThe group on thresholds asked for measured concentrations, as "
        "estimates differ by a factor of ten.",
    ),
    (
        *("Activity plan", Item.Kind.DISCUSSION, 45),
        "Partners asked that the plan be looked at once a year, before budgets are decided.",
    ),
    ("Coffee", Item.Kind.BREAK, 15, ""),
    (
        *("Actions until the next meeting", Item.Kind.DISCUSSION, 45),
        "Each action was given an owner and a day. What is open stands on the agenda of the next "
        "meeting.",
    ),
)
#: Sign-in address of who was registered, and whether the name stands in the report
AT_LAST = (
    (people.PARTNER, True),
    (people.EXPERT, False),
    (people.CO_LEAD, True),
    (people.APPLICANT, False),
)
#: Position of the item that brought an outcome, by its number
BROUGHT = {1: 3, 2: 2, 3: 2, 4: 5, 5: 5, 6: 2, 7: 5}
#: Number of an action → days before the loading, its next status, words
PROGRESS = {
    2: ((90, "under_way", "Figures from six countries are there (example)."),),
    3: (
        (150, "under_way", "The English text is being written (example)."),
        (30, "under_way", "The translation waits for a second reader (example)."),
    ),
    5: ((140, "done", "The list stands in the library."),),
}


def load(meeting: Meeting, now: datetime):
    """`meeting` is the last one; its outcomes are there."""
    lead = User.objects.get(email=people.LEAD)
    partner = User.objects.get(email=people.PARTNER)
    held_at = now - timedelta(days=240)
    items = _load_agenda(meeting, lead, held_at)
    Outcome.objects.create(
        meeting=meeting,
        number=7,
        kind=Outcome.Kind.ACTION,
        text="Send the inventory of stored mercury compounds (example)",
        owner=partner,
        organisation=Organisation.objects.filter(contact=partner).first(),
        due_on=now.date() + timedelta(days=10),
        status=Outcome.Status.OPEN,
        created_by=lead,
        created_at=held_at,
        fictitious=True,
    )
    for outcome in meeting.outcomes.filter(number__in=BROUGHT):
        outcome.item = items[BROUGHT[outcome.number] - 1]
        outcome.save(update_fields=["item"])
        _load_history(outcome, lead, now)
    _load_people(meeting, held_at)
    report = Report(meeting=meeting, version=1, changed_by=lead, changed_at=held_at)
    report.introduction = (
        "The meeting was held online. Working groups reported, and the meeting agreed on actions "
        "for the year (example)."
    )
    report.closing = "The Lead thanked all who took part (example)."
    report.save()
    report_phases.make_final(meeting.pk, lead, held_at + timedelta(days=30))


def _load_agenda(meeting: Meeting, lead: User, held_at: datetime) -> list[Item]:
    session = Session.objects.create(
        meeting=meeting,
        number=1,
        title="Reports and plans",
        day=meeting.starts_on,
        begins_at=time(13),
    )
    items = []
    for position, (title, kind, minutes, said) in enumerate(ITEMS, 1):
        item = Item.objects.create(
            session=session, position=position, title=title, kind=kind, duration=minutes
        )
        items.append(item)
        if said:
            written = Minutes.objects.create(
                meeting=meeting, item=item, text=said, changed_by=lead, changed_at=held_at
            )
            MinutesText.objects.create(minutes=written, version=1, text=said, by=lead, at=held_at)
    AgendaVersion.objects.create(
        meeting=meeting,
        number=1,
        content=agenda.content(meeting),
        published_by=lead,
        published_at=held_at - timedelta(days=20),
    )
    return items


def _load_history(outcome: Outcome, lead: User, now: datetime):
    old = Outcome.Status.OPEN
    for days, new, words in PROGRESS.get(outcome.number, ()):
        at = now - timedelta(days=days)
        OutcomeChange.objects.create(outcome=outcome, old=old, new=new, words=words, by=lead, at=at)
        old = new


def _load_people(meeting: Meeting, held_at: datetime):
    """Who was registered: some agreed to stand in the report by name, others did not."""
    online = Part.objects.create(
        meeting=meeting, kind=Part.Kind.ONLINE, next_number=len(AT_LAST) + 1
    )
    for number, (address, in_report) in enumerate(AT_LAST, 1):
        user = User.objects.get(email=address)
        organisation = Organisation.objects.filter(contact=user).first()
        registration = Registration.objects.create(
            meeting=meeting,
            user=user,
            name=str(user),
            organisation=organisation,
            country=organisation.country if organisation else None,
            in_report=in_report,
            created_at=held_at - timedelta(days=30),
            fictitious=True,
        )
        Booking.objects.create(
            part=online,
            registration=registration,
            number=number,
            status=Booking.Status.CONFIRMED,
            at=held_at - timedelta(days=30),
        )
