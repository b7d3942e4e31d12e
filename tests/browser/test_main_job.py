"""Finding an expert in a browser: with the keyboard alone, without JavaScript, with htmx."""

import re

import pytest
from playwright.sync_api import expect

from tests.factories import ExpertFactory, PartnerUserFactory


@pytest.fixture
def four(transactional_db):
    """Experts of two regions and two subjects."""
    return {
        "lamps in Africa": ExpertFactory(name="Amina Lamp (example)", country_id="GH"),
        "gold in Africa": ExpertFactory(
            name="Kofi Gold (example)", country_id="GH", terms=["industry-asgm"], languages=["fr"]
        ),
        "lamps in Europe": ExpertFactory(name="Jean Lampe (example)", country_id="FR"),
        "gold in Europe": ExpertFactory(
            name="Ana Oro (example)", country_id="ES", terms=["industry-asgm"]
        ),
    }


def names(page):
    return page.locator("#results .rows h3").all_inner_texts()


def focused(page) -> dict:
    """What has the focus: tag, words, name, value, and whether one sees it."""
    return page.evaluate(
        """() => {
          const e = document.activeElement;
          const label = e.labels && e.labels[0];
          const shown = [e, ...(label ? [label] : [])].some(one => {
            const s = getComputedStyle(one);
            const outline = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0;
            return outline || s.boxShadow !== "none";
          });
          const {tagName: tag, innerText: text = "", name = "", value = ""} = e;
          return {tag, text, name, value, shown};
        }"""
    )


def tab_to(page, wanted, limit=120):
    """Press Tab until this has the focus; each stop on the way is visibly focused."""
    for _press in range(limit):
        page.keyboard.press("Tab")
        here = focused(page)
        assert here["shown"], here
        if wanted(here):
            return here
    raise AssertionError("Tab does not lead there")


def test_with_the_keyboard_alone_a_visitor_finds_an_expert_by_region_and_expertise(four, page):
    page.goto("/")
    tab_to(page, lambda here: here["tag"] == "A" and here["text"] == "Experts")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Experts")

    tab_to(page, lambda here: (here["name"], here["value"]) == ("region", "africa"))
    page.keyboard.press("Space")
    expect(page.locator("#results h2").first).to_have_text("2 experts")
    expect(page.locator("#said")).to_have_text("2 experts")
    tab_to(page, lambda here: (here["name"], here["value"]) == ("term", "industry-asgm"))
    page.keyboard.press("Space")
    expect(page.locator("#results h2").first).to_have_text("1 expert")
    tab_to(page, lambda here: here["text"] == "Kofi Gold (example)")
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text("Kofi Gold (example)")


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(four, page):
    page.goto("/experts/")
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to content"
    page.keyboard.press("Enter")
    here = tab_to(page, lambda here: True)

    assert page.evaluate("document.activeElement.closest('main') !== null"), here


@pytest.fixture
def bare(browser, base_url, transactional_db):
    """A browser without JavaScript."""
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_javascript_a_visitor_finds_an_expert_by_region_and_expertise(four, bare):
    bare.goto("/")
    bare.get_by_role("navigation", name="Main").get_by_role("link", name="Experts").click()
    bare.locator("input[name=region][value=africa]").check()
    bare.locator("input[name=term][value=industry-asgm]").check()
    bare.get_by_role("button", name="Show results").click()

    expect(bare.locator("#results h2").first).to_have_text("1 expert")
    bare.get_by_role("link", name="Kofi Gold (example)").click()
    expect(bare.locator("h1")).to_have_text("Kofi Gold (example)")


def test_without_javascript_a_phone_shows_the_filters_when_asked(four, browser, base_url):
    context = browser.new_context(
        base_url=base_url, java_script_enabled=False, viewport={"width": 360, "height": 700}
    )
    page = context.new_page()
    page.goto("/experts/")
    box = page.locator("#facets input[name=region][value=africa]")
    expect(box).to_be_hidden()
    page.locator("label[for=show-filters]").click()
    box.check()
    page.get_by_role("button", name="Show results").click()

    expect(page.locator("#results h2").first).to_have_text("2 experts")
    context.close()


def test_without_javascript_an_expert_signs_in_by_code_edits_and_saves(bare, code_for):
    expert = ExpertFactory(claimed=True)
    bare.goto("/")
    bare.get_by_role("link", name="Sign in").click()
    bare.get_by_label("E-mail address", exact=True).first.fill(expert.email)
    bare.get_by_role("button", name="Send the code").click()
    bare.get_by_label("Code").fill(code_for(expert.email))
    bare.get_by_role("button", name="Sign in").click()
    expect(bare.get_by_role("link", name="My page")).to_be_visible()

    bare.goto("/experts/me/edit/")
    bare.get_by_role("textbox", name="Summary").fill("Now also on thermometers.")
    bare.get_by_role("button", name="Save and confirm").click()

    expect(bare.get_by_text("Your profile is saved and confirmed.")).to_be_visible()
    bare.goto(f"/experts/{expert.pk}/")
    expect(bare.locator("main")).to_contain_text("Now also on thermometers.")


def test_ticking_a_filter_swaps_results_address_and_numbers_and_back_restores_them(four, page):
    page.goto("/experts/")
    expect(page.locator("#results h2").first).to_have_text("4 experts")
    loads = []
    page.on("load", lambda _page: loads.append(page.url))

    page.locator("#facets input[name=region][value=africa]").check()

    expect(page.locator("#results h2").first).to_have_text("2 experts")
    expect(page).to_have_url(re.compile(r"region=africa"))
    assert names(page) == ["Amina Lamp (example)", "Kofi Gold (example)"]
    gold = page.locator("#facets label, #facets li").filter(
        has=page.locator("input[name=term][value=industry-asgm]")
    )
    expect(gold.first).to_contain_text("1")
    expect(page.locator("#facets input[name=region][value=africa]")).to_be_checked()
    assert loads == []  # swapped, not loaded

    page.go_back()

    expect(page.locator("#results h2").first).to_have_text("4 experts")
    expect(page).to_have_url(re.compile(r"/experts/$"))
    expect(page.locator("#facets input[name=region][value=africa]")).not_to_be_checked()
    page.go_forward()
    expect(page.locator("#results h2").first).to_have_text("2 experts")
    expect(page.locator("#facets input[name=region][value=africa]")).to_be_checked()


def test_the_keyboard_keeps_its_place_when_results_are_swapped(four, page):
    page.goto("/experts/")
    box = page.locator("input[name=region][value=europe]")
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#results h2").first).to_have_text("2 experts")

    here = focused(page)
    assert (here["name"], here["value"]) == ("region", "europe")


def test_after_signing_out_going_back_shows_nothing_private(page, signed_in, transactional_db):
    expert = ExpertFactory(email_audience="partners", email="planted@private.test")
    signed_in(page.context, PartnerUserFactory().email.split("@")[0])
    page.goto(f"/experts/{expert.pk}/")
    expect(page.locator("#contact")).to_contain_text("planted@private.test")

    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name=re.compile("Sign out")).click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    for _step in range(2):
        page.go_back()
        page.wait_for_load_state()
        assert "planted@private.test" not in page.content()
    page.goto(f"/experts/{expert.pk}/")
    expect(page.locator("#contact")).not_to_contain_text("planted@private.test")


def test_a_search_page_with_private_content_is_not_kept_in_htmx_history(four, page, signed_in):
    signed_in(page.context, PartnerUserFactory().email.split("@")[0])
    page.goto("/experts/")
    page.locator("#facets input[name=region][value=africa]").check()
    expect(page.locator("#results h2").first).to_have_text("2 experts")

    kept = page.evaluate("[sessionStorage, localStorage].map(s => JSON.stringify(s)).join()")
    assert "htmx-history" not in kept
