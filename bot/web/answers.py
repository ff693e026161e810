"""The shapes of what the API answers; JSON and its schema in the OpenAPI document are both made of these types."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class About:
    """How to read an answer: whether the market is invented, and whether anything was announced at the time."""

    simulated: bool
    record: Literal["live", "backtest"]
    says: str


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """The state of this installation."""

    about: About
    last_week: str | None
    next_decision: dt.datetime
    live_start: dt.date | None
    first_date: dt.date | None
    last_date: dt.date | None
    tokens: int
    entries: int
    head: str | None


@dataclass(frozen=True, slots=True)
class IndexLine:
    """One index at a glance; of a thousand dollars put in at `since`, in the index and in just holding."""

    id: str
    title: str
    description: str
    mode: str
    week: str | None
    since: dt.date | None
    thousand_became: float | None
    holding_became: float | None
    risk_step: str | None
    risk_score: float | None
    stablecoin_share: float | None


@dataclass(frozen=True, slots=True)
class IndicesAnswer:
    """Every index at a glance."""

    about: About
    indices: tuple[IndexLine, ...]


@dataclass(frozen=True, slots=True)
class HoldingLine:
    """One line of a decision with its receipt: the rule, its number in the methodology, the reason."""

    symbol: str
    from_weight: float
    weight: float
    action: str
    rule: str
    rule_number: str | None
    reason: str
    grade: int | None
    letter: str | None
    stable: bool


@dataclass(frozen=True, slots=True)
class RiskPart:
    """One named part of the risk score."""

    name: str
    score: float
    weight: float
    reading: str


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One decision; `entry` is its number in the journal, `head` the head announced with it. Shares are fractions."""

    index: str
    mode: str
    week: str
    date: dt.date
    sequence: int
    causes: tuple[str, ...]
    holdings: tuple[HoldingLine, ...]
    risk_step: str | None
    risk_score: float | None
    risk_parts: tuple[RiskPart, ...]
    stablecoin_share: float
    turnover: float
    cost_estimate: float
    cost: float | None
    notes: tuple[str, ...]
    method: str
    entry: int
    head: str


@dataclass(frozen=True, slots=True)
class HoldingsAnswer:
    """The newest decision of an index."""

    about: About
    decision: DecisionLine


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """Decisions, newest first; `next` is the path of the next page."""

    about: About
    decisions: tuple[DecisionLine, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class LevelLine:
    """One day's close; `holding` is the passive twin's net level."""

    date: dt.date
    net: float
    gross: float
    stablecoin_share: float
    holding: float | None


@dataclass(frozen=True, slots=True)
class PerformanceAnswer:
    """Daily levels from 1000, oldest first, those before `live_start` computed for the past."""

    about: About
    index: str
    mode: str
    live_start: dt.date | None
    levels: tuple[LevelLine, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Chances:
    """Three chances that sum to 1."""

    bearish: float
    neutral: float
    bullish: float


@dataclass(frozen=True, slots=True)
class SignalLine:
    """What is said of one token for the week; `no_call` is the reason where nothing is said."""

    symbol: str
    call: str
    odds: Chances
    base: Chances
    strength: float
    steady_strength: float
    grade: int
    letter: str
    no_call: str | None


@dataclass(frozen=True, slots=True)
class SignalsAnswer:
    """One week's signals, strongest first."""

    about: About
    date: dt.date
    mode: str
    market_rises: float
    market_rises_base: float
    silenced: tuple[str, ...]
    signals: tuple[SignalLine, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """One family's part of a strength; all parts add up to it."""

    family: str
    part: float
    grade: int
    letter: str
    points: int
    points_total: int
    stale: bool


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """One data point's signed part, in words."""

    feature: str
    family: str
    part: float
    text: str


@dataclass(frozen=True, slots=True)
class HolderLine:
    """An index that holds the token."""

    index: str
    weight: float
    action: str


@dataclass(frozen=True, slots=True)
class GradeAnswer:
    """One token's grade card."""

    about: About
    symbol: str
    name: str
    date: dt.date
    mode: str
    signal: SignalLine
    families: tuple[FamilyLine, ...]
    reasons: tuple[ReasonLine, ...]
    holders: tuple[HolderLine, ...]


@dataclass(frozen=True, slots=True)
class BandLine:
    """Past calls of one letter: how many ended bullish, and in which interval the rate lies."""

    grade_from: int
    grade_to: int
    calls: int
    bullish: int
    rate_low: float
    rate_high: float


@dataclass(frozen=True, slots=True)
class RecordLine:
    """How past calls fared out of sample, one line a record."""

    record: Literal["backtest", "live"]
    weeks: int
    calls: int
    bullish_calls: int
    bullish_hits: int
    rate_low: float
    rate_high: float
    bullish_base: float
    log_loss: float
    base_log_loss: float
    rank_correlation: float
    rank_correlation_t: float
    bands: tuple[BandLine, ...]


@dataclass(frozen=True, slots=True)
class ScoreboardAnswer:
    """The scoreboard: records of past calls with their calibration by letter."""

    about: About
    records: tuple[RecordLine, ...]


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """One data point; what was not measured is null."""

    name: str
    family: str
    scope: str
    formula: str
    window_days: int
    unit: str
    source: str
    lag_days: int
    rank_ic: float | None
    rank_ic_t: float | None
    measured_weeks: int
    closest: str | None
    closest_correlation: float | None


@dataclass(frozen=True, slots=True)
class FeaturesAnswer:
    """The catalogue of data points."""

    features: tuple[FeatureLine, ...]


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One journal entry, `body` as the very text that was hashed."""

    ledger: str
    seq: int
    kind: str
    date: dt.date
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class JournalAnswer:
    """Journal entries in order; `next` is the path of the next page."""

    about: About
    head: str | None
    entries: tuple[EntryLine, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """Which entry a posted head belongs to, or that this journal does not hold it."""

    about: About
    found: bool
    says: str
    ledger: str | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class CriedLine:
    """One announcement; `id` is the decision's ledger and journal entry, as events carry it."""

    id: str
    index: str
    mode: str
    date: str
    sequence: int
    title: str
    text: tuple[str, ...]
    head: str


@dataclass(frozen=True, slots=True)
class AnnouncementsAnswer:
    """Announcements, newest first; `next` is the path of the next page."""

    about: About
    announcements: tuple[CriedLine, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a question is not answered."""

    error: str
