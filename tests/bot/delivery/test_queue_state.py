"""What /status and the doctor say of the queue: what waits since when, what was sent and given up, what is stuck."""

import datetime as dt
import shutil

import pytest

from bot.doctor import examine
from bot.health import ready
from bot.queue_state import queue_findings, queue_lines
from bot.scheduler import ALIVE
from bot.settings import Settings
from bot.shelf import DatabaseBook
from storage.chats import Chat
from storage.database import open_database
from storage.outbox import Letter, News

NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


@pytest.fixture
def database(tmp_path):
    opened = open_database(tmp_path / "crier.db")
    for chat in "123":
        opened.chats.put(Chat("telegram", chat, indices=("defi",)))
    yield opened
    opened.close()


def queue(database, now=NOW, after=None):
    letter = Letter("the week", [("telegram", chat, after) for chat in "123"])
    database.outbox.enqueue(News("week/2026-W48", "weekly", NOW + 3 * DAY), [letter], now)


def findings(database, now):
    return {found.check: found for found in queue_findings(database, now)}


def test_the_queue_is_told_in_a_line_a_platform(database):
    assert queue_lines(database, NOW) == ()
    queue(database)
    first, second, _ = database.outbox.claim("telegram", "me", 3, NOW, MINUTE)
    database.outbox.acknowledge(first.id, "me", "5", NOW)
    database.outbox.bury(second.id, "me", "may have arrived", NOW, maybe=True)
    lines = queue_lines(database, NOW + 3 * MINUTE)
    assert lines == ("telegram: 1 wait (the oldest for 3 minutes), 1 sent, 1 given up, 1 perhaps sent",)
    assert DatabaseBook(database, NOW + 3 * MINUTE).status().queues == lines
    assert queue_lines(database, NOW + 2 * DAY) == ("telegram: 1 wait (the oldest for 2 days), 0 sent",)


def test_a_queue_that_does_not_move_is_found_and_one_that_waits_for_its_hour_is_not(database):
    queue(database, after=NOW + dt.timedelta(hours=6))
    assert findings(database, NOW + dt.timedelta(hours=5))["queue telegram"].ok
    assert not findings(database, NOW + dt.timedelta(hours=7))["queue telegram"].ok


def test_one_rule_says_to_the_doctor_and_to_the_probe_that_a_queue_is_stuck(database):
    """A long broadcast moves, however long its last message has been due; half an hour without any is too long."""
    queue(database)

    def stuck(now):
        answers = {findings(database, now)["queue telegram"].ok}
        answers |= {found.ok for found in ready(database, now) if found.check == "sending"}
        (ok,) = answers
        return not ok

    assert not stuck(NOW + 30 * MINUTE) and stuck(NOW + 31 * MINUTE)
    later = NOW + 70 * MINUTE
    row, _, _ = database.outbox.claim("telegram", "me", 3, later, MINUTE)
    database.outbox.acknowledge(row.id, "me", "5", later)
    assert not stuck(later + 30 * MINUTE) and stuck(later + 32 * MINUTE), "what a dead sender had claimed counts too"


def test_one_message_that_is_tried_in_vain_again_and_again_is_stuck(database):
    """Each failure puts its next try off, so that it is never due for long: it counts from when it was queued."""
    database.outbox.enqueue(News("n", "weekly", NOW + DAY), [Letter("x", [("telegram", "1", None)])], NOW)
    for minute in range(0, 45, 9):
        now = NOW + minute * MINUTE
        assert findings(database, now)["queue telegram"].ok == (minute <= 30)
        (row,) = database.outbox.claim("telegram", "me", 3, now, MINUTE)
        database.outbox.later(row.id, "me", now + 9 * MINUTE, "502")


def test_a_service_that_fell_silent_is_found(database):
    assert findings(database, NOW)["service"].says == "never ran on this database: crier run"
    database.agenda.note(ALIVE, "", NOW)
    assert findings(database, NOW + 5 * MINUTE)["service"].ok
    found = findings(database, NOW + dt.timedelta(hours=5))["service"]
    assert (found.ok, found.says) == (False, "was last seen 5 hours ago: start crier run")


@pytest.mark.parametrize("days_left, ok", [(29, False), (31, True)])
def test_a_disk_that_is_full_within_a_month_fails(tmp_path, monkeypatch, days_left, ok):
    usage = shutil.disk_usage(tmp_path)._replace(free=days_left * 10**7 + 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    found = grown(tmp_path, 10**7)
    assert (found.ok, found.says) == (ok, f"the database grows by 10.0 MB a day: the disk is full in {days_left} days")


def test_a_database_that_shrinks_fills_no_disk(tmp_path):
    found = grown(tmp_path, -(10**7))
    assert found.ok and "for years" in found.says


def grown(tmp_path, bytes_a_day):
    database = open_database(tmp_path / "crier.db")
    size = database.agenda.measure(NOW.date())
    day = (NOW - 10 * DAY).date().isoformat()
    database.connection.execute("INSERT INTO sizes VALUES (?, ?)", (day, size - 10 * bytes_a_day))
    database.close()
    found = {f.check: f for f in examine(Settings(database=tmp_path / "crier.db"), NOW)}
    return found["growth"]


def test_the_doctor_says_when_the_disk_will_be_full(tmp_path):
    slow = grown(tmp_path, 1000)
    assert slow.ok and "for years" in slow.says
    (tmp_path / "fast").mkdir()
    fast = grown(tmp_path / "fast", 10**13)
    assert not fast.ok and "full in 0 days" in fast.says
