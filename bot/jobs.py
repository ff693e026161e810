"""Does what the schedule says is due: heavy work in a child process, the rest in the clerk's thread."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Protocol, TypeVar
from urllib.request import urlopen

from bot.child import ChildCrashed, run_in_child
from bot.phrases import day
from bot.scheduler import ALIVE, Stored, Work, due, note_done, note_patience, note_tried, read_stored
from bot.settings import Settings
from bot.shelf import KEPT
from bot.supervision import Warn, until_stopped
from engine.errors import CrierError
from engine.sources.http.limits import Clock
from storage.database import Database

T = TypeVar("T")

LOOK = 30.0  # seconds between two looks at what is due
TOLD_AFTER = 3  # tries of one thing without success, until admins are told
PING_EVERY = 60.0
PING_WITHIN = 4.0
LONGEST_LOOK, LONGEST_WORK = 300.0, 3 * 3600.0  # seconds without a sign from the schedule, until it counts as dead

log = logging.getLogger(__name__)

RunChild = Callable[[Sequence[str], Callable[[str], None]], Awaitable[str]]


class Waits(CrierError):
    """Something is not done yet because it waits for what is not there; that is no failure."""


class Store(Protocol):
    """Does work with the database, one after another."""

    async def do(self, work: Callable[[Database], T]) -> T: ...


async def knock(url: str) -> None:
    """Ask a URL, whatever it answers; OSError or ValueError where nobody takes it."""
    try:
        await asyncio.to_thread(lambda: urlopen(url, timeout=PING_WITHIN).close())
    except HTTPException as error:
        raise ValueError(f"its answer is no HTTP ({type(error).__name__})") from None


@dataclass
class Jobs:
    """The schedule at work; `run` it until the service stops. `well` says whether the rest of the service is."""

    settings: Settings
    store: Store
    clock: Clock
    warn: Warn
    stopping: asyncio.Event
    well: Callable[[], bool] = lambda: True
    child: RunChild = run_in_child
    knock: Callable[[str], Awaitable[None]] = knock
    _pinged: float = field(default=float("-inf"), init=False)
    _dead_from: float = field(default=float("-inf"), init=False)  # unless the schedule gives another sign of life

    async def run(self) -> None:
        """Do what is due, one thing after another, and look again every half minute."""
        while True:
            for work in await self.due():
                if self.stopping.is_set():
                    return
                self._dead_from = self.clock.monotonic() + LONGEST_WORK
                await self.perform(work)
            if await until_stopped(self.stopping, LOOK, self.clock):
                return

    async def keep_pinging(self) -> None:
        """Tell the dead man's switch that we live, beside work that takes hours as beside none."""
        while True:
            await self.ping()
            if await until_stopped(self.stopping, LOOK, self.clock):
                return

    async def due(self) -> list[Work]:
        """What is due now; noting that we live is the proof that the database can be written."""
        now = self.clock.wall()

        def look(database: Database) -> Stored:
            database.agenda.note(ALIVE, "", now)
            return read_stored(database)

        stored = await self.store.do(look)
        self._dead_from = self.clock.monotonic() + LONGEST_LOOK
        return due(stored, now)

    async def perform(self, work: Work) -> None:
        """Do one thing; a failure is noted, written down and, where it lasts, told to admins."""
        now = self.clock.wall()
        count = await self.store.do(lambda database: note_tried(database, work, now))
        began, key = self.clock.monotonic(), {"key": f"{work.kind}/{work.about}"}
        log.info("%s %s begins", work.kind, work.about, extra=key)
        try:
            await DOES[work.kind](self, work)
        except Waits as error:
            log.info("%s %s is not done yet: %s", work.kind, work.about, error)
            await self.store.do(lambda database: note_patience(database, work, now))
        except CrierError as error:
            log.warning("%s %s failed: %s", work.kind, work.about, error, extra=key)
            if isinstance(error, ChildCrashed) or count == TOLD_AFTER:
                said = f"{SAYS[work.kind]} failed ({work.about}, try {count}): {error} It will be tried again."
                await self.warn(f"{work.kind}/{work.about}/{type(error).__name__}", said, "")
        else:
            seconds = self.clock.monotonic() - began
            await self.store.do(lambda database: note_done(database, work, self.clock.wall(), seconds))
            log.info("%s %s done", work.kind, work.about, extra=key)

    async def ping(self) -> None:
        """Tell the dead man's switch that all is well, and that the schedule lives; silence tells it the contrary."""
        url, now = self.settings.ping_url, self.clock.monotonic()
        if not url or not self.well() or now > self._dead_from or now - self._pinged < PING_EVERY:
            return
        self._pinged = now
        try:
            await self.knock(url)
        except (OSError, ValueError) as error:
            log.warning("the ping was not taken: %s", error)

    async def _command(self, *arguments: str) -> str:
        """Run a command on our database in a child and return its JSON; its progress stands in the log."""
        database = ("--database", str(self.settings.database))
        return await self.child((*arguments, "--json", *database), lambda line: log.info("%s: %s", arguments[0], line))

    async def _fetch(self, work: Work) -> None:
        await self._command("fetch")

    async def _first(self, work: Work) -> None:
        """Replay the last Monday, where nothing was decided yet: chats have something to ask about, and it says what it
        is."""
        await self._command("week", "--as-of", work.about)

    async def _week(self, work: Work) -> None:
        """Decide and fill what can be; for an index that waits for its prices, they are fetched before the next try."""
        if await self.store.do(lambda database: read_stored(database).tried[work.kind].count) > 1:
            with suppress(CrierError):  # the gate of the week says what is missing
                await self._command("fetch")
        waiting = json.loads(await self._command("week")).get("waiting", [])
        if waiting:
            raise Waits(" ".join(ready["says"] for ready in waiting))

    async def _missed(self, work: Work) -> None:
        """A week that was not decided in its day is not made up for: that would be back-dated."""
        monday = dt.date.fromisoformat(work.about)
        said = (
            f"The week of {day(monday)} was not decided within 24 hours of its Monday, so it stays undecided: indices "
            f"hold what they held. The next decision is due on {day(monday + dt.timedelta(weeks=1))}."
        )
        await self.warn(f"missed/{work.about}", said, "")

    async def _tend(self, work: Work) -> None:
        now = self.clock.wall()

        def tend(database: Database) -> None:
            with database.atomic():
                database.outbox.mend(now)
                database.outbox.purge(now - KEPT)
            database.agenda.measure(now.date())

        await self.store.do(tend)


DOES: Mapping[str, Callable[[Jobs, Work], Awaitable[None]]] = {
    "tend": Jobs._tend,
    "fetch": Jobs._fetch,
    "first": Jobs._first,
    "week": Jobs._week,
    "day": Jobs._week,
    "missed": Jobs._missed,
}
SAYS: Mapping[str, str] = {
    "tend": "Tidying the database",
    "fetch": "Fetching from the live sources",
    "first": "Looking back at the last Monday",
    "week": "The weekly decision",
    "day": "The daily settlement",
    "missed": "Telling of a missed week",
}
