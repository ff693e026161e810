"""The power goes at any moment: what was acknowledged stands, a broadcast is whole or not there, nothing is broken."""

from __future__ import annotations

import datetime as dt
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from emulators.power import Disk, listening

from storage.chats import Chat
from storage.database import open_database
from storage.outbox import Letter, News

SEED = int(os.environ.get("CRIER_SEED") or 20261126)
CUTS = 80
NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CHATS = [str(k) for k in range(12)]

Promised = list[
    tuple[int, str]
]  # after so many steps of the disk: "queued", or the chat whose message is noted as sent


def deliver(folder: Path, synchronous: str) -> tuple[Disk, Promised]:
    """Queue a broadcast and acknowledge it message by message, with checkpoints in between, on a disk that listens."""
    database = open_database(folder / "crier.db")
    for chat in CHATS:
        database.chats.put(Chat("telegram", chat, indices=("defi",)))
    database.close()
    promised: Promised = []
    with listening(folder) as disk:
        database = open_database(folder / "crier.db")
        if synchronous:
            database.connection.row(f"PRAGMA synchronous = {synchronous}")
        database.connection.row("PRAGMA wal_autocheckpoint = 9")
        letter = Letter("the week", [("telegram", chat, None) for chat in CHATS])
        database.outbox.enqueue(News("week/2026-W48", "weekly", NOW + DAY), [letter], NOW)
        promised.append((len(disk.log), "queued"))
        while rows := database.outbox.claim("telegram", "me", 5, NOW, DAY):
            for row in rows:
                assert database.outbox.acknowledge(row.id, "me", "7", NOW)
                promised.append((len(disk.log), row.chat.chat))
        steps = len(disk.log)
        database.close()
    del disk.log[steps:]
    return disk, promised


def found(files: dict[str, bytes], folder: Path) -> dict[str, str] | None:
    """{chat: state} of a database as it is after the cut; None where SQLite finds it broken."""
    folder.mkdir()
    for name, content in files.items():
        if not name.endswith("-shm"):  # memory
            (folder / name).write_bytes(content)
    with closing(sqlite3.connect(folder / "crier.db")) as link:
        if link.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return None
        return dict(link.execute("SELECT chat, state FROM outbox").fetchall())


def kept(states: dict[str, str], promised: Promised, at: int) -> bool:
    """Whether all that was promised by then is there."""
    names = [name for step, name in promised if step <= at]
    return all(states.keys() == set(CHATS) if name == "queued" else states[name] == "sent" for name in names)


def test_no_acknowledged_message_is_lost_when_the_power_goes(tmp_path: Path) -> None:
    """F12: the real store on a disk that forgets what was not synced, sector by sector; at many moments."""
    (tmp_path / "disk").mkdir()
    disk, promised = deliver(tmp_path / "disk", "")
    assert {(name, what) for name, what, *_ in disk.log} >= {("crier.db", "sync"), ("crier.db-wal", "sync")}
    chance = random.Random(SEED)
    moments = [step for step, _ in promised] + [chance.randrange(1, len(disk.log) + 1) for _ in range(CUTS)]
    for k, at in enumerate(moments):
        states = found(disk.cut(at, chance), tmp_path / str(k))
        assert states is not None, f"broken after step {at}, seed {SEED}"
        assert kept(states, promised, at), f"lost after step {at}, seed {SEED}"
        assert len(states) in (0, len(CHATS)), "a broadcast is there whole or not at all"


def test_with_less_care_the_same_disk_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """F12: the proof that the disk above would show a loss: without a sync at each commit there is one."""
    (tmp_path / "disk").mkdir()
    disk, promised = deliver(tmp_path / "disk", "NORMAL")
    chance = random.Random(SEED)
    cuts = [(step, found(disk.cut(step, chance), tmp_path / str(k))) for k, (step, _) in enumerate(promised)]
    assert not all(states is not None and kept(states, promised, step) for step, states in cuts)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_log_that_is_cut_short_leaves_an_earlier_moment_and_no_half_of_one(tmp_path: Path, share: float) -> None:
    """F9: whole transactions are missing then, never parts of one, and the queue goes on from there."""
    (tmp_path / "disk").mkdir()
    disk, _ = deliver(tmp_path / "disk", "")
    files = disk.cut(len(disk.log), random.Random(SEED))
    log = files["crier.db-wal"]
    states = found(files | {"crier.db-wal": log[: int(len(log) * share)]}, tmp_path / "cut")
    assert states is not None
    assert len(states) in (0, len(CHATS))
    database = open_database(tmp_path / "cut" / "crier.db")
    database.outbox.take_over("telegram", NOW)
    waiting = {row.chat.chat for row in database.outbox.claim("telegram", "another", 99, NOW, DAY)}
    database.close()
    assert waiting == {chat for chat, state in states.items() if state == "waiting"}
