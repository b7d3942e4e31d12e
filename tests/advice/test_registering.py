"""The register of needs: partners submit, the Lead decides once, every step is kept and told."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from advice import registering
from advice.models import Need, NeedChange
from mailings.models import OutgoingMail
from partners import standing
from partners.models import Country, Decision, Partner, Term
from partners.refusals import Refused
from tests.factories import NOW, LeadFactory, NeedFactory, PartnerUserFactory, UserFactory

pytestmark = pytest.mark.django_db
Status = Need.Status
SAID = {
    "country": "PE",
    "title": "A place to store mercury",
    "description": "Seized mercury stands in an office of the ministry.",
    "source": "meeting",
    "source_text": "Area meeting, statement of Peru",
    "url": "",
    "year": "2026",
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def values(**changes) -> dict:
    terms = list(Term.objects.filter(code="handling-interim-storage"))
    country = Country.objects.get(pk="PE")
    return {**SAID, "country": country, "year": 2026, "terms": terms, **changes}


def typed(**changes) -> dict:
    term = Term.objects.get(code="handling-interim-storage")
    return {**SAID, "terms": [term.pk], **changes}


def news() -> list[tuple[str, str]]:
    """(status, address) of each mail that was promised."""
    mails = OutgoingMail.objects.filter(template=registering.DECIDED).order_by("pk")
    return [(mail.context["status"], mail.to) for mail in mails]


# Submitting


def test_a_partner_submits_and_nobody_but_the_lead_sees_it_yet(client):
    partner = PartnerUserFactory()
    client.force_login(partner)

    answer = client.post(reverse("need_add"), typed(), follow=True)

    need = Need.objects.get()
    assert (need.status, need.submitted_by, need.submitted_at) == ("awaiting", partner, NOW)
    assert [term.code for term in need.terms.all()] == ["handling-interim-storage"]
    assert "The Lead reads it" in answer.content.decode()
    assert list(Need.objects.visible_to(LeadFactory())) == [need]
    for person in (UserFactory(), PartnerUserFactory()):
        client.force_login(person)
        assert client.get(need.get_absolute_url()).status_code == 404
        assert "A place to store mercury" not in client.get(reverse("need_list")).content.decode()


def test_who_is_no_partner_any_more_cannot_submit_but_sees_the_own_need_and_hears_of_it(client):
    partner, lead = PartnerUserFactory(), LeadFactory()
    need = registering.submit(values(), partner, NOW)
    standing.withdraw(Partner.objects.get(person=partner).pk, lead, "Left the field.", NOW)
    left = type(partner).objects.get(pk=partner.pk)
    client.force_login(left)

    assert client.get(reverse("need_add")).status_code == 403
    assert client.post(reverse("need_add"), typed(title="Another")).status_code == 403
    with pytest.raises(Refused, match="Only partners submit needs"):
        registering.submit(values(title="Another"), left, NOW)
    assert Need.objects.count() == 1
    assert client.get(need.get_absolute_url()).status_code == 200
    registering.approve(need.pk, lead, NOW)
    assert news() == [("open", partner.email)]


def test_the_same_need_twice_is_one(client):
    client.force_login(PartnerUserFactory())
    client.post(reverse("need_add"), typed())

    answer = client.post(reverse("need_add"), typed(description="Other words, the same title."))

    assert Need.objects.count() == 1
    page = answer.content.decode()
    assert "You have submitted this need already." in page
    assert "Other words, the same title." in page


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("title", "", "This field is required"),
        ("title", "x" * 201, "at most 200 characters"),
        ("title", "A\x00B", "Null characters"),
        ("description", "Too short", "at least 20 characters"),
        ("country", "XX", "Select a valid choice"),
        ("terms", ["999999"], "Select a valid choice"),
        ("terms", ["x"], "is not a valid value"),
        ("terms", [], "This field is required"),
        ("source", "rumour", "Select a valid choice"),
        ("url", "javascript:alert(1)", "Enter a valid URL"),
        ("url", "ftp://example.org/a", "Enter a valid URL"),
        ("year", "2027", "less than or equal to 2026"),
        ("year", "1066", "greater than or equal to 1990"),
        ("year", "9" * 400, "less than or equal to 2026"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_typed_is_lost(
    client, field, wrong, said
):
    client.force_login(PartnerUserFactory())

    answer = client.post(reverse("need_add"), typed(**{field: wrong}))

    assert not Need.objects.exists()
    assert said in str(answer.context["form"].errors[field])
    kept = "source_text" if field != "source_text" else "title"
    assert SAID[kept] in answer.content.decode()


def test_a_year_that_nobody_knows_is_not_stated(client):
    client.force_login(PartnerUserFactory())
    client.post(reverse("need_add"), typed(year=""))
    need = Need.objects.get()
    assert need.year is None
    assert "not stated" in client.get(need.get_absolute_url()).content.decode()


def test_the_page_of_a_country_fills_in_the_country(client):
    client.force_login(PartnerUserFactory())
    for query in ("?country=pe", "?country=PE"):
        page = client.get(reverse("need_add") + query).content.decode()
        assert '<option value="PE" selected>' in page
    page = client.get(reverse("need_add") + "?country=%00<script>").content.decode()
    assert "<script>" not in page.replace('<script src="', "")


def test_words_of_people_are_shown_as_words(client):
    need = NeedFactory(title="<script>x</script>", description="<img src=x onerror=y>" * 2)
    for address in (need.get_absolute_url(), reverse("need_list"), "/countries/uy/", "/"):
        page = client.get(address).content.decode()
        assert "<script>x" not in page
        assert "<img src=x" not in page


# Deciding


def test_the_lead_takes_a_need_into_the_register_and_the_submitter_hears_of_it(client):
    partner, lead = PartnerUserFactory(), LeadFactory()
    need = registering.submit(values(), partner, NOW)
    client.force_login(lead)
    assert "Peru: A place to store mercury" in client.get("/admin/?kind=needs").content.decode()

    client.post(reverse("admin:queue_decide", args=["needs", need.pk]), {"step": "approve"})

    need.refresh_from_db()
    assert need.status == "open"
    change = need.changes.get()
    assert (change.old, change.new, change.at, change.actor) == ("awaiting", "open", NOW, lead)
    assert Decision.objects.latest("pk").action == "taken into the register"
    assert news() == [("open", partner.email)]
    client.logout()
    assert client.get(need.get_absolute_url()).status_code == 200


def test_a_declined_need_is_seen_by_its_submitter_alone_with_the_reason(client):
    partner = PartnerUserFactory()
    need = registering.submit(values(), partner, NOW)
    client.force_login(LeadFactory())
    decide = reverse("admin:queue_decide", args=["needs", need.pk])
    client.post(decide, {"step": "decline", "reason": " "})
    assert Need.objects.get().status == "awaiting"

    client.post(decide, {"step": "decline", "reason": "It is about air."})

    client.force_login(partner)
    assert "It is about air." in client.get(need.get_absolute_url()).content.decode()
    client.force_login(UserFactory())
    assert client.get(need.get_absolute_url()).status_code == 404
    assert news() == [("declined", partner.email)]


def test_each_status_comes_after_one_before_it_and_has_a_reason():
    lead, need = LeadFactory(), NeedFactory(status="awaiting")
    for to in ("being_met", "met", "closed", "open", "declined", "awaiting", "nonsense", ""):
        with pytest.raises(Refused, match="cannot be done"):
            registering.move(need.pk, to, "Because.", lead, NOW)
    registering.approve(need.pk, lead, NOW)
    with pytest.raises(Refused, match="Give a reason"):
        registering.move(need.pk, "being_met", " \n", lead, NOW)
    for number, to in enumerate(("being_met", "met", "open", "closed", "open", "met")):
        registering.move(need.pk, to, f"Reason {number}", lead, NOW + timedelta(hours=number))
    with pytest.raises(Refused, match="“Met” now"):
        registering.move(need.pk, "closed", "Because.", lead, NOW)
    for step in (
        lambda: registering.approve(need.pk, lead, NOW),
        lambda: registering.decline(need.pk, "No.", lead, NOW),
    ):
        with pytest.raises(Refused, match="cannot be done"):
            step()
    need.refresh_from_db()
    assert (need.status, need.status_reason) == ("met", "Reason 5")
    assert [(one.old, one.new, one.reason) for one in need.changes.all()] == [
        ("awaiting", "open", ""),
        ("open", "being_met", "Reason 0"),
        ("being_met", "met", "Reason 1"),
        ("met", "open", "Reason 2"),
        ("open", "closed", "Reason 3"),
        ("closed", "open", "Reason 4"),
        ("open", "met", "Reason 5"),
    ]
    said = (
        Decision.objects.filter(object_id=need.pk).order_by("pk").values_list("action", flat=True)
    )
    assert [*said] == [
        *("taken into the register", "being met", "met", "reopened", "closed", "reopened", "met")
    ]


def test_the_lead_moves_a_need_on_its_page_and_what_was_typed_stays(client):
    need = NeedFactory(status="open", submitted_by=PartnerUserFactory())
    client.force_login(LeadFactory())
    move = reverse("need_move", args=[need.pk])
    page = client.get(need.get_absolute_url()).content.decode()
    assert [word in page for word in ('value="being_met"', 'value="open"')] == [True, False]

    wrong = client.post(move, {"to": "", "reason": "A mission went there."})
    assert "A mission went there." in wrong.content.decode()
    client.post(move, {"to": "met", "reason": "A mission went there."})

    need.refresh_from_db()
    assert (need.status, need.status_reason) == ("met", "A mission went there.")
    assert news() == [("met", need.submitted_by.email)]
    late = client.post(move, {"to": "closed", "reason": "Seen too late."}).content.decode()
    assert "This need is “Met” now: this cannot be done." in late
    assert "Seen too late." in late
    assert "Open again" in late


def test_nobody_but_the_lead_moves_a_need(client):
    need = NeedFactory(submitted_by=PartnerUserFactory())
    client.force_login(need.submitted_by)
    answer = client.post(reverse("need_move", args=[need.pk]), {"to": "met", "reason": "Mine."})
    assert answer.status_code == 403
    assert 'name="reason"' not in client.get(need.get_absolute_url()).content.decode()
    need.refresh_from_db()
    assert need.status == "open"


def test_a_lead_gets_no_mail_about_an_own_need_nor_does_who_left_the_portal():
    lead, gone = LeadFactory(), PartnerUserFactory(is_active=False)
    for person in (lead, gone, None):
        registering.approve(NeedFactory(status="awaiting", submitted_by=person).pk, lead, NOW)
    assert news() == []


def test_the_history_of_a_need_is_never_rewritten():
    need = NeedFactory()
    registering.move(need.pk, "met", "Done.", LeadFactory(), NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        NeedChange.objects.update(reason="Never.")


@pytest.mark.django_db(transaction=True)
def test_of_two_leads_who_decide_at_once_one_decides():
    need = NeedFactory(status="awaiting", submitted_by=PartnerUserFactory())
    steps = [
        lambda lead: registering.approve(need.pk, lead, NOW),
        lambda lead: registering.decline(need.pk, "Not ours.", lead, NOW),
    ]
    together, ended = Barrier(2), []

    def work(step, lead):
        try:
            together.wait(10)
            ended.append(str(step(lead).status))
        except Refused as refusal:
            ended.append(str(refusal))
        finally:
            connection.close()

    workers = [Thread(target=work, args=(step, LeadFactory())) for step in steps]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    need.refresh_from_db()
    assert need.status in ended
    assert sum("cannot be done" in words for words in ended) == 1
    assert need.changes.count() == len(news()) == Decision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_button_pressed_twice_submits_one_need():
    partner, together, ended = PartnerUserFactory(), Barrier(2), []
    said = values()

    def work():
        try:
            together.wait(10)
            registering.submit(said, partner, NOW)
            ended.append("sent")
        except Refused as refusal:
            ended.append(str(refusal))
        finally:
            connection.close()

    workers = [Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Need.objects.count() == 1
    assert sorted(ended)[1] == "sent"


def test_my_page_names_the_needs_that_somebody_submitted(client):
    partner = PartnerUserFactory()
    NeedFactory()
    mine = NeedFactory(submitted_by=partner, status="awaiting", title="Mine")
    client.force_login(partner)

    kept = client.get(reverse("my_page")).context["kept"]

    assert [(one.title, one.url, one.state) for one in kept] == [
        ("Mine", mine.get_absolute_url(), "Waiting for the Lead")
    ]


def test_the_lead_corrects_words_and_terms_in_admin_and_the_search_knows(client):
    need = NeedFactory(status="awaiting")
    client.force_login(LeadFactory())
    address = reverse("admin:advice_need_change", args=[need.pk])
    page = client.get(address)
    forms = [page.context["adminform"].form]
    forms += [
        form
        for inline in page.context["inline_admin_formsets"]
        for form in (inline.formset.management_form, *inline.formset.forms)
    ]
    data = {
        form.add_prefix(name): form[name].value() or "" for form in forms for name in form.fields
    }
    lamps = Term.objects.get(code="products-lamps")
    data |= {"title": "Cinnabar in schools", "expertise": [lamps.pk]}

    client.post(address, data)

    assert list(Need.objects.matching("cinnabar").values_list("term_ids", flat=True)) == [
        [lamps.pk]
    ]
