"""The agenda: the page of a meeting with 60 items, and the queries of a new order."""

from bench.ground import Portal, portal, row
from bench.requests import medians

NAMES = ("agenda.reorder_queries", "agenda.page_ratio")

#: A meeting of two days with 60 items, of which a third has a text, a question and a paper
_MEETING = """
from datetime import date, time
from django.utils import timezone
from experts.models import Expert
from meetings import publishing_agenda
from meetings.models import Item, Meeting, Paper, Presenter, Question, Session
from partners.models import User
lead = User.objects.get(email="lead@example.org")
experts = list(Expert.objects.listed()[:20])
for size in (10, 60):
    meeting = Meeting.objects.create(code=f"items-{size}", title=f"{size} items",
        status="announced", time_zone="Asia/Bangkok", starts_on=date(2027, 3, 9),
        ends_on=date(2027, 3, 10), languages=["en", "fr"])
    for number in range(size):
        if number % 10 == 0:
            session = Session.objects.create(meeting=meeting, number=number // 10 + 1,
                title=f"Session {number // 10 + 1}", day=date(2027, 3, 9 + number // 30),
                begins_at=time(8 + 3 * (number // 10 % 3)), room="Hall A", chair="Chair")
        item = Item.objects.create(session=session, position=number % 10 + 1,
            title=f"Item {number} with a title as long as they are", duration=15,
            text="What it is about." if number % 3 == 0 else "")
        Presenter.objects.create(item=item, name="A name", expert=experts[number % 20])
        if number % 3 == 0:
            Question.objects.create(meeting=meeting, item=item, number=number + 1, text="Why?")
            Paper.objects.create(meeting=meeting, item=item, session_number=session.number,
                number=number + 1, title="A note", audience="public", is_only_named=True)
    seen = publishing_agenda.draft(meeting).seen
    publishing_agenda.publish(meeting.pk, seen, "", False, lead, timezone.now())
print(Expert.objects.listed().first().pk)
"""

#: The first item becomes the last of the next session: the whole request, and the step in it
_REORDER = """
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from meetings import agenda_editing
from meetings.models import Item, Meeting, Session
from partners.models import User
lead = User.objects.get(email="lead@example.org")
for size in (10, 60):
    meeting = Meeting.objects.get(code=f"items-{size}")
    first = Item.objects.filter(session__meeting=meeting).earliest("session__number", "position")
    session = meeting.sessions.latest("number")
    with CaptureQueriesContext(connection) as queries:
        agenda_editing.move_item(meeting.pk, first.pk, session.pk, 99)
    step = len(queries)
    agenda_editing.move_item(meeting.pk, first.pk, meeting.sessions.earliest("number").pk, 1)
    client = Client(SERVER_NAME="localhost")
    client.force_login(lead)
    address = f"/meetings/{meeting.code}/agenda/items/{first.pk}/move/"
    client.post(address, {"way": "down"})
    with CaptureQueriesContext(connection) as queries:
        assert client.post(address, {"way": "up"}).status_code == 302
    print(step, len(queries))
"""


def measure(wanted) -> list[dict]:
    with portal() as running:
        expert = running.python(_MEETING).strip()
        rows = [_reorder(running)]
        if wanted("agenda.page_ratio"):
            pages = {
                "bare": f"/bare/{expert}/",
                "page": "/meetings/items-60/",
                "ten": "/meetings/items-10/",
            }
            took = medians(running.url, pages, rounds=200)
            print("; ".join(f"{name} {value:.1f} ms" for name, value in took.items()))
            rows.append(row("agenda.page_ratio", took["page"] / took["bare"], "×", 8))
    return rows


def _reorder(running: Portal) -> dict:
    found = [tuple(map(int, line.split())) for line in running.python(_REORDER).splitlines()]
    for size, (step, request) in zip((10, 60), found, strict=True):
        print(f"{size} items: {step} queries of the step, {request} of the whole request")
    return row("agenda.reorder_queries", max(step for step, _request in found), "queries", 8)
