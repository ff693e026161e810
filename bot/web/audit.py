"""Recomputes the journal again and again for the page, in a thread and on a connection of its own."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass

from bot.book import Verdict
from bot.web.door import BookDoor
from engine.errors import CrierError

REST = 300.0  # seconds between two looks at whether anything was published
OLD = dt.timedelta(hours=6)  # after so long a journal is recomputed although nothing was

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the last recomputation found, and when."""

    verdict: Verdict
    when: dt.datetime


class Auditor:
    """Whoever asks is shown the last verdict: nobody outside can make the machine recompute a journal."""

    def __init__(self, door: BookDoor) -> None:
        self._door = door
        self._stamp: tuple[object, ...] | None = None
        self.last: Checked | None = None

    async def run(self) -> None:
        """Recompute at the start, whenever something was published and every few hours, until cancelled."""
        while True:
            try:
                await self.check()
            except CrierError as error:
                log.warning("the journal cannot be recomputed now: %s", error)
            await asyncio.sleep(REST)

    async def check(self) -> None:
        """Recompute if anything was published since the last time, or that is long ago."""
        stamp, now = await self._door.stamp(), self._door.now()
        if self.last is not None and stamp == self._stamp and now - self.last.when < OLD:
            return
        verdict = await self._door.ask(lambda shelf: shelf.book.verify(None))
        self._stamp, self.last = stamp, Checked(verdict, now)
