"""Decisions and actions of all meetings: who sees which, filters, the file, one of them."""

import csv
import io
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from meetings import deciding
from meetings.models import Outcome
from tests.factories import (
    NOW,
    BookingFactory,
    DocumentFactory,
    LeadFactory,
    MeetingFactory,
    MembershipFactory,
    OrganisationFactory,
    OutcomeFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    SeriesFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def listed(client, query: str = "") -> list[str]:
    page = client.get(reverse("outcome_list") + query)
    return [row.outcome.text for row in page.context["rows"]]


def in_file(client, query: str = "") -> list[dict]:
    answer = client.get(reverse("outcome_export_csv") + query)
    return [*csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))]


def core_member():
    return RoleFactory(kind="core_member").user


def test_who_may_see_the_meeting_sees_its_outcomes_in_list_file_and_page(client):
    outcomes = {
        audience: OutcomeFactory(text=audience, meeting=MeetingFactory(audience=audience))
        for audience in ("public", "partners", "core")
    }
    outcomes["draft"] = OutcomeFactory(text="draft", meeting=MeetingFactory(status="draft"))
    guest, organiser = UserFactory(), UserFactory()
    BookingFactory(part__meeting=outcomes["partners"].meeting, registration__user=guest)
    outcomes["core"].meeting.organisers.add(organiser)
    table = [
        (None, {"public"}),
        (UserFactory(), {"public"}),
        (PartnerUserFactory(), {"public", "partners"}),
        (guest, {"public", "partners"}),
        (organiser, {"public", "core"}),
        (core_member(), {"public", "partners", "core"}),
        (SecretariatFactory(), {"public", "partners", "core", "draft"}),
        (LeadFactory(), {"public", "partners", "core", "draft"}),
    ]
    for person, expected in table:
        client.logout()
        if person:
            client.force_login(person)
        assert {*listed(client)} == expected
        assert {row["Outcome"] for row in in_file(client)} == expected
        opened = {
            name
            for name, outcome in outcomes.items()
            if client.get(outcome.get_absolute_url()).status_code == 200
        }
        assert opened == expected
        choices = client.get(reverse("outcome_list")).context["filter"].form["meeting"]
        assert len(choices.field.queryset) == len(expected)


def test_who_is_to_do_an_action_sees_it_also_where_the_meeting_is_for_others(client):
    organisation = OrganisationFactory()
    member = MembershipFactory(organisation=organisation).user
    meeting = MeetingFactory(audience="core", title="Closed circle")
    own = OutcomeFactory(meeting=meeting, owner=UserFactory(), organisation=organisation)
    OutcomeFactory(meeting=meeting)
    for person in (own.owner, member):
        client.force_login(person)
        assert listed(client) == [own.text]
        page = client.get(own.get_absolute_url()).content.decode()
        assert f'href="{meeting.get_absolute_url()}"' not in page
        assert 'id="progress"' in page
    meeting.status = "draft"
    Outcome.objects.filter(pk=own.pk).update(meeting=MeetingFactory(status="draft"))
    assert listed(client) == []


def test_people_are_named_to_partners_alone(client):
    person = UserFactory(name="Somebody Private")
    outcome = OutcomeFactory(owner=person, owner_name="")
    for viewer, named in ((None, False), (UserFactory(), False), (PartnerUserFactory(), True)):
        client.logout()
        if viewer:
            client.force_login(viewer)
        pages = [
            client.get(address).content.decode()
            for address in (
                *(outcome.get_absolute_url(), reverse("outcome_list")),
                outcome.meeting.get_absolute_url(),
            )
        ]
        assert ["Somebody Private" in page for page in pages] == [named] * 3
        owner = "Somebody Private" if named else "A person of the partnership"
        assert [row["Owner"] for row in in_file(client)] == [owner]
        assert listed(client, "?owner=private") == ([outcome.text] if named else [])


def test_the_filters_find_what_they_say(client):
    series = SeriesFactory(slug="area")
    old = MeetingFactory(
        series=series, starts_on=date(2020, 5, 4), ends_on=date(2020, 5, 4), status="held"
    )
    organisation = OrganisationFactory(name="Institute of Lamps", acronym="IOL")
    OutcomeFactory(meeting=old, text="Décision", kind="decision", status="", owner_name="")
    OutcomeFactory(meeting=old, text="Late one", due_on=TODAY - DAY, organisation=organisation)
    OutcomeFactory(text="Open one", due_on=TODAY, status="under_way")
    OutcomeFactory(text="Done one", status="done", evidence="It is on the shelf.")
    for query, expected in (
        ("?q=decision", {"Décision"}),
        ("?q=shelf", {"Done one"}),
        ("?kind=decision", {"Décision"}),
        ("?status=open", {"Late one", "Open one"}),
        ("?status=late", {"Late one"}),
        ("?status=late&status=done", {"Late one", "Done one"}),
        ("?owner=iol", {"Late one"}),
        ("?owner=lamps", {"Late one"}),
        ("?series=area", {"Décision", "Late one"}),
        (f"?meeting={old.code}&kind=action", {"Late one"}),
        ("?year=2020", {"Décision", "Late one"}),
        ("?year=1999&status=lost", {"Décision", "Late one", "Open one", "Done one"}),
    ):
        assert {*listed(client, query)} == expected, query
        assert {row["Outcome"] for row in in_file(client, query)} == expected
    page = client.get(reverse("outcome_list") + "?status=lost")
    assert page.context["unknown"] == ["Status of actions: “lost” is not known."]
    facets = page.context["facets"]
    assert {one["value"]: one["count"] for one in facets[0]["options"]} == {
        "open": 2,
        "late": 1,
        "done": 1,
        "dropped": 0,
    }


def test_lateness_and_age_stand_in_words(client):
    meeting = MeetingFactory(starts_on=TODAY - 60 * DAY, ends_on=TODAY - 57 * DAY, status="held")
    for text, values in (
        ("a", {"due_on": TODAY - 56 * DAY}),
        ("b", {"due_on": TODAY - DAY, "status": "under_way"}),
        ("c", {"due_on": TODAY, "status": "under_way"}),
        ("d", {"due_on": TODAY}),
        ("e", {"status": "under_way"}),
        ("f", {"status": "dropped", "evidence": "No money."}),
    ):
        OutcomeFactory(meeting=meeting, text=text, **values)
    rows = client.get(reverse("outcome_list")).context["rows"]
    assert [(row.state.words, row.state.look, row.age) for row in rows] == [
        ("8 weeks late", "danger", "8 weeks"),
        ("1 day late", "danger", "8 weeks"),
        ("On time", "good", "8 weeks"),
        ("Not started", "", "8 weeks"),
        ("Under way", "info", "8 weeks"),
        ("Dropped", "", "8 weeks"),
    ]
    assert [row["Days late"] for row in in_file(client)] == ["56", "1", "", "", "", ""]


def test_no_cell_of_the_file_is_a_formula(client):
    OutcomeFactory(text="=1+1", owner_name="@SUM(A1)")
    [row] = in_file(client)
    assert (row["Outcome"], row["Owner"]) == ("'=1+1", "'@SUM(A1)")


def test_the_list_takes_the_same_queries_for_one_or_many(client, django_assert_max_num_queries):
    OutcomeFactory(owner=UserFactory(), organisation=OrganisationFactory())
    client.get(reverse("outcome_list"))
    with django_assert_max_num_queries(40) as few:
        client.get(reverse("outcome_list"))
    for _n in range(8):
        OutcomeFactory(owner=UserFactory(), organisation=OrganisationFactory())
    with django_assert_max_num_queries(40) as many:
        client.get(reverse("outcome_list"))
    assert len(many) == len(few)


def test_the_owner_says_that_it_is_done_with_what_shows_it(client):
    action = OutcomeFactory(owner=UserFactory())
    document = DocumentFactory(title="Fact sheet")
    client.force_login(action.owner)
    address = reverse("outcome_progress", args=[action.pk])
    wrong = client.post(address, {"to": "done", "url": "https://example.org/typed"})
    page = wrong.content.decode()
    assert "Say what shows that it is done." in page
    assert "https://example.org/typed" in page
    unknown = client.post(address, {"to": "done", "words": "Sent.", "document": "no-such"})
    assert "No document of the library has the code" in unknown.content.decode()

    client.post(address, {"to": "done", "words": "Sent to all.", "document": document.code})

    action.refresh_from_db()
    assert (action.status, action.evidence, action.document) == ("done", "Sent to all.", document)
    client.logout()
    page = client.get(action.get_absolute_url()).content.decode()
    assert "Sent to all." in page
    assert f'href="{document.get_absolute_url()}"' in page
    assert 'id="progress"' not in page


def test_the_page_tells_what_happened_and_shows_words_as_words(client):
    action, lead = OutcomeFactory(text="<script>x</script>"), LeadFactory()
    deciding.report_progress(action.pk, "under_way", "<img src=x onerror=y>", lead, NOW)
    for address in (
        *(action.get_absolute_url(), reverse("outcome_list")),
        action.meeting.get_absolute_url(),
    ):
        page = client.get(address).content.decode()
        assert "<script>x" not in page
        assert "<img src=x" not in page
    assert "24 November 2026" in client.get(action.get_absolute_url()).content.decode()


def test_the_page_of_a_meeting_shows_what_was_carried_over_and_what_it_brought(client):
    series = SeriesFactory()
    last = MeetingFactory(
        series=series, starts_on=date(2025, 3, 9), ends_on=date(2025, 3, 9), status="held"
    )
    core = MeetingFactory(
        series=series,
        audience="core",
        starts_on=date(2026, 1, 9),
        ends_on=date(2026, 1, 9),
        status="held",
    )
    OutcomeFactory(meeting=last, text="Seen by all", due_on=date(2026, 9, 29))
    OutcomeFactory(meeting=core, text="Seen by few")
    following = MeetingFactory(series=series)

    context = client.get(following.get_absolute_url()).context
    assert [(row.outcome.text, row.state.words) for row in context["carried_rows"]] == [
        ("Seen by all", "8 weeks late")
    ]
    assert context["first_year"] == 2025
    client.force_login(core_member())
    context = client.get(following.get_absolute_url()).context
    assert [one.text for one in context["open_actions"]] == ["Seen by all", "Seen by few"]
    context = client.get(last.get_absolute_url()).context
    assert [row.outcome.text for row in context["outcome_rows"]] == ["Seen by all"]
    assert context["open_actions"] == []


def test_the_log_does_not_tell_of_a_document_that_the_reader_may_not_see(client):
    action, lead = OutcomeFactory(), LeadFactory()
    for audience in ("public", "core"):
        document = DocumentFactory(code=f"for-{audience}", audience=audience)
        stays = action.status
        deciding.report_progress(action.pk, stays, "See there.", lead, NOW, document=document)
    elsewhere = "https://example.org/figures/"
    deciding.report_progress(action.pk, stays, "And there.", lead, NOW, url=elsewhere)

    def told(user=None) -> list[str]:
        client.logout()
        if user:
            client.force_login(user)
        page = client.get(action.get_absolute_url()).content.decode()
        return [one for one in ("for-public", "for-core", elsewhere) if one in page]

    assert told() == ["for-public", elsewhere]
    assert told(core_member()) == ["for-public", "for-core", elsewhere]
