"""Whatever opens the links of a mail changes nothing: scanners, previews and prefetches do.

Every mail of the portal is written by the step that sends it (test_headers.py), and each link of
ours in it is asked for in a transaction in which PostgreSQL refuses to write anything, a lock on a
row and a number of a sequence included.
"""

import itertools
import re
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path

import allauth
import pytest
import time_machine
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from dateutil.relativedelta import relativedelta
from django.conf import settings as portal
from django.core import mail as sent_mail
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory

from experts import reminders as ladders
from experts.models import Policy
from mailings import delivery
from tests.factories import NOW, ExpertFactory
from tests.mailings.test_headers import STEPS as BY_STEP

pytestmark = pytest.mark.django_db
SITE = "https://portal.example.org"
LONG_AFTER = NOW + timedelta(days=800)
TEMPLATES = Path(portal.BASE_DIR, "templates")
OF_ALLAUTH = Path(allauth.__file__).parent / "templates"
#: What acts for a person: in the mails below no other word of a path is as long
TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_-]{20,}(?=/)")
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
#: Programs that open links before people do, and the one with which people look after them
OPENERS = {
    "Safe Links": f"{BROWSER} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
    "Defender": "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; ms-office; MSOffice 16)",
    "Office preview": "Microsoft Office Existence Discovery",
    "Barracuda": "Barracuda Sentinel (EE)",
    "Proofpoint": f"{BROWSER} Chrome/79.0.3945.88 Safari/537.36 Proofpoint",
    "Mimecast": "Mimecast/1.0 (URL Protect)",
    "Google": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
    "GoogleImageProxy)",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "curl": "curl/8.5.0",
    "nothing said": "",
}
#: (method, what the browser says of itself); each is sent by another of OPENERS
ASKED = (
    ("GET", {}),
    ("HEAD", {}),
    ("OPTIONS", {}),
    ("GET", {"Sec-Purpose": "prefetch"}),
    ("GET", {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}),
    ("GET", {"X-Purpose": "preview", "X-Moz": "prefetch"}),
)


def _of_allauth(template):
    def send(names):
        context = {"email": "x@example.org", "code": "012345", "user": names, "ip": "192.0.2.1"}
        context |= {"signup_url": f"{SITE}/accounts/signup/", "timestamp": NOW}
        with request_context(RequestFactory().get("/")):
            get_adapter().send_mail(template, "x@example.org", context)

    return send


def _reminder_of_unclaimed(names):
    Policy.objects.update_or_create(pk=1, defaults={"spread_minutes": 0})
    due = NOW - relativedelta(months=12)
    ExpertFactory(claimed=False, name=names, email="x@example.org", confirmed_at=due)
    ladders.scan(NOW)


def _prefixes(folder: Path, pattern: str, end: str) -> set[str]:
    return {str(path.relative_to(folder)).removesuffix(end) for path in folder.glob(pattern)}


#: allauth's own: those that the portal words anew, and those of apps that are switched on
SIGN_IN = _prefixes(TEMPLATES, "account/email/*_subject.txt", "_subject.txt") | {
    name
    for app in ("account", "mfa")
    for name in _prefixes(OF_ALLAUTH, f"{app}/email/*_subject.txt", "_subject.txt")
    # By links in mails, which settings have replaced by codes
    if name not in ("account/email/email_confirm", "account/email/password_reset_key")
}
STEPS = BY_STEP | {template: _of_allauth(template) for template in sorted(SIGN_IN)}
STEPS["experts/mail/reminder, unclaimed"] = _reminder_of_unclaimed


def test_every_mail_is_here():
    ours = _prefixes(TEMPLATES, "*/mail/*.subject.txt", ".subject.txt")
    of_sign_in = _prefixes(TEMPLATES, "*/email/*_subject.txt", "_subject.txt")
    assert ours | of_sign_in <= set(STEPS)


# Which links there are


def mail_of(template: str):
    """As it leaves, by the step that sends it."""
    STEPS[template]("José")
    delivery.deliver()
    [one] = sent_mail.outbox
    return one


def paths_of(one) -> list[str]:
    """Of all links to the portal: in text, HTML, events for calendars and headers; sorted.

    The home page at the foot of each mail is asked for in a test of its own.
    """
    others = [str(part[0]) for part in one.alternatives]
    others += [str(part[1]) for part in one.attachments]
    headers = " ".join(str(value) for value in one.extra_headers.values())
    words = unescape("\n".join([one.body, *others, headers])).replace("\n ", "")
    found = re.findall(rf"{SITE}(/[^\s<>\"]*)", words)
    return sorted({path.partition("#")[0] for path in found} - {"/"})


@pytest.fixture
def at_portal(settings):
    settings.SITE_URL = SITE
    settings.INBOUND_ADDRESS = "portal@in.example.org"
    with time_machine.travel(NOW, tick=False):
        yield


def test_the_links_of_a_mail_are_found_wherever_they_stand(at_portal):
    one = mail_of("mailings/mail/announcement")
    [token] = re.findall(r"/mail/stop/(\w+)/", one.extra_headers["List-Unsubscribe"])
    assert {f"/mail/stop/{token}/", f"/mail/preferences/{token}/", "/announcements/"} <= set(
        paths_of(one)
    )


# Asking for them


@contextmanager
def nothing_is_written():
    """PostgreSQL refuses what is no reading. Fails also where the portal swallowed that."""
    refused = []

    def note(execute, sql, params, many, context):
        try:
            return execute(sql, params, many, context)
        except DatabaseError:
            refused.append(sql)
            raise

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        with connection.execute_wrapper(note):
            yield
        transaction.set_rollback(True)
    assert refused == []


def ask(client: Client, path: str, method: str, headers: dict, opener: str) -> int:
    """The status behind redirections, which stay on the portal, as a stranger without cookies."""
    for _redirection in range(5):
        client.cookies.clear()
        answer = client.generic(method, path, headers={**headers, "User-Agent": OPENERS[opener]})
        _check(path, answer)
        if answer.status_code not in (301, 302, 303, 307):
            return answer.status_code
        path = answer["Location"]
        assert path.startswith("/")
    raise AssertionError(f"{path} leads on and on")


def _check(path: str, answer):
    assert portal.SESSION_COOKIE_NAME not in answer.cookies, path
    if TOKEN.search(path):
        assert (answer.get("Referrer-Policy"), answer.get("X-Robots-Tag")) == (
            "no-referrer",
            "noindex",
        ), path
        assert "no-store" in answer["Cache-Control"], path


@pytest.mark.parametrize("template", sorted(STEPS))
def test_whoever_opens_the_links_of_a_mail_changes_nothing(at_portal, client, template):
    openers = itertools.cycle(OPENERS)
    paths = paths_of(mail_of(template))
    with nothing_is_written():
        for path in paths:
            by_method = {}
            for method, headers in ASKED:
                status = ask(client, path, method, headers, next(openers))
                by_method.setdefault(method, set()).add(status)
            assert by_method["GET"] == by_method["HEAD"] == {200}, path
            assert by_method["OPTIONS"] <= {200, 405}, path


@pytest.mark.parametrize("template", sorted(STEPS))
def test_links_that_are_dead_change_nothing_either(at_portal, client, template):
    paths = [path for path in paths_of(mail_of(template)) if TOKEN.search(path)]
    with nothing_is_written(), time_machine.travel(LONG_AFTER, tick=False):
        for path in paths:
            for link in (path, TOKEN.sub("0" * 32, path)):
                for method in ("GET", "HEAD", "OPTIONS"):
                    assert ask(client, link, method, {}, "Safe Links") in (200, 405, 410), link


@pytest.mark.parametrize("opener", sorted(OPENERS))
def test_no_program_is_answered_otherwise_than_people(at_portal, client, opener):
    paths = paths_of(mail_of("mailings/mail/announcement"))
    with nothing_is_written():
        assert {ask(client, path, "GET", {}, opener) for path in ["/", *paths]} == {200}


def test_what_writes_is_found(at_portal, client):
    """The test of the tests: a button that is pressed is refused by the database."""
    one = mail_of("experts/mail/reminder")
    [path] = [path for path in paths_of(one) if path.startswith("/mail/stop/")]
    with pytest.raises(DatabaseError, match="read-only transaction"), nothing_is_written():
        client.post(path)
