"""The furnished demonstration of tests/pages.py as a database, for the modules that import these.

Made once in a run and copied for each module: `read_only_world` takes back what a test writes,
`world` is written for good, so that a browser's server sees it, and is thrown away after the
module.
"""

import os
import shutil
from pathlib import Path

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from mailings import delivery
from tests import pages
from wmaportal.local import servers

WORLD = "world"  # name of the database that is copied


def _server(*statements: str) -> list[tuple]:
    """Run these beside Django, each by itself; the rows of the last one."""
    connection = psycopg2.connect(f"{os.environ['TEST_SERVER']}/postgres")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def _copy_folders(source: str, target: str):
    """Files and mails of the world: `world/files`, `world/mail` ↔ this worker's folders."""
    folder = Path(os.environ["TEST_FOLDER"])
    own = Path(os.environ["MEDIA_ROOT"]).parent
    places = {"world": folder / "world", "own": own}
    for name in ("files", "mail"):
        if (places[source] / name).exists():
            shutil.copytree(places[source] / name, places[target] / name, dirs_exist_ok=True)


def _open(database: str):
    """Make this worker's database a copy of the furnished demonstration."""
    folder = Path(os.environ["TEST_FOLDER"])
    with servers.only_one(folder / "world.lock", "", wait_seconds=120):
        known = _server(f"SELECT 1 FROM pg_database WHERE datname = '{WORLD}'")
        if not known:
            with override_settings(DELIVERY_BACKEND="wmaportal.mailbox.FileOfMail"):
                call_command("loaddemo", verbosity=0)
                pages.furnish(timezone.now())
                delivery.deliver()
            connections.close_all()
            _copy_folders("own", "world")
            # A thread of an earlier test may be connected; a database in use is not copied
            _server(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{database}'",
                f"CREATE DATABASE {WORLD} TEMPLATE {database}",
            )
            return
        connections.close_all()
        _server(
            f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
            f"CREATE DATABASE {database} TEMPLATE {WORLD}",
        )
        _copy_folders("world", "own")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The furnished demonstration, to look at and to change; gone after the module."""
    with django_db_blocker.unblock():
        _open(connections["default"].settings_dict["NAME"])
        yield pages.World()
        TransactionTestCase._fixture_teardown(None)  # tests/conftest.py: an empty database again


@pytest.fixture(scope="module")
def world_in_transaction(world):
    """The same, seen by this process alone."""
    with _taken_back():
        yield world


@pytest.fixture
def read_only_world(world_in_transaction):
    """The same; what the test writes is taken back after it."""
    with _taken_back():
        yield world_in_transaction


class _taken_back:
    """A transaction, or a part of one, that is rolled back at its end."""

    def __enter__(self):
        self.block = transaction.atomic()
        self.block._from_testcase = True  # as TestCase does: code that wants none around it goes on
        self.block.__enter__()
        return self

    def __exit__(self, *error):
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)


taken_back = _taken_back
