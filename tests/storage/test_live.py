"""Values from live sources: with the instant they were seen, and known no earlier than they can have been."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.model import Candle, Headline, Measure, Snapshot, Token, TokenKind
from engine.panel import build_panel
from storage.connection import Written
from storage.database import Database

NOON = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
KEY = ("vix", "")


def vix(date: str, value: float, known: str) -> Measure:
    return Measure("vix", "", date, value, "fred", known)


def known(database: Database) -> list[tuple[str, float, str, str]]:
    rows = database.connection.rows("SELECT date, value, known, observed FROM measures ORDER BY date, known")
    return [tuple(row) for row in rows]


@pytest.fixture
def live(database: Database) -> Database:
    database.market.put_tokens([Token(0, "BTC", "Bitcoin", TokenKind.COIN)])
    return database


def test_history_from_before_a_series_was_followed_is_known_with_the_usual_delay(live: Database) -> None:
    live.live.put([vix("2025-11-03", 18.0, "2025-11-05")], NOON, {})
    assert known(live) == [("2025-11-03", 18.0, "2025-11-05", "2026-03-18T12:00:00+00:00")]


def test_a_value_in_time_is_known_on_its_usual_day(live: Database) -> None:
    live.live.put([vix("2026-03-16", 18.0, "2026-03-18")], NOON, {KEY: dt.date(2026, 1, 1)})
    assert known(live)[0][2] == "2026-03-18"


def test_a_value_that_comes_late_is_not_known_before_it_came(live: Database) -> None:
    live.live.put([vix("2026-03-09", 18.0, "2026-03-11")], NOON, {KEY: dt.date(2026, 1, 1)})
    assert known(live)[0][2] == "2026-03-17"


def test_a_restated_value_stands_beside_the_first_and_is_known_from_the_day_it_was_seen(live: Database) -> None:
    followed = {KEY: dt.date(2026, 1, 1)}
    first, again = vix("2026-03-13", 18.0, "2026-03-15"), vix("2026-03-13", 19.0, "2026-03-15")
    assert live.live.put([first], NOON - 2 * DAY, followed) == Written(new=1)
    assert live.live.put([first], NOON - DAY, followed) == Written(same=1)
    assert live.live.put([again], NOON, followed) == Written(new=1)
    assert live.live.put([again], NOON + DAY, followed) == Written(same=1)
    assert [(value, when) for _, value, when, _ in known(live)] == [(18.0, "2026-03-15"), (19.0, "2026-03-18")]


def test_a_backtest_sees_what_was_seen_then(live: Database) -> None:
    followed = {KEY: dt.date(2026, 1, 1)}
    candles = [
        Candle((NOON.date() - i * DAY).isoformat(), 1, None, None, None, 10.0, None, "", True) for i in range(20)
    ]
    live.live.put(candles, NOON, {})
    live.live.put([vix("2026-03-10", 18.0, "2026-03-12")], NOON - 6 * DAY, followed)
    before = build_panel(live.market, dt.date(2026, 3, 16)).market_measures["vix"]
    live.live.put([vix("2026-03-10", 55.0, "2026-03-12"), vix("2026-03-11", 56.0, "2026-03-13")], NOON, followed)
    after = build_panel(live.market, dt.date(2026, 3, 16)).market_measures["vix"]
    assert before.tolist() == pytest.approx(after.tolist(), nan_ok=True)
    assert build_panel(live.market, dt.date(2026, 3, 18)).market_measures["vix"][-1] == 56.0


def test_an_archive_row_says_nothing_of_when_it_was_seen(live: Database) -> None:
    live.market.put_measures([vix("2026-03-10", 18.0, "2026-03-12")])
    assert known(live)[0][3] is None


def test_the_same_rows_again_change_nothing_not_even_when_they_were_seen(live: Database) -> None:
    rows = [
        Candle("2026-03-17", 1, 1.0, 2.0, 0.5, 1.5, 10.0, "okx", False),
        Snapshot("2026-03-18", 1, 1, 1.5, 150.0, 100.0, 9.0),
        Headline("2026-03-18 10:00:00", "paper", "", "Bitcoin rises", "2026-03-18"),
        vix("2026-03-16", 18.0, "2026-03-18"),
    ]
    assert live.live.put(rows, NOON, {}) == Written(new=4)
    before = live.connection.raw.conn.total_changes
    later = [*rows[:2], rows[2]._replace(known="2026-03-19"), rows[3]]  # type: ignore[call-arg]
    assert live.live.put(later, NOON + DAY, {}) == Written(same=4)
    assert live.connection.raw.conn.total_changes == before
    assert live.connection.rows("SELECT DISTINCT observed FROM candles") == [("2026-03-18T12:00:00+00:00",)]


def test_tails_are_the_last_rows_oldest_first(live: Database) -> None:
    days = [(NOON.date() - i * DAY).isoformat() for i in range(5)]
    live.live.put([Candle(day, 1, 1.0, 2.0, 0.5, 1.5, 10.0, "okx", False) for day in days], NOON, {})
    live.live.put([vix(day, 18.0, day) for day in days], NOON, {})
    live.live.put([vix(days[0], 19.0, days[0])], NOON, {})
    assert [row.date for row in live.live.tail_of_candles(1, 3)] == sorted(days)[-3:]
    assert [(row.date, row.value) for row in live.live.tail_of_measures("vix", "", 2)] == [
        (days[1], 18.0),
        (days[0], 19.0),
    ]
    assert live.live.last_days() == {("candles", "BTC"): days[0], ("vix", ""): days[0]}
