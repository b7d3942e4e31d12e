"""Publishing an agenda, and what readers see of it."""

import threading
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings import agenda_editing, publishing_agenda
from meetings.models import AgendaVersion, Item, Meeting, Paper, Presenter, Question
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    ExpertFactory,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    SessionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def published(meeting, changes="Something.", is_telling=True) -> AgendaVersion:
    seen = publishing_agenda.draft(meeting).seen
    by = meeting.organisers.first() or UserFactory()
    return publishing_agenda.publish(meeting.pk, seen, changes, is_telling, by, NOW)


def page_of(meeting, client=None) -> str:
    return (client or Client()).get(meeting.get_absolute_url()).content.decode()


# Publishing


def test_the_first_version_needs_no_words_and_the_next_says_what_changed(client):
    item = ItemFactory(title="Opening")
    meeting = item.session.meeting
    lead = LeadFactory()
    client.force_login(lead)
    address = reverse("agenda_publish", args=[meeting.code])

    first = client.get(address)
    assert "changes" not in first.context["form"].fields
    client.post(address, {"seen": first.context["draft"].seen, "is_telling": "on"})
    Item.objects.update(duration=30)
    second = client.get(address)
    assert second.context["form"].initial == {
        "changes": "“Opening” takes 30 minutes instead of 20 minutes.",
        "is_telling": True,
    }
    client.post(
        address,
        {"seen": second.context["draft"].seen, "changes": "Ten minutes more.\r\nReally."},
    )

    found = meeting.versions.order_by("number")
    assert list(found.values_list("number", "changes", "is_telling", "published_by")) == [
        (1, "", True, lead.pk),
        (2, "Ten minutes more.\nReally.", False, lead.pk),
    ]
    assert [version.content[0]["items"][0]["sequence"] for version in found] == [0, 1]


def test_registrants_are_told_by_default_where_time_place_or_status_change():
    meeting = ItemFactory().session.meeting
    assert publishing_agenda.draft(meeting).is_noticed
    published(meeting)
    Item.objects.update(title="Another")
    assert not publishing_agenda.draft(meeting).is_noticed
    meeting.sessions.update(room="Hall B")
    assert publishing_agenda.draft(meeting).is_noticed


def test_nothing_is_published_twice_and_no_empty_agenda(client):
    meeting = MeetingFactory()
    client.force_login(LeadFactory())
    address = reverse("agenda_publish", args=[meeting.code])
    for ready, sentence in (
        (lambda: SessionFactory(meeting=meeting), "the agenda has no item yet"),
        (
            lambda: (ItemFactory(session=meeting.sessions.get()), published(meeting)),
            "the draft says the same as version 1",
        ),
    ):
        ready()
        with pytest.raises(Refused, match=sentence):
            published(meeting)
        assert sentence in client.post(address, {}).content.decode()
    assert meeting.versions.count() == 1


def test_who_looked_at_another_draft_publishes_nothing_and_keeps_the_words(client):
    meeting = ItemFactory().session.meeting
    published(meeting)
    Item.objects.update(duration=30)
    client.force_login(LeadFactory())
    address = reverse("agenda_publish", args=[meeting.code])
    seen = client.get(address).context["draft"].seen
    Item.objects.update(duration=40)

    answer = client.post(address, {"seen": seen, "changes": "My words."})

    words = answer.content.decode()
    assert "Somebody else changed or published the agenda meanwhile." in words
    assert "My words." in words
    assert "takes 40 minutes instead of 20 minutes" in words
    client.post(address, {"seen": answer.context["draft"].seen, "changes": "My words."})
    assert meeting.versions.count() == 2


def test_a_change_without_words_is_refused():
    meeting = ItemFactory().session.meeting
    published(meeting)
    Item.objects.update(duration=30)
    with pytest.raises(Refused, match="Say what changed"):
        published(meeting, changes=" \n")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_does_and_the_other_is_told():
    meeting = ItemFactory().session.meeting
    people, seen = [UserFactory(), UserFactory()], publishing_agenda.draft(meeting).seen
    together, ended = threading.Barrier(2), []

    def work(person):
        try:
            together.wait(10)
            publishing_agenda.publish(meeting.pk, seen, "", True, person, NOW)
            ended.append("published")
        except Refused as refusal:
            ended.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended) == [
        "There is nothing to publish: the draft says the same as version 1.",
        "published",
    ]
    assert meeting.versions.count() == 1


def test_the_agenda_of_a_draft_meeting_is_published_and_seen_with_the_announcement(client):
    meeting = MeetingFactory(status="draft")
    ItemFactory(session=SessionFactory(meeting=meeting), title="Secret until then")
    published(meeting)
    for name, keys in (("meeting_detail", []), ("agenda_version", [1]), ("meeting_now", [])):
        answer = client.get(reverse(name, args=[meeting.code, *keys]))
        assert answer.status_code == 302
    Meeting.objects.update(status="announced")
    assert "Secret until then" in page_of(meeting)


# Reading


def test_readers_see_the_newest_version_and_never_the_draft():
    meeting = ItemFactory(title="Opening").session.meeting
    assert "Opening" not in page_of(meeting)
    published(meeting)
    Item.objects.update(title="Draft title")
    assert ["Opening" in page_of(meeting), "Draft title" in page_of(meeting)] == [True, False]
    published(meeting, "Another title.")
    words = page_of(meeting)
    assert ["Draft title" in words, "Another title." in words] == [True, True]
    assert "Agenda version 2" in words

    old = Client().get(reverse("agenda_version", args=[meeting.code, 1])).content.decode()

    assert ["Opening" in old, "Draft title" in old, "This is an older version" in old] == [
        *(True, False, True)
    ]
    assert reverse("agenda_version", args=[meeting.code, 1]) in words


def test_a_presenter_is_linked_while_the_profile_is_on_the_list():
    item, expert = ItemFactory(), ExpertFactory()
    Presenter.objects.create(item=item, name="A name", expert=expert)
    meeting = item.session.meeting
    published(meeting)
    link = f'<a href="{expert.get_absolute_url()}">A name</a>'
    assert link in page_of(meeting)

    type(expert).objects.update(status="unlisted")

    assert [link in page_of(meeting), "A name" in page_of(meeting)] == [False, True]


def test_an_item_shows_its_questions_and_the_papers_that_the_reader_may_see():
    item = ItemFactory()
    meeting = item.session.meeting
    lead = LeadFactory()
    for number, (title, audience) in enumerate(
        (("For all", "public"), ("For participants", "participants")), 1
    ):
        Paper.objects.create(
            meeting=meeting,
            item=item,
            session_number=1,
            number=number,
            title=title,
            audience=audience,
            is_only_named=True,
        )
    Question.objects.create(meeting=meeting, item=item, number=1, text="Is it right?")
    Question.objects.create(meeting=meeting, item=item, number=2, text="A poll?", kind="written")
    published(meeting)
    signed_in = Client()
    signed_in.force_login(lead)

    for client, sees in ((Client(), ["S1-1 For all"]), (signed_in, ["S1-1 For all", None])):
        [(_day, [session])] = client.get(meeting.get_absolute_url()).context["agenda_days"]()
        [shown] = session.items
        assert len(shown.papers) == len(sees)
        assert str(shown.papers[0]) == "S1-1 For all"
        assert shown.questions == ["Is it right?"]


def test_tables_that_are_kept_are_never_shown_where_something_in_them_is_another():
    item, expert = ItemFactory(), ExpertFactory()
    other = ItemFactory(session=item.session)
    Presenter.objects.create(item=item, name="Presenter", expert=expert)
    meeting = item.session.meeting
    published(meeting)
    paper = Paper(meeting=meeting, item=item, number=1, title="A note", is_only_named=True)
    paper.audience = "participants"
    paper.save()
    lead = Client()
    lead.force_login(LeadFactory())
    assert ["S0-1 A note" in page_of(meeting, one) for one in (None, lead, None)] == [
        *(False, True, False)
    ]
    before = page_of(meeting, lead)

    for change in (
        lambda: Paper.objects.update(title="Another note"),
        lambda: Paper.objects.update(item=other),
        lambda: Question.objects.create(meeting=meeting, item=item, number=1, text="Why?"),
        lambda: Question.objects.update(text="Why not?"),
        lambda: Meeting.objects.update(time_zone="Asia/Tokyo"),
        lambda: type(expert).objects.update(status="unlisted"),
    ):
        change()
        after = page_of(meeting, lead)
        assert after != before
        before = after
    lead.cookies["zone"] = "America/Montevideo"
    assert "Mon 21:00" in page_of(meeting, lead)
    assert "Mon 21:00" not in page_of(meeting)


def test_a_cancelled_item_stays_visible_as_cancelled():
    meeting = ItemFactory(title="Gone").session.meeting
    Item.objects.update(is_cancelled=True, cancelled_because="Moved to 10 March")
    published(meeting)
    words = page_of(meeting)
    assert "<del>1. Gone</del>" in words
    assert "Moved to 10 March" in words


def test_words_of_people_are_shown_as_words():
    item = ItemFactory(title="<script>x</script>", text="<b>y</b>", title_fr="<i>z</i>")
    Presenter.objects.create(item=item, name="<u>p</u>")
    meeting = item.session.meeting
    Meeting.objects.update(languages=["en", "fr"])
    published(meeting, "")
    Item.objects.update(duration=30)
    published(meeting, "<em>c</em>")
    words = page_of(meeting)
    assert [raw in words for raw in ("<script>x", "<b>y", "<i>z", "<u>p", "<em>c")] == [False] * 5


def test_the_page_takes_as_many_queries_for_sixty_items_as_for_one():
    counts = []
    for size in (1, 60):
        meeting = MeetingFactory()
        session = SessionFactory(meeting=meeting)
        for _n in range(size):
            item = ItemFactory(session=session)
            Presenter.objects.create(item=item, name="A", expert=ExpertFactory())
            number = meeting.papers.count() + 1
            Paper.objects.create(
                meeting=meeting,
                item=item,
                number=number,
                title="Note",
                audience="public",
                is_only_named=True,
            )
            Question.objects.create(meeting=meeting, item=item, number=number, text="Why?")
        published(meeting)
        client = Client()
        client.get(meeting.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            assert client.get(meeting.get_absolute_url()).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Now and next


def seen_at(meeting, moment, user=None) -> str:
    client = Client()
    with time_machine.travel(moment, tick=False):
        if user:
            client.force_login(user)
        return client.get(reverse("meeting_now", args=[meeting.code])).content.decode()


def test_the_page_of_now_says_what_runs_where_and_until_when():
    meeting = MeetingFactory()
    session = SessionFactory(meeting=meeting, room="Hall A")
    ItemFactory(session=session, title="Opening")
    ItemFactory(session=session, title="Review")
    published(meeting)
    moment = datetime(2027, 3, 9, 9, 5, tzinfo=meeting.zone)

    words = seen_at(meeting, moment)

    assert words.index("Opening") < words.index("09:20") < words.index("Review")
    assert "Hall A" in words
    assert 'hx-trigger="every 30s"' in words
    assert "The meeting has not begun yet." in seen_at(meeting, moment - timedelta(days=9))
    over = seen_at(meeting, moment + timedelta(days=1))
    assert ["The meeting is over." in over, "hx-trigger" in over] == [True, False]


def test_the_address_of_the_online_meeting_is_for_participants_and_organisers_alone():
    meeting = MeetingFactory(online_address="https://example.org/secret-room")
    ItemFactory(session=SessionFactory(meeting=meeting))
    published(meeting)
    moment = datetime(2027, 3, 9, 9, 5, tzinfo=meeting.zone)
    part = PartFactory(meeting=meeting)
    confirmed = BookingFactory(part=part).registration.user
    waiting = BookingFactory(part=part, status="waiting").registration.user
    organiser = UserFactory()
    meeting.organisers.add(organiser)

    for user, sees in (
        *((None, False), (UserFactory(), False), (waiting, False)),
        *((confirmed, True), (organiser, True)),
    ):
        assert ("secret-room" in seen_at(meeting, moment, user)) is sees


def test_a_draft_is_compared_with_what_was_published_and_not_with_what_was_seen_before():
    """Moving an item there and back is nothing to publish."""
    session = SessionFactory()
    first, _second = ItemFactory(session=session), ItemFactory(session=session)
    published(session.meeting)
    agenda_editing.shift_item(session.meeting.pk, first.pk, down=True)
    assert not publishing_agenda.draft(session.meeting).is_empty
    agenda_editing.shift_item(session.meeting.pk, first.pk, down=False)
    assert publishing_agenda.draft(session.meeting).is_empty
