"""A portal to measure: own servers, own data, production code on loopback, nothing shared."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wmaportal.local import servers


@dataclass
class Portal:
    """A running portal: its address and the environment in which its commands run."""

    url: str
    environ: dict[str, str]
    web: servers.Web

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py and return what it prints. Raises CalledProcessError."""
        return manage(self.environ, *arguments)

    def python(self, code: str) -> str:
        """Run a piece of Python inside the portal and return what it prints."""
        return self.manage("shell", "--no-imports", "--command", code)


def manage(environ: dict[str, str], *arguments: str) -> str:
    """Run a command of manage.py and return what it prints. Raises CalledProcessError."""
    return _run(environ, "manage.py", *arguments)


def child(environ: dict[str, str], module: str, *arguments: object) -> str:
    """Run `python -m module arguments` and return what it prints. Raises CalledProcessError."""
    return _run(environ, "-m", module, *map(str, arguments))


def _run(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=servers.ROOT,
        env=environ,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def row(name: str, value: float, unit: str, bound: float) -> dict:
    """A figure for bench/__main__.py, of which less is better."""
    return {"name": name, "value": round(value, 1), "unit": unit, "bound": bound, "better": "lower"}


@contextmanager
def portal(experts: int = 0, workers: int = 1, threads: int = 4) -> Iterator[Portal]:
    """The demonstration on own servers; with `experts`, filled up until so many are listed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o711)
        url = stack.enter_context(servers.postgres(folder / "postgres", servers.FORGETFUL))
        redis = stack.enter_context(servers.valkey(folder / "valkey", keep=False))
        environ = os.environ | {
            "LOCAL_MODE": "true",
            "SECRET_KEY": "for-measuring-" + "0123456789" * 5,
            "DATABASE_URL": url,
            "REDIS_URL": redis,
            "MEDIA_ROOT": str(folder / "files"),
            "MAIL_DIR": str(folder / "mail"),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
        }
        manage(environ, "collectstatic", "--no-input", "--verbosity", "0")
        manage(environ, "migrate", "--verbosity", "0")
        manage(environ, "loaddemo", "--verbosity", "0")
        if experts:
            manage(environ, "loaddemo", "--experts", str(experts), "--verbosity", "0")
        web = servers.Web(environ, folder / "web.log", workers, threads)
        stack.callback(web.stop)
        web.start()
        yield Portal(web.url, environ, web)
