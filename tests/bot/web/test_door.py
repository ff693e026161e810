"""The door and the press: read-only by SQLite's own word, one moment a question, no wait in the event loop."""

import asyncio
import sqlite3
import threading

import pytest
from emulators.decided import NOW

from bot.web.audit import Auditor
from bot.web.door import MOST_WAITING, BookDoor, TooBusy
from bot.web.press import LARGEST_KEPT, Press
from engine.errors import CannotWrite, StorageError
from storage.database import open_database


@pytest.fixture
async def door(copied):
    opened = BookDoor(copied, lambda: NOW)
    await opened.open()
    yield opened
    await opened.close()


async def test_nothing_can_be_written_through_it(door):
    def write(shelf):
        shelf.database.connection.execute("DELETE FROM chats")

    with pytest.raises(CannotWrite):
        await door.ask(write)

    def lift_it_and_write(shelf):
        shelf.database.connection.raw.conn.execute("PRAGMA query_only = OFF")
        shelf.database.connection.execute("DELETE FROM chats")

    with pytest.raises(CannotWrite):  # the file itself was opened for reading alone
        await door.ask(lift_it_and_write)


async def test_a_question_sees_one_moment_and_the_next_one_sees_what_was_written_since(door, copied):
    def twice(shelf):
        before = shelf.book.status().entries
        writer = open_database(copied)
        writer.journal.append("live", "method", NOW.date(), {"method": "test"})
        writer.close()
        return before, shelf.database.journal.count("live")

    before, meanwhile = await door.ask(twice)
    assert meanwhile == before
    assert await door.ask(lambda shelf: shelf.database.journal.count("live")) == before + 1


async def test_the_event_loop_goes_on_while_a_question_takes_its_time(door):
    gate = threading.Event()
    slow = asyncio.create_task(door.ask(lambda shelf: gate.wait(30) and threading.current_thread().name))
    for _ in range(5):
        await asyncio.sleep(0.005)
    assert not slow.done()
    gate.set()
    assert (await slow).startswith("page")


async def test_a_line_too_long_is_not_joined_and_drains(door):
    gate = threading.Event()
    waiting = [asyncio.create_task(door.ask(lambda shelf: gate.wait(5))) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooBusy):
        await door.ask(lambda shelf: None)
    for task in waiting[1:]:
        task.cancel()  # who gives up does not take the thread with him
    gate.set()
    await waiting[0]
    await asyncio.gather(*waiting, return_exceptions=True)
    while True:
        try:
            assert await door.ask(lambda shelf: 7) == 7
            break
        except TooBusy:
            await asyncio.sleep(0.01)


async def test_closing_cuts_a_long_question_short(copied):
    door = BookDoor(copied)
    await door.open()
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
    begun = threading.Event()
    endless = asyncio.create_task(door.ask(lambda shelf: begun.set() or shelf.database.connection.row(count)))
    assert await asyncio.to_thread(begun.wait, 30)
    await asyncio.sleep(0.05)
    await asyncio.wait_for(door.close(), 30)
    with pytest.raises(StorageError):
        await endless


@pytest.mark.parametrize("kind", ["absent", "empty", "older", "stranger", "text"])
async def test_what_is_no_database_of_this_version_is_refused_in_a_sentence_and_not_touched(tmp_path, kind):
    path = tmp_path / "crier.db"
    if kind == "text":
        path.write_text("no database at all, " * 100)
    elif kind != "absent":
        with sqlite3.connect(path) as link:
            if kind == "stranger":
                link.execute("CREATE TABLE bills (id)")
            if kind == "older":
                make_empty(path)
                link.execute("DELETE FROM _sqlite_migrations WHERE rowid = (SELECT MAX(rowid) FROM _sqlite_migrations)")
        link.close()
    before = path.read_bytes() if path.exists() else None
    door = BookDoor(path)
    with pytest.raises(StorageError, match=r"\.$"):
        await door.open()
    await door.close()
    assert (path.read_bytes() if path.exists() else None) == before


def make_empty(path):
    open_database(path).close()


async def test_a_page_is_made_once_until_something_is_published(door, copied):
    press, made = Press(door), []

    def make(shelf):
        made.append(shelf)
        return f"{shelf.book.status().entries}".encode(), "text/plain"

    first = await press.print("key", make)
    assert await press.print("key", make) is first
    writer = open_database(copied)
    writer.chats.set_mode("telegram", "42", "balanced")
    assert await press.print("key", make) is first  # a chat's choice is no news
    writer.journal.append("live", "method", NOW.date(), {"method": "test"})
    writer.close()
    second = await press.print("key", make)
    assert second.body != first.body
    assert second.etag != first.etag
    assert len(made) == 2


async def test_the_press_keeps_no_more_than_it_may(door):
    press = Press(door)
    for number in range(100):
        await press.print(number, lambda shelf: (b"x" * LARGEST_KEPT, "text/plain"))
    assert press._bytes <= 16 << 20
    huge = await press.print("huge", lambda shelf: (b"x" * (LARGEST_KEPT + 1), "text/plain"))
    assert await press.print("huge", lambda shelf: (huge.body, "text/plain")) is not huge


async def test_the_auditor_tells_a_forged_journal_from_a_sound_one(door, copied):
    auditor = Auditor(door)
    await auditor.check()
    assert auditor.last.verdict.holds
    kept = auditor.last
    await auditor.check()
    assert auditor.last is kept  # nothing was published since
    with sqlite3.connect(copied) as link:
        link.execute("DROP TRIGGER journal_keeps_values")
        link.execute("UPDATE journal SET body = replace(body, 'AAVE', 'AAVF') WHERE seq = 2")
    link.close()
    writer = open_database(copied)
    writer.journal.append("live", "method", NOW.date(), {"method": "test"})
    writer.close()
    await auditor.check()
    assert not auditor.last.verdict.holds
