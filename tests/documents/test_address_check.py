"""Addresses elsewhere: asked weekly, dead after three failures, never those of our own network.

A true server on this machine answers; `ADDRESS_CHECK_LOOPBACK` lets the check ask it.
"""

import threading
from collections import Counter
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
import time_machine
from django.urls import reverse

from documents import address_check
from documents.models import Document, ExternalAddress
from partners.models import Decision
from tests.factories import (
    NOW,
    DocumentFactory,
    LeadFactory,
    PartnerUserFactory,
    PracticeFactory,
    UserFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Problem = ExternalAddress.Problem


class _Answers(BaseHTTPRequestHandler):
    """/200 answers 200; /to/… sends there; /endless/… does, too, and like /long has a body without
    an end; /slow says nothing; /drip sends a header without an end.
    """

    asked: Counter[str] = Counter()

    def do_GET(self):
        self.asked[self.path] += 1
        sends_on, _slash, target = self.path[1:].partition("/")
        if sends_on in ("to", "endless"):
            self.send_response(302)
            self.send_header("Location", unquote(target))
            self.end_headers()
            if sends_on == "endless":
                self._send_for_ever(65536)
        elif self.path == "/slow":
            self.server.stopped.wait(20)
        elif self.path == "/long":
            self.send_response(200)
            self.end_headers()
            self._send_for_ever(65536)
        elif self.path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Words: ")
            self._send_for_ever(1, every=0.05)
        else:
            self.send_response(int(self.path[1:4]))
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send_for_ever(self, size: int, every: float = 0):
        while not self.server.stopped.wait(every):
            try:
                self.wfile.write(b"x" * size)
            except OSError:
                break

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    made.stopped = threading.Event()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.stopped.set()
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def clock(settings):
    settings.ADDRESS_CHECK_LOOPBACK = True
    _Answers.asked.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def document_at(url: str, **values) -> Document:
    return VersionFactory(document=DocumentFactory(bare=True, **values), url=url).document


def dead() -> list[str]:
    return sorted(ExternalAddress.objects.dead().values_list("url", flat=True))


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/200", ""),
        ("/204", ""),
        ("/long", ""),  # what it has is not read
        ("/403", ""),  # there, and shy
        ("/429", ""),
        ("/404", Problem.GONE),
        ("/410", Problem.GONE),
        ("/500", Problem.ERROR),
        ("/to//200", ""),
        ("/to//404", Problem.GONE),
        ("/to//to//to//to//to//to//200", Problem.CIRCLE),
        ("/to/http://10.1.2.3/", Problem.PRIVATE),
        ("/to/http://[::ffff:a9fe:a9fe]/latest/", Problem.PRIVATE),
        ("/to/file:///etc/passwd", Problem.INVALID),
        ("/to/http://[::1/", Problem.INVALID),
        ("/to/http://a:99999/", Problem.INVALID),
        ("/endless//404", Problem.GONE),
    ],
)
def test_what_an_address_says(server, path, problem):
    assert address_check.ask(server + path) == problem


def test_a_server_that_says_nothing_is_too_slow(server, monkeypatch):
    monkeypatch.setattr(address_check, "SECONDS", (1, 0.2))

    assert address_check.ask(f"{server}/slow") == Problem.SLOW


def test_a_server_that_never_comes_to_an_end_holds_up_nobody(server, monkeypatch):
    monkeypatch.setattr(address_check, "SECONDS_IN_ALL", 0.5)
    monkeypatch.setattr(address_check, "SECONDS_TO_FINISH", 0.5)
    document_at(f"{server}/drip")
    document_at(f"{server}/404")

    address_check.check(NOW)

    known = dict(ExternalAddress.objects.values_list("url", "problem"))
    assert known == {f"{server}/drip": Problem.SLOW, f"{server}/404": Problem.GONE}


def test_nobody_there_and_no_true_address(server):
    assert address_check.ask("http://127.0.0.1:9/") == Problem.NOBODY
    assert address_check.ask("http://no-such-host.invalid/") == Problem.NOBODY
    assert address_check.ask("http://[half") == Problem.INVALID


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0.0.0.0", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]"],
)
def test_servers_of_our_own_network_are_not_asked(server, host, settings):
    settings.ADDRESS_CHECK_LOOPBACK = False
    port = server.rpartition(":")[2]

    assert address_check.ask(f"http://{host}:{port}/200") == Problem.PRIVATE
    assert not _Answers.asked


def test_an_address_is_dead_after_three_days_of_failures_and_alive_with_one_answer(server):
    document_at(f"{server}/404")
    document_at(f"{server}/200")

    days = []
    for number in range(4):
        address_check.check(NOW + number * DAY)
        days.append(dead())

    assert days == [[], [], [f"{server}/404"], [f"{server}/404"]]
    gone = ExternalAddress.objects.dead().get()
    assert (gone.dead_since, gone.problem) == (NOW + 2 * DAY, Problem.GONE)
    address_check._note(gone, "", NOW + 4 * DAY)
    assert dead() == []


def test_each_is_asked_once_a_week_and_one_that_failed_on_the_next_day(server):
    document_at(f"{server}/200")
    document_at(f"{server}/500")

    for number in range(15):
        address_check.check(NOW + number * DAY)
        address_check.check(NOW + number * DAY + timedelta(hours=1))

    # the failing one: three days in a row, then weekly
    assert _Answers.asked == {"/200": 3, "/500": 4}


def test_only_what_newest_versions_point_at_is_asked(server):
    two = document_at(f"{server}/200?old")
    VersionFactory(document=two, number=2, url=f"{server}/200?new")
    VersionFactory(document=two, number=3, url=f"{server}/200?waits", published=False)
    archived = document_at(f"{server}/200?archived")
    Document.objects.filter(pk=archived.pk).update(status="archived")
    sources = {one.url for one in PracticeFactory().current.references.all() if one.url}

    address_check._note_what_is_in_use()

    assert set(ExternalAddress.objects.values_list("url", flat=True)) == {
        f"{server}/200?new",
        *sources,
    }


def test_when_nothing_answers_the_fault_is_ours(caplog):
    for port in range(3):
        document_at(f"http://127.0.0.1:9/{port}")

    for number in range(5):
        address_check.check(NOW + number * 7 * DAY)

    assert dead() == []
    assert "our own network" in caplog.text


def test_a_dead_address_is_a_row_for_its_owner_who_says_that_it_is_right(server, client, clock):
    owner, other = PartnerUserFactory(), PartnerUserFactory()
    document = document_at(f"{server}/404", owner=owner)
    document_at(f"{server}/200")
    for number in range(3):
        address_check.check(NOW + number * DAY)
    address = ExternalAddress.objects.dead().get()
    clock.move_to(NOW + 3 * DAY)

    client.force_login(owner)
    mine = client.get(reverse("my_page")).content.decode()
    page = client.get(document.get_absolute_url()).content.decode()
    client.force_login(other)
    theirs = client.get(reverse("my_page")).content.decode()
    refused = client.post(reverse("address_keep", args=[address.pk]))
    client.force_login(owner)
    kept = client.post(reverse("address_keep", args=[address.pk]), follow=True)

    assert f"An address does not answer: {document}" in mine
    assert reverse("address_keep", args=[address.pk]) in page
    assert f"An address does not answer: {document}" not in theirs
    assert refused.status_code == 403
    assert kept.status_code == 200
    assert dead() == []
    assert Decision.objects.filter(action="kept an address", actor=owner).count() == 1
    assert (
        f"An address does not answer: {document}"
        not in client.get(reverse("my_page")).content.decode()
    )


def test_what_the_owner_lets_lie_and_what_has_no_owner_stands_in_the_queue(server, client):
    document_at(f"{server}/404", owner=PartnerUserFactory(), title="With an owner")
    document_at(f"{server}/410", owner=None, title="Without")
    document_at(f"{server}/500", owner=UserFactory(is_active=False), title="Owner gone")
    for number in range(3):
        address_check.check(NOW + number * DAY)

    def rows(at) -> set[str]:
        return {one.url.removeprefix(server) for one in address_check.waiting_for_lead(at)}

    assert rows(NOW + 3 * DAY) == {"/410", "/500"}
    assert rows(NOW + 40 * DAY) == {"/404", "/410", "/500"}
    lead = LeadFactory(totp=True)
    address_check.keep(ExternalAddress.objects.get(url__endswith="/410").pk, lead, NOW + 4 * DAY)
    assert rows(NOW + 5 * DAY) == {"/500"}


def test_one_that_was_kept_is_a_row_again_when_it_fails_anew(server):
    document_at(f"{server}/404")
    for number in range(3):
        address_check.check(NOW + number * DAY)
    address = ExternalAddress.objects.dead().get()
    address_check.keep(address.pk, LeadFactory(), NOW + 3 * DAY)
    address.refresh_from_db()

    address_check._note(address, "", NOW + 10 * DAY)  # it answered
    address.refresh_from_db()
    for number in range(17, 20):
        address_check._note(address, Problem.GONE, NOW + number * DAY)
        address.refresh_from_db()

    assert dead() == [f"{server}/404"]
