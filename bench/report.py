"""The report of a big meeting as PDF, from its rows, against Typst alone with the same text.

`python -m bench.report prepare` and `... make FOLDER` are the children, in the environment of a
portal: they write the meeting, and make its file both ways, in turn.
"""

import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

NAMES = ("report.pdf_ratio",)
ITEMS, OUTCOMES, PEOPLE, PAPERS = 60, 40, 200, 60
RUNS = 5
CODE = "bench-report"
REFERENCE = Path(__file__).parent / "reference_report.typ"
SAID = (
    "The meeting looked at what countries had reported, and at what is still missing. Several "
    "partners said that figures differ by a factor of ten, as methods of measurement differ. "
)


def measure(wanted) -> list[dict]:
    from bench.ground import child, portal, row

    with portal() as place, tempfile.TemporaryDirectory() as folder:
        child(place.environ, "bench.report", "prepare")
        made = json.loads(child(place.environ, "bench.report", "make", folder))
    print(
        f"  {ITEMS} items, {OUTCOMES} outcomes, {made['pages']} pages: from the rows "
        f"{made['whole']:.2f} s, Typst alone {made['alone']:.2f} s"
    )
    return [row("report.pdf_ratio", made["whole"] / made["alone"], "×", 3)]


def prepare():
    """One meeting with minutes of some 100 words under each item."""
    from django.db import transaction
    from django.utils import timezone

    from meetings import agenda
    from meetings.models import (
        AgendaVersion,
        Booking,
        Item,
        Meeting,
        Minutes,
        Outcome,
        Paper,
        Part,
        Registration,
        Session,
    )
    from partners.models import Country, User

    now = timezone.now()
    day = now.date() - timedelta(days=30)
    lead = User.objects.filter(roles__kind="lead").first()
    countries = list(Country.objects.values_list("pk", flat=True))
    with transaction.atomic():
        meeting = Meeting.objects.create(
            code=CODE, title="A big meeting", starts_on=day, ends_on=day, status="held"
        )
        for number in range(1, 7):
            session = Session.objects.create(meeting=meeting, number=number, title="Talks", day=day)
            for position in range(ITEMS // 6):
                item = Item.objects.create(
                    session=session, position=position, title=f"Talk {number}.{position}"
                )
                Minutes.objects.create(
                    meeting=meeting, item=item, text=SAID * 4, changed_by=lead, version=1
                )
        for number in range(1, OUTCOMES + 1):
            is_action = number % 2 == 0
            Outcome.objects.create(
                meeting=meeting,
                number=number,
                kind="action" if is_action else "decision",
                status="open" if is_action else "",
                text=f"{number}: {SAID}",
                owner_name="Working group" if is_action else "",
                due_on=day if is_action else None,
            )
        part = Part.objects.create(meeting=meeting, kind=Part.Kind.ONLINE)
        for number in range(PEOPLE):
            user = User.objects.create(email=f"bench{number}@example.org", name=f"Person {number}")
            registration = Registration.objects.create(
                meeting=meeting,
                user=user,
                name=user.name,
                country_id=countries[number % 80],
                in_report=number % 2 == 0,
            )
            Booking.objects.create(
                part=part, registration=registration, number=number + 1, status="confirmed"
            )
        for number in range(1, PAPERS + 1):
            Paper.objects.create(
                meeting=meeting,
                number=number,
                title=f"Paper {number}",
                audience="public",
                is_only_named=True,
            )
        AgendaVersion.objects.create(meeting=meeting, number=1, content=agenda.content(meeting))


def make(folder: Path) -> dict:
    """Median seconds of both ways, and how many pages the report has."""
    import io

    from django.utils import timezone
    from pypdf import PdfReader

    from meetings import report_printing, reporting
    from meetings.models import Meeting, Report
    from partners import typesetting
    from partners.audience import Audience
    from partners.typesetting.letters import showable

    meeting, now = Meeting.objects.get(code=CODE), timezone.now()
    content = reporting.printed(Report(meeting=meeting), Audience.PUBLIC, now)
    words = report_printing.data(content, "Draft", showable)
    whole, alone = [], []
    for _run in range(RUNS):
        began = time.perf_counter()
        report = Report(meeting=Meeting.objects.get(code=CODE))
        printed = reporting.printed(report, Audience.PUBLIC, now)
        file = report_printing.pdf(printed, "Draft")
        whole.append(time.perf_counter() - began)
        began = time.perf_counter()
        typesetting.write_pdf(REFERENCE, words, 120, folder)
        alone.append(time.perf_counter() - began)
    pages = len(PdfReader(io.BytesIO(file)).pages)
    return {"whole": median(whole), "alone": median(alone), "pages": pages}


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "prepare":
        prepare()
    else:
        print(json.dumps(make(Path(sys.argv[2]))))
