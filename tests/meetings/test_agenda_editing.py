"""Organisers write the draft of an agenda and put it in order."""

import random
import threading
from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings import agenda_editing
from meetings.models import Item, Minutes, Paper, Presenter, Question, Session
from partners.refusals import Refused
from tests.factories import (
    BookingFactory,
    ExpertFactory,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    OutcomeFactory,
    PartFactory,
    SessionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def meeting_of(*sizes, **values):
    """A meeting with so many items in each session: a1, a2, …; b1, …"""
    meeting = MeetingFactory(**values)
    for letter, size in zip("abc", sizes, strict=False):
        session = SessionFactory(meeting=meeting, begins_at=time(9 + "abc".index(letter)))
        Item.objects.bulk_create(
            Item(session=session, position=number, title=f"{letter}{number}")
            for number in range(1, size + 1)
        )
    return meeting


def order(meeting) -> str:
    """ "a1 a2 | b1"."""
    return " | ".join(
        " ".join(session.items.order_by("position").values_list("title", flat=True))
        for session in meeting.sessions.all()
    )


def pk(meeting, title) -> int:
    return Item.objects.get(session__meeting=meeting, title=title).pk


def page(name, meeting, *keys) -> str:
    return reverse(name, args=[meeting.code, *keys])


# Order


@pytest.mark.parametrize(
    ("title", "down", "expected"),
    [
        ("a1", True, "a2 a1 | b1 b2 | "),
        ("a2", False, "a2 a1 | b1 b2 | "),
        ("a2", True, "a1 | a2 b1 b2 | "),
        ("b1", False, "a1 a2 b1 | b2 | "),
        ("b2", True, "a1 a2 | b1 | b2"),
    ],
)
def test_an_item_moves_one_place_and_at_an_edge_into_the_next_session(title, down, expected):
    meeting = meeting_of(2, 2, 0)

    agenda_editing.shift_item(meeting.pk, pk(meeting, title), down)

    assert order(meeting) == expected


def test_the_first_and_the_last_of_all_go_no_further():
    meeting = meeting_of(2, 2)
    for title, down in (("a1", False), ("b2", True)):
        with pytest.raises(Refused, match="no place further"):
            agenda_editing.shift_item(meeting.pk, pk(meeting, title), down)
    assert order(meeting) == "a1 a2 | b1 b2"


@pytest.mark.parametrize(
    ("title", "session", "position", "expected"),
    [
        ("a1", 0, 3, "a2 a3 a1 | b1"),
        ("a3", 0, 1, "a3 a1 a2 | b1"),
        ("a2", 1, 1, "a1 a3 | a2 b1"),
        ("a2", 1, 99, "a1 a3 | b1 a2"),
        ("a2", 0, 2, "a1 a2 a3 | b1"),
        ("b1", 0, 0, "b1 a1 a2 a3 | "),
    ],
)
def test_an_item_goes_to_the_place_that_is_named(title, session, position, expected):
    meeting = meeting_of(3, 1)
    to = meeting.sessions.all()[session]

    agenda_editing.move_item(meeting.pk, pk(meeting, title), to.pk, position)

    assert order(meeting) == expected


def test_what_is_of_another_meeting_or_gone_is_not_moved():
    meeting, other = meeting_of(1), meeting_of(1)
    session = meeting.sessions.get()
    for step in (
        lambda: agenda_editing.move_item(meeting.pk, pk(other, "a1"), session.pk, 1),
        lambda: agenda_editing.move_item(other.pk, pk(other, "a1"), session.pk, 1),
        lambda: agenda_editing.shift_item(meeting.pk, pk(other, "a1"), True),
        lambda: agenda_editing.remove_item(meeting.pk, pk(other, "a1")),
        lambda: agenda_editing.remove_session(meeting.pk, other.sessions.get().pk),
    ):
        with pytest.raises(Refused, match="not on the agenda any more"):
            step()


@pytest.mark.parametrize("size", [10, 60])
def test_a_new_order_takes_the_same_few_queries_for_ten_and_for_sixty_items(size):
    meeting = meeting_of(size, 1)
    with CaptureQueriesContext(connection) as queries:
        agenda_editing.move_item(meeting.pk, pk(meeting, "a1"), meeting.sessions.last().pk, 1)
    assert len(queries) <= 8


@pytest.mark.django_db(transaction=True)
def test_two_organisers_who_order_at_once_lose_and_double_nothing():
    meeting = meeting_of(6, 3)
    sessions = [session.pk for session in meeting.sessions.all()]
    items = list(Item.objects.filter(session__meeting=meeting).values_list("pk", flat=True))
    failed = []

    def work(seed):
        draw = random.Random(seed)
        try:
            for _n in range(20):
                agenda_editing.move_item(
                    meeting.pk, draw.choice(items), draw.choice(sessions), draw.randint(1, 6)
                )
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[seed]) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sorted(order(meeting).replace("| ", "").split()) == [
        *("a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "b3")
    ]
    for session in meeting.sessions.all():
        positions = list(session.items.order_by("position").values_list("position", flat=True))
        assert positions == list(range(1, len(positions) + 1))


def test_after_a_button_the_focus_is_on_the_moved_item_again(client):
    meeting = meeting_of(3)
    client.force_login(LeadFactory())

    answer = client.post(
        page("item_move", meeting, pk(meeting, "a2")), {"way": "down"}, follow=True
    )

    assert order(meeting) == "a1 a3 a2"
    words = answer.content.decode()
    assert "“a2” is now number 3 of its session." in words
    # It is the last now, so the button beside it takes the focus
    assert answer.context["focus"] == f"{pk(meeting, 'a2')}-up"
    assert words.count("autofocus") == 1


def test_an_item_is_moved_by_the_form_and_wrong_places_are_said(client):
    meeting, other = meeting_of(2, 1), meeting_of(1)
    client.force_login(LeadFactory())
    address = page("item_move", meeting, pk(meeting, "a1"))

    for session, position in (
        (other.sessions.get().pk, 1),
        (meeting.sessions.last().pk, 0),
        ("x", "y"),
    ):
        answer = client.post(address, {"session": session, "position": position})
        assert answer.status_code == 200
    assert order(meeting) == "a1 a2 | b1"
    client.post(address, {"session": meeting.sessions.last().pk, "position": 2})
    assert order(meeting) == "a2 | b1 a1"


# Sessions


def session_typed(**changes) -> dict:
    return {
        "number": "1",
        "title": "Opening",
        "title_fr": "Ouverture",
        "title_es": "",
        "day": "2027-03-09",
        "begins_at": "09:00",
        "room": "Hall A",
        "chair": "Chair",
        **changes,
    }


def test_a_session_is_added_and_edited(client):
    meeting = MeetingFactory()
    client.force_login(LeadFactory())

    client.post(page("session_add", meeting), session_typed())
    session = meeting.sessions.get()
    seen = client.get(page("session_edit", meeting, session.pk)).context["seen"]
    client.post(page("session_edit", meeting, session.pk), session_typed(room="Hall B", seen=seen))

    session.refresh_from_db()
    assert (session.number, session.title, session.title_fr) == (1, "Opening", "Ouverture")
    assert (session.day, session.begins_at) == (date(2027, 3, 9), time(9))
    assert (session.room, session.chair) == ("Hall B", "Chair")


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("title", "", "This field is required"),
        ("number", "0", "greater than or equal to 1"),
        ("number", "7", "Session 7 is there already. The next free number is 10."),
        ("number", "9", "There are papers of a session 9."),
        ("day", "", "Give the day and the time, or leave both empty."),
        ("begins_at", "", "Give the day and the time, or leave both empty."),
        ("begins_at", "25:00", "Enter a valid time"),
        ("room", "x" * 101, "at most 100 characters"),
    ],
)
def test_a_session_that_cannot_be_is_said_beside_the_field(client, field, wrong, said):
    meeting = MeetingFactory()
    SessionFactory(meeting=meeting, number=7)
    Paper.objects.create(meeting=meeting, session_number=9, number=1, title="Of a former session")
    client.force_login(LeadFactory())

    answer = client.post(page("session_add", meeting), session_typed(**{field: wrong}))

    assert said in str(answer.context["form"].errors[field])
    assert "Ouverture" in answer.content.decode()
    assert meeting.sessions.count() == 1


def test_a_time_that_the_change_of_clocks_leaves_out_is_no_time(client):
    meeting = MeetingFactory(time_zone="Europe/Vienna")
    client.force_login(LeadFactory())
    typed = session_typed(day="2027-03-28", begins_at="02:30")
    answer = client.post(page("session_add", meeting), typed)
    assert "there is no such time" in str(answer.context["form"].errors["begins_at"])


def test_a_session_with_papers_keeps_its_number():
    session = SessionFactory()
    Paper.objects.create(
        meeting=session.meeting, session=session, session_number=1, number=1, title="Note"
    )
    values = agenda_editing.values_of_session(session)
    seen = agenda_editing.fingerprint(values)
    with pytest.raises(Refused, match="it keeps it"):
        agenda_editing.edit_session(session.meeting.pk, session.pk, values | {"number": 2}, seen)


def test_a_session_goes_with_its_items_unless_minutes_or_outcomes_hang_on_one():
    meeting = meeting_of(2, 1, 1)
    minuted, decided, free = meeting.sessions.all()
    Minutes.objects.create(
        meeting=meeting, item=minuted.items.first(), text="Said.", changed_by=UserFactory()
    )
    OutcomeFactory(meeting=meeting, item=decided.items.first())

    for session in (minuted, decided):
        with pytest.raises(Refused, match="minutes or outcomes"):
            agenda_editing.remove_session(meeting.pk, session.pk)
    agenda_editing.remove_session(meeting.pk, free.pk)

    assert order(meeting) == "a1 a2 | b1"


# Items


def item_typed(*presenters, **changes) -> dict:
    """`presenters`: (name, link)."""
    data = {
        "title": "Review of the threshold",
        "title_fr": "Examen du seuil",
        "title_es": "",
        "kind": "discussion",
        "duration": "45",
        "text": "What was measured.",
        "questions": "Is it right?\n\n  What is   missing? \nIs it right?",
        "cancelled_because": "",
        "presenters-TOTAL_FORMS": str(len(presenters) + 1),
        "presenters-INITIAL_FORMS": "0",
        **changes,
    }
    for number, (name, link) in enumerate(presenters):
        data[f"presenters-{number}-name"], data[f"presenters-{number}-link"] = name, link
    return data


def test_an_item_is_added_with_its_presenters_and_questions(client):
    session = SessionFactory()
    meeting = session.meeting
    expert = ExpertFactory(name="Amina Sample (example)")
    taking_part = BookingFactory(part=PartFactory(meeting=meeting)).registration.user
    organiser = UserFactory(name="Olga Organiser")
    meeting.organisers.add(organiser)
    client.force_login(organiser)

    client.post(
        page("item_add", meeting, session.pk),
        item_typed(
            ("A. Sample", str(expert.pk)),
            ("", expert.name),
            ("", taking_part.email.upper()),
            ("Olga", organiser.email),
            ("Drafting team", ""),
            ("", ""),
        ),
    )

    item = session.items.get()
    assert (item.title, item.title_fr, item.kind) == (
        *("Review of the threshold", "Examen du seuil"),
        Item.Kind.DISCUSSION,
    )
    assert (item.duration, item.text, item.is_cancelled) == (45, "What was measured.", False)
    assert list(item.presenters.values_list("name", "user", "expert")) == [
        ("A. Sample", None, expert.pk),
        (expert.name, None, expert.pk),
        (str(taking_part), taking_part.pk, None),
        ("Olga", organiser.pk, None),
        ("Drafting team", None, None),
    ]
    assert list(item.questions.order_by("number").values_list("number", "kind", "text")) == [
        (1, "discussion", "Is it right?"),
        (2, "discussion", "What is missing?"),
    ]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("stranger@example.org", "Nobody with this address is registered"),
        ("999999", "No expert with this number"),
        ("9" * 30, "No expert with this number"),
        ("Nobody At All", "is not on the list of experts"),
    ],
)
def test_a_presenter_whom_the_portal_does_not_know_is_said_and_nothing_is_lost(client, link, said):
    UserFactory(email="stranger@example.org")
    session = SessionFactory()
    client.force_login(LeadFactory())

    answer = client.post(
        page("item_add", session.meeting, session.pk), item_typed(("Typed name", link))
    )

    assert said in str(answer.context["rows"].forms[0].errors["link"])
    words = answer.content.decode()
    assert ["Typed name" in words, "Examen du seuil" in words] == [True, True]
    assert not session.items.exists()


def test_the_name_stays_where_a_profile_leaves_the_list(client):
    expert = ExpertFactory(status="unlisted")
    item = ItemFactory()
    Presenter.objects.create(item=item, name="Kept name", expert=expert)
    client.force_login(LeadFactory())
    address = page("item_edit", item.session.meeting, item.pk)
    seen = client.get(address).context["seen"]

    client.post(
        address,
        item_typed(("Kept name", str(expert.pk)), seen=seen, **{"presenters-INITIAL_FORMS": "1"}),
    )

    assert list(item.presenters.values_list("name", "expert")) == [("Kept name", expert.pk)]
    item.refresh_from_db()
    assert item.title == "Review of the threshold"


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("title", "", "This field is required"),
        ("kind", "party", "Select a valid choice"),
        ("duration", "0", "Between one minute and a day"),
        ("duration", "1441", "Between one minute and a day"),
        ("duration", "9" * 20, "Between one minute and a day"),
        ("questions", "x" * 501, "at most 500 characters"),
        ("cancelled_because", "Moved", "Tick this"),
    ],
)
def test_an_item_that_cannot_be_is_said_beside_the_field(client, field, wrong, said):
    session = SessionFactory()
    client.force_login(LeadFactory())
    answer = client.post(
        page("item_add", session.meeting, session.pk), item_typed(**{field: wrong})
    )
    at = "is_cancelled" if field == "cancelled_because" else field
    assert said in str(answer.context["form"].errors[at])
    assert not session.items.exists()


def test_discussion_questions_follow_the_lines_and_polls_are_left_alone():
    item = ItemFactory()
    meeting = item.session.meeting
    for number, text, kind in (
        (1, "First?", "discussion"),
        (2, "A poll?", "ranking"),
        (3, "Second?", "discussion"),
    ):
        Question.objects.create(
            meeting=meeting, item=item, number=number, text=text, kind=kind, text_fr=f"{text} (fr)"
        )
    stored = agenda_editing.values_of_item(item)
    assert stored["questions"] == ["First?", "Second?"]

    agenda_editing.edit_item(
        meeting.pk,
        item.pk,
        stored | {"questions": ["Second?", "New?", "Third?"]},
        agenda_editing.fingerprint(stored),
    )

    assert list(meeting.questions.order_by("number").values_list("number", "text", "text_fr")) == [
        (1, "Second?", "Second? (fr)"),
        (2, "A poll?", "A poll? (fr)"),
        (3, "New?", ""),
        (4, "Third?", ""),
    ]


def test_of_two_who_edit_an_item_at_once_the_second_sees_both_texts(client):
    item = ItemFactory(title="Old title")
    meeting = item.session.meeting
    client.force_login(LeadFactory())
    address = page("item_edit", meeting, item.pk)
    seen = client.get(address).context["seen"]
    client.post(address, item_typed(title="From the first", seen=seen))

    answer = client.post(address, item_typed(title="From the second", seen=seen))

    assert answer.context["differences"] == [("Title", "From the first", "From the second")]
    item.refresh_from_db()
    assert item.title == "From the first"
    client.post(address, item_typed(title="From the second", seen=answer.context["seen"]))
    item.refresh_from_db()
    assert item.title == "From the second"


def test_an_item_goes_with_its_discussion_questions_and_its_papers_stay():
    item = ItemFactory()
    meeting = item.session.meeting
    Question.objects.create(meeting=meeting, item=item, number=1, text="For discussion?")
    Question.objects.create(meeting=meeting, item=item, number=2, text="A poll?", kind="written")
    Paper.objects.create(meeting=meeting, item=item, session_number=1, number=1, title="Note")

    agenda_editing.remove_item(meeting.pk, item.pk)

    assert list(meeting.questions.values_list("number", "item")) == [(2, None)]
    assert list(meeting.papers.values_list("title", "item")) == [("Note", None)]
    assert not Item.objects.exists()


# Who may


def test_an_organiser_edits_the_own_meeting_and_no_other(client):
    own, other = meeting_of(2), meeting_of(2)
    organiser = UserFactory()
    own.organisers.add(organiser)
    client.force_login(organiser)

    for meeting, code in ((own, 302), (other, 403)):
        answer = client.post(page("item_move", meeting, pk(meeting, "a1")), {"way": "down"})
        assert answer.status_code == code
    # A session of another meeting is not there under the address of the own one
    foreign = Session.objects.get(meeting=other)
    client.post(page("session_remove", own, foreign.pk))
    client.post(page("item_add", own, foreign.pk), item_typed())
    client.post(page("item_move", own, pk(other, "a1")), {"way": "down"})

    assert order(own) == "a2 a1"
    assert order(other) == "a1 a2"
