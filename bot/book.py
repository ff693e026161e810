"""What a command may read: everything is already stored, so nothing here fetches, fits or waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.phrases import instant
from engine.errors import NotEnoughData
from engine.model import Call, Decision, Ledger, LevelPoint, Settlement, Signal, Token, WeekSignals


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """One index as it is offered to members."""

    id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision with what became of it; `head` is the journal's full head (64 hex digits) after it."""

    decision: Decision
    settlement: Settlement | None
    head: str
    seq: int


@dataclass(frozen=True, slots=True)
class Band:
    """Past calls whose grade lay from `low` to `high` inclusive, and how many of them came true."""

    low: int
    high: int
    calls: int
    hits: int


@dataclass(frozen=True, slots=True)
class Skill:
    """How the record's past calls fared, out of sample; `bullish_base` is the share of all weeks that went up.

    `log_loss` against `base_log_loss` (lower is better), `rank_ic` with its t-statistic over weeks.
    """

    weeks: int
    calls: int
    bullish_calls: int
    bullish_hits: int
    bullish_base: float
    log_loss: float
    base_log_loss: float
    rank_ic: float
    rank_ic_t: float
    ledger: Literal["backtest", "live"]
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """The state of this installation; `ledger` is the one that commands read from."""

    simulated: bool
    first_date: dt.date | None
    last_date: dt.date | None
    tokens: int
    candles: int
    ledger: Ledger
    live_start: dt.date | None
    last_week: str | None
    next_decision: dt.datetime
    entries: int
    head: str | None
    refused_rows: int
    dropped_features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What recomputing the journal's chain says, in one sentence."""

    ok: bool
    entries: int
    head: str | None
    message: str


class Book(Protocol):
    """The shelf that commands read from. A `mode` may be engine.model.PASSIVE: the passive twin, "just holding"."""

    def indices(self) -> Sequence[IndexInfo]: ...

    def modes(self) -> Sequence[str]: ...

    def decision(self, index: str, mode: str) -> StoredDecision | None: ...

    def history(self, index: str, mode: str, limit: int) -> Sequence[StoredDecision]:
        """Newest first."""
        ...

    def levels(self, index: str, mode: str) -> Sequence[LevelPoint]:
        """Oldest first."""
        ...

    def members(self, index: str) -> Sequence[str]:
        """Symbols that belong to the index's theme, held or not."""
        ...

    def signals(self) -> WeekSignals | None: ...

    def previous_signals(self) -> WeekSignals | None: ...

    def call(self, signal: Signal, mode: str) -> Call:
        """What the signal's odds say under the margin of that mode."""
        ...

    def find_tokens(self, text: str) -> Sequence[Token]: ...

    def token_names(self) -> Sequence[str]: ...

    def closes(self, symbol: str, days: int) -> Sequence[tuple[dt.date, float]]: ...

    def skill(self) -> Skill | None: ...

    def status(self) -> Status: ...

    def verify(self, head: str | None) -> Verdict: ...


def decided(book: Book, info: IndexInfo, mode: str) -> StoredDecision:
    """The newest decision, or NotEnoughData saying when the first one comes."""
    stored = book.decision(info.id, mode)
    if stored is None:
        raise NotEnoughData(f"The {info.title} index has no decision in {mode} mode yet. {first_comes(book)}")
    return stored


def spoken(book: Book) -> WeekSignals:
    """The newest week of signals, or NotEnoughData saying when the first one comes."""
    week = book.signals()
    if week is None:
        raise NotEnoughData(f"There are no signals yet. {first_comes(book)}")
    return week


def first_comes(book: Book) -> str:
    return f"The next decision comes on {instant(book.status().next_decision)}."
