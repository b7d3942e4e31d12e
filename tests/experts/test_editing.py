"""The expert's own changes: at once, or held; two at once; undo; nothing private is kept."""

import threading

import pytest
from django.db import connections
from django.urls import reverse

from experts import editing, listing
from experts.models import Change, Edit, Expert
from partners.models import Decision, Organisation, Term
from partners.refusals import Refused
from tests.experts.pages import form_data
from tests.factories import NOW, ExpertFactory, LeadFactory, OrganisationFactory

pytestmark = pytest.mark.django_db

State = Change.State


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True)


@pytest.fixture
def lead():
    return LeadFactory()


def submit(expert, reason="", **values):
    version = Expert.objects.get(pk=expert.pk).version
    return editing.submit(expert.pk, values, version, expert.user, NOW, reason)


def states(expert) -> dict:
    rows = Change.objects.filter(edit__expert=expert).order_by("pk")
    return [(row.field, row.after, row.state) for row in rows]


def only_edit(expert) -> Edit:
    return Edit.objects.get(expert=expert)


def now_is(expert) -> Expert:
    return Expert.objects.get(pk=expert.pk)


# At once, or held


def test_what_is_direct_is_shown_at_once_and_what_is_moderated_waits(expert):
    saved = submit(
        expert, "Moved house", summary="New words.", name="Another Name", country="KE", terms=[]
    )

    assert saved.shown == ("summary",)
    assert saved.held == ("name", "country", "terms")
    there = now_is(expert)
    assert (there.summary, there.name, there.country_id) == ("New words.", expert.name, "JP")
    assert there.term_ids == expert.term_ids
    assert only_edit(expert).reason == "Moved house"


@pytest.mark.parametrize(
    "status", [Expert.Status.DRAFT, Expert.Status.UNLISTED, Expert.Status.AWAITING]
)
def test_off_the_list_everything_is_direct(status):
    expert = ExpertFactory(claimed=True, status=status)

    saved = submit(expert, name="Another Name", country="KE")

    assert saved.held == ()
    assert (now_is(expert).name, now_is(expert).region) == ("Another Name", "africa")


def test_saving_the_same_again_makes_no_edit_and_still_counts_as_saving(expert):
    saved = submit(expert, summary=expert.summary, name=expert.name, terms=expert.term_ids)

    assert (saved.shown, saved.held) == ((), ())
    assert not Edit.objects.filter(expert=expert).exists()
    assert now_is(expert).version == expert.version + 1


def test_a_later_proposal_replaces_the_one_that_waits(expert):
    submit(expert, position="Director")
    submit(expert, position="Director-General")

    assert states(expert) == [
        ("position", "Director", State.REPLACED),
        ("position", "Director-General", State.WAITING),
    ]


def test_the_same_proposal_again_goes_on_waiting(expert):
    submit(expert, position="Director")
    submit(expert, position="Director")

    assert states(expert) == [("position", "Director", State.WAITING)]


def test_typing_what_stands_there_takes_a_proposal_back(expert):
    submit(expert, position="Director")
    submit(expert, position=expert.position)

    assert states(expert) == [("position", "Director", State.REPLACED)]


def test_a_proposal_of_before_does_not_survive_an_edit_made_off_the_list(expert, lead):
    submit(expert, position="Director")
    listing.unlist(expert.pk, lead, "Left the ministry.", NOW)

    submit(expert, position="Consultant")

    assert states(expert) == [
        ("position", "Director", State.REPLACED),
        ("position", "Consultant", State.APPLIED),
    ]


def test_an_unknown_organisation_is_made_once_and_waits_with_the_edit(expert):
    house = editing.NewOrganisation("Ministry of Water", "KE")
    submit(expert, organisation=house)
    submit(expert, organisation=editing.NewOrganisation("MINISTRY of water", "KE"))

    made = Organisation.objects.get(name="Ministry of Water")
    assert (made.country_id, made.kind) == ("KE", Organisation.Kind.OTHER)
    assert states(expert) == [("organisation", made.pk, State.WAITING)]
    assert now_is(expert).organisation == expert.organisation


def test_of_two_organisations_with_a_name_the_one_in_the_country_is_meant(expert):
    OrganisationFactory(name="Ministry of Environment", country_id="JP")
    there = OrganisationFactory(name="Ministry of Environment", country_id="KE")

    submit(expert, organisation=editing.NewOrganisation("Ministry of environment", "KE"))

    assert states(expert) == [("organisation", there.pk, State.WAITING)]


# Two at once


def test_a_saving_on_top_of_an_older_version_is_a_collision_and_writes_nothing(expert):
    submit(expert, summary="Somebody was quicker.")

    with pytest.raises(editing.Collision):
        editing.submit(
            expert.pk,
            {"summary": "Too late", "organisation": editing.NewOrganisation("Nowhere", "KE")},
            expert.version,
            expert.user,
            NOW,
        )
    assert now_is(expert).summary == "Somebody was quicker."
    assert not Organisation.objects.filter(name="Nowhere").exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_savings_at_the_same_moment_one_is_a_collision():
    expert = ExpertFactory(claimed=True)
    ready, ended = threading.Barrier(2), []

    def save(words):
        try:
            ready.wait(10)
            editing.submit(expert.pk, {"summary": words}, expert.version, expert.user, NOW)
            ended.append(words)
        except editing.Collision:
            ended.append("collision")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=(words,)) for words in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended)[0] == "collision"
    assert [now_is(expert).summary] == [words for words in ended if words != "collision"]
    assert now_is(expert).version == expert.version + 1


def test_a_collision_shows_both_versions_and_keeps_what_was_typed(client, expert, lead):
    client.force_login(expert.user)
    data = form_data(expert, summary="What I typed.", organisation="Ministry of Water")
    submit(expert, summary="Quicker.", phone="+81 3 1111 2222", organisation=None)

    response = client.post(reverse("expert_edit"), data)

    assert response.status_code == 409
    assert response.context["differences"] == [
        ("Summary", "Quicker.", "What I typed."),
        ("Phone", "+81 3 1111 2222", expert.phone),
        ("Organisation", expert.organisation.name, "Ministry of Water"),
    ]
    form = response.context["form"]
    assert form["summary"].value() == "What I typed."
    assert form["version"].value() == now_is(expert).version
    assert now_is(expert).summary == "Quicker."
    assert not Organisation.objects.filter(name="Ministry of Water").exists()


def test_saving_once_more_after_a_collision_wins_knowingly(client, expert):
    client.force_login(expert.user)
    data = form_data(expert, summary="What I typed.")
    submit(expert, summary="Quicker.")
    first = client.post(reverse("expert_edit"), data)

    again = client.post(
        reverse("expert_edit"), {**data, "version": first.context["form"]["version"].value()}
    )

    assert again.status_code == 302
    assert now_is(expert).summary == "What I typed."
    assert [row[1] for row in states(expert)] == ["Quicker.", "What I typed."]


def test_a_collision_without_a_difference_says_so(client, expert):
    client.force_login(expert.user)
    data = form_data(expert)
    submit(expert)

    response = client.post(reverse("expert_edit"), data)

    assert response.status_code == 409
    assert response.context["differences"] == []
    assert "No field differs; save again." in response.content.decode()


def test_opening_the_form_and_saving_changes_nothing(client, expert):
    Expert.objects.filter(pk=expert.pk).update(experience="First line.\nSecond line.")
    client.force_login(expert.user)

    response = client.post(reverse("expert_edit"), form_data(expert))

    assert response.status_code == 302
    assert states(expert) == []


def test_four_thousand_characters_are_counted_as_the_database_counts_them(client, expert):
    client.force_login(expert.user)
    text = "a" * 1998 + "\r\n\r\n" + "b" * 2000

    assert (
        client.post(reverse("expert_edit"), form_data(expert, experience=text)).status_code == 302
    )
    assert len(now_is(expert).experience) == 4000


# The Lead decides


def test_the_lead_accepts_a_part_and_rejects_the_rest_with_a_reason(expert, lead, mailoutbox):
    submit(expert, name="New Name", country="KE", summary="Direct.")

    editing.decide(only_edit(expert).pk, lead, {"country"}, "The list has the full name.", NOW)

    assert (now_is(expert).name, now_is(expert).country_id) == (expert.name, "KE")
    rows = {row.field: row for row in Change.objects.all()}
    assert {name: row.state for name, row in rows.items()} == {
        "name": State.REJECTED,
        "country": State.ACCEPTED,
        "summary": State.APPLIED,
    }
    assert rows["name"].decision_reason == "The list has the full name."
    assert rows["country"].decision_reason == ""
    assert (rows["name"].decided_by, rows["name"].decided_at) == (lead, NOW)
    assert [mail.to for mail in mailoutbox] == [[expert.email]]
    assert [row.action for row in Decision.objects.all()] == ["accepted in part"]


def test_a_rejection_needs_a_reason(expert, lead):
    submit(expert, name="New Name")

    with pytest.raises(Refused, match="reason"):
        editing.decide(only_edit(expert).pk, lead, set(), "  ", NOW)
    assert states(expert) == [("name", "New Name", State.WAITING)]


def test_what_was_decided_is_not_decided_twice(expert, lead, mailoutbox):
    submit(expert, name="New Name")
    edit = only_edit(expert)
    editing.decide(edit.pk, lead, {"name"}, "", NOW)

    with pytest.raises(Refused, match="already"):
        editing.decide(edit.pk, lead, {"name"}, "", NOW)
    assert len(mailoutbox) == 1


def test_accepting_terms_changes_links_groups_and_search(expert, lead):
    dental = Term.objects.get(code="products-dental")
    submit(expert, terms=[dental.pk])

    editing.decide(only_edit(expert).pk, lead, {"terms"}, "", NOW)

    there = now_is(expert)
    assert (there.term_ids, there.group_ids) == ([dental.pk], [dental.parent_id])
    assert list(there.terms.all()) == [dental]


def test_an_organisation_that_was_deleted_meanwhile_is_refused_with_a_sentence(expert, lead):
    submit(expert, organisation=editing.NewOrganisation("Ministry of Water", "KE"))
    Organisation.objects.get(name="Ministry of Water").delete()

    with pytest.raises(Refused, match="does not exist any more"):
        editing.decide(only_edit(expert).pk, lead, {"organisation"}, "", NOW)
    assert [row[2] for row in states(expert)] == [State.WAITING]


# Undo


def test_undo_brings_the_former_value_back_and_tells_the_expert(expert, lead, mailoutbox):
    submit(expert, summary="Buy my product!", missions=True)

    editing.undo(only_edit(expert).pk, lead, {"summary"}, NOW)

    assert (now_is(expert).summary, now_is(expert).missions) == (expert.summary, True)
    assert [row[2] for row in states(expert)] == [State.UNDONE, State.APPLIED]
    assert [mail.to for mail in mailoutbox] == [[expert.email]]
    assert only_edit(expert).seen_by == lead


def test_undo_is_refused_when_the_expert_changed_the_field_again(expert, lead):
    submit(expert, summary="One")
    first = only_edit(expert)
    submit(expert, summary="Two")

    with pytest.raises(Refused, match="again since"):
        editing.undo(first.pk, lead, {"summary"}, NOW)
    assert now_is(expert).summary == "Two"


def test_undo_of_several_fields_is_all_or_nothing(expert, lead):
    submit(expert, missions=True, summary="One")
    first = only_edit(expert)
    submit(expert, summary="Two")

    with pytest.raises(Refused):
        editing.undo(first.pk, lead, {"missions", "summary"}, NOW)
    assert now_is(expert).missions is True


def test_a_private_field_cannot_be_undone_and_an_edit_only_once(expert, lead):
    submit(expert, phone="+81 3 9999 0000", summary="One")
    edit = only_edit(expert)

    with pytest.raises(Refused, match="no copy"):
        editing.undo(edit.pk, lead, {"phone", "summary"}, NOW)
    editing.undo(edit.pk, lead, {"summary"}, NOW)
    with pytest.raises(Refused, match="nothing left"):
        editing.undo(edit.pk, lead, {"summary"}, NOW)


# Private


def test_values_of_private_fields_are_in_no_change_and_on_no_history_page(client, expert):
    client.force_login(expert.user)
    client.post(reverse("expert_edit"), form_data(expert, phone="+81 3 9999 0000"))

    change = Change.objects.get()
    assert (change.field, change.before, change.after) == ("phone", None, None)
    page = client.get(reverse("expert_history")).content.decode()
    assert [number in page for number in (expert.phone, "+81 3 9999 0000")] == [False, False]
    assert "not kept" in page


# What people type


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("English, French", ["en", "fr"]),
        ("anglais; français", ["en", "fr"]),
        ("es", ["es"]),
    ],
)
def test_languages_are_understood_as_people_write_them(client, expert, typed, kept):
    client.force_login(expert.user)
    client.post(reverse("expert_edit"), form_data(expert, languages=typed))

    assert now_is(expert).languages == kept


def test_an_unknown_language_or_country_is_answered_with_the_nearest(client, expert):
    client.force_login(expert.user)
    data = form_data(expert, languages="Englisch, Frensh", worked_in="Indonesa", summary="Kept.")

    response = client.post(reverse("expert_edit"), data)

    assert response.context["form"].errors == {
        "languages": ["“Englisch” is not a language. Did you mean English?"],
        "worked_in": ["“Indonesa” is not a country. Did you mean Indonesia?"],
    }
    assert response.context["form"]["summary"].value() == "Kept."


def test_my_profile_says_what_waits_for_the_lead(client, expert):
    client.force_login(expert.user)

    client.post(reverse("expert_edit"), form_data(expert, position="Director", country="KE"))

    page = client.get(reverse("expert_me"))
    assert page.context["waiting"] == [("Position", "Director"), ("Country", "Kenya")]
    public = client.get(expert.get_absolute_url()).content.decode()
    assert "Director" not in public
