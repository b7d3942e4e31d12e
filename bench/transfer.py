"""Bytes on the wire for a page, in a real browser: a first visit, and one with a warm cache.

For each page: everything that the browser fetches until it is loaded, headers included, as its own
network log counts it. A first visit finds nothing that the browser has kept. Later ones are those
of somebody who has seen the frame of the pages, and then goes through all of them in their order.

One tab goes through all of them: a new one for each costs half a second of two processors.
"""

from playwright.sync_api import sync_playwright

from bench.ground import portal
from bench.visits import Visit, visits
from wmaportal.local import browser

NAMES = ("transfer.first_kb", "transfer.next_kb")
BOUNDS = {"transfer.first_kb": 100, "transfer.next_kb": 25}
#: What somebody has seen before: the frame of all pages, and that of Django's admin
BEFORE = ("privacy", "admin:partners_role_changelist")


def measure(wanted) -> list[dict]:
    with portal(workers=1) as running, sync_playwright() as playwright:
        pages = visits(running)
        chromium = playwright.chromium.launch(**browser.launch_options())
        tab = _Tab(chromium.new_context(base_url=running.url), running.url)
        found = {name: [] for name in NAMES}
        tab.keep_nothing(True)
        for visit in pages:
            found["transfer.first_kb"].append((tab.bytes(visit), visit))
        tab.keep_nothing(False)
        by_name = {visit.name: visit for visit in pages}
        for name in BEFORE:
            tab.bytes(by_name[name])
        for visit in pages:
            found["transfer.next_kb"].append((tab.bytes(visit), visit))
        chromium.close()
    return [_row(name, rows) for name, rows in found.items()]


class _Tab:
    """A tab of a browser, and what comes over the wire for it."""

    def __init__(self, context, url: str):
        self.context, self.url, self.sizes = context, url, []
        self.page = context.new_page()
        self.log = context.new_cdp_session(self.page)
        self.log.send("Network.enable")
        self.log.on(
            "Network.loadingFinished", lambda event: self.sizes.append(event["encodedDataLength"])
        )

    def keep_nothing(self, yes: bool):
        self.log.send("Network.clearBrowserCache")
        self.log.send("Network.setCacheDisabled", {"cacheDisabled": yes})

    def bytes(self, visit: Visit) -> int:
        """What is fetched for this page until it is loaded; nothing is fetched later by itself."""
        self.page.goto("about:blank")
        visit.sign_in(self.context, self.url)
        self.sizes.clear()
        self.page.goto(visit.address)
        return round(sum(self.sizes))


def _row(name: str, rows: list[tuple[int, Visit]]) -> dict:
    rows.sort(key=lambda row: row[0], reverse=True)
    print(f"{name}: the heaviest of {len(rows)}")
    for size, visit in rows[:8]:
        print(f"  {size / 1024:6.1f} KB  {visit.role:8} {visit.address}")
    value = round(rows[0][0] / 1024, 1)
    return {"name": name, "value": value, "unit": "KB", "bound": BOUNDS[name], "better": "lower"}
