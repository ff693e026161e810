"""One door a host: who may go in and when, whether it is shut, and what became of those who did."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import SourceError, SourceRefused, SourceUnavailable
from engine.sources.http.address import host
from engine.sources.http.limits import Clock, Limits
from engine.sources.http.pacing import Breaker, Pacer

if TYPE_CHECKING:
    from engine.sources.port import Host


@dataclass(slots=True)
class Tally:
    """What became of the requests to one host; `quota` is what it says is left, `paused_until` what it asked for."""

    requests: int = 0
    failures: int = 0
    unchanged: int = 0
    bytes: int = 0
    quota: int | None = None
    last_success: dt.datetime | None = None
    last_error: str = ""
    last_error_at: dt.datetime | None = None
    paused_until: dt.datetime | None = None


class Door:
    """Keeps one host's pace, its requests at once, its pauses and its breaker."""

    def __init__(self, spec: Host, clock: Clock, limits: Limits) -> None:
        self.tally = Tally()
        self._name = host(spec.origin)
        self._clock = clock
        self._limits = limits
        self._pacer = Pacer(clock, spec.every)
        self._breaker = Breaker(clock, limits)
        self._room = asyncio.Semaphore(spec.at_once)

    def close_for(self, seconds: float) -> None:
        """Keep everybody out for so long: the host asked for it."""
        self._pacer.pause(seconds)
        until = self._clock.wall() + dt.timedelta(seconds=min(seconds, 1e6))
        self.tally.paused_until = max(until, self.tally.paused_until or until)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Wait for the turn of one request, count it, and learn from how it ends."""
        async with self._room:
            self._check()
            await self._pacer.wait()
            left = self._breaker.admit()
            if left:
                raise self._shut(left)
            self.tally.requests += 1
            try:
                yield
            except SourceRefused as error:  # it answers, which is what the breaker asks
                self._breaker.succeeded()
                self._note(error)
                raise
            except SourceError as error:
                self._breaker.failed()
                self._note(error)
                raise
            except BaseException:
                self._breaker.released()
                raise
            self._breaker.succeeded()
            self.tally.last_success = self._clock.wall()

    def _check(self) -> None:
        """Refuse at once, without a wait, where the host wants more patience than we have."""
        if (left := self._pacer.paused_for) > self._limits.patience:
            raise self._shut(left)

    def _shut(self, left: float) -> SourceUnavailable:
        why = f" ({self.tally.last_error.rstrip('.')})" if self.tally.last_error else ""
        text = f"{self._name} is left alone for another {left:.0f} s{why}."
        return SourceUnavailable(text, self._limits.patience + left)

    def _note(self, error: SourceError) -> None:
        self.tally.failures += 1
        self.tally.last_error = str(error)
        self.tally.last_error_at = self._clock.wall()
