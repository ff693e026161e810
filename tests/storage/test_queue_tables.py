"""The queue's tables: an older database's rows are carried over, and no question reads all that was ever told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import sqlite_utils
from hypothesis import given, strategies as st

from storage.chats import Chat
from storage.connection import Connection
from storage.database import Database, open_database
from storage.messages import DAMAGED, checksum, instant, stamp
from storage.migrations import MIGRATIONS
from storage.outbox import Letter, News

NOW = dt.datetime(2026, 11, 23, 1, 2, 3, 456_000, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
LEASE = dt.timedelta(seconds=120)


def text(at: dt.datetime) -> str:
    """An instant as it was stored before step 17."""
    return at.isoformat(timespec="milliseconds")


ROWS = (
    {"chat": "due"},
    {"chat": "later", "next_at": text(NOW + 9 * HOUR), "attempts": 2, "maybe": 1, "reason": "502"},
    {"chat": "claimed", "owner": "dead", "next_at": text(NOW + LEASE), "attempts": 1},
    {"chat": "sent", "state": "sent", "message": "77", "settled": text(NOW + HOUR), "attempts": 1, "maybe": 1},
    {"chat": "dead", "state": "dead", "reason": "kicked", "settled": text(NOW - HOUR)},
    {"chat": "due", "platform": "discord"},
    {"chat": "urgent", "news": 8, "body": 80, "urgent": 1},
)


def older_database(path: Path) -> None:
    """A database at step 16 with a row in every state, on both platforms, of two news."""
    old = sqlite_utils.Database(path)
    MIGRATIONS.apply(old, stop_before="m017_queue_by_news")
    for number, name, level in ((3, "week/2026-W48", 0), (8, "change/2026-11-23/3", 3)):
        news = {"push": "danger" if level else "weekly", "queued": text(NOW), "expires": text(NOW + 3 * DAY)}
        old["outbox_news"].insert({"id": number, "name": name, "level": level, **news})
        old["outbox_bodies"].insert({"id": 10 * number, "news": number, "reply": name, "checksum": checksum(name)})
    usual = {"platform": "telegram", "news": 3, "body": 30, "urgent": 0, "next_at": text(NOW)}
    for row in ROWS:
        whole = {**usual, **row}
        old["outbox"].insert(whole)
        chat = {"platform": whole["platform"], "chat": whole["chat"]}
        old["chats"].insert(chat)
        old["subscriptions"].insert({**chat, "index_id": "defi", "position": 0})
    old.close()


def test_an_older_queue_is_carried_over_whole_whatever_state_its_rows_are_in(tmp_path: Path) -> None:
    older_database(tmp_path / "crier.db")
    database = open_database(tmp_path / "crier.db")
    rows = database.connection.rows(
        """SELECT news, platform, chat, body, urgent, next_at, state, owner, attempts, maybe, reason, message, settled
           FROM outbox"""
    )
    at = stamp(NOW)
    assert rows == [
        (3, "discord", "due", 30, 0, at, "waiting", "", 0, 0, "", "", None),
        (3, "telegram", "claimed", 30, 0, at + 120_000, "waiting", "dead", 1, 0, "", "", None),
        (3, "telegram", "dead", 30, 0, at, "dead", "", 0, 0, "kicked", "", at - 3_600_000),
        (3, "telegram", "due", 30, 0, at, "waiting", "", 0, 0, "", "", None),
        (3, "telegram", "later", 30, 0, at + 9 * 3_600_000, "waiting", "", 2, 1, "502", "", None),
        (3, "telegram", "sent", 30, 0, at, "sent", "", 1, 1, "", "77", at + 3_600_000),
        (8, "telegram", "urgent", 80, 1, at, "waiting", "", 0, 0, "", "", None),
    ]
    assert database.outbox.take_over("telegram", NOW) == 1
    taken = [row.chat.chat for row in database.outbox.claim("telegram", "me", 9, NOW, LEASE)]
    assert taken == ["urgent", "claimed", "due"]
    assert [(letter.chat, letter.reason, letter.at) for letter in database.outbox.dead()] == [
        ("dead", "kicked", NOW - HOUR)
    ]
    letter = Letter("week/2026-W48", [("telegram", chat, None) for chat in ("sent", "due", "new")])
    assert database.outbox.enqueue(News("week/2026-W48", "weekly", NOW + DAY), [letter], NOW) == 1, "told once for ever"
    database.check_integrity()
    assert database.connection.rows("PRAGMA foreign_key_check") == []
    left = {name for name in database.connection.raw.table_names() if name.startswith("outbox")}
    assert left == {"outbox", "outbox_bodies", "outbox_news"}
    database.close()


def test_an_older_queue_of_a_small_disk_is_carried_over_or_left_as_it_was(tmp_path: Path) -> None:
    """F8: a step that cannot be taken is taken back whole, and the next start takes it."""
    path = tmp_path / "crier.db"
    older_database(path)
    link = sqlite_utils.Database(path)
    before = list(link.conn.iterdump())
    (pages,) = link.conn.execute("PRAGMA page_count").fetchone()
    link.conn.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(Exception, match="full"):
        MIGRATIONS.apply(link)
    assert list(link.conn.iterdump()) == before
    link.close()
    open_database(path).close()


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_an_instant_is_stored_to_the_millisecond(at: dt.datetime) -> None:
    assert dt.timedelta() <= at - instant(stamp(at)) < dt.timedelta(milliseconds=1)


@pytest.fixture
def told(database: Database) -> Database:
    for chat in "123":
        database.chats.put(Chat("telegram", chat, indices=("defi",)))
    letter = Letter("the week", [("telegram", chat, None) for chat in "123"])
    database.outbox.enqueue(News("week/2026-W48", "weekly", NOW + 3 * DAY), [letter], NOW)
    return database


def test_no_question_about_the_queue_reads_all_that_was_told(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety days of a hundred thousand chats are millions of rows, and the database answers one question at a time."""
    asked: dict[str, object] = {}
    for name in ("row", "rows", "execute"):
        original = getattr(Connection, name)

        def listening(self: Connection, sql: str, values: object = (), original: object = original) -> object:
            asked[sql] = values
            return original(self, sql, values)  # type: ignore[operator]

        monkeypatch.setattr(Connection, name, listening)
    outbox = told.outbox
    (first, second, third) = outbox.claim("telegram", "me", 3, NOW, LEASE)
    outbox.still(first.id, "me", NOW)
    outbox.acknowledge(first.id, "me", "1", NOW)
    outbox.later(second.id, "me", NOW, "why")
    outbox.bury(third.id, "me", "why", NOW)
    outbox.bury_body("discord", first.body, "why", NOW, 1)
    outbox.close_chat("telegram", "9", "why", NOW)
    outbox.move_chat("telegram", "9", "10", NOW)
    outbox.take_over("telegram", NOW)
    outbox.next_due("telegram"), outbox.idle_since("telegram", NOW), outbox.alerts(NOW)
    outbox.queues(NOW), outbox.dead(), outbox.mend(NOW), outbox.purge(NOW)
    told.chats.forget("telegram", "9")
    monkeypatch.undo()
    for sql, values in ((sql, values) for sql, values in asked.items() if "outbox" in sql):
        plan = [row[3] for row in told.connection.rows(f"EXPLAIN QUERY PLAN {sql}", values)]  # type: ignore[arg-type]
        scanned = [step for step in plan if step.split()[:2] in (["SCAN", "outbox"], ["SCAN", "o"])]
        assert [step for step in scanned if "outbox_due" not in step] == [], f"{sql}\n{plan}"
        assert not ("ORDER BY" in sql and any("TEMP B-TREE" in step for step in plan)), f"{sql}\n{plan}"
        if "MIN(next_at)" in sql:
            assert sum("platform=? AND urgent=?" in step for step in plan) == 2, f"{sql}\n{plan}"
        if "chat = ?" in sql:
            assert any("PRIMARY KEY (news=? AND platform=? AND chat=?)" in step for step in plan), f"{sql}\n{plan}"


def test_a_row_whose_text_is_gone_dies_of_it_and_does_not_wait_unseen(told: Database) -> None:
    """F9"""
    told.connection.execute("DELETE FROM outbox_bodies")
    assert told.outbox.claim("telegram", "me", 9, NOW, LEASE) == []
    assert {letter.reason for letter in told.outbox.dead()} == {DAMAGED}
    assert len(told.outbox.dead()) == 3
