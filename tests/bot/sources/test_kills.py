"""Killed at any point and started again, a fetch ends where an undisturbed one would (F1, F3)."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from emulators.bench import TOKENS, Bench, bench, emulator
from emulators.service import Service
from emulators.world import World

from engine.model import Token, TokenKind
from storage.connection import Connection
from storage.database import open_database

ROOT = Path(__file__).resolve().parents[3]
QUICK = ("fear_greed", "coinmetrics", "exchanges", "news")
SEED = 20261125


def lately() -> World:
    """A world of five weeks: long enough for every series, and a fetch of it is soon over."""
    return World(first=dt.date(2026, 2, 10))


class Killed(BaseException):
    """What a kill looks like from inside: nothing catches it."""


def picture(b: Bench) -> dict[str, Any]:
    """All that a fetch leaves, without instants."""
    cursors = {key: (cursor.until, cursor.source) for key, cursor in b.database.sources.cursors().items()}
    return {"rows": b.stored(), "cursors": cursors, "quarantine": [row[:6] for row in b.database.sources.quarantined()]}


async def undisturbed() -> tuple[dict[str, Any], int, int]:
    """What a fetch leaves in peace, and how many writes and requests it took."""
    writes = 0
    original = Connection.put

    def counting(self: Connection, *arguments: Any) -> Any:
        nonlocal writes
        writes += 1
        return original(self, *arguments)

    async with bench(world=lately()) as b:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "put", counting)
            await b.fetch()
        return picture(b), writes, len(b.service.seen)


async def test_a_kill_at_any_write_loses_nothing_and_repeats_nothing() -> None:
    """F3: the n-th write is the last one, for many n; the transaction around it vanishes, as it does at a kill."""
    peace, writes, _ = await undisturbed()
    original = Connection.put
    for n in sorted(random.Random(SEED).sample(range(1, writes + 1), 6)):
        left = n

        def dying(self: Connection, *arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return original(self, *arguments)

        async with bench(world=lately()) as b:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Connection, "put", dying)
                with pytest.raises((Killed, BaseExceptionGroup)):
                    await b.fetch()
            await b.fetch()
            assert picture(b) == peace, f"killed at write {n} of {writes}, seed {SEED}"


async def test_a_kill_at_any_request_loses_nothing_and_repeats_nothing() -> None:
    """F3: the fetch is called off when the n-th request arrives, for many n."""
    peace, _, requests = await undisturbed()
    for n in sorted(random.Random(SEED).sample(range(1, requests + 1), 6)):
        async with bench(world=lately()) as b:
            task = asyncio.ensure_future(b.fetch())
            while len(b.service.seen) < n and not task.done():
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await b.fetch()
            assert picture(b) == peace, f"called off at request {n} of {requests}, seed {SEED}"


async def test_a_real_kill_of_the_real_program_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """F1: `crier fetch` as a process, killed at random instants by a signal nobody can catch, then left alone."""
    world = World(today=dt.datetime.now(dt.UTC).date(), first=dt.datetime.now(dt.UTC).date() - dt.timedelta(days=67))
    told: dict[str, Any] = {}
    for name in QUICK:
        told |= emulator(name).handlers(world)
    async with Service(told, asyncio.get_running_loop().time) as service:
        peaceful, began = _database(tmp_path / "peaceful.db"), time.monotonic()
        assert await _crier(peaceful, service) == 0
        took = time.monotonic() - began
        killed = _database(tmp_path / "killed.db")
        chance = random.Random(SEED)
        codes = [await _crier(killed, service, kill_after=chance.uniform(0.3, 0.8) * took) for _ in range(4)]
        assert -signal.SIGKILL in codes
        assert await _crier(killed, service) == 0
    assert _contents(killed) == _contents(peaceful)


async def test_a_real_kill_while_an_empty_database_learns_its_tokens_loses_nothing(tmp_path: Path) -> None:
    """F1: the ranking, the tokens it makes known and their past, each there whole or not at all."""
    today = dt.datetime.now(dt.UTC).date()
    world = World(today=today, first=today - dt.timedelta(days=40))
    async with Service(emulator("coingecko").handlers(world), asyncio.get_running_loop().time) as service:
        peaceful, killed, began = tmp_path / "peaceful.db", tmp_path / "killed.db", time.monotonic()
        assert await _crier(peaceful, service, only="coingecko") == 0
        took = time.monotonic() - began
        chance = random.Random(SEED)
        codes = [await _crier(killed, service, chance.uniform(0.3, 0.8) * took, only="coingecko") for _ in range(3)]
        assert -signal.SIGKILL in codes
        assert await _crier(killed, service, only="coingecko") == 0
    assert _learned(killed) == _learned(peaceful)


def _database(path: Path) -> Path:
    database = open_database(path)
    database.market.put_tokens([Token(0, symbol, symbol.title(), TokenKind.COIN) for symbol in TOKENS])
    database.close()
    return path


IMPATIENT = """
from dataclasses import replace
from engine.sources.table import SOURCES
for name, source in SOURCES.items():
    SOURCES[name] = replace(source, hosts=tuple(replace(host, every=min(host.every, 0.1)) for host in source.hosts))
from bot.__main__ import main
main()
"""  # the real program, but for the pace that is kept with services whom a hundred requests would burden


async def _crier(path: Path, service: Service, kill_after: float | None = None, only: str = ",".join(QUICK)) -> int:
    """Run `crier fetch`; its exit code, negative where it was killed."""
    environment = {**os.environ, "CRIER_SOURCE_BASES": json.dumps(service.bases), "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-c", IMPATIENT, "fetch", "--only", only, "--json", "--database", str(path))
    process = await asyncio.create_subprocess_exec(
        *command, cwd=path.parent, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        await asyncio.wait_for(process.communicate(), kill_after)
    except TimeoutError:
        process.kill()
        await process.wait()
    assert process.returncode is not None
    return process.returncode


def _learned(path: Path) -> dict[str, list[Any]]:
    """What a database that was empty learned of its tokens."""
    with sqlite3.connect(path) as link:
        found = {
            "tokens": "SELECT symbol, name, kind FROM tokens ORDER BY 1",
            "ids": "SELECT source, s.id, symbol FROM source_ids s JOIN tokens t ON t.id = token ORDER BY 1, 2",
            "themes": "SELECT symbol, theme FROM token_themes JOIN tokens ON id = token ORDER BY 1, 2",
            "rankings": """SELECT symbol, date, rank, price, market_cap, supply, volume_24h_usd
                           FROM snapshots JOIN tokens ON id = token ORDER BY 1, 2""",
            "measures": "SELECT metric, subject, date, known, value FROM measures ORDER BY 1, 2, 3, 4",
            "cursors": "SELECT kind, subject, until, source FROM cursors ORDER BY 1, 2",
            "integrity": "PRAGMA integrity_check",
        }
        rows = {name: link.execute(sql).fetchall() for name, sql in found.items()}
    link.close()
    assert rows["integrity"] == [("ok",)]
    assert all(len(rows[name]) >= 4 for name in ("tokens", "ids", "themes", "rankings", "measures"))
    return rows


def _contents(path: Path) -> dict[str, list[Any]]:
    """The tables that a fetch fills, without instants, and what SQLite thinks of the file."""
    with sqlite3.connect(path) as link:
        found = {
            "candles": "SELECT token, date, open, high, low, close, volume_usd, source FROM candles ORDER BY 1, 2",
            "measures": "SELECT metric, subject, source, date, known, value FROM measures ORDER BY 1, 2, 3, 4, 5",
            "headlines": "SELECT published_at, source, subject, title, known, author FROM headlines ORDER BY 1, 2, 4",
            "cursors": "SELECT kind, subject, until, source FROM cursors ORDER BY 1, 2",
            "integrity": "PRAGMA integrity_check",
        }
        rows = {name: link.execute(sql).fetchall() for name, sql in found.items()}
    link.close()
    assert rows["integrity"] == [("ok",)]
    assert len(rows["candles"]) > 100
    assert len(rows["headlines"]) > 50
    return rows
