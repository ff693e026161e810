from __future__ import annotations

import datetime as dt
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlite_utils

from engine.errors import CannotWrite, NewerDatabase, StorageError
from engine.model import Candle, Headline, Token, TokenKind
from storage.connection import Written
from storage.database import Database, open_database
from storage.migrations import MIGRATIONS, known

ROOT = Path(__file__).resolve().parents[2]
TOKEN = Token(1, "BTC", "Bitcoin", TokenKind.COIN)
DAY = dt.date(2023, 1, 1)


def candles(count: int, token: int = 1) -> list[Candle]:
    days = (DAY + dt.timedelta(days=i) for i in range(count))
    return [Candle(day.isoformat(), token, None, None, None, 1.5, None, "venue", False) for day in days]


def test_a_new_database_is_created_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    first = open_database(path)
    first.market.put_tokens([TOKEN])
    first.close()
    second = open_database(str(path))
    assert [token.symbol for token in second.market.tokens()] == ["BTC"]
    assert second.path == str(path)
    second.close()


def test_a_new_database_is_its_owners_alone_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    open_database(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    open_database(path).close()
    assert path.stat().st_mode & 0o777 == 0o640


def test_its_pragmas_are_the_safe_ones(tmp_path: Path) -> None:
    database = open_database(tmp_path / "crier.db")
    read = {name: database.connection.row(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert read == {"journal_mode": ("wal",), "synchronous": (2,), "foreign_keys": (1,)}
    database.close()


def test_all_migrations_are_applied_once(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    for _ in range(2):
        open_database(path).close()
    with sqlite3.connect(path) as link:
        names = [name for (name,) in link.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    link.close()
    assert len(names) == len(set(names))
    assert set(names) == known()


def test_headlines_of_an_older_database_become_news_of_unnamed_authors(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    old = sqlite_utils.Database(path)
    MIGRATIONS.apply(old, stop_before="m008_authors")
    row = ("2023-01-01 10:00:00", "Paper", "", "Old", "2023-01-01")
    old["headlines"].insert(dict(zip(("published_at", "source", "subject", "title", "known"), row, strict=True)))
    old.close()
    database = open_database(path)
    assert list(database.market.headlines(dt.date(2024, 1, 1))) == [Headline(*row, author="", social=False)]
    database.close()


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    open_database(path).close()
    link = sqlite3.connect(path)
    link.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('crier', 'm999_later', '')")
    link.commit()
    link.close()
    with pytest.raises(NewerDatabase, match="upgrade"):
        open_database(path)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    link = sqlite3.connect(path)
    link.execute("CREATE TABLE recipes (id INTEGER)")
    link.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="another program"):
        open_database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear reader, " * 400)
    with pytest.raises(StorageError, match="not a database"):
        open_database(path)
    assert path.read_bytes().startswith(b"Dear reader")


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="is a folder"):
        open_database(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="there is no folder"):
        open_database(tmp_path / "nowhere" / "crier.db")


def test_a_device_is_not_a_database() -> None:
    with pytest.raises(CannotWrite, match="not an ordinary file"):
        open_database("/dev/null")


@pytest.mark.parametrize("kept", ["crier.db", "."])
def test_a_path_that_may_only_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    path = tmp_path / "crier.db"
    open_database(path).close()
    # root may write anywhere, so the answer of the system is given here
    monkeypatch.setattr(os, "access", lambda place, mode: place != tmp_path / kept)
    with pytest.raises(CannotWrite, match="may not be written"):
        open_database(path)


def test_writing_to_a_read_only_database_says_so(database: Database) -> None:
    database.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(CannotWrite, match="may only be read"):
        database.market.put_tokens([TOKEN])


def test_a_full_disk_is_one_sentence_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = open_database(tmp_path / "crier.db")
    database.market.put_tokens([TOKEN])
    (pages,) = database.connection.row("PRAGMA page_count") or (0,)
    database.connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    database.market.put_candles(candles(100))
    with pytest.raises(CannotWrite, match="disk is full"):
        database.market.put_candles(candles(20_000))
    assert len(list(database.market.candles(dt.date(2100, 1, 1)))) == 100
    database.connection.execute("PRAGMA max_page_count = 100000")
    assert database.market.put_candles(candles(2000)) == Written(new=1900, same=100)
    database.close()


FULL = """
import resource, sys
from engine.errors import CannotWrite
from storage.database import open_database
from engine.model import Candle, Token, TokenKind
database = open_database(sys.argv[1])
database.market.put_tokens([Token(1, "BTC", "Bitcoin", TokenKind.COIN)])
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
rows = (Candle(f"2{i:03}-01-01", 1, None, None, None, 1.5, None, "venue" * 200, False) for i in range(1000))
try:
    database.market.put_candles(rows)
except CannotWrite as error:
    print(error)
    sys.exit(1)
"""


def test_a_quota_that_ends_is_one_sentence_and_the_rest_survives(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")
    assert "free some space" in done.stdout
    database = open_database(path)
    assert [token.symbol for token in database.market.tokens()] == ["BTC"]
    assert database.market.span() is None
    database.close()


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    first, second = open_database(path), open_database(path)
    second.connection.execute("PRAGMA busy_timeout = 20")
    with first.atomic():
        with pytest.raises(StorageError, match="another process is writing"):
            second.market.put_tokens([TOKEN])
        assert second.market.tokens() == []  # reading goes on
    second.market.put_tokens([TOKEN])
    assert len(first.market.tokens()) == 1
    first.close()
    second.close()


def test_a_failure_inside_atomic_undoes_every_store(database: Database) -> None:
    with pytest.raises(RuntimeError, match="mid-way"), database.atomic():
        database.market.put_tokens([TOKEN])
        database.market.put_candles(candles(3))
        database.journal.append("replay", "note", DAY, {"a": 1})
        raise RuntimeError("mid-way")
    assert database.market.tokens() == []
    assert database.journal.head("replay") is None


def test_an_inner_block_may_fail_alone(database: Database) -> None:
    with database.atomic():
        database.market.put_tokens([TOKEN])
        with pytest.raises(StorageError), database.atomic():
            database.market.put_candles(candles(1))
            database.market.put_candles(candles(1, token=99))
    assert len(database.market.tokens()) == 1
    assert database.market.span() is None


def test_a_row_about_nothing_known_is_refused(database: Database) -> None:
    with pytest.raises(StorageError, match="refuses a row"):
        database.market.put_candles(candles(1))


def test_a_damaged_file_says_restore(tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    database = open_database(path)
    database.market.put_tokens([TOKEN])
    database.market.put_candles(candles(5000))
    database.check_integrity()
    database.close()
    data = bytearray(path.read_bytes())
    for page in range(80, len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(data)
    damaged = open_database(path)
    with pytest.raises(StorageError, match="restore"):
        list(damaged.market.candles(dt.date(2100, 1, 1)))
    with pytest.raises(StorageError, match="restore"):
        damaged.check_integrity()
    damaged.close()
