"""The map: six regions, a figure in each, a dot for each country in which something is.

The land is drawn by docs/map/make_map.mjs into static/world.svg; here stand the figures and dots.
"""

import json
from functools import cache
from math import sqrt
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

from partners.models.countries import region_of

PLACES = Path(__file__).parent / "data" / "map.json"

SMALLEST, LARGEST = 4, 9  # radius of a dot, in units of the map
NAME_BELOW, NAME_ABOVE = 44, -28  # from the figure to the name under or over it
#: Their names would run into that of their neighbour
NAMED_ABOVE = {"east-asia"}


@cache
def places() -> dict:
    """Where everything stands: view, regions (code -> place), countries (code -> place)."""
    return json.loads(PLACES.read_text())


def draw(regions: list[dict], countries: dict[str, int], fresh_months: int | None = None) -> dict:
    """What parts/map.html needs: `regions` (code, name, total), numbers by country code.

    With `fresh_months` the table has the column of `confirmed` as well. A region is a link unless
    nobody would be found there: `shown`, or else `total`, is 0.
    """
    at = places()
    dots = {region["code"]: [] for region in regions}
    most = max(countries.values(), default=0)
    for code, number in countries.items():
        if number and code in at["countries"]:
            dots[region_of()[code]].append(_dot(code, number, most))
    return {
        # All that the drawing follows from, for {% once %}
        "key": ([tuple(region.values()) for region in regions], countries, fresh_months),
        "view": at["view"],
        "total": sum(region["total"] for region in regions),
        "confirmed": sum(region.get("confirmed", 0) for region in regions),
        "fresh_months": fresh_months,
        "regions": [
            region
            | {
                "x": at["regions"][region["code"]][0],
                "y": at["regions"][region["code"]][1],
                "name_y": at["regions"][region["code"]][1]
                + (NAME_ABOVE if region["code"] in NAMED_ABOVE else NAME_BELOW),
                "linked": region.get("shown", region["total"]) > 0,
                "figure": short(region["total"]),
                "dots": mark_safe("".join(dots[region["code"]])),
            }
            for region in regions
        ],
    }


def short(number: int) -> str:
    """A figure that fits into the disc: 21, 940, 52k."""
    return str(number) if number < 1000 else f"{number // 1000}k"


def _dot(code: str, number: int, most: int) -> SafeString:
    """Area grows with the number, but never so far that dots hide their region."""
    x, y = places()["countries"][code]
    radius = min(SMALLEST + sqrt(number), SMALLEST + (LARGEST - SMALLEST) * sqrt(number / most))
    return mark_safe(f'<circle cx="{x}" cy="{y}" r="{radius:.1f}"/>')
