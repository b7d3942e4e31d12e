"""Viewer by audience by approved or not: page, list, file, older version, ZIP, search.

The oracle is written out here, apart from the code: nobody reads more than it says, anywhere.
"""

import io
import zipfile

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse

from meetings.models import Booking, PaperVersion
from meetings.search_papers import find_papers
from tests.factories import (
    NOW,
    BookingFactory,
    DocumentFactory,
    FileFactory,
    LeadFactory,
    MeetingFactory,
    PartFactory,
    PartnerUserFactory,
    RegistrationFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
    VersionFactory,
)
from tests.factories.papers import PaperFactory, PaperVersionFactory

pytestmark = pytest.mark.django_db

AUDIENCES = ("public", "partners", "participants")
#: Viewer → the audiences to which the viewer belongs; those who prepare see what waits, too
BELONGS_TO = {
    "visitor": {"public"},
    "person": {"public"},
    "partner": {"public", "partners"},
    "waiting": {"public"},
    "offered": {"public"},
    "participant": {"public", "partners", "participants"},
    "cancelled": {"public"},
    "of a visit": {"public"},
    "participant elsewhere": {"public"},
    "inactive participant": {"public"},
    "secretariat": {"public", "partners", "participants"},
    "organiser": {"public", "partners", "participants"},
    "organiser elsewhere": {"public"},
    "lead": {"public", "partners", "participants"},
}
PREPARE = {"organiser", "lead"}
BOOKED = {
    "waiting": Booking.Status.WAITING,
    "offered": Booking.Status.OFFERED,
    "participant": Booking.Status.CONFIRMED,
    "cancelled": Booking.Status.CANCELLED,
}


def may_read(viewer: str, audience: str, approved: bool) -> bool:
    return viewer in PREPARE or (approved and audience in BELONGS_TO[viewer])


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def person(viewer: str, meeting):
    """Somebody who stands so to the meeting; None: not signed in."""
    if viewer == "visitor":
        return None
    if viewer == "partner":
        return PartnerUserFactory()
    if viewer == "secretariat":
        return SecretariatFactory()
    if viewer == "lead":
        return LeadFactory()
    user = UserFactory(is_active=viewer != "inactive participant")
    registration = (
        RegistrationFactory(meeting=meeting, user=user) if "organ" not in viewer else None
    )
    if viewer in BOOKED or viewer == "inactive participant":
        part = meeting.parts.filter(kind="on_site").first()
        status = BOOKED.get(viewer, Booking.Status.CONFIRMED)
        until = NOW if status == Booking.Status.OFFERED else None
        BookingFactory(part=part, registration=registration, status=status, offered_until=until)
    elif viewer == "of a visit":
        visit = PartFactory(meeting=meeting, kind="visit", title="Plant")
        BookingFactory(part=visit, registration=registration)
    elif viewer == "participant elsewhere":
        BookingFactory(registration__user=user)
    elif viewer == "organiser":
        meeting.organisers.add(user)
    elif viewer == "organiser elsewhere":
        MeetingFactory().organisers.add(user)
    return user


def client_of(user) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def content(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def names_in_zip(client: Client, meeting) -> set[str]:
    response = client.get(reverse("paper_zip", args=[meeting.code]))
    if response.status_code != 200:
        return set()
    archive = zipfile.ZipFile(io.BytesIO(content(response)))
    assert archive.testzip() is None
    return {name.removesuffix(".txt") for name in archive.namelist()} - {"CONTENTS"}


@pytest.mark.parametrize("viewer", BELONGS_TO)
def test_who_reads_which_paper(viewer):
    meeting = MeetingFactory()
    PartFactory(meeting=meeting, seats=5)
    papers = {}
    for audience in AUDIENCES:
        approved = PaperFactory(meeting=meeting, audience=audience, title=f"Approved {audience}")
        PaperVersionFactory(paper=approved, words="old")
        PaperVersionFactory(paper=approved, words="new")
        papers[audience, True] = approved
        waits = PaperFactory(meeting=meeting, audience=audience, title=f"Waits {audience}")
        PaperVersionFactory(paper=waits, approved_at=None)
        papers[audience, False] = waits
    user = person(viewer, meeting)
    client = client_of(user)
    page = content(client.get(meeting.get_absolute_url())).decode()
    listed = content(client.get(reverse("paper_list", args=[meeting.code]))).decode()
    zipped = names_in_zip(client, meeting)
    seeker = user or AnonymousUser()
    found = {*find_papers("approved", seeker), *find_papers("waits", seeker)}

    for (audience, approved), paper in papers.items():
        expected = may_read(viewer, audience, approved)
        # What is not approved stands on no page of readers, not even on that of an organiser
        public = expected and approved
        version = PaperVersion.objects.filter(paper=paper).earliest("number")
        got = {
            "page": paper.title in page,
            "list": paper.title in listed,
            "zip": str(paper) in zipped,
            "file": client.get(paper.get_absolute_url()).status_code == 200,
            "version": client.get(version.get_absolute_url()).status_code == 200,
            "search": paper in found,
        }
        assert got == {
            "page": public,
            "list": public,
            "zip": public,
            "file": public,
            "version": expected,
            "search": expected,
        }, (audience, approved)


@pytest.mark.parametrize(
    ("viewer", "reads"),
    [("visitor", False), ("partner", False), ("core member", True), ("participant", True)],
)
def test_a_paper_of_a_core_meeting_is_for_those_who_see_the_meeting(viewer, reads):
    meeting = MeetingFactory(audience="core")
    PartFactory(meeting=meeting)
    papers = [PaperFactory(meeting=meeting, audience=one) for one in ("public", "partners")]
    for paper in papers:
        PaperVersionFactory(paper=paper)
    if viewer == "core member":
        user = RoleFactory(kind="core_member").user
    else:
        user = person(viewer, meeting)
    client = client_of(user)

    answers = {client.get(paper.get_absolute_url()).status_code == 200 for paper in papers}

    assert answers == {reads}
    assert bool(names_in_zip(client, meeting)) is reads


@pytest.mark.parametrize(("viewer", "reads"), [("visitor", False), ("organiser", True)])
def test_papers_of_a_draft_are_the_organisers(viewer, reads):
    meeting = MeetingFactory(status="draft")
    paper = PaperVersionFactory(paper__meeting=meeting).paper
    client = client_of(person(viewer, meeting))

    assert (client.get(paper.get_absolute_url()).status_code == 200) is reads


@pytest.mark.parametrize(
    ("viewer", "reads"), [("visitor", False), ("partner", True), ("secretariat", True)]
)
def test_a_document_of_the_library_is_for_those_who_see_both(viewer, reads):
    meeting = MeetingFactory()
    document = DocumentFactory(audience="partners", bare=True)
    FileFactory(version=VersionFactory(document=document, url=False))
    paper = PaperFactory(meeting=meeting, document=document, title="Guideline")
    client = client_of(person(viewer, meeting))

    answer = client.get(paper.get_absolute_url())

    assert (answer["Location"] == document.get_absolute_url()) is reads
    assert names_in_zip(client, meeting) == ({"S0-1 Guideline.pdf"} if reads else set())


def test_declined_files_are_the_organisers():
    version = PaperVersionFactory(approved_at=None, declined_at=NOW, declined_because="Too long.")
    meeting = version.paper.meeting

    answers = [
        client_of(person(viewer, meeting)).get(version.get_absolute_url()).status_code
        for viewer in ("person", "secretariat", "organiser")
    ]

    assert answers == [404, 404, 200]


def test_only_what_is_for_everybody_may_be_kept_by_others():
    public = PaperVersionFactory().paper
    partners = PaperVersionFactory(paper__audience="partners").paper
    of_core = PaperVersionFactory(paper__meeting__audience="core").paper
    client = client_of(LeadFactory())

    said = [
        client.get(one.get_absolute_url())["Cache-Control"] for one in (public, partners, of_core)
    ]

    assert said == ["no-cache", "private, no-cache", "private, no-cache"]
