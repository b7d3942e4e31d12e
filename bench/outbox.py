"""Delivery of the outbox against a bare loop of smtplib, and its memory.

Both hand the same bytes to the same server in a process of its own (bench/sink.py), by turns. The
outbox has a PostgreSQL of its own which writes every commit through to the disk, as in production:
each mail costs one such commit, whose price on this disk is printed.

`python -m bench.outbox rates|memory|run ADDRESS...` are the children that measure.
"""

import json
import os
import smtplib
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.ground import child, manage
from bench.imports import peak_megabytes
from bench.sink import Sink
from wmaportal.local import servers

NAMES = (
    "outbox.rate_vs_smtplib",
    "outbox.rate_vs_smtplib_in_memory",
    "outbox.peak_mb_ratio_50k",
)
MEMORY = "/dev/shm"
MAILS = 2_000
RUNS = 5
TEMPLATE = "bench/mail/edition"
TOPIC = "bench"
BARE_AT_LEAST = 1_000  # messages a second: a slower server would hide what the outbox costs


def measure(wanted) -> list[dict]:
    rows = []
    # The disk is what production has; memory, with the same settings, shows the work alone
    for name, place in zip(NAMES, (tempfile.gettempdir(), MEMORY), strict=False):
        if wanted(name):
            with ExitStack() as stack:
                rows.append(_rates(name, *ground(stack, place)))
    if wanted("outbox.peak_mb_ratio_50k"):
        with ExitStack() as stack:
            rows.append(_memory(*ground(stack, MEMORY)))
    return rows


def ground(stack: ExitStack, place: str) -> tuple[dict[str, str], Sink]:
    """An empty portal with its PostgreSQL under `place`, and a mail server."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=place)))
    folder.chmod(0o711)
    url = stack.enter_context(servers.postgres(folder / "postgres", {}))
    sink = stack.enter_context(Sink())
    environ = os.environ | {
        "LOCAL_MODE": "true",
        "SECRET_KEY": "for-measuring-" + "0123456789" * 5,
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "DELIVERY_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "INBOUND_ADDRESS": "portal@example.org",
        "MAIL_RATE": "1000000",
        "OUTBOX_RING": "false",
        "DJANGO_SETTINGS_MODULE": "bench.settings",
    }
    manage(environ, "migrate", "--verbosity", "0")
    sink.keep(False)
    return environ, sink


def _rates(name: str, environ: dict[str, str], sink: Sink) -> dict:
    found = json.loads(child(environ, "bench.outbox", "rates", str(sink.port)))
    bare, ours = median(found["bare"]), median(found["outbox"])
    ratio = median(mine / his for mine, his in zip(found["outbox"], found["bare"], strict=True))
    print(
        f"  {name}: a commit takes {found['commit_ms']:.2f} ms, a mail has {found['bytes']} bytes; "
        f"smtplib {bare:.0f}, outbox {ours:.0f} a second"
    )
    if bare < BARE_AT_LEAST:
        print(f"  The mail server takes less than {BARE_AT_LEAST} a second: measure again.")
    print(f"  two workers: {_two_workers(environ):.0f} a second")
    return {"name": name, "value": round(ratio, 2), "unit": "×", "bound": 0.5, "better": "higher"}


def _two_workers(environ: dict[str, str]) -> float:
    """Mails a second of two processes, from the moment when both are ready."""
    child(environ, "bench.outbox", "fill", str(MAILS))
    workers = [_start(environ, "run") for _ in range(2)]
    for worker in workers:
        worker.stdout.readline()
    began = time.perf_counter()
    for worker in workers:
        worker.stdin.close()
    done = sum(int(worker.stdout.read()) for worker in workers)
    took = time.perf_counter() - began
    for worker in workers:
        worker.wait()
    if done != MAILS:
        raise RuntimeError(f"Two workers sent {done} mails of {MAILS}.")
    return MAILS / took


def _memory(environ: dict[str, str], sink: Sink) -> dict:
    peaks = {}
    for number in (1_000, 50_000):
        child(environ, "bench.outbox", "fill", str(number))
        before = sink.tell()["count"]
        peaks[number] = float(child(environ, "bench.outbox", "memory"))
        if sink.tell()["count"] - before != number:
            raise RuntimeError("Not all mails arrived.")
    print(f"  peak of a worker: {peaks[1_000]:.1f} MB for 1,000, {peaks[50_000]:.1f} for 50,000")
    ratio = round(peaks[50_000] / peaks[1_000], 3)
    return {"name": "outbox.peak_mb_ratio_50k", "value": ratio, "unit": "×", "bound": 1.1}


def _start(environ: dict[str, str], *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.outbox", *arguments],
        cwd=servers.ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


# The children


def prepare(mails, now):
    """Letters of TEMPLATE, with the token that stops them."""
    from mailings import outbox
    from mailings.models import StopLink

    numbers = [mail.context["number"] for mail in mails]
    links = StopLink.objects.filter(topic=TOPIC, object_id__in=numbers)
    tokens = dict(links.values_list("object_id", "token"))
    found = {}
    for mail in mails:
        stop = tokens[mail.context["number"]]
        varies = {name: mail.context[name] for name in ("name", "topics", "country")}
        same = {"month": mail.context["month"]}
        found[mail.pk] = outbox.Letter(same, {**varies, "stop": stop}, stop=stop)
    return found


def fill(number: int):
    """Promise so many mails, as `outbox.post` does, and nothing else."""
    from django.db import connection

    from mailings import outbox
    from mailings.models import OutgoingMail, StopLink

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE mailings_outgoingmail, mailings_stoplink CASCADE")
        cursor.execute("UPDATE mailings_throttle SET allowance = 100000")
    for start in range(0, number, 1_000):
        numbers = range(start, min(start + 1_000, number))
        StopLink.objects.bulk_create(StopLink(topic=TOPIC, object_id=n) for n in numbers)
        OutgoingMail.objects.bulk_create(
            OutgoingMail(
                kind=outbox.Kind.REMINDER,
                priority=OutgoingMail.PRIORITY[outbox.Kind.REMINDER],
                to=f"person{n}@ministry{n % 97}.example.org",
                template=TEMPLATE,
                context={
                    "number": n,
                    "name": f"Dr. Ana Maria Person {n}",
                    "topics": "lamps, thermometers and interim storage",
                    "country": f"Country {n % 193}",
                    "month": "November 2026",
                },
            )
            for n in numbers
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE mailings_outgoingmail")


def rates(port: int):
    from django.db import connection

    from mailings.models import OutgoingMail

    found = {"bare": [], "outbox": []}
    for _run in range(RUNS):
        fill(MAILS)
        began = time.perf_counter()
        _deliver(MAILS)
        found["outbox"].append(MAILS / (time.perf_counter() - began))
        rows = OutgoingMail.objects.values_list("to", "message_id", "content")
        mails = [
            (f"portal+bounce-{key[1:33]}@example.org", to, content) for to, key, content in rows
        ]
        began = time.perf_counter()
        bare(port, mails)
        found["bare"].append(MAILS / (time.perf_counter() - began))
    found["bytes"] = round(sum(len(content) for *_, content in mails) / MAILS)
    with connection.cursor() as cursor:
        began = time.perf_counter()
        for number in range(200):
            cursor.execute("UPDATE mailings_throttle SET away_times = %s", [number % 2])
        found["commit_ms"] = (time.perf_counter() - began) * 1000 / 200
    print(json.dumps(found))


def bare(port: int, mails: list[tuple[str, str, bytes]]):
    """The yardstick: what smtplib does over one connection, and nothing else."""
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for sender, to, content in mails:
            connection.sendmail(sender, [to], content)


def _deliver(number: int):
    from mailings import delivery

    done = delivery.deliver(seconds=600)
    if done["sent"] != number:
        raise RuntimeError(f"Not all mails were sent: {done}")


if __name__ == "__main__":
    import django

    django.setup()
    from mailings import delivery, outbox

    outbox.prepared_by(TEMPLATE, prepare)
    what, *arguments = sys.argv[1:]
    if what == "rates":
        rates(int(arguments[0]))
    elif what == "fill":
        fill(int(arguments[0]))
    elif what == "memory":
        delivery.deliver(seconds=3600)
        print(peak_megabytes())
    elif what == "run":
        print("ready", flush=True)
        sys.stdin.read()
        print(delivery.deliver(seconds=600)["sent"])
