"""What was published is read in the journal's order and from one moment, through a connection that cannot write."""

import sqlite3

import pytest

from engine.errors import BrokenJournal, CannotWrite, NewerDatabase, StorageError
from storage.database import open_database, open_read_only
from storage.published import Published


@pytest.fixture
def path(tmp_path, make_decision):
    """Three announced decisions between two other entries."""
    path = tmp_path / "it's here?.db"
    database = open_database(path)
    database.journal.append("live", "method", make_decision().date, {"method": "1"})
    for sequence, mode in enumerate(("balanced", "aggressive", "balanced")):
        decision = make_decision(mode=mode, sequence=sequence)
        database.decisions.add("live", decision)
        database.decisions.put_announcement("live", decision, f'{{"title": "{sequence}"}}')
    database.journal.append("live", "method", make_decision().date, {"method": "2"})
    database.close()
    return path


@pytest.fixture
def reading(path):
    database = open_read_only(path)
    yield database
    database.close()


@pytest.fixture
def published(reading):
    return Published(reading.connection)


def test_entries_come_in_stretches(published):
    assert [entry.seq for entry in published.entries("live", 0, 2)] == [1, 2]
    assert [entry.seq for entry in published.entries("live", 3, 10)] == [4, 5]
    assert published.entries("live", 5, 10) == published.entries("replay", 0, 10) == []
    assert published.entry("live", 3).kind == "decision"
    assert published.entry("live", 9) is None


def test_announcements_come_newest_first_or_after_an_entry(published):
    assert [cried.seq for cried in published.newest("live", 10)] == [4, 3, 2]
    assert [cried.seq for cried in published.newest("live", 10, "balanced")] == [4, 2]
    assert [(cried.seq, cried.mode, cried.sequence) for cried in published.since("live", 2, 10)] == [
        (3, "aggressive", 1),
        (4, "balanced", 2),
    ]
    assert published.since("live", 4, 10) == published.newest("replay", 10) == []


def test_a_snapshot_is_of_one_moment_and_the_stamp_tells_of_the_next(published, path, make_decision):
    stamp = published.stamp()
    with published.snapshot():
        assert len(published.entries("live", 0, 10)) == 5
        writer = open_database(path)
        writer.journal.append("live", "method", make_decision().date, {"method": "3"})
        writer.close()
        assert len(published.entries("live", 0, 10)) == 5
    assert len(published.entries("live", 0, 10)) == 6
    assert published.stamp() != stamp


def test_a_choice_of_a_chat_is_nothing_published(published, path):
    stamp = published.stamp()
    writer = open_database(path)
    writer.chats.set_mode("telegram", "1", "balanced")
    writer.close()
    assert published.stamp() == stamp


def test_an_entry_that_was_changed_is_not_read_out(reading, published, path):
    with sqlite3.connect(path) as link:
        link.execute("DROP TRIGGER journal_keeps_values")
        link.execute("UPDATE journal SET body = '{}' WHERE seq = 2")
    link.close()
    with pytest.raises(BrokenJournal, match="entry 2"):
        published.entries("live", 0, 10)


def test_no_store_can_write_through_it(reading):
    with pytest.raises(CannotWrite):
        reading.chats.set_mode("telegram", "1", "balanced")


def test_it_waits_for_a_writer_to_bring_an_older_database_up_to_date_and_refuses_a_newer_one(path):
    with sqlite3.connect(path) as link:
        (name,) = link.execute("SELECT name FROM _sqlite_migrations ORDER BY rowid DESC LIMIT 1").fetchone()
        link.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (name,))
    link.close()
    with pytest.raises(StorageError, match="run `crier doctor`"):
        open_read_only(path)
    with sqlite3.connect(path) as link:
        columns = "SELECT * FROM _sqlite_migrations LIMIT 1"
        names = [column[0] for column in link.execute(columns).description]
        values = ", ".join("'m999_far_ahead'" if column == "name" else column for column in names if column != "id")
        kept = ", ".join(column for column in names if column != "id")
        link.execute(f"INSERT INTO _sqlite_migrations ({kept}) SELECT {values} FROM _sqlite_migrations LIMIT 1")
    link.close()
    with pytest.raises(NewerDatabase):
        open_read_only(path)
