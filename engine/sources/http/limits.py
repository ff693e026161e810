"""What the polite client works with: its limits, its clock, and the paces of the hosts it may ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how often and how much; seconds and bytes."""

    attempts: int = 4
    connect: float = 10.0
    read: float = 20.0  # between two pieces of an answer
    total: float = 60.0  # a whole answer: one that trickles forever ends here
    patience: float = 90.0  # a wait asked for that is longer ends the attempt instead
    backoff: float = 1.0  # before the first repeat, doubled each time
    packed: int = 16_000_000
    unpacked: int = 64_000_000
    redirects: int = 4
    failures: int = 5  # in a row, until a host is left alone
    rest: float = 60.0  # for which it is left alone, doubled each time up to `longest_rest`
    longest_rest: float = 900.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, handed in so that a test neither waits nor guesses."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    wall: Callable[[], dt.datetime]
    random: Random
