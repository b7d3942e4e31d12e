"""Every page in a browser, at both widths, light and dark: axe finds nothing, nothing is too wide,
the Content-Security-Policy holds, and no other host is asked.

Axe goes through all rules at the first width in the light. At the other width it does so again
where something is shown or hidden that was not; else it asks there, in the dark, only the rules
whose answer can be another.
"""

# ruff: noqa: F401, F811 (fixtures are imported)
import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import pages
from tests.browser.tools import WATCH, cookies_of
from tests.worlds import world

WIDTHS = (1280, 360)
NARROWEST = 320
#: Light and dark differ in nothing but colours: in the dark axe asks what depends on those.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
#: Rules whose answer depends on places and sizes; those of all others on what is there at all.
WIDTH_RULES = [*COLOUR_RULES, "scrollable-region-focusable"]
#: Shown by all of our own pages at one of the widths alone; axe sees them at both widths in DIFFER.
KNOWN_TO_DIFFER = "body > header :is(.only-wide, .only-narrow)"

#: A page that says the same to several roles is looked at once; these differ.
DIFFER = {
    "home",
    "my_page",
    "expert_list",
    "expert_detail@own",
    "organisation_detail@partner",
    "expert_apply",
}
#: The history of a row in admin is one page of Django's; with entries and without.
HISTORIES = {"admin:partners_organisation_history", "admin:documents_document_history"}
_FIRST = {view.name: view for view in reversed(pages.views(("visitor", "expert", "lead")))}
VIEWS = [
    view
    for view in pages.views(("visitor", "expert", "lead"))
    if view.name in DIFFER | HISTORIES
    or (view == _FIRST[view.name] and not view.name.endswith("_history"))
]
#: Rows of a table or list that are like the rows before them.
ALIKE = ["tbody tr:nth-child(n+6)", "li:nth-child(n+25)", ".groups div:nth-child(n+12)", "option"]
_axe = Axe()


@pytest.fixture(scope="module")
def look(world, browser, base_url):
    """Open a view in the one page of this module; gives it and what it did wrong by itself."""
    context = browser.new_context(base_url=base_url, reduced_motion="reduce")
    context.add_init_script(WATCH)
    context.add_init_script(_axe.axe_script)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "request",
        lambda asked: (
            wrong.append(f"asks {asked.url}")
            if not asked.url.startswith((base_url, "data:"))
            else None
        ),
    )

    def open_view(view):
        client, address = pages.open_view(world, view)
        context.clear_cookies()
        if client.cookies:
            context.add_cookies(cookies_of(client, base_url))
        wrong.clear()
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        page.emulate_media(color_scheme="light")
        page.goto(address)
        return page, wrong

    yield open_view
    context.close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


def violations(page, rules: list[str] | None) -> list[str]:
    """What axe finds with these rules, else with all: the rule, and the first place.

    Axe would fetch all stylesheets anew for css-orientation-lock, which is not among its rules
    unless asked for, and need half a second for it; no rule but that one reads them.
    """
    found = page.evaluate(
        """([rules, alike]) => axe.run({exclude: alike.map(one => [one])}, {
          resultTypes: ["violations"],
          preload: {assets: ["media"]},
          ...(rules ? {runOnly: {type: "rule", values: rules}} : {}),
        }).then(r => r.violations)""",
        [rules, ALIKE],
    )
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} ({len(one['nodes'])}) "
        f"{json.dumps([check['message'] for check in one['nodes'][0]['any']])[:300]}"
        for one in found
    ]


def shown(page) -> list[int]:
    """The elements that are shown, by their numbers in the page."""
    return page.evaluate(
        """(known) => [...document.querySelectorAll("body *")].flatMap((e, number) =>
          e.checkVisibility({visibilityProperty: true}) && !e.closest(known) ? [number] : [])""",
        KNOWN_TO_DIFFER,
    )


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_page_is_open_to_everybody_narrow_or_wide_light_or_dark(view, look):
    page, wrong = look(view)

    refused = page.evaluate("window.refusals")  # asked for before axe breaks the policy itself
    found = [f"policy: {one}" for one in refused]
    shown_first = shown(page)
    found += [f"light {one}" for one in violations(page, None)]
    page.set_viewport_size({"width": WIDTHS[1], "height": 800})
    if view.name not in DIFFER and shown(page) == shown_first:
        looks = [(WIDTHS[1], "dark", WIDTH_RULES)]
    else:
        looks = [
            (WIDTHS[1], "light", None),
            (WIDTHS[1], "dark", COLOUR_RULES),
            (WIDTHS[0], "dark", COLOUR_RULES),
        ]
    for width, scheme, rules in looks:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        found += [f"{width} {scheme} {one}" for one in violations(page, rules)]
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    too_wide = page.evaluate(
        """(width) => document.documentElement.scrollWidth <= width ? [] :
          ["page", ...[...document.querySelectorAll("body *")]
            .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll"))
            .slice(0, 3).map(e => e.outerHTML.slice(0, 150))]""",
        NARROWEST,
    )
    found += [f"wider than {NARROWEST}: {one}" for one in too_wide]
    found += wrong
    if found:
        pytest.fail("\n".join(found), pytrace=False)
