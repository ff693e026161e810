"""Time that jumps to the next sleeper's instant once nobody has anything to do: hours pass in a moment, in order."""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
from collections.abc import Coroutine
from random import Random
from typing import Any, TypeVar

from engine.sources.http.limits import Clock

T = TypeVar("T")

START = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
SETTLE = 16  # turns of the event loop that any step between two sleeps ends within
STUCK = 2000  # such rounds without any sleeper: something waits for what never comes


class VirtualTime:
    """`clock` is handed to what is tested; `run` drives it. Everything must run on the event loop, in no thread."""

    def __init__(self, start: dt.datetime = START, seed: int = 7) -> None:
        self.start = start
        self.seconds = 0.0
        self.jumped = dt.timedelta()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self.clock = Clock(self.monotonic, self.sleep, self.wall, Random(seed))

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> dt.datetime:
        return self.start + self.jumped + dt.timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + max(seconds, 0.0), self._count, future))
        await future

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        task, idle = asyncio.ensure_future(work), 0
        while not task.done():
            for _ in range(SETTLE):
                await asyncio.sleep(0)
            while self._sleepers and self._sleepers[0][2].done():  # called off
                heapq.heappop(self._sleepers)
            idle = 0 if self._sleepers else idle + 1
            if idle > STUCK:
                task.cancel()
                raise AssertionError("nothing sleeps and nothing ends")
            if self._sleepers and not task.done():
                when, _, future = heapq.heappop(self._sleepers)
                self.seconds = max(self.seconds, when)
                future.set_result(None)
        return task.result()
