"""Countries' statements: who writes and who reads, both texts after a collision, one need once."""

import csv
import io
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from openpyxl import load_workbook

from advice.models import Need
from mailings.models import OutgoingMail
from meetings import country as country_page
from meetings import stating, waiting
from meetings.models import Meeting, StatedNeed, Statement
from partners.models import Country, Decision, Term, User
from partners.refusals import Refused
from tests.factories import (
    NOW,
    LeadFactory,
    MeetingFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    SessionFactory,
    StatementFactory,
    UserFactory,
)
from wmaportal.local import servers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def partner_of(code: str, organisation=None) -> User:
    """Somebody who belongs to a partner organisation of the country."""
    if organisation is None:
        organisation = OrganisationFactory(country_id=code)
        PartnerFactory(person=None, organisation=organisation)
    return MembershipFactory(organisation=organisation).user


def address(meeting: Meeting, step: str = "edit", country: str = "uy") -> str:
    return reverse(f"statement_{step}", args=[meeting.code, country])


def typed(seen: int = 0, needs=(), **changes) -> dict:
    """What a browser sends; `needs` are (pk, title, text) of the rows."""
    rows = {"needs-TOTAL_FORMS": len(needs), "needs-INITIAL_FORMS": 0}
    for number, (pk, title, text) in enumerate(needs):
        row = {"pk": pk, "title": title, "text": text}
        rows |= {f"needs-{number}-{name}": value for name, value in row.items()}
    said = {"seen": seen, "situation": "Three plants have closed.", "priorities": "A store."}
    return said | rows | changes


def stored(meeting: Meeting) -> Statement:
    return Statement.objects.get(meeting=meeting, country="UY")


# Writing


def test_a_partner_writes_a_draft_and_sends_it_and_then_everybody_reads_it(client):
    meeting, partner = MeetingFactory(), partner_of("UY")
    client.force_login(partner)
    assert client.get(address(meeting)).status_code == 200

    client.post(address(meeting), typed(needs=[("", "A store", "For ten tonnes.")]))

    statement = stored(meeting)
    assert (statement.status, statement.version, statement.author) == ("draft", 1, partner)
    assert [(need.title, need.text) for need in statement.needs.all()] == [
        ("A store", "For ten tonnes.")
    ]
    client.logout()
    assert client.get(statement.get_absolute_url()).status_code == 302
    client.force_login(partner)
    need = statement.needs.get()
    client.post(address(meeting), typed(1, [(need.pk, "A store", "")], send="1"))
    client.logout()
    page = client.get(reverse("statement_list", args=[meeting.code])).content.decode()
    assert "Three plants have closed." in page
    assert client.get(statement.get_absolute_url()).status_code == 200
    assert (stored(meeting).status, stored(meeting).sent_at) == ("sent", NOW)


def test_one_more_need_keeps_what_is_typed_and_an_emptied_row_is_taken_out(client):
    meeting = MeetingFactory()
    client.force_login(partner_of("UY"))

    answer = client.post(address(meeting), typed(needs=[("", "A store", "")], more="1"))

    assert answer.url == address(meeting) + "?more=1#needs"
    page = client.get(answer.url)
    assert [form["title"].value() for form in page.context["needs"]] == ["A store", None, None]
    need = stored(meeting).needs.get()
    client.post(address(meeting), typed(1, [(need.pk, "", ""), ("", "A law", "")]))
    assert [one.title for one in stored(meeting).needs.all()] == ["A law"]


def test_expertise_of_a_need_comes_from_the_vocabulary(client):
    meeting, term = MeetingFactory(), Term.objects.get(code="handling-interim-storage")
    client.force_login(partner_of("UY"))

    client.post(address(meeting), typed(needs=[("", "A store", "")]) | {"needs-0-terms": [term.pk]})

    assert list(stored(meeting).needs.get().terms.all()) == [term]


def test_words_without_a_title_are_told_and_nothing_typed_is_lost(client):
    meeting = MeetingFactory()
    client.force_login(partner_of("UY"))

    answer = client.post(address(meeting), typed(needs=[("", "", "For ten tonnes.")]))

    page = answer.content.decode()
    assert not Statement.objects.exists()
    assert "Say in one line what is needed." in page
    assert "For ten tonnes." in page
    assert "Three plants have closed." in page


def test_a_statement_without_a_situation_is_not_sent(client):
    meeting = MeetingFactory()
    client.force_login(partner_of("UY"))

    answer = client.post(address(meeting), typed(situation=" ", send="1"))

    assert not Statement.objects.exists()
    assert "situation" in answer.context["form"].errors


def test_who_belongs_to_two_organisations_of_the_country_chooses_one(client):
    meeting, partner = MeetingFactory(), partner_of("UY")
    second = OrganisationFactory(country_id="UY")
    PartnerFactory(person=None, organisation=second)
    MembershipFactory(user=partner, organisation=second)
    client.force_login(partner)

    answer = client.post(address(meeting), typed())
    assert "organisation" in answer.context["form"].errors
    client.post(address(meeting), typed(organisation=second.pk))

    assert stored(meeting).organisation == second


def test_who_speaks_for_two_countries_is_offered_both(client):
    meeting, partner = MeetingFactory(), partner_of("UY")
    other = OrganisationFactory(country_id="KE")
    PartnerFactory(person=None, organisation=other)
    MembershipFactory(user=partner, organisation=other)
    client.force_login(partner)

    page = client.get(reverse("statement_list", args=[meeting.code]))

    assert [one.country.pk for one in page.context["to_write"]] == ["KE", "UY"]


@pytest.mark.parametrize("who", ["no member", "not a partner", "other country", "lead"])
def test_nobody_else_writes_for_the_country(client, who):
    meeting, house = MeetingFactory(), OrganisationFactory(country_id="UY")
    person = {
        "no member": PartnerUserFactory,
        "not a partner": lambda: MembershipFactory(organisation=house).user,
        "other country": lambda: partner_of("PE"),
        "lead": LeadFactory,
    }[who]()
    client.force_login(person)

    assert client.get(address(meeting)).status_code == 403
    assert client.post(address(meeting), typed()).status_code == 403
    with pytest.raises(Refused):
        stating.save(
            meeting.pk,
            Country.objects.get(pk="UY"),
            {"situation": "x", "priorities": "", "organisation": house},
            [],
            0,
            person,
            NOW,
        )


def test_a_statement_can_be_changed_until_the_first_session_begins(client):
    meeting = MeetingFactory()
    SessionFactory(meeting=meeting)  # at 9:00 in Bangkok, which is 2:00 UTC
    partner = partner_of("UY")
    client.force_login(partner)
    client.post(address(meeting), typed(send="1"))

    with time_machine.travel("2027-03-09T01:59:00+00:00", tick=False):
        client.force_login(partner)  # the session of November has ended
        client.post(address(meeting, "take_back"))
        assert stored(meeting).status == "draft"
        client.post(address(meeting, "send"))
    with time_machine.travel("2027-03-09T02:00:00+00:00", tick=False):
        client.post(address(meeting, "take_back"))
        answer = client.get(address(meeting), follow=True)

    assert stored(meeting).status == "sent"
    assert "takes no statements now" in answer.content.decode()


@pytest.mark.parametrize("changes", [{"status": "held"}, {"kind": "webinar"}])
def test_webinars_and_past_meetings_take_no_statements(changes):
    assert stating.takes_statements(MeetingFactory(), NOW)
    assert not stating.takes_statements(MeetingFactory(**changes), NOW)


# Two at once


def test_the_second_of_two_colleagues_sees_both_texts_and_no_need_is_lost(client):
    meeting, first = MeetingFactory(), partner_of("UY")
    second = partner_of("UY", first.memberships.get().organisation)
    client.force_login(first)
    client.post(address(meeting), typed(situation="Of the first.", needs=[("", "A store", "")]))
    client.force_login(second)

    answer = client.post(
        address(meeting), typed(situation="Of the second.", needs=[("", "A law", "")])
    )

    page = answer.content.decode()
    assert "Of the first." in page
    assert "Of the second." in page
    assert stored(meeting).situation == "Of the first."
    assert answer.context["form"]["seen"].value() == 1
    client.post(address(meeting), typed(1, situation="Of both.", needs=[("", "A law", "")]))
    assert stored(meeting).situation == "Of both."
    assert [need.title for need in stored(meeting).needs.all()] == ["A store", "A law"]


def test_one_country_has_one_statement_at_a_meeting():
    statement = StatementFactory()

    with pytest.raises(IntegrityError, match="statement_once"), transaction.atomic():
        StatementFactory(meeting=statement.meeting)


@pytest.mark.django_db(transaction=True)
def test_two_first_saves_at_once_make_one_statement():
    meeting, partner = MeetingFactory(), partner_of("UY")
    place, house = Country.objects.get(pk="UY"), partner.memberships.get().organisation
    ready, said = Barrier(2), []

    def save(words: str):
        values = {"situation": words, "priorities": "", "organisation": house}
        ready.wait()
        try:
            stating.save(meeting.pk, place, values, [], 0, partner, NOW)
        except stating.Collision:
            said.append("collision")
        else:
            said.append(words)
        finally:
            connection.close()

    threads = [Thread(target=save, args=[words]) for words in ("one", "two")]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert said.count("collision") == 1
    assert Statement.objects.get().situation in said


# Reading


def test_drafts_are_for_partners_of_the_country_and_for_organisers():
    statement = StatementFactory(status="draft", sent_at=None)
    organiser = UserFactory()
    statement.meeting.organisers.add(organiser)
    colleague, stranger = partner_of("UY"), partner_of("PE")

    def sees(user) -> bool:
        return Statement.objects.visible_to(user, NOW.date()).exists()

    people = [colleague, organiser, LeadFactory(), stranger, UserFactory()]
    assert [sees(one) for one in people] == [True, True, True, False, False]


def test_statements_are_seen_by_whoever_sees_the_meeting():
    statement = StatementFactory(meeting__audience="partners")

    seen = [
        Statement.objects.visible_to(user, NOW.date()).exists()
        for user in (PartnerUserFactory(), UserFactory())
    ]

    assert seen == [True, False]
    place = statement.country
    assert list(country_page.statements_of(place, UserFactory(), NOW.date())) == []
    assert list(country_page.statements_of(place, LeadFactory(), NOW.date())) == [statement]


def test_the_page_with_all_takes_the_same_queries_for_one_and_for_three(
    client, django_assert_max_num_queries
):
    meeting = MeetingFactory()
    for number, code in enumerate(["UY", "PE", "KE"], 1):
        statement = StatementFactory(meeting=meeting, country_id=code)
        need = StatedNeed.objects.create(statement=statement, number=1, title="A store")
        need.terms.add(Term.objects.filter(parent__isnull=False)[0])
        with django_assert_max_num_queries(12) as asked:
            page = client.get(reverse("statement_list", args=[meeting.code]))
        if number == 1:
            first = len(asked)
    assert len(asked) == first
    assert [one.country_id for one in page.context["statements"]] == ["KE", "PE", "UY"]


def test_a_region_narrows_the_page(client):
    meeting = MeetingFactory()
    for code in ("UY", "KE"):
        StatementFactory(meeting=meeting, country_id=code)

    page = client.get(reverse("statement_list", args=[meeting.code]), {"region": "africa"})

    assert [one.country_id for one in page.context["statements"]] == ["KE"]


def test_organisers_take_all_as_a_table_that_runs_no_formula(client, lead):
    statement = StatementFactory(situation="=1+1", priorities="A store.")
    StatedNeed.objects.create(statement=statement, number=1, title="A law", text="On lamps.")
    code = statement.meeting.code

    text = client.get(reverse("statement_list_csv", args=[code])).content.decode("utf-8-sig")
    sheet = client.get(reverse("statement_list_xlsx", args=[code])).content

    row = ["Uruguay", "America", "", "Sent", "2026-11-21 09:00", "'=1+1", "A store."]
    row += ["A law: On lamps.", "", "0"]
    assert list(csv.reader(io.StringIO(text)))[1] == row
    cells = list(load_workbook(io.BytesIO(sheet)).active.values)[1]
    assert ["" if cell is None else str(cell) for cell in cells] == row


# Needs


def stated(**changes) -> StatedNeed:
    statement = StatementFactory(**changes)
    need = StatedNeed.objects.create(
        statement=statement, number=1, title="A store", text="For ten tonnes."
    )
    need.terms.add(Term.objects.get(code="handling-interim-storage"))
    return need


def take(client, need: StatedNeed):
    args = [need.statement.meeting.code, "uy", need.number]
    return client.post(reverse("stated_need_register", args=args), follow=True)


def test_the_lead_takes_a_need_into_the_register_with_one_click_and_once(client, lead):
    need = stated()

    take(client, need)

    row = Need.objects.get()
    need.refresh_from_db()
    assert need.need == row
    assert (row.title, row.description, row.country_id) == ("A store", "For ten tonnes.", "UY")
    assert (row.status, row.source, row.year) == ("open", "meeting", 2027)
    assert row.source_text == f"Statement of Uruguay, {need.statement.meeting}"
    assert row.url.endswith(need.statement.get_absolute_url())
    assert [term.code for term in row.terms.all()] == ["handling-interim-storage"]
    assert row.submitted_by == need.statement.author
    assert [mail.to for mail in OutgoingMail.objects.all()] == [need.statement.author.email]
    assert Decision.objects.get().action == "taken into the register"

    page = take(client, need).content.decode()

    assert Need.objects.count() == 1
    assert f'It is there already: <a href="{row.get_absolute_url()}">A store</a>' in page


def test_the_register_does_not_name_a_meeting_that_is_not_for_everybody(client, lead):
    need = stated(meeting=MeetingFactory(audience="partners", title="Talks behind doors"))
    page = client.get(need.statement.get_absolute_url()).content.decode()
    assert "It does not name this meeting" in page

    take(client, need)

    row = Need.objects.get()
    assert (row.source, row.source_text, row.url) == ("meeting", "Statement of Uruguay", "")
    client.logout()
    page = client.get(row.get_absolute_url()).content.decode()
    assert ("A store" in page, "behind doors" in page) == (True, False)


def test_a_need_of_a_draft_is_not_taken_over(client, lead):
    need = stated(status="draft", sent_at=None)

    page = take(client, need).content.decode()

    assert "This statement is a draft." in page
    assert not Need.objects.exists()


def test_a_need_of_the_register_stays_when_the_statement_changes(client):
    partner = partner_of("UY")
    need = stated(author=partner)
    stating.register(need.pk, LeadFactory(), NOW)
    client.force_login(partner)
    client.post(address(need.statement.meeting, "take_back"))

    client.post(
        address(need.statement.meeting),
        typed(need.statement.version, [(need.pk, "", ""), ("", "A law", "")], send="1"),
    )

    assert [(one.title, one.need_id is not None) for one in need.statement.needs.all()] == [
        ("A store", True),
        ("A law", False),
    ]


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_row_of_the_register():
    need, lead = stated(), LeadFactory()
    ready, found = Barrier(2), []

    def click():
        ready.wait()
        row, is_new = stating.register(need.pk, lead, NOW)
        found.append((row.pk, is_new))
        connection.close()

    threads = [Thread(target=click) for _number in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    row = Need.objects.get()
    assert sorted(found) == [(row.pk, False), (row.pk, True)]


@pytest.mark.django_db(transaction=True)
def test_the_lead_waits_for_somebody_who_saves_the_statement_and_neither_is_refused():
    need, lead, found = stated(), LeadFactory(), []

    def click():
        found.append(stating.register(need.pk, lead, NOW)[1])
        connection.close()

    thread = Thread(target=click)
    with transaction.atomic():
        need.statement.save()
        thread.start()
        servers.wait_until(_somebody_waits, 10)
        need.save()
    thread.join()

    assert found == [True]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return cursor.fetchone()[0]


# My page


def test_my_page_asks_partners_whose_country_has_sent_none():
    meeting, partner = MeetingFactory(), partner_of("UY")
    MeetingFactory(kind="core")  # and the person is not registered there

    def states() -> list[tuple[str, str]]:
        return [(one.url, one.state) for one in waiting.statements.for_person(partner, NOW)]

    assert states() == [(address(meeting), "Asked")]
    statement = StatementFactory(meeting=meeting, status="draft", sent_at=None)
    assert states() == [(address(meeting), "Draft")]
    stating.send(statement.pk, partner, NOW)
    assert states() == []
    assert waiting.statements.for_person(UserFactory(), NOW) == []
