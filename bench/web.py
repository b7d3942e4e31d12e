"""Memory of one web worker: after 2,000 requests, and whether it grows."""

import psutil

from bench.ground import Portal, portal
from bench.requests import Asker

NAMES = ("web.rss_mb", "web.growth_mb")
REQUESTS = 2_000
PAGES = (
    "/",
    "/experts/",
    "/experts/?q=lamps",
    "/experts/?region=africa&region=europe&language=fr",
    "/experts/?q=collection&sort=confirmed",
    "/experts/1/",
    "/experts/roster/",
    "/experts/list.csv",
    "/partners/",
    "/accounts/login/",
)


def measure(wanted) -> list[dict]:
    with portal(workers=1) as running:
        asker = Asker(running.url)
        worker = _worker(running)
        after_half = 0.0
        for number in range(REQUESTS):
            asker.get(PAGES[number % len(PAGES)])
            if number == REQUESTS // 2:
                after_half = _megabytes(worker)
        after_all = _megabytes(worker)
    print(f"one worker: {after_half:.0f} MB after 1,000 requests, {after_all:.0f} MB after 2,000")
    return [
        {"name": "web.rss_mb", "value": round(after_all), "unit": "MB", "bound": 200},
        {
            "name": "web.growth_mb",
            "value": round(after_all - after_half, 1),
            "unit": "MB",
            "bound": 5,
        },
    ]


def _worker(running: Portal) -> psutil.Process:
    master = psutil.Process(running.web.process.pid)
    return max(master.children(recursive=True), key=lambda child: child.memory_info().rss)


def _megabytes(process: psutil.Process) -> float:
    return process.memory_info().rss / 1024 / 1024
