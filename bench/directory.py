"""The directory and the profile: whole requests against a bare view, and their queries."""

from bench.ground import Portal, portal
from bench.requests import medians

NAMES = (
    "directory.page_ratio",
    "directory.ratio_5k",
    "directory.ratio_100k",
    "directory.queries",
    "profile.queries",
)

#: The three named queries: no words, a common word with two filters, a rare word.
QUERIES = {
    "no words": "/experts/",
    "common word, two filters": "/experts/?q=collection&region=africa&can=missions",
    "rare word": "/experts/?q=kelana",
}


def measure(wanted) -> list[dict]:
    rows = []
    if any(map(wanted, ("directory.page_ratio", "directory.queries", "profile.queries"))):
        with portal() as small:
            pages = {"bare": _bare(small), "page": "/experts/"}
            took = medians(small.url, pages, rounds=200)
            _say("40 experts", took)
            rows.append(_ratio("directory.page_ratio", took["page"] / took["bare"], 8))
            rows += _queries(small)
    for name, size, bound, rounds in (
        ("directory.ratio_5k", 5_000, 16, 60),
        ("directory.ratio_100k", 100_000, 80, 30),
    ):
        if wanted(name):
            with portal(experts=size) as large:
                took = medians(large.url, {"bare": _bare(large), **QUERIES}, rounds)
                _say(f"{size} experts", took)
                slowest = max(value for key, value in took.items() if key != "bare")
                rows.append(_ratio(name, slowest / took["bare"], bound))
    return rows


def _bare(running: Portal) -> str:
    code = "from experts.models import Expert; print(Expert.objects.listed().first().pk)"
    return f"/bare/{running.python(code).strip()}/"


def _say(what: str, took: dict[str, float]):
    print(f"{what}: " + "; ".join(f"{name} {value:.1f} ms" for name, value in took.items()))


def _ratio(name: str, value: float, bound: float) -> dict:
    return {"name": name, "value": round(value, 1), "unit": "×", "bound": bound, "better": "lower"}


_COUNT = """
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from experts.models import Expert
from partners.models import User
most = {"directory": 0, "profile": 0}
pk = Expert.objects.listed().first().pk
pages = [("directory", "/experts/"), ("directory", "/experts/?q=lamps&region=africa"),
    ("directory", "/experts/?q=xyzzy"), ("profile", f"/experts/{pk}/")]
for address in (None, "partner@example.org", "expert@example.org", "lead@example.org"):
    client = Client(SERVER_NAME="localhost")
    if address:
        client.force_login(User.objects.get(email=address))
    for name, path in pages:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        most[name] = max(most[name], len(queries))
print(most["directory"], most["profile"])
"""


def _queries(running: Portal) -> list[dict]:
    """The most queries of one request, by visitor, partner, expert and Lead."""
    directory, profile = map(int, running.python(_COUNT).split())
    return [
        {"name": name, "value": value, "unit": "queries", "bound": bound, "better": "lower"}
        for name, value, bound in (
            ("directory.queries", directory, 10),
            ("profile.queries", profile, 14),
        )
    ]
