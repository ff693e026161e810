"""What is recalled is what would be found: until this or another process writes, or a write is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import CannotWrite
from storage.database import Database, open_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "x.db")
    yield opened
    opened.close()


def test_an_answer_is_found_once_until_its_table_is_written_to(database: Database) -> None:
    asked: list[int] = []
    found = lambda: (asked.append(1), database.market.provenance("a"))[1]  # noqa: E731
    recall = lambda: database.connection.recall(("provenance",), "key", found)  # noqa: E731
    assert (recall(), recall()) == (None, None)
    assert len(asked) == 1
    database.market.set_provenance("a", "b")
    assert (recall(), recall(), len(asked)) == ("b", "b", 2)
    database.chats.set_mode("telegram", "1", "aggressive")  # another table
    assert (recall(), len(asked)) == ("b", 2)


def test_what_was_taken_back_is_not_recalled(database: Database) -> None:
    with pytest.raises(CannotWrite), database.connection.atomic():
        database.market.set_provenance("a", "b")
        assert database.market.provenance("a") == "b"
        raise CannotWrite("no")
    assert database.market.provenance("a") is None


def test_what_another_process_wrote_is_seen(database: Database) -> None:
    assert database.market.provenance("a") is None
    other = open_database(database.path)
    other.market.set_provenance("a", "theirs")
    other.close()
    assert database.market.provenance("a") == "theirs"


def test_one_answer_looks_once_for_what_others_wrote_and_sees_its_own_at_once(database: Database) -> None:
    asked: list[str] = []
    database.connection.raw.conn.set_trace_callback(asked.append)
    with database.glance():
        assert database.market.provenance("a") is None
        other = open_database(database.path)
        other.market.set_provenance("a", "theirs")
        other.close()
        assert database.market.provenance("a") is None, "what was there when it began"
        assert asked.count("PRAGMA data_version") == 1
        database.market.set_provenance("a", "ours")
        assert database.market.provenance("a") == "ours"
    other = open_database(database.path)
    other.market.set_provenance("a", "theirs")
    other.close()
    assert database.market.provenance("a") == "theirs"


def test_statements_that_write_are_known_by_their_table(database: Database) -> None:
    with database.connection.atomic():
        database.market.set_provenance("a", "b")
        assert database.market.provenance("a") == "b"
        database.connection.execute("  delete from provenance where key = 'a'")
        assert database.market.provenance("a") is None
        database.connection.execute("INSERT OR REPLACE INTO provenance VALUES ('a', 'c')")
        assert database.market.provenance("a") == "c"


def test_only_so_much_is_kept(database: Database) -> None:
    for i in range(1000):
        database.connection.recall((), i, lambda: "x")
    assert len(database.connection._recalled) == 400
