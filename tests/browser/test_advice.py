"""An official asks, an expert accepts from the mail, they write, it helps, and the figure moves."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from advice.models import AdviceRequest, Choice, Message
from tests.factories import ExpertFactory, LeadFactory, PartnerUserFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "Spent lamps pile up in our schools. We want to see how others began to collect them."


def write_request(page):
    """Step 1, from the form to the page with the experts."""
    page.goto("/advice/ask/")
    page.get_by_label("Country", exact=True).select_option(label="Uruguay")
    page.get_by_label("What do you need?").fill(WORDS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="Lamps", exact=True)).to_be_checked()
    page.get_by_label("Remote advice").check()
    page.get_by_label("Spanish").check()
    page.get_by_label("English").check()
    page.get_by_role("button", name="Save and find experts").click()


def share_asked(page) -> str:
    page.goto("/advice/use/")
    return page.locator("main").inner_text()


def test_from_the_first_word_to_a_figure_that_moves(visit, link_for):
    official = PartnerUserFactory(name="Ana Official (example)")
    expert = ExpertFactory(
        name="Lamp Expert (example)",
        claimed=True,
        languages=["en", "es"],
        confirmed_at=timezone.now(),
    )
    public = visit()
    before = share_asked(public)

    own = visit(official)
    write_request(own)
    expect(own.locator("h1")).to_have_text("Experts who fit")
    expect(own.locator("main")).to_contain_text("speaks")
    own.get_by_role("checkbox", name=re.compile("Lamp Expert")).check()
    own.get_by_role("button", name="Ask the chosen experts").click()
    expect(own.locator("h1")).to_have_text("Check and send")
    own.get_by_role("button", name="Send the request").click()
    expect(own.locator(".note.good")).to_contain_text("Your request is sent")

    by_mail = visit()
    by_mail.goto(link_for(expert.email))
    expect(by_mail.locator("h1")).to_have_text("Can you help somebody in Uruguay?")
    expect(by_mail.locator("main")).not_to_contain_text(official.email)
    by_mail.get_by_role("button", name="Yes, I help").click()
    expect(by_mail.locator(".note.good")).to_contain_text("knows that you help")
    expect(by_mail.locator("main")).to_contain_text(official.email)
    by_mail.get_by_label("Message").fill("Good day. Which schools are these?")
    by_mail.get_by_role("button", name="Send the message").click()
    expect(by_mail.locator(".note.good")).to_contain_text("on its way")

    own.goto(link_for(official.email))
    expect(own.locator("main")).to_contain_text("Which schools are these?")
    own.get_by_text("Two questions").click()
    own.get_by_role("group", name=re.compile("Did it happen")).get_by_label("Yes").check()
    own.get_by_role("group", name=re.compile("Did it help")).get_by_label("Yes").check()
    own.get_by_label(re.compile("In one sentence")).fill("Ten schools collect now.")
    own.get_by_label(re.compile("This may be shown")).check()
    own.get_by_role("button", name="Save the answers").click()
    expect(own.locator(".note.good")).to_contain_text("asking helps")
    by_mail.get_by_text("Two questions").click()
    by_mail.get_by_role("group", name=re.compile("Did it happen")).get_by_label("Yes").check()
    by_mail.get_by_role("group", name=re.compile("Did it help")).get_by_label("In part").check()
    by_mail.get_by_label(re.compile("This may be shown")).check()
    by_mail.get_by_role("button", name="Save the answers").click()
    expect(by_mail.locator(".note.good")).to_contain_text("asking helps")

    assert AdviceRequest.objects.get().status == AdviceRequest.Status.DONE
    after = share_asked(public)
    assert before != after
    public.goto(expert.get_absolute_url())
    expect(public.locator("main")).to_contain_text("Ten schools collect now.")


def test_a_newcomer_signs_in_on_the_way_and_the_lead_takes_it_on_in_two_clicks(visit, code_for):
    ExpertFactory(name="Lamp Expert (example)", claimed=True, confirmed_at=timezone.now())
    newcomer = UserFactory(name="New Official (example)")
    page = visit()
    write_request(page)
    expect(page.locator("h1")).to_have_text("Your text is kept. Who are you?")
    page.get_by_role("link", name="I have signed in before").click()
    page.locator("#id_email").fill(newcomer.email)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill(code_for(newcomer.email))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("What do you need?")).to_have_value(WORDS)
    page.get_by_role("button", name="Save and find experts").click()
    page.get_by_role("checkbox", name=re.compile("Lamp Expert")).check()
    page.get_by_role("button", name="Ask the chosen experts").click()
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("main")).to_contain_text("the Lead looks at it first")

    desk = visit(LeadFactory(totp=True))
    desk.goto("/admin/")
    desk.get_by_role("button", name=re.compile("Take it on.*New Official")).click()
    expect(desk.locator(".note.good")).to_contain_text("Taken on")

    assert Choice.objects.get().status == Choice.Status.ASKED


def test_the_lead_matches_with_the_keyboard_alone(visit):
    ExpertFactory(name="Lamp Expert (example)", claimed=True, confirmed_at=timezone.now())
    official = PartnerUserFactory(name="Ana Official (example)")
    own = visit(official)
    write_request(own)
    own.get_by_role("button", name="Let the Lead choose").click()
    own.get_by_role("button", name="Send the request").click()
    expect(own.locator("main")).to_contain_text("The Lead has your request")

    desk = visit(LeadFactory(totp=True))
    desk.goto("/admin/")
    desk.get_by_role("link", name=re.compile("Choose experts.*Ana Official")).focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("h1")).to_have_text("Choose experts")
    box = desk.get_by_role("checkbox", name=re.compile("Lamp Expert"))
    box.focus()
    desk.keyboard.press("Space")
    desk.get_by_role("button", name="Ask them").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".note.good")).to_contain_text("asked now")

    assert Choice.objects.get().status == Choice.Status.ASKED


def test_without_scripts_the_whole_way_works(browser, base_url, signed_in):
    expert = ExpertFactory(name="Lamp Expert (example)", claimed=True, confirmed_at=timezone.now())
    official = PartnerUserFactory()
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    signed_in(context, official.email.split("@")[0])
    page = context.new_page()
    page.goto(f"/advice/ask/?expert={expert.pk}")
    page.get_by_label("Country", exact=True).select_option(label="Uruguay")
    page.get_by_label("What do you need?").fill(WORDS)
    page.get_by_label("Remote advice").check()
    page.get_by_label("English").check()
    page.get_by_role("button", name="Save and find experts").click()
    expect(page.get_by_role("checkbox", name=re.compile("Lamp Expert"))).to_be_checked()
    page.get_by_role("button", name="Ask the chosen experts").click()
    page.get_by_role("button", name="Send the request").click()
    page.get_by_role("link", name=re.compile("^Conversation")).click()
    page.get_by_label("Message").fill("Good day.")
    page.get_by_role("button", name="Send the message").click()
    expect(page.locator(".note.good")).to_contain_text("on its way")
    context.close()

    assert Message.objects.get().text == "Good day."
