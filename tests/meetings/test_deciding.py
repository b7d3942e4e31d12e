"""Outcomes: numbered once, with an owner, and a log of how far each action has come."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction

from meetings import deciding
from meetings.models import Outcome, OutcomeChange
from partners.refusals import Refused
from tests.factories import (
    NOW,
    ItemFactory,
    LeadFactory,
    MeetingFactory,
    MembershipFactory,
    OrganisationFactory,
    OutcomeFactory,
    PartnerUserFactory,
    SecretariatFactory,
    SeriesFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
ACTION = {"kind": "action", "text": "Collect figures", "owner_name": "Lead"}


def test_outcomes_are_numbered_within_their_meeting():
    lead, meeting, other = LeadFactory(), MeetingFactory(), MeetingFactory()
    deciding.add(other.pk, ACTION, lead, NOW)
    item = ItemFactory(session__meeting=meeting)

    first = deciding.add(meeting.pk, ACTION | {"item": item, "due_on": date(2027, 6, 1)}, lead, NOW)
    second = deciding.add(meeting.pk, {"kind": "decision", "text": " Agreed. "}, lead, NOW)

    assert [(one.number, one.status, one.text) for one in (first, second)] == [
        (1, "open", "Collect figures"),
        (2, "", "Agreed."),
    ]
    assert (first.item, first.due_on, first.created_by, first.created_at) == (
        *(item, date(2027, 6, 1), lead, NOW),
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "decision", "text": "  "}, "Say what the outcome is"),
        ({"kind": "action", "text": "Do it"}, "needs an owner"),
        (ACTION, "stands there already"),
    ],
)
def test_what_cannot_be_is_refused_in_words(values, said):
    meeting = MeetingFactory()
    deciding.add(meeting.pk, ACTION, LeadFactory(), NOW)

    with pytest.raises(Refused, match=said):
        deciding.add(meeting.pk, values, LeadFactory(), NOW)


def test_drafts_and_cancelled_meetings_have_no_outcomes_and_items_are_of_the_same_meeting():
    for values in ({"status": "draft"}, {"status": "cancelled", "status_reason": "A storm."}):
        with pytest.raises(Refused, match="Only a meeting that is announced"):
            deciding.add(MeetingFactory(**values).pk, ACTION, LeadFactory(), NOW)
    with pytest.raises(Refused, match="another meeting"):
        deciding.add(MeetingFactory().pk, ACTION | {"item": ItemFactory()}, LeadFactory(), NOW)


def test_a_decision_keeps_no_owner():
    values = ACTION | {"kind": "decision", "due_on": date(2027, 1, 1)}
    outcome = deciding.add(MeetingFactory().pk, values, LeadFactory(), NOW)
    assert (outcome.owner_name, outcome.due_on, outcome.status) == ("", None, "")


def test_progress_is_kept_word_by_word_and_the_end_needs_evidence():
    action, owner = OutcomeFactory(owner=UserFactory()), UserFactory()
    action.owner = owner
    action.save()
    for to in ("done", "dropped", "open"):
        with pytest.raises(Refused):
            deciding.report_progress(action.pk, to, "  ", owner, NOW)

    deciding.report_progress(action.pk, "under_way", "", owner, NOW)
    deciding.report_progress(action.pk, "under_way", "Half of it.", owner, NOW)
    deciding.report_progress(
        action.pk, "done", "All.", owner, NOW, url="https://example.org/figures"
    )

    action.refresh_from_db()
    assert (action.status, action.evidence) == ("done", "All.")
    changes = action.changes.values_list("old", "new", "words", "url", "by")
    assert [*changes] == [
        ("open", "under_way", "", "", owner.pk),
        ("under_way", "under_way", "Half of it.", "", owner.pk),
        ("under_way", "done", "All.", "https://example.org/figures", owner.pk),
    ]
    with pytest.raises(Refused, match="“Done” now"):
        deciding.report_progress(action.pk, "dropped", "Why not.", owner, NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        OutcomeChange.objects.update(words="Never.")


def test_owner_organisation_organisers_and_the_lead_report_and_nobody_else():
    series = SeriesFactory()
    organisation = OrganisationFactory(contact=UserFactory())
    action = OutcomeFactory(
        meeting=MeetingFactory(series=series), owner=UserFactory(), organisation=organisation
    )
    organiser, later_organiser, earlier_organiser = UserFactory(), UserFactory(), UserFactory()
    action.meeting.organisers.add(organiser)
    later, earlier = date(2028, 1, 1), date(2020, 1, 1)
    MeetingFactory(series=series, starts_on=later, ends_on=later).organisers.add(later_organiser)
    MeetingFactory(series=series, starts_on=earlier, ends_on=earlier).organisers.add(
        earlier_organiser
    )
    member = MembershipFactory(organisation=organisation).user
    left = MembershipFactory(organisation=organisation, to_on=date(2025, 1, 1)).user
    may = [
        *(action.owner, organisation.contact, member),
        *(organiser, later_organiser, LeadFactory()),
    ]
    may_not = [
        *(UserFactory(), PartnerUserFactory(), SecretariatFactory(), left, earlier_organiser),
        MembershipFactory().user,
    ]

    for person in may:
        deciding.report_progress(action.pk, "open", "A word.", person, NOW)
    for person in may_not:
        with pytest.raises(Refused, match="Its owner"):
            deciding.report_progress(action.pk, "open", "A word.", person, NOW)
    assert action.changes.count() == len(may)


def test_a_correction_says_what_stood_there_before():
    action = OutcomeFactory(text="Old words", due_on=date(2027, 3, 1), owner_name="Lead")
    values = ACTION | {"text": "New words", "due_on": date(2027, 6, 1), "owner_name": "Chair"}

    deciding.change(action.pk, values, LeadFactory(), NOW)
    deciding.change(action.pk, values, LeadFactory(), NOW + timedelta(hours=1))

    change = action.changes.get()
    assert (change.old, change.new) == ("open", "open")
    assert change.words.splitlines() == [
        "The words were: Old words",
        "It was due on 1 March 2027.",
        "The owner was: Lead",
    ]
    with pytest.raises(Refused, match="stays an action"):
        deciding.change(action.pk, {"kind": "decision", "text": "x"}, LeadFactory(), NOW)


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_get_two_numbers():
    meeting, lead, together = MeetingFactory(), LeadFactory(), Barrier(2)

    def work(text: str):
        try:
            together.wait(10)
            deciding.add(meeting.pk, ACTION | {"text": text}, lead, NOW)
        finally:
            connection.close()

    workers = [Thread(target=work, args=(text,)) for text in ("One", "Two")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(Outcome.objects.values_list("number", flat=True)) == [1, 2]
