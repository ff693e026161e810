"""What a command may read: everything is already stored, so nothing here fetches, fits or waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

from bot.phrases import day, instant
from bot.reply import Reply
from engine.errors import NotEnoughData
from engine.model import Call, Decision, Ledger, LevelPoint, Settlement, Signal, Token, WeekSignals
from engine.orders import Orders
from storage.audit import Identity as Person
from storage.chats import Chat

FRESH = dt.timedelta(days=8)  # of the day before a decision: with an older newest candle that decision cannot come


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """One index as it is offered to members."""

    id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision with what became of it; `head` is the journal's full head (64 hex digits) announced with it."""

    decision: Decision
    settlement: Settlement | None
    head: str
    seq: int


@dataclass(frozen=True, slots=True)
class Band:
    """Past signals whose grade lay from `low` to `high` inclusive, how many of them ended bullish, and the interval in
    which the rate lies with 95 % confidence, from `least` to `most`, when whole weeks are drawn again."""

    low: int
    high: int
    calls: int
    hits: int
    least: float = 0.0
    most: float = 1.0


@dataclass(frozen=True, slots=True)
class Skill:
    """How the record's past calls fared, out of sample; `bullish_base` is the share of all calls that ended bullish.

    The rate of bullish hits lies from `low` to `high` with 95 % confidence when whole weeks are drawn again.
    `log_loss` against `base_log_loss` (lower is better), `rank_ic` with its t-statistic over weeks.
    """

    weeks: int
    calls: int
    bullish_calls: int
    bullish_hits: int
    low: float
    high: float
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
    quarantined: int = 0
    sources: tuple[str, ...] = ()  # of the live sources, each in a few words: how it fares
    queues: tuple[str, ...] = ()  # of the platforms' messages, the same
    caveats: tuple[str, ...] = ()  # what must be said wherever a record of the past is quoted

    @property
    def awaits_data(self) -> bool:
        """Whether the newest candle is too old for the next decision to be made."""
        eve = self.next_decision.date() - dt.timedelta(days=1)
        return self.last_date is None or eve - self.last_date > FRESH


@dataclass(frozen=True, slots=True)
class Silenced:
    """A chat that is sent nothing any more, why, and since when."""

    platform: str
    title: str
    why: str
    since: dt.datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up: for which platform, what came of it, and when."""

    platform: str
    why: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How delivery fares: how many messages wait, since when the oldest does, what was given up, who is silenced.

    `maybe` counts messages of which nobody knows whether they arrived. The newest of `dead` and `silenced` come first.
    """

    waiting: int
    oldest: dt.datetime | None = None
    maybe: int = 0
    dead: tuple[DeadLetter, ...] = ()
    silenced: tuple[Silenced, ...] = ()


@dataclass(frozen=True, slots=True)
class ProposedMember:
    """A token that a source counts to an index's theme, in its own words (`because`).

    `counts` is the day from which the token carries the theme, `refused` the reason of an admin who keeps it out.
    """

    symbol: str
    name: str
    index: str
    because: str
    proposed: dt.date
    counts: dt.date
    adopted: bool
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Two facts apart: whether the journal's chain `holds`, over how many entries up to which head, and, where a posted
    head was asked for, whether it `is_found` (None: not asked). `chain` and `found` say each in a sentence."""

    holds: bool
    entries: int
    head: str | None
    chain: str
    is_found: bool | None = None
    found: str | None = None

    @property
    def ok(self) -> bool:
        return self.holds and self.is_found is not False

    @property
    def message(self) -> str:
        """Both facts, what was asked for first."""
        return f"{self.found} {self.chain}" if self.found else self.chain


@dataclass(frozen=True, slots=True)
class PastCall:
    """What was said of a token in a past week, out of sample, and once known what came."""

    date: dt.date
    call: Call
    outcome: Call | None


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

    def proposals(self) -> Sequence[ProposedMember]:
        """Whom sources propose for the indices, the newest first."""
        ...

    def signals(self) -> WeekSignals | None: ...

    def previous_signals(self) -> WeekSignals | None: ...

    def call(self, signal: Signal, mode: str) -> Call:
        """What the signal's odds say under the margin of that mode."""
        ...

    def past_calls(self, symbol: str, mode: str, since: dt.date) -> Sequence[PastCall]:
        """What the record says of a token from `since` on, oldest first, under the margin of that mode."""
        ...

    def find_tokens(self, text: str) -> Sequence[Token]: ...

    def token_names(self) -> Sequence[str]: ...

    def closes(self, symbol: str, days: int) -> Sequence[tuple[dt.date, float]]: ...

    def skill(self) -> Skill | None:
        """The backtest's, which is the long one."""
        ...

    def skills(self) -> Sequence[Skill]:
        """Of the backtest and of the live record, each where an outcome is known."""
        ...

    def status(self) -> Status: ...

    def now(self) -> dt.datetime: ...

    @property
    def zone(self) -> dt.tzinfo:
        """The time zone in which instants are told."""
        ...

    def told_in(self, zone: dt.tzinfo) -> Self:
        """The same book for one answer, telling instants in another time zone; `status` is looked up once."""
        ...

    def chat(self, who: Person) -> Chat:
        """What a person's chat chose; the defaults where it chose nothing."""
        ...

    def delivery(self) -> DeliveryState: ...

    def pulse(self, who: Person) -> Reply:
        """What a person's chat wrote and spoke of this week, where it has that counted."""
        ...

    def followed(self, who: Person) -> str:
        """The risk mode that a person's chat follows; the configured one where it chose none."""
        ...

    def cries(self, index: str, mode: str) -> Sequence[str]:
        """What the watch cried of an index lately and what became of it, a sentence each, the newest first."""
        ...

    def orders(self) -> Orders:
        """Every order that bot admins gave, as the journal states them."""
        ...

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
    return next_comes(book.status(), book.zone)


def next_comes(status: Status, zone: dt.tzinfo = dt.UTC) -> str:
    """When the next decision comes, told in a time zone, or what it waits for."""
    if not status.awaits_data:
        return f"The next decision comes on {instant(status.next_decision, zone)}."
    if status.last_date is None:
        return (
            "The first decision comes once market data is in: "
            "a running bot fetches it within half an hour, or run crier fetch."
        )
    newest = day(status.last_date)
    if status.simulated:
        return f"The simulated market ends on {newest}: no further decision comes."
    return (
        f"The next decision comes once newer market data is in (the newest candle is of {newest}): "
        "run crier fetch, or crier week --as-of for a past Monday."
    )
