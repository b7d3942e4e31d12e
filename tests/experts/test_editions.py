"""Dated editions: what is kept, who sees it, who leaves it again."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from pypdf import PdfReader

from experts import consent, editions, listing, roster
from experts.models import Edition, EditionEntry, Expert, Policy, Round
from tests.factories import NOW, ExpertFactory, LeadFactory, OrganisationFactory

pytestmark = pytest.mark.django_db
OLD = NOW - timedelta(days=400)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def figures(edition) -> dict[str, tuple[int, int]]:
    rows = edition.figures.values_list("region", "listed", "confirmed")
    return {region: (listed, confirmed) for region, listed, confirmed in rows}


def page_of(client, edition, name="edition_detail") -> str:
    response = client.get(reverse(name, args=[edition.pk]))
    assert response.status_code == 200
    return response.content.decode()


def pdf_of(client, edition) -> PdfReader:
    response = client.get(reverse("edition_pdf", args=[edition.pk]))
    assert response.status_code == 200
    return PdfReader(io.BytesIO(response.getvalue()))


def text_of(reader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


# What is kept


def test_figures_are_those_of_the_six_regions():
    for country, confirmed_at in (("JP", NOW), ("JP", OLD), ("JP", None), ("FR", NOW), ("KE", OLD)):
        ExpertFactory(country_id=country, confirmed_at=confirmed_at)
    ExpertFactory(country_id="FR", status=Expert.Status.UNLISTED)

    edition = editions.make(NOW)

    assert figures(edition) == {
        "east-asia": (3, 1),
        "oceania": (0, 0),
        "south-west-asia": (0, 0),
        "africa": (1, 0),
        "america": (0, 0),
        "europe": (1, 1),
    }
    totals = editions.with_totals().get()
    assert (totals.listed, totals.confirmed) == (5, 2)


def test_confirmed_means_within_the_policys_months():
    Policy.objects.create(pk=1, fresh_months=2)
    ExpertFactory(confirmed_at=NOW - timedelta(days=70))

    assert figures(editions.make(NOW))["east-asia"] == (1, 0)


def test_an_entry_has_the_public_words_of_the_day_and_nothing_private():
    expert = ExpertFactory(
        name="Émile Expert", organisation=OrganisationFactory(name="Institute of Lamps")
    )

    editions.make(NOW)

    (entry,) = EditionEntry.objects.values()
    assert {key: value for key, value in entry.items() if key not in ("id", "edition_id")} == {
        "expert_id": expert.pk,
        "sort_name": expert.sort_name,
        "region": "east-asia",
        "name": "Émile Expert",
        "position": "Head of section",
        "organisation": "Institute of Lamps",
        "country": "JP",
        "expertise": "; ".join(term.label for term in expert.terms.order_by("order", "label_en")),
        "languages": "en ja",
        "confirmed_at": expert.confirmed_at,
    }


def test_the_number_of_statements_does_not_follow_the_list(django_assert_max_num_queries):
    ExpertFactory()
    with django_assert_max_num_queries(10) as one:
        editions.make(NOW)
    for _n in range(9):
        ExpertFactory(country_id="FR")
    with django_assert_max_num_queries(10) as ten:
        editions.make(NOW)
    assert len(ten) == len(one)

    edition = Edition.objects.latest("pk")
    with django_assert_max_num_queries(10) as built:
        made = editions.build(edition)
    assert (made.total, len(built)) == (10, 3)


def test_an_edition_stays_as_it_was(client):
    expert = ExpertFactory(name="Expert 03 (example)")
    edition = editions.make(NOW)

    expert.refresh_from_db()
    expert.name, expert.position, expert.country_id = "Another Name", "Director", "FR"
    expert.save()
    ExpertFactory(name="Newcomer (example)")

    page = page_of(client, edition)
    assert "Expert 03 (example)" in page
    assert "Head of section" in page
    for later in ("Another Name", "Director", "Newcomer"):
        assert later not in page


# Pages


def test_everybody_reads_the_list_of_editions_and_the_newest_stands_first(client):
    ExpertFactory()
    old, new = editions.make(NOW - timedelta(days=700)), editions.make(NOW)

    page = client.get(reverse("edition_list"))

    assert list(page.context["page"]) == [new, old]
    assert "24 November 2026" in page.content.decode()


def test_there_may_be_no_edition_yet(client):
    assert "No edition yet" in client.get(reverse("edition_list")).content.decode()
    assert client.get(reverse("edition_detail", args=[1])).status_code == 404
    assert client.get(reverse("edition_pdf", args=[1])).status_code == 404


@pytest.mark.parametrize("name", ["expert_roster", "expert_list"])
def test_editions_are_linked_where_the_printed_roster_is(client, name):
    ExpertFactory()

    assert reverse("edition_list") in client.get(reverse(name)).content.decode()


def test_the_page_has_figures_with_bars_and_the_roster(client):
    ExpertFactory(country_id="FR", confirmed_at=NOW)
    ExpertFactory(country_id="FR", confirmed_at=OLD)
    edition = editions.make(NOW)

    page = page_of(client, edition)

    assert "Resource Persons List, 24 November 2026" in page
    assert page.count('<svg class="bar"') == 7
    assert '<rect class="one" width="50.0"' in page
    assert "Europe (2)" in page


def test_private_fields_are_nowhere(client):
    expert = ExpertFactory()
    edition = editions.make(NOW)

    for words in (page_of(client, edition), text_of(pdf_of(client, edition))):
        assert expert.email not in words
        assert expert.phone not in words


def test_the_pdf_has_the_date_in_its_title_and_name(client):
    ExpertFactory(name="Expert 03 (example)")
    edition = editions.make(NOW)

    response = client.get(reverse("edition_pdf", args=[edition.pk]))
    reader = PdfReader(io.BytesIO(response.getvalue()))

    assert 'filename="resource-persons-list-2026-11-24.pdf"' in response["Content-Disposition"]
    assert reader.metadata.title == "Resource Persons List, 24 November 2026"
    assert "Expert 03 (example)" in text_of(reader)
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_a_region_without_people_has_figures_and_no_heading(client):
    ExpertFactory(country_id="FR")
    edition = editions.make(NOW)

    text = text_of(pdf_of(client, edition))

    assert "Africa 0 0" in text
    assert "Africa (0)" not in text


def test_who_is_off_the_list_is_named_without_a_link(client):
    expert = ExpertFactory(name="Expert 03 (example)")
    edition = editions.make(NOW)
    listing.unlist(expert.pk, LeadFactory(), "Silent.", NOW)

    page = page_of(client, edition)

    assert "Expert 03 (example)" in page
    assert expert.get_absolute_url() not in page
    assert "Expert 03 (example)" in text_of(pdf_of(client, edition))


def test_an_edition_that_is_too_long_for_a_pdf_says_so(client, monkeypatch):
    monkeypatch.setattr(roster, "MOST", 1)
    for _n in range(2):
        ExpertFactory()
    edition = editions.make(NOW)

    response = client.get(reverse("edition_pdf", args=[edition.pk]))

    assert response.status_code == 400
    assert "too long for a PDF" in response.content.decode()


# Who leaves


def test_a_removed_profile_leaves_every_edition_at_once_and_the_figures_stay(client):
    gone, stays = ExpertFactory(name="Gone (example)"), ExpertFactory(country_id="FR")
    first, second = editions.make(NOW - timedelta(days=700)), editions.make(NOW)

    listing.remove(gone.pk, None, NOW)

    assert set(EditionEntry.objects.values_list("edition", "expert")) == {
        (first.pk, stays.pk),
        (second.pk, stays.pk),
    }
    assert figures(second)["east-asia"] == (1, 1)
    page = page_of(client, second)
    assert "Gone (example)" not in page
    assert "1 person was taken out since, at their own wish" in page
    assert "Gone" not in text_of(pdf_of(client, second))


def test_an_edition_that_everybody_left_can_still_be_printed(client):
    expert = ExpertFactory()
    edition = editions.make(NOW)
    listing.remove(expert.pk, None, NOW)

    assert "1 person was taken out" in text_of(pdf_of(client, edition))


def test_a_dropped_draft_leaves_the_editions_too():
    expert = ExpertFactory(claimed=True, created_at=OLD)
    editions.make(NOW)
    consent.agree(expert, expert.user, OLD)
    Expert.objects.filter(pk=expert.pk).update(status=Expert.Status.DRAFT)
    expert.history.update(history_date=OLD)

    listing.drop_untouched_drafts(NOW)

    assert EditionEntry.objects.count() == 0


def test_the_edition_of_a_round_is_one(client):
    one = Round.objects.create(opened_at=OLD, opened_by=LeadFactory(), deadline=NOW.date())

    edition = editions.make(NOW, one)

    assert one.edition == edition
