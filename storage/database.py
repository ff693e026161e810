"""Opens the database: checks its path, sets SQLite up, brings the schema up to date, and gathers the stores."""

from __future__ import annotations

import os
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlite_utils

from engine.errors import CannotWrite, NewerDatabase, StorageError
from engine.model import Ledger
from storage.admins import AdminStore
from storage.agenda import AgendaStore
from storage.audit import AuditStore
from storage.border import translated
from storage.chain import Verdict
from storage.chats import ChatStore
from storage.confirmations import ConfirmationStore
from storage.connection import Connection
from storage.consistency import first_fault
from storage.decisions import DecisionStore
from storage.journal import Journal
from storage.links import LinkStore
from storage.live import LiveStore
from storage.market import MarketStore
from storage.migrations import MIGRATIONS, known
from storage.notices import NoticeStore
from storage.orders import OrderStore
from storage.outbox import Outbox
from storage.proclamations import ProclamationStore
from storage.pulse import PulseStore
from storage.signals import SignalStore
from storage.sources import SourceStore
from storage.universe import UniverseStore

MEMORY = ":memory:"
BUSY_SECONDS = 10.0
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Database:
    """Everything that survives a restart, by subject; one connection, used by one thread."""

    connection: Connection
    market: MarketStore
    journal: Journal
    decisions: DecisionStore
    signals: SignalStore
    chats: ChatStore
    orders: OrderStore
    audit: AuditStore
    confirmations: ConfirmationStore
    notices: NoticeStore
    sources: SourceStore
    live: LiveStore
    outbox: Outbox
    agenda: AgendaStore
    admins: AdminStore
    proclamations: ProclamationStore
    universe: UniverseStore
    pulse: PulseStore
    links: LinkStore

    @property
    def path(self) -> str:
        return self.connection.path

    def atomic(self) -> AbstractContextManager[None]:
        """All or nothing over every store; blocks nest."""
        return self.connection.atomic()

    def glance(self) -> AbstractContextManager[None]:
        """Answer one question from what other processes had written when it began."""
        return self.connection.glance()

    def check_integrity(self) -> None:
        """Read every page back; StorageError where SQLite finds damage. It finds little: see `Journal.verify`."""
        faults = [str(fault) for (fault,) in self.connection.rows("PRAGMA integrity_check(1)")]
        if faults != ["ok"]:
            raise StorageError(f"the database {self.path} is damaged ({faults[0]}): restore the latest backup.")

    def verify(self, ledger: Ledger) -> Verdict:
        """Recompute a ledger's chain, then hold keys, announced heads and levels against it."""
        verdict = self.journal.verify(ledger)
        fault = first_fault(self.connection, ledger) if verdict.ok else None
        return replace(verdict, ok=False, message=fault) if fault else verdict

    def close(self) -> None:
        """Close the connection; what was committed is on disk."""
        self.connection.raw.close()


def open_database(path: str | Path) -> Database:
    """Open or create the database at `path` (`:memory:` for none on disk).

    Raises CannotWrite for a path that cannot be written, NewerDatabase for one written by a later version, StorageError
    for a file that is no database of ours.
    """
    where = str(path)
    if where != MEMORY:
        _check_path(Path(where))
        _make_private(Path(where))
    with translated(where):
        link = sqlite3.connect(where, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            raw = sqlite_utils.Database(link, execute_plugins=False)
            _prepare(raw, where)
        except BaseException:
            link.close()
            raise
    return _gathered(raw, where)


def open_read_only(path: str | Path) -> Database:
    """Open an existing database of this very version for reading alone: SQLite refuses every write through it.

    Raises StorageError where there is none, or one that a writer has to bring up to date first.
    """
    where = str(path)
    if not Path(where).is_file():
        raise StorageError(f"there is no database at {where}: name one with --database or CRIER_DATABASE.")
    with translated(where):
        address = f"{Path(where).absolute().as_uri()}?mode=ro"
        link = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            link.execute("PRAGMA query_only = ON")
            raw = sqlite_utils.Database(link, execute_plugins=False)
            _check_version(raw, where)
        except BaseException:
            link.close()
            raise
    return _gathered(raw, where)


def _check_version(raw: sqlite_utils.Database, where: str) -> None:
    has_steps = MIGRATIONS.migrations_table in raw.table_names()
    applied = {step.name for step in MIGRATIONS.applied(raw)} if has_steps else set()
    if applied - known():
        raise NewerDatabase(f"{where} was written by a newer Crier: upgrade this program, or choose another path.")
    if applied != known():
        raise StorageError(
            f"{where} is empty or of an older version: run `crier doctor` once, which brings it up to date."
        )


def _gathered(raw: sqlite_utils.Database, where: str) -> Database:
    connection = Connection(raw, where)
    journal, market, chats = Journal(connection), MarketStore(connection), ChatStore(connection)
    return Database(
        connection=connection,
        market=market,
        journal=journal,
        decisions=DecisionStore(connection, journal),
        signals=SignalStore(connection, journal),
        chats=chats,
        orders=OrderStore(connection, journal),
        audit=AuditStore(connection),
        confirmations=ConfirmationStore(connection),
        notices=NoticeStore(connection, journal),
        sources=SourceStore(connection),
        live=LiveStore(connection, market),
        outbox=Outbox(connection, chats),
        agenda=AgendaStore(connection),
        admins=AdminStore(connection),
        proclamations=ProclamationStore(connection, journal),
        universe=UniverseStore(connection),
        pulse=PulseStore(connection),
        links=LinkStore(connection),
    )


def _check_path(path: Path) -> None:
    """Refuse a path that cannot become a database, with what to do; SQLite itself says only that it cannot."""
    if path.is_dir():
        raise CannotWrite(f"{path} is a folder: give the path of a file in it.")
    if not path.parent.is_dir():
        raise CannotWrite(f"there is no folder {path.parent}: create it or choose another path for the database.")
    if path.exists() and not path.is_file():
        raise CannotWrite(f"{path} is not an ordinary file: choose another path for the database.")
    for place in (path, path.parent):  # the folder too: SQLite writes a log beside the file
        if place.exists() and not os.access(place, os.W_OK):
            raise CannotWrite(f"{place} may not be written: change its permissions or choose another path.")


def _make_private(path: Path) -> None:
    """Let a new file be its owner's alone from the first byte on: it will hold whom the chats are."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
    except OSError as error:
        raise CannotWrite(
            f"the database {path} cannot be opened ({error.strerror}): check the folder and its permissions."
        ) from error


def _prepare(raw: sqlite_utils.Database, where: str) -> None:
    link = raw.conn
    applied = {step.name for step in MIGRATIONS.applied(raw)}
    if applied - known():
        raise NewerDatabase(f"{where} was written by a newer Crier: upgrade this program, or choose another path.")
    strangers = [name for name in raw.table_names() if name != MIGRATIONS.migrations_table]
    if strangers and not applied:
        raise StorageError(f"{where} belongs to another program: choose another path for the database.")
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("PRAGMA synchronous = FULL")
    link.execute("PRAGMA foreign_keys = ON")
    link.execute("PRAGMA secure_delete = ON")  # a forgotten identity must not linger in a freed page
    if applied != known():
        _migrate(raw)


def _migrate(raw: sqlite_utils.Database) -> None:
    """Apply what is pending under the write lock, so that two processes starting together do it once."""
    raw.conn.execute("BEGIN IMMEDIATE")
    try:
        MIGRATIONS.apply(raw)
        raw.conn.execute("COMMIT")
    except BaseException:
        raw.rollback()
        raise
