"""What people do from beginning to end, in a browser: experts, partners and the Lead."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils import timezone
from openpyxl import Workbook
from playwright.sync_api import expect

from experts.models import Expert
from partners.models import User
from tests.factories import ExpertFactory, LeadFactory, PartnerUserFactory
from tests.factories.partners import TOTP_SECRET

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page, email, code_for):
    """With the code from the mail; from the page of signing in."""
    page.locator("#id_email").fill(email)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill(code_for(email))
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_lead_signs_in_with_the_second_step_and_approves_in_two_clicks(visit, code_for):
    lead = LeadFactory(totp=True)
    expert = ExpertFactory(
        name="Nadia New (example)",
        claimed=True,
        status=Expert.Status.AWAITING,
        approved_at=None,
        submitted_at=timezone.now(),
    )
    page = visit()
    page.goto("/admin/")
    sign_in(page, lead.email, code_for)
    expect(page.locator("h1")).to_have_text("Second step")
    page.get_by_label("Authenticator code").or_(page.get_by_label("Code")).first.fill(
        format_hotp_value(hotp_value(TOTP_SECRET, int(time.time()) // 30))
    )
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("h1")).to_have_text("Queue")

    page.get_by_role("button", name=re.compile("Approve and list.*Nadia New")).click()

    expect(page.locator(".note.good")).to_contain_text("Approved and listed")
    public = visit()
    public.goto(f"/experts/{expert.pk}/")
    expect(public.locator("h1")).to_have_text("Nadia New (example)")


def test_a_new_country_waits_for_the_lead_and_is_shown_once_it_is_accepted(visit):
    expert = ExpertFactory(claimed=True, country_id="JP")
    own, public, desk = visit(expert.user), visit(), visit(LeadFactory(totp=True))
    own.goto("/experts/me/edit/")
    own.get_by_label("Country", exact=True).select_option(label="Peru")
    own.get_by_role("button", name="Save and confirm").click()
    expect(own.locator("main")).to_contain_text("1 field waits for the Lead: Country")
    public.goto(f"/experts/{expert.pk}/")
    expect(public.locator(".page-head .lead")).to_contain_text("Japan")

    desk.goto("/admin/")
    row = desk.locator("article.task", has_text=expert.name)
    expect(row.locator("del").first).to_have_text("Japan")
    expect(row.locator("ins").first).to_have_text("Peru")
    row.get_by_role("button", name=re.compile("^Approve")).click()

    expect(desk.locator(".note.good")).to_contain_text("Approved and shown")
    public.reload()
    expect(public.locator(".page-head .lead")).to_contain_text("Peru")
    expect(public.locator("dl.facts").first).to_contain_text("America")


def test_two_edits_at_once_lose_nothing(visit):
    expert = ExpertFactory(claimed=True, summary="Old.", experience="Old experience.")
    first, second = visit(expert.user), visit(expert.user)
    for page in (first, second):
        page.goto("/experts/me/edit/")
    first.locator("#id_summary").fill("From the first window.")
    first.get_by_role("button", name="Save and confirm").click()
    expect(first.get_by_text("Your profile is saved and confirmed.")).to_be_visible()

    second.locator("#id_experience").fill("From the second window.")
    second.get_by_role("button", name="Save and confirm").click()

    expect(second.locator("#both")).to_have_text(
        "Somebody else changed this profile while you wrote"
    )
    table = second.locator("table", has_text="Both versions")
    expect(table).to_contain_text("From the first window.")
    expect(table).to_contain_text("From the second window.")
    expect(second.locator("#id_experience")).to_have_value("From the second window.")
    expert.refresh_from_db()
    assert (expert.summary, expert.experience) == ("From the first window.", "Old experience.")
    second.locator("#id_summary").fill("From the first window.")
    second.get_by_role("button", name="Save and confirm").click()
    expect(second.get_by_text("Your profile is saved and confirmed.")).to_be_visible()
    expert.refresh_from_db()
    assert (expert.summary, expert.experience) == (
        "From the first window.",
        "From the second window.",
    )


def test_an_expert_pauses_comes_back_and_leaves(visit):
    expert = ExpertFactory(claimed=True)
    own, public = visit(expert.user), visit()
    own.goto("/experts/me/pause/")
    own.get_by_label("Until which day?").fill(
        (timezone.now() + timedelta(days=60)).date().isoformat()
    )
    own.locator("main form button").first.click()
    expect(own.get_by_text("You are paused.")).to_be_visible()
    public.goto("/experts/")
    expect(public.locator("#results")).to_contain_text("Not available until")

    own.goto("/experts/me/pause/")
    own.locator("button[name=end]").click()
    expect(own.get_by_text("Your pause has ended.")).to_be_visible()
    public.reload()
    expect(public.locator("#results")).not_to_contain_text("Not available until")

    own.goto("/experts/me/remove/")
    own.get_by_role("button", name="Remove me").click()
    expect(own.get_by_text("You are off the list. Nobody can see")).to_be_visible()
    assert public.goto(f"/experts/{expert.pk}/").status == 404
    public.goto("/experts/")
    expect(public.locator("#results")).not_to_contain_text(expert.name)


def test_from_nomination_over_consent_and_profile_to_the_list(visit, code_for, link_for):
    partner, nominee = visit(PartnerUserFactory()), visit()
    desk, public = visit(LeadFactory(totp=True)), visit()
    partner.goto("/experts/nominate/")
    partner.get_by_label("Name of the person").fill("Nomi Nee (example)")
    partner.get_by_label("E-mail address of the person").fill("nominee@example.org")
    partner.get_by_role("button", name="Send the invitation").click()
    expect(partner.locator(".note.good, .messages")).to_contain_text("Thank you.")
    assert not Expert.objects.exists()  # name and address alone are kept, in the invitation

    nominee.goto(link_for("nominee@example.org"))
    expect(nominee.locator("h1")).to_have_text("You were nominated as an expert")
    nominee.get_by_role("link", name="Sign up to agree").click()
    nominee.locator("#id_email").fill("nominee@example.org")
    nominee.locator("#id_name").fill("Nomi Nee (example)")
    nominee.get_by_role("button", name="Create the sign-in").click()
    nominee.get_by_label("Code").fill(code_for("nominee@example.org"))
    nominee.get_by_role("button", name="Confirm").click()
    nominee.get_by_role("button", name="Agree and start my profile").click()

    expect(nominee.locator("h1")).to_have_text("Change my profile")
    nominee.get_by_label("Country", exact=True).select_option(label="Ghana")
    nominee.get_by_role("checkbox").first.check()
    nominee.locator("#id_languages").fill("English, French")
    nominee.locator("#id_summary").fill("Gold without mercury.")
    nominee.get_by_role("button", name="Save profile").click()
    expect(nominee.get_by_text("Your profile is saved.")).to_be_visible()
    expert = Expert.objects.get(email="nominee@example.org")
    assert public.goto(f"/experts/{expert.pk}/").status == 404
    nominee.goto("/experts/me/submit/")
    nominee.get_by_label("I have read this and I agree").check()
    nominee.get_by_role("button", name="Agree and send").click()
    expect(nominee.get_by_text("Your profile is with the Lead.")).to_be_visible()

    desk.goto("/admin/")
    desk.get_by_role("button", name=re.compile("Approve and list.*Nomi Nee")).click()
    expect(desk.locator(".note.good")).to_contain_text("Approved and listed")
    public.goto("/experts/?region=africa")
    expect(public.locator("#results .rows h3")).to_have_text(["Nomi Nee (example)"])


def test_a_list_is_imported_after_its_preview_was_confirmed(visit, tmp_path):
    ExpertFactory(
        name="Old Hand (example)", email="old@example.org", confirmed_at=None, position=""
    )
    book = Workbook()
    book.active.append(["Name", "Country", "Position", "E-mail", "Expertise", "Languages"])
    book.active.append(["Old Hand (example)", "Japan", "Director", "old@example.org", "", ""])
    book.active.append(
        ["New Face (example)", "Peru", "Chemist", "new@example.org", "Lamps", "Spanish"]
    )
    path = tmp_path / "list.xlsx"
    book.save(path)
    page = visit(LeadFactory(totp=True))

    page.goto("/admin/experts/importrun/add/")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("#id_edition").fill("November 2026")
    page.get_by_role("button", name="Show what would change").click()

    expect(page.locator("#content-main")).to_contain_text("Ready to confirm")
    expect(page.locator("#content-main")).to_contain_text("New Face (example)")
    expect(page.locator("ins").first).to_have_text("Director")
    assert list(Expert.objects.values_list("name", flat=True)) == ["Old Hand (example)"]
    page.get_by_role("button", name="Import this").click()

    expect(page.locator(".note.good")).to_contain_text("1 person is new, 1 profile was changed.")
    assert set(Expert.objects.values_list("name", "position", "confirmed_at")) == {
        ("Old Hand (example)", "Director", None),
        ("New Face (example)", "Chemist", None),
    }


def test_a_person_creates_a_sign_in_and_is_asked_for_the_code_of_the_mail(visit, code_for):
    page = visit()
    page.goto("/accounts/signup/")
    page.locator("#id_email").fill("fresh@example.org")
    page.locator("#id_name").fill("Fresh Face")
    page.get_by_role("button", name="Create the sign-in").click()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("main")).to_contain_text("This is not the code.")
    page.get_by_label("Code").fill(code_for("fresh@example.org"))
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("link", name="My page")).to_be_visible()
    assert User.objects.get().name == "Fresh Face"
