"""All papers of a meeting as one ZIP: 500 MB out of gunicorn, and the memory that this takes.

The portal runs with its own configuration and one worker; the reader is the Lead. What counts is
how much the worker's peak grows while it makes and sends the ZIP, beyond what it needs to answer at
all, which is printed beside it. On a loopback, which takes all that comes.
"""

import http.client
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.download import peak_megabytes
from bench.ground import portal, row

NAMES = ("zip.peak_mb",)
FILES = 10
MEGABYTES = 50  # of each file: as large as an upload may be
BOUND = 64

MAKE = """
import hashlib, json, random
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.utils import timezone
from meetings.models import Meeting, Paper, PaperVersion
from partners import demonstration
from partners.models import User
today = timezone.now().date()
meeting = Meeting.objects.create(
    code="large", title="Large", starts_on=today, ends_on=today, status="announced"
)
for number in range(1, {files} + 1):
    content = random.Random(number).randbytes({megabytes} * 2**20)
    paper = Paper.objects.create(
        meeting=meeting, number=number, title="Paper", audience="participants"
    )
    PaperVersion.objects.create(
        paper=paper, number=1, name="large.pdf", media_type="application/pdf", size=len(content),
        file=ContentFile(content, name="large.pdf"), sha256=hashlib.sha256(content).hexdigest(),
        approved_at=timezone.now(),
    )
user = User.objects.get(email=demonstration.LEAD)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "partners.authentication.RoleBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(json.dumps([meeting.get_absolute_url(), session.session_key]))
"""


def measure(wanted) -> list[dict]:
    with portal(workers=1) as running:
        made = running.python(MAKE.format(files=FILES, megabytes=MEGABYTES))
        address, session = json.loads(made.splitlines()[-1])
        worker = psutil.Process(running.web.process.pid).children()[0].pid
        connection = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=300)
        headers = {"Cookie": f"sessionid={session}", "Accept-Encoding": "gzip"}
        connection.request("GET", address, headers=headers)
        assert connection.getresponse().read()
        # The peak is forgotten, as one of the start would hide what the ZIP takes
        Path(f"/proc/{worker}/clear_refs").write_text("5")
        before = peak_megabytes(worker)
        start = time.perf_counter()
        size = _fetch(connection, f"{address.rstrip('/')}/papers.zip", headers)
        taken = time.perf_counter() - start
        after = peak_megabytes(worker)
    print(
        f"{size / 2**20:.0f} MB in {taken:.1f} s; the worker has {before:.1f} MB before it and "
        f"{after:.1f} MB at the most"
    )
    return [row("zip.peak_mb", after - before, "MB", BOUND)]


def _fetch(connection: http.client.HTTPConnection, address: str, headers: dict) -> int:
    """Bytes of the ZIP; they are read and thrown away."""
    connection.request("GET", address, headers=headers)
    answer, size = connection.getresponse(), 0
    while block := answer.read(256 * 1024):
        size += len(block)
    assert answer.status == 200 and size > FILES * MEGABYTES * 2**20, (answer.status, size)
    return size
