"""A clock for real parts: it leaps to the next instant at which something is due, once nothing is in flight anywhere.

Unlike `virtual` it suits threads and sockets: what runs there is counted, and while anything of it runs, or a service
on loopback is spoken to, no time passes. Parts that only look again and again are not waited for where nothing is due.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random
from typing import Any

from engine.sources.http.limits import Clock

QUICK, SLOW = frozenset({1.0}), frozenset({30.0, 300.0})  # seconds for which `LOOK` and `EVERY` of the parts sleep
CALM = 20  # turns of the event loop in a row in which nothing stirred
A_TURN = 0.0002  # seconds that a thread is given while it works
STUCK = 100_000  # turns that one instant may last: something goes round and round then

_COUNTED: ContextVar[asyncio.Task[Any] | None] = ContextVar("counted", default=None)


class LeapingTime:
    """`clock` is handed to the parts; `jumped` is by how much the wall's clock is wrong, which `monotonic` never is."""

    def __init__(self, start: dt.datetime, seed: int) -> None:
        self.start = start
        self.seconds = 0.0
        self.busy = 0
        self.leaps = 0
        self.jumps = [(0.0, dt.timedelta())]  # from which second on the wall was wrong by how much
        self._stirs = 0
        self._count = 0
        self.looked = 0.0  # when those who look seldom were last let
        self._sleepers: list[tuple[float, int, float, asyncio.Future[None]]] = []  # until, number, for how long
        self.clock = Clock(self.monotonic, self.sleep, self.wall, Random(seed))

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> dt.datetime:
        """What the wall's clock shows."""
        return self.shown(self.seconds)

    def shown(self, seconds: float) -> dt.datetime:
        """What it showed then."""
        jumped = next(by for since, by in reversed(self.jumps) if since <= seconds)
        return self.true(seconds) + jumped

    def true(self, seconds: float | None = None) -> dt.datetime:
        """What time it truly is, or was."""
        return self.start + dt.timedelta(seconds=self.seconds if seconds is None else seconds)

    def second(self, instant: dt.datetime) -> float:
        return (instant - self.start).total_seconds()

    def jump(self, by: dt.timedelta) -> None:
        """Let the wall's clock be wrong by so much from now on."""
        self.jumps.append((self.seconds, by))

    def stir(self) -> None:
        """Note that something happened: others may have work now."""
        self._stirs += 1

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Let no time pass while this lasts, but for what sleeps in it itself."""
        if _COUNTED.get() is asyncio.current_task():
            yield
            return
        token = _COUNTED.set(asyncio.current_task())
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
            self.stir()
            _COUNTED.reset(token)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        self.stir()
        self._sleepers.append((self.seconds + seconds, self._count, seconds, future))
        counted = _COUNTED.get() is asyncio.current_task()
        self.busy -= counted
        try:
            await future
        finally:
            self.busy += counted

    async def settle(self) -> None:
        """Return once nothing is in flight."""
        calm, turns, seen = 0, 0, self._stirs
        while calm < CALM:
            await asyncio.sleep(A_TURN if self.busy else 0)
            calm = 0 if self.busy or self._stirs != seen else calm + 1
            seen = self._stirs
            turns += 1
            if turns > STUCK:
                raise AssertionError(f"at {self.true()} something is in flight for ever: {_tasks()}")

    async def pass_until(
        self,
        second: Callable[[], float],
        due: Callable[[], float | None],
        longest: Callable[[], float],
        between: Callable[[], Awaitable[object]],
    ) -> None:
        """Let time pass until `second`, which may come nearer meanwhile.

        `due` is when something falls due next (None for nothing), `longest` for how long those who look seldom are
        not missed; `between` is awaited at every instant.
        """
        while True:
            await self.settle()
            await between()
            goal = second()
            if self.seconds >= goal:
                return
            look = max(self.looked + longest(), self.seconds)
            to = min(goal, look, self._next(due()))
            self._leap(to, slow_too=to >= min(goal, look))

    def _next(self, due: float | None) -> float:
        """When somebody must be woken; those who only look need not be, but for something that is due now."""
        waiting = [(at, seconds) for at, _, seconds, future in self._sleepers if not future.done()]
        soonest = min((at for at, seconds in waiting if seconds not in QUICK | SLOW), default=float("inf"))
        if due is None:
            return soonest
        if due > self.seconds:
            return min(soonest, due)
        return min((at for at, seconds in waiting if seconds not in SLOW), default=soonest)

    def _leap(self, to: float, slow_too: bool) -> None:
        self.leaps += 1
        self.seconds = max(self.seconds, to)
        self.looked = self.seconds if slow_too else self.looked
        kept = []
        for entry in sorted(self._sleepers, key=lambda entry: entry[:2]):
            at, _, seconds, future = entry
            if future.done():  # called off
                continue
            if at <= self.seconds and (slow_too or seconds not in SLOW):
                future.set_result(None)
            else:
                kept.append(entry)
        self._sleepers = kept


class OnClock:
    """Stands for `asyncio` in a module whose own waits shall pass on a clock: everything else is asyncio's."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self.sleep = sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


def _tasks() -> list[str]:
    return [repr(task)[:300] for task in asyncio.all_tasks()]
