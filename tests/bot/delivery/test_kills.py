"""The real service as a process, killed, stopped, frozen and doubled; a counter on the other end says what arrived."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from emulators.nursery import Nursery
from emulators.wire import WireService

from bot.outbox import IN_FLIGHT
from bot.reply import Reply
from storage.chats import Chat
from storage.database import open_database
from storage.outbox import Letter, News

SEED = int(os.environ.get("CRIER_SEED") or 20261126)
KILLS = int(os.environ.get("CRIER_KILLS") or 40)  # 1000 for the long dose
A_KILL = 8  # messages for each


@pytest.fixture(scope="module")
def opened_nursery() -> Iterator[Nursery]:
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture
def nursery(opened_nursery: Nursery) -> Iterator[Nursery]:
    opened_nursery.complaints()
    yield opened_nursery
    opened_nursery.tidy()


@pytest.fixture
async def service() -> AsyncIterator[WireService]:
    async with WireService() as opened:
        yield opened


def make_database(path: Path, messages: int) -> Path:
    """A queue of so many messages, one a chat."""
    database, now = open_database(path), dt.datetime.now(dt.UTC)
    with database.atomic():
        for k in range(messages):
            database.chats.put(Chat("telegram", str(k), indices=("defi",)))
        to = [("telegram", str(k), None) for k in range(messages)]
        news = News("week/2026-W48", "weekly", now + dt.timedelta(days=3))
        database.outbox.enqueue(news, [Letter(Reply(title="week 48").to_json(), to)], now)
    database.close()
    return path


def left(path: Path) -> int:
    with sqlite3.connect(path) as link:
        (count,) = link.execute("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").fetchone()
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    link.close()
    return int(count)


async def arrived(service: WireService, count: int, within: float = 20.0) -> None:
    end = time.monotonic() + within
    while service.counts.total() < count:
        assert time.monotonic() < end, f"{service.counts.total()} of {count} arrived"
        await asyncio.sleep(0.002)


async def end(nursery: Nursery, pid: int, number: signal.Signals) -> int:
    os.kill(pid, number)
    return await nursery.wait(pid)


async def test_kills_at_random_lose_nothing_and_repeat_only_what_was_in_flight(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F1, F3: killed by a signal that nobody can catch, again and again, then left to finish."""
    chance, messages = random.Random(SEED), KILLS * A_KILL
    path = make_database(tmp_path / "crier.db", messages)
    kills, resumed = 0, []
    while kills < KILLS and left(path):
        before, began = service.counts.total(), time.monotonic()
        pid = await nursery.spawn(path, service.port)
        await arrived(service, before + 1)
        resumed.append(time.monotonic() - began)
        await asyncio.sleep(chance.uniform(0.0, 0.012))
        assert await end(nursery, pid, signal.SIGKILL) == -signal.SIGKILL
        kills += 1
    pid = await nursery.spawn(path, service.port)
    while left(path):
        await asyncio.sleep(0.02)
    assert await end(nursery, pid, signal.SIGTERM) == 0
    lost = [str(k) for k in range(messages) if not service.counts[str(k)]]
    repeats = service.counts.total() - messages
    assert lost == [], f"seed {SEED}"
    assert repeats <= kills * IN_FLIGHT, f"seed {SEED}"
    assert kills >= KILLS // 2, f"only {kills} kills before everything was sent"
    assert sorted(resumed)[len(resumed) // 2] < 2.0


async def test_a_dyno_that_restarts_us_loses_nothing_and_repeats_nothing(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F4: SIGTERM while sending: claims stop within 1 s, exit 0 within 10 s, 0 lost, 0 repeated."""
    path = make_database(tmp_path / "crier.db", 400)
    service.latency = 0.05
    pid = await nursery.spawn(path, service.port)
    await arrived(service, 40)
    began = asyncio.get_running_loop().time()
    assert await end(nursery, pid, signal.SIGTERM) == 0
    assert asyncio.get_running_loop().time() - began < 10
    assert service.times[-1] - began < 1.0
    assert 0 < left(path) < 400
    pid = await nursery.spawn(path, service.port)
    await arrived(service, 400)
    assert await end(nursery, pid, signal.SIGTERM) == 0
    assert service.counts == {str(k): 1 for k in range(400)}


async def test_of_two_instances_one_runs_and_the_other_says_why_not(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F6: several starts at once; nothing is sent twice."""
    path = make_database(tmp_path / "crier.db", 60)
    pids = [await nursery.spawn(path, service.port) for _ in range(5)]
    await arrived(service, 60)
    codes = sorted([await asyncio.wait_for(_ended(nursery, pid), 30) for pid in pids])
    assert codes == [0, 1, 1, 1, 1]
    assert service.counts == {str(k): 1 for k in range(60)}
    said = nursery.complaints()
    assert said.count("another Crier already runs on") == 4
    assert "stop that one first" in said


async def _ended(nursery: Nursery, pid: int) -> int:
    """How a process ends that is asked to once it had the time to find the lock taken."""
    await asyncio.sleep(0.3)
    return await end(nursery, pid, signal.SIGTERM)


async def test_one_that_was_frozen_past_its_lease_repeats_at_most_what_was_in_flight(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F5: stopped by a signal in the middle, then woken: it holds the lock, and goes on where it was."""
    path = make_database(tmp_path / "crier.db", 300)
    pid = await nursery.spawn(path, service.port)
    await arrived(service, 50)
    os.kill(pid, signal.SIGSTOP)
    link = sqlite3.connect(path, timeout=0.05)
    with suppress(sqlite3.OperationalError), link:  # it may have been stopped with the pen in its hand
        link.execute("UPDATE outbox SET next_at = 0 WHERE owner != ''")  # the lease ends meanwhile
    link.close()
    await asyncio.sleep(0.2)
    os.kill(pid, signal.SIGCONT)
    await arrived(service, 300)
    while left(path):
        await asyncio.sleep(0.02)
    assert await end(nursery, pid, signal.SIGTERM) == 0
    assert set(service.counts) == {str(k) for k in range(300)}
    assert service.counts.total() <= 300 + IN_FLIGHT


async def test_a_broken_journal_is_refused_before_anything_is_sent(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F9: found at the start, in one sentence; nothing is announced."""
    path = make_database(tmp_path / "crier.db", 5)
    with sqlite3.connect(path) as link:
        link.execute(
            """INSERT INTO journal (ledger, seq, kind, date, body, previous, hash)
               VALUES ('live', 1, 'decision', '2026-11-23', '{}', 'forged', 'forged')"""
        )
    link.close()
    pid = await nursery.spawn(path, service.port)
    assert await nursery.wait(pid) == 1
    assert service.counts.total() == 0
    assert left(path) == 5
