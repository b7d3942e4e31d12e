"""Missions: drafted from a need by one click, staffed, published, moved on; who sees what."""

import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from advice import missions, search
from advice.models import Mission, MissionPerson, MissionPlace, Need
from advice.sitemaps import Missions
from experts import listing
from experts.models import Expert
from partners import vocabulary
from partners.models import Decision, Term
from partners.refusals import Refused
from tests.everything import everything
from tests.factories import (
    NOW,
    AdviceRequestFactory,
    DocumentFactory,
    ExpertFactory,
    LeadFactory,
    MissionFactory,
    NeedFactory,
    PartnerUserFactory,
    SecretariatFactory,
)

pytestmark = pytest.mark.django_db
CELLS = "industry-chlor-alkali-decommissioning"
MEMBRANE = "industry-chlor-alkali-conversion"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lead(client):
    lead = LeadFactory(totp=True)
    client.force_login(lead)
    return lead


def place(mission: Mission, number: int = 1, wanted: str = "Engineer", **facts) -> MissionPlace:
    return MissionPlace.objects.create(mission=mission, number=number, wanted=wanted, **facts)


def person(mission: Mission, **facts) -> MissionPerson:
    return MissionPerson.objects.create(mission=mission, **facts)


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_one_click_on_a_need_drafts_a_place_for_each_term_with_the_two_best(client, lead):
    near = ExpertFactory(terms=(CELLS,), country_id="BR", missions=True)
    been = ExpertFactory(terms=(CELLS,), worked_in=["UY"])
    ExpertFactory(terms=(CELLS,))
    away = NOW.date() + timedelta(days=9)
    ExpertFactory(terms=(CELLS,), worked_in=["UY"], paused_until=away)
    need = NeedFactory(terms=(CELLS, MEMBRANE))

    response = client.post(reverse("mission_draft", args=[need.pk]))

    mission = need.missions.get()
    assert response.url == mission.get_absolute_url()
    facts = (mission.title, mission.summary, mission.country_id, mission.year, mission.status)
    assert facts == (need.title, need.description, "UY", 2026, "draft")
    assert [area.slug for area in mission.areas.all()] == ["waste"]
    places = {one.term.code: list(one.people.order_by("pk")) for one in mission.places.all()}
    assert {code: {one.expert for one in people} for code, people in places.items()} == {
        CELLS: {been, near},
        MEMBRANE: set(),
    }
    assert not any(one.is_sent for one in places[CELLS])
    page = text_of(client, mission.get_absolute_url())
    assert "worked in Uruguay" in page
    assert "goes on missions" in page


def test_a_need_without_terms_wants_one_person_in_its_own_words():
    need = NeedFactory(terms=())
    mission, _new = missions.draft_from_need(need.pk, LeadFactory(), NOW)
    assert [str(one) for one in mission.places.all()] == [need.title]


def test_each_proposal_has_the_field_and_two_reasons_or_more():
    ExpertFactory(terms=(CELLS,), worked_in=[])
    term = Term.objects.get(code=CELLS)

    (proposal,) = missions.people_for(term, "", "UY", [], NOW)

    assert len(proposal.reasons) >= 2


def test_nobody_is_proposed_for_two_places_of_a_mission():
    expert = ExpertFactory(terms=(CELLS, MEMBRANE))
    need = NeedFactory(terms=(CELLS, MEMBRANE))

    mission, _new = missions.draft_from_need(need.pk, LeadFactory(), NOW)

    assert [one.expert for one in mission.people.all()] == [expert]


def test_reasons_that_do_not_fit_are_left_out_as_whole_sentences():
    lines = missions.in_lines(("a" * 300, "b" * 299, "c" * 2))

    assert lines.splitlines() == ["a" * 300, "b" * 299]


def test_two_clicks_make_one_draft(client, lead):
    need = NeedFactory()
    address = reverse("mission_draft", args=[need.pk])
    first, second = client.post(address), client.post(address)
    assert first.url == second.url
    assert need.missions.count() == 1
    missions.move(need.missions.get().pk, "done", lead, NOW)
    assert client.post(address).url != first.url


def test_a_need_that_waits_or_was_declined_gets_no_mission():
    for status in (Need.Status.AWAITING, Need.Status.DECLINED):
        need = NeedFactory(status=status, status_reason="Because")
        with pytest.raises(Refused, match="not in the register"):
            missions.draft_from_need(need.pk, LeadFactory(), NOW)
    assert not Mission.objects.exists()


def test_a_need_that_is_not_there_is_a_404(client, lead):
    assert client.post(reverse("mission_draft", args=[10**9])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_leads_at_once_make_one_draft_and_publish_it_once():
    need, leads = NeedFactory(), (LeadFactory(), LeadFactory())
    start, outcomes = threading.Barrier(2), []

    def work(lead):
        try:
            start.wait(10)
            mission, is_new = missions.draft_from_need(need.pk, lead, NOW)
            start.wait(10)
            try:
                missions.move(mission.pk, "planned", lead, NOW)
                outcomes.append((is_new, "moved"))
            except Refused:
                outcomes.append((is_new, "refused"))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[lead]) for lead in leads]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)

    assert sorted(is_new for is_new, _end in outcomes) == [False, True]
    assert sorted(end for _new, end in outcomes) == ["moved", "refused"]
    assert Mission.objects.count() == 1
    assert Decision.objects.filter(action="moved to planned").count() == 1


def test_a_status_follows_another_or_is_refused():
    lead = LeadFactory()
    for old in Mission.Status.values:
        for new in Mission.Status.values:
            mission = MissionFactory(status=old, status_reason="Because", summary="Work")
            if new in Mission.NEXT.get(old, ()):
                assert missions.move(mission.pk, new, lead, NOW, "Because").status == new
                continue
            with pytest.raises(Refused, match="cannot be done any more"):
                missions.move(mission.pk, new, lead, NOW, "Because")
            if old != new:
                with pytest.raises(IntegrityError), transaction.atomic():
                    Mission.objects.filter(pk=mission.pk).update(status=new)


def test_a_mission_is_cancelled_with_a_reason_that_everybody_reads(client, lead):
    mission = MissionFactory(summary="Work")
    page = reverse("mission_cancel", args=[mission.pk])
    assert "This field is required" in client.post(page, {"reason": " "}).content.decode()
    with pytest.raises(Refused, match="Give a reason"):
        missions.move(mission.pk, "cancelled", lead, NOW, " ")
    with pytest.raises(IntegrityError), transaction.atomic():
        Mission.objects.filter(pk=mission.pk).update(status="cancelled")
    assert client.post(page, {"reason": "The plant closed."}).url == mission.get_absolute_url()
    client.logout()
    assert "The plant closed." in text_of(client, mission.get_absolute_url())


def test_of_an_empty_draft_something_must_be_said_first(client, lead):
    mission = MissionFactory(status="draft")
    move = reverse("mission_move", args=[mission.pk])
    page = client.post(move, {"status": "planned"}, follow=True).content.decode()
    assert "Say what is done, or add a place" in page
    place(mission)
    client.post(move, {"status": "planned"})
    mission.refresh_from_db()
    assert mission.status == "planned"


@pytest.mark.parametrize("status", ["", "draft", "magic", "x" * 5000, "\0", "<b>"])
def test_a_status_that_makes_no_sense_changes_nothing(client, lead, status):
    mission = MissionFactory(summary="Work")
    before = everything()
    response = client.post(reverse("mission_move", args=[mission.pk]), {"status": status})
    assert response.url == mission.get_absolute_url()
    after = everything()
    assert [name for name in before if before[name] != after[name]] in (
        [],
        ["sessions.Session"],
    )


def test_drafts_are_for_the_lead_and_proposals_too(client):
    draft = MissionFactory(status="draft")
    mission = MissionFactory(summary="Work")
    proposed, sent = ExpertFactory(), ExpertFactory()
    for one in (draft, mission):
        person(one, place=place(one), expert=proposed, why="Knows cells")
    person(mission, expert=sent, is_sent=True, as_what="Adviser on cells")

    for user in (None, PartnerUserFactory(), SecretariatFactory()):
        client.logout()
        if user:
            client.force_login(user)
        page = text_of(client, mission.get_absolute_url())
        assert (proposed.name in page, "Knows cells" in page) == (False, False)
        assert (sent.name in page, "Adviser on cells" in page) == (True, True)
    client.logout()
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert draft.title not in text_of(client, reverse("mission_list"))
    client.force_login(LeadFactory(totp=True))
    assert "Knows cells" in text_of(client, draft.get_absolute_url())
    assert draft.title in text_of(client, reverse("mission_list"))


def test_the_lead_names_one_who_was_proposed_and_takes_another_back(client, lead):
    mission = MissionFactory(summary="Work")
    where = place(mission)
    goes, stays = (person(mission, place=where, expert=ExpertFactory()) for _each in range(2))

    def post(who, step):
        address = reverse("mission_person", args=[mission.pk, who.pk])
        return client.post(address, {"step": step}, follow=True).content.decode()

    post(goes, "send")
    post(stays, "drop")
    assert [(one.pk, one.is_sent) for one in mission.people.all()] == [(goes.pk, True)]
    assert "is named already" in post(goes, "drop")
    assert Decision.objects.get(action="named").reason == goes.expert.name


def test_a_person_of_another_mission_is_not_named_here(client, lead):
    mission, other = MissionFactory(), MissionFactory()
    who = person(other, expert=ExpertFactory())
    address = reverse("mission_person", args=[mission.pk, who.pk])
    assert client.post(address, {"step": "send"}).status_code == 404
    who.refresh_from_db()
    assert not who.is_sent


def test_who_left_the_list_is_not_named():
    who = person(MissionFactory(), expert=ExpertFactory(status="unlisted"))
    with pytest.raises(Refused, match="not on the list any more"):
        missions.send(who.pk, LeadFactory(), NOW)


def test_a_proposal_that_another_lead_took_back_is_gone():
    who = person(MissionFactory(), expert=ExpertFactory())
    missions.drop(who.pk)
    with pytest.raises(Refused, match="gone"):
        missions.send(who.pk, LeadFactory(), NOW)


def test_an_experts_page_has_the_missions_on_which_the_expert_was_sent(client):
    expert = ExpertFactory()
    for title, status, is_sent in (
        ("Went there", "done", True),
        ("Only proposed", "planned", False),
        ("Still a draft", "draft", True),
    ):
        mission = MissionFactory(title=title, status=status)
        person(mission, expert=expert, is_sent=is_sent, as_what="Adviser")
    page = text_of(client, expert.get_absolute_url())
    assert [title in page for title in ("Went there", "Only proposed", "Still a draft")] == [
        True,
        False,
        False,
    ]


def test_of_a_removed_expert_a_mission_keeps_the_name_and_no_link_and_no_reason(client):
    expert = ExpertFactory(claimed=True)
    mission, other = MissionFactory(summary="Work"), MissionFactory(summary="Work")
    kept = person(mission, expert=expert, is_sent=True, as_what="Adviser", why="Speaks Arabic")
    person(other, expert=expert, why="Speaks Arabic")
    assert expert.get_absolute_url() in text_of(client, mission.get_absolute_url())

    listing.remove(expert.pk, expert.user, NOW)

    page = text_of(client, mission.get_absolute_url())
    assert (expert.name in page, expert.get_absolute_url() in page) == (True, False)
    assert [(one.pk, one.why) for one in expert.missions_joined.all()] == [(kept.pk, "")]
    assert listing.erase_removed(NOW + timedelta(days=31)) == 1
    assert expert.name in text_of(client, mission.get_absolute_url())
    assert Expert.objects.get(pk=expert.pk).name in str(kept)


def test_merged_terms_take_the_places_along():
    old, into = Term.objects.get(code=CELLS), Term.objects.get(code=MEMBRANE)
    mission = MissionFactory()
    place(mission, 1, "", term=old)
    place(mission, 2, "", term=into)
    with pytest.raises(Refused, match="in use"):
        vocabulary.delete(old.pk, LeadFactory(), NOW)
    vocabulary.merge(old.pk, into.pk, LeadFactory(), NOW)
    assert [one.term for one in mission.places.all()] == [into, into]


def test_report_need_and_request_are_links_where_they_may_be_seen(client):
    request = AdviceRequestFactory(text="How do we take the cells down?")
    mission = MissionFactory(
        report=DocumentFactory(title="Report for all"),
        need=NeedFactory(title="A need for all"),
        request=request,
    )
    inner = MissionFactory(
        report=DocumentFactory(title="Report for partners", audience="partners"),
        need=NeedFactory(title="A need that waits", status="awaiting"),
    )
    page = text_of(client, mission.get_absolute_url())
    assert [words in page for words in ("Report for all", "A need for all", request.text)] == [
        True,
        True,
        False,
    ]
    page = text_of(client, inner.get_absolute_url())
    assert ("Report for partners" in page, "A need that waits" in page) == (False, False)
    client.force_login(request.requester)
    assert request.text in text_of(client, mission.get_absolute_url())


def test_what_is_not_known_is_not_stated(client):
    page = text_of(client, MissionFactory(year=None).get_absolute_url())
    assert page.count("not stated") == 4  # who, when, areas, costs


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (None, None, "2026"),
        (date(2026, 5, 1), None, "from 1 May 2026"),
        (None, date(2026, 5, 3), "until 3 May 2026"),
        (date(2026, 5, 1), date(2026, 5, 1), "1 May 2026"),
        (date(2026, 5, 1), date(2026, 5, 3), "1 May 2026 to 3 May 2026"),
    ],
)
def test_the_days_are_said_as_far_as_they_are_known(first, last, words):
    assert MissionFactory(starts_on=first, ends_on=last).when == words


def test_the_list_is_filtered_by_country_region_status_year_and_words(client):
    MissionFactory(title="Old one", year=2018, status="done", summary="Cells were taken down")
    place(MissionFactory(title="Other place", country_id="KE"), wanted="Thermometers")
    MissionFactory(title="No year", country_id="MX", year=None)
    page = text_of(client, reverse("mission_list"))
    order = sorted(("Old one", "Other place", "No year"), key=page.index)
    assert order == ["Other place", "Old one", "No year"]
    for query, titles in (
        ("country=KE", ["Other place"]),
        ("region=africa", ["Other place"]),
        ("status=done", ["Old one"]),
        ("year=2018", ["Old one"]),
        ("q=thermometer", ["Other place"]),
        ("q=uruguay+cell", ["Old one"]),
        ("q=mexique", ["No year"]),
        ("q=uruguay&status=planned", []),
    ):
        page = text_of(client, f"{reverse('mission_list')}?{query}")
        found = [title for title in ("Old one", "Other place", "No year") if title in page]
        assert (query, found) == (query, titles)


@pytest.mark.parametrize(
    "query",
    ["q=%27%3B--", "status=draft", "year=99999999999", "country=UY%27", "region=x&page=1"],
)
def test_nonsense_in_the_list_is_named_or_ignored(client, query):
    MissionFactory()
    text_of(client, f"{reverse('mission_list')}?{query}")


def test_hostile_words_are_shown_as_words(client):
    hostile = "<script>alert(1)</script>"
    mission = MissionFactory(title=hostile, summary=hostile, costs=hostile, result=hostile)
    person(mission, name=hostile, as_what=hostile, is_sent=True)
    for address in (mission.get_absolute_url(), reverse("mission_list")):
        assert hostile not in text_of(client, address)


def test_pages_take_the_same_queries_with_one_row_and_with_many(client, lead):
    mission, expert = MissionFactory(summary="Work"), ExpertFactory()
    change = reverse("admin:advice_mission_change", args=[mission.pk])
    pages = [
        reverse("mission_list"),
        mission.get_absolute_url(),
        expert.get_absolute_url(),
        change,
    ]

    def add(number):
        other = MissionFactory(summary="Work")
        term = Term.objects.get(code=CELLS)
        where = place(mission, number, "", term=term)
        person(mission, place=where, expert=ExpertFactory(), why="Knows cells")
        person(mission, place=where, expert=ExpertFactory(), is_sent=True)
        person(other, expert=expert, is_sent=True)

    def counted():
        numbers = []
        for address in pages:
            with CaptureQueriesContext(connection) as taken:
                text_of(client, address)
            numbers.append(len(taken))
        return numbers

    add(1)
    counted()  # what is read once
    few = counted()
    for number in range(2, 6):
        add(number)
    assert counted() == few


def test_search_finds_published_missions(client):
    MissionFactory(title="Survey of a cell plant")
    MissionFactory(title="Survey that is a draft", status="draft")
    _needs, hits = search.find("surveys", PartnerUserFactory(), NOW)
    assert (hits.total, [hit.title for hit in hits.hits]) == (1, ["Survey of a cell plant"])
    assert hits.heading == "1 mission or project"
    _needs, hits = search.find("surveys", LeadFactory(), NOW)
    assert hits.total == 2


def test_the_sitemap_has_published_missions():
    MissionFactory(status="draft")
    shown = MissionFactory()
    assert list(Missions().items()) == [shown]


# The Lead's admin


def form_of(**facts) -> dict:
    """What admin posts: no places, no people, unless `facts` say so."""
    data = {"title": "Survey", "country": "UY", "summary": "Work", "url": "", **facts}
    for prefix in ("places", "people"):
        data = {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0, **data}
    return data


def seen(client, mission: Mission) -> str:
    address = reverse("admin:advice_mission_change", args=[mission.pk])
    return client.get(address).context["adminform"].form["seen"].value()


def errors(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_lead_writes_a_mission_with_places_and_then_people(client, lead):
    report, need = DocumentFactory(), NeedFactory()
    data = form_of(
        starts_on="2026-05-01",
        ends_on="2026-05-04",
        report=report.code,
        need=need.pk,
        **{"places-TOTAL_FORMS": 2, "places-0-wanted": "Engineer", "places-1-wanted": "Lawyer"},
    )
    assert client.post(reverse("admin:advice_mission_add"), data).status_code == 302
    mission = Mission.objects.get()
    facts = (mission.year, mission.report, mission.need, mission.created_by, mission.status)
    assert facts == (2026, report, need, lead, "draft")
    first, second = mission.places.all()
    assert [(one.number, one.wanted) for one in (first, second)] == [(1, "Engineer"), (2, "Lawyer")]
    expert = ExpertFactory()
    kept = {
        "places-TOTAL_FORMS": 2,
        "places-INITIAL_FORMS": 2,
        "places-0-id": first.pk,
        "places-0-wanted": "Engineer",
        "places-1-id": second.pk,
        "places-1-wanted": "",
        "places-1-DELETE": "on",
        "people-TOTAL_FORMS": 2,
        "people-0-listed": expert.name.upper(),
        "people-0-place": first.pk,
        "people-0-is_sent": "on",
        "people-1-name": "Engineer 07 (example)",
    }
    address = reverse("admin:advice_mission_change", args=[mission.pk])
    data = form_of(seen=seen(client, mission), **kept)
    response = client.post(address, data)
    assert response.status_code == 302, response.context["errors"]
    assert [one.wanted for one in mission.places.all()] == ["Engineer"]
    people = [(one.expert, one.name, one.place, one.is_sent) for one in mission.people.all()]
    assert sorted(people, key=lambda one: one[1]) == [
        (expert, "", first, True),
        (None, "Engineer 07 (example)", None, False),
    ]


def test_what_two_leads_write_at_once_is_not_overwritten(client, lead):
    mission = MissionFactory(title="As it was")
    address = reverse("admin:advice_mission_change", args=[mission.pk])
    before = seen(client, mission)
    Mission.objects.filter(pk=mission.pk).update(costs="The host")
    response = client.post(address, form_of(seen=before, title="Mine"))
    assert "Somebody else saved this mission" in errors(response)
    assert "Mine" in response.content.decode()
    mission.refresh_from_db()
    assert (mission.title, mission.costs) == ("As it was", "The host")
    again = response.context["adminform"].form["seen"].value()
    assert client.post(address, form_of(seen=again, title="Mine")).status_code == 302


def test_admin_says_what_is_wrong_beside_the_field(client, lead):
    mission = MissionFactory()
    where = place(mission)
    twin = ExpertFactory(name="Same Name")
    ExpertFactory(name="Same Name")
    draft = DocumentFactory(published=False)
    address = reverse("admin:advice_mission_change", args=[mission.pk])
    rows = {"places-TOTAL_FORMS": 1, "places-INITIAL_FORMS": 1, "places-0-id": where.pk}
    rows |= {"places-0-wanted": "Engineer", "people-TOTAL_FORMS": 1}
    for facts, sentence in (
        ({"report": draft.code}, "no document with this code"),
        ({"report": "\0"}, "no document with this code"),
        ({"need": "9" * 40}, "none with this number"),
        ({"need": "x"}, "none with this number"),
        ({"starts_on": "2026-05-02", "ends_on": "2026-05-01"}, "before “from”"),
        ({"places-0-wanted": ""}, "say in words who is wanted"),
        ({"people-0-listed": "Nobody"}, "Nobody on the list has this name"),
        ({"people-0-listed": "9" * 40}, "Nobody on the list has this name"),
        ({"people-0-listed": "Same Name"}, "Two experts have this name"),
        ({"people-0-listed": twin.pk, "people-0-name": "Other"}, "either an expert"),
        ({"people-0-as_what": "Adviser"}, "or somebody else"),
    ):
        data = form_of(seen=seen(client, mission), **{**rows, **facts})
        assert sentence in errors(client.post(address, data)), sentence
    pair = {
        "people-TOTAL_FORMS": 2,
        **{f"people-{n}-listed": twin.pk for n in range(2)},
        **{f"people-{n}-place": where.pk for n in range(2)},
    }
    data = form_of(seen=seen(client, mission), **{**rows, **pair})
    assert "has this place already" in errors(client.post(address, data))
    assert not mission.people.exists()


def test_who_has_left_the_list_stays_when_the_lead_saves_other_things(client, lead):
    mission, gone = MissionFactory(), ExpertFactory(status="withdrawn")
    who = person(mission, expert=gone, is_sent=True)
    address = reverse("admin:advice_mission_change", args=[mission.pk])
    rows = {"people-TOTAL_FORMS": 1, "people-INITIAL_FORMS": 1, "people-0-id": who.pk}
    rows |= {"people-0-listed": gone.name, "people-0-as_what": "Adviser", "people-0-is_sent": "on"}
    response = client.post(address, form_of(seen=seen(client, mission), **rows))
    assert response.status_code == 302
    who.refresh_from_db()
    assert (who.expert, who.as_what) == (gone, "Adviser")


def test_a_draft_may_be_deleted_and_a_published_mission_not(client, lead):
    draft, shown = MissionFactory(status="draft"), MissionFactory()
    codes = [
        client.post(
            reverse("admin:advice_mission_delete", args=[one.pk]), {"post": "yes"}
        ).status_code
        for one in (draft, shown)
    ]
    assert codes == [302, 403]
    assert list(Mission.objects.all()) == [shown]
