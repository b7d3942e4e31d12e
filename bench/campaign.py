"""The mailing of an announcement: its rate, its freeze, its memory, and a sign-in code within.

PostgreSQL, the mail server and the bare loop of smtplib are those of bench/outbox.py. The mails go
the whole way: partners who want the topic, the step that freezes them, what is asked in a claim.

`python -m bench.campaign announce|rates|freeze|memory|code ...` are the children that measure.
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from statistics import median

from bench.ground import child
from bench.imports import peak_megabytes
from bench.outbox import BARE_AT_LEAST, bare, ground
from bench.sink import Sink
from wmaportal.local import servers

NAMES = (
    "campaign.rate_vs_smtplib",
    "campaign.start_100k_ratio",
    "campaign.code_seconds",
    "campaign.memory",
)
READERS = 10_000
FROZEN = 100_000
MANY = 50_000
RUNS, FREEZES = 3, 5
CODES = 5  # sign-in codes in the middle of a mailing, one after the other
IN_TIME = 60  # seconds
ASK_EVERY = 0.01  # seconds

TEXT = """\
## What it is about

Two cities of the region have begun to **collect lamps and thermometers** apart from other waste.
The project looks for partners who know how such collections are paid for, and for a laboratory.

- *Who may take part*: public bodies and companies of the region
- *Until when*: the end of the quarter
- *What it costs*: nothing but the time of those who come

> We have learnt more from two visits than from twenty reports.

Write to us if you collected such waste before, and tell us what went wrong.
"""


def measure(wanted) -> list[dict]:
    steps = dict(zip(NAMES, (_rate, _freeze, _code, _memory), strict=True))
    with ExitStack() as stack:
        # The disk is what production has
        environ, sink = ground(stack, tempfile.gettempdir())
        return [step(environ, sink) for name, step in steps.items() if wanted(name)]


def _rate(environ: dict[str, str], sink: Sink) -> dict:
    found = json.loads(child(environ, "bench.campaign", "rates", str(sink.port)))
    ratio = median(mine / his for mine, his in zip(found["campaign"], found["bare"], strict=True))
    his, mine = median(found["bare"]), median(found["campaign"])
    print(
        f"  {READERS:,} readers, a mail has {found['bytes']} bytes; "
        f"smtplib {his:.0f}, a mailing {mine:.0f} a second"
    )
    if his < BARE_AT_LEAST:
        print(f"  The mail server takes less than {BARE_AT_LEAST} a second: measure again.")
    name = "campaign.rate_vs_smtplib"
    return {"name": name, "value": round(ratio, 2), "unit": "×", "bound": 0.5, "better": "higher"}


def _freeze(environ: dict[str, str], sink: Sink) -> dict:
    child(environ, "bench.campaign", "announce", str(FROZEN))
    found = json.loads(child(environ, "bench.campaign", "freeze"))
    ratio = median(mine / his for mine, his in zip(found["start"], found["bare"], strict=True))
    his, mine = median(found["bare"]), median(found["start"])
    print(f"  {FROZEN:,} readers: bare {his:.2f} s, start {mine:.2f} s")
    name = "campaign.start_100k_ratio"
    return {"name": name, "value": round(ratio, 2), "unit": "×", "bound": 1.5}


def _code(environ: dict[str, str], sink: Sink) -> dict:
    """A mailing is being sent by one worker; codes are asked for by another process."""
    child(environ, "bench.campaign", "announce", str(MANY))
    worker = subprocess.Popen(
        [sys.executable, "-m", "bench.campaign", "send"], cwd=servers.ROOT, env=environ
    )
    try:
        servers.wait_until(lambda: sink.tell()["count"] > 500, IN_TIME)
        took = json.loads(child(environ, "bench.campaign", "code"))
        still = worker.poll() is None
    finally:
        worker.terminate()
        worker.wait()
    if not still:
        raise RuntimeError("The mailing was over before the codes were.")
    said = ", ".join(f"{one:.2f}" for one in took)
    print(f"  codes in the middle of {MANY:,} mails left after {said} s")
    name = "campaign.code_seconds"
    return {"name": name, "value": round(max(took), 2), "unit": "s", "bound": 5}


def _memory(environ: dict[str, str], sink: Sink) -> dict:
    peaks = {}
    for number in (1_000, MANY):
        child(environ, "bench.campaign", "announce", str(number))
        before = sink.tell()["count"]
        peaks[number] = float(child(environ, "bench.campaign", "memory"))
        if sink.tell()["count"] - before != number:
            raise RuntimeError("Not all mails arrived.")
    print(f"  peak of a worker: {peaks[1_000]:.1f} MB for 1,000, {peaks[MANY]:.1f} for {MANY:,}")
    ratio = round(peaks[MANY] / peaks[1_000], 3)
    return {"name": "campaign.memory", "value": ratio, "unit": "×", "bound": 1.1}


# The children


def announce(readers: int):
    """So many partners who want a topic at once, and one published announcement; all else goes."""
    from django.db import connection
    from django.utils import timezone

    from mailings.models import Announcement, AnnouncementTopic, Subscription
    from partners.models import Partner, User

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE mailings_outgoingmail, mailings_campaign, mailings_announcement, "
            "mailings_subscription, mailings_stoplink, partners_partner CASCADE"
        )
    User.objects.filter(email__endswith="@readers.example.org").delete()
    now = timezone.now()
    topic = AnnouncementTopic.objects.get(code="projects")
    for start in range(0, readers, 5_000):
        people = User.objects.bulk_create(
            User(email=f"person{n}@readers.example.org", name=f"Person {n} (example)")
            for n in range(start, min(start + 5_000, readers))
        )
        Partner.objects.bulk_create(
            Partner(person=user, status=Partner.Status.APPROVED, applied_by=user) for user in people
        )
        Subscription.objects.bulk_create(
            Subscription(user=user, topic=topic, frequency="at_once") for user in people
        )
    Announcement.objects.create(
        topic=topic,
        title="Two cities collect lamps and look for partners (example)",
        text=TEXT,
        author=people[0],
        status=Announcement.Status.PUBLISHED,
        submitted_at=now,
        decided_at=now,
        published_at=now,
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailings_throttle SET allowance = 1000000")
        cursor.execute(
            "VACUUM ANALYZE partners_user, partners_partner, mailings_subscription, "
            "mailings_outgoingmail"
        )


def start():
    """Freeze the one announcement; returns the mailing."""
    from django.utils import timezone

    from mailings import campaigning
    from mailings.models import Announcement

    return campaigning.start(Announcement.objects.get().pk, None, timezone.now())


def forget():
    """As before the start."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE mailings_outgoingmail, mailings_campaign CASCADE")
        cursor.execute("UPDATE mailings_throttle SET allowance = 1000000")
        cursor.execute("VACUUM ANALYZE mailings_outgoingmail")


def rates(port: int):
    from mailings import delivery
    from mailings.models import OutgoingMail

    announce(READERS)
    found = {"bare": [], "campaign": []}
    for _run in range(RUNS):
        forget()
        start()
        began = time.perf_counter()
        done = delivery.deliver(seconds=600)
        found["campaign"].append(READERS / (time.perf_counter() - began))
        if done["sent"] != READERS:
            raise RuntimeError(f"Not all mails were sent: {done}")
        rows = OutgoingMail.objects.values_list("to", "message_id", "content")
        mails = [
            (f"portal+bounce-{key[1:33]}@example.org", to, content) for to, key, content in rows
        ]
        began = time.perf_counter()
        bare(port, mails)
        found["bare"].append(READERS / (time.perf_counter() - began))
    found["bytes"] = round(sum(len(content) for *_, content in mails) / READERS)
    print(json.dumps(found))


#: The yardstick: the same rows into the same table, with nothing asked of anybody
_BARE = """
INSERT INTO mailings_outgoingmail (kind, state, priority, message_id, template, campaign_id,
    created_at, next_try, reader_id, "to", language, context, subject, attempts, answer, remote_id)
SELECT 'announcement', 'queued', 60,
    '<' || replace(gen_random_uuid()::text, '-', '') || '@example.org>',
    'mailings/mail/announcement',
    %s, now(), now(), u.id, u.email, 'en', '{}', '', 0, '', ''
FROM mailings_subscription s JOIN partners_user u ON u.id = s.user_id
"""


def freeze():
    """Seconds of the step and of the bare statement, by turns, each with its commit."""
    from django.db import connection, transaction

    from mailings.models import Announcement, Campaign

    found = {"bare": [], "start": []}
    for _run in range(FREEZES):
        forget()
        began = time.perf_counter()
        campaign = start()
        found["start"].append(time.perf_counter() - began)
        if campaign.size != FROZEN:
            raise RuntimeError(f"{campaign.size} readers were frozen.")
        forget()
        key = Campaign.objects.create(announcement=Announcement.objects.get()).pk
        began = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BARE, [key])
        found["bare"].append(time.perf_counter() - began)
    print(json.dumps(found))


def send():
    from mailings import delivery

    start()
    delivery.deliver(seconds=3600)


def code():
    """Seconds from the wish for a code to the moment at which it left, some times."""
    from mailings import outbox
    from mailings.models import OutgoingMail

    took = []
    for number in range(CODES):
        began = time.perf_counter()
        context = {"code": "123456", "why": "You sign in.", "minutes": 15}
        mail = outbox.post(
            "partners/mail/code", f"code{number}@example.org", context, outbox.Kind.TRANSACTIONAL
        )
        row = OutgoingMail.objects.filter(pk=mail.pk, state=OutgoingMail.State.SENT)
        while not row.exists():
            if time.perf_counter() - began > IN_TIME:
                raise RuntimeError("The code did not leave.")
            time.sleep(ASK_EVERY)
        took.append(time.perf_counter() - began)
    print(json.dumps(took))


def memory():
    from mailings import delivery

    start()
    delivery.deliver(seconds=3600)
    print(peak_megabytes())


if __name__ == "__main__":
    import django

    django.setup()
    what, *arguments = sys.argv[1:]
    steps = {
        "announce": announce,
        "rates": rates,
        "freeze": freeze,
        "send": send,
        "code": code,
        "memory": memory,
    }
    steps[what](*map(int, arguments))
