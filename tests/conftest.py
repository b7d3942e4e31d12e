"""Servers, databases and browsers for the tests.

One PostgreSQL and one Valkey for a run, started by the process that the person started; each
xdist worker has a database and a Redis number of its own. A worker's database is a copy of a
migrated one (wmaportal/local/migrated.py).
"""

import gc
import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil
import psycopg2
import pytest

from wmaportal.local import browser, migrated, servers

FOLDER = migrated.FOLDER
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 3 * 1024**3  # more than a whole run takes
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, ...; empty without xdist
TEST_DATABASE = f"test_{WORKER or 'main'}"

_closing = []  # of the process that started the servers


def pytest_configure(config):
    os.environ.update(
        DJANGO_SETTINGS_MODULE="wmaportal.settings",
        LOCAL_MODE="true",
        SECRET_KEY="for-tests-" + "0123456789" * 5,
        # Playwright's loop runs in the thread of the test, where Django then refuses the database
        DJANGO_ALLOW_ASYNC_UNSAFE="true",
    )
    for name in ("DEBUG", "DELIVERY_BACKEND", "EMAIL_URL", "ALLOWED_HOSTS", "S3_BUCKET"):
        os.environ.pop(name, None)
    if WORKER:
        number = int(WORKER.removeprefix("gw")) + 1
    else:
        number = 0
        try:
            _start_servers()
        except servers.ServerError as error:
            pytest.exit(str(error), returncode=1)
    files = Path(os.environ["TEST_FOLDER"]) / (WORKER or "main")
    os.environ.update(
        DATABASE_URL=f"{os.environ['TEST_SERVER']}/{TEST_DATABASE}",
        REDIS_URL=f"{os.environ['TEST_REDIS']}/{number}",
        MEDIA_ROOT=str(files / "files"),
        MAIL_DIR=str(files / "mail"),
    )
    import django
    from django.conf import settings

    django.setup()
    # A true password costs a third of a second, and hundreds are made here
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    _read_static_files_once()
    if not WORKER:
        _collect_static()
        # A worker that inherited this would read the settings before it comes here
        del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(tryfirst=True, optionalhook=True)  # there with xdist alone
def pytest_xdist_auto_num_workers(config):
    """One more than there are cores: a third of its time a worker waits for others."""
    return (psutil.cpu_count(logical=False) or 1) + 1


def pytest_unconfigure(config):
    while _closing:
        _closing.pop()()


def _start_servers():
    place = _place_of_runs()
    place.mkdir(parents=True, exist_ok=True)
    for runs in {FOLDER, place}:
        _remove_leftovers(runs)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=place))
    alive = servers.only_one(folder / "alive", "")
    alive.__enter__()
    _closing.append(lambda: (shutil.rmtree(folder), alive.__exit__(None, None, None)))
    migrated.copy_to(folder / "postgres")
    postgres = servers.Postgres(folder / "postgres", servers.FORGETFUL)
    _closing.append(postgres.close)
    postgres.start()
    valkey = servers.Valkey(folder / "valkey", keep=False)
    _closing.append(valkey.close)
    valkey.start()
    os.environ.update(
        TEST_FOLDER=str(folder),
        TEST_SERVER=postgres.url.rpartition("/")[0],
        TEST_REDIS=valkey.url.rpartition("/")[0],
    )


def _place_of_runs() -> Path:
    """Where the servers of runs keep their data: in memory, if there is enough of it.

    A database is 1,600 small files, which a disk's file system needs half a second of processor
    time to copy, and memory a twentieth of one.
    """
    if not os.access(MEMORY, os.W_OK) or psutil.disk_usage(str(MEMORY)).free < MEMORY_BYTES:
        return FOLDER
    if psutil.virtual_memory().available < 2 * MEMORY_BYTES:
        return FOLDER
    return MEMORY / f"wmaportal-tests-{os.getuid()}"


def _remove_leftovers(runs: Path):
    """The folders of runs that were killed: nobody holds their lock."""
    for folder in runs.glob("run-*"):
        try:
            with servers.only_one(folder / "alive", ""):
                shutil.rmtree(folder, ignore_errors=True)
        except (servers.ServerError, FileNotFoundError):
            continue


def _collect_static():
    """Pages name static files by their content, so these must have been collected."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    manifest = settings.STATIC_ROOT / "staticfiles.json"
    with servers.only_one(FOLDER / "static.lock", "", wait_seconds=120):
        made = manifest.stat().st_mtime if manifest.exists() else 0
        newest = max(
            os.path.getmtime(storage.path(name))
            for finder in get_finders()
            for name, storage in finder.list([])
        )
        if newest >= made or (servers.ROOT / "requirements.txt").stat().st_mtime >= made:
            call_command("collectstatic", interactive=False, verbosity=0)
            os.utime(manifest)


def _read_static_files_once():
    """Let all test clients of this process know the static files from one reading.

    Each django.test.Client makes the middleware anew, as a server does at its start, and WhiteNoise
    then reads the names, sizes and times of all 900 collected files: a tenth of a second, more than
    half of what an ordinary test of a page costs. What it found is the same until the end of a run.
    Only this dictionary is shared; each client's WhiteNoise serves from it as always.
    """
    from whitenoise.middleware import WhiteNoiseMiddleware

    read = WhiteNoiseMiddleware.update_files_dictionary
    known = {}

    def read_once(self, root, prefix):
        place = root, prefix, self.max_age  # what the answers depend on
        if place not in known:
            read(self, root, prefix)
            known[place] = self.files
        self.files = dict(known[place])

    WhiteNoiseMiddleware.update_files_dictionary = read_once


def pytest_collection_finish(session):
    """What is loaded by now stays until the end: the garbage collector need not look at it again.

    Django, the tests and pytest are a million objects; going through them time and again costs a
    tenth of a run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_sessionfinish(session):
    """Nothing is skipped: a skipped test would be one that nobody runs."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not WORKER and reporter.stats.get("skipped"):
        reporter.write_line("Tests were skipped, which counts as a failure.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# Databases


def _make_database():
    """This worker's database, as the migrations leave it; a former one goes."""
    server = psycopg2.connect(f"{os.environ['TEST_SERVER']}/postgres")
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {TEST_DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {TEST_DATABASE} TEMPLATE {servers.DATABASE}")
    server.close()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment):
    """Instead of pytest-django's, which would migrate once for each worker."""
    from django.db import connections
    from django.test import TransactionTestCase

    def restore(self):
        """After a test that committed: what migrations wrote must be there for the next one."""
        connections.close_all()
        _make_database()

    _make_database()
    TransactionTestCase._fixture_teardown = restore


@pytest.fixture(scope="session", autouse=True)
def _fields_are_drawn_unseen(django_test_environment):
    """`response.context` is without the contexts in which Django draws each field of a form.

    For it Django's test environment copies the context of every template; a form has hundreds of
    them, in which no test looks, and a sixth of the time of its page went into that.
    """
    from django.template import Template

    drawn_and_noted = Template._render

    def render(self, context):
        if (self.name or "").startswith("django/forms/"):
            return self.nodelist.render(context)
        return drawn_and_noted(self, context)

    Template._render = render  # Django's teardown has its own of before


@pytest.fixture(scope="session", autouse=True)
def _mail_goes_through_the_outbox(django_test_environment):
    """Django's test environment would go round it; what is delivered is kept in memory."""
    from django.conf import settings

    settings.EMAIL_BACKEND = "mailings.backends.OutboxBackend"
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.MAIL_RATE = 100_000.0
    settings.OUTBOX_RING = False


class Delivered(Sequence):
    """The mails that have left so far: looking at them delivers what is due."""

    def _all(self):
        from django.core import mail

        from mailings import delivery

        delivery.deliver()
        return mail.outbox

    def __getitem__(self, index):
        return self._all()[index]

    def __len__(self):
        return len(self._all())

    def __eq__(self, other):
        return list(self) == other

    def clear(self):
        self._all().clear()


@pytest.fixture
def mailoutbox(_dj_autoclear_mailbox):
    """Every mail that the test's steps wrote, as it left."""
    return Delivered()


@pytest.fixture
def lead(client):
    """The Lead, signed in with a second factor in `client`."""
    from tests.factories import LeadFactory

    lead = LeadFactory(totp=True)
    client.force_login(lead)
    return lead


@pytest.fixture(autouse=True)
def _nothing_remembered(request):
    """No rate limit, cached value or queued task of an earlier test."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def worker(transactional_db):
    """A Celery worker in a thread, over this test's own Redis number and database."""
    from celery.contrib.testing.worker import start_worker

    from wmaportal.celery import app

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30) as started:
        yield started


# Browsers


@pytest.fixture(scope="session")
def base_url(django_db_setup):
    """http://localhost:port of the portal in a thread; what it shows is this worker's database.

    The address that `page.goto("/experts/")` begins with. It names localhost, to which passkeys
    can belong.
    """
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.db import connections

    class QuietHandler(WSGIRequestHandler):
        def log_message(self, *args):
            pass

    class Server(ThreadedWSGIServer):
        daemon_threads = True

        def close_request(self, request):
            connections.close_all()  # those of the thread that served it
            super().close_request(request)

    server = Server(("127.0.0.1", 0), QuietHandler, allow_reuse_address=False)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    try:
        return {**browser_type_launch_args, **browser.launch_options()}
    except browser.NoBrowser as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def context(transactional_db, context):
    """A browser's profile; the test fails when a page breaks the Content-Security-Policy."""
    refused = []
    context.on(
        "console",
        lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None,
    )
    context.on("weberror", lambda said: refused.append(str(said.error)))
    yield context
    assert refused == []
