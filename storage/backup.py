"""Copies a database that others are writing to, as one file whose every page and hash was read back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlite_utils

from engine.errors import CannotWrite, StorageError
from engine.model import LEDGERS, Ledger
from storage.border import translated
from storage.connection import Connection
from storage.journal import Journal

PATIENCE, NAP = 30.0, 0.1  # seconds that a copy waits for others to end their writing, and between two tries
PRIVATE = 0o600  # a copy holds whom the chats are


@dataclass(frozen=True, slots=True)
class Contents:
    """What a whole and sound copy holds: by ledger how many entries its journal has, and the last one's hash."""

    bytes: int
    entries: Mapping[Ledger, int]
    heads: Mapping[Ledger, str | None]


def back_up(source: Path, target: Path) -> Contents:
    """Copy the database at `source` to the new file `target`, and verify the copy before it bears that name.

    Others may go on writing: the copy is what was committed at one instant. CannotWrite where `target` exists.
    """
    if target.exists():
        raise CannotWrite(f"{target} is there already: choose another name, a backup overwrites nothing.")
    part = target.with_name(f"{target.name}.part")
    try:
        copy(source, part)
        contents = examine(part)
        part.replace(target)
    except OSError as error:
        raise CannotWrite(f"{target} cannot be written ({error.strerror}): choose another path.") from error
    finally:
        for leftover in (part, *beside(part)):
            leftover.unlink(missing_ok=True)
    _sync(target.parent)
    return contents


def copy(source: Path, target: Path) -> None:
    """Write what is committed in `source` to a file of its own, as it is: neither checked nor brought up to date."""
    if not source.is_file():
        raise StorageError(f"there is no database at {source}: check the path.")
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE))
    except OSError as error:
        raise CannotWrite(f"{target} cannot be written ({error.strerror}): choose another path.") from error
    with translated(str(source)), reading(source) as old, closing(sqlite3.connect(target)) as new:
        try:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise CannotWrite(
                f"{target} cannot be written, its disk is full: free some space or choose another path."
            ) from error
    _sync(target)


def move_in(source: Path, target: Path) -> None:
    """Let the whole file `source` be the database `target`, where none is: at once, and without room for another."""
    for stray in beside(target):
        stray.unlink(missing_ok=True)  # the log of a database that is gone
    _sync(source)
    source.replace(target)
    _sync(target.parent)


def overwrite(target: Path, source: Path) -> None:
    """Make the database at `target` hold what `source` does, in one transaction that others wait for or see whole."""
    left = round(PATIENCE / NAP)

    def wait(status: int, remaining: int, total: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise StorageError(f"the database {target} is written to without a pause: stop what writes, and try again.")

    with translated(str(target)), reading(source) as old, closing(sqlite3.connect(target, timeout=PATIENCE)) as new:
        old.backup(new, progress=wait, sleep=NAP)
        new.execute("PRAGMA journal_mode = WAL")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def examine(path: Path) -> Contents:
    """Read a copy as it is, every page and every journal's chain; StorageError or BrokenJournal where it is unsound."""
    if not path.is_file():
        raise StorageError(f"there is no backup at {path}: give a file that `crier backup` wrote.")
    with translated(str(path)), reading(path) as link:
        tables = {name for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "journal" not in tables:
            raise StorageError(f"{path} is no database of Crier's: give a file that `crier backup` wrote.")
        faults = [str(fault) for (fault,) in link.execute("PRAGMA integrity_check(1)")]
        if faults != ["ok"]:
            raise StorageError(f"{path} is damaged ({faults[0]}): take another backup.")
        journal = Journal(Connection(sqlite_utils.Database(link, execute_plugins=False), str(path)))
        verdicts = {ledger: journal.verify(ledger) for ledger in LEDGERS}
    for verdict in verdicts.values():
        verdict.check()
    return Contents(
        path.stat().st_size,
        {ledger: verdict.entries for ledger, verdict in verdicts.items()},
        {ledger: verdict.head for ledger, verdict in verdicts.items()},
    )


def beside(path: Path) -> tuple[Path, Path, Path]:
    """The files that SQLite keeps beside a database: its log, the log's index, and what undoes a copy that failed."""
    wal, shm, journal = (path.with_name(f"{path.name}-{ending}") for ending in ("wal", "shm", "journal"))
    return wal, shm, journal


def set_aside(path: Path, name: str) -> Path:
    """Rename a database that cannot be read, with its log, and return its new path."""
    kept = path.with_name(name)
    try:
        path.rename(kept)
        for old, new in zip(beside(path), beside(kept), strict=True):
            with suppress(FileNotFoundError):
                old.rename(new)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be renamed ({error.strerror}): check the folder's permissions.") from error
    return kept


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as link:
        yield link


def _sync(path: Path) -> None:
    """Make what was written, or renamed in a folder, outlive a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
