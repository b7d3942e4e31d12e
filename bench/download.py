"""A file of 50 MB through the permission check, against the same file from the bare server.

Both come from gunicorn with the portal's own configuration. The bare one is a WSGI function that
opens the file and hands it to the server. The portal's reader is signed in, and the document is
for partners: session, user, role and version are read from the database, and the download counted.

Four readers fetch at once and write what comes to their disk. On a loopback, which carries some GB
a second, the permission check weighs as much as it ever can.
"""

import http.client
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import psutil

from bench.ground import Portal, portal
from wmaportal.local import servers

NAMES = ("download.ratio", "download.growth_mb")
MEGABYTES = 50
ROUNDS = 20
READERS = 4  # at once, as many as the worker has threads
FILE = "BENCH_FILE"  # the environment's name for the path that the bare server sends

MAKE = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.utils import timezone
from documents.models import Document, Translation, Version
from partners import demonstration
from partners.models import User
content = __import__("random").Random(5).randbytes({megabytes} * 2**20)
checked = __import__("hashlib").sha256(content).hexdigest()
document = Document.objects.create(code="large", title="Large", kind="other", audience="partners")
version = Version.objects.create(document=document, number=1, published_at=timezone.now())
file = Translation.objects.create(
    version=version, language="en", is_original=True, media_type="application/pdf",
    file=ContentFile(content, name="large.pdf"), file_name="large.pdf", size=len(content),
    sha256=checked,
)
document.current, document.status = version, "published"
document.save()
user = User.objects.get(email=demonstration.PARTNER)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "partners.authentication.RoleBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(json.dumps([file.get_absolute_url(), session.session_key, file.file.path]))
"""


def bare(environ, start_response):
    """The least that a server does for a file; gunicorn gives it to the kernel."""
    path = os.environ[FILE]
    start_response("200 OK", [("Content-Length", str(os.path.getsize(path)))])
    return environ["wsgi.file_wrapper"](open(path, "rb"), 64 * 1024)


class Bare(servers.Web):
    """gunicorn with `bare` alone."""

    name = "The bare server"

    def start(self):
        gunicorn = [sys.executable, "-m", "gunicorn", "bench.download:bare"]
        self._launch(
            servers.dies_with_us(gunicorn), lambda: _answers(self.port), environ=self.environ
        )


def measure(wanted) -> list[dict]:
    with portal(workers=1) as running, tempfile.TemporaryDirectory() as folder:
        made = running.python(MAKE.format(megabytes=MEGABYTES))
        address, session, path = json.loads(made.splitlines()[-1])
        log = Path(folder) / "bare.log"
        yardstick = Bare(running.environ | {FILE: path}, log)
        yardstick.start()
        try:
            portal_ms, bare_ms, grown = _times(running, yardstick.url, address, session)
        finally:
            yardstick.stop()
    print(f"{MEGABYTES} MB: {portal_ms:.1f} ms from the portal, {bare_ms:.1f} ms from the server")
    return [
        {
            "name": "download.ratio",
            "value": round(bare_ms / portal_ms, 2),
            "unit": "ratio",
            "bound": 0.8,
            "better": "higher",
        },
        {"name": "download.growth_mb", "value": round(grown, 1), "unit": "MB", "bound": 5},
    ]


def _times(running: Portal, bare_url: str, address: str, session: str):
    """(milliseconds from the portal, from the bare server, MB by which the worker's peak grew)."""
    headers = {"Cookie": f"sessionid={session}", "Accept-Encoding": "gzip"}
    worker = psutil.Process(running.web.process.pid).children()[0].pid
    taken, reference = [], []
    with ThreadPoolExecutor(READERS) as pool:
        ours, theirs = (
            [http.client.HTTPConnection(urlsplit(url).netloc, timeout=60) for _n in range(READERS)]
            for url in (running.url, bare_url)
        )
        for connection in ours:
            connection.request("HEAD", address, headers=headers)
            assert connection.getresponse().read() == b""
        before = peak_megabytes(worker)
        for _round in range(ROUNDS):
            taken.append(_all(pool, ours, address, headers))
            reference.append(_all(pool, theirs, "/", {}))
        after = peak_megabytes(worker)
    print(
        f"peak of the worker: {before:.0f} MB before, {after:.0f} MB after "
        f"{ROUNDS * READERS} downloads"
    )
    return median(taken), median(reference), after - before


def _all(pool: ThreadPoolExecutor, connections: list, path: str, headers: dict) -> float:
    """Milliseconds for one download, when all readers fetch at once."""
    start = time.perf_counter()
    list(pool.map(lambda connection: _fetch(connection, path, headers), connections))
    return (time.perf_counter() - start) * 1000 / len(connections)


def _fetch(connection: http.client.HTTPConnection, path: str, headers: dict):
    """One download; the bytes are written to the reader's disk."""
    block = memoryview(bytearray(256 * 1024))
    connection.request("GET", path, headers=headers)
    answer, size = connection.getresponse(), 0
    with tempfile.TemporaryFile(buffering=0) as disk:
        while number := answer.readinto(block):
            size += disk.write(block[:number])
    assert (answer.status, size) == (200, MEGABYTES * 2**20), (answer.status, size)


def peak_megabytes(process: int) -> float:
    """The most memory that a process ever had."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("HEAD", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
