"""Litestream itself, with the configuration of deploy/, beside a database that is written to; then the way back."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import safekeeping
from bot.settings import Settings
from storage.database import Database, open_database

CONFIGURATION = Path(__file__).resolve().parents[1] / "deploy" / "litestream.yml"
NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
PATIENCE = 60.0  # seconds; alone on a machine it takes two


@pytest.fixture
def litestream() -> str:
    found = shutil.which("litestream") or shutil.which("litestream", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("litestream is not installed here")
    return found


def environment(tmp_path: Path, database: str) -> dict[str, str]:
    places = {"CRIER_DATABASE": str(tmp_path / database), "CRIER_REPLICA": f"file://{tmp_path / 'replica'}"}
    return os.environ | places


@contextmanager
def replicating(litestream: str, tmp_path: Path, database: str = "crier.db") -> Iterator[subprocess.Popen[bytes]]:
    """`litestream replicate` as deploy/litestream.yml says, until the block ends."""
    with (tmp_path / "litestream.log").open("ab") as log:
        process = subprocess.Popen(
            [litestream, "replicate", "-config", CONFIGURATION],
            env=environment(tmp_path, database), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def fetched(litestream: str, tmp_path: Path, name: str, database: str) -> Path | None:
    """What the replica holds now, as a file of its own; None where it holds nothing yet."""
    target = tmp_path / name
    done = subprocess.run(
        [litestream, "restore", "-config", CONFIGURATION, "-o", target, tmp_path / database],
        env=environment(tmp_path, database), capture_output=True,
    )  # fmt: skip
    return target if done.returncode == 0 else None


def entries(path: Path) -> int:
    database = open_database(path)
    try:
        return database.journal.count("live")
    finally:
        database.close()


def caught_up(litestream: str, tmp_path: Path, many: int, database: str = "crier.db") -> Path:
    """The replica once it holds so many entries."""
    end = time.monotonic() + PATIENCE
    number = 0
    while time.monotonic() < end:
        number += 1
        found = fetched(litestream, tmp_path, f"copy-{many}-{number}.db", database)
        if found is not None and entries(found) == many:
            return found
        time.sleep(0.3)
    raise AssertionError((tmp_path / "litestream.log").read_text("utf-8"))


def write(database: Database, many: int, size: int = 100) -> None:
    """So many entries, a transaction each."""
    for number in range(many):
        database.journal.append("live", "method", NOW.date(), {"what": "x" * size, "number": number})


def test_a_machine_that_is_lost_is_had_back_from_the_replica_through_crier_restore(
    litestream: str, tmp_path: Path
) -> None:
    """Small transactions, one of thousands of pages, SQLite's own checkpoints and ours beside it: none is missing."""
    path = tmp_path / "crier.db"
    database = open_database(path)
    try:
        write(database, 20)
        with replicating(litestream, tmp_path) as process:
            caught_up(litestream, tmp_path, 20)
            with database.atomic():
                write(database, 20, size=400_000)  # 8 MB: past the thousand pages at which SQLite checkpoints by itself
            write(database, 20)
            database.audit.scrub()
            write(database, 20)
            caught_up(litestream, tmp_path, 80)
            process.send_signal(signal.SIGKILL)
            process.wait()
        write(database, 5)  # while nobody replicates
        database.audit.scrub()
        with replicating(litestream, tmp_path):
            write(database, 5)
            head = database.journal.head("live")
            copy = caught_up(litestream, tmp_path, 90)
    finally:
        database.close()
    elsewhere = Settings(_env_file=None, database=tmp_path / "new" / "crier.db")  # type: ignore[call-arg]
    elsewhere.database.parent.mkdir()
    restored = safekeeping.restore(elsewhere, copy, NOW)
    assert not restored.known, "nobody knows what was told after the last second, so nothing is told again"
    database = open_database(elsewhere.database)
    try:
        last = database.journal.last("live")
        assert last is not None and (last.kind, last.previous) == ("restored", head)
        assert database.verify("live").ok
        with replicating(litestream, tmp_path, "new/crier.db"):  # and the replica goes on from there
            write(database, 5)
            caught_up(litestream, tmp_path, 96, "new/crier.db")
    finally:
        database.close()


def test_forgetting_somebody_says_that_the_replication_must_stop_for_it(litestream: str, tmp_path: Path) -> None:
    """It reads the database all the time, so the old pages cannot be emptied beside it."""
    from engine.errors import StorageError

    database = open_database(tmp_path / "crier.db")
    try:
        database.audit.pseudonym("telegram", "77")
        with replicating(litestream, tmp_path):
            caught_up(litestream, tmp_path, 0)
            database.audit.pseudonym("telegram", "78")
            with pytest.raises(StorageError, match="another program reads the database"):
                database.audit.forget("telegram", "77")
            assert database.connection.row("PRAGMA busy_timeout") == (10_000,), "others are waited for as before"
        assert database.audit.scrub()
    finally:
        database.close()
