"""Who is named in a report, and takes the name out again."""

from datetime import date, timedelta

import pytest
import time_machine
from django.template.loader import render_to_string
from django.urls import reverse

from meetings import report_consent, report_phases, reporting
from meetings.models import Meeting, Registration, Report
from partners.audience import Audience
from partners.refusals import Refused
from tests.factories import NOW, BookingFactory, LeadFactory, MeetingFactory, UserFactory

pytestmark = pytest.mark.django_db
BUTTON = "Take my name out of the report"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def registration() -> Registration:
    """Of somebody who took part, and agreed to be named."""
    day = date(2026, 3, 9)
    meeting = MeetingFactory(starts_on=day, ends_on=day, status="held")
    values = {"registration__name": "Nora Named", "registration__in_report": True}
    return BookingFactory(part__meeting=meeting, **values).registration


def is_named(meeting: Meeting) -> bool:
    report = Report.objects.filter(meeting=meeting).first() or Report(meeting=meeting)
    return "Nora Named" in str(reporting.printed(report, Audience.PUBLIC, NOW))


def offer(registration: Registration) -> str:
    context = {"meeting": registration.meeting, "registration": registration}
    return render_to_string("meetings/parts/report_consent.html", context)


def test_consent_is_taken_back_until_the_report_is_final(registration, client):
    meeting, lead = registration.meeting, LeadFactory()
    closes = NOW + timedelta(days=9)
    report_phases.open_amendments(meeting.pk, "public", closes, "Read.", lead, NOW)
    assert (is_named(meeting), BUTTON in offer(registration)) == (True, True)
    address = reverse("registration_report_consent", args=[meeting.code])
    client.force_login(UserFactory())
    assert client.post(address).status_code == 404

    client.force_login(registration.user)
    answer = client.post(address)

    assert answer.url == reverse("registration_own", args=[meeting.code])
    registration.refresh_from_db()
    assert (is_named(meeting), offer(registration).strip()) == (False, "")


def test_a_final_report_keeps_its_names(registration):
    meeting = registration.meeting
    report_phases.make_final(meeting.pk, LeadFactory(), NOW)

    with pytest.raises(Refused, match="is final"):
        report_consent.withdraw_from_report(registration.pk)

    registration.refresh_from_db()
    assert (registration.in_report, BUTTON in offer(registration)) == (True, False)


def test_who_is_blocked_is_counted_and_not_named(registration):
    registration.user.is_active = False
    registration.user.save()
    report = Report(meeting=registration.meeting)
    said = str(reporting.printed(report, Audience.PUBLIC, NOW))
    assert ("1 person took part." in said, is_named(registration.meeting)) == (True, False)
