"""How often files are fetched: a number for each file and day, and nothing of who did."""

from datetime import date

from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest, HttpResponseBase

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


def begins(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether this answer begins a download: not one resumed, looked up, or had already.

    Where a proxy or a store sends the bytes, it reads the Range after us.
    """
    asked = request.headers.get("Range", "").replace(" ", "")
    whole = response.status_code == 200 and "X-Accel-Redirect" not in response
    resumed = not whole and asked and not asked.startswith("bytes=0-")
    return request.method == "GET" and response.status_code in (200, 206, 302) and not resumed


def total(version_ids) -> dict[int, int]:
    """{key of a version: downloads of all its files}; one that nobody fetched is left out."""
    counts = DownloadCount.objects.filter(translation__version__in=version_ids)
    totals = counts.order_by().values_list("translation__version").annotate(Sum("number"))
    return dict(totals)
