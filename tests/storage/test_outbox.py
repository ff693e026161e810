"""The queue: once a chat, claimed under a lease, acknowledged by its owner alone, never by halves, never too late."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from engine.errors import CannotWrite, StorageError
from storage.chats import Chat
from storage.connection import Connection
from storage.database import Database, open_database
from storage.outbox import DAMAGED, TOO_OLD, Letter, News, Push

NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
LEASE = 120 * SECOND
WEEK = News("week/2026-W48", "weekly", NOW + 3 * DAY)
ALERT = News("alert/2026-11-25", "danger", NOW + DAY, level=3)


def subscribe(database: Database, *chats: str, **choices: Any) -> None:
    for chat in chats:
        database.chats.put(Chat("telegram", chat, **{"indices": ("defi",), **choices}))


def letter(*chats: str, reply: str = "the week", after: dt.datetime | None = None) -> Letter:
    return Letter(reply, [("telegram", chat, after) for chat in chats])


def claim(database: Database, owner: str = "me", most: int = 10, now: dt.datetime = NOW) -> list[str]:
    return [row.chat.chat for row in database.outbox.claim("telegram", owner, most, now, LEASE)]


def states(database: Database) -> dict[str, str]:
    return dict(database.connection.rows("SELECT chat, state FROM outbox"))


def reasons(database: Database) -> dict[str, str]:
    return {found.chat: found.reason for found in database.outbox.dead()}


def test_news_reaches_each_chat_once_however_often_it_is_queued(database: Database) -> None:
    """F7: a job that runs three times adds nothing."""
    subscribe(database, "1", "2", "3")
    assert database.outbox.enqueue(WEEK, [letter("1", "2")], NOW) == 2
    assert database.outbox.enqueue(WEEK, [letter("1", "2", "3")], NOW) == 1
    assert database.outbox.enqueue(WEEK, [letter("1", "2", "3", reply="said otherwise")], NOW) == 0
    assert sorted(claim(database)) == ["1", "2", "3"]


def test_a_text_is_stored_once_for_all_its_chats(database: Database) -> None:
    database.outbox.enqueue(WEEK, [letter(*map(str, range(500)))], NOW)
    assert database.connection.row("SELECT COUNT(*) FROM outbox_bodies") == (1,)


def test_a_hundred_thousand_are_queued_about_as_fast_as_a_bare_table_takes_them(tmp_path: Path) -> None:
    """On files, as the service does, in time of the processor and side by side, so that no machine's speed matters.

    The benchmark measures it; this keeps it from growing threefold.
    """
    database = open_database(tmp_path / "crier.db")
    bare = sqlite3.connect(tmp_path / "bare.db", isolation_level=None)
    bare.execute("CREATE TABLE bare (chat TEXT NOT NULL, news INTEGER NOT NULL, UNIQUE (news, chat))")
    chats = [str(10**9 + k) for k in range(100_000)]
    ours, peers = [], []
    for k in range(2):
        began = time.process_time()
        assert database.outbox.enqueue(replace(WEEK, name=f"week/{k}"), [letter(*chats)], NOW) == 100_000
        ours.append(time.process_time() - began)
        began = time.process_time()
        bare.execute("BEGIN")
        bare.executemany("INSERT INTO bare VALUES (?, ?)", ((chat, k) for chat in chats))
        bare.execute("COMMIT")
        peers.append(time.process_time() - began)
    bare.close()
    database.close()
    assert min(ours) < 3 * min(peers)


def test_urgent_news_overtakes_what_was_queued_before_it(database: Database) -> None:
    subscribe(database, "1", "2", "3")
    database.outbox.enqueue(WEEK, [letter("1", "2")], NOW)
    database.outbox.enqueue(ALERT, [letter("3")], NOW)
    assert claim(database, most=2) == ["3", "1"]


def test_nothing_is_claimed_before_its_time(database: Database) -> None:
    subscribe(database, "1", "2")
    later = NOW + dt.timedelta(hours=6)
    database.outbox.enqueue(WEEK, [letter("1", after=later), letter("2")], NOW)
    assert claim(database) == ["2"]
    assert claim(database, now=later) == ["1"]  # what it has in flight itself is not handed out again
    assert claim(database, owner="another", now=later) == ["2"]  # the lease on 2 has ended
    assert database.outbox.next_due("telegram") == later + LEASE
    assert database.outbox.next_due("discord") is None


def test_an_owner_that_slept_past_its_lease_changes_nothing(database: Database) -> None:
    """F5: stopped for longer than the lease, it wakes and acknowledges: the row is another's, or done, by then."""
    subscribe(database, "1")
    database.outbox.enqueue(WEEK, [letter("1")], NOW)
    (slow,) = database.outbox.claim("telegram", "slow", 5, NOW, LEASE)
    after = NOW + LEASE
    (quick,) = database.outbox.claim("telegram", "quick", 5, after, LEASE)
    assert (quick.id, quick.attempts, quick.maybe) == (slow.id, 2, 0)
    stale: list[Callable[[], bool]] = [
        lambda: database.outbox.acknowledge(slow.id, "slow", "99", after),
        lambda: database.outbox.later(slow.id, "slow", after, "why"),
        lambda: database.outbox.bury(slow.id, "slow", "why", after),
        lambda: database.outbox.still(slow.id, "slow", after),
    ]
    assert [change() for change in stale] == [False] * 4
    assert database.outbox.acknowledge(quick.id, "quick", "100", after)
    assert [change() for change in stale] == [False] * 4
    (queue,) = database.outbox.queues(NOW)
    assert (queue.sent, queue.maybe, queue.waiting, queue.in_flight) == (1, 1, 0, 0)


def test_what_is_given_back_is_due_again_and_was_no_attempt(database: Database) -> None:
    subscribe(database, "1", "2")
    database.outbox.enqueue(WEEK, [letter("1", "2")], NOW)
    first, second = database.outbox.claim("telegram", "me", 2, NOW, LEASE)
    assert database.outbox.give_back([first.id], "me", NOW) == 1
    assert database.outbox.still(second.id, "me", NOW)  # what is in flight beside it stays its owner's
    assert database.outbox.give_back([first.id, second.id], "me", NOW) == 1
    rows = database.outbox.claim("telegram", "me", 1, NOW, LEASE)
    assert [row.attempts for row in rows] == [1]
    assert database.outbox.later(rows[0].id, "me", NOW, "slow down", counted=False)
    assert [row.attempts for row in database.outbox.claim("telegram", "me", 2, NOW, LEASE)] == [1, 1]


def test_what_a_dead_instance_had_in_flight_is_due_at_once_and_counted_as_maybe_sent(database: Database) -> None:
    """F1, F31: not by any clock: whoever holds the lock of the one instance takes over what others had claimed."""
    subscribe(database, "1", "2", "3")
    database.outbox.enqueue(WEEK, [letter("1", "2", "3")], NOW)
    claim(database, owner="dead", most=2)
    long_before = NOW - 7 * DAY  # a clock that jumped back a week
    assert database.outbox.take_over("telegram", NOW) == 2
    assert database.outbox.take_over("telegram", long_before) == 0
    assert sorted(claim(database, owner="new")) == ["1", "2", "3"]
    assert database.outbox.queues(NOW)[0].maybe == 2


def test_an_old_backup_announces_nothing_again(database: Database) -> None:
    """F10: what waits in a copy of a week ago is older than its age."""
    subscribe(database, "1")
    database.outbox.enqueue(WEEK, [letter("1")], NOW)
    assert claim(database, now=NOW + 7 * DAY) == []
    assert reasons(database) == {"1": TOO_OLD}


LEAVING: dict[str, Callable[[Database, Chat], object]] = {
    "forgot": lambda d, c: d.chats.forget(c.platform, c.chat),
    "unsubscribed": lambda d, c: d.chats.put(replace(c, indices=())),
    "switched it off": lambda d, c: d.chats.put(replace(c, weekly=False)),
    "muted": lambda d, c: d.chats.put(replace(c, muted_until=NOW + DAY)),
    "was closed": lambda d, c: d.chats.silence(c.platform, c.chat, "blocked", NOW),
}


@pytest.mark.parametrize("how", LEAVING)
@pytest.mark.parametrize("claimed", [False, True])
def test_who_leaves_is_sent_nothing_from_then_on_and_who_joins_waits_for_the_next(
    database: Database, how: str, claimed: bool
) -> None:
    """F36: what was queued is a snapshot; leaving counts at once, even between a claim and its sending."""
    subscribe(database, "1", "2")
    database.outbox.enqueue(WEEK, [letter("1", "2")], NOW)
    rows = database.outbox.claim("telegram", "me", 2, NOW, LEASE) if claimed else []
    LEAVING[how](database, database.chats.get("telegram", "1"))
    subscribe(database, "joiner")
    if claimed:
        assert [database.outbox.still(row.id, "me", NOW) for row in rows] == [False, True]
    else:
        assert claim(database) == ["2"]
        assert "1" not in states(database) or states(database)["1"] == "dead"


def test_what_a_wrong_clock_put_far_off_is_due_again_once_it_is_right(database: Database) -> None:
    """F31: queued by a clock a week ahead."""
    subscribe(database, "1", "2")
    database.outbox.enqueue(replace(WEEK, expires=NOW + 30 * DAY), [letter("1")], NOW + 7 * DAY)
    database.outbox.enqueue(ALERT, [letter("2", after=NOW + dt.timedelta(hours=20))], NOW)
    assert claim(database) == []
    assert database.outbox.mend(NOW) == 1
    assert claim(database) == ["1"]


def test_admins_are_told_though_they_are_no_chat(database: Database) -> None:
    database.outbox.enqueue(News("admin/1", "admin", NOW + DAY), [letter("77")], NOW)
    assert claim(database) == ["77"]


def test_a_damaged_text_is_never_sent(database: Database) -> None:
    """F9: SQLite's own check finds hardly any change of a payload; ours finds every one."""
    subscribe(database, "1")
    database.outbox.enqueue(WEEK, [letter("1", reply="buy AAVE")], NOW)
    database.connection.execute("UPDATE outbox_bodies SET reply = 'buy AAVX'")
    assert claim(database) == []
    assert reasons(database) == {"1": DAMAGED}


def test_a_chat_that_moved_takes_what_waits_with_it_once(database: Database) -> None:
    """F18: one delivery to the new name, none to the old, also where the new one was told already."""
    subscribe(database, "-1", "-100")
    other = replace(WEEK, name="week/2026-W49")
    database.outbox.enqueue(WEEK, [letter("-1", "-100")], NOW)
    database.outbox.enqueue(other, [letter("-1")], NOW)
    database.outbox.move_chat("telegram", "-1", "-100", NOW)
    assert claim(database) == ["-100", "-100"]
    assert claim(database, owner="another", now=NOW + DAY) == ["-100", "-100"]
    assert [found.chat for found in database.outbox.dead()] == ["-1"]


def test_a_chat_that_moved_is_not_told_again_what_it_was_told_under_its_old_name(database: Database) -> None:
    """F18: a week is queued twice where an index was late; alerts are counted under the new name too."""
    subscribe(database, "-1", "-100")
    for news in (WEEK, ALERT):
        database.outbox.enqueue(news, [letter("-1")], NOW)
        (row,) = database.outbox.claim("telegram", "me", 4, NOW, LEASE)
        database.outbox.acknowledge(row.id, "me", "1", NOW)
    database.outbox.move_chat("telegram", "-1", "-100", NOW)
    assert database.outbox.enqueue(WEEK, [letter("-100")], NOW) == 0
    assert database.outbox.alerts(NOW - DAY) == {("telegram", "-100"): (1, ALERT.level)}


def test_a_text_that_nobody_takes_is_given_up_after_a_few(database: Database) -> None:
    """F20: not ten thousand attempts at what no chat can be sent; a text that one chat took goes on."""
    subscribe(database, *map(str, range(8)))
    database.outbox.enqueue(WEEK, [letter(*map(str, range(8)))], NOW)
    rows = database.outbox.claim("telegram", "me", 4, NOW, LEASE)
    for row in rows[:3]:
        assert database.outbox.bury_body("telegram", row.body, "bad markup", NOW, least=3) == 0
        database.outbox.bury(row.id, "me", "bad markup", NOW)
    assert database.outbox.bury_body("telegram", rows[0].body, "bad markup", NOW, least=3) == 4
    assert claim(database) == []
    database.outbox.enqueue(ALERT, [letter("0", "1", "2", "3", "4")], NOW)
    rows = database.outbox.claim("telegram", "me", 4, NOW, LEASE)
    database.outbox.acknowledge(rows[0].id, "me", "1", NOW)
    for row in rows[1:]:
        database.outbox.bury(row.id, "me", "bad markup", NOW)
    assert database.outbox.bury_body("telegram", rows[0].body, "bad markup", NOW, least=3) == 0


def test_alerts_of_a_week_are_counted_by_chat_with_the_gravest(database: Database) -> None:
    subscribe(database, "1", "2")
    for k, level in enumerate((2, 4, 1)):
        news = News(f"alert/{k}", "danger", NOW + 9 * DAY, level)
        database.outbox.enqueue(news, [letter("1"), letter("2")] if k == 0 else [letter("1")], NOW + k * DAY)
    assert database.outbox.alerts(NOW) == {("telegram", "1"): (3, 4), ("telegram", "2"): (1, 2)}
    assert database.outbox.alerts(NOW + 2 * DAY) == {("telegram", "1"): (1, 1)}


def test_what_was_settled_long_ago_is_forgotten_and_what_waits_is_not(database: Database) -> None:
    subscribe(database, "1", "2")
    database.outbox.enqueue(WEEK, [letter("1")], NOW)
    (row,) = database.outbox.claim("telegram", "me", 1, NOW, LEASE)
    database.outbox.acknowledge(row.id, "me", "5", NOW)
    database.outbox.enqueue(ALERT, [letter("2")], NOW)
    assert database.outbox.purge(NOW + 90 * DAY) == 1
    assert states(database) == {"2": "waiting"}
    assert database.connection.rows("SELECT name FROM outbox_news") == [(ALERT.name,)]
    assert database.connection.row("SELECT COUNT(*) FROM outbox_bodies") == (1,)


class Stopped(BaseException):
    """What a kill looks like from inside."""


def test_a_decision_and_its_messages_are_written_both_or_not_at_all(database: Database, make_decision: Any) -> None:
    """F2: the n-th statement is the last one, for all n; the transaction around it vanishes."""
    subscribe(database, "1", "2")
    original, n = Connection.execute, 0

    def decide(stop_at: int) -> None:
        left = stop_at

        def counting(self: Connection, *arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Stopped
            return original(self, *arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "execute", counting)
            with database.atomic():
                database.decisions.add("live", make_decision())
                database.outbox.enqueue(WEEK, [letter("1"), letter("2", reply="short")], NOW)

    while True:
        n += 1
        try:
            decide(n)
        except Stopped:
            kept = [database.connection.row(f"SELECT COUNT(*) FROM {t}")[0] for t in ("decisions", "journal", "outbox")]  # type: ignore[index]
            assert kept == [0, 0, 0], f"stopped at statement {n}"
        else:
            break
    assert n > 4
    assert states(database) == {"1": "waiting", "2": "waiting"}
    assert database.decisions.latest("live", "defi", "balanced") is not None


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path / "crier.db")
    yield database
    database.close()


def test_a_full_disk_queues_nothing_by_halves_and_takes_it_once_there_is_room(on_disk: Database) -> None:
    """F8: enqueue and acknowledge fail whole, in one sentence; after room was made everything goes on."""
    subscribe(on_disk, *map(str, range(50)))
    (pages,) = on_disk.connection.row("PRAGMA page_count")  # type: ignore[misc]
    many = [letter(*map(str, range(5000)), reply="x" * 50_000)]
    on_disk.connection.row(f"PRAGMA max_page_count = {pages + 8}")
    with pytest.raises(CannotWrite, match="disk is full"):
        on_disk.outbox.enqueue(WEEK, many, NOW)
    assert states(on_disk) == {}
    on_disk.connection.row("PRAGMA max_page_count = 1000000")
    assert on_disk.outbox.enqueue(WEEK, many, NOW) == 5000
    on_disk.check_integrity()


def test_another_writer_is_waited_for_and_then_complained_of(on_disk: Database, tmp_path: Path) -> None:
    """F11: SQLITE_BUSY ends in one sentence, nothing is lost, and the next try succeeds."""
    on_disk.connection.row("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(tmp_path / "crier.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another process is writing"):
        on_disk.outbox.enqueue(WEEK, [letter("1")], NOW)
    other.execute("COMMIT")
    other.close()
    assert on_disk.outbox.enqueue(WEEK, [letter("1")], NOW) == 1


def test_a_database_that_may_only_be_read_refuses_in_one_sentence(on_disk: Database) -> None:
    """F11"""
    on_disk.connection.row("PRAGMA query_only = 1")
    with pytest.raises(CannotWrite, match="only be read"):
        on_disk.outbox.enqueue(WEEK, [letter("1")], NOW)


@settings(max_examples=max(15, settings().max_examples // 10))
@given(seed=st.integers(0, 2**32 - 1), senders=st.integers(1, 3))
def test_whatever_senders_do_nothing_is_lost_and_repeats_are_only_what_was_in_flight(seed: int, senders: int) -> None:
    """F1, F5: owners claim, send, acknowledge, give up, sleep or die in any order; an outsider counts what arrived."""
    chance = random.Random(seed)
    database = open_database(":memory:")
    try:
        chats = [str(k) for k in range(6)]
        subscribe(database, *chats)
        database.outbox.enqueue(replace(WEEK, expires=NOW + 999 * DAY), [letter(*chats)], NOW)
        arrived, at_risk, now = dict.fromkeys(chats, 0), dict.fromkeys(chats, 0), NOW
        held: dict[str, list[Any]] = {f"owner-{k}": [] for k in range(senders)}
        for _ in range(60):
            now += chance.choice((SECOND, 30 * SECOND, LEASE))
            owner = chance.choice(list(held))
            held[owner] += database.outbox.claim("telegram", owner, chance.randint(1, 3), now, LEASE)
            if not held[owner]:
                continue
            row = held[owner].pop(chance.randrange(len(held[owner])))
            match chance.choice(("send", "send", "die after sending", "die before", "retry")):
                case "send" if database.outbox.still(row.id, owner, now):
                    arrived[row.chat.chat] += 1
                    assert database.outbox.acknowledge(row.id, owner, "m", now)
                case "die after sending" if database.outbox.still(row.id, owner, now):
                    arrived[row.chat.chat] += 1
                    at_risk[row.chat.chat] += 1
                case "retry":
                    database.outbox.later(row.id, owner, now + SECOND, "no connection")
        for k in range(len(chats) + 1):
            for row in database.outbox.claim("telegram", "last", 9, now + (k + 2) * LEASE, LEASE):
                arrived[row.chat.chat] += 1
                assert database.outbox.acknowledge(row.id, "last", "m", now)
        assert set(states(database).values()) == {"sent"}
        assert all(1 <= arrived[chat] <= 1 + at_risk[chat] for chat in chats), (arrived, at_risk)
    finally:
        database.close()


@pytest.mark.parametrize("push", ["weekly", "danger", "watched"])
def test_a_chat_that_only_watches_is_told_of_its_tokens(database: Database, push: Push) -> None:
    subscribe(database, "1", indices=(), watches=("AAVE",))
    database.outbox.enqueue(News("n", push, NOW + DAY), [letter("1")], NOW)
    assert claim(database) == ["1"]
