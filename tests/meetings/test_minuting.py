"""Minutes beside the agenda: item by item, and of two who type at once neither loses a word."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from meetings import agenda, minuting
from meetings.models import AgendaVersion, Item, Minutes, MinutesText
from tests.factories import (
    NOW,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    OutcomeFactory,
    PartnerUserFactory,
    SessionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Item:
    return ItemFactory(title="Thresholds")


@pytest.fixture
def chair(item):
    chair = UserFactory(name="Chair (example)")
    item.session.meeting.organisers.add(chair)
    return chair


def address(item: Item, name: str = "minutes_save") -> str:
    code = item.session.meeting.code
    return reverse(name, args=[code] if name == "minutes_edit" else [code, item.pk])


def test_each_text_that_was_saved_stays(item):
    one, other = UserFactory(), UserFactory()

    minuting.save(item.pk, "First.", 0, one, NOW)
    minuting.save(item.pk, "First.", 0, other, NOW)  # the same words: nothing to do
    minuting.save(item.pk, "Second.", 1, other, NOW + timedelta(minutes=1))

    minutes = Minutes.objects.get()
    assert (minutes.text, minutes.version, minutes.changed_by) == ("Second.", 2, other)
    assert [*minutes.texts.values_list("version", "text", "by")] == [
        (2, "Second.", other.pk),
        (1, "First.", one.pk),
    ]
    with pytest.raises(DatabaseError), transaction.atomic():
        MinutesText.objects.update(text="Never.")


def test_who_saves_second_sees_both_texts_and_chooses(item, chair, client):
    minuting.save(item.pk, "Saved by the Lead.", 0, LeadFactory(), NOW)
    client.force_login(chair)

    answer = client.post(address(item), {"text": "Typed by the chair.", "seen": "0"})

    page = answer.content.decode()
    assert Minutes.objects.get().text == "Saved by the Lead."
    assert "Somebody saved other minutes meanwhile" in page
    assert "<p>Saved by the Lead.</p>" in page
    assert "Typed by the chair.</textarea>" in page

    both = "Saved by the Lead.\n\nTyped by the chair."
    assert f'name="text" value="{both}"' in page
    client.post(address(item), {"text": both, "seen": "1"})
    assert Minutes.objects.get().text == both
    client.post(address(item), {"text": "Mine alone.", "seen": "2"})
    assert Minutes.objects.get().text == "Mine alone."
    assert MinutesText.objects.count() == 3
    texts = client.get(address(item, "minutes_texts")).content.decode()
    assert all(words in texts for words in ("Saved by the Lead.", "Mine alone."))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_kept_and_one_is_asked():
    item, people, together, ended = ItemFactory(), [UserFactory(), UserFactory()], Barrier(2), []

    def work(person):
        try:
            together.wait(10)
            minuting.save(item.pk, f"By {person.pk}", 0, person, NOW)
            ended.append("saved")
        except minuting.Conflict as conflict:
            ended.append(conflict.saved.text)
        finally:
            connection.close()

    workers = [Thread(target=work, args=(person,)) for person in people]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    kept = Minutes.objects.get().text
    assert sorted(ended) == sorted(["saved", kept])


def test_the_page_keeps_its_place_with_htmx_and_without(item, chair, client):
    client.force_login(chair)
    plain = client.post(address(item), {"text": "One.\r\nTwo.", "seen": "0"})
    assert plain.url == f"{address(item, 'minutes_edit')}#item-{item.pk}"
    assert Minutes.objects.get().text == "One.\nTwo."

    part = client.post(
        address(item), {"text": "Three.", "seen": "1"}, headers={"HX-Request": "true"}
    )

    assert next(one.name for one in part.templates) == "meetings/parts/minutes_item.html"
    assert "Add an outcome" in part.content.decode()
    assert 'name="seen" value="2"' in part.content.decode()
    assert 'role="status"' in part.content.decode()


def test_what_cannot_be_saved_is_said_and_kept(item, chair, client):
    client.force_login(chair)
    for text, said in (("x" * 20_001, "at most 20000 characters"), ("", "Write the minutes")):
        page = client.post(address(item), {"text": text, "seen": "0"}).content.decode()
        assert said in page
        assert text in page
    assert not Minutes.objects.exists()


def test_nobody_but_organisers_reads_or_writes_minutes(item, client):
    minuting.save(item.pk, "Not for everybody.", 0, LeadFactory(), NOW)
    for person in (UserFactory(), PartnerUserFactory()):
        client.force_login(person)
        for name in ("minutes_edit", "minutes_texts"):
            assert client.get(address(item, name)).status_code == 403
        assert client.post(address(item), {"text": "x", "seen": "1"}).status_code == 403
    page = client.get(item.session.meeting.get_absolute_url()).content.decode()
    assert "Not for everybody." not in page
    other = ItemFactory()
    client.force_login(LeadFactory())
    wrong = reverse("minutes_save", args=[item.session.meeting.code, other.pk])
    assert client.post(wrong, {"text": "x", "seen": "0"}).status_code == 404


def test_the_items_are_those_of_the_published_agenda_and_no_minutes_are_lost_from_it():
    meeting = MeetingFactory()
    session = SessionFactory(meeting=meeting)
    first = ItemFactory(session=session, title="First")
    ItemFactory(session=session, kind=Item.Kind.BREAK)
    assert [place.item.title for part in minuting.parts(meeting) for place in part.places] == [
        "First"
    ]
    gone = ItemFactory(session=session, title="Gone")
    minuting.save(gone.pk, "Said all the same.", 0, UserFactory(), NOW)
    Item.objects.filter(pk=first.pk).update(title="Draft title")
    content = agenda.content(meeting)
    content[0]["items"] = [one for one in content[0]["items"] if one["id"] != gone.pk]
    content[0]["items"][0]["title"] = "Published title"
    AgendaVersion.objects.create(meeting=meeting, number=1, content=content)

    found = minuting.parts(meeting)

    assert [(part.title, [place.item.title for place in part.places]) for part in found] == [
        (session.title, ["Published title"]),
        ("", ["Gone"]),
    ]
    assert found[1].places[0].minutes.text == "Said all the same."


def test_an_outcome_comes_out_of_the_minutes_in_one_step(item, chair, client):
    meeting, owner = item.session.meeting, UserFactory()
    client.force_login(chair)
    typed = {
        "item": item.pk,
        "kind": "action",
        "text": "Collect figures",
        "owner": f"{owner.email.upper()}; Working group",
        "due_on": "2027-06-01",
    }

    answer = client.post(reverse("outcome_add", args=[meeting.code]), typed)

    assert answer.url == f"{address(item, 'minutes_edit')}#item-{item.pk}"
    outcome = meeting.outcomes.get()
    assert (outcome.item, outcome.owner, outcome.owner_name, outcome.status) == (
        *(item, owner, "Working group", "open"),
    )
    assert "Collect figures" in client.get(address(item, "minutes_edit")).content.decode()

    for wrong, said in (
        ({"owner": "nobody@example.org"}, "Nobody signs in with nobody@example.org"),
        ({"owner": ""}, "An action needs an owner"),
        ({"due_on": "soon"}, "Enter a valid date"),
        ({"item": ItemFactory().pk}, "Select a valid choice"),
    ):
        page = client.post(
            reverse("outcome_add", args=[meeting.code]), typed | {"text": "Other words"} | wrong
        ).content.decode()
        assert said in page
        assert "Other words" in page
    assert meeting.outcomes.count() == 1


def test_the_page_takes_the_same_queries_for_one_item_or_ten(
    item, chair, client, django_assert_max_num_queries
):
    client.force_login(chair)
    minuting.save(item.pk, "Said.", 0, chair, NOW)
    client.get(address(item, "minutes_edit"))
    with django_assert_max_num_queries(100) as few:
        client.get(address(item, "minutes_edit"))
    for _n in range(9):
        more = ItemFactory(session=item.session)
        minuting.save(more.pk, "Said.", 0, chair, NOW)
        OutcomeFactory(meeting=item.session.meeting, item=more, owner=UserFactory())
    with django_assert_max_num_queries(100) as many:
        client.get(address(item, "minutes_edit"))
    assert len(many) == len(few)
