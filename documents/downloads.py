"""How often files are fetched: a number for each file and day, and nothing of who did."""

from datetime import date

from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest

from documents.models import DownloadCount, Translation

# Two readers at the same moment make one row, and neither is lost
ONE_MORE = """
INSERT INTO documents_downloadcount AS count (translation_id, day, number) VALUES (%s, %s, 1)
ON CONFLICT (translation_id, day) DO UPDATE SET number = count.number + 1
"""


def count(translation: Translation, day: date):
    """Note that somebody began to fetch this file."""
    with connection.cursor() as cursor:
        cursor.execute(ONE_MORE, [translation.pk, day])


def begins(request: HttpRequest, status: int) -> bool:
    """Whether this answer begins a download: not one resumed, looked up, or had already."""
    asked = request.headers.get("Range", "")
    resumed = status != 200 and asked and not asked.replace(" ", "").startswith("bytes=0-")
    return request.method == "GET" and status in (200, 206, 302) and not resumed


def total(version_ids) -> dict[int, int]:
    """{key of a version: downloads of all its files}; one that nobody fetched is left out."""
    counts = DownloadCount.objects.filter(translation__version__in=version_ids)
    totals = counts.order_by().values_list("translation__version").annotate(Sum("number"))
    return dict(totals)
