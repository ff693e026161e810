"""Made-up backtests: every mode and comparator follows one tide, each its share of it; predictions as good as asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.results import write_results
from bot.summary import summarise
from engine.backtest import Backtest, MarketWeek
from engine.comparators import COMPARATORS, EQUAL, NAIVE
from engine.model import (
    PASSIVE,
    Action,
    Call,
    Decision,
    FamilyView,
    Grade,
    Holding,
    LevelPoint,
    MarketView,
    Odds,
    Portfolio,
    Prediction,
    RiskReading,
    RiskStep,
    Settlement,
    Signal,
    Token,
    TokenKind,
    Trade,
    WeekSignals,
)
from engine.track import Track

START = dt.date(2022, 1, 3)
WEEKS = 70
TOKENS = 12
MODES = ("conservative", "balanced", "aggressive")
SWING = {"conservative": 0.4, "balanced": 0.6, "aggressive": 0.9, PASSIVE: 1.0, EQUAL: 1.05, NAIVE: 0.3}
SHARE = {"conservative": 0.5, "balanced": 0.3, "aggressive": 0.1, NAIVE: 0.6}
STEPS = (RiskStep.NORMAL, RiskStep.NORMAL, RiskStep.HIGH, RiskStep.RAISED, RiskStep.NORMAL)

MakeBacktest = Callable[..., Backtest]
MakeDecision = Callable[..., Decision]


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def decision(index: str, mode: str, week: int, **changes: Any) -> Decision:
    step = STEPS[week % len(STEPS)] if mode in MODES else None
    risk = RiskReading(50.0, step, None, (), 0.5, 0.25, "for the test") if step else None
    stable = SHARE.get(mode, 0.0) + (0.2 if step and step is not RiskStep.NORMAL else 0.0)
    lines = (
        Holding("AAA", 1 - stable, 1 - stable, Action.HOLD, "band", ""),
        Holding("USDC", stable, stable, Action.HOLD, "stablecoin_leg", "", stable=True),
    )
    made = Decision(
        index, mode, day(7 * week), 0, risk, lines, (Trade("AAA", 0.1, 0.003),), 0.1, 0.0003, 9,
        1000.0, 1000.0, (), "2.0", names_before=4.0 + week % 3, names_after=6.0,
    )  # fmt: skip
    return replace(made, **changes)


def settlement(of: Decision, cost: float = 0.0004) -> Settlement:
    return Settlement(of.index, of.mode, of.date, of.sequence, (), 0.1, cost, Portfolio(of.date, {}, {}, {}, 1, 1, 1))


def track(index: str, mode: str, weeks: int) -> Track:
    tide = np.random.default_rng(11).normal(0.001, 0.04, 7 * weeks)
    own = np.random.default_rng(len(mode)).normal(0, 0.005, 7 * weeks)
    level, points = 1000.0, []
    for i in range(7 * weeks):
        level *= 1 + SWING[mode] * tide[i] + own[i]
        trades = i % 7 == 0
        points.append(LevelPoint(day(i), level, level * 1.01, 0.1 * trades, 0.0004 * trades, SHARE.get(mode, 0.0)))
    decisions = [decision(index, mode, week) for week in range(weeks)]
    settlements = [settlement(d) for d in decisions]
    return Track(index, mode, decisions=decisions, settlements=settlements, levels=points)


def predictions(weeks: int, skill: float, horizon: int = 7) -> tuple[Prediction, ...]:
    """Strengths of which `skill` shows in the returns; what was bullish, neutral or bearish is drawn at random."""
    rng, base = np.random.default_rng(3), Odds(0.3, 0.3, 0.4)
    calls = (Call.BEARISH, Call.NEUTRAL, Call.BULLISH)
    return tuple(
        Prediction(day(7 * week), f"T{i}", horizon, (lift, lift / 2, 2 * lift), lift, 0.0, 0.0, 0.5,
                   Odds(0.3 - lift, 0.3, 0.4 + lift), base, 2 * lift,
                   calls[rng.integers(3)], skill * lift + float(rng.normal(0, 0.1)))
        for week in range(weeks) for i in range(TOKENS) for lift in (float(rng.uniform(-0.1, 0.1)),)
    )  # fmt: skip


def signals(week: int) -> WeekSignals:
    """Signals that know nothing but how far each token swings, and of which one family makes something."""
    part = FamilyView("technical", 0.01, 0.0, Grade(50, "C+"), 9, 9)
    made = tuple(
        Signal(f"T{i}", Odds(0.3, 0.3, 0.4), Odds(0.3, 0.3, 0.4), 0.0, 0.0, Grade(50, "C+"), (), None, 9, 9, (),
               0.02 + 0.001 * ((5 * i + week) % TOKENS), 1.0, 0.0,
               families=(replace(part, contribution=0.01 * ((3 * i + week) % TOKENS)),))
        for i in range(TOKENS)
    )  # fmt: skip
    return WeekSignals(day(7 * week), START, MarketView(0.5, 0.5, ()), made)


def market(weeks: int) -> tuple[MarketWeek, ...]:
    rng = np.random.default_rng(9)
    rose = [bool(rng.uniform() < 0.5) for _ in range(weeks)]
    said = [0.5 + 0.1 * (came - 0.5) + float(rng.normal(0, 0.02)) for came in rose]
    known: list[bool | None] = [*rose[:-1], None]
    return tuple(
        MarketWeek(day(7 * week), horizon, said[week], 0.5, known[week]) for week in range(weeks) for horizon in (7, 28)
    )


def backtest_of(
    names: tuple[str, ...] = (*MODES, *COMPARATORS),
    known: bool = True,
    indices: int = 1,
    weeks: int = WEEKS,
    skill: float = 0.0,
) -> Backtest:
    tracks = {(index, mode): track(index, mode, weeks) for index in ("defi", "meme")[:indices] for mode in names}
    themed = [("defi",) if i % 2 else ("meme", "ai") for i in range(TOKENS)]
    return Backtest(
        start=START,
        end=day(7 * weeks - 7),
        weeks=tuple(signals(week) for week in range(weeks)) if known else (),
        predictions=predictions(weeks, skill) if known else (),
        tracks=tracks,
        simulated=True,
        market=market(weeks) if known else (),
        month=predictions(weeks, skill, 28) if known else (),
        tokens=tuple(Token(i + 1, f"T{i}", f"Token {i}", TokenKind.COIN, themed[i]) for i in range(TOKENS)),
    )


@pytest.fixture(scope="session")
def make_backtest() -> MakeBacktest:
    return backtest_of


@pytest.fixture(scope="session")
def make_decision() -> MakeDecision:
    return decision


@pytest.fixture(scope="session")
def backtest() -> Backtest:
    return backtest_of(indices=2)


@pytest.fixture(scope="session")
def summary(backtest: Backtest) -> dict[str, Any]:
    return dict(summarise(backtest))


@pytest.fixture(scope="session")
def written(backtest: Backtest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    write_results(backtest, folder)
    return folder
