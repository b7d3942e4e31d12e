"""PostgreSQL or Redis goes away while people are on the portal, and comes back.

Each test has a web server of its own in production's shape (gunicorn, several threads) over
servers of its own, which it stops and kills.
"""

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from wmaportal.local import migrated, servers

PASSWORD = "sulphur-holds-mercury"
LONGEST_WITHOUT_REDIS = 3.0  # seconds for a page that first finds Redis away

ADD_PERSON = f"""
import django; django.setup()
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
user = get_user_model().objects.create_user("ana@example.org", "{PASSWORD}")
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""


class Portal:
    def __init__(self, postgres, valkey, web, environ):
        self.postgres, self.valkey, self.web, self.environ = postgres, valkey, web, environ


class Visitor:
    """A browser without JavaScript: keeps cookies, follows redirects."""

    def __init__(self, portal):
        self.base = portal.web.url.replace("127.0.0.1", "localhost")
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path, form=None):
        """(status, headers, text)"""
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(self.base + path, data)
        try:
            response = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.headers, response.read().decode()

    def sign_in(self, password=PASSWORD):
        """Returns what the portal answers to address and password."""
        _, _, page = self.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = {"csrfmiddlewaretoken": token, "login": "ana@example.org", "password": password}
        return self.get("/accounts/login/", form)

    def is_signed_in(self) -> bool:
        return any(cookie.name == "sessionid" for cookie in self.cookies)


@pytest.fixture
def portal(tmp_path):
    migrated.copy_to(tmp_path / "postgres")
    # Synchronous commits: what was answered must be there after a kill
    postgres = servers.Postgres(tmp_path / "postgres", {"fsync": "off"})
    valkey = servers.Valkey(tmp_path / "valkey")
    web = None
    try:
        postgres.start()
        valkey.start()
        environ = os.environ | {
            "DJANGO_SETTINGS_MODULE": "wmaportal.settings",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "MAIL_DIR": str(tmp_path / "mail"),
        }
        subprocess.run([sys.executable, "-c", ADD_PERSON], env=environ, check=True)
        web = servers.Web(environ, tmp_path / "web.log")
        web.start()
        yield Portal(postgres, valkey, web, environ)
    finally:
        if web:
            web.stop()
        valkey.close()
        postgres.close()


def health(portal):
    status, _, text = Visitor(portal).get("/health/")
    return status, json.loads(text)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_without_postgres_pages_are_503_and_come_back_by_themselves(portal, how):
    visitor = Visitor(portal)
    visitor.sign_in()
    assert visitor.is_signed_in()
    assert visitor.get("/")[0] == 200

    getattr(portal.postgres, how)()

    # The home page asks in its view, a page that does not exist for its visitor's name only
    for path in ("/", "/no-such-page/", "/accounts/email/"):
        status, headers, text = visitor.get(path)
        assert (path, status, headers["Retry-After"]) == (path, 503, "30")
        assert "cannot reach its database" in text
        assert headers["Content-Security-Policy"]
    assert health(portal) == (503, {"database": "away", "redis": "ok"})
    assert Visitor(portal).sign_in()[0] == 503

    portal.postgres.start()

    assert servers.wait_until(lambda: health(portal)[0] == 200, 30)
    # Several, since each thread of the web server had a connection of its own
    assert {visitor.get("/")[0] for _ in range(10)} == {200}
    assert visitor.get("/no-such-page/")[0] == 404


def test_a_hostile_address_is_refused_without_postgres_too(portal):
    portal.postgres.stop()

    assert Visitor(portal).get("/experts/?q=%00")[0] == 400


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_without_redis_people_browse_and_sign_in(portal, how):
    getattr(portal.valkey, how)()
    visitor = Visitor(portal)

    began = time.monotonic()
    assert visitor.get("/")[0] == 200
    status, _, _ = visitor.sign_in()

    assert time.monotonic() - began < LONGEST_WITHOUT_REDIS
    assert status == 200
    assert visitor.is_signed_in()
    assert health(portal) == (200, {"database": "ok", "redis": "away"})

    portal.valkey.start()

    assert servers.wait_until(lambda: health(portal)[1]["redis"] == "ok", 30)
    assert visitor.get("/")[0] == 200


def test_without_redis_tries_at_passwords_are_still_limited(portal):
    portal.valkey.stop()
    for _ in range(10):
        Visitor(portal).sign_in(password="wrong")

    visitor = Visitor(portal)
    visitor.sign_in()

    assert not visitor.is_signed_in()


def test_a_redis_that_hangs_costs_one_time_out_and_not_one_for_each_call(portal):
    visitor = Visitor(portal)
    visitor.get("/accounts/login/")
    portal.valkey.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        visitor.sign_in()
        took = time.monotonic() - began
    finally:
        portal.valkey.process.send_signal(signal.SIGCONT)

    assert visitor.is_signed_in()
    assert took < LONGEST_WITHOUT_REDIS


def test_without_both_the_portal_says_so(portal):
    portal.postgres.stop()
    portal.valkey.stop()

    assert health(portal) == (503, {"database": "away", "redis": "away"})
    assert Visitor(portal).sign_in()[0] == 503
