"""A chat service that counts what it received and misbehaves on demand; it knows nothing of the bot's own tables."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.platforms.port import Parcel, Receipt, SlowDown

Fault = Callable[["ChatService", Parcel], Awaitable[None] | None]  # raises what the platform would


@dataclass
class ChatService:
    """One platform at its outermost edge. `arrived` are (second, chat, title) of what it took, in order.

    It enforces `limit` messages in any second and `group_limit` in any minute of one chat in `groups`, counted before
    anything else; a message over them is answered with SlowDown and counted in `refused`.
    """

    id: str = "telegram"
    now: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    latency: float = 0.02
    limit: int = 30
    group_limit: int = 20
    groups: frozenset[str] = frozenset()
    fault: Fault | None = None
    retry_after: float = 5.0
    arrived: list[tuple[float, str, str]] = field(default_factory=list)
    asked: list[tuple[float, str]] = field(default_factory=list)
    refused: int = 0
    silent: Counter[bool] = field(default_factory=Counter)
    _second: deque[float] = field(default_factory=deque)
    _minutes: dict[str, deque[float]] = field(default_factory=dict)

    @property
    def is_connected(self) -> bool:
        return True

    async def run(self, ready: Callable[[], None]) -> None:
        ready()
        await asyncio.Event().wait()

    async def send(self, parcel: Parcel) -> Receipt:
        self.asked.append((self.now(), parcel.to.chat))
        self._enforce(parcel.to.chat)
        if self.fault is not None and (made := self.fault(self, parcel)) is not None:
            await made
        self.take(parcel)
        await self.sleep(self.latency)
        return Receipt(str(len(self.arrived)))

    def take(self, parcel: Parcel) -> None:
        self.arrived.append((self.now(), parcel.to.chat, parcel.reply.title))
        self.silent[parcel.silent] += 1

    def counts(self) -> Counter[str]:
        """How often each chat was told anything."""
        return Counter(chat for _, chat, _ in self.arrived)

    def _enforce(self, chat: str) -> None:
        now = self.now()
        self._within(self._second, now, 1.0, self.limit)
        if chat in self.groups:
            self._within(self._minutes.setdefault(chat, deque()), now, 60.0, self.group_limit)

    def _within(self, times: deque[float], now: float, span: float, most: int) -> None:
        while times and times[0] <= now - span:
            times.popleft()
        if len(times) >= most:
            self.refused += 1
            raise SlowDown("too many requests", self.retry_after)
        times.append(now)
