"""Papers: numbers within a session, versions, what is removed; the same on the page."""

import threading

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from meetings import paper_lists, papering
from meetings.models import Paper, PaperVersion
from meetings.papering import Values
from partners import files
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    DocumentFactory,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    SessionFactory,
    UserFactory,
)
from tests.factories.papers import PaperFactory, PaperVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def chair():
    return UserFactory(name="Chair (example)")


@pytest.fixture
def meeting(chair):
    meeting = MeetingFactory()
    meeting.organisers.add(chair)
    return meeting


def text(words="mercury", name="paper.txt"):
    return SimpleUploadedFile(name, words.encode())


def checked(words="mercury"):
    return files.check_document(text(words))


def said(title="Logistics", **values) -> Values:
    return Values(title=title, audience="public", **values)


def labels(meeting) -> list[str]:
    papers = Paper.objects.filter(meeting=meeting).order_by("session_number", "number")
    return [str(one) for one in papers]


def test_papers_are_numbered_within_their_session(meeting, chair):
    session = SessionFactory(meeting=meeting, number=3)
    item = ItemFactory(session=session)

    papering.add(meeting.pk, said("Logistics"), chair, NOW)
    papering.add(meeting.pk, said("Agenda"), chair, NOW)
    papering.add(meeting.pk, said("Note", session_id=session.pk), chair, NOW)
    papering.add(meeting.pk, said("Slides", session_id=session.pk, item_id=item.pk), chair, NOW)

    assert labels(meeting) == ["S0-1 Logistics", "S0-2 Agenda", "S3-1 Note", "S3-2 Slides"]


def test_a_number_that_is_taken_is_refused_and_names_the_paper(meeting, chair):
    PaperFactory(meeting=meeting, number=4, title="Logistics")
    other = PaperFactory(meeting=meeting, number=5, title="Agenda")

    with pytest.raises(Refused, match="“S0-4 Logistics” has this number"):
        papering.add(meeting.pk, said("Other", number=4), chair, NOW)
    with pytest.raises(Refused, match="“S0-4 Logistics” has this number"):
        papering.edit(other.pk, said("Agenda", number=4))
    papering.edit(other.pk, said("Agenda", number=9))
    papering.add(meeting.pk, said("Next"), chair, NOW)

    assert labels(meeting) == ["S0-4 Logistics", "S0-9 Agenda", "S0-10 Next"]


def test_in_another_session_a_paper_gets_a_new_number(meeting):
    session = SessionFactory(meeting=meeting, number=2)
    PaperFactory(meeting=meeting, session=session, title="There")
    paper = PaperFactory(meeting=meeting, title="Moved")

    papering.edit(paper.pk, said("Moved", session_id=session.pk, number=paper.number))

    assert labels(meeting) == ["S2-1 There", "S2-2 Moved"]


def test_words_change_and_the_number_stays(meeting):
    paper = PaperFactory(meeting=meeting, number=7)

    papering.edit(paper.pk, said("Other words"))

    assert labels(meeting) == ["S0-7 Other words"]


def test_the_label_stays_when_the_session_gets_another_number(meeting):
    session = SessionFactory(meeting=meeting, number=2)
    paper = PaperFactory(meeting=meeting, session=session, number=3, title="Note")
    session.number = 5
    session.save()

    papering.edit(paper.pk, said("Note", session_id=session.pk, number=3))

    assert labels(meeting) == ["S2-3 Note"]


def test_an_item_that_is_gone_is_refused(meeting, chair):
    session = SessionFactory(meeting=meeting)
    elsewhere = ItemFactory()

    for place in ({"session_id": session.pk, "item_id": elsewhere.pk}, {"session_id": 0x7FFF}):
        with pytest.raises(Refused, match="agenda has changed"):
            papering.add(meeting.pk, said(**place), chair, NOW)


@pytest.mark.django_db(transaction=True)
def test_two_papers_at_once_get_two_numbers():
    meeting, lead = MeetingFactory(), LeadFactory()
    start, failed = threading.Barrier(6), []

    def add(number):
        try:
            start.wait(10)
            papering.add(meeting.pk, said(f"Paper {number}"), lead, NOW)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[number]) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert failed == []
    assert sorted(meeting.papers.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_old_versions_stay_and_each_says_who_and_when(meeting, chair):
    paper = papering.add(meeting.pk, said(), chair, NOW, checked=checked("one"))
    papering.add_version(paper.pk, checked("two"), chair, NOW)

    found = PaperVersion.objects.filter(paper=paper).order_by("number")
    assert [(one.number, one.who, one.added_at, one.file.read()) for one in found] == [
        (1, "Chair (example)", NOW, b"one"),
        (2, "Chair (example)", NOW, b"two"),
    ]
    assert Paper.objects.with_newest().get().newest.number == 2


def test_a_document_of_the_library_takes_no_versions_here(meeting, chair):
    paper = papering.add(meeting.pk, said(), chair, NOW, document_id=DocumentFactory().pk)

    with pytest.raises(Refused, match="document of the library"):
        papering.add_version(paper.pk, checked(), chair, NOW)


def test_a_removed_paper_goes_with_its_files(meeting, chair, django_capture_on_commit_callbacks):
    version = PaperVersionFactory(paper__meeting=meeting)
    storage, name = version.file.storage, version.file.name

    with django_capture_on_commit_callbacks(execute=True):
        papering.remove(version.paper_id, chair, NOW)

    assert (Paper.objects.count(), storage.exists(name)) == (0, False)
    assert [str(one.action) for one in Decision.objects.all()] == ["removed"]


def test_the_agenda_gets_the_papers_of_each_item_that_a_person_may_read(meeting):
    session = SessionFactory(meeting=meeting, number=4)
    item = ItemFactory(session=session)
    paper = PaperFactory(meeting=meeting, session=session, item=item, title="Concept note")
    for _n in range(2):
        PaperVersionFactory(paper=paper, media_type="application/pdf", size=217_088)
    PaperVersionFactory(paper__meeting=meeting, paper__item=item, paper__audience="participants")
    PaperFactory(meeting=meeting, item=item, title="Awaited")

    found = paper_lists.of_items(meeting, AnonymousUser())

    assert found == {item.pk: [paper]}
    link = render_to_string("meetings/parts/paper_link.html", {"paper": found[item.pk][0]})
    words = " ".join(strip_tags(link).replace("\xa0", " ").split())
    assert words == "S4-1 Concept note, version 2 (PDF, 212.0 KB)"


def test_the_kept_list_on_the_page_of_a_meeting_changes_with_what_a_link_says(client, meeting):
    version = PaperVersionFactory(
        paper__meeting=meeting, paper__audience="public", paper__title="Concept note"
    )
    paper = version.paper

    def listed() -> str:
        page = client.get(meeting.get_absolute_url()).content.decode()
        return page.partition('id="papers"')[2].partition("</section>")[0]

    assert "Concept note" in listed()
    Paper.objects.filter(pk=paper.pk).update(title="Another note")
    assert "Another note" in listed()
    PaperVersionFactory(paper=paper)
    assert "version 2" in listed()
    Paper.objects.filter(pk=paper.pk).update(audience="participants")
    assert listed() == ""


# On the page


def manage(client, name, *args, **posted):
    return client.post(reverse(name, args=args), posted, follow=True)


def shown(response) -> list[str]:
    return [str(one) for one in response.context["messages"]]


def test_an_organiser_adds_a_file_with_its_label(client, meeting, chair):
    client.force_login(chair)

    said = manage(
        client, "paper_add", meeting.code,
        title="Logistics", place="0", number="4", audience="public", file=text(),
    )  # fmt: skip

    assert shown(said) == ["Added: S0-4 Logistics."]
    assert [group.number for group in said.context["groups"]] == [0]
    assert PaperVersion.objects.get().approved_by == chair


def test_a_document_is_found_by_code_by_title_and_by_words(client, meeting, chair):
    wanted = DocumentFactory(code="gaps-2010", title="Report on gaps and needs")
    DocumentFactory(title="Report on lamps")
    client.force_login(chair)

    for typed in ("gaps-2010", "report on gaps AND needs", "needs gaps"):
        manage(client, "paper_add", meeting.code, place="0", audience="public", document=typed)

    papers = Paper.objects.order_by("number")
    assert [(one.document, one.title) for one in papers] == [(wanted, wanted.title)] * 3


def test_a_document_that_is_not_clear_is_asked_again_and_nothing_typed_is_lost(
    client, meeting, chair
):
    for code in ("one", "two"):
        DocumentFactory(code=code, title=f"Report {code}")
    hidden = DocumentFactory(code="core", title="Hidden", audience="core")
    client.force_login(chair)

    typed = {"place": "0", "audience": "participants", "title": "Kept"}
    several = manage(client, "paper_add", meeting.code, document="report", **typed)
    nothing = manage(client, "paper_add", meeting.code, document=hidden.code, **typed)
    both = manage(client, "paper_add", meeting.code, document="one", file=text(), **typed)
    empty = manage(client, "paper_add", meeting.code, place="0", audience="public")

    assert [dict(page.context["form"].errors) for page in (several, nothing, both, empty)] == [
        {
            "document": [
                "Several documents are called so. Enter the code of one: "
                "one (Report one), two (Report two)."
            ]
        },
        {"document": ["The library has no document “core”. Look for its code in the library."]},
        {"file": ["A document of the library or a file, not both."]},
        {"title": ["Enter a title."]},
    ]
    assert several.context["form"]["title"].value() == "Kept"
    assert Paper.objects.count() == 0


def test_a_number_that_is_taken_is_an_error_of_the_form(client, meeting, chair):
    PaperFactory(meeting=meeting, number=4, title="Logistics")
    paper = PaperFactory(meeting=meeting, number=5, title="Agenda")
    client.force_login(chair)

    page = manage(
        client, "paper_edit", meeting.code, paper.pk,
        title="Agenda 2", place="0", number="4", audience="public",
    )  # fmt: skip

    assert page.context["form"].non_field_errors() == [
        "“S0-4 Logistics” has this number. Choose another one, or none for the next free one."
    ]
    assert page.context["form"]["title"].value() == "Agenda 2"


def test_a_paper_of_another_meeting_is_not_found(client, meeting, chair):
    other = PaperFactory()
    version = PaperVersionFactory(paper=other, approved_at=None)
    client.force_login(chair)

    names = ["paper_edit", "paper_remove", "paper_new_version", "paper_invite"]
    addresses = [reverse(name, args=[meeting.code, other.pk]) for name in names]
    addresses.append(reverse("paper_decide", args=[meeting.code, version.pk]))

    assert {client.post(one).status_code for one in addresses} == {404}


def test_the_pages_take_the_same_queries_for_one_and_for_three_papers(client, meeting, chair):
    client.force_login(chair)
    addresses = [
        reverse(name, args=[meeting.code])
        for name in ("paper_manage", "paper_list", "meeting_detail", "paper_zip")
    ]

    def queries(address):
        with CaptureQueriesContext(connection) as found:
            b"".join(client.get(address))
        return len(found)

    PaperVersionFactory(paper__meeting=meeting)
    PaperFactory(meeting=meeting, document=DocumentFactory())
    for address in addresses:
        client.get(address)
    before = [queries(address) for address in addresses]
    for _n in range(2):
        PaperVersionFactory(paper=PaperVersionFactory(paper__meeting=meeting).paper)
        PaperFactory(meeting=meeting, document=DocumentFactory())

    assert [queries(address) for address in addresses] == before
