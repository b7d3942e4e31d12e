"""`make run`: the whole portal on this machine, in one terminal.

Starts a PostgreSQL and a Valkey of its own where DATABASE_URL and REDIS_URL are not set, prepares
the database, then runs the lines of the Procfile until Ctrl-C or until one of them ends.

Not honcho: a child here gets a signal from the kernel when this process is killed, so that no
gunicorn of a dead run keeps the port.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from wmaportal.local import servers

VAR = servers.ROOT / "var"
ENDING = "run.ending"  # in VAR: the run that holds the lock has been told to end
STOP_SECONDS = 15  # longer than gunicorn's own grace
PORT_SECONDS = 15  # the web server of a run that was just killed may still hold its port


class Stopped(Exception):
    """Somebody wants the portal to end."""


def secret_key() -> str:
    """This machine's key, made once, so that nobody is signed out by a restart."""
    path = VAR / "secret_key"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(get_random_secret_key())
        part.rename(path)
    return path.read_text()


def claim_folder(stack: contextlib.ExitStack):
    """One run at a time; waits for one that is ending. Raises ServerError."""
    refusal = "The portal already runs from this folder, as process {pid}."
    try:
        stack.enter_context(servers.only_one(VAR / "run.lock", refusal, wait_seconds=1))
    except servers.ServerError:
        if not (VAR / ENDING).exists():
            raise
        print("Waiting for the run before this one to end ...", flush=True)
        longest = STOP_SECONDS + 2 * servers.STOP_SECONDS
        stack.enter_context(servers.only_one(VAR / "run.lock", refusal, wait_seconds=longest))
    (VAR / ENDING).unlink(missing_ok=True)


def environment(urls: dict[str, str]) -> dict[str, str]:
    """Of the children; what the person set wins."""
    local = {
        "LOCAL_MODE": "true",
        "SECRET_KEY": secret_key(),
        "HOST": "127.0.0.1",
        "PORT": "8000",
        "DJANGO_SETTINGS_MODULE": "wmaportal.settings",
        "PYTHONUNBUFFERED": "1",
        "WEB_LOG_LEVEL": "warning",
        "PYTHONWARNINGS": "ignore:You're running the worker",  # as root: in a container, say
    }
    bin_first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    given = {name: value for name, value in os.environ.items() if value}
    return local | given | urls | {"PATH": bin_first}


def claim_port(host: str, port: int):
    """Raises ServerError when another program listens there."""

    def is_free():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
        return True

    if not servers.wait_until(is_free, 0.5):
        print(f"Waiting for port {port} ...", flush=True)
    if not servers.wait_until(is_free, PORT_SECONDS):
        raise servers.ServerError(
            f"Another program uses port {port}. Choose another: PORT={port + 1000} make run"
        )


def prepare(environ: dict[str, str]) -> str:
    """Static files, tables, demonstration data; gives the sign-ins to show."""
    command = servers.dies_with_us([sys.executable, "-m", "wmaportal.local.prepare"])
    child = subprocess.Popen(
        command, cwd=servers.ROOT, env=environ, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        signins, _ = child.communicate()
    except BaseException:
        child.terminate()
        child.wait()
        raise
    if child.returncode:
        raise servers.ServerError("The database could not be prepared; the reason stands above.")
    return signins


@contextlib.contextmanager
def procfile(environ: dict[str, str]):
    """The processes of the Procfile, by name, each leader of a session; ended with the block."""
    children: dict[str, subprocess.Popen] = {}
    try:
        for line in (servers.ROOT / "Procfile").read_text().splitlines():
            name, _, command = line.partition(":")
            children[name] = subprocess.Popen(
                servers.dies_with_us(["sh", "-c", f"exec {command.strip()}"]),
                cwd=servers.ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        yield children
    finally:
        for child in children.values():
            if child.poll() is None:
                child.terminate()
        ended = servers.wait_until(
            lambda: all(child.poll() is not None for child in children.values()), STOP_SECONDS
        )
        for child in children.values():
            with contextlib.suppress(ProcessLookupError):
                if not ended or child.returncode:  # a master that died may have left its workers
                    os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def serve(environ: dict[str, str], own: dict[str, subprocess.Popen]):
    """Runs until a signal raises Stopped; `own` are the servers that run beneath.

    Raises ServerError when one of all these ends by itself.
    """
    host, port = environ["HOST"], int(environ["PORT"])
    claim_port(host, port)
    signins = prepare(environ)
    address = "127.0.0.1" if host == "0.0.0.0" else host
    with procfile(environ) as children:

        def ended():
            return [name for name, child in (own | children).items() if child.poll() is not None]

        up = servers.wait_until(
            lambda: ended() or servers.answers(f"http://{address}:{port}"), servers.START_SECONDS
        )
        if up and not ended():
            # By name, since passkeys belong to names
            shown = "localhost" if address == "127.0.0.1" else address
            print(f"\nThe portal runs at http://{shown}:{port}/")
            print(f"The mail it sends is at http://{shown}:{port}/mailbox/")
            print(f"\n{signins.strip()}\n" if signins.strip() else "", end="")
            print("\nCtrl-C ends it; the data stay in var/.", flush=True)
            while not ended():
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        names = " and ".join(ended()) or "web"
        raise servers.ServerError(f"Stopped, because this ended or did not start: {names}.")


def main() -> int:
    os.umask(0o027)  # data of people lie in var/
    VAR.mkdir(exist_ok=True)

    def stop(number, frame):
        # Further signals (an impatient Ctrl-C, make passing it on) must not stop the stopping
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        (VAR / ENDING).touch()
        raise Stopped

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    try:
        with contextlib.ExitStack() as stack:
            claim_folder(stack)
            own = {}
            urls = {name: os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL")}
            for name, server in (
                ("DATABASE_URL", servers.Postgres(VAR / "postgres")),
                ("REDIS_URL", servers.Valkey(VAR / "valkey")),
            ):
                if not urls[name]:
                    stack.callback(server.close)
                    server.start()
                    urls[name], own[server.name] = server.url, server.process
            serve(environment(urls), own)
    except Stopped:
        print("\nThe portal has ended.")
        return 0
    except servers.ServerError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
