"""The port of every live source: what it says of itself, what it is asked for, and the batches it answers with.

A source is one file of the folder `live` that ends in `SOURCE = Source(...)`, like a chat command: what it is stands
there as data, and `fetch` is its only behaviour. The fetcher asks it for what is `Want`ed and nothing else, and takes
what it yields as an outsider's word: every row passes `engine.sources.distrust` before it is stored.

Two rules make a fetch survive a kill at any point. A batch is stored in one transaction together with how far it
carries each series, so a batch is there whole or not at all. And the rows of one series come oldest day first over all
batches of a fetch, so what is stored never has a hole that the next fetch would not see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from engine.measures import KINDS
from engine.model import Candle, Headline, Measure, Proposal, Snapshot, Token, TokenKind
from engine.sources.answer import Answer, Validator

Row = Candle | Snapshot | Measure | Headline
Family = Literal["price", "on-chain", "sentiment", "macro"]
CANDLES, SNAPSHOTS, HEADLINES = "candles", "snapshots", "headlines"
CATEGORIES = "categories"  # what tokens are, and to which themes they are counted: tokens and proposals, no rows


class Series(NamedTuple):
    """What is fetched and remembered as one: candles of a token, the snapshots, a headline feed, a measure's line.

    `kind` is candles, snapshots, headlines or a name of `engine.measures.KINDS`; `subject` a token's symbol, a feed's
    name, or empty for the whole market.
    """

    kind: str
    subject: str = ""


class Reject(NamedTuple):
    """A value that was not believed: of which series and day, why (a code of `distrust.REASONS`), how it looked."""

    series: Series
    date: str
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Want:
    """What is missing: for each series the first day asked for, up to `until` and the tokens by symbol.

    `instant` is that of the fetch; `last` the last candle of tokens, by symbol: its close, and whose volume it carries.
    `ids` are the source's own names of tokens, as it gave them before: {its id: symbol}.
    `newest` is when the newest text of a series was published, ISO in UTC.
    """

    since: Mapping[Series, dt.date]
    until: dt.date
    instant: dt.datetime
    tokens: Mapping[str, Token] = field(default_factory=dict)
    last: Mapping[str, Candle] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    newest: Mapping[Series, str] = field(default_factory=dict)

    def by_day(self) -> Iterator[tuple[dt.date, list[Series]]]:
        """The series that are asked for from the same day on, oldest day first: one request each, where one can."""
        for day in sorted(set(self.since.values())):
            yield day, sorted(series for series, since in self.since.items() if since == day)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one answer (or a few that belong together) brought: stored whole or not at all.

    `answered` are the series of which the source has now said all it has. `rejects` are values that could not even be
    read. `confirmed` are (series, day) on which several venues agree. `validators` may only come with the batch that
    holds all that their answer led to, or an unchanged answer would later hide what was never stored. `tokens` are
    tokens that the database may not know; each has a negative id, which rows of the batch use. `ids` are the source's
    own names of tokens, {its id: symbol}. `proposals` say who might belong to a theme. `notes` are for people.
    """

    rows: tuple[Row, ...] = ()
    answered: frozenset[Series] = frozenset()
    rejects: tuple[Reject, ...] = ()
    confirmed: frozenset[tuple[Series, str]] = frozenset()
    validators: tuple[Validator, ...] = ()
    tokens: tuple[Token, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()
    notes: tuple[str, ...] = ()


class Client(Protocol):
    """How a source reaches the network: politely, at its own hosts only, with its key where the operator has one."""

    @property
    def has_key(self) -> bool: ...

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> Answer:
        """Answer of 200 or 304; SourceUnavailable, SourceRefused or SourceGarbled otherwise."""
        ...


class Fetch(Protocol):
    """The one behaviour of a source."""

    def __call__(self, client: Client, want: Want) -> AsyncIterator[Batch]: ...


@dataclass(frozen=True, slots=True)
class Host:
    """A place that a source asks: its origin, seconds between two requests (fewer `with_key`), requests at once, a path
    for a probe."""

    origin: str
    every: float
    probe: str
    at_once: int = 1
    with_key: float | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """What a key is good for and where it goes: into a header, after `prefix`, or a query parameter of that name.

    A key for `oauth` is written ID:SECRET and goes to the address `token` alone, which gives a token for the header.
    A source whose key is `required` is not asked without it.
    """

    name: str
    goes_in: Literal["header", "query", "oauth"]
    adds: str
    origins: tuple[str, ...]  # it is sent to these and nowhere else
    prefix: str = ""
    token: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A source as data, and its `fetch`.

    `feeds` are kinds of series. `subjects` names them where they are not tokens (feeds, chains). `newest` is how many
    days before today its newest value can be of: 1 for complete days, 0 for what is published on its own day.
    `history` is how many days it is asked for at first, `overlap` how many known days of a kind are asked for again as
    it restates them, `every` how long an answered series is left alone. `redirects` are other hosts it may lead to.
    `stands_in` are kinds of which it is asked only for what another source lacks.
    `passing` are kinds that can be asked for only while they are so: today's value, no other. `past` are kinds of which
    only the days before a series was first asked for are wanted. `ids_from` is another source whose names of tokens it
    uses.
    `quiet` is for how many days a series may say nothing without being behind, `daily` how many texts of one series
    and day are kept. One that is `optional` may fail without the fetch having failed: it is missing then.
    """

    id: str
    title: str
    family: Family
    feeds: tuple[str, ...]
    hosts: tuple[Host, ...]
    cites: str
    terms: str
    fetch: Fetch
    key: Key | None = None
    subjects: tuple[str, ...] = ()
    newest: int = 1
    history: int = 1461
    overlap: Mapping[str, int] = field(default_factory=dict)
    every: dt.timedelta = dt.timedelta(hours=1)
    redirects: tuple[str, ...] = ()
    stands_in: frozenset[str] = frozenset()
    passing: frozenset[str] = frozenset()
    past: frozenset[str] = frozenset()
    ids_from: str = ""
    quiet: int = 0
    daily: int = 0
    optional: bool = False

    @property
    def needs_key(self) -> bool:
        """Whether it is asked with a key only."""
        return self.key is not None and self.key.required

    def series(self, tokens: Sequence[Token]) -> Iterator[Series]:
        """Every series it can be asked for."""
        for kind in self.feeds:
            for subject in self.subjects or subjects(kind, tokens):
                yield Series(kind, subject)


def subjects(kind: str, tokens: Sequence[Token]) -> Sequence[str]:
    """Whom a kind of series has a line of: tokens (those with a chain of their own say so), stablecoins, the market."""
    scope = "token" if kind == CANDLES else KINDS[kind].scope if kind in KINDS else "market"
    if scope == "market":
        return ("",)
    return [token.symbol for token in tokens if scope != "stablecoin" or token.kind is TokenKind.STABLE]


def series_of(row: Row, symbols: Mapping[int, str]) -> Series:
    """The series that a row belongs to; `symbols` by token id."""
    match row:
        case Candle():
            return Series(CANDLES, symbols[row.token])
        case Snapshot():
            return Series(SNAPSHOTS)
        case Measure():
            return Series(row.metric, row.subject)
        case Headline():
            return Series(HEADLINES, row.source)


def row_date(row: Row) -> str:
    """The day a row is of, ISO."""
    return row.published_at[:10] if isinstance(row, Headline) else row.date
