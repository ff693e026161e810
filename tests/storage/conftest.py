"""An empty database in memory, and a decided week to put into it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.model import (
    Action,
    Decision,
    Fill,
    Grade,
    Holding,
    MarketView,
    Odds,
    Portfolio,
    Reason,
    RiskComponent,
    RiskReading,
    RiskStep,
    Settlement,
    Signal,
    Trade,
    WeekSignals,
)
from storage.database import Database, open_database

MONDAY = dt.date(2023, 11, 13)

MakeDecision = Callable[..., Decision]
MakeSettlement = Callable[[Decision], Settlement]
MakeWeek = Callable[[dt.date], WeekSignals]


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    yield opened
    opened.close()


@pytest.fixture
def make_decision() -> MakeDecision:
    """A full decision; keywords replace its fields."""

    def make(**changes: object) -> Decision:
        risk = RiskReading(
            score=41.5,
            step=RiskStep.RAISED,
            previous_step=None,
            components=(RiskComponent("breadth", 55.0, 0.25, "4 of 9 above their mean"),),
            volatility=0.62,
            stablecoin_share=0.15,
            reason="score 41.5 is past 40",
        )
        holdings = (
            Holding("AAVE", 0.2, 0.85, Action.BUY_MORE, "R-1", "bullish", Grade(71, "B+"), 0.31),
            Holding("USDC", 0.8, 0.15, Action.TRIM, "L-2", "risk raised", stable=True),
        )
        decision = Decision(
            index="defi",
            mode="balanced",
            date=MONDAY,
            sequence=0,
            risk=risk,
            holdings=holdings,
            trades=(Trade("AAVE", 0.65, 0.003), Trade("USDC", -0.65, 0.0)),
            turnover=0.65,
            cost_estimate=0.00195,
            eligible=9,
            level_net=1124.25,
            level_gross=1150.5,
            notes=("thin — ‘quoted’",),
            method="1.0",
        )
        return replace(decision, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_settlement() -> MakeSettlement:
    def make(decision: Decision) -> Settlement:
        portfolio = Portfolio(
            date=decision.date,
            units={"AAVE": 9.5, "USDC": 168.0},
            marks={"AAVE": 100.25, "USDC": 1.0},
            marked={"AAVE": "2023-11-13", "USDC": "2023-11-13"},
            level_net=1120.375,
            level_gross=1148.5,
            divisor=0.975,
            step=RiskStep.RAISED,
        )
        fills = (Fill("AAVE", 100.25, 0.2, 0.85, 0.00195, "filled"), Fill("GMX", 3.5, 0.1, 0.1, 0.0, "could not trade"))
        return Settlement(
            decision.index, decision.mode, decision.date, decision.sequence, fills, 0.65, 0.00195, portfolio
        )

    return make


@pytest.fixture
def make_week() -> MakeWeek:
    def make(date: dt.date) -> WeekSignals:
        reason = Reason("rsi_14", "technical", -0.02, "momentum is fading")
        spoken = Signal(
            symbol="AAVE",
            odds=Odds(0.24, 0.3, 0.46),
            base=Odds(0.31, 0.33, 0.36),
            relative=0.125,
            conviction=0.22,
            grade=Grade(66, "B"),
            reasons=(reason,),
            abstained=None,
            points_present=48,
            points_total=62,
            missing_families=("on-chain",),
            volatility=0.045,
            close=97.5,
            return_7d=0.031,
        )
        silent = replace(spoken, symbol="GMX", relative=None, abstained="too young", volatility=None, close=None)
        market = MarketView(0.55, 0.52, (reason,))
        return WeekSignals(date, MONDAY - dt.timedelta(days=14), market, (spoken, silent), ("kama_10",), "a note")

    return make
