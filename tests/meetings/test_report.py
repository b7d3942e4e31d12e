"""The report of a meeting: made from rows, opened for amendments, final in the library."""

import io
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from pypdf import PdfReader

from documents import answering
from documents.models import Document
from mailings.models import OutgoingMail
from meetings import minuting, report_phases, report_printing, reporting
from meetings.models import Meeting, Paper, PaperAudience, Report
from partners.audience import Audience
from partners.refusals import Refused
from tests.factories import (
    NOW,
    BookingFactory,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    OrganisationFactory,
    OutcomeFactory,
    PartFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
CLOSES = NOW + timedelta(days=30)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def meeting() -> Meeting:
    """Held in March, with an item, its minutes, a decision, an action and two papers."""
    meeting = MeetingFactory(
        starts_on=date(2026, 3, 9), ends_on=date(2026, 3, 9), status="held", summary="Why we met."
    )
    item = ItemFactory(session__meeting=meeting, title="Thresholds")
    minuting.save(item.pk, "The value was discussed.\nFigures are missing.", 0, LeadFactory(), NOW)
    OutcomeFactory(meeting=meeting, text="Agreed so", kind="decision", status="", owner_name="")
    OutcomeFactory(meeting=meeting, text="Collect figures", owner_name="Institute")
    for number, audience in enumerate(PaperAudience, 1):
        Paper.objects.create(
            meeting=meeting,
            number=number,
            title=f"Paper for {audience.value}",
            audience=audience,
            is_only_named=True,
        )
    return meeting


def words(content: reporting.Content) -> str:
    """All that it says, a line a piece."""
    found = [content.title]
    for section in content.sections:
        found.append(f"{section.number} {section.title}")
        for block in section.blocks:
            found += block.lines + [" | ".join(row) for row in block.rows]
    return "\n".join(found)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def opened(meeting, audience: str = "public", by=None) -> Report:
    by = by or LeadFactory()
    return report_phases.open_amendments(meeting.pk, audience, CLOSES, "Please read.", by, NOW)


def test_it_is_made_of_what_stands_elsewhere(meeting):
    report = report_phases.save(meeting.pk, "", "Thank you.", 0, LeadFactory(), NOW)

    content = reporting.content(report, LeadFactory(), NOW)

    assert [f"{one.number} {one.title}" for one in content.sections] == [
        *("1 Introduction", "2 Agenda", "3 Discussion", "3.1 Item 1: Thresholds"),
        *("4 Outcomes", "5 Closing", "Annex 1 Papers"),
    ]
    said = words(content)
    for piece in ("Why we met.", "1. Thresholds | 09:00 | ", "Figures are missing.", "Agreed so"):
        assert piece in said
    assert "Collect figures | Institute |  | Not started" in said


def test_participants_are_counted_and_named_by_consent_alone(meeting):
    part, ngo = PartFactory(meeting=meeting, seats=None), OrganisationFactory(kind="ngo")
    for name, in_report, appearance in (
        ("Named", True, "nobody"),
        ("Appeared only", False, "everyone"),
        ("Hidden", False, "nobody"),
    ):
        BookingFactory(
            part=part,
            registration__name=name,
            registration__organisation=ngo,
            registration__in_report=in_report,
            registration__appearance=appearance,
        )

    said = words(reporting.printed(Report(meeting=meeting), Audience.PUBLIC, NOW))

    assert "3 people took part." in said
    assert "Non-governmental organisation | 3" in said
    assert "Uruguay | 3" in said
    assert [name in said for name in ("Named", "Appeared only", "Hidden")] == [True, False, False]


def test_a_file_names_papers_for_everybody_alone_and_a_page_those_for_its_reader(meeting):
    report = report_phases.save(meeting.pk, "", "", 0, LeadFactory(), NOW)
    for reader, expected in (
        (AnonymousUser(), ["public"]),
        (PartnerUserFactory(), ["public", "partners"]),
        (LeadFactory(), ["public", "partners", "participants"]),
    ):
        said = words(reporting.content(report, reader, NOW))
        seen = [one.value for one in PaperAudience if f"Paper for {one.value}" in said]
        assert seen == expected
    said = words(reporting.printed(report, Audience.PUBLIC, NOW))
    assert [one.value for one in PaperAudience if f"Paper for {one.value}" in said] == ["public"]


def test_of_two_who_write_the_second_sees_what_the_first_saved(meeting, client):
    report_phases.save(meeting.pk, "By the chair.", "", 0, LeadFactory(), NOW)
    client.force_login(LeadFactory())
    address = reverse("report_edit", args=[meeting.code])

    page = client.post(address, {"introduction": "By the Lead.", "seen": "0"}).content.decode()

    assert "<p>By the chair.</p>" in page
    assert "By the Lead.</textarea>" in page
    assert Report.objects.get().introduction == "By the chair."
    client.post(address, {"introduction": "By both.", "seen": "1"})
    assert Report.objects.get().introduction == "By both."


def test_reading_a_report_that_nobody_began_writes_nothing(meeting, client):
    client.force_login(LeadFactory())
    for name in ("report_edit", "report_detail", "report_pdf"):
        assert client.get(reverse(name, args=[meeting.code])).status_code == 200
    assert not Report.objects.exists()


def test_amendments_are_asked_for_with_a_comment_round_on_a_document(meeting):
    partner, guest, lead = PartnerUserFactory(), UserFactory(), LeadFactory()
    chair = UserFactory()
    meeting.organisers.add(chair)
    BookingFactory(part__meeting=meeting, registration__user=guest)

    opened(meeting, by=lead)

    report = Report.objects.get()
    document, comment_round = report.document, report.round
    assert (document.kind, document.audience) == ("meeting_report", "public")
    assert document.title == f"Report: {meeting.title}"
    assert (comment_round.version, comment_round.status) == (document.current, "open")
    assert (comment_round.audience, comment_round.closes_at) == ("public", CLOSES)
    assert [*comment_round.team.all()] == [chair]
    assert partner.pk in comment_round.invitees.values_list("user", flat=True)
    file = document.current.translations.get()
    assert "Figures are missing." in text_of(file.file.read())
    asked = OutgoingMail.objects.filter(template=report_phases.TO_PARTICIPANTS)
    assert [mail.to for mail in asked] == [guest.email]


def test_it_becomes_final_when_the_round_is_finished_and_can_be_taken_back(meeting, client):
    lead = LeadFactory()
    report = opened(meeting, "public", lead)
    for step in (report_phases.make_final, report_phases.take_back):
        with pytest.raises(Refused, match="not finished yet"):
            step(meeting.pk, lead, NOW)
    answering.finish(report.round.pk, lead, CLOSES)
    report_phases.save(meeting.pk, "As amended.", "", 0, lead, CLOSES)

    report = report_phases.make_final(meeting.pk, lead, CLOSES)

    document = Document.objects.get()
    assert (report.status, report.finished_at) == ("final", CLOSES)
    assert (document.current.number, document.audience, document.status) == (
        *(2, "public", "published"),
    )
    with pytest.raises(Refused, match="is final"):
        report_phases.save(meeting.pk, "Too late.", "", 1, lead, CLOSES)
    kept = client.get(reverse("report_pdf", args=[meeting.code]))
    assert "As amended." in text_of(b"".join(kept.streaming_content))

    report_phases.take_back(meeting.pk, lead, CLOSES)
    report_phases.make_final(meeting.pk, lead, CLOSES)
    assert Document.objects.get().current.number == 3


def test_who_sees_it_follows_its_status_and_the_meeting(meeting, client):
    meeting.audience = "partners"
    meeting.save()
    organiser, guest = UserFactory(), UserFactory()
    meeting.organisers.add(organiser)
    BookingFactory(part__meeting=meeting, registration__user=guest)
    people = {
        "person": UserFactory(),
        "partner": PartnerUserFactory(),
        "guest": guest,
        "core": RoleFactory(kind="core_member").user,
        "secretariat": SecretariatFactory(),
        "organiser": organiser,
        "lead": LeadFactory(),
    }

    def readers() -> set[str]:
        found = set()
        for name, person in people.items():
            client.force_login(person)
            statuses = {
                client.get(reverse(page, args=[meeting.code])).status_code
                for page in ("report_detail", "report_pdf")
            }
            assert len(statuses) == 1
            if statuses == {200}:
                found.add(name)
        return found

    report_phases.save(meeting.pk, "Draft.", "", 0, people["lead"], NOW)
    assert readers() == {"organiser", "lead"}
    report = opened(meeting, "core", people["lead"])
    assert readers() == {"organiser", "lead", "core", "guest", "secretariat"}
    answering.finish(report.round.pk, people["lead"], CLOSES)
    report_phases.make_final(meeting.pk, people["lead"], CLOSES)
    assert readers() == {*people} - {"person"}


@pytest.mark.parametrize(
    ("values", "audience", "said"),
    [
        ({"audience": "partners"}, "public", "for fewer people"),
        ({"status": "announced", "ends_on": date(2026, 12, 1)}, "public", "not over yet"),
        ({"status": "cancelled", "status_reason": "A storm."}, "public", "that was held"),
    ],
)
def test_what_cannot_be_opened_is_refused(meeting, values, audience, said):
    other = MeetingFactory(
        **{"starts_on": date(2026, 3, 9), "ends_on": date(2026, 3, 9), "status": "held"} | values
    )
    with pytest.raises(Refused, match=said):
        opened(other, audience)
    with pytest.raises(Refused, match="close has passed"):
        report_phases.open_amendments(meeting.pk, "public", NOW, "Read.", LeadFactory(), NOW)
    with pytest.raises(Refused, match="The Lead publishes"):
        opened(meeting, by=UserFactory())
    assert not Document.objects.exists()
    assert not Report.objects.exists()


def test_an_organiser_prepares_and_the_lead_publishes(meeting, client):
    organiser = UserFactory()
    meeting.organisers.add(organiser)
    client.force_login(organiser)
    for name in ("report_open", "report_finish", "report_take_back"):
        assert client.post(reverse(name, args=[meeting.code])).status_code == 403
    page = client.get(reverse("report_edit", args=[meeting.code])).content.decode()
    assert "Publish" not in page

    client.force_login(LeadFactory())
    typed = {
        "open-audience": "public",
        "open-closes_at": "2026-11-01T10:00",
        "open-invitation": "x",
    }
    wrong = client.post(reverse("report_open", args=[meeting.code]), typed).content.decode()
    assert "The close has passed." in wrong
    typed["open-closes_at"] = "2026-12-24T23:59"
    client.post(reverse("report_open", args=[meeting.code]), typed)
    assert Report.objects.get().status == "amendments"


def test_a_name_in_any_script_stops_no_file(meeting):
    OutcomeFactory(meeting=meeting, text="ᚠᚢᚦ und عربى and 日本 😀", owner_name="́")
    report = report_phases.save(meeting.pk, "*markup* #let x = 1", "", 0, LeadFactory(), NOW)
    file = report_printing.pdf(reporting.printed(report, Audience.PARTNERS, NOW), "Draft")
    assert "*markup* #let x = 1" in text_of(file)


def test_people_who_are_asked_get_the_file_that_they_were_asked_about(meeting, client):
    report_phases.save(meeting.pk, "Asked about.", "", 0, LeadFactory(), NOW)
    draft = opened(meeting, "partners").round.version
    report_phases.save(meeting.pk, "Written since.", "", 1, LeadFactory(), NOW)
    address = reverse("report_pdf", args=[meeting.code])

    client.force_login(PartnerUserFactory())
    kept = client.get(address)

    assert b"".join(kept.streaming_content) == draft.translations.get().file.read()
    assert kept["Cache-Control"] == "private, no-cache"
    client.force_login(LeadFactory())
    assert "Written since." in text_of(client.get(address).content)


def test_who_asks_for_a_file_while_others_are_made_is_asked_to_come_back(
    meeting, client, monkeypatch
):
    monkeypatch.setattr(report_printing, "WAIT_SECONDS", 0.01)
    lead = LeadFactory()
    client.force_login(lead)
    with report_printing._one_at_a_time:
        busy = client.get(reverse("report_pdf", args=[meeting.code]))
        with pytest.raises(Refused, match="Other reports are being typeset"):
            report_phases.make_final(meeting.pk, lead, NOW)
    assert (busy.status_code, busy["Retry-After"]) == (503, "60")
    assert "Other reports are being typeset" in busy.content.decode()
