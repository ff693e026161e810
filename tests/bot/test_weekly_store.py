"""What a stored week leaves in the record that live decisions lean on, and in the scoreboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.shelf import DatabaseBook
from bot.weekly_store import store
from engine.crosscheck import CrossCheck
from engine.model import Call, Ledger, MarketView, Odds, Prediction, WeekSignals
from engine.panel import Panel, build_panel
from engine.sources.simulated import SimulatedMarket
from engine.week import DayResult, WeekResult
from storage.database import Database, open_database

MONDAY = dt.date(2026, 11, 16)
WEEK = dt.timedelta(days=7)
BASE = Odds(0.30, 0.34, 0.36)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "record.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def panel() -> Panel:
    market = SimulatedMarket(seed=5, years=1)
    return build_panel(market, market.end)


def line(date: dt.date, conviction: float, outcome: Call | None = None) -> Prediction:
    excess = None if outcome is None else 0.01
    return Prediction(date, "AAVE", 7, (0.1,), 0.1, 0.0, 0.0, 0.5, BASE, BASE, conviction, outcome, excess)


def put(database: Database, panel: Panel, ledger: Ledger, date: dt.date, *lines: Prediction) -> None:
    """A week without any decision."""
    signals = WeekSignals(date, date, MarketView(0.5, 0.5, ()), ())
    day = DayResult(date, (), (), {})
    store(database, ledger, panel, signals, day, WeekResult(day, signals, lines, CrossCheck((), (), ())))


def said(database: Database) -> list[tuple[dt.date, float, Call | None]]:
    return database.signals.convictions("AAVE", MONDAY - 9 * WEEK)


def test_a_replay_does_not_rewrite_what_was_said_live(database: Database, panel: Panel) -> None:
    """Data may have been restated since: computed again, the week says something else."""
    put(database, panel, "live", MONDAY, line(MONDAY, 0.10))
    put(database, panel, "live", MONDAY + WEEK, line(MONDAY, 0.10, Call.BULLISH), line(MONDAY + WEEK, 0.20))
    before, skills = said(database), _skills(database)
    assert [skill for skill, _ in skills] == ["live"]
    put(database, panel, "replay", MONDAY - WEEK, line(MONDAY - WEEK, -0.10))
    put(database, panel, "replay", MONDAY, line(MONDAY, -0.10))
    assert (said(database), _skills(database)) == (before, skills)
    put(database, panel, "replay", MONDAY + 2 * WEEK, line(MONDAY + 2 * WEEK, 0.30))
    assert said(database) == [*before, (MONDAY + 2 * WEEK, 0.30, None)]


def test_without_any_live_week_a_replay_makes_the_record(database: Database, panel: Panel) -> None:
    put(database, panel, "replay", MONDAY, line(MONDAY - WEEK, 0.20, Call.BEARISH), line(MONDAY, 0.10))
    assert said(database) == [(MONDAY - WEEK, 0.20, Call.BEARISH), (MONDAY, 0.10, None)]
    assert [skill for skill, _ in _skills(database)] == ["backtest"]


def _skills(database: Database) -> list[tuple[str, int]]:
    book = DatabaseBook(database, dt.datetime(2026, 11, 30, tzinfo=dt.UTC))
    return [(skill.ledger, skill.calls) for skill in book.skills()]
