"""The Lead's queue: what stands in it, what its buttons do, and who may press them."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.template.loader import get_template
from django.urls import reverse

from experts import consent, editing
from experts.models import Change, Edit, Expert
from partners import memberships, standing
from partners.models import Assignment, Decision, Membership, Organisation, Partner, Term
from tests.factories import (
    NOW,
    ExpertFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
)
from wmaportal import moderation, queue

pytestmark = pytest.mark.django_db

QUEUE = "/admin/"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def save(expert, ago=timedelta(days=2), reason="", **values):
    """The expert saves these fields; the edit that comes of it."""
    expert.refresh_from_db()
    editing.submit(expert.pk, values, expert.version, expert.user, NOW - ago, reason)
    return Edit.objects.filter(expert=expert).latest("pk")


def proposed_edit(**values):
    expert = ExpertFactory(claimed=True, position="Head of section")
    return save(expert, **(values or {"position": "Senior lecturer"}))


def direct_edit(**values):
    return save(ExpertFactory(claimed=True), **(values or {"summary": "Closed three plants."}))


def application():
    person = UserFactory()
    organisation = OrganisationFactory(country_id="CL")
    return standing.apply(organisation, "We collect lamps.", person, NOW - timedelta(days=1))


def new_profile():
    expert = ExpertFactory(
        status=Expert.Status.AWAITING,
        claimed=True,
        approved_at=None,
        confirmed_at=None,
        submitted_at=NOW - timedelta(days=1),
    )
    consent.agree(expert, expert.user, NOW - timedelta(days=2))
    return expert


def membership():
    return memberships.ask(UserFactory(), OrganisationFactory().pk, NOW.date(), NOW)


def press(client, kind, thing, step, query="", **data):
    url = reverse("admin:queue_decide", args=[kind, thing.pk]) + query
    return client.post(url, {"step": step, **data})


def states(edit):
    return dict(edit.changes.values_list("field", "state"))


def titles(response):
    return [row.item.title for row in response.context["rows"]]


def said(response):
    return [str(message) for message in response.wsgi_request._messages]


# What stands there


def test_only_what_needs_the_lead_stands_in_it_the_oldest_first(client, lead):
    edit, partner, profile, one = proposed_edit(), application(), new_profile(), membership()
    ExpertFactory()  # listed and fine

    response = client.get(QUEUE)

    assert titles(response) == [
        f"{edit.expert.name}: proposed edit",
        f"{partner}, Chile, wants to be a partner",
        f"New profile: {profile.name}, Japan",
        f"{one.user} says to belong to {one.organisation}",
    ]
    assert [row.age for row in response.context["rows"]] == [
        "Waiting 2\xa0days",
        "Waiting 1\xa0day",
        "Waiting 1\xa0day",
        "New",
    ]


def test_an_empty_queue_says_so(client, lead):
    assert "Nothing needs you" in client.get(QUEUE).content.decode()


def test_the_band_counts_what_needs_the_lead(lead):
    proposed_edit()
    direct_edit()
    application()

    assert queue.count(lead) == 2


def test_differences_stand_side_by_side(client, lead):
    lamps, amalgam, training = Term.objects.exclude(parent=None)[:3]
    expert = ExpertFactory(claimed=True, terms=[lamps, amalgam], country_id="MY")
    save(expert, terms=[lamps.pk, training.pk], country="AU")

    (row,) = client.get(QUEUE).context["rows"]

    assert [(part.label, part.before, part.after) for part in row.item.parts] == [
        (
            "Expertise",
            [(lamps.label, False), ("; ", False), (amalgam.label, True)],
            [(lamps.label, False), ("; ", False), (training.label, True)],
        ),
        (
            "Country",
            [("Malaysia", True), (" (East Asia)", False)],
            [("Australia", True), (" (Oceania)", False)],
        ),
    ]


def test_a_country_in_the_same_region_names_no_region(client, lead):
    save(ExpertFactory(claimed=True, country_id="JP"), country="KR")

    (row,) = client.get(QUEUE).context["rows"]

    assert row.item.parts[0].after == [("Republic of Korea", True)]


def test_the_now_column_is_what_stands_there_now(client, lead):
    edit = proposed_edit()
    Expert.objects.filter(pk=edit.expert_id).update(position="Director")

    (row,) = client.get(QUEUE).context["rows"]

    assert row.item.parts[0].before == [("Director", True)]


def test_words_of_a_longer_text_are_compared_one_by_one(client, lead):
    expert = ExpertFactory(claimed=True, summary="Set up lamp collection in four cities.")
    save(expert, summary="Set up lamp collection in nine cities.")

    (row,) = client.get(QUEUE, {"kind": "direct"}).context["rows"]

    assert [words for words, differs in row.item.parts[0].after if differs] == ["nine"]


def test_a_private_field_is_named_and_not_shown(client, lead):
    direct_edit(phone="+44 20 7946 0000")

    page = client.get(QUEUE).content.decode()

    assert "private: the portal keeps no copy" in page
    assert "7946" not in page


def test_direct_edits_leave_after_fourteen_days(client, lead):
    save(ExpertFactory(claimed=True), ago=timedelta(days=15), summary="Long ago.")

    assert titles(client.get(QUEUE, {"kind": "direct"})) == []


def test_direct_edits_do_not_count_as_work(client, lead):
    direct_edit()

    response = client.get(QUEUE)

    assert response.context["need_you"] == 0
    assert len(response.context["direct_rows"]) == 1


def test_a_membership_is_the_contact_persons_unless_nobody_answers(client, lead):
    contact = UserFactory()
    organisation = OrganisationFactory(contact=contact)
    memberships.ask(UserFactory(), organisation.pk, NOW.date(), NOW)
    assert titles(client.get(QUEUE)) == []

    Membership.objects.update(applied_at=NOW - timedelta(days=15))

    assert len(titles(client.get(QUEUE))) == 1


def test_an_application_and_its_membership_are_one_decision(client, lead):
    partner = application()

    assert [row.kind.code for row in client.get(QUEUE).context["rows"]] == ["partners"]
    press(client, "partners", partner, "approve")
    assert titles(client.get(QUEUE)) == []


def test_an_unverified_address_is_named(client, lead):
    partner = application()
    EmailAddress.objects.filter(user=partner.applied_by).update(verified=False)

    (row,) = client.get(QUEUE).context["rows"]

    assert row.item.facts["people"] == "One person: 0 of 1 addresses verified."


def test_filters_show_one_kind(client, lead):
    proposed_edit()
    application()

    response = client.get(QUEUE, {"kind": "partners"})

    assert [row.kind.code for row in response.context["rows"]] == ["partners"]
    assert [(kind.code, n) for kind, n in response.context["kinds"]] == [
        ("edits", 1),
        ("profiles", 0),
        ("silent", 0),
        ("partners", 1),
        ("memberships", 0),
        ("requests", 0),
        ("slow", 0),
        ("reports", 0),
        ("needs", 0),
        ("practices", 0),
        ("practice_reviews", 0),
        ("document_reviews", 0),
        ("comments_late", 0),
        ("rounds_over", 0),
        ("addresses", 0),
        ("proposals", 0),
        ("registrations", 0),
        ("papers", 0),
        ("late_actions", 0),
        ("announcements", 0),
        ("late-announcements", 0),
        ("held-mail", 0),
        ("uncertain-mail", 0),
        ("paused-campaign", 0),
        ("files", 0),
    ]


def test_a_filter_that_is_not_known_shows_everything(client, lead):
    proposed_edit()

    assert len(titles(client.get(QUEUE, {"kind": "nonsense", "page": "x"}))) == 1


def test_a_long_queue_has_pages(client, lead):
    for _n in range(queue.PER_PAGE + 1):
        membership()

    assert len(titles(client.get(QUEUE))) == queue.PER_PAGE
    assert len(titles(client.get(QUEUE, {"page": 2}))) == 1


def test_what_waits_over_a_week_is_late(client, lead):
    save(ExpertFactory(claimed=True), ago=timedelta(days=8), position="Director")

    assert [row.is_late for row in client.get(QUEUE).context["rows"]] == [True]


def test_figures_say_what_the_portal_saves(client, lead):
    ExpertFactory(confirmed_at=NOW - timedelta(days=10))
    ExpertFactory(confirmed_at=NOW - timedelta(days=400))
    press(client, "profiles", new_profile(), "approve")

    figures = client.get(QUEUE).context["figures"]

    assert figures == {"confirmed": 1, "actions": 1, "by_hand_before": 40}


@pytest.mark.parametrize(
    "make",
    [proposed_edit, direct_edit, application, new_profile, membership],
    ids=lambda f: f.__name__,
)
def test_five_items_take_the_queries_of_one(client, lead, make, django_assert_max_num_queries):
    make()
    client.get(QUEUE)  # content types are remembered
    with django_assert_max_num_queries(60) as one:
        client.get(QUEUE)
    for _n in range(4):
        make()
    with django_assert_max_num_queries(60) as five:
        client.get(QUEUE)

    assert len(five) == len(one)


# What the buttons do


def test_approve_takes_a_proposed_edit_over_without_confirming(client, lead, mailoutbox):
    edit = proposed_edit()
    confirmed_at = Expert.objects.get().confirmed_at

    response = press(client, "edits", edit, "approve")

    expert = Expert.objects.get()
    assert response.status_code == 302
    assert (expert.position, expert.confirmed_at) == ("Senior lecturer", confirmed_at)
    assert states(edit) == {"position": Change.State.ACCEPTED}
    assert said(response) == [f"Approved and shown: {expert.name}: proposed edit."]
    assert [mail.to for mail in mailoutbox] == [[expert.email]]


def test_approve_in_part_rejects_the_others_with_the_reason(client, lead):
    edit = proposed_edit(position="Senior lecturer", name="Somebody Else")

    press(client, "edits", edit, "part", part=["position"], reason="This is another person.")

    expert = Expert.objects.get()
    assert (expert.position, expert.name) == ("Senior lecturer", edit.expert.name)
    assert states(edit) == {"position": Change.State.ACCEPTED, "name": Change.State.REJECTED}


def test_approve_in_part_needs_a_reason_for_the_others_and_keeps_the_ticks(client, lead):
    edit = proposed_edit(position="Senior lecturer", name="Somebody Else")

    response = press(client, "edits", edit, "part", part=["position"])

    (row,) = response.context["rows"]
    assert row.error == "Give a reason: the other side is told."
    assert [(part.field, ticked) for part, ticked in row.chosen_parts] == [
        ("position", True),
        ("name", False),
    ]
    assert states(edit) == {"position": Change.State.WAITING, "name": Change.State.WAITING}


def test_approve_in_part_needs_a_tick(client, lead):
    edit = proposed_edit(position="Senior lecturer", name="Somebody Else")

    response = press(client, "edits", edit, "part", reason="None of it.")

    (row,) = response.context["rows"]
    assert (row.error, row.reason) == ("Tick at least one field.", "None of it.")


REJECTED = {
    "edits": (proposed_edit, lambda edit: states(edit) == {"position": "rejected"}),
    "profiles": (new_profile, lambda one: Expert.objects.get().status == Expert.Status.DRAFT),
    "partners": (application, lambda one: Partner.objects.get().status == Partner.Status.DECLINED),
    "memberships": (membership, lambda one: Membership.objects.get().status == "declined"),
}


@pytest.mark.parametrize("kind", REJECTED)
def test_reject_tells_the_other_side_why(client, lead, mailoutbox, kind):
    make, is_rejected = REJECTED[kind]
    thing = make()
    mailoutbox.clear()

    press(client, kind, thing, "reject", reason="Not about mercury waste.")

    assert is_rejected(thing)
    assert Decision.objects.get().reason == "Not about mercury waste."
    assert ["Not about mercury waste." in mail.body for mail in mailoutbox] == [True]


@pytest.mark.parametrize("kind", REJECTED)
def test_reject_needs_a_reason(client, lead, kind):
    make, is_rejected = REJECTED[kind]
    thing = make()

    response = press(client, kind, thing, "reject", reason="  ")

    (row,) = response.context["rows"]
    assert (row.error_step, row.error) == ("reject", "Give a reason: the other side is told.")
    assert not is_rejected(thing)


def test_a_reason_that_is_too_long_is_kept_and_refused(client, lead):
    response = press(client, "partners", application(), "reject", reason="a" * 2001)

    (row,) = response.context["rows"]
    assert (len(row.reason), row.error) == (
        2001,
        "The reason has more than 2,000 characters. Shorten it.",
    )


def test_a_reason_is_not_lost_when_the_other_lead_was_faster(client, lead):
    partner = application()
    standing.approve(partner.pk, LeadFactory(), NOW)

    response = press(client, "partners", partner, "reject", reason="Not about waste.")

    page = response.content.decode()
    assert f"{partner} is a partner already." in page
    assert "Not about waste." in page


def test_approve_lists_a_profile(client, lead):
    profile = new_profile()

    press(client, "profiles", profile, "approve")

    profile.refresh_from_db()
    assert (profile.status, profile.approved_by, profile.confirmed_at) == ("listed", lead, None)


def test_approve_makes_a_partner(client, lead):
    press(client, "partners", application(), "approve")

    assert Partner.objects.get().status == Partner.Status.APPROVED


def test_approve_makes_a_member(client, lead):
    press(client, "memberships", membership(), "approve")

    assert Membership.objects.get().decided_by == lead


def test_one_click_undoes_a_direct_edit(client, lead, mailoutbox):
    edit = direct_edit(summary="Buy lamps at my shop.", phone="+1 555")

    press(client, "direct", edit, "undo")

    assert Expert.objects.get().summary == "Set up lamp collection in four cities."
    assert states(edit) == {"summary": "undone", "phone": "applied"}
    assert titles(client.get(QUEUE, {"kind": "direct"})) == []
    assert len(mailoutbox) == 1


def test_undo_in_part_leaves_the_other_fields(client, lead):
    edit = direct_edit(summary="Buy lamps at my shop.", missions=True)

    press(client, "direct", edit, "undo_part", part=["summary"])

    expert = Expert.objects.get()
    assert (expert.summary, expert.missions) == ("Set up lamp collection in four cities.", True)


def test_undo_is_refused_when_the_expert_wrote_again(client, lead):
    expert = ExpertFactory(claimed=True)
    first = save(expert, summary="First.")
    save(expert, ago=timedelta(days=1), summary="Second.")

    response = press(client, "direct", first, "undo")

    assert "has changed this field again" in response.content.decode()
    assert Expert.objects.get().summary == "Second."


def test_fine_takes_a_direct_edit_off_the_list(client, lead):
    edit = direct_edit()

    press(client, "direct", edit, "fine")

    edit.refresh_from_db()
    assert (edit.seen_by, edit.seen_at) == (lead, NOW)
    assert titles(client.get(QUEUE, {"kind": "direct"})) == []


def test_the_button_leads_back_to_the_page_it_was_on(client, lead):
    response = press(client, "partners", application(), "approve", query="?kind=partners")

    assert response.url == "/admin/?kind=partners"


def test_a_button_that_does_not_exist_is_an_error(client, lead):
    assert press(client, "partners", application(), "delete").status_code == 400


def test_a_kind_that_does_not_exist_is_not_found(client, lead):
    assert client.post("/admin/queue/nonsense/1/decide/", {"step": "approve"}).status_code == 404


def test_what_is_gone_is_said(client, lead):
    response = client.post("/admin/queue/profiles/999999/decide/", {"step": "approve"})

    assert "This is not in the queue any more." in response.content.decode()


def test_nothing_happens_on_get(client, lead):
    edit = proposed_edit()

    response = client.get(reverse("admin:queue_decide", args=["edits", edit.pk]))

    assert response.status_code == 405


# Several at once


def test_the_chosen_are_approved_and_the_others_left(client, lead):
    first, second, third = new_profile(), new_profile(), new_profile()

    client.post(reverse("admin:queue_chosen", args=["profiles"]), {"item": [first.pk, third.pk]})

    assert dict(Expert.objects.values_list("pk", "status")) == {
        first.pk: "listed",
        second.pk: "awaiting",
        third.pk: "listed",
    }


def test_direct_edits_are_fine_at_one_click(client, lead):
    edits = [direct_edit(), direct_edit()]

    client.post(
        reverse("admin:queue_chosen", args=["direct"]), {"item": [edit.pk for edit in edits]}
    )

    assert Edit.objects.filter(seen_at=None).count() == 0


def test_one_refusal_does_not_stop_the_others(client, lead):
    listed, waiting = ExpertFactory(), new_profile()

    response = client.post(
        reverse("admin:queue_chosen", args=["profiles"]), {"item": [listed.pk, waiting.pk, "x"]}
    )

    waiting.refresh_from_db()
    assert waiting.status == "listed"
    assert said(response) == ["Done: 1."]
    assert response.context["together"].why == [
        f"{listed.pk}: This profile is not awaiting approval."
    ]


def test_choosing_nothing_is_said(client, lead):
    response = client.post(reverse("admin:queue_chosen", args=["profiles"]))

    assert response.context["together"].why == ["Nothing is ticked. Tick at least one item."]


# Who looks after what


def give(client, kind, thing, to):
    return client.post(reverse("admin:queue_assign", args=[kind, thing.pk]), {"lead": to})


def test_an_item_is_given_to_a_lead_and_found_under_mine(client, lead):
    other, mine = proposed_edit(), proposed_edit()
    give(client, "edits", mine, lead.pk)
    give(client, "edits", other, LeadFactory().pk)

    response = client.get(QUEUE, {"mine": 1})

    assert titles(response) == [f"{mine.expert.name}: proposed edit"]
    assert response.context["mine_count"] == 1


def test_an_item_is_given_on_and_given_back(client, lead):
    edit, other = proposed_edit(), LeadFactory()
    give(client, "edits", edit, lead.pk)

    give(client, "edits", edit, other.pk)
    assert Assignment.objects.get().lead == other

    give(client, "edits", edit, "")
    assert Assignment.objects.count() == 0


def test_items_go_to_leads_of_today_only(client, lead):
    edit = proposed_edit()

    for nobody in (PartnerUserFactory(), SecretariatFactory()):
        give(client, "edits", edit, nobody.pk)

    assert Assignment.objects.count() == 0


def test_nobody_looks_after_what_is_decided(client, lead):
    edit = proposed_edit()
    give(client, "edits", edit, lead.pk)

    press(client, "edits", edit, "approve")

    assert Assignment.objects.count() == 0


def test_a_lead_alone_is_not_asked_who_looks_after_it(client, lead):
    proposed_edit()

    assert "looks after" not in client.get(QUEUE).content.decode().partition('id="q"')[2]


# Who may


def ended_lead():
    user = UserFactory(totp=True)
    RoleFactory(user=user, kind="lead", to_on=NOW.date() - timedelta(days=1))
    return user


def nobody_special(factory):
    return lambda: factory(totp=True)


STRANGERS = {
    "partner": nobody_special(PartnerUserFactory),
    "secretariat": nobody_special(SecretariatFactory),
    "expert": lambda: ExpertFactory(claimed=True).user,
    "ended Lead": ended_lead,
    "Lead without a second factor": lambda: LeadFactory(totp=False),
}


@pytest.mark.parametrize("who", [*STRANGERS, "nobody"])
@pytest.mark.parametrize("name", ["decide", "assign", "chosen"])
def test_only_a_lead_of_today_with_a_second_factor_presses_buttons(client, who, name):
    partner, someone = application(), LeadFactory()
    if who in STRANGERS:
        client.force_login(STRANGERS[who]())
    args = ["partners"] if name == "chosen" else ["partners", partner.pk]
    data = {"step": "approve", "item": partner.pk, "lead": someone.pk}

    response = client.post(reverse(f"admin:queue_{name}", args=args), data)

    partner.refresh_from_db()
    assert response.status_code in (302, 403)
    assert partner.status == Partner.Status.APPLIED
    assert Assignment.objects.count() == 0


def test_every_kind_has_its_template_and_its_bulk_step():
    for kind in moderation.KINDS.values():
        get_template(kind.template)
        for bulk in kind.bulk:
            assert kind.steps[bulk.step].needs_reason == bool(bulk.button)


def test_a_bulk_button_that_does_not_exist_is_an_error(client, lead):
    url = reverse("admin:queue_chosen", args=["profiles"])

    assert client.post(url, {"step": "reject", "item": new_profile().pk}).status_code == 400


def test_a_page_that_a_step_does_not_ask_for_is_not_found(client, lead):
    for args in (["profiles", "approve"], ["profiles", "nonsense"], ["nonsense", "approve"]):
        assert client.get(reverse("admin:queue_fill", args=args)).status_code == 404


def test_names_are_escaped(client, lead):
    proposed_edit(position="<script>alert(1)</script>")

    assert "<script>alert" not in client.get(QUEUE).content.decode()


def test_organisations_differ_by_name(client, lead):
    ministry = Organisation.objects.create(name="Ministry of Lamps")
    proposed_edit(organisation=ministry.pk)

    (row,) = client.get(QUEUE).context["rows"]

    assert row.item.parts[0].after == [("Ministry of Lamps", True)]


def test_an_ended_membership_does_not_wait(client, lead):
    MembershipFactory()

    assert titles(client.get(QUEUE)) == []
