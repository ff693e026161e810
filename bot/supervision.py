"""Keeps the parts of the service alive: one that fails is started again after a rest; admins hear where that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.platforms.port import LockedOut
from engine.errors import CrierError
from engine.sources.http.limits import Clock

FIRST, LONGEST = 1.0, 300.0  # seconds of rest after a failure, doubled each time up to the longest
LIVED = 600.0  # seconds; a part that ran so long failed of something new
TOLD_AFTER = 4  # failures in a row, until admins are told

Warn = Callable[[str, str, str], Awaitable[None]]  # key, what happened, the platform that cannot tell it

log = logging.getLogger(__name__)


@dataclass
class Part:
    """One part of the service by name; `platform` is the one it belongs to, which then cannot tell of its own end."""

    name: str
    run: Callable[[], Awaitable[None]]
    platform: str = ""
    failures: int = field(default=0, init=False)
    last: str = field(default="", init=False)


async def keep_alive(part: Part, clock: Clock, warn: Warn) -> None:
    """Run a part until called off; each failure is written down, rested for, and told where they do not end."""
    while True:
        started = clock.monotonic()
        try:
            await part.run()
            return
        except Exception as error:
            part.last = f"{type(error).__name__}: {error}"
            if isinstance(error, CrierError):  # on purpose, and in a sentence
                log.error("%s failed: %s", part.name, error)
            else:
                log.exception("%s failed", part.name)
            part.failures = 1 if clock.monotonic() - started > LIVED else part.failures + 1
            if part.failures == TOLD_AFTER or isinstance(error, LockedOut):
                day = clock.wall().date()
                said = f"{part.name} does not stay alive ({part.last}); it is tried again every few minutes."
                try:
                    await warn(f"part/{part.name}/{day}", said, part.platform)
                except Exception:  # or the part would stay dead, without a word
                    log.exception("nobody could be told that %s fails", part.name)
        await clock.sleep(rest(part.failures, clock))


def rest(failures: int, clock: Clock) -> float:
    """Seconds before the next try, with chance in them."""
    return min(FIRST * 2.0 ** min(failures - 1, 16), LONGEST) * clock.random.uniform(0.75, 1.25)


async def until_stopped(stopping: asyncio.Event, seconds: float, clock: Clock) -> bool:
    """Sleep, or less where the service stops; returns whether it does."""
    sleep, stop = asyncio.ensure_future(clock.sleep(seconds)), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((sleep, stop), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleep.cancel()
        stop.cancel()
    return stopping.is_set()
