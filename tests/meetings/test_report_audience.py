"""Who reads which text of a report: drafts stay with those who were asked about them."""

import io
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader

from documents import answering
from documents.models import Document, Version
from meetings import announcing, report_phases
from meetings.models import Meeting, Report
from partners.models import User
from partners.refusals import Refused
from tests.factories import (
    NOW,
    LeadFactory,
    MeetingFactory,
    OutcomeFactory,
    PartnerUserFactory,
    RoleFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
CLOSES = NOW + timedelta(days=30)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def lead() -> User:
    return LeadFactory()


def held(**values) -> Meeting:
    """With an action of somebody whose name partners alone read."""
    day = date(2026, 3, 9)
    meeting = MeetingFactory(starts_on=day, ends_on=day, status="held", series=None, **values)
    owner = UserFactory(name="Zacharias Owner")
    OutcomeFactory(meeting=meeting, text="Collect figures", owner=owner, owner_name="")
    return meeting


def opened(meeting: Meeting, audience: str, lead: User) -> Report:
    return report_phases.open_amendments(meeting.pk, audience, CLOSES, "Read.", lead, NOW)


def finished(meeting: Meeting, lead: User) -> Report:
    """The report, final after its round."""
    report = Report.objects.get(meeting=meeting)
    answering.finish(report.round_id, lead, CLOSES)
    return report_phases.make_final(meeting.pk, lead, CLOSES)


def text_of(version: Version) -> str:
    file = version.translations.get().file.read()
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)


def changed(meeting: Meeting, audience: str, lead: User) -> Meeting:
    meeting.refresh_from_db()
    values = {"starts_on": meeting.starts_on, "audience": audience}
    return announcing.change(meeting.pk, values, None, meeting.changed_at, lead, NOW)


def status(address: str, user: User | None = None) -> int:
    client = Client()
    if user:
        client.force_login(user)
    return client.get(address).status_code


def test_a_draft_for_partners_stays_with_them_when_the_final_text_is_public(lead):
    meeting = held()
    report_phases.save(meeting.pk, "Struck out later.", "", 0, lead, NOW)
    draft = opened(meeting, "partners", lead).round.version
    report_phases.save(meeting.pk, "As agreed.", "", 1, lead, NOW)

    report = finished(meeting, lead)

    draft = Version.objects.select_related("document").get(pk=draft.pk)
    assert (draft.document.audience, draft.document.status) == ("partners", "superseded")
    assert draft.document.superseded_by == report.document
    assert (report.document.audience, report.document.status) == ("public", "published")
    assert "Struck out later." in text_of(draft)
    assert [one.number for one in report.document.versions.all()] == [1]
    final = text_of(report.document.current)
    assert ("As agreed." in final, "Struck out" in final) == (True, False)
    file = draft.translations.get().get_absolute_url()
    assert (status(file), status(file, PartnerUserFactory())) == (404, 200)


def test_a_draft_names_nobody_whom_the_final_text_does_not_name(lead):
    for audience, is_named in (("public", False), ("partners", True)):
        draft = opened(held(audience=audience), "core", lead).round.version
        assert ("Zacharias" in text_of(draft)) == is_named


def test_one_that_is_taken_back_goes_into_the_same_public_document_again(lead):
    meeting = held()
    first = report_phases.make_final(meeting.pk, lead, NOW).document
    report_phases.take_back(meeting.pk, lead, NOW)
    opened(meeting, "partners", lead)
    first.refresh_from_db()
    assert (first.audience, first.current.number) == ("public", 1)

    report = finished(meeting, lead)

    assert (report.document, report.document.versions.count()) == (first, 2)
    assert [*Document.objects.filter(superseded_by=first)] == [report.round.version.document]


def test_documents_of_a_report_follow_a_meeting_that_fewer_people_may_see(lead):
    meeting = held()
    opened(meeting, "partners", lead)
    report = finished(meeting, lead)
    core = RoleFactory(kind="core_member").user

    changed(meeting, "core", lead)

    assert {*Document.objects.values_list("audience", flat=True)} == {"core"}
    page = report.document.get_absolute_url()
    found = [status(page, one) for one in (None, PartnerUserFactory(), core)]
    assert found == [404, 404, 200]


def test_a_meeting_is_not_taken_from_people_who_are_asked_for_amendments(lead):
    meeting = held()
    opened(meeting, "partners", lead)
    with pytest.raises(Refused, match="Partners are asked"):
        changed(meeting, "core", lead)
    assert changed(meeting, "partners", lead).audience == "partners"


def test_a_meeting_is_not_shown_to_more_people_than_its_final_report(lead):
    meeting = held(audience="partners")
    report_phases.make_final(meeting.pk, lead, NOW)
    with pytest.raises(Refused, match="Take the report back"):
        changed(meeting, "public", lead)

    report_phases.take_back(meeting.pk, lead, NOW)
    changed(meeting, "public", lead)
    report = report_phases.make_final(meeting.pk, lead, NOW)

    assert report.document.audience == "public"
    assert "Zacharias" not in text_of(report.document.current)
