from datetime import timedelta

import pytest
from django.urls import reverse

from partners.models import Membership, Organisation, Partner
from tests.factories import (
    NOW,
    TODAY,
    ExpertFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def person(client):
    user = UserFactory(name="Ana")
    client.force_login(user)
    return user


def partner_organisation(**fields):
    organisation = OrganisationFactory(**fields)
    PartnerFactory(person=None, organisation=organisation)
    return organisation


def names(response):
    return [organisation.name for organisation in response.context["page"]]


# The list


def test_the_list_shows_approved_organisations_and_no_person(client):
    partner_organisation(name="Institute")
    PartnerFactory(person=None, organisation=OrganisationFactory(name="Waits"), status="applied")
    PartnerFactory(person=UserFactory(name="Private Person"))

    response = client.get(reverse("partner_list"))

    assert names(response) == ["Institute"]
    assert "Private Person" not in response.content.decode()
    assert "1 person is a partner" in response.content.decode()


def test_values_of_one_filter_are_or_and_filters_are_and(client):
    partner_organisation(name="A", kind="industry", country_id="JP")
    partner_organisation(name="B", kind="ngo", country_id="JP")
    partner_organisation(name="C", kind="ngo", country_id="FR")
    partner_organisation(name="D", kind="academia", country_id=None)
    url = reverse("partner_list")

    assert names(client.get(url + "?kind=industry&kind=ngo")) == ["A", "B", "C"]
    assert names(client.get(url + "?kind=ngo&region=europe")) == ["C"]
    assert names(client.get(url + "?kind=ngo&country=JP")) == ["B"]


def test_figures_beside_values_keep_all_other_filters(client):
    partner_organisation(kind="industry", country_id="JP")
    partner_organisation(kind="ngo", country_id="JP")
    partner_organisation(kind="ngo", country_id="FR")

    kinds, regions = client.get(reverse("partner_list") + "?region=east-asia").context["facets"]

    counts = {option["value"]: option["count"] for option in kinds["options"] if option["count"]}
    assert counts == {"industry": 1, "ngo": 1}
    counts = {option["value"]: option["count"] for option in regions["options"] if option["count"]}
    assert counts == {"east-asia": 2, "europe": 1}


def test_the_search_ignores_accents_and_case(client):
    partner_organisation(name="Ministère de l’Écologie", acronym="MTE")
    partner_organisation(name="Other")
    url = reverse("partner_list")

    assert names(client.get(url + "?q=ecologie+MINISTERE")) == ["Ministère de l’Écologie"]
    assert names(client.get(url + "?q=mte")) == ["Ministère de l’Écologie"]


@pytest.mark.parametrize("query", ["kind=magic", "region=mars", "country=XX", "q=" + "x" * 300])
def test_unknown_values_are_named_and_ignored(client, query):
    partner_organisation(name="A")

    response = client.get(reverse("partner_list") + "?" + query)

    assert (response.status_code, len(response.context["unknown"])) == (200, 1)
    assert names(response) == ["A"]


@pytest.mark.parametrize("page", ["2", "0", "-1", "x", "9" * 50])
def test_a_page_past_the_end_is_not_found(client, page):
    partner_organisation()

    assert client.get(reverse("partner_list") + f"?page={page}").status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_the_same_queries_for_one_and_three(
    client, number, django_assert_num_queries
):
    for _ in range(number):
        partner_organisation()

    with django_assert_num_queries(8):
        client.get(reverse("partner_list"))


# An organisation


def test_the_page_of_a_partner_is_public_and_shows_listed_experts(client):
    organisation = partner_organisation(website="https://example.org")
    ExpertFactory(name="Listed", organisation=organisation)
    ExpertFactory(name="Hidden", organisation=organisation, status="unlisted")

    page = client.get(organisation.get_absolute_url()).content.decode()

    assert "Listed" in page
    assert "Hidden" not in page


def test_an_organisation_that_is_no_partner_is_for_its_people_and_the_lead(client):
    row = MembershipFactory(organisation=OrganisationFactory(contact=UserFactory()))
    url = row.organisation.get_absolute_url()
    seen = {None: client.get(url).status_code}
    people = {
        "stranger": UserFactory(),
        "member": row.user,
        "contact": row.organisation.contact,
        "lead": LeadFactory(),
    }
    for who, user in people.items():
        client.force_login(user)
        seen[who] = client.get(url).status_code

    assert seen == {None: 404, "stranger": 404, "member": 200, "contact": 200, "lead": 200}


def test_the_contact_person_keeps_acronym_and_web_site(client, person):
    organisation = partner_organisation(contact=person, name="A")
    url = reverse("organisation_edit", args=[organisation.pk])

    bad = client.post(url, {"acronym": "AB", "website": "no address", "name": "Evil"})
    good = client.post(url, {"acronym": "AB", "website": "example.org", "name": "Evil"})

    organisation.refresh_from_db()
    assert list(bad.context["form"].errors) == ["website"]
    assert good.url == organisation.get_absolute_url()
    assert (organisation.name, organisation.acronym, organisation.website) == (
        "A",
        "AB",
        "https://example.org",
    )


@pytest.mark.parametrize("name", ["organisation_edit", "membership_list"])
def test_a_member_does_not_keep_the_organisation(client, person, name):
    organisation = partner_organisation()
    MembershipFactory(organisation=organisation, user=person)

    assert client.get(reverse(name, args=[organisation.pk])).status_code == 404


# Applying

APPLICATION = {
    "who": "organisation",
    "name": "New Institute",
    "acronym": "NI",
    "kind": "academia",
    "country": "KE",
    "website": "",
    "statement": "We collect lamps.",
}


def test_a_new_organisation_applies(client, person):
    response = client.post(reverse("partner_apply"), APPLICATION)

    organisation = Organisation.objects.get()
    assert response.url == reverse("my_page")
    assert (organisation.name, organisation.country_id) == ("New Institute", "KE")
    assert organisation.partner.status == "applied"


def test_a_known_organisation_is_found_by_its_name(client, person):
    known = OrganisationFactory(name="Institut für Lampen", country_id="DE")

    client.post(
        reverse("partner_apply"),
        {**APPLICATION, "name": "institut fur lampen", "country": "", "kind": ""},
    )

    assert Partner.objects.get().organisation == known
    assert Organisation.objects.count() == 1


def test_a_person_applies(client, person):
    client.post(reverse("partner_apply"), {"who": "person", "statement": "I teach."})

    assert Partner.objects.get().person == person
    assert Organisation.objects.count() == 0


@pytest.mark.parametrize(
    "change, field",
    [
        ({"name": ""}, "name"),
        ({"kind": ""}, "kind"),
        ({"statement": ""}, "statement"),
        ({"statement": "x" * 2001}, "statement"),
        ({"who": ""}, "who"),
        ({"country": "XX"}, "country"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"name": "A\0B"}, "name"),
    ],
)
def test_an_application_with_a_problem_keeps_what_was_typed(client, person, change, field):
    response = client.post(reverse("partner_apply"), {**APPLICATION, **change})

    assert (response.status_code, list(response.context["form"].errors)) == (200, [field])
    assert "New Institute" in response.content.decode() or field == "name"
    assert Organisation.objects.count() == Partner.objects.count() == 0


def test_who_is_a_partner_already_reads_so(client, person):
    partner_organisation(name="New Institute", country_id="KE")

    response = client.post(reverse("partner_apply"), APPLICATION)

    assert response.context["form"].non_field_errors() == ["New Institute is a partner already."]
    assert Membership.objects.count() == 0


def test_leaving_asks_first(client, person):
    partner = PartnerFactory(person=person)
    url = reverse("partner_withdraw", args=[partner.pk])

    assert client.get(url).status_code == 200
    assert Partner.objects.get().status == "approved"
    assert client.post(url).url == reverse("my_page")
    assert Partner.objects.get().status == "withdrawn"


def test_nobody_sees_the_leaving_of_others(client, person):
    assert client.get(reverse("partner_withdraw", args=[PartnerFactory().pk])).status_code == 404


# Memberships


def test_joining_from_a_day(client, person):
    organisation = partner_organisation()
    url = reverse("membership_ask", args=[organisation.pk])

    assert client.post(url, {"from_on": "2024-03-01"}).url == reverse("my_page")
    again = client.post(url, {"from_on": "2024-03-01"})

    assert Membership.objects.get().user == person
    assert len(again.context["form"].non_field_errors()) == 1


@pytest.mark.parametrize("day", ["", "yesterday", "1900-01-01", "2099-01-01", "2024-13-01"])
def test_a_day_that_cannot_be_is_said_at_the_field(client, person, day):
    url = reverse("membership_ask", args=[partner_organisation().pk])

    assert list(client.post(url, {"from_on": day}).context["form"].errors) == ["from_on"]


@pytest.mark.parametrize("button, status", [("approve", "approved"), ("decline", "declined")])
def test_the_contact_person_answers(client, person, button, status):
    organisation = partner_organisation(contact=person)
    row = MembershipFactory(
        organisation=organisation, status="applied", decided_by=None, decided_at=None
    )
    url = reverse("membership_answer", args=[row.pk])

    response = client.post(url, {button: "1", f"{row.pk}-reason": "Unknown here."})

    row.refresh_from_db()
    assert response.url == reverse("membership_list", args=[organisation.pk])
    assert row.status == status


def test_declining_without_a_reason_is_said_at_the_field(client, person):
    organisation = partner_organisation(contact=person)
    row = MembershipFactory(
        organisation=organisation, status="applied", decided_by=None, decided_at=None
    )

    response = client.post(reverse("membership_answer", args=[row.pk]), {"decline": "1"})

    assert response.context["waiting"][0].form.errors.keys() == {"reason"}


@pytest.mark.parametrize("name", ["membership_answer", "membership_take_back"])
def test_nothing_changes_on_get(client, person, name):
    row = MembershipFactory(user=person)

    assert client.get(reverse(name, args=[row.pk])).status_code == 405


def test_a_person_ends_the_own_membership_and_no_other(client, person):
    mine, other = MembershipFactory(user=person), MembershipFactory()

    assert client.get(reverse("membership_end", args=[other.pk])).status_code == 404
    client.post(reverse("membership_end", args=[mine.pk]), {"last_day": "2026-10-31"})

    mine.refresh_from_db()
    assert mine.to_on.isoformat() == "2026-10-31"


# My page


def test_my_page_of_somebody_who_just_arrived(client, person):
    page = client.get(reverse("my_page")).content.decode()

    assert "Nothing is waiting for you." in page
    assert person.email in page


def test_my_page_says_what_waits(client, person):
    organisation = partner_organisation(contact=person)
    MembershipFactory(
        organisation=organisation,
        user__name="Boris",
        status="applied",
        decided_by=None,
        decided_at=None,
    )
    ExpertFactory(user=person, confirmed_at=NOW - timedelta(days=400))

    titles = [task.title for task in client.get(reverse("my_page")).context["waiting"]]

    assert titles == [
        f"Does Boris belong to {organisation}?",
        "Is your profile still right?",
    ]


def test_a_lead_without_a_second_step_reads_what_to_do(client):
    client.force_login(LeadFactory(totp=False))

    waiting = client.get(reverse("my_page")).context["waiting"]

    assert [task.url for task in waiting] == [reverse("second_factor")]


def test_my_page_shows_the_organisation_and_its_standing(client, person):
    organisation = partner_organisation(name="Institute")
    MembershipFactory(user=person, organisation=organisation)
    MembershipFactory(
        user=person,
        organisation=OrganisationFactory(name="Former"),
        to_on=TODAY - timedelta(days=1),
    )

    context = client.get(reverse("my_page")).context

    assert [row.organisation.name for row in context["memberships"]] == ["Institute"]
    assert [row.organisation.name for row in context["former"]] == ["Former"]
    assert [str(partner) for partner in context["standings"]] == ["Institute"]
    assert context["is_partner"]


@pytest.mark.parametrize(
    "name",
    ["my_page", "partner_apply", "address_change", "second_factor"],
)
def test_own_pages_ask_to_sign_in(client, name):
    response = client.get(reverse(name))

    assert response.url == f"{reverse('account_login')}?next={reverse(name)}"
