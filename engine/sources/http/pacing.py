"""Spaces the requests to one host evenly, and leaves a host alone that fails again and again."""

from __future__ import annotations

import asyncio

from engine.sources.http.limits import Clock, Limits


class Pacer:
    """Lets one request go every `every` seconds, in the order they came; a pause holds for all of them.

    Even spacing and no bucket: a bucket lets a burst through, which is what a host's own limiter punishes.
    """

    def __init__(self, clock: Clock, every: float) -> None:
        self._clock = clock
        self._every = every
        self._free = float("-inf")
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return when the next request may go."""
        async with self._turn:
            while (left := self._free - self._clock.monotonic()) > 0:  # a pause may be added while we sleep
                await self._clock.sleep(left)
            self._free = self._clock.monotonic() + self._every

    def pause(self, seconds: float) -> None:
        """Let nothing go for so long."""
        self._free = max(self._free, self._clock.monotonic() + seconds)

    @property
    def paused_for(self) -> float:
        """Seconds until the next request may go."""
        return max(self._free - self._clock.monotonic(), 0.0)


class Breaker:
    """Opens after `failures` in a row; then one request a rest is let through to see whether the host is back."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._failed = 0
        self._until = float("-inf")
        self._probing = False

    def admit(self) -> float:
        """Seconds for which the host is still left alone; 0 lets the request go."""
        left = self._until - self._clock.monotonic()
        if self._failed < self._limits.failures:
            return 0.0
        if left > 0 or self._probing:
            return max(left, 1.0)
        self._probing = True
        return 0.0

    def succeeded(self) -> None:
        self._failed, self._probing = 0, False

    def failed(self) -> None:
        self._failed += 1
        self._probing = False
        over = self._failed - self._limits.failures
        if over >= 0:
            rest = min(self._limits.rest * 2.0 ** min(over, 16), self._limits.longest_rest)
            self._until = self._clock.monotonic() + rest

    def released(self) -> None:
        """The request let through was called off, and says nothing of the host."""
        self._probing = False
