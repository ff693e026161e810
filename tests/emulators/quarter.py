"""A whole quarter of the real service in a minute: its calendar of faults is drawn from a seed.

    report = await run_quarter(folder, seed=1, chats=40, weeks=14)

`quarter_check` says of what arrived at both services whether it should have.
"""

from __future__ import annotations

import datetime as dt
import heapq
import time as real
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from emulators.discord import refusing as discord_refusing
from emulators.leaping import LeapingTime
from emulators.quarter_calendar import Plan, draw_plan
from emulators.quarter_faults import Luck, UnsteadyDiscord, UnsteadyTelegram, until
from emulators.quarter_house import House
from emulators.quarter_market import QuarterMarket, Shock
from emulators.quarter_people import Member, People
from emulators.telegram import refusing as telegram_refusing

START = dt.datetime(2026, 10, 11, 18, tzinfo=dt.UTC)  # a Sunday, eve of the first week
MARKET = 11
BOTH = ("telegram", "discord")
# Longest leaps in seconds: while nothing goes on, while something does, while prices fall.
CALM_LEAP, WARY_LEAP, TENSE_LEAP = 3 * 3600.0, 300.0, 120.0
TENSE_FOR = 1000.0  # seconds after a fall, its confirmation and its end
WARY_AFTER = 1800.0  # seconds after anything was done to it


@dataclass(frozen=True, slots=True)
class Copy:
    """One message that arrived: where, when, and as what; `spoilt` where nobody was told that it did."""

    id: int
    platform: str
    room: int
    second: float
    text: str
    labels: tuple[str, ...]


@dataclass
class Report:
    """What happened, as seen from outside."""

    seed: int
    time: LeapingTime
    members: Sequence[Member]
    copies: list[Copy]
    spoilt: set[tuple[str, int]]
    kills: list[float]
    downs: list[tuple[str, float, float]]  # what could not be reached or did not run (`service`), from when until when
    shocks: Sequence[Shock]
    plan: Plan
    decided: dict[str, dict[str, float]]  # week -> index -> second in which a run of the job had decided it
    starts: int
    faults: Counter[str]
    admin: list[str]
    real_seconds: float = 0.0
    dead: list[str] = field(default_factory=list)  # dead letters, for whoever asks why: nothing is judged by them
    bad: list[tuple[float, str, str, str]] = field(default_factory=list)  # second, platform, chat, what was answered


class Quarter:
    """The driver: it lets time pass, and does what the calendar says at each instant."""

    def __init__(self, folder: Path, seed: int, chats: int, weeks: int, calm: float = CALM_LEAP) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.calm = calm
        self.time = LeapingTime(START, seed)
        self.luck = Luck(seed, self.time)
        self.telegram = UnsteadyTelegram(self.time, self.luck)
        self.discord = UnsteadyDiscord(self.time, self.luck)
        self.people = People(self.telegram, self.discord, Random(seed + 1))
        end = START.date() + dt.timedelta(weeks=weeks, days=3)
        self.market = QuarterMarket(START.date() - dt.timedelta(days=1), end, MARKET, self.time.true)
        self.house = House(folder, self.time, self.market, self.telegram, self.discord, self.people.admins)
        self.luck.killed = self.house.kills
        self.chats = chats
        self.plan = draw_plan(Random(seed + 2), START, weeks)
        self.copies: list[Copy] = []
        self.downs: list[tuple[str, float, float]] = []
        self.decided: dict[str, dict[str, float]] = {}
        self.dead: list[str] = []
        self.ends_in: int | None = None  # messages until it is killed
        self.kills_job: tuple[str, str] | None = None
        self._down_since: dict[str, float] = {}
        self._wary_until = self._tense_until = 0.0
        self._agenda: list[tuple[float, int, Callable[[], Awaitable[None]]]] = []
        self._number = 0

    async def run(self) -> Report:
        began = real.monotonic()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.telegram)
            await stack.enter_async_context(self.discord)
            self.house.settings = self.house.settings.model_copy(
                update={"telegram_api": self.telegram.address, "discord_api": self.discord.api,
                        "discord_gateway": self.discord.gateway}
            )  # fmt: skip
            with self.house.open():
                self.house.read(lambda database: self.people.settle_in(database, self.chats))
                for name, server in (("telegram", self.telegram), ("discord", self.discord)):
                    server.on_sent = self._heard(name)
                self.house.before_job = lambda name: self._around(name, "before")
                self.house.after_job = lambda name: self._around(name, "after")
                try:
                    await self._go()
                finally:
                    self.dead = self.house.read(
                        lambda database: [
                            f"{d.platform}:{d.chat} {d.news}: {d.reason}" for d in database.outbox.dead(500)
                        ]
                    )
                    if self.house.life is not None:
                        if self.house.is_up:
                            self.house.kill()
                        await self.house.bury()
        return self._report(real.monotonic() - began)

    async def _go(self) -> None:
        await self.start()
        for event in self.plan.events:
            self.at(self.time.second(event.at), lambda event=event: getattr(self, event.what)(*event.arguments))  # type: ignore[misc]
        self.market.shocks.extend(self.plan.shocks)
        self.market.outages.extend(self.plan.outages)
        self.market.blind.extend(self.plan.blind)
        for shock in self.plan.shocks:
            for instant in (shock.at, shock.confirmed_at, shock.until):
                self.at(self.time.second(instant), self.watchful)
        end = self.time.second(self.plan.end)
        while self._agenda and self._agenda[0][0] < end:
            second, _, act = heapq.heappop(self._agenda)
            await self._pass(second)
            await act()
        await self._pass(end)

    def at(self, second: float, act: Callable[[], Awaitable[None]]) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (second, self._number, act))

    async def _pass(self, second: float) -> None:
        """Let time pass; what is put on the agenda meanwhile comes in its turn."""
        while self.time.seconds < second:
            await self.time.pass_until(lambda: self._next_act(second), self.house.due, self._longest, self._between)
            while self._agenda and self._agenda[0][0] <= self.time.seconds and self._agenda[0][0] < second:
                await heapq.heappop(self._agenda)[2]()
        await self.time.settle()
        await self._between()

    def _next_act(self, second: float) -> float:
        return min(second, self._agenda[0][0]) if self._agenda else second

    def _longest(self) -> float:
        if self.time.seconds < self._tense_until:
            return TENSE_LEAP
        is_wary = self.time.seconds < self._wary_until or self.house.is_unrested
        calm = WARY_LEAP if is_wary else self.calm
        since = self.time.seconds - self.time.looked
        return min(calm, since + self.house.scheduled()) if self.house.is_up else calm

    def wary(self, seconds: float = WARY_AFTER) -> None:
        self._wary_until = max(self._wary_until, self.time.seconds + seconds)

    # --- what the calendar calls

    async def watchful(self) -> None:
        self._tense_until = self.time.seconds + TENSE_FOR

    async def start(self) -> None:
        """Start the service, and wait until it is connected to whatever is up."""
        if self.house.is_up:
            return
        await self._buried()
        self.house.start()
        self._mark("service", up=True)
        self.wary()
        await until(self._is_connected, "the service is connected")

    def _is_connected(self) -> bool:
        life = self.house.life
        if life is None or (life.running is not None and life.running.done()):
            raise AssertionError(f"the service ended: {life and life.running}")
        if life.service is None:
            return False
        connected = life.service.counted().connected
        return all(connected[name] for name in BOTH if name not in self._down_since)

    async def stop(self) -> None:
        if self.house.is_up:
            await self.house.stop()
            self._mark("service", up=False)

    async def kill(self, rest: float = 0.0) -> None:
        """Kill it now; with a `rest` it is started again after so many seconds."""
        if self.house.is_up:
            self._kill(rest)
            await self._buried()

    def _kill(self, rest: float) -> None:
        self.house.kill()
        self._mark("service", up=False)
        self.wary()
        if rest:
            self.at(self.time.seconds + rest, self.start)

    async def _buried(self) -> None:
        if self.house.life is not None and self.house.life.is_dead:
            await self.house.bury()

    async def _between(self) -> None:
        await self._buried()
        if self.house.is_up and self.house.life is not None:
            running = self.house.life.running
            assert running is not None
            if running.done():
                running.result()
                raise AssertionError(f"the service ended by itself at {self.time.true()}")

    async def kill_in(self, messages: int) -> None:
        """Kill it when so many more messages have arrived."""
        self.ends_in = messages

    async def kill_at_job(self, name: str, when: str) -> None:
        self.kills_job = name, when

    async def down(self, platform: str, how: str = "") -> None:
        """A service cannot be used: it fails, or refuses our token."""
        self._mark(platform, up=False)
        self.wary()
        if platform == "telegram":
            self.telegram.fail(telegram_refusing(*((401, "Unauthorized") if how else (502, "Bad Gateway"))))
        else:
            self.discord.refuses_gateway = True
            self.discord.fail(discord_refusing(*((401, 0, "401: Unauthorized") if how else (503, 0, "down"))))
            await self.discord.drop()

    async def up(self, platform: str) -> None:
        server = self.telegram if platform == "telegram" else self.discord
        server.recover()
        self.discord.refuses_gateway = self.discord.refuses_gateway and platform != "discord"
        self._mark(platform, up=True)
        self.wary()

    async def storm(self, platform: str, seconds: float) -> None:
        """Everybody is asked for patience for so long."""
        self.luck.storms[platform] = self.time.seconds + seconds
        self.wary()

    async def jump(self, minutes: float) -> None:
        """The wall's clock is wrong by so much from now on."""
        self.time.jump(dt.timedelta(minutes=minutes))
        self.wary()

    async def person(self, what: str, platform: str) -> None:
        """Somebody joins, leaves, mutes, blocks or moves; nobody can reach a bot that does not run."""
        second = self.time.seconds
        if what == "moves":
            groups = [m for m in self.people.members if m.platform == "telegram" and len(m.rooms) == 1
                      and getattr(m.speaker, "kind", "") == "group" and m.wants(second, second)]  # fmt: skip
            if groups:
                self.people.moves(self.chance.choice(groups))
            return
        if what == "blocks":
            if (member := self.people.some((platform,), second)) is not None:
                self.people.blocks(member, second)
            return
        if not self.house.is_up or platform in self._down_since or not self._is_connected():
            return
        self.luck.asleep = True
        try:
            if what == "joins":
                await self.people.joins(platform, second)
            elif (member := self.people.some((platform,), second, what != "leaves")) is not None:
                await (self.people.leaves if what == "leaves" else self.people.mutes)(member, second)
        finally:
            self.luck.asleep = False

    # --- what is noticed

    def _heard(self, platform: str) -> Callable[[Any], None]:
        def heard(message: Any) -> None:
            room = message.chat if platform == "telegram" else message.channel
            self.copies.append(Copy(message.id, platform, room, self.time.seconds, message.text, tuple(message.labels)))
            if self.ends_in is not None and "Mute 7 days" in message.labels and self.house.is_up:
                self.ends_in -= 1
                if self.ends_in <= 0:
                    self.ends_in = None
                    self._kill(rest=self.chance.choice((5.0, 60.0, 900.0)))

        return heard

    def _around(self, name: str, when: str) -> None:
        if name == "week" and when == "after":
            self._note_decided()
        if self.kills_job == (name, when) and self.house.is_up:
            self.kills_job = None
            self._kill(rest=60.0)

    def _note_decided(self) -> None:
        """What the journal says is decided, as anybody could export it."""
        rows = self.house.read(
            lambda database: database.connection.rows(
                "SELECT DISTINCT week, index_id FROM decisions WHERE ledger = 'live' AND sequence = 0"
            )
        )
        for week, index in rows:
            self.decided.setdefault(week, {}).setdefault(index, self.time.seconds)

    def _mark(self, what: str, up: bool) -> None:
        if up and what in self._down_since:
            self.downs.append((what, self._down_since.pop(what), self.time.seconds))
        elif not up:
            self._down_since.setdefault(what, self.time.seconds)

    def _report(self, seconds: float) -> Report:
        for what in list(self._down_since):
            self._mark(what, up=True)
        spoilt = {("telegram", id_) for id_ in self.telegram.spoilt} | {("discord", id_) for id_ in self.discord.spoilt}
        bosses = {("telegram", self.people.boss.id), ("discord", self.people.deputy.dm.id)}
        admin = [copy.text for copy in self.copies if (copy.platform, copy.room) in bosses]
        return Report(
            self.seed, self.time, self.people.members, self.copies, spoilt, self.house.kills, self.downs,
            self.market.shocks, self.plan, self.decided, self.house.starts, self.luck.spoilt, admin, seconds, self.dead,
            self.luck.log,
        )  # fmt: skip


async def run_quarter(folder: Path, seed: int, chats: int, weeks: int, calm: float = CALM_LEAP) -> Report:
    """Run it and return what was seen; `calm` is the longest leap, in seconds, while nothing is under way."""
    return await Quarter(folder, seed, chats, weeks, calm).run()
