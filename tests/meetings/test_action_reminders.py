"""Actions are reminded of before, on and after their day, by the one engine; late ones reach the
Lead where nobody is reminded.
"""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mailings import delivery
from mailings.models import OutgoingMail, Reminder
from meetings import action_reminders, deciding, reminders
from meetings.models import Outcome
from meetings.moderation.outcomes import KINDS
from meetings.waiting import outcomes as waiting
from tests.factories import (
    NOW,
    LeadFactory,
    MeetingFactory,
    OrganisationFactory,
    OutcomeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def action() -> Outcome:
    """Due in twenty days."""
    return OutcomeFactory(
        owner=UserFactory(), due_on=TODAY + 20 * DAY, text="Write a fact sheet.\nIn two languages."
    )


def days_pass(clock, days):
    for day in days:
        clock.move_to(NOW + day * DAY)
        reminders.scan(NOW + day * DAY)
        reminders.scan(NOW + day * DAY)
        clock.move_to(NOW + day * DAY + timedelta(hours=5))
        delivery.deliver()


def test_the_owner_hears_two_weeks_before_on_the_day_and_every_thirty_days_with_an_end(
    action, clock, mailoutbox
):
    OutcomeFactory(owner=UserFactory(), due_on=TODAY, status="done", evidence="There.")
    OutcomeFactory(owner=UserFactory(), due_on=None)
    OutcomeFactory(owner_name="Chair", due_on=TODAY)
    OutcomeFactory(owner=UserFactory(), due_on=TODAY, meeting__status="draft")

    days_pass(clock, range(260))

    assert {*(mail.to[0] for mail in mailoutbox)} == {action.owner.email}
    text = "Write a fact sheet. In two languages."
    assert [mail.subject for mail in mailoutbox] == [
        f"Due in 2 weeks: {text}",
        f"Due today: {text}",
        *(f"{time} late: {text}" for time in ("4 weeks", "8 weeks", "12 weeks")),
        *(f"{time} late: {text}" for time in ("4 months", "5 months", "6 months")),
    ]
    assert f"{action.get_absolute_url()}#progress" in mailoutbox[0].body
    assert sorted(Reminder.objects.values_list("step", flat=True)) == [*range(8)]


def test_what_is_done_meanwhile_is_not_reminded_of_and_another_day_begins_anew(
    action, clock, mailoutbox
):
    day = action.due_on - TODAY
    clock.move_to(NOW + day)
    reminders.scan(NOW + day)
    deciding.report_progress(action.pk, "done", "Sent.", action.owner, NOW + day)
    days_pass(clock, range(20, 60))
    assert mailoutbox == []
    assert OutgoingMail.objects.get().state == "skipped"

    deciding.report_progress(action.pk, "under_way", "A part is missing.", action.owner, NOW)
    values = {"kind": "action", "text": action.text, "owner": action.owner}
    deciding.change(action.pk, values | {"due_on": TODAY + 90 * DAY}, LeadFactory(), NOW + 60 * DAY)
    days_pass(clock, range(60, 95))
    assert [mail.subject.split(":")[0] for mail in mailoutbox] == ["Due in 2 weeks", "Due today"]


def test_without_an_owner_who_signs_in_the_contact_person_of_the_organisation_is_reminded(
    clock, mailoutbox
):
    organisation = OrganisationFactory(contact=UserFactory())
    gone = UserFactory(is_active=False)
    OutcomeFactory(owner=gone, organisation=organisation, due_on=TODAY)

    days_pass(clock, [0])

    [mail] = mailoutbox
    assert mail.to == [organisation.contact.email]
    assert f"contact person of {organisation}" in mail.body


def test_who_stops_these_mails_gets_none(action, clock, mailoutbox):
    days_pass(clock, [6])
    Client().post(re.search(r"https?://[^/]+(/\S*stop\S*)", mailoutbox[0].body)[1])
    mailoutbox.clear()

    days_pass(clock, range(7, 60))

    assert mailoutbox == []


def test_the_lead_sees_late_actions_that_nobody_is_reminded_of_or_in_vain():
    nobody = OutcomeFactory(due_on=TODAY - 60 * DAY)
    OutcomeFactory(due_on=TODAY - 59 * DAY)
    OutcomeFactory(due_on=None)
    reminded = OutcomeFactory(owner=UserFactory(), due_on=TODAY - 209 * DAY)
    in_vain = OutcomeFactory(owner=UserFactory(), due_on=TODAY - 210 * DAY)

    found = {one.pk: one.is_asked for one in action_reminders.for_the_lead(NOW)}

    assert found == {nobody.pk: False, in_vain.pk: True}
    assert reminded.pk not in found


def test_the_lead_ends_an_action_from_the_queue_with_a_reason(client):
    action, lead = OutcomeFactory(due_on=TODAY - 90 * DAY), LeadFactory()
    client.force_login(lead)
    page = client.get("/admin/?kind=late_actions").content.decode()
    assert "Nobody is reminded" in page

    address = reverse("admin:queue_decide", args=["late_actions", action.pk])
    client.post(address, {"step": "drop", "reason": "The office was closed."})

    action.refresh_from_db()
    assert (action.status, action.evidence) == ("dropped", "The office was closed.")
    [kind] = KINDS
    assert not kind.waiting(NOW).exists()


def test_my_page_names_what_one_is_to_do_the_next_first():
    user = UserFactory()
    organisation = OrganisationFactory(contact=user)
    OutcomeFactory(owner=user, text="Later", due_on=TODAY + 90 * DAY, status="under_way")
    OutcomeFactory(organisation=organisation, text="Ours", due_on=TODAY - 20 * DAY)
    OutcomeFactory(owner=user, text="Some day")
    OutcomeFactory(owner=UserFactory(), organisation=organisation, text="Another’s")
    OutcomeFactory(owner=user, status="done", evidence="There.")
    OutcomeFactory(owner=user, meeting=MeetingFactory(status="draft"))

    found = waiting.for_person(user, NOW)

    assert [(one.title, one.state, one.kind) for one in found] == [
        ("Action: Ours", "2 weeks late", "warn"),
        ("Action: Later", "On time", "info"),
        ("Action: Some day", "Not started", "info"),
    ]
