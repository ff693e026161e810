"""Tells those who listen of each announcement as it is cried: server-sent events, one look at the database for all."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast, get_args

from bot.web.answers import CriedLine
from bot.web.door import BookDoor, Shelf, TooBusy
from bot.web.records import as_event, cried_line
from engine.errors import CrierError
from engine.model import Ledger

LOOK = 5.0  # seconds between looks
BEAT = 15.0  # seconds of silence after which a comment says that the line is up
MOST, MOST_EACH = 200, 4  # listeners, and of one address
MOST_UNREAD = 100  # events; a listener who is further behind is let go, and may resume
CAUGHT_UP = 50  # missed announcements that are read at once for one who resumes

Mark = tuple[Ledger, int]  # ledger and journal entry of the last decision told

log = logging.getLogger(__name__)


def read_mark(text: str) -> Mark | None:
    """`live:123` as a browser sends it back; None for anything else."""
    ledger, _, seq = text.partition(":")
    if ledger in get_args(Ledger) and seq.isascii() and seq.isdigit() and len(seq) < 12:
        return cast(Ledger, ledger), int(seq)
    return None


class Announcer:
    """Looks for new announcements while it runs, and hands each to every listener."""

    def __init__(self, door: BookDoor, look: float = LOOK) -> None:
        self._door = door
        self._look = look
        self._lines: dict[asyncio.Queue[str], str] = {}  # each with the address that listens on it
        self._last: Mark | None = None
        self._stamp: tuple[object, ...] | None = None

    async def run(self) -> None:
        """Look until cancelled; a database that cannot be read now is looked at again."""
        while True:
            try:
                await self.look()
            except (CrierError, TooBusy) as error:
                log.warning("announcements cannot be read, trying again: %s", error or "too busy")
            await asyncio.sleep(self._look)

    async def look(self) -> None:
        """Hand on what was announced since the last look; the first look only finds where things stand."""
        stamp = await self._door.stamp()
        if stamp == self._stamp:
            return
        more = True
        while more:
            found, self._last = await self._door.ask(lambda shelf: _news(shelf, self._last))
            more = len(found) == MOST_UNREAD
            for line in list(self._lines):
                for event in found:
                    self._hand(line, event)
        self._stamp = stamp

    def _hand(self, line: asyncio.Queue[str], event: str) -> None:
        try:
            line.put_nowait(event)
        except asyncio.QueueFull:
            self._lines.pop(line, None)

    @asynccontextmanager
    async def listen(self, address: str, mark: Mark | None) -> AsyncIterator[AsyncIterator[str]]:
        """Events for one listener, first those missed since `mark`; TooBusy where too many listen already."""
        if len(self._lines) >= MOST or Counter(self._lines.values())[address] >= MOST_EACH:
            raise TooBusy
        line: asyncio.Queue[str] = asyncio.Queue(MOST_UNREAD)
        self._lines[line] = address
        try:
            yield self._told(line, await self._missed(mark))
        finally:
            self._lines.pop(line, None)

    async def _missed(self, mark: Mark | None) -> list[CriedLine]:
        return await self._door.ask(lambda shelf: _since(shelf, mark)) if mark else []

    async def _told(self, line: asyncio.Queue[str], missed: list[CriedLine]) -> AsyncIterator[str]:
        yield "retry: 10000\n: listening\n\n"
        seen: set[str] = set()
        while missed:
            for told in missed:
                event = as_event(told)
                seen.add(event)
                yield event
            mark = read_mark(missed[-1].id) if len(missed) == CAUGHT_UP else None
            missed = await self._missed(mark)
        while line in self._lines:
            try:
                event = await asyncio.wait_for(line.get(), BEAT)
            except TimeoutError:
                event = ": still here\n\n"
            if event not in seen:
                yield event


def _news(shelf: Shelf, last: Mark | None) -> tuple[list[str], Mark]:
    """What came after `last`, and where things stand now; a ledger that has just begun is told from its start."""
    ledger = shelf.book.ledger
    newest = shelf.database.journal.last(ledger)
    now: Mark = (ledger, newest.seq if newest else 0)
    if last is None:
        return [], now
    after = last[1] if last[0] == ledger else 0
    found = shelf.published.since(ledger, after, MOST_UNREAD)
    reached: Mark = (ledger, found[-1].seq) if len(found) == MOST_UNREAD else now
    return [as_event(cried_line(cried)) for cried in found], reached


def _since(shelf: Shelf, mark: Mark) -> list[CriedLine]:
    """The first announcements after `mark`, and from the start those of a ledger that has begun since."""
    found = shelf.published.since(*mark, CAUGHT_UP)
    if len(found) < CAUGHT_UP and mark[0] != shelf.book.ledger:
        found += shelf.published.since(shelf.book.ledger, 0, CAUGHT_UP - len(found))
    return [cried_line(cried) for cried in found]
