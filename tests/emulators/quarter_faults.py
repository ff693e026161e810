"""Both chat services of the quarter: they know what time it is, and answer badly by the luck of a seed."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from emulators import faults
from emulators.discord import Discord, limited, refusing as discord_refusing, taken_but_unanswered
from emulators.faults import Fault
from emulators.leaping import LeapingTime
from emulators.telegram import SENDING, Telegram, refusing as telegram_refusing, sent_but_unanswered

APART = 6 * 3600.0  # seconds between two answers of one chat after which nobody knows whether the message arrived
AFTER_A_KILL = 3600.0  # nor so soon after one: a message is repeated once, and not for ever

# The name of each bad answer, in how many of ten thousand messages it comes, and whether it leaves us in the dark.
LUCK: tuple[tuple[str, int, bool], ...] = (
    ("patience", 120, False),
    ("fails", 120, False),
    ("is down", 60, False),
    ("taken, line drops", 60, True),
    ("taken, garbage", 40, True),
    ("a page instead", 30, True),
    ("silence", 8, True),
)


@dataclass
class Luck:
    """Which messages meet a bad answer: a function of the seed, the chat and how many it was sent, of no order."""

    seed: int
    time: LeapingTime
    share: float = 1.0
    asleep: bool = False
    killed: list[float] = field(default_factory=list)
    storms: dict[str, float] = field(default_factory=dict)  # platform -> until when everybody is asked for patience
    spoilt: Counter[str] = field(default_factory=Counter)
    log: list[tuple[float, str, str, str]] = field(default_factory=list)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    _dark: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(lambda: -APART))

    def draw(self, platform: str, chat: str, table: dict[str, Callable[[int], Fault]]) -> Fault | None:
        """The fault of this message, None for most."""
        if self.asleep:
            return None
        self._seen[platform, chat] += 1
        number = zlib.crc32(f"{self.seed}/{platform}/{chat}/{self._seen[platform, chat]}".encode())
        if self.time.seconds < self.storms.get(platform, 0.0):
            self.spoilt[f"{platform}: storm"] += 1
            return table["patience"](number)
        at, past = number % 10_000, 0.0
        for name, share, dark in LUCK:
            past += share * self.share
            if at < past:
                if dark and not self._may_be_dark(platform, chat):
                    return None
                self.spoilt[f"{platform}: {name}"] += 1
                self.log.append((self.time.seconds, platform, chat, name))
                return table[name](number // 10_000)
        return None

    def _may_be_dark(self, platform: str, chat: str) -> bool:
        now = self.time.seconds
        since_kill = now - max((at for at in self.killed if at <= now), default=-AFTER_A_KILL)
        if now - self._dark[platform, chat] < APART or since_kill < AFTER_A_KILL:
            return False
        self._dark[platform, chat] = now
        return True


TELEGRAM_FAULTS: dict[str, Callable[[int], Fault]] = {
    "patience": lambda n: telegram_refusing(
        429, f"Too Many Requests: retry after {3 + n % 30}", retry_after=3 + n % 30
    ),
    "fails": lambda n: telegram_refusing((500, 502, 504)[n % 3], "Internal Server Error"),
    "is down": lambda n: faults.reset if n % 2 else telegram_refusing(503, "Service Unavailable"),
    "taken, line drops": lambda n: sent_but_unanswered,
    "taken, garbage": lambda n: faults.garbage,
    "a page instead": lambda n: faults.page,
    "silence": lambda n: faults.silence,
}
DISCORD_FAULTS: dict[str, Callable[[int], Fault]] = {
    "patience": lambda n: limited((2.0, 8.0, 45.0)[n % 3], via="1.1 google" if n % 4 else ""),
    "fails": lambda n: discord_refusing((500, 502, 504)[n % 3]),
    "is down": lambda n: discord_refusing(503),
    "taken, line drops": lambda n: taken_but_unanswered,
    "taken, garbage": lambda n: faults.garbage,
    "a page instead": lambda n: faults.page,
    "silence": lambda n: faults.silence,
}


class Heard(list[Any]):
    """Messages that arrived; `heard` is told of each at once."""

    def __init__(self, heard: Callable[[Any], None]) -> None:
        super().__init__()
        self._heard = heard

    def append(self, message: Any) -> None:
        super().append(message)
        self._heard(message)


class Attended:
    """What both services do beside their own work: `on_sent` hears of every message that arrived."""

    time: LeapingTime
    luck: Luck
    sent: list[Any]
    spoilt: set[int]
    on_sent: Callable[[Any], None]

    def attend(self, time: LeapingTime, luck: Luck) -> None:
        self.time, self.luck, self.spoilt = time, luck, set()
        self.on_sent = lambda message: None
        self.sent = Heard(lambda message: self.on_sent(message))

    async def attended(self, serve: Callable[[], Any]) -> Any:
        """Serve a request; no time passes meanwhile."""
        self.time.stir()
        with self.time.counting():
            return await serve()


class UnsteadyTelegram(Attended, Telegram):
    def __init__(self, time: LeapingTime, luck: Luck) -> None:
        super().__init__(monotonic=time.monotonic)
        self.attend(time, luck)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if method.casefold() == "getupdates":
            return await super()._serve(request)
        return await self.attended(lambda: super(UnsteadyTelegram, self)._serve(request))

    def _due(self, method: str, chat: str) -> Fault | None:
        standing = super()._due(method, chat)
        if standing is not None or method not in SENDING:
            return standing
        fault = self.luck.draw("telegram", chat, TELEGRAM_FAULTS)
        return _noted(fault, self) if fault is not None else None


class UnsteadyDiscord(Attended, Discord):
    def __init__(self, time: LeapingTime, luck: Luck) -> None:
        super().__init__(monotonic=time.monotonic)
        self.attend(time, luck)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        return await self.attended(lambda: super(UnsteadyDiscord, self)._serve(request))

    def _due(self, call: str) -> Fault | None:
        standing = super()._due(call)
        if standing is not None or not (call.startswith("POST /channels/") and call.endswith("/messages")):
            return standing
        fault = self.luck.draw("discord", call.split("/")[2], DISCORD_FAULTS)
        return _noted(fault, self) if fault is not None else None

    def tell(self, event: str, data: Any) -> None:
        self.time.stir()
        super().tell(event, data)


def _noted(fault: Fault, server: Attended) -> Fault:
    """The same fault; what arrives under it is remembered, for nobody was told that it did."""

    async def spoil(request: web.Request, good: Callable[[], web.Response]) -> web.StreamResponse:
        def taken() -> web.Response:
            before = len(server.sent)
            answer = good()
            server.spoilt |= {message.id for message in server.sent[before:]}
            return answer

        return await fault(request, taken)

    return spoil


async def until(true: Callable[[], Any], what: str, seconds: float = 20.0) -> None:
    """Wait in real time until something is so."""
    for _ in range(int(seconds / 0.002)):
        if true():
            return
        await asyncio.sleep(0.002)
    raise AssertionError(f"still not so after {seconds} s: {what}")
