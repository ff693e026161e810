"""Everything the front ends need, built in one place: the settings, the open database, and the desk over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.office import DatabaseDesk
from bot.settings import Settings
from bot.shelf import Clock, DatabaseBook
from engine.errors import StorageError
from storage.database import Database, open_database


@dataclass(frozen=True, slots=True)
class Services:
    """What one run of the program works with; `desk` is the book that commands read, and where admins write."""

    settings: Settings
    database: Database
    desk: DatabaseDesk

    @property
    def book(self) -> DatabaseBook:
        """The same, for those who only read."""
        return self.desk


def utc_now() -> dt.datetime:
    """What the clock of the wall says."""
    return dt.datetime.now(dt.UTC)


@contextmanager
def open_services(settings: Settings, create: bool = False, clock: Clock = utc_now) -> Iterator[Services]:
    """Open the configured database and close it at the end; only `create` makes a new one.

    `clock` is what the desk asks. StorageError where there is none yet, saying what makes one.
    """
    if not create and not settings.database.exists():
        raise StorageError(
            f"there is no database at {settings.database}: run `crier fetch` or `crier import DIR` to fill one, "
            "or name another with --database."
        )
    database = open_database(settings.database)
    try:
        yield Services(settings, database, DatabaseDesk(database, clock, settings.mode))
    finally:
        database.close()
