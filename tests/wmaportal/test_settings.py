"""The start in production: each process here is one of its own, as the settings are read once."""

import os
import subprocess
import sys

import pytest

from wmaportal.local import servers

PRODUCTION = {
    "SECRET_KEY": "kX9-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgresql://portal:secret@db.example.org/portal",
    "REDIS_URL": "redis://redis.example.org/0",
    "EMAIL_URL": "submission://portal:secret@mail.example.org",
}
CODE = "from django.conf import settings; print(settings.{})"


def start(show="SECRET_KEY", **changed) -> subprocess.CompletedProcess:
    """Reads the settings in production, with variables changed, or gone where None."""
    environ = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "wmaportal.settings"}
    given = {name: text for name, text in (PRODUCTION | changed).items() if text is not None}
    return subprocess.run(
        [sys.executable, "-c", CODE.format(show)],
        cwd=servers.ROOT,
        env=environ | given,
        capture_output=True,
        text=True,
    )


def last_line(started) -> str:
    return started.stderr.strip().splitlines()[-1]


def test_with_all_variables_the_portal_starts():
    started = start("DATABASES['default']['HOST']")

    assert (started.returncode, started.stdout) == (0, "db.example.org\n")


@pytest.mark.parametrize("name", PRODUCTION)
@pytest.mark.parametrize("text", [None, ""], ids=["missing", "empty"])
def test_a_missing_variable_stops_the_start_with_its_name(name, text):
    started = start(**{name: text})

    assert started.returncode != 0
    assert last_line(started).startswith(
        "django.core.exceptions.ImproperlyConfigured: The portal cannot start."
    )
    assert [other for other in PRODUCTION if other in last_line(started)] == [name]


def test_several_missing_variables_are_named_at_once():
    started = start(REDIS_URL=None, EMAIL_URL=None)

    assert "EMAIL_URL" in last_line(started)
    assert "REDIS_URL" in last_line(started)


@pytest.mark.parametrize(
    "key", ["short", "a" * 80, "django-insecure-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2]
)
def test_a_weak_secret_stops_the_start(key):
    started = start(SECRET_KEY=key)

    assert started.returncode != 0
    assert "SECRET_KEY is weak" in last_line(started)


@pytest.mark.parametrize(
    ("name", "text"),
    [("DATABASE_URL", "nonsense://x"), ("REDIS_URL", "localhost"), ("EMAIL_URL", "nonsense://x")],
)
def test_a_variable_that_cannot_be_read_is_named(name, text):
    started = start(**{name: text})

    assert started.returncode != 0
    assert name in last_line(started)


def test_no_secret_is_repeated_in_the_refusal():
    started = start(DATABASE_URL="nonsense://portal:hunter2@db/x")

    assert "hunter2" not in started.stderr


def test_email_url_says_what_delivers_and_a_delivery_backend_wins():
    assert start("DELIVERY_BACKEND").stdout == "django.core.mail.backends.smtp.EmailBackend\n"
    assert start("EMAIL_HOST").stdout == "mail.example.org\n"
    assert start("EMAIL_TIMEOUT").stdout == "30.0\n"
    chosen = start("DELIVERY_BACKEND", DELIVERY_BACKEND="anymail.backends.brevo.EmailBackend")
    assert chosen.stdout == "anymail.backends.brevo.EmailBackend\n"


def test_email_url_says_how_the_connection_is_protected():
    assert start("EMAIL_USE_TLS").stdout == "True\n"
    assert start("EMAIL_PORT").stdout == "587\n"
    plain = start("EMAIL_USE_TLS", EMAIL_URL="smtp://127.0.0.1:25")
    assert plain.stdout == "False\n"


BREVO = "anymail.backends.brevo.EmailBackend"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"DKIM_SELECTOR": "portal"}, "Set both DKIM_SELECTOR"),
        ({"DKIM_KEY_FILE": "/dev/null"}, "Set both DKIM_SELECTOR"),
        ({"DKIM_SELECTOR": "a b", "DKIM_KEY_FILE": "/dev/null"}, "Set both DKIM_SELECTOR"),
        ({"DKIM_SELECTOR": "a", "DKIM_KEY_FILE": "/nowhere"}, "DKIM_KEY_FILE: The file of the key"),
        ({"DKIM_SELECTOR": "a", "DKIM_KEY_FILE": "/dev/null"}, "DKIM_KEY_FILE: The file holds no"),
        (
            {"DKIM_SELECTOR": "a", "DKIM_KEY_FILE": "/dev/null", "DELIVERY_BACKEND": BREVO},
            "must sign by itself",
        ),
    ],
)
def test_a_key_that_cannot_sign_stops_the_start(changed, said):
    started = start(**changed)

    assert started.returncode != 0
    assert said in last_line(started)


def test_without_a_selector_nothing_that_signs_is_loaded():
    shown = "DKIM_SELECTOR == '' and 'dkim' not in __import__('sys').modules"

    assert start(shown).stdout == "True\n"


def test_local_mode_needs_nothing():
    started = start("LOCAL_MODE", **dict.fromkeys(PRODUCTION), LOCAL_MODE="true")

    assert (started.returncode, started.stdout) == (0, "True\n")
