"""`make run` itself, in a copy of the checkout: started, killed, started again.

The copy borrows .venv, so that nothing is installed and no network is needed.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from wmaportal.local import servers

UP_SECONDS = 120  # the first start also loads the demonstration data
AGAIN_SECONDS = 30
DOWN_SECONDS = 60
LEFT_OUT = (".git", ".venv", "var", "__pycache__", ".pytest_cache", ".ruff_cache")


class Run:
    """A `make run` in a folder, with its output in a file."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port = folder, port
        self.output = folder.parent / f"output-{time.monotonic_ns()}"
        environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PORT": str(port)}
        with self.output.open("wb") as output:
            self.make = subprocess.Popen(
                ["make", "run"],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_up(self, seconds: float):
        def said():
            assert self.make.poll() is None, self.output.read_text()
            return "Ctrl-C ends it" in self.output.read_text()

        assert servers.wait_until(said, seconds), self.output.read_text()
        assert servers.answers(f"http://127.0.0.1:{self.port}")

    def processes(self) -> dict[int, psutil.Process]:
        """All below make, by pid."""
        return {child.pid: child for child in psutil.Process(self.make.pid).children(True)}

    def main(self) -> psutil.Process:
        return psutil.Process(self.make.pid).children()[0]


def of_folder(folder: Path) -> list[psutil.Process]:
    """Processes that run in, or over data of, this folder, whoever their parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            words, where = process.cmdline(), process.cwd()
        except psutil.Error:
            continue
        if where.startswith(str(folder)) or any(str(folder) in word for word in words):
            found.append(process)
    return found


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def all_gone(processes: dict[int, psutil.Process]) -> bool:
    return not any(is_alive(process) for process in processes.values())


def kill_9(victims: list[psutil.Process]):
    """One after the other; a victim may end by itself when the one before it is gone."""
    for victim in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy below a closed folder with capitals and accents in its name."""
    above = tmp_path_factory.mktemp("faults") / "Données de Ana"
    above.mkdir(mode=0o700)
    folder = above / "portal"
    shutil.copytree(servers.ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    stamp = servers.ROOT / ".venv" / "stamp"
    if not stamp.exists():
        pytest.fail("These tests borrow .venv: run them with `make test-faults`.", pytrace=False)
    (folder / ".venv").symlink_to(servers.ROOT / ".venv")
    yield folder
    kill_9(of_folder(folder))


@pytest.fixture
def port() -> int:
    return servers.free_port()


@pytest.fixture
def start(checkout, port):
    runs = []

    def start(port=port):
        runs.append(Run(checkout, port))
        return runs[-1]

    yield start
    for run in runs:
        if run.make.poll() is None:
            processes = run.processes()
            os.killpg(run.make.pid, signal.SIGINT)
            run.make.wait(DOWN_SECONDS)
            servers.wait_until(lambda processes=processes: all_gone(processes), DOWN_SECONDS)


def stop_with_ctrl_c(run: Run):
    """As a terminal does it: SIGINT to the whole foreground group."""
    processes = run.processes()
    os.killpg(run.make.pid, signal.SIGINT)
    run.make.wait(DOWN_SECONDS)
    assert all_gone(processes), [p for p in processes.values() if is_alive(p)]


def people(folder: Path) -> int:
    """Asked of the running database through its socket."""
    import psycopg2

    host = (folder / "var" / "postgres.socket").read_text()
    connection = psycopg2.connect(host=host, user="postgres", dbname=servers.DATABASE)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM partners_user")
            return cursor.fetchone()[0]
    finally:
        connection.close()


def test_ctrl_c_stops_every_child_and_a_second_run_keeps_data_and_is_up_soon(start, checkout):
    first = start()
    first.wait_until_up(UP_SECONDS)
    names = {process.name() for process in first.processes().values()}
    assert {"postgres", "valkey-server", "gunicorn", "celery"} <= names
    before, secret = people(checkout), (checkout / "var" / "secret_key").read_text()
    assert before > 0
    stop_with_ctrl_c(first)
    assert of_folder(checkout) == []
    assert not (checkout / "var" / "postgres.socket").exists()

    second = start()
    began = time.monotonic()
    second.wait_until_up(AGAIN_SECONDS)

    assert time.monotonic() - began < AGAIN_SECONDS
    assert people(checkout) == before
    assert (checkout / "var" / "secret_key").read_text() == secret
    stop_with_ctrl_c(second)


@pytest.mark.parametrize("whom", ["make", "main", "everything"])
def test_after_a_kill_9_the_next_run_starts_and_nothing_of_the_old_one_is_left(
    start, checkout, port, whom
):
    first = start()
    first.wait_until_up(UP_SECONDS)
    before = people(checkout)
    old = first.processes()
    victims = {
        "make": [psutil.Process(first.make.pid)],
        "main": [first.main()],
        "everything": [psutil.Process(first.make.pid), *old.values()],
    }[whom]
    kill_9(victims)
    first.make.wait(DOWN_SECONDS)

    second = start(port)  # the same port: an old web server would still hold it
    second.wait_until_up(UP_SECONDS)

    assert all_gone(old)
    assert people(checkout) == before
    stop_with_ctrl_c(second)
    assert of_folder(checkout) == []


def test_stale_files_of_a_killed_run_do_not_stop_the_next(start, checkout):
    """The pid in postmaster.pid and in the socket's lock belongs to another program by now."""
    first = start()
    first.wait_until_up(UP_SECONDS)
    kill_9([psutil.Process(first.make.pid), *first.processes().values()])
    first.make.wait(DOWN_SECONDS)
    pid_file = checkout / "var" / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    old_socket = Path((checkout / "var" / "postgres.socket").read_text())

    second = start()
    second.wait_until_up(UP_SECONDS)

    assert not old_socket.exists()
    stop_with_ctrl_c(second)


def test_a_child_that_ends_by_itself_ends_the_run_with_its_name(start):
    run = start()
    run.wait_until_up(UP_SECONDS)
    processes = run.processes()
    beat = next(p for p in processes.values() if "beat" in p.cmdline())

    beat.kill()

    assert run.make.wait(DOWN_SECONDS) != 0
    assert "this ended or did not start: beat" in run.output.read_text()
    assert all_gone(processes)


def test_a_second_run_in_the_same_folder_says_who_runs_already(start):
    first = start()
    first.wait_until_up(UP_SECONDS)

    second = start(servers.free_port())

    assert second.make.wait(DOWN_SECONDS) != 0
    said = second.output.read_text()
    assert f"The portal already runs from this folder, as process {first.main().pid}." in said
    stop_with_ctrl_c(first)


def test_a_port_in_use_is_named(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = start(port)

        assert run.make.wait(DOWN_SECONDS) != 0
        assert f"Another program uses port {port}." in run.output.read_text()
