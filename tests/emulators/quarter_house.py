"""The real service of the quarter on a leaping clock, over one file, that can be ended or killed at any instant.

Scheduler, jobs, watch, queue, pacing and both real clients are the service's own; prices are the simulated market's,
and what runs in a process of its own otherwise (a fetch, the weekly and daily job) runs here, over the same file.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import discord.client
import discord.http
from emulators.discord import Discord
from emulators.leaping import LeapingTime, OnClock
from emulators.quarter_market import ROUTES, QuarterMarket
from emulators.telegram import Telegram

from bot.child import ChildFailed
from bot.clerk import Clerk
from bot.fetching import Fetcher
from bot.lock import only_instance
from bot.manners import Manners
from bot.notes import AgendaNotes
from bot.platforms.discord import DiscordPlatform, client as discord_client, platform as discord_platform
from bot.platforms.port import Parcel, Platform, Receipt
from bot.platforms.telegram import TelegramPlatform, platform as telegram_platform, updates
from bot.posting import Posting
from bot.service import Service, check, polite
from bot.settings import Settings
from bot.weekly import run_due
from bot.weekly_report import week_to_dict
from engine.errors import CrierError
from engine.sources.table import SOURCES
from storage.database import Database, open_database

T = TypeVar("T")

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)
SILENT = 0.4  # seconds of real time after which a client believes that no answer comes
BURIED = 20.0
HOURS = (10, 30, 360, 720, 1080)  # minutes after 00:00 at which the schedule has something to do

_LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


class Life:
    """One run of the service, with every task that it began."""

    def __init__(self) -> None:
        self.is_dead = False
        self.tasks: set[asyncio.Task[Any]] = set()
        self.service: Service | None = None
        self.running: asyncio.Task[None] | None = None

    def die(self) -> None:
        """End as a killed process does: from now on nothing is written, and nothing more is sent."""
        self.is_dead = True
        for task in list(self.tasks):
            task.cancel()


class MortalClerk(Clerk):
    """The clerk of one life; a dead one writes nothing."""

    def __init__(self, life: Life, time: LeapingTime, settings: Settings, answering: Any) -> None:
        super().__init__(settings, answering, create=True, wall=time.wall)
        self._life = life
        self._time = time

    async def __aexit__(self, *exception: object) -> None:
        if not self._life.is_dead:
            await super().__aexit__(*exception)
            return
        await asyncio.get_running_loop().run_in_executor(self._thread, self._opened.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._life.is_dead:
            raise asyncio.CancelledError
        with self._time.counting():
            return await super()._run(work)


class Counted:
    """A platform whose sending is seen by the clock."""

    def __init__(self, platform: Platform, life: Life, time: LeapingTime) -> None:
        self._platform = platform
        self._life = life
        self._time = time

    @property
    def id(self) -> str:
        return self._platform.id

    @property
    def is_connected(self) -> bool:
        return self._platform.is_connected

    async def run(self, ready: Callable[[], None]) -> None:
        await self._platform.run(ready)

    async def send(self, parcel: Parcel) -> Receipt:
        if self._life.is_dead:
            raise asyncio.CancelledError
        with self._time.counting():
            return await self._platform.send(parcel)


class House:
    """The service with its file, and how it begins and ends."""

    def __init__(
        self, folder: Path, time: LeapingTime, market: QuarterMarket, telegram: Telegram, discord: Discord,
        admins: Sequence[tuple[str, str]],
    ) -> None:  # fmt: skip
        self.time = time
        self.market = market
        self.telegram = telegram
        self.discord = discord
        self.settings = Settings(
            database=folder / "crier.db", admins=",".join(f"{p}:{n}" for p, n in admins),
            telegram_token=telegram.token, telegram_api=telegram.address, discord_token=discord.token,
            discord_api=discord.api, discord_gateway=discord.gateway,
        )  # fmt: skip
        self.life: Life | None = None
        self.starts = 0
        self.kills: list[float] = []
        self.before_job: Callable[[str], None] = lambda name: None
        self.after_job: Callable[[str], None] = lambda name: None

    @property
    def is_up(self) -> bool:
        return self.life is not None and not self.life.is_dead

    @property
    def service(self) -> Service:
        assert self.life is not None and self.life.service is not None
        return self.life.service

    def start(self) -> None:
        """Start it from what is in the file."""
        assert not self.is_up
        self.starts += 1
        self.life = Life()
        token = _LIFE.set(self.life)
        try:
            self.life.running = asyncio.get_running_loop().create_task(self._live(self.life))
        finally:
            _LIFE.reset(token)

    def kill(self) -> None:
        """Kill it at this very instant; `bury` before it is started again."""
        assert self.life is not None
        self.kills.append(self.time.seconds)
        self.life.die()

    async def bury(self) -> None:
        """Wait until nothing of a killed life is left."""
        assert self.life is not None and self.life.is_dead
        for _ in range(8):  # what closes its sockets is let do so
            left = {task for task in self.life.tasks if not task.done()}
            if not left:
                break
            await asyncio.wait(left, timeout=BURIED / 8)
            for task in left:
                task.cancel()
        assert not left, f"a killed service goes on: {left}"
        self.life = None

    async def stop(self) -> None:
        """End it as SIGTERM does."""
        assert self.life is not None and self.life.running is not None
        running = self.life.running
        if self.life.service is None:
            self.kill()
            await self.bury()
            return
        self.life.service.stop()
        await asyncio.wait_for(running, 30)
        self.life = None

    def due(self) -> float | None:
        """At which second something falls due next that its senders could send."""
        if not self.is_up or self.life is None or self.life.service is None:
            return None
        found = []
        for name, is_ready in self.service.counted().connected.items():
            sender = self.service.senders[name]
            at = self._reader.outbox.next_due(name) if is_ready else None
            if at is not None:
                second = (at - self.time.wall()).total_seconds() + self.time.seconds
                found.append(max(second, self.time.seconds + sender.pace.held_for))
        return min(found, default=None)

    def scheduled(self) -> float:
        """Seconds until the schedule's next hour, by the wall's clock."""
        now = self.time.wall()
        today = dt.datetime.combine(now.date(), dt.time(), dt.UTC)
        hours = [today + dt.timedelta(minutes=minutes, seconds=1) for minutes in (*HOURS, 1440 + HOURS[0])]
        return min((hour - now).total_seconds() for hour in hours if hour > now)

    @property
    def is_unrested(self) -> bool:
        """Whether a try of the schedule failed, so that the next one comes by itself."""
        notes = self._reader.agenda.all()
        return any(
            notes.get(f"done/{name.removeprefix('tried/')}", ("", None))[0] != value.rpartition(" ")[0]
            for name, (value, _) in notes.items()
            if name.startswith("tried/")
        )

    @contextmanager
    def open(self) -> Iterator[None]:
        """Prepare the file and the ways of the clients, and close all of it."""
        database = open_database(self.settings.database)
        _hasten(database)
        self.market.fill(database)
        self._reader = database
        with _on_clock(self.time):
            try:
                yield
            finally:
                database.close()

    async def _live(self, life: Life) -> None:
        manners, clock = Manners(self.time.monotonic), self.time.clock
        with only_instance(self.settings.database):
            clerk = MortalClerk(life, self.time, self.settings, lambda desk, asked: polite(manners, desk, asked))
            async with clerk:
                await clerk.do(_hasten)
                await clerk.do(check)
                platforms = [Counted(made, life, self.time) for made in self._platforms(clerk)]
                life.service = Service(self.settings, clerk, platforms, clock, True, self._prices)
                assert life.service.jobs is not None
                life.service.jobs.child = self._child
                await life.service.run()

    def _platforms(self, clerk: Clerk) -> list[Platform]:
        async def draw(chart: object) -> bytes:
            return PICTURE

        return [
            TelegramPlatform(
                self.telegram.token, clerk.answer, front=clerk, draw=draw, api=self.telegram.address,
                monotonic=self.time.monotonic, sleep=self.time.sleep,
            ),
            DiscordPlatform(
                self.discord.token, clerk.answer, front=clerk, draw=draw, notes=AgendaNotes(clerk, "discord"),
                api=self.discord.api, gateway=self.discord.gateway,
            ),
        ]  # fmt: skip

    async def _prices(self, tokens: Any, now: Any) -> Any:
        with self.time.counting():
            return await self.market.prices(tokens, now)

    async def _child(self, arguments: Sequence[str], progress: Callable[[str], None]) -> str:
        """What the child process would do, over the same file with a connection of its own."""
        name = arguments[0]
        with self.time.counting():
            self.before_job(name)
            await asyncio.sleep(0)  # where it is killed, it has done nothing
            printed = await (self._fetch() if name == "fetch" else self._week())
            self.after_job(name)
            await asyncio.sleep(0)  # where it is killed, nobody heard that it is done
        return printed

    async def _fetch(self) -> str:
        sources = {**SOURCES, "simulated": self.market.source}
        report = await Fetcher(self._reader, self.time.clock, sources=sources, routes=ROUTES).run({"simulated"})
        if failed := report.failed():
            raise ChildFailed(f"what came is stored, but: {'; '.join(failed)}.")
        return "{}"

    async def _week(self) -> str:
        now = self.time.wall()
        post = Posting(now, self.settings.mode, self.settings.admins)
        try:
            return json.dumps(week_to_dict(run_due(self._reader, None, now, post=post)))
        except CrierError as error:
            raise ChildFailed(str(error)) from error

    def read(self, work: Callable[[Database], T]) -> T:
        """Look into the file beside the service."""
        return work(self._reader)


def _hasten(database: Database) -> None:
    """Wait for no disk: what a process wrote outlives its end without that, if not a power cut."""
    database.connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def _on_clock(time: LeapingTime) -> Iterator[None]:
    """Let the clients' own waits pass on the clock, and their patience with silence be short."""
    shim, loop = OnClock(time.sleep), asyncio.get_running_loop()
    changed: list[tuple[Any, str, Any]] = [
        (discord.http, "asyncio", shim), (discord.client, "asyncio", shim), (updates, "asyncio", shim),
        (discord_platform, "asyncio", shim), (discord_platform, "SEND_WITHIN", 5 * SILENT),
        (discord_client, "GUILDS_WITHIN", 0.02), (telegram_platform, "READ", SILENT),
    ]  # fmt: skip
    before = [(module, name, getattr(module, name)) for module, name, _ in changed]
    for module, name, value in changed:
        setattr(module, name, value)
    loop.set_task_factory(_remembering)
    try:
        yield
    finally:
        loop.set_task_factory(None)
        for module, name, value in before:
            setattr(module, name, value)


def _remembering(loop: asyncio.AbstractEventLoop, coro: Any, context: Any = None) -> asyncio.Task[Any]:
    """Makes tasks; those of a life are remembered with it."""
    task = asyncio.Task(coro, loop=loop, context=context)
    life = context.get(_LIFE) if context is not None else _LIFE.get()
    if life is not None:
        life.tasks.add(task)
        task.add_done_callback(life.tasks.discard)
    return task
