"""A chat's pulse: counts add up, weeks are told apart, what is old goes, and what is to be forgotten is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from storage.chats import Chat
from storage.database import Database
from storage.pulse import MESSAGES, Pulse

TODAY = dt.date(2026, 3, 18)


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def rows(database: Database) -> int:
    return int(database.connection.rows("SELECT COUNT(*) FROM chat_pulse")[0][0])


def test_counts_add_up_and_the_weeks_are_told_apart(database: Database) -> None:
    for days, count in ((0, 3), (0, 2), (6, 1), (7, 10), (13, 4), (14, 100)):
        database.pulse.add("telegram", "-1", ago(days), {MESSAGES: 2 * count, "AAVE": count, "BTC": 0})
    assert database.pulse.weeks("telegram", "-1", TODAY) == [Pulse(MESSAGES, 12, 28), Pulse("AAVE", 6, 14)]
    assert database.pulse.weeks("telegram", "-2", TODAY) == []
    assert database.pulse.weeks("discord", "-1", TODAY) == []


def test_the_most_spoken_of_come_first_and_ties_go_by_name(database: Database) -> None:
    database.pulse.add("telegram", "-1", TODAY, {"ETH": 2, "AAVE": 2, "BTC": 5})
    database.pulse.add("telegram", "-1", ago(8), {"SOL": 9})
    assert [entry.subject for entry in database.pulse.weeks("telegram", "-1", TODAY)] == ["BTC", "AAVE", "ETH", "SOL"]


def test_counts_of_days_long_ago_are_deleted(database: Database) -> None:
    database.pulse.add("telegram", "-1", ago(90), {MESSAGES: 1})
    database.pulse.add("telegram", "-1", ago(89), {MESSAGES: 1})
    assert rows(database) == 2
    database.pulse.add("telegram", "-2", TODAY, {MESSAGES: 1})
    assert rows(database) == 2
    database.pulse.expire(TODAY + dt.timedelta(days=90))
    assert rows(database) == 0


def test_a_chat_s_counts_can_be_deleted_alone_and_go_with_the_chat(database: Database) -> None:
    for chat in ("-1", "-2", "-3"):
        database.pulse.add("telegram", chat, TODAY, {MESSAGES: 1, "BTC": 1})
    database.pulse.forget("telegram", "-1")
    assert rows(database) == 4
    database.chats.put(Chat("telegram", "-2", pulse=True))
    database.chats.forget("telegram", "-2")
    database.chats.forget("telegram", "-3")
    assert rows(database) == 0


def test_counts_follow_a_chat_to_its_new_name(database: Database) -> None:
    database.chats.put(replace(Chat("telegram", "-1"), pulse=True))
    database.pulse.add("telegram", "-1", TODAY, {MESSAGES: 3})
    database.pulse.add("telegram", "-100", TODAY, {MESSAGES: 1})
    database.chats.move("telegram", "-1", "-100")
    assert database.pulse.weeks("telegram", "-1", TODAY) == []
    assert database.pulse.weeks("telegram", "-100", TODAY) == [Pulse(MESSAGES, 4, 0)]
