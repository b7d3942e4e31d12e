"""Who gets what at every address: the table of tests/pages.py, cell by cell.

What is answered anyway is looked at, too: a page is valid HTML.
"""

# ruff: noqa: F401, F811 (fixtures are imported)
import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import resolve

from tests import pages
from tests.validity import IN_THE_TABLE, errors_of
from tests.worlds import (
    read_only_world,
    taken_back,
    world,
    world_in_transaction,
)
from wmaportal import queue

HTML = "text/html; charset=utf-8"
LETTERS = {200: "2", 204: "8", 400: "0", 403: "F", 404: "-", 405: "X", 409: "9", 410: "G"}
#: allauth notes that somebody has seen the own recovery codes; a download is counted.
NOTED_WHEN_SHOWN = {"mfa_view_recovery_codes", "mfa_download_recovery_codes", "version_file"}
TABLE = {line.name: line for line in pages.lines()}


def letter(response) -> str:
    if response.status_code == 302:
        return "S" if response.url.startswith("/accounts/login/?next=") else "3"
    return LETTERS.get(response.status_code, str(response.status_code))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Answers of sign-in wait for a whole step of a clock; thousands of requests cannot."""
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


@pytest.fixture(scope="module")
def clients(world_in_transaction):
    return {role: world_in_transaction.client(role) for role in pages.ROLES}


def written() -> dict[str, int]:
    """Rows that this transaction has written so far, by table; sessions apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables "
            "WHERE relname <> 'django_session' AND n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


def ask(client, verb: str, address: str):
    """One request, whose writings, session and rate limits are forgotten again.

    What waits for the Lead is not counted anew for each page of theirs.
    """
    cookies = client.cookies.copy()
    if verb != "GET":
        cache.clear()
    cache.add(queue.COUNT_KEY, 0)
    with taken_back():
        response = client.generic(verb, address, content_type="application/x-www-form-urlencoded")
        b"".join(response)  # a stream is written only now
    client.cookies = cookies
    return response


def nobody_posts(line: pages.Line) -> bool:
    return set(line.post) <= {"S", "X"}


def examples(letters: str) -> set[str]:
    """For each letter of a column the first role that has it."""
    roles = list(pages.ROLES)
    return {roles[letters.index(one)] for one in set(letters)}


@pytest.mark.parametrize("name", TABLE)
def test_each_role_gets_what_the_table_says_and_reading_writes_nothing(
    name,
    read_only_world,
    clients,
):
    address, line = read_only_world.address(name), TABLE[name]
    found, before = {"GET": "", "POST": ""}, written()
    wrong = {}

    def got(verb: str, role: str) -> str:
        response = ask(clients[role], verb, address)
        if (verb, role, name) in IN_THE_TABLE and response.status_code == 200:
            errors = errors_of(response.content.decode())
            errors += [] if response["Content-Type"] == HTML else [response["Content-Type"]]
            wrong.update({f"{verb} {role}": errors} if errors else {})
        return letter(response)

    for role in clients:
        found["GET"] += got("GET", role)
    if line.url_name not in NOTED_WHEN_SHOWN:
        assert written() == before  # for all roles: what is written and taken back counts, too
    if not nobody_posts(line):
        for role in clients:
            found["POST"] += got("POST", role)

    assert wrong == {}
    assert found == {"GET": line.get, "POST": "" if nobody_posts(line) else line.post}
    # No view takes these, and it says so before it asks who comes: a few roles show it
    few = [("PUT", line.put), ("DELETE", line.delete)]
    few += [("POST", line.post)] if nobody_posts(line) else []
    for verb, letters in few:
        for role in examples(letters):
            assert letter(ask(clients[role], verb, address)) == line.expected(role)[verb], role


@pytest.mark.parametrize(
    "name", [name for name in TABLE if TABLE[name].url_name not in pages.NO_TOKEN]
)
def test_nothing_is_posted_without_the_token_of_a_form(name, read_only_world, clients):
    """Asked before the view, so for each answer that it would give one role shows it."""
    line, address = TABLE[name], read_only_world.address(name)
    for one in sorted(set(line.post) - {"S", "X"}):
        role = list(pages.ROLES)[line.post.index(one)]
        client = clients[role]
        client.handler.enforce_csrf_checks = True
        try:
            before = written()
            response = ask(client, "POST", address)
            assert (response.status_code, written()) == (403, before), role
        finally:
            client.handler.enforce_csrf_checks = False


def test_every_address_has_a_line():
    assert {line.url_name for line in TABLE.values()} == pages.names_of_urls()


def test_every_address_leads_to_the_view_of_its_name(read_only_world):
    """An address of the list that another pattern takes would test the wrong page."""
    wrong = {}
    for name, line in TABLE.items():
        match = resolve(read_only_world.address(name).partition("?")[0])
        if match.view_name != line.url_name and match.url_name:
            wrong[name] = match.view_name
    assert wrong == {}
