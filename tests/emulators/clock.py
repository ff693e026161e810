"""A clock that a test moves by sleeping: nobody waits, and every wait is written down."""

from __future__ import annotations

import asyncio
import datetime as dt
from random import Random

from engine.sources.http.limits import Clock

NOON = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)


class FakeTime:
    """Seconds since it was made, which pass when somebody sleeps; `slept` are the waits, in order."""

    def __init__(self, start: dt.datetime = NOON, seed: int = 7) -> None:
        self.start = start
        self.seconds = 0.0
        self.slept: list[float] = []
        self.clock = Clock(self._monotonic, self._sleep, self.wall, Random(seed))

    def wall(self) -> dt.datetime:
        return self.start + dt.timedelta(seconds=self.seconds)

    def pass_(self, **amount: float) -> None:
        """Let time pass: pass_(hours=2)."""
        self.seconds += dt.timedelta(**amount).total_seconds()

    def _monotonic(self) -> float:
        return self.seconds

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
