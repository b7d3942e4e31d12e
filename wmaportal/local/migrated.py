"""A database with all migrations done, to copy: migrating takes seconds, copying a fraction.

Kept in var/test/ until a migration, data that migrations read, or the settings change.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from wmaportal.local import servers

FOLDER = servers.ROOT / "var" / "test"
KEPT = 3  # branches that one changes between
LOCK_SECONDS = 180

# Beside migrations: what they read, and what decides which there are
SOURCES = (
    "requirements.txt",
    "wmaportal/settings.py",
    "wmaportal/local/servers.py",
    "partners/reference.py",
    "*/migrations/*.py",
    "*/data/**/*",
)


def copy_to(data_dir: Path):
    """Make `data_dir`, for servers.postgres(), from the migrated and otherwise empty database.

    Raises ServerError when the migrations fail; their words went to standard error.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with servers.only_one(FOLDER / "database.lock", "", wait_seconds=LOCK_SECONDS):
        made = FOLDER / f"database-{_state()}"
        if not made.exists():
            _make(made)
        os.utime(made)
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", "--reflink=auto", made, data_dir], check=True)
        by_age = sorted(FOLDER.glob("database-*"), key=lambda path: path.stat().st_mtime)
        for old in by_age[:-KEPT]:
            shutil.rmtree(old)


def _make(made: Path):
    new = FOLDER / "new-database"
    shutil.rmtree(new, ignore_errors=True)
    with servers.postgres(new, servers.FORGETFUL) as url:
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        environ = os.environ | {"LOCAL_MODE": "true", "DATABASE_URL": url}
        if subprocess.run(migrate, cwd=servers.ROOT, env=environ).returncode:
            raise servers.ServerError("The migrations fail; see above.")
    new.rename(made)


def _state() -> str:
    state = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(servers.ROOT.glob(pattern)):
            if path.is_file():
                state.update(str(path.relative_to(servers.ROOT)).encode() + b"\0")
                state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()[:16]
