"""What a load balancer or a watchdog asks: /health/."""

from django.core.cache import cache
from django.db import Error, connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def health(request):
    """{"database": "ok" | "away", "redis": "ok" | "away"}.

    503 when the database is away. Without Redis the portal goes on, so that is 200 and seen in
    the text only.
    """
    database = _database_answers()
    state = {
        "database": "ok" if database else "away",
        "redis": "ok" if cache.answers() else "away",
    }
    return JsonResponse(state, status=200 if database else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connection.close()  # else the next request would meet the broken connection
        return False
    return True
