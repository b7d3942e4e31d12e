"""`confirmed_at` is moved by the expert's own saving and confirming, and by nothing else."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from experts import confirmation, contact, correcting, editing, invitations, listing
from experts.importing import runs
from experts.models import Edit, Expert, Policy
from partners import vocabulary
from partners.models import Organisation, Synonym, Term
from partners.refusals import Refused
from tests.experts.pages import code_in, form_data
from tests.experts.spreadsheets import xlsx
from tests.factories import NOW, ExpertFactory, LeadFactory, UserFactory
from wmaportal import housekeeping

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=40)


@pytest.fixture(autouse=True)
def _later():
    with time_machine.travel(LATER, tick=True):
        yield


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True, name="Aiko Tanaka", email="aiko@example.org")


@pytest.fixture
def lead():
    return LeadFactory(totp=True)


def confirmed(expert):
    return Expert.objects.values_list("confirmed_at", flat=True).get(pk=expert.pk)


def contact_values(expert, **changes) -> dict:
    return {name: getattr(expert, name) for name in Expert.GUARDED_FIELDS} | changes


# What moves it


def test_still_right_confirms(client, expert):
    client.force_login(expert.user)

    with time_machine.travel(LATER, tick=False):
        client.post(reverse("expert_confirm"))

    assert confirmed(expert) == LATER


def test_the_own_saving_confirms_also_when_nothing_differs(client, expert):
    client.force_login(expert.user)

    with time_machine.travel(LATER, tick=False):
        client.post(reverse("expert_edit"), form_data(expert))

    assert confirmed(expert) == LATER


def test_a_proposal_that_waits_is_the_own_saving_too(expert):
    editing.submit(expert.pk, {"name": "New"}, expert.version, expert.user, LATER)

    assert confirmed(expert) == LATER


def test_the_own_change_of_contact_confirms(expert, mailoutbox):
    values = contact_values(expert, phone_audience="partners")
    contact.ask(expert, expert.user, values, LATER)
    contact.change(
        expert.pk, expert.user, values, {expert.user.email: code_in(mailoutbox[-1])}, LATER
    )

    assert confirmed(expert) == LATER


def test_handing_a_profile_in_says_that_it_is_right(expert):
    Expert.objects.filter(pk=expert.pk).update(status="draft", confirmed_at=None)

    listing.hand_in(expert.pk, expert.user, LATER)

    assert confirmed(expert) == LATER


@pytest.mark.parametrize("status", ["draft", "awaiting", "unlisted", "withdrawn"])
def test_what_is_not_on_the_list_cannot_be_confirmed(expert, status):
    Expert.objects.filter(pk=expert.pk).update(status=status)

    with pytest.raises(Refused):
        confirmation.confirm(expert.pk, LATER)
    editing.submit(expert.pk, {"summary": "Draft"}, expert.version, expert.user, LATER)
    assert confirmed(expert) == expert.confirmed_at


@pytest.mark.parametrize("status", ["draft", "awaiting", "withdrawn"])
def test_silence_of_long_ago_brings_nobody_back_who_went_another_way_since(expert, status):
    Expert.objects.filter(pk=expert.pk).update(status=status, unlisted_for="silence")

    with pytest.raises(Refused):
        confirmation.confirm(expert.pk, LATER)
    assert Expert.objects.get(pk=expert.pk).status == status


def test_who_was_unlisted_for_silence_is_back_by_saying_still_right(expert):
    Expert.objects.filter(pk=expert.pk).update(status="unlisted", unlisted_for="silence")

    confirmation.confirm(expert.pk, LATER)

    now = Expert.objects.get(pk=expert.pk)
    assert (now.status, now.unlisted_for, now.confirmed_at) == ("listed", "", LATER)


def test_saving_brings_back_too_and_what_the_lead_looks_at_still_waits(expert):
    Expert.objects.filter(pk=expert.pk).update(status="unlisted", unlisted_for="silence")

    saved = editing.submit(
        expert.pk, {"name": "New", "summary": "New."}, expert.version, expert.user, LATER
    )

    now = Expert.objects.get(pk=expert.pk)
    assert (now.status, now.name, now.summary) == ("listed", "Aiko Tanaka", "New.")
    assert (saved.shown, saved.held) == (("summary",), ("name",))


def test_a_question_is_answered_once_and_a_later_number_is_not_lost(expert):
    for number in (None, 3, 5):
        confirmation.confirm(
            expert.pk, LATER, confirmation.Channel.MAIL, number, asked_at=LATER - timedelta(days=1)
        )

    assert [c.outside_requests for c in expert.confirmations.all()] == [3]
    assert Expert.objects.get(pk=expert.pk).version == expert.version + 1


# What does not


def login(expert, lead, client):
    client.force_login(expert.user)
    client.get(reverse("expert_me"))
    client.get(reverse("expert_edit"))


def admin_edit(expert, lead, client):
    client.force_login(lead)
    address = reverse("admin:experts_expert_change", args=[expert.pk])
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False)}
    response = client.post(address, data | {"summary": "As the Lead has it."})
    assert response.status_code == 302
    assert Expert.objects.get(pk=expert.pk).summary == "As the Lead has it."


def importing(expert, lead, client):
    file = xlsx(
        ("Name", "Country", "E-mail", "Summary"),
        (expert.name, "Japan", expert.email, "From the list"),
    )
    Expert.objects.filter(pk=expert.pk).update(confirmed_at=None)  # else the file does not win
    run = runs.start(file, "April 2026", None, lead, LATER)
    runs.confirm(run.pk, run.digest)
    runs.write(run.pk, lead.pk, LATER)
    there = Expert.objects.get(pk=expert.pk)
    assert (there.summary, there.confirmed_at) == ("From the list", None)
    Expert.objects.filter(pk=expert.pk).update(confirmed_at=expert.confirmed_at)


def accepted(expert, lead, client):
    editing.submit(expert.pk, {"name": "New"}, expert.version, expert.user, expert.confirmed_at)
    editing.decide(Edit.objects.get().pk, lead, {"name"}, "", LATER)
    assert Expert.objects.get(pk=expert.pk).name == "New"


def rejected(expert, lead, client):
    editing.submit(expert.pk, {"name": "New"}, expert.version, expert.user, expert.confirmed_at)
    editing.decide(Edit.objects.get().pk, lead, set(), "No", LATER)


def undone(expert, lead, client):
    editing.submit(expert.pk, {"summary": "New"}, expert.version, expert.user, expert.confirmed_at)
    editing.undo(Edit.objects.get().pk, lead, {"summary"}, LATER)
    editing.mark_seen(Edit.objects.get().pk, lead, LATER)


def pause_and_its_end(expert, lead, client):
    listing.pause(expert.pk, (LATER + timedelta(days=3)).date(), LATER)
    listing.end_pause(expert.pk, LATER)
    listing.pause(expert.pk, (LATER + timedelta(days=3)).date(), LATER)
    assert listing.end_past_pauses(LATER + timedelta(days=9)) == 1


def off_and_on(expert, lead, client):
    listing.unlist(expert.pk, lead, "Reason", LATER)
    listing.relist(expert.pk, lead, LATER)


def approve(expert, lead, client):
    Expert.objects.filter(pk=expert.pk).update(status="awaiting")
    listing.approve(expert.pk, lead, LATER)


def reject(expert, lead, client):
    Expert.objects.filter(pk=expert.pk).update(status="awaiting")
    listing.reject(expert.pk, lead, "Reason", LATER)


def remove(expert, lead, client):
    listing.remove(expert.pk, expert.user, LATER)


def migration(expert, lead, client):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE experts_expert SET search = search, sort_name = sort_name, region = ''"
        )
    Expert.objects.update(languages=["fr"], version=7)


def merged_term(expert, lead, client):
    dental = Term.objects.get(code="products-dental")
    vocabulary.merge(expert.term_ids[0], dental.pk, lead, LATER)
    assert dental.pk in Expert.objects.get(pk=expert.pk).term_ids


def renamed_term(expert, lead, client):
    Term.objects.filter(pk=expert.term_ids[0]).update(label_en="Another word")
    Synonym.objects.create(term_id=expert.term_ids[0], text="Ampoule")


def renamed_organisation(expert, lead, client):
    Organisation.objects.filter(pk=expert.organisation_id).update(name="Renamed")


def claim(expert, lead, client):
    Expert.objects.filter(pk=expert.pk).update(user=None)
    invitation = invitations.invite_to_claim(expert.pk, lead, LATER)
    invitations.accept(invitation.token, UserFactory(), LATER)


def invitation(expert, lead, client):
    Expert.objects.filter(pk=expert.pk).update(user=None)
    invitations.invite_to_claim(expert.pk, lead, LATER)
    client.get(reverse("invitation", args=[expert.invitations.get().token]))


def correction(expert, lead, client):
    note = correcting.suggest(expert.pk, "A note", UserFactory(), LATER)
    correcting.answer(note.pk, True, LATER)


def new_policy(expert, lead, client):
    Policy.objects.create(pk=1, fresh_months=6)


def keeping_house(expert, lead, client):
    housekeeping.keep_house(LATER)


@pytest.mark.parametrize(
    "step",
    [
        login,
        admin_edit,
        importing,
        accepted,
        rejected,
        undone,
        pause_and_its_end,
        off_and_on,
        approve,
        reject,
        remove,
        migration,
        merged_term,
        renamed_term,
        renamed_organisation,
        claim,
        invitation,
        correction,
        new_policy,
        keeping_house,
    ],
    ids=lambda step: step.__name__,
)
def test_nothing_else_moves_it(expert, lead, client, step):
    step(expert, lead, client)

    assert confirmed(expert) == expert.confirmed_at


def test_a_second_loading_of_the_demonstration_moves_none():
    with time_machine.travel(NOW, tick=True):
        call_command("loaddemo", verbosity=0)
    before = dict(Expert.objects.values_list("pk", "confirmed_at"))

    call_command("loaddemo", verbosity=0)

    assert dict(Expert.objects.values_list("pk", "confirmed_at")) == before
    assert len(before) >= 40
