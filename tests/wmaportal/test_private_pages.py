import pytest
from django.conf import settings
from django.http import HttpResponse

from wmaportal.middleware import PrivatePages

SIGNED_IN = {settings.SESSION_COOKIE_NAME: "s" * 32}


def answer(rf, cookies=None, content_type="text/html", **headers):
    request = rf.get("/")
    request.COOKIES = cookies or {}
    given = HttpResponse("x", content_type=content_type, headers=headers)
    return PrivatePages(lambda request: given)(request).get("Cache-Control")


def test_a_page_for_a_signed_in_visitor_is_kept_nowhere(rf):
    assert answer(rf, SIGNED_IN) == "private, no-store"


def test_a_page_for_everybody_says_nothing_of_caches(rf):
    assert answer(rf) is None


def test_a_page_called_public_by_mistake_is_kept_nowhere_either(rf):
    said = {"Cache-Control": "public, max-age=60"}

    assert answer(rf, SIGNED_IN, **said) == "private, no-store"


@pytest.mark.parametrize("said", ["private, max-age=600", "no-store"])
def test_a_view_may_be_stricter_or_let_one_browser_keep_a_picture(rf, said):
    assert answer(rf, SIGNED_IN, "image/webp", **{"Cache-Control": said}) == said


def test_a_file_without_a_word_on_caches_is_private_too(rf):
    assert answer(rf, SIGNED_IN, "application/pdf") == "private, no-store"


def test_signing_in_makes_the_answer_private_before_the_browser_has_a_cookie(rf):
    request = rf.get("/")
    request.session = type("Session", (), {"modified": True})()

    response = PrivatePages(lambda request: HttpResponse("x"))(request)

    assert response["Cache-Control"] == "private, no-store"
