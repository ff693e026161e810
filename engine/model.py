"""The frozen types that walk between rooms; nothing here acts.

Weights are fractions (0.2 is 20 %), prices USD, dates UTC days. A decision sees what was known before 00:00 of its day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

Ledger = Literal["live", "replay"]
LEDGERS: tuple[Ledger, ...] = ("live", "replay")
PASSIVE = "passive"  # the mode name under which an index's passive twin is decided, settled and stored
BASE_LEVEL = 1000.0


def iso_week(date: dt.date) -> str:
    """ISO year and week, as decisions are keyed: 2023-W46."""
    year, week, _ = date.isocalendar()
    return f"{year}-W{week:02d}"


class TokenKind(StrEnum):
    """What a token is, which decides whether an index may hold it."""

    COIN = "coin"
    STABLE = "stable"
    WRAPPED = "wrapped"


@dataclass(frozen=True, slots=True)
class Token:
    """A token under its own id; `symbol` is its canonical and unique name here, tickers are aliases."""

    id: int
    symbol: str
    name: str
    kind: TokenKind
    themes: tuple[str, ...] = ()


class Alias(NamedTuple):
    """Another name of a token; a venue's price of `alias` is `multiplier` tokens (1000SATS: 1000)."""

    alias: str
    symbol: str
    kind: Literal["ticker", "venue", "former", "name"]
    multiplier: float = 1.0


class Candle(NamedTuple):
    """One UTC day of one token; open, high, low may be unknown; `volume_usd` is one venue's (`source`)."""

    date: str
    token: int
    open: float | None
    high: float | None
    low: float | None
    close: float
    volume_usd: float | None
    source: str
    range_estimated: bool


class Snapshot(NamedTuple):
    """The market's ranking on one day: capitalisation, supply and whole-market volume of one token."""

    date: str
    token: int
    rank: int
    price: float
    market_cap: float
    supply: float
    volume_24h_usd: float


class Measure(NamedTuple):
    """One value of one outside series; `known` is the UTC day from whose end on it may be seen."""

    metric: str
    subject: str
    date: str
    value: float
    source: str
    known: str


class Headline(NamedTuple):
    """One headline, or a post where `social`; by the end of the UTC day `known` everybody has read it."""

    published_at: str
    source: str
    subject: str
    title: str
    known: str
    author: str = ""
    social: bool = False


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
class Signal:
    """What is said of one token for one week; an abstained one carries base rates, conviction 0 and the reason.
    `conviction` is this week's strength, `steady` its mean with up to three weeks before, by which indices go."""

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


@dataclass(frozen=True, slots=True)
class MarketView:
    """The market head: the chance that the broad market rises over the next seven days, beside its base rate."""

    p_up: float
    base_up: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class WeekSignals:
    """All of one week's signals, made once and shared by every index and mode."""

    date: dt.date
    refit: dt.date | None
    market: MarketView
    signals: tuple[Signal, ...]
    dropped_features: tuple[str, ...] = ()
    note: str = ""
    method: str = ""

    def by_symbol(self) -> dict[str, Signal]:
        return {signal.symbol: signal for signal in self.signals}


@dataclass(frozen=True, slots=True)
class Prediction:
    """One line of the record: what both heads said out of sample, and once known, what came."""

    date: dt.date
    symbol: str
    relative: float
    market: float
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
