import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.db.utils import InterfaceError
from django.http import Http404, HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.views.decorators.csrf import requires_csrf_token

from wmaportal import errors

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler429 = errors.too_many_requests
handler500 = errors.server_error


def hang_up(request):
    """PostgreSQL ends the session in the middle of a request."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def take_too_long(request):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)")


def break_down(request):
    raise RuntimeError("a secret detail")


def deny(request):
    denied = PermissionDenied("a secret detail")
    denied.reason = "Only partners can read this paper."
    raise denied


def past_the_end(request):
    absent = Http404("a secret detail")
    absent.reason, absent.first_page = "The list has 2 pages.", "/first/"
    raise absent


urlpatterns = [
    path("hang-up/", hang_up),
    path("take-too-long/", take_too_long),
    path("break-down/", break_down),
    path("deny/", deny),
    path("past-the-end/", past_the_end),
    path("too-many/", errors.too_many_requests),
    path("form/", requires_csrf_token(lambda request: HttpResponse("ok"))),
    path("", include("wmaportal.urls")),
]

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def visitor(client):
    client.raise_request_exception = False
    return client


def words(response) -> str:
    return " ".join(response.content.decode().split())


def test_the_database_hanging_up_is_503_with_the_time_to_come_back(visitor, transactional_db):
    response = visitor.get("/hang-up/")

    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert "The portal cannot reach its database." in words(response)
    assert visitor.get("/past-the-end/").status_code == 404


def test_a_statement_that_took_too_long_is_our_mistake_and_500(visitor, transactional_db):
    assert visitor.get("/take-too-long/").status_code == 500


def test_a_breakdown_shows_no_detail(visitor, db):
    response = visitor.get("/break-down/")

    assert response.status_code == 500
    assert "a secret detail" not in words(response)


def test_a_refusal_shows_its_reason_and_no_detail(visitor, db):
    response = visitor.get("/deny/")

    assert response.status_code == 403
    assert "Only partners can read this paper." in words(response)
    assert "a secret detail" not in words(response)


def test_a_page_past_the_end_leads_to_the_first(visitor, db):
    response = visitor.get("/past-the-end/")

    assert response.status_code == 404
    assert 'href="/first/"' in words(response)
    assert "The list has 2 pages." in words(response)


def test_too_many_tries_say_when_to_come_back(visitor, db):
    response = visitor.get("/too-many/")

    assert response.status_code == 429
    assert response["Retry-After"] == "60"


def test_a_form_without_its_token_is_403_with_what_to_do(db):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/form/")

    assert response.status_code == 403
    assert "send the form once more" in words(response)


def test_an_error_page_comes_even_when_its_template_is_broken(rf):
    nothing = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    with override_settings(TEMPLATES=nothing):
        response = errors.unavailable(rf.get("/"), "The <portal> cannot reach its database.")

    assert response.status_code == 503
    assert "The &lt;portal&gt; cannot reach its database." in words(response)


def _deadlock(cursor_of, first, second, ready):
    """Locks `first`, waits for the other, wants `second`."""
    with cursor_of() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [first])
        ready.wait(10)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [second])


def test_a_deadlock_is_not_the_database_being_away(transactional_db):
    from django.db import transaction

    ready, seen = threading.Barrier(2), []

    def lock(first, second):
        try:
            with transaction.atomic():
                _deadlock(connection.cursor, first, second, ready)
        except OperationalError as error:
            seen.append(errors.connection_lost(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=lock, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [False]


def test_a_closed_connection_is_found_among_the_causes_of_an_error():
    error = RuntimeError()
    error.__context__ = InterfaceError("connection already closed")

    assert errors.connection_lost(error) is True
    assert errors.connection_lost(InterfaceError("cursor already closed")) is False
    assert errors.connection_lost(RuntimeError()) is False
    assert errors.connection_lost(None) is False
