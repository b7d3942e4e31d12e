"""The Lead's admin: who gets in, and what the pages of the records do and refuse."""

from datetime import date, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.urls import reverse

from experts import editing
from experts.models import Expert, Invitation, Policy
from partners.models import (
    Decision,
    Organisation,
    Partner,
    PartnershipArea,
    Role,
    Term,
    User,
)
from tests.factories import (
    NOW,
    ExpertFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
)
from wmaportal.admin_site import PortalAdminSite

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def said(response):
    return [str(message) for message in response.wsgi_request._messages]


def change(thing):
    meta = thing._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[thing.pk])


def changelist(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def act(client, model, action, *things, **data):
    data = {"action": action, "_selected_action": [thing.pk for thing in things], **data}
    return client.post(changelist(model), data)


def form_of(client, thing) -> dict:
    """What a browser would send if somebody pressed Save at once."""
    form = client.get(change(thing)).context["adminform"].form
    data = {}
    for name, field in form.fields.items():
        value = field.widget.format_value(form[name].value()) if name == "seen_version" else None
        value = form[name].value() if value is None else value
        if value is None or value is False:
            continue
        data[name] = "on" if value is True else value
    return data


# Who gets in


def test_a_lead_with_a_second_factor_sees_the_queue(client, lead):
    response = client.get("/admin/")

    assert response.status_code == 200
    assert "admin/index.html" in [template.name for template in response.templates]


def test_a_superuser_with_a_second_factor_gets_in(client):
    user = UserFactory(totp=True, is_superuser=True)
    client.force_login(user)

    assert client.get("/admin/").status_code == 200
    assert client.get(changelist(Expert)).status_code == 200


def test_a_co_lead_gets_in(client):
    user = UserFactory(totp=True)
    RoleFactory(user=user, kind=Role.Kind.CO_LEAD)
    client.force_login(user)

    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("url", ["/admin/", "/admin/experts/expert/", "/admin/no/such/page/"])
def test_without_a_second_factor_the_lead_is_taken_to_it_and_told_why(client, url):
    client.force_login(LeadFactory(totp=False))

    response = client.get(url)

    assert (response.status_code, response.url) == (302, reverse("mfa_activate_totp"))
    assert said(response) == [
        "The Lead’s pages open only with a second factor, because they show private addresses of "
        "experts. Set one up here; it takes two minutes."
    ]


def test_without_recovery_codes_the_lead_is_taken_to_them(client):
    lead = LeadFactory(totp=True)
    Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    client.force_login(lead)

    response = client.get("/admin/")

    assert response.url == reverse("mfa_generate_recovery_codes")


@pytest.mark.parametrize("url", ["/admin/", "/admin/experts/expert/", "/admin/login/"])
def test_who_is_not_signed_in_signs_in_first(client, url):
    response = client.get(url)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login") + "?next=/admin/")


STRANGERS = {
    "partner": lambda: PartnerUserFactory(totp=True),
    "secretariat": lambda: SecretariatFactory(totp=True),
    "expert": lambda: ExpertFactory(claimed=True).user,
    "nobody special": lambda: UserFactory(totp=True),
    "closed sign-in": lambda: LeadFactory(totp=True, is_active=False),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_else_gets_in(client, who):
    client.force_login(STRANGERS[who](), backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/admin/").status_code in (302, 403)
    assert client.get("/admin/experts/expert/").status_code in (302, 403)


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        (NOW.date(), None, 200),
        (date(2020, 1, 1), NOW.date(), 200),
        (date(2020, 1, 1), NOW.date() - timedelta(days=1), 403),
        (NOW.date() + timedelta(days=1), None, 403),
    ],
    ids=["since today", "until today", "until yesterday", "from tomorrow"],
)
def test_admin_follows_from_the_role_of_today(client, first, last, status):
    user = UserFactory(totp=True)
    RoleFactory(user=user, kind=Role.Kind.LEAD, from_on=first, to_on=last)
    client.force_login(user)

    assert client.get("/admin/").status_code == status


@pytest.mark.parametrize(
    ("name", "target"),
    [("password_change", "account_change_password"), ("logout", "account_logout")],
)
def test_passwords_and_signing_out_are_allauths(client, lead, name, target):
    assert client.get(reverse(f"admin:{name}")).url == reverse(target)


def test_admin_pages_are_not_stored_by_browsers(client, lead):
    assert "no-store" in client.get(changelist(Expert))["Cache-Control"]


# Profiles


def test_what_the_lead_saves_does_not_confirm(client, lead):
    expert = ExpertFactory()
    data = form_of(client, expert) | {"position": "Director"}

    response = client.post(change(expert), data)

    before = expert.confirmed_at
    expert.refresh_from_db()
    assert response.status_code == 302
    assert (expert.position, expert.confirmed_at, expert.version) == ("Director", before, 2)


def test_terms_that_the_lead_ticks_stand_in_the_history(client, lead):
    expert = ExpertFactory()
    wanted = sorted(Term.objects.exclude(parent=None).values_list("pk", flat=True)[5:7])

    client.post(change(expert), form_of(client, expert) | {"expertise": wanted})

    expert.refresh_from_db()
    latest = expert.history.first()
    assert (expert.term_ids, sorted(latest.term_ids)) == (wanted, wanted)
    assert latest.history_user == lead


def test_nothing_is_overwritten_silently(client, lead):
    expert = ExpertFactory(claimed=True, position="Head", summary="Old.", status="draft")
    expert.save()  # so that its first version stands in the history
    data = form_of(client, expert) | {"position": "Director"}
    expert.refresh_from_db()
    theirs = {"position": "Professor", "summary": "New."}
    editing.submit(expert.pk, theirs, expert.version, expert.user, NOW)

    response = client.post(change(expert), data)

    expert.refresh_from_db()
    form = response.context["adminform"].form
    assert expert.position == "Professor"
    assert form.non_field_errors() == [
        "Somebody else saved this profile while you had it open. Nothing was saved.",
        "Position: “Head” became “Professor”, and you changed it too. Below stands what you typed.",
        "Summary: “Old.” became “New.”; it stands below.",
        "Save again when everything is right.",
    ]
    assert (form["position"].value(), form["summary"].value()) == ("Director", "New.")


def test_saving_again_after_a_collision_is_a_choice(client, lead):
    expert = ExpertFactory(claimed=True, position="Head", summary="Old.", status="draft")
    data = form_of(client, expert) | {"position": "Director"}
    expert.refresh_from_db()
    theirs = {"summary": "New.", "languages": ["fr"], "missions": True, "country": "KR"}
    editing.submit(expert.pk, theirs, expert.version, expert.user, NOW)
    form = client.post(change(expert), data).context["adminform"].form
    again = {name: form.data.getlist(name) for name in form.data if form.data.getlist(name)}

    response = client.post(change(expert), again)

    expert.refresh_from_db()
    assert response.status_code == 302
    assert (expert.position, expert.summary, expert.languages, expert.missions) == (
        "Director",
        "New.",
        ["fr"],
        True,
    )
    assert expert.country_id == "KR"


def test_an_address_stands_in_one_profile(client, lead):
    ExpertFactory(email="ana@example.org", name="Ana")
    expert = ExpertFactory()

    response = client.post(change(expert), form_of(client, expert) | {"email": "Ana@Example.org"})

    assert response.context["adminform"].form.errors == {
        "email": ["The profile of Ana has this e-mail address already."]
    }


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"country": ""}, "country"),
        ({"available_from": "2027-02-01", "available_until": "2027-01-01"}, "available_until"),
        ({"languages": ["xx"]}, "languages"),
        ({"expertise": ["999999"]}, "expertise"),
        ({"name": ""}, "name"),
    ],
)
def test_what_a_profile_cannot_be_is_said_beside_the_field(client, lead, data, field):
    expert = ExpertFactory()

    response = client.post(change(expert), form_of(client, expert) | data)

    assert list(response.context["adminform"].form.errors) == [field]


def test_the_list_says_how_fresh_each_profile_is(client, lead):
    for days in (10, 380, 500, 800):
        ExpertFactory(confirmed_at=NOW - timedelta(days=days))
    ExpertFactory(confirmed_at=None)

    found = client.get(changelist(Expert)).context["cl"].result_list

    assert [expert.freshness_now for expert in found] == [
        "fresh",
        "due",
        "stale",
        "lapsed",
        "never",
    ]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"region": "africa"}, 1),
        ({"freshness": "never"}, 1),
        ({"account": "yes"}, 1),
        ({"account": "no"}, 2),
        ({"status__exact": "awaiting"}, 1),
        ({"q": "Müller"}, 1),
        ({"q": "muller"}, 1),
        ({"q": "ana@example.org"}, 1),
    ],
)
def test_the_list_can_be_filtered_and_searched(client, lead, query, number):
    ExpertFactory(country_id="GH", confirmed_at=None)
    ExpertFactory(name="Ana Müller", claimed=True)
    ExpertFactory(email="ana@example.org", status="awaiting")

    assert client.get(changelist(Expert), query).context["cl"].result_count == number


def test_five_profiles_take_the_queries_of_one(client, lead, django_assert_max_num_queries):
    ExpertFactory(claimed=True)
    client.get(changelist(Expert))
    with django_assert_max_num_queries(40) as one:
        client.get(changelist(Expert))
    ExpertFactory.create_batch(4, claimed=True)
    with django_assert_max_num_queries(40) as five:
        client.get(changelist(Expert))

    assert len(five) == len(one)


def test_the_lead_lists_profiles_from_the_list(client, lead):
    waiting = ExpertFactory(status="awaiting", approved_at=None)
    listed = ExpertFactory(name="Ana")

    response = act(client, Expert, "approve", waiting, listed)

    waiting.refresh_from_db()
    assert waiting.status == "listed"
    assert said(response) == [
        "Ana: This profile is not awaiting approval.",
        "Approved and listed: 1.",
    ]


def test_taking_profiles_off_the_list_asks_for_a_reason(client, lead):
    expert = ExpertFactory()

    page = act(client, Expert, "unlist", expert)
    assert expert.name in page.content.decode()
    empty = act(client, Expert, "unlist", expert, reason=" ")
    assert empty.context["form"].errors == {"reason": ["This field is required."]}
    expert.refresh_from_db()
    assert expert.status == "listed"

    act(client, Expert, "unlist", expert, reason="Retired.")

    expert.refresh_from_db()
    assert (expert.status, expert.status_reason) == ("unlisted", "Retired.")


def test_unlisted_profiles_come_back(client, lead):
    expert = ExpertFactory(status="unlisted")

    act(client, Expert, "relist", expert)

    expert.refresh_from_db()
    assert expert.status == "listed"


def test_the_lead_invites_to_claim(client, lead, mailoutbox):
    expert = ExpertFactory()

    act(client, Expert, "invite", expert)

    assert Invitation.objects.get().expert == expert
    assert [mail.to for mail in mailoutbox] == [[expert.email]]


def test_the_history_names_expertise_in_words(client, lead):
    expert = ExpertFactory(terms=["products-lamps"])
    expert.save()
    client.post(change(expert), form_of(client, expert) | {"expertise": []})

    page = client.get(reverse("admin:experts_expert_history", args=[expert.pk])).content.decode()

    assert "Lamps" in page
    assert "style=" not in page


def test_profiles_are_neither_made_nor_deleted_here(client, lead):
    expert = ExpertFactory()

    assert client.get(reverse("admin:experts_expert_add")).status_code == 403
    assert client.post(reverse("admin:experts_expert_delete", args=[expert.pk])).status_code == 403


# The ground floor


def test_a_term_in_use_is_not_deleted(client, lead):
    ExpertFactory(terms=["products-lamps"])
    term = Term.objects.get(code="products-lamps")

    response = client.post(reverse("admin:partners_term_delete", args=[term.pk]), {"post": "yes"})

    assert Term.objects.filter(pk=term.pk).exists()
    assert said(response) == ["“Lamps” is in use: 1 expertise. Merge it into another term instead."]


def test_a_term_that_nobody_uses_is_deleted_and_logged(client, lead):
    term = Term.objects.create(code="spare", label_en="Spare", parent=Term.objects.first())

    client.post(reverse("admin:partners_term_delete", args=[term.pk]), {"post": "yes"})

    assert not Term.objects.filter(pk=term.pk).exists()
    assert Decision.objects.get().action == "deleted"


def test_merging_says_what_moves_and_moves_it(client, lead):
    expert = ExpertFactory(terms=["products-lamps"])
    lamps = Term.objects.get(code="products-lamps")
    into = Term.objects.exclude(parent=None).exclude(pk=lamps.pk).first()
    url = reverse("admin:partners_term_merge", args=[lamps.pk])
    assert client.get(url).context["uses"] == ["1 expertise"]

    response = client.post(url, {"into": into.pk})

    expert.refresh_from_db()
    assert response.url == change(into)
    assert expert.term_ids == [into.pk]
    assert not Term.objects.filter(pk=lamps.pk).exists()


def test_a_term_is_merged_into_a_term_and_a_group_into_a_group(client, lead):
    lamps = Term.objects.get(code="products-lamps")
    group = Term.objects.filter(parent=None).first()

    response = client.post(
        reverse("admin:partners_term_merge", args=[lamps.pk]), {"into": group.pk}
    )

    assert list(response.context["form"].errors) == ["into"]


def test_a_group_stands_in_no_group(client, lead):
    group, other = Term.objects.filter(parent=None)[:2]
    data = {
        "code": group.code,
        "label_en": group.label_en,
        "parent": other.pk,
        "order": 0,
        "synonyms-TOTAL_FORMS": 0,
        "synonyms-INITIAL_FORMS": 0,
    }

    response = client.post(change(group), data)

    assert list(response.context["adminform"].form.errors) == ["parent"]


def no_inlines(*prefixes):
    return {f"{prefix}-{name}_FORMS": 0 for prefix in prefixes for name in ("TOTAL", "INITIAL")}


def test_a_role_is_given_by_address_and_logged(client, lead):
    person = UserFactory(email="ana@example.org")
    data = {"user": "Ana@Example.org", "kind": "co_lead", "from_on": "2026-11-24"}

    client.post(reverse("admin:partners_role_add"), data)

    role = person.roles.get()
    assert (role.kind, role.from_on) == ("co_lead", date(2026, 11, 24))
    assert Decision.objects.get().action == "gave role"


def test_a_role_for_an_unknown_address_is_an_error(client, lead):
    data = {"user": "nobody@example.org", "kind": "co_lead", "from_on": "2026-11-24"}

    response = client.post(reverse("admin:partners_role_add"), data)

    assert response.context["adminform"].form.errors == {
        "user": ["Nobody signs in with this address. Look it up under People."]
    }


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kind": "working_group"}, "working_group"),
        ({"kind": "lead", "working_group": "Capacity"}, "working_group"),
        ({"kind": "lead", "to_on": "2020-01-01"}, "to_on"),
    ],
)
def test_a_role_that_cannot_be_is_an_error(client, lead, data, field):
    data = {"user": lead.email, "from_on": "2026-11-24", **data}

    response = client.post(reverse("admin:partners_role_add"), data)

    assert list(response.context["adminform"].form.errors) == [field]


def test_a_role_ends_and_is_not_deleted(client, lead):
    role = RoleFactory()

    client.post(change(role), {"from_on": "2020-01-01", "to_on": "2026-11-23"})

    role.refresh_from_db()
    assert role.to_on == date(2026, 11, 23)
    assert client.post(reverse("admin:partners_role_delete", args=[role.pk])).status_code == 403


def test_the_lead_closes_a_sign_in_and_changes_no_address(client, lead):
    person = UserFactory(name="Ana", email="ana@example.org")
    data = {"name": "Ana", "email": "other@example.org", **no_inlines("roles", "memberships")}

    client.post(change(person), data)

    person.refresh_from_db()
    assert (person.is_active, person.email) == (False, "ana@example.org")


def test_nobody_closes_the_own_sign_in(client, lead):
    response = client.post(change(lead), {"name": "Me", **no_inlines("roles", "memberships")})

    assert response.context["adminform"].form.errors == {
        "is_active": ["You cannot close your own sign-in."]
    }


def test_a_lead_does_not_close_a_superusers_sign_in(client, lead):
    admin = UserFactory(is_superuser=True)

    client.post(change(admin), {"name": "x", **no_inlines("roles", "memberships")})

    admin.refresh_from_db()
    assert admin.is_active


def test_no_password_stands_on_a_page_of_a_person(client, lead):
    person = UserFactory(password="correct horse battery")

    page = client.get(change(person)).content.decode()

    assert person.password not in page
    assert "password" not in page.lower()


def test_partners_move_by_steps_alone(client, lead):
    partner = PartnerFactory()

    act(client, Partner, "withdraw", partner, reason="Closed down.")

    partner.refresh_from_db()
    assert partner.status == "withdrawn"
    assert partner.changes.last().reason == "Closed down."
    assert client.post(change(partner), {"status": "approved"}).status_code == 403


def test_the_policy_is_one_row_that_begins_with_the_usual_numbers(client, lead):
    assert client.get(changelist(Policy)).url == change(Policy(pk=1))
    data = form_of(client, Policy(pk=1)) | {"fresh_months": 18}

    client.post(change(Policy(pk=1)), data)

    assert Policy.objects.get().fresh_months == 18
    assert Decision.objects.get().reason == "fresh_months: 18"


def test_policy_spans_follow_each_other(client, lead):
    data = form_of(client, Policy(pk=1)) | {"fresh_months": 30}

    response = client.post(change(Policy(pk=1)), data)

    assert response.status_code == 200
    assert not Policy.objects.exists()


def test_an_organisation_gets_a_contact_by_address(client, lead):
    person, organisation = UserFactory(), OrganisationFactory()
    data = {
        "name": organisation.name,
        "kind": "industry",
        "country": "JP",
        "contact": person.email,
        **no_inlines("memberships"),
    }

    client.post(change(organisation), data)

    organisation.refresh_from_db()
    assert (organisation.contact, organisation.kind) == (person, "industry")


def test_an_organisation_that_exists_is_an_error(client, lead):
    OrganisationFactory(name="Ministry", country_id="JP")
    data = {"name": "Ministry", "kind": "government", "country": "JP", **no_inlines("memberships")}

    response = client.post(reverse("admin:partners_organisation_add"), data)

    assert "This organisation exists already." in response.content.decode()
    assert Organisation.objects.count() == 1


def test_the_log_is_read_only_and_leads_to_the_record(client, lead):
    act(client, Expert, "approve", expert := ExpertFactory(status="awaiting", approved_at=None))
    decision = Decision.objects.get()

    page = client.get(change(decision)).content.decode()

    assert change(expert) in page
    assert client.post(change(decision), {"action": "x"}).status_code == 403


LISTS = [
    "experts_consent",
    "experts_correction",
    "experts_edit",
    "experts_expert",
    "experts_invitation",
    "partners_country",
    "partners_decision",
    "partners_membership",
    "partners_organisation",
    "partners_partner",
    "partners_partnershiparea",
    "partners_role",
    "partners_term",
    "partners_user",
]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_is_searched_and_shows_its_first_record(client, lead, name):
    expert = ExpertFactory(claimed=True)
    editing.submit(expert.pk, {"summary": "New."}, expert.version, expert.user, NOW)
    MembershipFactory()
    PartnerFactory()
    url = reverse(f"admin:{name}_changelist")

    assert client.get(url).status_code == 200
    assert client.get(url, {"q": "é "}).status_code == 200
    first = client.get(url).context["cl"].queryset.first()
    if first is not None:
        assert client.get(change(first)).status_code == 200


def test_areas_name_their_leads(client, lead):
    area, organisation = PartnershipArea.objects.first(), OrganisationFactory()

    client.post(change(area), {"name": area.name, "order": 1, "leads": [organisation.pk]})

    assert list(area.leads.all()) == [organisation]


def test_a_deactivated_person_is_nobody(client):
    lead = LeadFactory(totp=True)
    client.force_login(lead)
    User.objects.filter(pk=lead.pk).update(is_active=False)

    assert client.get("/admin/").status_code == 302


def test_the_list_of_all_records_is_made_for_the_queue_alone(client, lead, monkeypatch):
    made, make = [], PortalAdminSite._build_app_dict

    def noted(self, request, label=None):
        made.append(request.path)
        return make(self, request, label)

    monkeypatch.setattr(PortalAdminSite, "_build_app_dict", noted)

    for name in ("admin:experts_expert_changelist", "admin:index"):
        assert client.get(reverse(name)).status_code == 200

    assert made == [reverse("admin:index")]
