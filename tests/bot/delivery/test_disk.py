"""A disk that is full, a database that another writes to, and one that is damaged, under the real service."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import resource
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from emulators.nursery import Nursery, arrived, left, make_queue
from emulators.wire import WireService

from bot.outbox import IN_FLIGHT
from bot.service import check
from engine.errors import CrierError
from storage.database import open_database

SEED = int(os.environ.get("CRIER_SEED") or 20261126)
PAGE = 4096
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


async def stalls(service: WireService, still: float = 0.7, within: float = 60.0) -> int:
    """Wait until nothing arrives any more; returns how many did."""
    async with asyncio.timeout(within):
        while True:
            count = service.counts.total()
            await asyncio.sleep(still)
            if count and service.counts.total() == count:
                return count


def fill(path: Path, size: int) -> None:
    """Make a database larger, before its queue: what a broadcast writes then lies at the end of the file."""
    database = open_database(path)
    with database.atomic():
        database.agenda.note("filler", "x" * size, NOW)
    database.close()


@pytest.mark.parametrize("what", ["the log", "the checkpoint"])
async def test_a_full_disk_stops_sending_and_room_on_it_starts_it_again(
    nursery: Nursery, service: WireService, tmp_path: Path, what: str
) -> None:
    """F8: no file may grow any further, in the middle of a broadcast; nothing is lost and nothing sent twice.

    A checkpoint that finds no room fails nobody, but the log grows until it finds none either.
    """
    messages, path = {"the log": 250, "the checkpoint": 420}[what], tmp_path / "crier.db"
    if what == "the checkpoint":
        fill(path, 1100 * PAGE)
    make_queue(path, messages)
    pid = await nursery.spawn(path, service.port)
    await arrived(service, 10)
    log = path.with_name("crier.db-wal")
    most = log.stat().st_size + 20 * PAGE if what == "the log" else 1080 * PAGE
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    async with asyncio.timeout(60):
        while "sending stops until the database can be used" not in nursery.complaints():
            await asyncio.sleep(0.05)
    stuck = await stalls(service)
    assert 10 <= stuck < messages
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as link:
        (noted,) = link.execute("SELECT COUNT(*) FROM outbox WHERE state = 'sent'").fetchone()
    assert stuck - noted <= IN_FLIGHT, "it went on sending what it could not acknowledge"
    if what == "the checkpoint":
        assert log.stat().st_size > 1000 * PAGE, "the log is longer than any that a checkpoint left"
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await arrived(service, messages)
    while left(path):
        await asyncio.sleep(0.02)
    assert await nursery.end(pid, signal.SIGTERM) == 0
    assert service.counts == {str(k): 1 for k in range(messages)}


async def test_another_that_writes_for_long_is_waited_for(
    nursery: Nursery, service: WireService, tmp_path: Path
) -> None:
    """F11: a backup, a fetch or an operator holds the pen for a while, in the middle of a broadcast."""
    path = make_queue(tmp_path / "crier.db", 80)
    pid = await nursery.spawn(path, service.port)
    await arrived(service, 10)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        stuck = await stalls(service, 0.3)
        assert stuck < 80
        other.execute("COMMIT")
    await arrived(service, 80)
    while left(path):
        await asyncio.sleep(0.02)
    assert await nursery.end(pid, signal.SIGTERM) == 0
    assert service.counts == {str(k): 1 for k in range(80)}


def test_flipped_bytes_are_found_at_the_start_or_change_nothing_that_is_said(tmp_path: Path) -> None:
    """F9: wherever they lie, the service does not start, or every text it would send is the one that was queued."""
    sound = open_database(tmp_path / "sound.db")
    for k in range(30):
        sound.journal.append("live", "method", NOW.date(), {"what": f"entry {k}"})
    sound.close()
    content = make_queue(tmp_path / "sound.db", 40).read_bytes()
    chance, refused, path = random.Random(SEED), 0, tmp_path / "crier.db"
    said = texts(tmp_path / "sound.db")
    assert len(said) == 40
    for _ in range(30):
        spoilt, where = bytearray(content), chance.randrange(len(content) - 64)
        for offset in range(where, where + chance.choice((1, 16, 64))):
            spoilt[offset] ^= chance.randrange(1, 256)
        path.write_bytes(spoilt)
        try:
            told = texts(path)
        except CrierError:
            refused += 1
        else:
            assert set(told.values()) <= set(said.values()), f"seed {SEED}, at byte {where}"
    assert 0 < refused < 30


def texts(path: Path) -> dict[str, str]:
    """{chat: text} of what a service would send that starts on a database; CrierError where it refuses to."""
    database = open_database(path)
    try:
        check(database)
        rows = database.outbox.claim("telegram", "me", 99, dt.datetime.now(dt.UTC), dt.timedelta(minutes=2))
        return {row.chat.chat: row.reply for row in rows}
    finally:
        database.close()
        for beside in ("-wal", "-shm"):
            path.with_name(f"{path.name}{beside}").unlink(missing_ok=True)
