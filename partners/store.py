"""A stored file lives and dies with its row's transaction.

PostgreSQL rolls a row back; no file system does that. What a file field stores is therefore noted
in the transaction and deleted when it does not commit. Where the process itself dies, the nightly
check (file_check.py) finds the file. `PrivateFileField` sees to it by itself: steps need not.
"""

import logging
import weakref

from django.core.files.storage import Storage
from django.db import connections

log = logging.getLogger(__name__)


class _Kept:
    """Stands in the list of what a transaction does after its commit.

    Django tells nobody of a rollback, but it drops this list then, or the part of it that belongs
    to a savepoint. An entry that is dropped without having been called deletes the file.
    """

    def __init__(self, storage: Storage, name: str):
        self.dropped = weakref.finalize(self, _delete, storage, name)

    def __call__(self):
        self.dropped.detach()


def delete_unless_committed(storage: Storage, name: str, using: str):
    """Delete a file just stored when the open transaction of this database does not commit.

    Outside of a transaction nothing is noted: the row is there or its saving raised an error.
    """
    connection = connections[using]
    if connection.in_atomic_block:
        # First in the list: no other entry that fails can keep this one from being called
        entry = (set(connection.savepoint_ids), _Kept(storage, name), True)
        connection.run_on_commit.insert(0, entry)


def _delete(storage: Storage, name: str):
    try:
        storage.delete(name)
    except Exception:  # the rollback goes on in any case; the nightly check finds the file
        log.exception("A file of a transaction that was rolled back stays: %s", name)
