"""`make pictures`: every page for each role, narrow and wide, light and dark, into var/pictures/.

var/pictures/index.html shows them side by side. Runs everything by itself and takes some minutes;
`python -m bench.pictures expert` takes the pages whose name begins so.
"""

import html
import re
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from bench.ground import portal
from bench.visits import Visit, visits
from wmaportal.local import browser
from wmaportal.local.servers import ROOT

FOLDER = ROOT / "var" / "pictures"
ROLES = ("visitor", "expert", "partner", "lead")
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
LONGEST = 6000  # pixels: a longer page is cut


def main(prefix: str = "") -> int:
    start = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    taken: list[tuple[Visit, list[Path]]] = []
    with portal(workers=1) as running, sync_playwright() as playwright:
        pages = [visit for visit in visits(running, ROLES) if visit.name.startswith(prefix)]
        chromium = playwright.chromium.launch(**browser.launch_options())
        context = chromium.new_context(base_url=running.url, reduced_motion="reduce")
        for number, visit in enumerate(pages, 1):
            visit.sign_in(context, running.url)
            taken.append((visit, _take(context, visit)))
            if number % 20 == 0:
                print(f"{number} of {len(pages)} pages ...", flush=True)
        chromium.close()
    (FOLDER / "index.html").write_text(_index(taken), encoding="utf-8")
    number = sum(len(paths) for _visit, paths in taken)
    print(f"{number} pictures in {time.monotonic() - start:.0f} s: {FOLDER / 'index.html'}")
    return 0 if taken else 2


def _take(context: BrowserContext, visit: Visit) -> list[Path]:
    """One picture for each width and scheme, of one loading."""
    page = context.new_page()
    page.goto(visit.address)
    name = re.sub(r"[^\w.@-]+", "-", visit.name)
    paths = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for frame in page.locator("iframe").all():
            frame.scroll_into_view_if_needed()  # one that was never in view is not painted
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            path = FOLDER / visit.role / f"{name}-{width}-{scheme}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            height = page.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": width, "height": min(height, LONGEST)}
            page.screenshot(path=path, full_page=True, clip=clip)
            paths.append(path)
    page.close()
    return paths


_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Pictures of every page</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; margin: 24px; background: #8a8f90; }}
h2 {{ margin: 48px 0 8px; font-size: 18px; }}
div {{ display: grid; grid-template-columns: 1fr 1fr 3fr 3fr; gap: 12px; align-items: start; }}
a {{ display: block; max-height: 900px; overflow: hidden; }}
img {{ width: 100%; display: block; }}
nav {{ columns: 4; font-size: 13px; }} nav a {{ color: #000; }}
</style></head><body><h1>{number} pages, made {made}</h1>
<nav>{links}</nav>
{rows}
</body></html>
"""


def _index(taken: list[tuple[Visit, list[Path]]]) -> str:
    links, rows = [], []
    ordered = sorted(taken, key=lambda item: (item[0].name.startswith("admin:"), item[0].name))
    for number, (visit, paths) in enumerate(ordered):
        title = html.escape(f"{visit.name} as {visit.role}")
        links.append(f'<a href="#p{number}">{title}</a>')
        pictures = "".join(
            f'<a href="{path.relative_to(FOLDER)}"><img loading="lazy" alt="{path.stem}" '
            f'src="{path.relative_to(FOLDER)}"></a>'
            for path in paths
        )
        rows.append(
            f'<h2 id="p{number}">{title} <small>{html.escape(visit.address)}</small></h2>'
            f"<div>{pictures}</div>"
        )
    made = time.strftime("%Y-%m-%d %H:%M")
    return _FRAME.format(number=len(rows), made=made, links="".join(links), rows="\n".join(rows))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
