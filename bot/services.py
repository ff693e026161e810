"""Everything the front ends need, built in one place: the settings, the open database, and the book over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.settings import Settings
from bot.shelf import DatabaseBook
from engine.errors import StorageError
from storage.database import Database, open_database


@dataclass(frozen=True, slots=True)
class Services:
    """What one run of the program works with."""

    settings: Settings
    database: Database
    book: DatabaseBook


@contextmanager
def open_services(settings: Settings, create: bool = False, now: dt.datetime | None = None) -> Iterator[Services]:
    """Open the configured database and close it at the end; only `create` makes a new one.

    StorageError where there is none yet, saying what makes one.
    """
    if not create and not settings.database.exists():
        raise StorageError(
            f"there is no database at {settings.database}: run `crier import DIR` to fill one, "
            "or name another with --database."
        )
    database = open_database(settings.database)
    try:
        yield Services(settings, database, DatabaseBook(database, now or dt.datetime.now(dt.UTC)))
    finally:
        database.close()
