"""The door to the database for the public page: one read-only connection in one thread, never in the event loop."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.shelf import Clock, DatabaseBook
from engine.modes import DEFAULT_MODE
from storage.database import Database, open_read_only
from storage.published import Published

T = TypeVar("T")

MOST_WAITING = 64  # questions; more than that would wait longer than anybody does


class TooBusy(Exception):
    """So many questions wait that another would not be answered in time."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one question may read: the commands' own book, and what was published in the journal's order."""

    book: DatabaseBook
    published: Published
    database: Database


Question = Callable[[Shelf], T]


class BookDoor:
    """Answers questions one at a time, each on one moment of the database.

    The connection is opened, used and closed in the door's own thread; SQLite itself refuses to write through it.
    """

    def __init__(self, path: Path, clock: Clock | None = None, default_mode: str = DEFAULT_MODE) -> None:
        self._path = path
        self._clock: Clock = clock or (lambda: dt.datetime.now(dt.UTC))
        self._mode = default_mode
        self._pool = ThreadPoolExecutor(1, "page")
        self._database: Database | None = None
        self._waiting = 0

    async def open(self) -> None:
        """Open the connection; StorageError where there is no database of this version."""
        await self._run(self._open)

    async def ask(self, question: Question[T]) -> T:
        """What the question finds; TooBusy where too many wait already."""
        if self._waiting >= MOST_WAITING:
            raise TooBusy
        self._waiting += 1
        answer = self._run(lambda: self._answer(question))
        answer.add_done_callback(self._done)
        return await asyncio.shield(answer)  # who gives up leaves the thread to finish in peace

    async def stamp(self) -> tuple[object, ...]:
        """Changes whenever something is published."""
        return await self.ask(lambda shelf: shelf.published.stamp())

    async def close(self) -> None:
        """Close the connection; a question that is still being answered is cut short."""
        if self._database is not None and self._waiting:
            self._database.connection.raw.conn.interrupt()  # the one call that another thread may make
        await self._run(self._close)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def now(self) -> dt.datetime:
        return self._clock()

    def _run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _done(self, answer: asyncio.Future[T]) -> None:
        self._waiting -= 1
        if not answer.cancelled():
            answer.exception()  # looked at, even where nobody waits any more

    def _open(self) -> None:
        self._database = open_read_only(self._path)

    def _answer(self, question: Question[T]) -> T:
        database = self._database
        assert database is not None, "the door is not open"
        published = Published(database.connection)
        with published.snapshot():
            return question(Shelf(DatabaseBook(database, self._clock, default_mode=self._mode), published, database))

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
