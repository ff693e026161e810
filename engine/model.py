"""The frozen types that walk between rooms; nothing here acts.

Weights are fractions (0.2 is 20 %), prices USD, dates UTC days. A decision sees what was known before 00:00 of its day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from engine.observed import (
    Alias as Alias,
    Candle as Candle,
    Headline as Headline,
    Measure as Measure,
    Proposal as Proposal,
    Snapshot as Snapshot,
    Token as Token,
    TokenKind as TokenKind,
)

Ledger = Literal["live", "replay"]
LEDGERS: tuple[Ledger, ...] = ("live", "replay")
PASSIVE = "passive"  # the mode name under which an index's passive twin is decided, settled and stored
BASE_LEVEL = 1000.0


def iso_week(date: dt.date) -> str:
    """ISO year and week, as decisions are keyed: 2023-W46."""
    year, week, _ = date.isocalendar()
    return f"{year}-W{week:02d}"


class Call(StrEnum):
    """What a signal says of the next seven days."""

    BULLISH = "bullish"
    NEUTRAL = "neutral"
    BEARISH = "bearish"
    NO_CALL = "no call"


@dataclass(frozen=True, slots=True)
class Odds:
    """Three probabilities that sum to 1."""

    bearish: float
    neutral: float
    bullish: float


@dataclass(frozen=True, slots=True)
class Grade:
    """0 to 100 with a letter: of the weeks that move beyond the neutral band, how many of 100 should go up."""

    score: int
    letter: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature's signed contribution to the relative score, in plain words."""

    feature: str
    family: str
    contribution: float
    text: str


@dataclass(frozen=True, slots=True)
class FamilyView:
    """What one family of data points makes of a token.

    `contribution` is its part of the conviction: the parts of all families add up to it. `grade` is what would be said
    with this family alone, `without` the conviction with all the others. `present` of `total` of its own data points
    are there; a `stale` family knew this token until lately and is silent now.
    """

    family: str
    contribution: float
    without: float
    grade: Grade
    present: int
    total: int
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """The longer horizon, scored apart: odds for `days` from the fill beside their base rates, and their strength."""

    days: int
    odds: Odds
    base: Odds
    conviction: float
    grade: Grade


@dataclass(frozen=True, slots=True)
class Signal:
    """What is said of one token for one week; an abstained one carries base rates, conviction 0 and the reason.

    `conviction` is this week's strength, `steady` its mean with up to three weeks before, by which indices go.
    `relative` are calibrated log odds of beating the median peer. `month` is the four-week outlook beside the week.
    """

    symbol: str
    odds: Odds
    base: Odds
    relative: float | None
    conviction: float
    grade: Grade
    reasons: tuple[Reason, ...]
    abstained: str | None
    points_present: int
    points_total: int
    missing_families: tuple[str, ...]
    volatility: float | None
    close: float | None
    return_7d: float | None
    steady: float = 0.0
    families: tuple[FamilyView, ...] = ()
    month: Outlook | None = None


@dataclass(frozen=True, slots=True)
class MarketView:
    """The market head: the chance that the broad market rises over the next seven days, beside its base rate."""

    p_up: float
    base_up: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class WeekSignals:
    """All of one week's signals, made once and shared by every index and mode.

    `silenced` names the heads whose last year was no better than their base rates: they have no say this week.
    """

    date: dt.date
    refit: dt.date | None
    market: MarketView
    signals: tuple[Signal, ...]
    dropped_features: tuple[str, ...] = ()
    note: str = ""
    method: str = ""
    silenced: tuple[str, ...] = ()

    @property
    def rules_only(self) -> bool:
        """Whether no head says which token is better, so that indices fall back to their written rules."""
        return self.refit is None or "relative" in self.silenced

    def by_symbol(self) -> dict[str, Signal]:
        return {signal.symbol: signal for signal in self.signals}


@dataclass(frozen=True, slots=True)
class Prediction:
    """One line of the record: what every head said out of sample, and once known, what came.

    `horizon` in days. `members` are the classifiers' scores, each in deviations of its week; `relative` calibrated log
    odds of beating the median peer; `movement` the movement head's and `market` the market head's log odds above their
    base rates, `market_base` the chance of a rise that the latter leans on. `odds`, `base` and `conviction` are what
    was said. `excess` is the log return above the median peer's.
    """

    date: dt.date
    symbol: str
    horizon: int
    members: tuple[float, ...]
    relative: float
    movement: float
    market: float
    market_base: float
    odds: Odds
    base: Odds
    conviction: float
    outcome: Call | None
    excess: float | None


class RiskStep(StrEnum):
    """The steps of the risk ladder, calm first."""

    NORMAL = "normal"
    RAISED = "raised"
    HIGH = "high"
    EXTREME = "extreme"


@dataclass(frozen=True, slots=True)
class RiskComponent:
    """One named part of the risk score; `score` 0 (calm) to 100 (danger), `weight` its share of the whole."""

    name: str
    score: float
    weight: float
    text: str


@dataclass(frozen=True, slots=True)
class RiskReading:
    """The ladder for one index and mode: the score, its parts, the step, and the stablecoin share that follows."""

    score: float
    step: RiskStep
    previous_step: RiskStep | None
    components: tuple[RiskComponent, ...]
    volatility: float | None
    stablecoin_share: float
    reason: str


class Action(StrEnum):
    """What a decision does with one holding."""

    BUY_NEW = "buy, new"
    BUY_MORE = "buy more"
    HOLD = "hold"
    TRIM = "trim"
    SELL = "sell"
    STUCK = "cannot sell"


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of a decision: from what share to what share, and the rule that says so."""

    symbol: str
    from_weight: float
    weight: float
    action: Action
    rule: str
    reason: str
    grade: Grade | None = None
    conviction: float | None = None
    stable: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """A difference to execute: signed change of weight, and the cost per traded dollar expected."""

    symbol: str
    change: float
    cost_rate: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a decision was made between weeks: the trigger, what it is about (a symbol, a step, an order), in words."""

    trigger: str
    about: str
    text: str

    @property
    def key(self) -> str:
        """One cause is answered once: `collapse:FTT`."""
        return f"{self.trigger}:{self.about}"


OrderKind = Literal["exclude", "include", "rebalance", "pause", "resume"]


@dataclass(frozen=True, slots=True)
class Order:
    """A bot admin's order, public under a pseudonym (`by`); it counts from `effective` 00:00 UTC on, until a later one
    lifts it. `index` None means every index."""

    id: str
    kind: OrderKind
    index: str | None
    symbol: str | None
    reason: str
    by: str
    given: dt.datetime
    effective: dt.date


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What an index holds after a settlement: units that sum, at the marks, to `level_net`.

    `divisor` turns that value into the gross level (before costs): gross = value / divisor. `marked` are the days the
    `marks` are from (ISO), so that a stopped token shows. `step` is the ladder's, taken on `step_since`. `answered` are
    causes of decisions between weeks that were answered lately, {cause key: ISO day}: none is answered twice."""

    date: dt.date
    units: dict[str, float]
    marks: dict[str, float]
    marked: dict[str, str]
    level_net: float
    level_gross: float
    divisor: float
    step: RiskStep | None = None
    step_since: dt.date | None = None
    answered: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one index in one mode decides for one instant; `sequence` 0 is weekly, later ones name their `causes`.
    `names_before` and `names_after`: as how many equal holdings the invested part is spread out."""

    index: str
    mode: str
    date: dt.date
    sequence: int
    risk: RiskReading | None
    holdings: tuple[Holding, ...]
    trades: tuple[Trade, ...]
    turnover: float
    cost_estimate: float
    eligible: int
    level_net: float
    level_gross: float
    notes: tuple[str, ...]
    method: str
    causes: tuple[Cause, ...] = ()
    names_before: float = 0.0
    names_after: float = 0.0

    @property
    def week(self) -> str:
        return iso_week(self.date)

    @property
    def stablecoin_share(self) -> float:
        return sum(holding.weight for holding in self.holdings if holding.stable)


@dataclass(frozen=True, slots=True)
class Fill:
    """How one trade went: price, share before, after and `wanted`, cost as a share of the index; why not all of it."""

    symbol: str
    price: float
    from_weight: float
    weight: float
    cost: float
    status: Literal["filled", "part", "could not trade"]
    wanted: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a decision at its day's close: fills and all `prices` there, and the portfolio that follows."""

    index: str
    mode: str
    date: dt.date
    sequence: int
    fills: tuple[Fill, ...]
    turnover: float
    cost: float
    portfolio: Portfolio
    method: str = ""
    prices: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LevelPoint:
    """One day's close of one index and mode, after that day's fills and cost; turnover and cost are that day's."""

    date: dt.date
    net: float
    gross: float
    turnover: float = 0.0
    cost: float = 0.0
    stablecoin_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that admins or members must hear now; `key` makes a repeat recognisable."""

    key: str
    audience: Literal["members", "admins"]
    text: str
    details: tuple[str, ...] = field(default=())
