"""Reports of use: who may tell, once for a country and year, and what the Lead does with them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from documents import practices, uses
from documents.models import UseReport
from documents.moderation.practices import KINDS
from partners.refusals import Refused
from tests.factories import (
    NOW,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PracticeFactory,
)

pytestmark = pytest.mark.django_db
TOLD = {
    "country": "PE",
    "year": 2025,
    "organisation_id": None,
    "outcome": "helped",
    "changed": "",
    "brought": "Two tonnes less.",
}


@pytest.fixture
def practice():
    return PracticeFactory(code="boxes")


@pytest.fixture
def partner(client):
    user = PartnerUserFactory()
    client.force_login(user)
    return user


def tell(client, query="", **changes):
    data = {name: value or "" for name, value in TOLD.items() if name != "organisation_id"}
    return client.post(reverse("use_add", args=["boxes"]) + query, data | changes)


def test_a_report_stands_on_the_page_at_once_without_the_name_of_the_person(
    client, partner, practice
):
    assert tell(client).status_code == 302

    page = Client().get("/practices/boxes/").content.decode()
    assert "Peru, 2025" in page
    assert "Two tonnes less." in page
    assert "1 report." in page
    assert partner.name not in page
    assert UseReport.objects.get().version_number == 1


def test_errors_keep_what_was_typed(client, partner, practice):
    response = tell(client, year="3025", brought="Kept text", country="")

    page = response.content.decode()
    assert set(response.context["form"].errors) == {"year", "country"}
    assert "Kept text</textarea>" in page
    assert 'value="3025"' in page
    assert not UseReport.objects.exists()


def test_a_second_report_of_the_year_leads_to_the_first_and_changes_nothing(
    client, partner, practice
):
    tell(client)
    first = UseReport.objects.get()

    response = tell(client, brought="Another text")

    page = response.content.decode()
    assert "Another text</textarea>" in page
    assert f"?report={first.pk}" in page
    first.refresh_from_db()
    assert first.brought == "Two tonnes less."
    tell(client, f"?report={first.pk}", brought="Another text")
    assert [one.brought for one in UseReport.objects.all()] == ["Another text"]


def test_reports_of_others_are_not_found(client, partner, practice):
    other = uses.report(practice.pk, PartnerUserFactory(), TOLD, NOW)

    assert tell(client, f"?report={other.pk}").status_code == 404
    assert client.get(f"/practices/boxes/used/?report={other.pk}").status_code == 404
    assert client.get("/practices/boxes/used/?report=x").status_code == 404


def test_an_organisation_must_be_ones_own(client, partner, practice):
    response = tell(client, organisation=OrganisationFactory().pk)

    assert set(response.context["form"].errors) == {"organisation"}


def test_the_use_of_an_archived_practice_is_refused_and_the_text_stays(client, partner, practice):
    practice.status = practice.Status.ARCHIVED
    practice.save()

    response = tell(client, brought="Kept text")

    assert "Only the use of a published practice" in response.content.decode()
    assert "Kept text</textarea>" in response.content.decode()


def test_a_hidden_report_is_shown_to_its_author_alone_with_the_reason(client, partner, practice):
    lead = LeadFactory()
    told = uses.report(practice.pk, partner, TOLD, NOW)
    with pytest.raises(Refused, match="reason"):
        uses.hide(told.pk, " ", lead, NOW)

    uses.hide(told.pk, "Names a person.", lead, NOW)

    assert uses.of(practice) == []
    page = client.get(f"/practices/boxes/used/?report={told.pk}").content.decode()
    assert "Names a person." in page
    with pytest.raises(Refused):
        uses.hide(told.pk, "Again", lead, NOW)
    uses.show_again(told.pk, lead, NOW)
    assert uses.of(practice) == [told]


def test_a_changed_report_comes_before_the_lead_again_and_old_ones_go_by_themselves(practice):
    kind = next(kind for kind in KINDS if kind.code == "uses")
    user = PartnerUserFactory()
    told = uses.report(practice.pk, user, TOLD, NOW)
    assert [item.object for item in kind.describe(kind.waiting(NOW))] == [told]
    assert list(kind.waiting(NOW + timedelta(days=31))) == []

    uses.see(told.pk, LeadFactory(), NOW)
    assert list(kind.waiting(NOW)) == []
    uses.report(practice.pk, user, TOLD | {"brought": "More"}, NOW, told.pk)

    assert list(kind.waiting(NOW)) == [told]


def test_the_queue_shows_what_waits_and_returns_it_with_a_comment(client, lead, practice):
    draft = PracticeFactory(published=False, code="waits").versions.get()
    told = uses.report(practice.pk, PartnerUserFactory(), TOLD, NOW)
    practices.submit(draft.pk, draft.practice.owner, NOW)
    page = client.get(reverse("admin:index")).content.decode()
    assert "/practices/waits/review/" in page
    decide = reverse("admin:queue_decide", args=["practices", draft.pk])
    client.post(decide, {"step": "return", "reason": "Which year?"})
    client.post(reverse("admin:queue_decide", args=["uses", told.pk]), {"step": "see"})

    draft.refresh_from_db()
    told.refresh_from_db()
    assert (draft.status, told.seen_at is not None) == ("returned", True)
    assert practices.last_comments(draft)[0].text == "Which year?"
