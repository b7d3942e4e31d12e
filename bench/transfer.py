"""Bytes on the wire for a page, in a real browser: a first visit, and one with a warm cache.

For each page: everything that the browser fetches until it is loaded, headers included, as its own
network log counts it. A first visit begins with an empty cache; the next one keeps what the browser
may keep of a first visit to another page.
"""

from playwright.sync_api import BrowserContext, sync_playwright

from bench.ground import portal
from bench.visits import Visit, visits
from wmaportal.local import browser

NAMES = ("transfer.first_kb", "transfer.next_kb")
BOUNDS = {"transfer.first_kb": 100, "transfer.next_kb": 25}
ELSEWHERE = "/privacy/"  # what somebody has seen before: the frame of all pages


def measure(wanted) -> list[dict]:
    with portal(workers=1) as running, sync_playwright() as playwright:
        pages = visits(running)
        chromium = playwright.chromium.launch(**browser.launch_options())
        found = {name: [] for name in NAMES}
        for visit in pages:
            context = chromium.new_context(base_url=running.url)
            visit.sign_in(context, running.url)
            found["transfer.first_kb"].append((_bytes(context, visit.address), visit))
            context.close()
        context = chromium.new_context(base_url=running.url)
        _bytes(context, ELSEWHERE)
        if any(visit.name.startswith("admin:") for visit in pages):
            lead = next(visit for visit in pages if visit.name == "admin:partners_role_changelist")
            lead.sign_in(context, running.url)
            _bytes(context, lead.address)
        for visit in pages:
            visit.sign_in(context, running.url)
            found["transfer.next_kb"].append((_bytes(context, visit.address), visit))
        chromium.close()
    return [_row(name, rows) for name, rows in found.items()]


def _bytes(context: BrowserContext, address: str) -> int:
    """What comes over the wire for this page until it is loaded."""
    page = context.new_page()
    log = context.new_cdp_session(page)
    log.send("Network.enable")
    sizes = []
    log.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address)  # until "load": nothing is fetched later by itself
    page.close()
    return round(sum(sizes))


def _row(name: str, rows: list[tuple[int, Visit]]) -> dict:
    rows.sort(key=lambda row: row[0], reverse=True)
    print(f"{name}: the heaviest of {len(rows)}")
    for size, visit in rows[:8]:
        print(f"  {size / 1024:6.1f} KB  {visit.role:8} {visit.address}")
    value = round(rows[0][0] / 1024, 1)
    return {"name": name, "value": value, "unit": "KB", "bound": BOUNDS[name], "better": "lower"}
