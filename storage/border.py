"""Turns what SQLite complains about into the error tree: one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import CannotWrite, StorageError

_REASONS: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: (CannotWrite, "the disk is full: free some space and try again"),
    sqlite3.SQLITE_IOERR: (
        CannotWrite,
        "the disk refuses it (full, over quota or failing): free some space or move it",
    ),
    sqlite3.SQLITE_READONLY: (CannotWrite, "it may only be read: change its permissions or choose another path"),
    sqlite3.SQLITE_CANTOPEN: (CannotWrite, "it cannot be opened: check the folder and its permissions"),
    sqlite3.SQLITE_PERM: (CannotWrite, "permission is missing: change it or choose another path"),
    sqlite3.SQLITE_BUSY: (StorageError, "another process is writing to it: wait for that to end and try again"),
    sqlite3.SQLITE_LOCKED: (StorageError, "another process is writing to it: wait for that to end and try again"),
    sqlite3.SQLITE_NOTADB: (StorageError, "it is not a database: choose another path"),
    sqlite3.SQLITE_CORRUPT: (StorageError, "it is damaged: restore the latest backup"),
    sqlite3.SQLITE_TOOBIG: (StorageError, "a value is too large to be stored: nothing was written"),
}


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Raise SQLite's errors about the database at `path` as CannotWrite or StorageError."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise StorageError(f"the database {path} refuses a row, nothing was written: {error}.") from error
    except sqlite3.ProgrammingError:
        raise  # a mistake of ours, not of the disk
    except UnicodeDecodeError as error:  # in a name of the schema, of which SQLite itself does not complain
        raise StorageError(f"the database {path} cannot be used, it is damaged: restore the latest backup.") from error
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # text that is no UTF-8 carries no code
        kind, reason = _REASONS.get(code & 0xFF, (StorageError, f"SQLite says: {error}"))
        raise kind(f"the database {path} cannot be used, {reason}.") from error
