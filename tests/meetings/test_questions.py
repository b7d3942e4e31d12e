"""Questions to partners: who is asked, one answer each, anonymous ones, results and rights."""

import csv
import io
import itertools
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from meetings import answering, asking, permissions, question_sets, results, waiting
from meetings.answering import Said
from meetings.asking import Choice
from meetings.models import Answer, Answered, Meeting, Pick, Question
from meetings.showing import agenda as showing_agenda
from partners.models import User
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    QuestionFactory,
    SessionFactory,
    UserFactory,
)
from tests.meetings.calendars import publish

pytestmark = pytest.mark.django_db
Kind, Unit, Asked = Question.Kind, Question.Unit, Question.AskedOf
OF_HOUSES = {"unit": Unit.ORGANISATION}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def partner_house():
    house = OrganisationFactory()
    PartnerFactory(person=None, organisation=house)
    return house


def member(house) -> User:
    return MembershipFactory(organisation=house).user


def participant(meeting: Meeting) -> User:
    return BookingFactory(part__meeting=meeting).registration.user


def keys(question: Question) -> list[int]:
    return [one.pk for one in question.options.all()]


def answer(question: Question, by: User, *places: int, house=None, text: str = "", **more):
    """Choose options by their numbers from 1."""
    picks = tuple(keys(question)[place - 1] for place in places)
    answering.answer(question.pk, Said(text, picks), by, NOW, house, **more)


def chosen(question: Question) -> list[tuple[str, ...]]:
    """The options of each answer, the first place first."""
    rows = question.answers.prefetch_related("picks__option")
    return sorted(tuple(str(pick.option) for pick in row.picks.all()) for row in rows)


# Who is asked


def test_partners_answer_what_partners_are_asked_and_participants_what_participants_are():
    meeting = MeetingFactory()
    of_partners = QuestionFactory(meeting=meeting)
    of_participants = QuestionFactory(meeting=meeting, asked_of=Asked.PARTICIPANTS)
    taking_part = BookingFactory(part__meeting=meeting)
    waits = BookingFactory(part=taking_part.part, status="waiting").registration.user
    people = [PartnerUserFactory(), taking_part.registration.user, waits, UserFactory()]

    def asked(question: Question) -> list[bool]:
        return [permissions.is_asked(one, question, NOW.date()) for one in people]

    assert asked(of_partners) == [True, False, False, False]
    assert asked(of_participants) == [False, True, False, False]
    with pytest.raises(Refused, match="asked of others"):
        answer(of_participants, people[0], 1)


def test_colleagues_have_one_answer_of_their_organisation_and_change_it(client):
    house, question = partner_house(), QuestionFactory(**OF_HOUSES)
    first, second = member(house), member(house)
    client.force_login(first)
    client.post(question.get_absolute_url(), {"choice": keys(question)[0], "seen": ""})
    client.force_login(second)

    page = client.get(question.get_absolute_url())

    assert page.context["form"]["choice"].value() == str(keys(question)[0])
    assert f"{first} has answered for {house}" in page.content.decode()
    seen = page.context["seen"]
    client.post(question.get_absolute_url(), {"choice": keys(question)[1], "seen": seen})
    assert chosen(question) == [("No",)]
    assert (question.answers.get().user, question.answers.get().organisation) == (second, house)


def test_who_did_not_see_a_colleagues_answer_is_shown_it_first(client):
    house, question = partner_house(), QuestionFactory(kind=Kind.WRITTEN, **OF_HOUSES)
    first, second = member(house), member(house)
    answer(question, first, house=house, text="Of the first.")
    client.force_login(second)

    page = client.post(question.get_absolute_url(), {"text": "Of the second.", "seen": ""})

    words = page.content.decode()
    assert question.answers.get().text == "Of the first."
    assert "Of the first." in words
    assert "Of the second." in words
    again = {"text": "Of the second.", "seen": page.context["seen"]}
    client.post(question.get_absolute_url(), again)
    assert question.answers.get().text == "Of the second."


def test_who_belongs_to_two_organisations_answers_for_each(client):
    houses, question = [partner_house(), partner_house()], QuestionFactory(**OF_HOUSES)
    person = member(houses[0])
    MembershipFactory(user=person, organisation=houses[1])
    client.force_login(person)

    for house, key in zip(houses, keys(question), strict=False):
        address = f"{question.get_absolute_url()}?organisation={house.pk}"
        client.post(address, {"choice": key, "seen": ""})

    assert chosen(question) == [("No",), ("Yes",)]
    assert {row.organisation for row in question.answered.all()} == set(houses)


def test_an_organisation_is_none_of_a_stranger_nor_of_one_that_is_no_partner():
    question, house = QuestionFactory(**OF_HOUSES), partner_house()
    alone = PartnerUserFactory()
    MembershipFactory(user=alone, organisation=OrganisationFactory())

    assert permissions.answers_for(alone, question, NOW.date()) == []
    with pytest.raises(Refused, match="Choose one to which you belong"):
        answer(question, alone, 1, house=house)


# When


def test_answers_are_taken_while_a_question_is_open_and_until_its_time():
    partner = PartnerUserFactory()
    for changes in (
        {"status": "prepared"},
        {"status": "closed"},
        {"closes_at": NOW},
    ):
        with pytest.raises(Refused, match="takes no answers now"):
            answer(QuestionFactory(**changes), partner, 1)
    answer(QuestionFactory(closes_at=NOW + timedelta(seconds=1)), partner, 1)
    assert Answered.objects.count() == 1


def test_who_wrote_while_the_question_was_closed_has_the_words_still(client):
    question = QuestionFactory(kind=Kind.WRITTEN, status="closed")
    client.force_login(PartnerUserFactory())

    page = client.post(question.get_absolute_url(), {"text": "A long answer.", "seen": ""})

    assert not Answer.objects.exists()
    assert "This question takes no answers now." in page.content.decode()
    assert page.context["form"]["text"].value() == "A long answer."


def test_a_question_that_is_opened_again_forgets_a_closing_time_that_has_passed():
    question = QuestionFactory(closes_at=NOW - timedelta(days=1))
    assert question.is_over(NOW)

    asking.open_for_answers(question.pk, NOW)

    question.refresh_from_db()
    assert question.takes_answers(NOW)
    asking.close(question.pk, NOW)
    with pytest.raises(Refused, match="not open"):
        asking.close(question.pk, NOW)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": Kind.DISCUSSION}, "Say first how it is answered"),
        ({"options": ["Yes"]}, "two answers"),
        ({"meeting__status": "draft"}, "Announce the meeting first"),
    ],
)
def test_what_cannot_be_answered_is_not_opened(changes, said):
    question = QuestionFactory(status="prepared", **changes)

    with pytest.raises(Refused, match=said):
        asking.open_for_answers(question.pk, NOW)


def test_a_question_of_the_agenda_becomes_one_that_is_answered(client, lead):
    question = QuestionFactory(
        kind=Kind.DISCUSSION, status="prepared", opened_at=None, text="Which services?"
    )
    args = [question.meeting.code, question.number]
    typed = {"text": "Which services?", "kind": "ranking", "options": "Transport\nStorage"}
    typed |= {"asked_of": "partners", "unit": "person", "results": "at_once", "at_most": ""}

    client.post(reverse("question_edit", args=args), typed)
    client.post(reverse("question_open", args=args))

    question.refresh_from_db()
    assert (question.kind, question.status, question.opened_at) == ("ranking", "open", NOW)
    assert [str(one) for one in question.options.all()] == ["Transport", "Storage"]


def test_what_was_promised_stays_after_the_first_answer(client, lead):
    question = QuestionFactory()
    choices = [Choice("Yes"), Choice("No"), Choice("Later")]
    asking.change(question.pk, {"is_anonymous": False}, choices[:2], NOW)
    question.refresh_from_db()
    answer(question, PartnerUserFactory(), 1)

    for values, texts in (
        ({}, choices),
        ({"results": "organisers"}, choices[:2]),
        ({"is_anonymous": True}, choices[:2]),
    ):
        with pytest.raises(Refused, match="Somebody has answered already"):
            asking.change(question.pk, values, texts, NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        Question.objects.filter(pk=question.pk).update(is_anonymous=True)
    page = client.post(
        reverse("question_edit", args=[question.meeting.code, question.number]),
        {"text": "In other words?", "options": "Maybe\nNever", "kind": "written"},
    )
    assert page.status_code == 302
    question.refresh_from_db()
    assert (question.text, question.kind) == ("In other words?", "choice")
    assert [str(one) for one in question.options.all()] == ["Yes", "No"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("options", "Lima", "Write two answers or more"),
        ("options", "Lima\nLima", "“Lima” stands there twice."),
        ("options", "Lima\n" + "x" * 301, "more than 300 letters"),
        ("options_fr", "Lima", "There is 1 line in French for 2 answers."),
        ("at_most", "3", "There are only 2 answers to choose from."),
        ("at_most", "0", "greater than or equal to 1"),
        ("closes_at", "tomorrow", "Enter a valid date/time."),
        ("text", "", "This field is required."),
    ],
)
def test_what_an_organiser_types_wrong_is_told_and_kept(client, lead, field, typed, said):
    meeting = MeetingFactory()
    sent = {"text": "Where?", "kind": "several", "options": "Lima\nNairobi", "unit": "person"}
    sent |= {"asked_of": "partners", "results": "at_once", field: typed}

    page = client.post(reverse("question_add", args=[meeting.code]), sent)

    assert not Question.objects.exists()
    assert said in str(page.context["form"].errors[field])
    assert page.context["form"]["options"].value() == sent["options"]


def test_the_closing_time_is_that_of_the_place(client, lead):
    meeting = MeetingFactory()  # in Bangkok, seven hours before UTC
    sent = {"text": "Why?", "kind": "written", "unit": "person", "asked_of": "partners"}
    sent |= {"results": "at_once", "closes_at": "2027-03-09T16:00"}

    client.post(reverse("question_add", args=[meeting.code]), sent)

    question = Question.objects.get()
    assert f"{question.closes_at:%Y-%m-%d %H:%M}" == "2027-03-09 09:00"
    page = client.get(reverse("question_edit", args=[meeting.code, question.number]))
    assert 'value="2027-03-09T16:00"' in page.content.decode()


# Rankings


def rank(client, question: Question, **places):
    """`places`: the number of the option → its place."""
    typed = {f"place_{keys(question)[int(one[1:]) - 1]}": place for one, place in places.items()}
    return client.post(question.get_absolute_url(), {"seen": "", **typed})


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"o1": 2, "o2": 2, "o3": 1}, "Two subjects have place 2: “Yes”; “No”."),
        ({"o1": 1, "o2": 3}, "Nothing has place 2."),
        ({"o1": 2}, "Nothing has place 1."),
        ({"o1": ""}, "Give a place to one subject or more."),
        ({"o1": 9}, "Select a valid choice."),
    ],
)
def test_a_ranking_that_cannot_be_is_told_and_nothing_is_lost(client, places, said):
    question = QuestionFactory(kind=Kind.RANKING)
    client.force_login(PartnerUserFactory())

    page = rank(client, question, **places)

    assert not Answer.objects.exists()
    assert said in str(page.context["form"].errors)
    kept = [str(field.value() or "") for field in page.context["form"]]
    assert kept == [str(places.get(f"o{number}", "")) for number in (1, 2, 3)]


def test_a_short_ranking_is_taken_and_shown_again(client):
    question = QuestionFactory(kind=Kind.RANKING, at_most=2)
    client.force_login(PartnerUserFactory())

    rank(client, question, o3=1, o1=2)

    assert chosen(question) == [("Later", "Yes")]
    form = client.get(question.get_absolute_url()).context["form"]
    assert [field.value() for field in form] == ["2", "", "1"]
    assert [value for value, _label in form[f"place_{keys(question)[0]}"].field.choices] == [
        "",
        "1",
        "2",
    ]


def test_more_than_may_be_chosen_is_told(client):
    question = QuestionFactory(kind=Kind.SEVERAL, at_most=2)
    client.force_login(PartnerUserFactory())

    page = client.post(question.get_absolute_url(), {"choices": keys(question), "seen": ""})

    assert "You ticked 3; 2 at most can be chosen." in page.content.decode()
    client.post(question.get_absolute_url(), {"choices": keys(question)[:2], "seen": ""})
    assert [set(one) for one in chosen(question)] == [{"Yes", "No"}]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.CHOICE, Said()),
        (Kind.CHOICE, Said(picks=(1, 2))),
        (Kind.SEVERAL, Said(picks=(1, 1))),
        (Kind.RANKING, Said(picks=(1, 99))),
        (Kind.RANKING, Said(picks=(1, 2, 3))),
        (Kind.CHOICE, Said(text="Yes")),
        (Kind.WRITTEN, Said(text="  ")),
    ],
)
def test_no_step_takes_an_answer_that_the_question_does_not_know(kind, said):
    question = QuestionFactory(kind=kind, at_most=2)
    known = dict(enumerate(keys(question), start=1))
    picks = tuple(known.get(one, -1) for one in said.picks)

    with pytest.raises(Refused):
        answering.answer(question.pk, Said(said.text, picks), PartnerUserFactory(), NOW)


def test_the_common_ranking_is_the_borda_count():
    """A 2+2+0 B 1+1+2 C 0+0+1 of three answers, by hand."""
    question = QuestionFactory(kind=Kind.RANKING, options=["A", "B", "C"])
    for places in ((1, 2, 3), (1, 2, 3), (2, 3, 1)):
        answer(question, PartnerUserFactory(), *places)

    found = results.of(question, with_words=True)

    rows = [(str(row.option), row.points, row.number, row.place) for row in found.rows]
    assert rows == [("A", 4, 2, 1), ("B", 4, 1, 1), ("C", 1, 0, 3)]


# One answer each, under concurrency


def at_once(number: int, work):
    """Run `work(n)` in as many threads, and give what was refused."""
    ready, refused = Barrier(number), []

    def run(n: int):
        ready.wait()
        try:
            work(n)
        except (Refused, IntegrityError) as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[n]) for n in range(number)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return refused


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_anonymous", [False, True])
def test_ten_colleagues_at_once_leave_one_answer_of_their_organisation(is_anonymous):
    house, question = partner_house(), QuestionFactory(is_anonymous=is_anonymous, **OF_HOUSES)
    people = [member(house) for _number in range(10)]

    refused = at_once(10, lambda n: answer(question, people[n], 1 + n % 3, house=house))

    assert len(refused) == (9 if is_anonymous else 0)
    assert (question.answers.count(), question.answered.count()) == (1, 1)
    assert Pick.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twelve_anonymous_answers_at_once_are_all_counted():
    question = QuestionFactory(is_anonymous=True)
    people = [PartnerUserFactory() for _number in range(12)]

    assert at_once(12, lambda n: answer(question, people[n], 1 + n % 3)) == []

    found = results.of(question, with_words=True)
    assert [row.number for row in found.rows] == [4, 4, 4]


def test_the_database_refuses_a_second_answer_of_a_person_or_an_organisation():
    question, house, person = QuestionFactory(), OrganisationFactory(), UserFactory()
    for row in ({"user": person}, {"user": person, "organisation": house}):
        Answered.objects.create(question=question, **row)
        with pytest.raises(IntegrityError), transaction.atomic():
            Answered.objects.create(question=question, **row)


# Anonymous answers


def test_an_anonymous_answer_names_nobody_and_no_moment_and_cannot_be_changed(client):
    question, partner = QuestionFactory(is_anonymous=True), PartnerUserFactory()
    client.force_login(partner)
    before = client.get(question.get_absolute_url()).content.decode()
    assert "you cannot change your answer after you have sent it" in before

    client.post(question.get_absolute_url(), {"choice": keys(question)[0]})

    row, noted = Answer.objects.get(), Answered.objects.get()
    assert (row.user, row.organisation, row.at) == (None, None, None)
    assert (noted.user, noted.answer) == (partner, None)
    page = client.get(question.get_absolute_url())
    assert page.context["form"] is None
    with pytest.raises(Refused, match="Anonymous ones cannot be changed"):
        answer(question, partner, 2)


@pytest.mark.django_db(transaction=True)
def test_no_join_of_tables_tells_who_answered_what():
    """Neither keys nor the order of rows nor the transaction that wrote them; ten people."""
    question = QuestionFactory(is_anonymous=True, kind=Kind.WRITTEN)
    people = [PartnerUserFactory() for _number in range(10)]
    for number, person in enumerate(people):
        answer(question, person, text=f"Answer {number}")

    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, ctid::text, id, text FROM meetings_answer ORDER BY ctid")
        answers = cursor.fetchall()
        cursor.execute("SELECT xmin::text FROM meetings_answered ORDER BY id")
        noted = [xmin for (xmin,) in cursor.fetchall()]
    # All answers were written by one transaction; it is that of the last one who answered
    assert {xmin for xmin, *_rest in answers} == {noted[-1]}
    assert len(set(noted)) == 10
    said_in_order = [f"Answer {number}" for number in range(10)]
    orders = {
        "place on the disk": [text for _xmin, _ctid, _id, text in answers],
        "key": [text for _xmin, _ctid, _id, text in sorted(answers, key=lambda row: row[2])],
        "as the portal reads": [row.text for row in question.answers.all()],
    }
    # One in 3.6 million that the lot draws the order of writing
    assert [name for name, order in orders.items() if order == said_in_order] == []
    named = [
        field.name
        for field in Answer._meta.get_fields()
        if field.concrete and field.name not in ("id", "question", "text")
    ]
    assert [getattr(row, name) for row in question.answers.all() for name in named] == [None] * 30


def test_keys_of_choices_do_not_follow_the_order_of_answers():
    question = QuestionFactory(is_anonymous=True, options=[str(n) for n in range(10)])
    for number in range(10):
        answer(question, PartnerUserFactory(), number + 1)

    by_key = Pick.objects.order_by("pk").values_list("option__text", flat=True)

    assert list(by_key) != [str(n) for n in range(10)]
    assert sorted(by_key) == [str(n) for n in range(10)]


@pytest.mark.parametrize("named", ["user", "organisation", "at"])
def test_the_database_refuses_an_anonymous_answer_with_a_name_or_a_moment(named):
    question = QuestionFactory(is_anonymous=True)
    values = {"user": UserFactory(), "organisation": OrganisationFactory(), "at": NOW}

    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.create(question=question, **{named: values[named]})
    row = Answer.objects.create(question=question)
    with pytest.raises(IntegrityError), transaction.atomic():
        Answered.objects.create(question=question, user=UserFactory(), answer=row)


def test_fewer_than_three_anonymous_answers_show_nothing_to_the_lead_either():
    question = QuestionFactory(is_anonymous=True)
    shown = []
    for _number in range(3):
        answer(question, PartnerUserFactory(), 1)
        found = results.of(question, with_words=True)
        shown.append((found.answers, found.is_hidden, len(found.rows)))
        question.status = "closed"  # for the file alone: nobody could answer
        assert len([*results.one_by_one(question, NOW)]) == (4 if found.answers == 3 else 1)

    assert shown == [(1, True, 0), (2, True, 0), (3, False, 3)]


def test_while_an_anonymous_question_takes_answers_nobody_sees_its_figures(client, lead):
    values = {"text": "Who?", "kind": Kind.CHOICE, "is_anonymous": True, "results": "at_once"}
    meeting = MeetingFactory()
    question = asking.add(meeting.pk, values, [Choice("One"), Choice("Two")])
    question = asking.open_for_answers(question.pk, NOW)
    for _number in range(3):
        answer(question, PartnerUserFactory(), 1)
    args = [meeting.code, question.number]

    def shown() -> list:
        page = client.get(question.get_absolute_url()).context
        room = client.get(reverse("question_room", args=args)).context
        rows = client.get(reverse("question_answers_csv", args=args)).getvalue().decode()
        table = client.get(reverse("question_results_csv", args=args)).status_code
        found = [one["results"] is not None for one in (page, room)]
        return [*found, len(rows.splitlines()), table, page["answer_count"]]

    assert question.results == "afterwards"
    assert shown() == [False, False, 1, 404, 3]
    asking.close(question.pk, NOW)
    assert shown() == [True, True, 4, 200, 3]


def test_an_anonymous_question_with_answers_is_closed_once():
    closes, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    closed = QuestionFactory(is_anonymous=True)
    over = QuestionFactory(is_anonymous=True, closes_at=closes)
    for one in (closed, over):
        answer(one, PartnerUserFactory(), 1)
    asking.close(closed.pk, NOW)
    choices = [Choice(one.text) for one in over.options.all()]
    asking.change(over.pk, {"text": "Other words?"}, choices, later)

    for one in (closed, over):
        with pytest.raises(Refused, match="its results were shown"):
            asking.open_for_answers(one.pk, later)
    with pytest.raises(Refused, match="its results were shown"):
        asking.change(over.pk, {"closes_at": None}, choices, later)
    asking.change(over.pk, {"closes_at": later}, choices, NOW)


# Results


def test_results_are_for_whom_the_question_says():
    people = {"partner": PartnerUserFactory(), "visitor": UserFactory(), "lead": LeadFactory()}
    organiser = UserFactory()
    found = {}
    for setting, status in itertools.product(Question.Results, ("open", "closed")):
        question = QuestionFactory(results=setting, status=status)
        question.meeting.organisers.add(organiser)
        seen = [
            name
            for name, one in {**people, "organiser": organiser}.items()
            if permissions.can_see_results(one, question, NOW)
        ]
        found[f"{setting} {status}"] = " ".join(seen)

    everybody, few = "partner visitor lead organiser", "lead organiser"
    assert found == {
        "at_once open": everybody,
        "at_once closed": everybody,
        "afterwards open": few,
        "afterwards closed": everybody,
        "organisers open": few,
        "organisers closed": few,
    }


def test_written_answers_are_read_by_those_who_are_asked_with_the_organisation(client):
    house, question = partner_house(), QuestionFactory(kind=Kind.WRITTEN, **OF_HOUSES)
    answer(question, member(house), house=house, text="More stores.")
    asking.close(question.pk, NOW)
    address = question.get_absolute_url()

    visitor = client.get(address).content.decode()
    client.force_login(PartnerUserFactory())
    partner = client.get(address).content.decode()

    assert "More stores." not in visitor
    assert "More stores." in partner
    assert str(house) in partner
    client.logout()
    assert "More stores." not in client.get(f"{address}room/").content.decode()


def test_files_have_the_results_and_for_organisers_each_answer(client, lead):
    question = QuestionFactory(kind=Kind.RANKING, options=["=A", "B", "C"], results="at_once")
    person = PartnerUserFactory()
    answer(question, person, 2, 1)
    args = [question.meeting.code, question.number]

    def read(name: str) -> list[list[str]]:
        body = client.get(reverse(name, args=args)).getvalue().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(body)))

    assert read("question_results_csv")[1:] == [
        ["1", "B", "2", "1", "1"],
        ["2", "'=A", "1", "0", "1"],
        ["3", "C", "0", "0", "1"],
    ]
    assert read("question_answers_csv") == [
        ["Person", "Organisation", "Time (UTC)", "Words", "'=A", "B", "C"],
        [str(person), "", "2026-11-24 09:00", "", "2", "1", ""],
    ]


@pytest.mark.parametrize("kind", [Kind.RANKING, Kind.CHOICE, Kind.WRITTEN])
def test_results_take_the_same_queries_for_one_and_for_five(kind, django_assert_max_num_queries):
    question, asked = QuestionFactory(kind=kind), []
    for _number in range(5):
        picks = () if kind == Kind.WRITTEN else (1,)
        answer(question, PartnerUserFactory(), *picks, text="" if picks else "Words.")
        with django_assert_max_num_queries(4) as found:
            results.of(question, with_words=True)
        asked.append(len(found))
    assert len(set(asked)) == 1


def test_the_screen_of_the_room_is_told_only_when_something_is_new(client):
    question = QuestionFactory(results="at_once")
    address = reverse("question_room", args=[question.meeting.code, question.number])
    stamp = client.get(address).context["stamp"]

    def ask():
        return client.get(address, {"seen": stamp}, headers={"HX-Request": "true"})

    assert ask().status_code == 204
    answer(question, PartnerUserFactory(), 1)
    fragment = ask()
    assert fragment.status_code == 200
    assert "<h1" not in fragment.content.decode()
    assert "1 answer" in fragment.content.decode()
    stamp = fragment.context["stamp"]
    assert ask().status_code == 204
    asking.close(question.pk, NOW)
    assert ask().status_code == 200


# Other languages


def test_question_and_answers_are_read_in_another_language(client):
    question = QuestionFactory(text_fr="Où ?", options=[])
    asking.change(question.pk, {}, [Choice("Lima", "Lima, au Pérou"), Choice("Bern", "Berne")], NOW)
    client.force_login(PartnerUserFactory())

    page = client.get(question.get_absolute_url(), {"language": "fr"})

    assert '<h1 lang="fr">Où ?</h1>' in page.content.decode()
    assert "Lima, au Pérou" in page.content.decode()
    assert page.context["others"] == [("en", "English")]


# The survey, and sets of questions


def test_participants_answer_the_survey_after_the_meeting_on_one_page(client):
    meeting = MeetingFactory()
    person = participant(meeting)
    taken = question_sets.take(meeting.pk, "after-meeting")
    asking.move_survey(meeting.pk, "open", NOW)
    address = reverse("meeting_survey", args=[meeting.code])
    client.force_login(person)
    assert "The survey begins after the meeting" in client.get(address).content.decode()
    Meeting.objects.filter(pk=meeting.pk).update(status="held")

    client.post(address, {"q1-choice": keys(taken[0])[0], "q2-text": "Shorter.", "q3-text": ""})

    assert [row.text for row in taken[1].answers.all()] == ["Shorter."]
    assert [one.answers.count() for one in taken] == [1, 1, 0]
    assert [form.question for form in client.get(address).context["forms"]] == [taken[2]]
    assert not permissions.can_see_results(person, taken[0], NOW)
    client.force_login(PartnerUserFactory())
    assert client.get(address).status_code == 403


def test_a_survey_without_a_single_answer_is_not_sent(client):
    meeting = MeetingFactory(kind="survey")
    question_sets.take(meeting.pk, "questionnaire-2014")
    asking.move_survey(meeting.pk, "open", NOW)
    client.force_login(PartnerUserFactory())

    page = client.post(reverse("meeting_survey", args=[meeting.code]), {"q2-text": " "})

    assert page.context["refused"] == "Answer one question or more."
    assert not Answer.objects.exists()


def test_the_questionnaire_of_2014_is_put_to_partners_in_one_click(client, lead):
    """The fields that repeat the survey: requests, countries, subject, answered, result, why not,
    stay (shared/domain/domain.md)."""
    meeting, partner = MeetingFactory(kind="survey"), PartnerUserFactory()

    client.post(reverse("question_set_take", args=[meeting.code, "questionnaire-2014"]))
    client.post(reverse("survey_open", args=[meeting.code]))

    questions = list(meeting.questions.all())
    assert [one.kind for one in questions] == [
        *("choice", "written", "written", "choice", "written", "choice", "choice")
    ]
    assert {(one.asked_of, one.unit, one.status) for one in questions} == {
        ("partners", "person", "open")
    }
    client.force_login(partner)
    address = reverse("meeting_survey", args=[meeting.code])
    client.post(address, {"q1-choice": keys(questions[0])[1], "q2-text": "Peru"})
    client.post(address, {"q1-choice": keys(questions[0])[2], "q2-text": "Peru"})
    assert chosen(questions[0]) == [("2 to 5",)]
    assert [one.url for one in waiting.questions.for_person(partner, NOW)] == [address]


@pytest.mark.parametrize("name", question_sets.SETS)
def test_every_set_can_be_opened(name):
    meeting = MeetingFactory()

    for question in question_sets.take(meeting.pk, name):
        asking.open_for_answers(question.pk, NOW)

    numbers = list(meeting.questions.values_list("number", flat=True))
    assert numbers == list(range(1, len(question_sets.SETS[name].questions) + 1))
    assert meeting.questions.taking_answers(NOW).count() == len(numbers)


# Pages that lead there


def test_my_page_names_open_questions_until_they_are_answered():
    house = partner_house()
    partner, colleague = member(house), member(house)
    question = QuestionFactory(**OF_HOUSES)
    QuestionFactory(status="closed")
    QuestionFactory(asked_of=Asked.PARTICIPANTS)

    def waits(user) -> list[str]:
        return [one.url for one in waiting.questions.for_person(user, NOW)]

    assert waits(colleague) == [question.get_absolute_url()]
    assert waits(UserFactory()) == []
    answer(question, partner, 1, house=house)
    assert waits(colleague) == []


def test_questions_in_preparation_and_of_the_survey_are_for_organisers_alone():
    meeting = MeetingFactory()
    QuestionFactory(meeting=meeting, status="prepared")
    QuestionFactory(meeting=meeting, is_survey=True)
    opened = QuestionFactory(meeting=meeting)

    assert list(Question.objects.visible_to(PartnerUserFactory())) == [opened]
    assert Question.objects.visible_to(LeadFactory()).count() == 3


# Questions of the agenda


def test_a_discussion_question_is_there_from_when_its_item_is_published(client):
    meeting = MeetingFactory()
    session = SessionFactory(meeting=meeting)
    ItemFactory(session=session)
    publish(meeting)
    item = ItemFactory(session=session, title="Unpublished")
    question = QuestionFactory(meeting=meeting, item=item, kind="discussion", status="prepared")
    loose = QuestionFactory(meeting=meeting, kind="discussion", status="prepared")
    chair = UserFactory()
    meeting.organisers.add(chair)

    def readers(one: Question) -> list[int]:
        found = []
        for person in (PartnerUserFactory(), chair):
            client.force_login(person)
            answer = client.get(one.get_absolute_url())
            found.append(answer.status_code)
        return found

    assert (readers(question), readers(loose)) == ([404, 200], [404, 200])
    publish(meeting)
    assert (readers(question), readers(loose)) == ([200, 200], [404, 200])
    listed = showing_agenda.shown(meeting, UserFactory(), NOW)["agenda_days"]()
    shown = [one.questions for _day, [only] in listed for one in only.items]
    assert shown == [[], [str(question)]]


def test_a_question_names_its_item_as_it_was_published(client):
    item = ItemFactory(title="As published")
    meeting = item.session.meeting
    question = QuestionFactory(meeting=meeting, item=item)
    chair = UserFactory()
    meeting.organisers.add(chair)

    def named(person) -> str:
        client.force_login(person)
        return client.get(question.get_absolute_url()).context["item"]

    assert (named(PartnerUserFactory()), named(chair)) == ("", "As published")
    publish(meeting)
    item.title = "Not yet"
    item.save()
    assert (named(PartnerUserFactory()), named(chair)) == ("1. As published", "1. As published")
