"""A service that dies without a word is missed: its pings to a dead man's switch elsewhere stop then, and only then."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest
from emulators.nursery import Nursery, arrived, make_queue
from emulators.switch import DeadMansSwitch
from emulators.virtual import VirtualTime
from emulators.wire import WireService

from bot.jobs import LONGEST_LOOK, LONGEST_WORK, Jobs
from bot.settings import Settings
from bot.supervision import Part, keep_alive
from engine.errors import StorageError
from storage.database import Database, open_database

T = TypeVar("T")
HOUR = 3600.0


@pytest.fixture
async def switch() -> AsyncIterator[DeadMansSwitch]:
    async with DeadMansSwitch(grace=1.0) as opened:
        yield opened


def make_idle(path: Path) -> Path:
    """A database with a queue, for whose day everything else is done: nothing but pings and messages go out."""
    make_queue(path, 5)
    database, now = open_database(path), dt.datetime.now(dt.UTC)
    for at in (now, now + dt.timedelta(minutes=5)):
        database.agenda.note("done/tend", at.date().isoformat(), at)
        database.agenda.note("done/fetch", f"{at.date()}/{at.hour * 4 // 24}", at)
    database.close()
    return path


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_the_switch_fires_within_its_grace_once_the_service_is_dead_and_not_before(
    nursery: Nursery, service: WireService, switch: DeadMansSwitch, tmp_path: Path, number: signal.Signals
) -> None:
    """F37: the real service as a process; the switch goes by what it hears, and by nothing else."""
    path = make_idle(tmp_path / "crier.db")
    pid = await nursery.spawn(path, service.port, switch.url)
    await switch.until_asked(8)
    assert not switch.fires
    await arrived(service, 5)
    os.kill(pid, number)
    await switch.until_it_fires()
    if number == signal.SIGSTOP:
        os.kill(pid, signal.SIGCONT)
    else:
        assert await nursery.wait(pid) == -signal.SIGKILL
        pid = await nursery.spawn(path, service.port, switch.url)
    await switch.until_asked(3)
    assert not switch.fires, "back to life"
    assert await nursery.end(pid, signal.SIGTERM) == 0


class Bench:
    """A schedule on a clock that jumps and a database that breaks after `sound` seconds; its work takes `works`."""

    def __init__(self, works: float, sound: float = float("inf")) -> None:
        self.time, self.works, self.sound = VirtualTime(), works, sound
        self.pings: list[float] = []
        self.database = open_database(":memory:")
        settings = Settings(ping_url="http://switch.invalid/")
        self.jobs = Jobs(
            settings, self, self.time.clock, self.warn, asyncio.Event(), child=self.child,
            knock=self.knock,
        )  # fmt: skip

    async def do(self, work: Callable[[Database], T]) -> T:
        if self.time.seconds > self.sound:
            raise StorageError("the disk is gone")
        return work(self.database)

    async def warn(self, key: str, says: str, but: str) -> None:
        pass

    async def knock(self, url: str) -> None:
        self.pings.append(self.time.seconds)

    async def child(self, arguments: Sequence[str], progress: Callable[[str], None]) -> str:
        await self.time.sleep(self.works)
        return "{}"

    async def run(self, seconds: float) -> list[float]:
        """Keep the schedule, and ping, for so long; returns when it pinged."""

        async def all_of_it() -> None:
            schedule = Part("the schedule", self.jobs.run)
            parts = [keep_alive(schedule, self.time.clock, self.warn), self.jobs.keep_pinging()]
            running = [asyncio.ensure_future(part) for part in parts]
            await self.time.sleep(seconds)
            for part in running:
                part.cancel()
            await asyncio.gather(*running, return_exceptions=True)

        await self.time.run(all_of_it())
        self.database.close()
        return self.pings


async def test_work_that_takes_two_hours_is_no_silence() -> None:
    """F37: a first fetch or a week's fit must not look like a death."""
    pings = await Bench(works=2 * HOUR).run(5 * HOUR)
    heard = [0.0, *pings, 5 * HOUR]
    assert max(after - before for before, after in pairwise(heard)) <= 100


async def test_work_that_never_ends_is_missed() -> None:
    """F37: a child that hangs holds the schedule up, and no crash would tell of it."""
    pings = await Bench(works=1e9).run(9 * HOUR)
    assert LONGEST_WORK - 100 < pings[-1] < LONGEST_WORK + 100


async def test_a_schedule_that_can_write_nothing_is_missed(caplog: pytest.LogCaptureFixture) -> None:
    """F8, F37: it is started again and again, and lives no more."""
    pings = await Bench(works=1.0, sound=HOUR).run(2 * HOUR)
    assert HOUR < pings[-1] < HOUR + LONGEST_LOOK + 100
    assert "the disk is gone" in caplog.text
