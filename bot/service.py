"""`crier run`: one process with the schedule, the queue and every platform whose token is set, until told to end."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
import secrets
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial
from typing import TypeVar

from bot.clerk import Clerk, taking_turns
from bot.command import Request
from bot.desk import Desk
from bot.dispatch import dispatch
from bot.gauges import Counted
from bot.health import alive, ready
from bot.jobs import Jobs
from bot.lean import sparing
from bot.lock import only_instance
from bot.logs import blackened, logging_to, secrets_of
from bot.manners import Manners
from bot.metrics import metrics
from bot.outbox import Sender
from bot.pacing import Pace
from bot.platforms.port import Address, Parcel, Platform, Undelivered
from bot.platforms.table import PLATFORMS, Draw
from bot.posting import Posting
from bot.reply import Reply
from bot.settings import Settings
from bot.spot_prices import spot_prices
from bot.studio import Studio
from bot.supervision import Part, keep_alive
from bot.watching import Prices, Watching
from engine.errors import BadConfiguration, BrokenJournal, StorageError
from engine.model import LEDGERS
from engine.sources.http.limits import Clock
from storage.database import Database

FAREWELL = 1.0  # seconds that everything but the senders has to end

MakeAll = Callable[[Settings, Clerk, Draw], Sequence[Platform]]

log = logging.getLogger(__name__)
T = TypeVar("T")


class Service:
    """All parts, built in one place; `run` returns once `stop` was called and everything has landed. `prices` are what
    the watch asks; without them it does not watch."""

    def __init__(
        self,
        settings: Settings,
        clerk: Clerk,
        platforms: Sequence[Platform],
        clock: Clock,
        jobs: bool = True,
        prices: Prices | None = None,
    ) -> None:
        self.settings = settings
        self.clerk = clerk
        self.clock = clock
        self.stopping = asyncio.Event()
        self._began = clock.monotonic()
        owner, keys = secrets.token_hex(8), secrets_of(settings)
        self._hide: Callable[[str], str] = partial(blackened, secrets=keys)  # addresses, which are said, hold tokens
        self.senders = {
            platform.id: Sender(
                platform,
                clerk,
                Pace(PLATFORMS[platform.id].rates(settings), clock.monotonic),
                clock,
                self.warn,
                owner,
                self._hide,
            )
            for platform in platforms
        }
        self._ready = {platform.id: asyncio.Event() for platform in platforms}
        self.jobs = Jobs(settings, clerk, clock, self.warn, self.stopping, self.is_well) if jobs else None
        self.watch = Watching(settings, clerk, clock, prices, self.stopping) if prices else None

    def stop(self) -> None:
        """End: no more claims from now on."""
        if not self.stopping.is_set():
            log.info("asked to end")
        self.stopping.set()
        for sender in self.senders.values():
            sender.stop()

    def is_well(self) -> bool:
        """Whether every platform is connected and takes what is sent."""
        return all(
            self._is_connected(name) and not (sender.trouble or sender.locked) for name, sender in self.senders.items()
        )

    def _is_connected(self, name: str) -> bool:
        return self._ready[name].is_set() and self.senders[name].platform.is_connected

    def counted(self) -> Counted:
        """What `bot.metrics` cannot read from the database."""
        return Counted(
            {name: dict(sender.counts) for name, sender in self.senders.items()},
            self.clock.monotonic() - self._began,
            {name: self._is_connected(name) for name in self.senders},
        )

    async def run(self) -> None:
        """Run every part, each restarted where it fails, until stopped."""
        working = [asyncio.create_task(self._alive(part)) for part in self._working()]
        sending = [asyncio.create_task(self._alive(part)) for part in self._sending()]
        connected = [asyncio.create_task(self._alive(part)) for part in self._connected()]
        try:
            await self.stopping.wait()
        finally:
            self.stop()
            await _call_off(working)
            await asyncio.gather(
                *sending, return_exceptions=True
            )  # what is in flight needs its platform until it lands
            await _call_off(connected)
            log.info("ended")

    async def warn(self, key: str, says: str, but: str) -> None:
        """Tell this bot's admins, through the queue; where that cannot be written, at once and past it."""
        says = self._hide(says)
        log.warning("for admins: %s", says)
        post = Posting(self.clock.wall(), self.settings.mode, self.settings.admins)
        try:
            await self.clerk.do(lambda database: post.warn(database, key, says, but))
        except StorageError:
            await self._tell_at_once(key, says, but)

    async def _tell_at_once(self, key: str, says: str, but: str) -> None:
        for platform, user in self.settings.admins:
            if platform in self.senders and platform != but:
                parcel = Parcel(f"{key}/{user}", Address(user), Reply(title="For this bot's admins", text=(says,)))
                try:
                    await self.senders[platform].platform.send(parcel)
                except Undelivered as error:
                    log.warning("%s could not be told: %s", platform, error)

    async def _serve_page(self) -> None:
        from bot.web.probes import Probes  # pages and their server are loaded where they are served
        from bot.web.server import serve

        def ask(work: Callable[[Database, dt.datetime], T]) -> Callable[[], Awaitable[T]]:
            return lambda: self.clerk.do(lambda database: work(database, self.clock.wall()))

        figures = ask(lambda database, now: metrics(database, now, self.counted()))
        await serve(self.settings, Probes(self.settings, ask(alive), ask(ready), figures))

    async def _alive(self, part: Part) -> None:
        await keep_alive(part, self.clock, self.warn)

    def _sending(self) -> Iterator[Part]:
        for name, sender in self.senders.items():
            yield Part(f"sending to {name}", self._when_ready(name, sender), name)

    def _connected(self) -> Iterator[Part]:
        for name, sender in self.senders.items():
            yield Part(name, self._connect(name, sender.platform), name)

    def _working(self) -> Iterator[Part]:
        if self.jobs is not None:
            yield Part("the schedule", self.jobs.run)
            if self.settings.ping_url:
                yield Part("the dead man's switch", self.jobs.keep_pinging)
        if self.watch is not None:
            yield Part("the watch", self.watch.run)
        if self.settings.web_port is not None:
            yield Part("the public page", self._serve_page)

    def _when_ready(self, name: str, sender: Sender) -> Callable[[], asyncio.Future[None]]:
        """A sender that begins once its platform is connected; what is queued waits for it."""

        async def send() -> None:
            first = {asyncio.ensure_future(event.wait()) for event in (self._ready[name], self.stopping)}
            try:
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiting in first:
                    waiting.cancel()
            if not self.stopping.is_set():
                await sender.run()

        return lambda: asyncio.ensure_future(send())

    def _connect(self, name: str, platform: Platform) -> Callable[[], asyncio.Future[None]]:
        async def connect() -> None:
            try:
                await platform.run(self._ready[name].set)
            finally:
                self._ready[name].clear()
            raise RuntimeError("it ended by itself")

        return lambda: asyncio.ensure_future(connect())


async def _call_off(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel, and wait a moment for what ends with it."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=FAREWELL)


def platforms_of(settings: Settings, clerk: Clerk, draw: Draw) -> list[Platform]:
    """Every platform whose token is set; BadConfiguration where there is none."""
    kinds = PLATFORMS.values()
    made = [kind.make(settings, clerk, draw) for kind in kinds if getattr(settings, kind.token) is not None]
    if not made:
        names = " or ".join(f"CRIER_{kind.token.upper()}" for kind in kinds)
        raise BadConfiguration(f"no platform has a token: set {names}, see .env.example.")
    return made


def polite(manners: Manners, desk: Desk, request: Request) -> Reply:
    """Answer a message, or not, as manners ask."""
    return manners.attend(request, lambda asked: dispatch(desk, asked))


def check(database: Database) -> None:
    """Refuse to announce from a database that is damaged or whose journal does not hold."""
    database.check_integrity()
    for ledger in LEDGERS:
        verdict = database.verify(ledger)
        if not verdict.ok:
            raise BrokenJournal(f"{verdict.message} Nothing is announced until the latest backup is restored.")


def real_clock() -> Clock:
    return Clock(time.monotonic, asyncio.sleep, lambda: dt.datetime.now(dt.UTC), random.Random())


async def serve(
    settings: Settings,
    make: MakeAll = platforms_of,
    jobs: bool = True,
) -> None:
    """Run the service until SIGTERM or SIGINT; only one instance a database. Without `jobs` it only talks and sends."""
    with only_instance(settings.database), taking_turns(), sparing() as spare, closing(Studio()) as studio:
        if jobs:
            studio.warm_up().add_done_callback(lambda _: spare())
        manners = Manners(time.monotonic)
        async with Clerk(settings, lambda desk, request: polite(manners, desk, request), create=True) as clerk:
            await clerk.do(check)
            clock = real_clock()
            async with spot_prices(settings, clerk, clock) if jobs else nullcontext() as prices:
                service = Service(settings, clerk, make(settings, clerk, studio.draw), clock, jobs, prices)
                with _signals(service.stop):
                    log.info("running with %s", ", ".join(service.senders))
                    await service.run()


def run_service(settings: Settings) -> None:
    """The whole of `crier run`: log lines to stderr, then serve."""
    with logging_to(settings):
        asyncio.run(serve(settings))


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(ValueError):
                loop.remove_signal_handler(number)
