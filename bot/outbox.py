"""Sends what is queued for one platform: several at once, at its pace, each acknowledged, and each failure by its kind.

A message is sent first and acknowledged then: at least once, and a repeat only of what was in flight at a crash.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from bot import verdicts
from bot.digest import not_before
from bot.pacing import Pace
from bot.platforms.port import Address, MaybeSent, Parcel, Platform, Receipt, Undelivered
from bot.reply import Reply
from engine.errors import StorageError
from engine.sources.http.limits import Clock
from storage.database import Database
from storage.outbox import Claimed

T = TypeVar("T")

IN_FLIGHT = 16  # messages of one platform at once
REFILL = 8  # claimed together once so many have landed: every claim is a write to the disk
LEASE = dt.timedelta(seconds=120)
SEND_WITHIN = 60.0  # seconds; an answer that has not come by then may still have been sent
HELD_UP = 3  # times that a message is spaced again because it missed its slot: it woke late, or was asked for long
LOOK = 1.0  # seconds between two looks at an empty queue
PROBE = 600.0  # seconds between tries while the platform takes our token no longer
AFTERWARDS = dt.timedelta(milliseconds=1)  # the queue counts those: a turn that is given back must not come early
LANDING = 5.0  # seconds that messages in flight have at the end
RESTS = (1.0, 2.0, 5.0, 10.0)  # seconds between tries to store an acknowledgement

log = logging.getLogger(__name__)


class Store(Protocol):
    """Does work with the database, one after another."""

    async def do(self, work: Callable[[Database], T]) -> T: ...


Warn = Callable[[str, str, str], Awaitable[None]]  # key, what happened, the platform that cannot tell it


class Sender:
    """The queue's way out to one platform; `run` it until `stop`. `owner` is another at every start.

    What a platform says of a failure is stored and told: `hide` takes out of it what is nobody's business.
    """

    def __init__(
        self,
        platform: Platform,
        store: Store,
        pace: Pace,
        clock: Clock,
        warn: Warn,
        owner: str,
        hide: Callable[[str], str] = str,
    ) -> None:
        self.platform = platform
        self.store = store
        self.pace = pace
        self.clock = clock
        self.warn = warn
        self.owner = owner
        self.hide = hide
        self.trouble = ""  # why nothing can be noted, and so nothing is sent, "" where all is well
        self.locked = ""  # why the platform takes nothing from us
        self.careful = False  # one at a time, until one succeeds
        self.failures = 0  # in a row, of the connection and not of a chat
        self.counts: Counter[str] = Counter()  # attempts by outcome: sent, or the kind of failure
        self._stopping = asyncio.Event()
        self._flights: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Claim and send until stopped; then claims end at once, and what is in flight lands or is given back."""
        self.trouble = ""  # of a run before, whose messages in flight were called off
        await self.keep(lambda db: db.outbox.take_over(self.platform.id, self.now()))
        try:
            while not self._stopping.is_set():
                taken = await self._take()
                await self._wait(0.0 if taken else LOOK)
        finally:
            await self._land()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is in flight has landed."""
        self._stopping.set()

    def lock(self, why: str) -> None:
        """Send nothing, but one message every ten minutes to see whether the token counts again."""
        self.locked, self.careful = why, True
        self.pace.hold(PROBE)

    def now(self) -> dt.datetime:
        return self.clock.wall()

    async def keep(self, work: Callable[[Database], T]) -> T:
        """Store something that must be stored: until it is, nothing more is claimed, and the operator is told."""
        tried = 0
        while True:
            try:
                kept = await self.store.do(work)
            except StorageError as error:
                is_news = not self.trouble  # all that is in flight meets the same trouble
                self.trouble = f"sending stops until the database can be used: {error}"
                if is_news:
                    log.error("%s: %s", self.platform.id, self.trouble)
                    await self.warn(f"storage/{self.platform.id}/{self.now().date()}", self.trouble, "")
                await self.clock.sleep(RESTS[min(tried, len(RESTS) - 1)])
                tried += 1
            else:
                if tried:
                    self.trouble = ""
                return kept

    async def _take(self) -> bool:
        """Claim as many as there is room for, and let them fly."""
        room = (1 if self.careful else IN_FLIGHT) - len(self._flights)
        if self.trouble or room <= 0 or self.pace.held_for > 0:
            return False
        try:
            rows = await self.store.do(lambda db: self._claim(db, room))
        except StorageError as error:
            log.warning("%s: nothing can be claimed: %s", self.platform.id, error)
            return False
        if self._stopping.is_set() and rows:
            await self.keep(lambda db: db.outbox.give_back([row.id for row in rows], self.owner, self.now()))
            return False
        for row in rows:
            flight = asyncio.create_task(self._deliver(row))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)
        return bool(rows)

    def _claim(self, db: Database, room: int) -> list[Claimed]:
        """A look costs no write where nothing is due."""
        due = db.outbox.next_due(self.platform.id)
        if due is None or due > self.now():
            return []
        return db.outbox.claim(self.platform.id, self.owner, room, self.now(), LEASE)

    async def _deliver(self, row: Claimed) -> None:
        try:
            if not await self._turn(row):
                return
            parcel = _parcel(row)
            try:
                receipt = await self._send(parcel)
            except Undelivered as error:
                self.counts[type(error).__name__] += 1
                await verdicts.judge(self, row, error)
            else:
                self.counts["sent"] += 1
                await self._sent(row, receipt)
        except Exception:
            log.exception("%s: a message of %s met an error of ours", self.platform.id, row.news)
            at = self.now() + LEASE
            await self.keep(lambda db: db.outbox.later(row.id, self.owner, at, "an error of ours", maybe=True))

    async def _turn(self, row: Claimed) -> bool:
        """Wait for the message's turn; False where it is given back: its chat sleeps or waits longer, leaves, or we
        stop."""
        if await self._is_asleep(row):
            return False
        while True:
            turn = self.pace.turn(row.chat.chat, row.chat.place)
            if not turn.taken:
                await self._give_back(row, turn.seconds, "its chat's turn comes later")
                return False
            if turn.seconds > 0:
                await self._rest(turn.seconds)
            if self._stopping.is_set() or self.trouble:
                await self._give_back(row, 0.0, "")
                return False
            if self.pace.held_for <= 0:
                return not await self._is_asleep(row) and await self._goes(row)  # a turn may be long in coming

    async def _goes(self, row: Claimed) -> bool:
        """Go apart from what was held up beside it, where the chat still wants it; False where it is given back."""
        for _ in range(HELD_UP):
            seconds = self.pace.slot()
            slot = self.clock.monotonic() + seconds
            if seconds > 0:
                await self._rest(seconds)
            wanted = await self.keep(lambda db: db.outbox.still(row.id, self.owner, self.now()))
            if not wanted or self._stopping.is_set() or self.trouble or self.pace.held_for > 0:
                await self._give_back(row, 0.0, "")
                return False
            if self.clock.monotonic() - slot <= self.pace.apart:
                break
        return True

    async def _is_asleep(self, row: Claimed) -> bool:
        """Whether the chat's quiet hours have begun since the message was queued; then it waits for their end."""
        until = not_before(row.chat, row.push, self.now())
        if until is None:
            return False
        await self.keep(lambda db: db.outbox.later(row.id, self.owner, until, "its quiet hours", counted=False))
        return True

    async def _send(self, parcel: Parcel) -> Receipt:
        """One attempt; whatever else than the port's own errors comes of it, nobody knows whether it was sent."""
        try:
            async with asyncio.timeout(SEND_WITHIN):
                receipt = await self.platform.send(parcel)
        except TimeoutError:
            raise MaybeSent(f"no answer within {SEND_WITHIN:.0f} seconds") from None
        except Undelivered as error:
            error.args = (self.hide(str(error)),)
            raise
        except Exception as error:
            log.exception("%s: sending failed in a way the platform should have named", self.platform.id)
            raise MaybeSent(f"an unexpected {type(error).__name__}") from error
        if not receipt.message:
            raise MaybeSent("an acknowledgement that names no message")
        return receipt

    async def _sent(self, row: Claimed, receipt: Receipt) -> None:
        self.careful, self.failures, self.locked = False, 0, ""
        await self.keep(lambda db: db.outbox.acknowledge(row.id, self.owner, receipt.message, self.now()))
        if receipt.note:
            await self.keep(lambda db: verdicts.remark(db, row, receipt.note, self.now()))

    async def _give_back(self, row: Claimed, seconds: float, why: str) -> None:
        at = self.now() + (dt.timedelta(seconds=seconds) + AFTERWARDS if seconds else dt.timedelta())
        await self.keep(lambda db: db.outbox.later(row.id, self.owner, at, why, counted=False))

    async def _rest(self, seconds: float) -> None:
        """Sleep, or less where we stop."""
        sleep, stop = asyncio.ensure_future(self.clock.sleep(seconds)), asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((sleep, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            stop.cancel()

    async def _wait(self, seconds: float) -> None:
        """Until there is room again, for at most `seconds` where there is; less where we stop."""
        if len(self._flights) > (0 if self.careful else IN_FLIGHT - REFILL):
            stop = asyncio.ensure_future(self._stopping.wait())
            try:
                await asyncio.wait({stop, *self._flights}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stop.cancel()
        elif seconds > 0:
            await self._rest(seconds)
        else:
            await asyncio.sleep(0)

    async def _land(self) -> None:
        """Let what is in flight end; what does not is called off, and counts as maybe sent at the next start."""
        flights = set(self._flights)
        if flights:
            _, late = await asyncio.wait(flights, timeout=LANDING)
            for flight in late:
                flight.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _parcel(row: Claimed) -> Parcel:
    chat = row.chat
    key = hashlib.sha256(f"{row.news}|{chat.platform}|{chat.chat}".encode()).hexdigest()[:24]
    role = chat.role if row.push == "danger" else ""
    return Parcel(key, Address(chat.chat, chat.thread), Reply.from_json(row.reply), chat.silent, role)
