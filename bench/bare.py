"""What pages are measured against: views with one query and no template."""

from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse

from experts.models import Expert

# One full-text query as textbooks have it: what matches, best first, as many as a page shows
_SEARCH = """
    SELECT d.code, d.title, ts_rank(s.search, portal_query(%(words)s)) AS fit
    FROM documents_section s JOIN documents_document d ON d.current_id = s.version_id
    WHERE s.search @@ portal_query(%(words)s) AND d.audience = 'public'
        AND d.status IN ('open', 'published')
    ORDER BY fit DESC LIMIT 20
"""


def row(request, pk: int):
    """What Django costs at the least on this server: all middleware, one row by its key."""
    return HttpResponse(Expert.objects.values_list("name", flat=True).get(pk=pk))


def search(request):
    """What a search of the library costs at the least: the text of public documents, 20 rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the portal's search has this, too
        cursor.execute(_SEARCH, {"words": request.GET.get("q", "")})
        return JsonResponse({"found": [list(found[:2]) for found in cursor.fetchall()]})
