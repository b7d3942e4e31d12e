"""What is different between two versions of an agenda, in words."""

from datetime import date, time

import pytest

from meetings import agenda, agenda_changes
from meetings.agenda_changes import Change
from meetings.models import Item, Presenter, Session
from tests.factories import ExpertFactory, ItemFactory, MeetingFactory, SessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting():
    """A and B in the first session, C in the second; 20 minutes each."""
    meeting = MeetingFactory()
    for begins_at, titles in ((time(9), "ABC"), (time(14), "D")):
        session = SessionFactory(meeting=meeting, begins_at=begins_at, room="Hall A", chair="Chair")
        for title in titles:
            ItemFactory(session=session, title=title)
    return meeting


def compared(meeting, change) -> list[Change]:
    before = agenda.content(meeting)
    change(meeting)
    return agenda_changes.compare(before, agenda.content(meeting, before), meeting)


def items(title):
    return Item.objects.filter(title=title)


def sessions(number):
    return Session.objects.filter(number=number)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _m: None, []),
        (lambda _m: items("A").update(title="Z"), [("“A” is now called “Z”.", False)]),
        (
            lambda _m: items("A").update(text="New"),
            [("“A”: what it is about is said in other words.", False)],
        ),
        (lambda _m: items("A").update(kind="break"), [("“A”: Break.", False)]),
        (lambda _m: items("A").update(title_fr="A"), [("“A”: title in other languages.", False)]),
        (
            lambda _m: items("A").update(duration=45),
            [
                ("“A” takes 45 minutes instead of 20 minutes.", True),
                ("25 minutes later: “B”; “C”.", True),
            ],
        ),
        (
            lambda _m: items("C").update(duration=None),
            [("“C” takes a time not known instead of 20 minutes.", True)],
        ),
        (
            lambda _m: items("A").update(is_cancelled=True, cancelled_because="No speaker"),
            [("Cancelled: “A” (No speaker).", True), ("20 minutes earlier: “B”; “C”.", True)],
        ),
        (
            lambda m: ItemFactory(session=m.sessions.get(number=2), title="E"),
            [("Added: “E”, Tuesday 9 March, 14:20.", True)],
        ),
        (
            lambda _m: items("B").delete(),
            [("20 minutes earlier: “C”.", True), ("Removed: “B”.", True)],
        ),
        (
            lambda m: items("C").update(session=m.sessions.get(number=2), position=2),
            [("Moved: “C”, Tuesday 9 March, 14:20.", True)],
        ),
        (
            lambda _m: [items("A").update(position=9), items("B").update(position=8)],
            [
                ("Moved: “C”, Tuesday 9 March, 09:00.", True),
                ("Moved: “B”, Tuesday 9 March, 09:20.", True),
                ("40 minutes later: “A”.", True),
            ],
        ),
        (
            lambda _m: sessions(1).update(begins_at=time(10)),
            [("Session 1 begins Tuesday 9 March, 10:00 instead of Tuesday 9 March, 09:00.", True)],
        ),
        (
            lambda _m: sessions(2).update(day=date(2027, 3, 10)),
            [
                (
                    "Session 2 begins Wednesday 10 March, 14:00 instead of Tuesday 9 March, 14:00.",
                    True,
                )
            ],
        ),
        (
            lambda _m: sessions(1).update(room=""),
            [("Room of session 1: no room instead of Hall A.", True)],
        ),
        (
            lambda _m: sessions(1).update(chair="Other"),
            [("Chair of session 1: Other instead of Chair.", False)],
        ),
        (
            lambda _m: sessions(1).update(title="Start"),
            [("Session 1 is now called “Start”.", False)],
        ),
        (
            lambda _m: sessions(1).update(title_es="Sesión"),
            [("Title of session 1 in other languages.", False)],
        ),
        (lambda _m: sessions(2).update(number=7), [("Session 2 is now session 7.", False)]),
        (
            lambda _m: sessions(2).delete(),
            [("Session 2 is removed: “Session 2 (example)”.", True), ("Removed: “D”.", True)],
        ),
        (
            lambda m: SessionFactory(meeting=m, title="New"),
            [("New session 3: “New”.", True)],
        ),
        (
            lambda _m: Presenter.objects.create(item=items("A").get(), name="Ana"),
            [("“A”: Ana instead of nobody.", False)],
        ),
    ],
)
def test_each_change_is_said_in_words(meeting, change, expected):
    assert compared(meeting, change) == [Change(words, noticed) for words, noticed in expected]


def test_a_presenter_who_got_a_profile_is_a_change_too(meeting):
    presenter = Presenter.objects.create(item=items("A").get(), name="Ana")

    def link(_meeting):
        presenter.expert = ExpertFactory()
        presenter.save()

    assert compared(meeting, link) == [Change("“A”: links to the profiles of presenters.")]


def test_an_item_that_takes_place_after_all_says_when(meeting):
    items("C").update(is_cancelled=True)

    assert compared(meeting, lambda _m: items("C").update(is_cancelled=False)) == [
        Change("Takes place after all: “C”, Tuesday 9 March, 09:40.", True)
    ]


def test_an_agenda_without_times_is_compared_by_its_sessions():
    meeting = MeetingFactory()
    for _n in range(2):
        ItemFactory(
            session=SessionFactory(meeting=meeting, day=None, begins_at=None), duration=None
        )
    first, second = meeting.sessions.all()

    def move(_meeting):
        first.items.update(session=second, position=5)

    [item] = first.items.all()
    assert compared(meeting, move) == [Change(f"Moved: “{item.title}”, session 2.", True)]
