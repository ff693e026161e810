"""The real service as a process, killed, stopped, frozen and doubled; a counter on the other end says what arrived."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from emulators.nursery import Nursery, arrived, left, make_queue
from emulators.wire import WireService

from bot.outbox import IN_FLIGHT

SEED = int(os.environ.get("CRIER_SEED") or 20261126)
KILLS = int(os.environ.get("CRIER_KILLS") or 40)  # 1000 for the long dose
A_KILL = 8  # messages for each


async def test_kills_at_random_lose_nothing_and_repeat_only_what_was_in_flight(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F1, F3: killed by a signal that nobody can catch, again and again, then left to finish."""
    chance, messages = random.Random(SEED), KILLS * A_KILL
    path = make_queue(tmp_path / "crier.db", messages)
    kills, resumed = 0, []
    while kills < KILLS and left(path):
        before, began = service.counts.total(), time.monotonic()
        pid = await nursery.spawn(path, service.port)
        await arrived(service, before + 1)
        resumed.append(time.monotonic() - began)
        await asyncio.sleep(chance.uniform(0.0, 0.012))
        assert await nursery.end(pid, signal.SIGKILL) == -signal.SIGKILL
        kills += 1
    pid = await nursery.spawn(path, service.port)
    while left(path):
        await asyncio.sleep(0.02)
    assert await nursery.end(pid, signal.SIGTERM) == 0
    lost = [str(k) for k in range(messages) if not service.counts[str(k)]]
    repeats = service.counts.total() - messages
    print(f"{kills} kills, {messages} messages: {len(lost)} lost, {repeats} repeated (at most {kills * IN_FLIGHT})")
    assert lost == [], f"seed {SEED}"
    assert repeats <= kills * IN_FLIGHT, f"seed {SEED}"
    assert kills >= KILLS // 2, f"only {kills} kills before everything was sent"
    assert min(resumed) < 2.0, "on a machine that is left to itself; beside other tests it may take twice as long"
    assert sorted(resumed)[len(resumed) // 2] < 5.0


async def test_a_dyno_that_restarts_us_loses_nothing_and_repeats_nothing(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F4: SIGTERM while sending: claims stop within 1 s, exit 0 within 10 s, 0 lost, 0 repeated."""
    path = make_queue(tmp_path / "crier.db", 400)
    service.latency = 0.05
    pid = await nursery.spawn(path, service.port)
    await arrived(service, 40)
    began = asyncio.get_running_loop().time()
    assert await nursery.end(pid, signal.SIGTERM) == 0
    assert asyncio.get_running_loop().time() - began < 10
    assert service.times[-1] - began < 3.0  # of which a busy machine takes two
    assert 0 < left(path) < 400
    pid = await nursery.spawn(path, service.port)
    await arrived(service, 400)
    assert await nursery.end(pid, signal.SIGTERM) == 0
    assert service.counts == {str(k): 1 for k in range(400)}


async def test_of_two_instances_one_runs_and_the_other_says_why_not(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F6: started at once, twenty times: one holds the lock, the other exits with a sentence; nothing is sent twice."""
    starts, messages = 20, 12
    queue = make_queue(tmp_path / "crier.db", messages)
    for start in range(starts):
        path = Path(shutil.copy(queue, tmp_path / f"{start}.db"))
        pids = [await nursery.spawn(path, service.port) for _ in range(2)]
        await arrived(service, (start + 1) * messages)
        loser, code = await asyncio.wait_for(nursery.first_of(pids), 30)
        assert code == 1
        (winner,) = [pid for pid in pids if pid != loser]
        assert await nursery.end(winner, signal.SIGTERM) == 0
        assert left(path) == 0
    assert service.counts == {str(k): starts for k in range(messages)}
    said = nursery.complaints()
    assert said.count("another Crier already runs on") == said.count("stop that one first") == starts


async def test_one_that_was_frozen_past_its_lease_repeats_at_most_what_was_in_flight(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F5: stopped by a signal in the middle, then woken: it holds the lock, and goes on where it was."""
    path = make_queue(tmp_path / "crier.db", 300)
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
    assert await nursery.end(pid, signal.SIGTERM) == 0
    assert set(service.counts) == {str(k) for k in range(300)}
    assert service.counts.total() <= 300 + IN_FLIGHT


async def test_a_broken_journal_is_refused_before_anything_is_sent(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F9: found at the start, in one sentence; nothing is announced."""
    path = make_queue(tmp_path / "crier.db", 5)
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
