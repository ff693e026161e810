"""A journal that its owner rewrote: the chain holds again, and every head that was ever posted tells of it."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.shelf import DatabaseBook
from storage.chain import GENESIS, entry_hash
from storage.database import Database, open_database

NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
ENTRIES = 6


def written(path: Path) -> list[str]:
    """A journal of some entries; returns their heads, each as it was posted with its entry."""
    heads = []
    with closing(open_database(path)) as database, database.atomic():
        for k in range(ENTRIES):
            database.journal.append("live", "method", NOW.date(), {"held": f"AAVE {k}"})
            heads.append(database.notices.add("live", NOW.date(), "", "method", "{}").head)
    return heads


def unlock(database: Database) -> None:
    """Whoever owns the file can drop what keeps its rows."""
    link = database.connection.raw.conn
    for (trigger,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        link.execute(f'DROP TRIGGER "{trigger}"')


def rewrite(database: Database) -> None:
    """Change the third entry, and make every hash and every stored head after it anew."""
    unlock(database)
    link, previous = database.connection.raw.conn, GENESIS
    link.execute("UPDATE journal SET body = replace(body, 'AAVE 2', 'LINK 2')")
    for seq, kind, date, body, old in link.execute(
        "SELECT seq, kind, date, body, hash FROM journal ORDER BY seq"
    ).fetchall():
        new = entry_hash(previous, "live", seq, kind, date, body)
        link.execute("UPDATE journal SET previous = ?, hash = ? WHERE seq = ?", (previous, new, seq))
        link.execute("UPDATE notices SET head = ? WHERE head = ?", (new, old))
        previous = new


def cut_short(database: Database) -> None:
    """Drop all from the third entry on, and what was announced from it."""
    unlock(database)
    link = database.connection.raw.conn
    link.execute("DELETE FROM notices WHERE head IN (SELECT hash FROM journal WHERE seq > 2)")
    link.execute("DELETE FROM journal WHERE seq > 2")


@pytest.mark.parametrize("change", [rewrite, cut_short])
def test_every_posted_head_that_is_no_longer_in_the_chain_is_named(
    change: Callable[[Database], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """F40: edited with all hashes made anew, or cut short: `/verify` and `crier verify --head` name each such head."""
    path = tmp_path / "crier.db"
    heads = written(path)
    with closing(open_database(path)) as database:
        assert all(DatabaseBook(database, NOW).verify(head[:32]).is_found for head in heads)
        change(database)
        assert database.verify("live").ok, "the chain by itself holds"
        answers = [DatabaseBook(database, NOW).verify(head[:32]) for head in heads]
    assert [answer.is_found for answer in answers] == [True, True, *[False] * (ENTRIES - 2)]
    assert all("rewritten" in (answer.found or "") for answer in answers[2:])
    monkeypatch.chdir(tmp_path)
    codes = []
    for head in heads:
        monkeypatch.setattr(sys, "argv", ["crier", "verify", "--head", head[:32], "--database", str(path)])
        with pytest.raises(SystemExit) as stopped:
            main()
        codes.append(stopped.value.code or 0)
        said = capsys.readouterr()
        assert ("not in this journal" in " ".join(said.err.split())) == (codes[-1] == 1)
    assert codes == [0, 0, *[1] * (ENTRIES - 2)]
