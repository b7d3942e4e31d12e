"""The Chromium for browser tests and pictures: the system's, or one that is installed now."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from wmaportal.local import servers

PLAYWRIGHT_SECONDS = 60
APT_SECONDS = 300
FOLDER = servers.ROOT / "var" / "browsers"  # what Playwright installs here

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The portal needs no other host; a page that asks for one shall fail, not wait
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

NONE_FOUND = (
    "The browser tests need Chromium: this machine has none, and neither `playwright install "
    "chromium` nor `apt-get install chromium` could bring one. Install Chromium or Google Chrome."
)


class NoBrowser(Exception):
    """None can be had; the text is the one sentence for the person."""


def launch_options() -> dict:
    """Arguments for Playwright's `chromium.launch()`. Raises NoBrowser."""
    flags = FLAGS + (["--no-sandbox"] if os.getuid() == 0 else [])
    home = servers.ROOT / "var" / "browser-home"  # Chromium wants one that it can write to
    home.mkdir(parents=True, exist_ok=True)
    return {
        "executable_path": find_or_install(),
        "args": flags,
        "env": {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""},
    }


def find_or_install() -> str:
    """Path of a Chromium that runs. Raises NoBrowser. One process at a time looks for it."""
    lock = servers.ROOT / "var" / "browser.lock"
    with servers.only_one(lock, "", wait_seconds=PLAYWRIGHT_SECONDS + APT_SECONDS + 60):
        if found := _system() or _of_playwright():
            return found
        print("No Chromium here: installing one for the browser tests ...", file=sys.__stderr__)
        _install_with_playwright()
        if found := _of_playwright():
            return found
        if os.getuid() == 0:
            _install_with_apt()
        if found := _system():
            return found
    raise NoBrowser(NONE_FOUND)


def _system() -> str | None:
    for name in NAMES:
        path = shutil.which(name)
        if path and _runs(path):
            return path
    return None


def _of_playwright() -> str | None:
    """What `playwright install` put here or, before, into the user's own folder."""
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    for folder in (FOLDER, own):
        for path in sorted(folder.glob("chromium-*/chrome-linux*/chrome"), reverse=True):
            if _runs(str(path)):
                return str(path)
    return None


def _runs(path: str) -> bool:
    """A stub that wants to fetch the browser first, or one without its libraries, does not."""
    try:
        tried = subprocess.run([path, "--version"], capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def _install_with_playwright():
    command = [sys.executable, "-m", "playwright", "install", "chromium", "--no-shell"]
    _try(command, PLAYWRIGHT_SECONDS, PLAYWRIGHT_BROWSERS_PATH=str(FOLDER))


def _install_with_apt():
    if shutil.which("apt-get"):
        options = ["-o", "DPkg::Lock::Timeout=60"]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        _try(["apt-get", *options, "update"], APT_SECONDS, **quiet)
        install = ["install", "-y", "--no-install-recommends", "chromium"]
        _try(["apt-get", *options, *install], APT_SECONDS, **quiet)


def _try(command: list[str], seconds: int, **environ: str):
    """Run it; whether it worked is seen by looking for a browser again."""
    child = subprocess.Popen(
        command,
        env=os.environ | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        child.wait()
