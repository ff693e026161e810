"""Reads a market archive, a folder of csv files, as the observations a panel is built from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from engine.errors import BadArchive
from engine.model import Candle, Headline, Measure, Snapshot, Token
from engine.sources.archive_rows import (
    CandleRows,
    HeadlineRows,
    Listing,
    MeasureRows,
    Row,
    SnapshotRows,
    TokenRows,
    read_fear_greed,
    read_macro,
    read_onchain,
)
from engine.sources.archive_table import EXAMPLES, LAST_DAY, Progress, Refusal, RowLog, read_rows
from engine.sources.unpacking import refuse_link

T = TypeVar("T")

TOKENS, CANDLES, SNAPSHOTS = "tokens.csv", "candles.csv.gz", "snapshots.csv.gz"
ONCHAIN, FEAR_GREED, MACRO, HEADLINES = "onchain.csv.gz", "fear_greed.csv", "macro.csv.gz", "headlines.csv.gz"
MEASURE_FILES = (ONCHAIN, FEAR_GREED, MACRO)
FILES = (TOKENS, CANDLES, SNAPSHOTS, *MEASURE_FILES, HEADLINES)
REQUIRED = (TOKENS, CANDLES)

COLUMNS = {
    TOKENS: ("symbol", "name", "class", "themes"),
    CANDLES: (
        "date", "symbol", "open", "high", "low", "close", "volume_usd", "volume_source", "range_estimated",
    ),
    SNAPSHOTS: (
        "date", "rank", "symbol", "name", "class", "price", "market_cap", "circulating_supply", "volume_24h_usd",
    ),
    ONCHAIN: ("date", "asset", "metric", "value", "source"),
    FEAR_GREED: ("date", "value"),
    MACRO: ("date", "series", "value"),
    HEADLINES: ("published_at", "source", "subject", "title"),
}  # fmt: skip

OPTIONAL = {HEADLINES: ("author", "social")}  # columns that may be absent: nobody is named, and all is news

SPLITTERS = {ONCHAIN: read_onchain, FEAR_GREED: read_fear_greed, MACRO: read_macro}


class Archive:
    """A folder in the archive's layout; implements `engine.panel.Observations`.

    Tokens are those of tokens.csv and those only ever seen in a ranking, numbered from 1 by symbol. Bad rows are
    refused and counted in `logs` (of each file's last reading) with up to `examples` of each reason in `refusals`. A
    row dated after `until` is refused as absurd.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        examples: int = EXAMPLES,
        until: dt.date | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.logs: dict[str, RowLog] = {}
        self._examples = examples
        self._last = until.isoformat() if until else LAST_DAY
        self._progress = progress
        if not self.folder.is_dir():
            raise BadArchive(f"there is no folder {self.folder}: give the folder that holds {TOKENS}.")
        for file in FILES:
            refuse_link(self.folder / file)
        for file in REQUIRED:
            if not (self.folder / file).is_file():
                raise BadArchive(f"{self.folder} has no {file}: give a folder in the archive's layout.")

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Examples of the rows refused so far, file by file."""
        return tuple(refusal for log in self.logs.values() for refusal in log.refusals)

    @property
    def refused(self) -> int:
        """Rows refused so far, over all files."""
        return sum(log.refused.total() for log in self.logs.values())

    def has(self, file: str) -> bool:
        """Say whether the folder holds that file of the layout; only some must be there."""
        return (self.folder / file).is_file()

    # what a panel asks

    def tokens(self) -> Sequence[Token]:
        return list(self._tokens.values())

    def candles(self, before: dt.date) -> Iterable[Candle]:
        return _until(before, self.all_candles(), lambda candle: candle.date)

    def snapshots(self, before: dt.date) -> Iterable[Snapshot]:
        return _until(before, self.all_snapshots(), lambda snapshot: snapshot.date)

    def measures(self, before: dt.date, metrics: Collection[str]) -> Iterable[Measure]:
        rows = (row for file in MEASURE_FILES for row in self.all_measures(file) if row.metric in metrics)
        return _until(before, rows, lambda measure: measure.known)

    def headlines(self, before: dt.date) -> Iterable[Headline]:
        return _until(before, self.all_headlines(), lambda headline: headline.known)

    def is_simulated(self) -> bool:
        return False

    # each file as a whole

    def all_candles(self) -> Iterator[Candle]:
        """Every good row of candles.csv.gz."""
        ids = {symbol: token.id for symbol, token in self._tokens.items()}
        return self._read(CANDLES, CandleRows(ids, self._last))

    def all_snapshots(self) -> Iterator[Snapshot]:
        """Every good row of snapshots.csv.gz."""
        for row in self._listings:
            token = self._tokens[row.symbol].id
            yield Snapshot(row.date, token, row.rank, row.price, row.market_cap, row.supply, row.volume)

    def all_measures(self, file: str) -> Iterator[Measure]:
        """Every good row of onchain.csv.gz, fear_greed.csv or macro.csv.gz that a series of `KINDS` is made of."""
        return self._read(file, MeasureRows(SPLITTERS[file], self._last))

    def all_headlines(self) -> list[Headline]:
        """Every good row of headlines.csv.gz, in order of knowledge; the machine-made labels are not read."""
        return sorted(self._read(HEADLINES, HeadlineRows(self._last)), key=lambda h: (h.known, *h))

    @cached_property
    def _tokens(self) -> dict[str, Token]:
        listed = {token.symbol: token for token in self._read(TOKENS, TokenRows())}
        ranked = {
            row.symbol: Token(0, row.symbol, row.name or row.symbol, row.kind)
            for row in sorted(self._listings, key=lambda row: row.date)  # a renamed token keeps its latest name
        }
        merged = sorted((ranked | listed).items())
        return {
            symbol: Token(number, symbol, token.name, token.kind, token.themes)
            for number, (symbol, token) in enumerate(merged, start=1)
        }

    @cached_property
    def _listings(self) -> list[Listing]:
        return list(self._read(SNAPSHOTS, SnapshotRows(self._last)))

    def _read(self, file: str, parse: Callable[[Row], T]) -> Iterator[T]:
        """Read one file from its start under a fresh log; an absent one that may be absent is empty."""
        if file not in REQUIRED and not self.has(file):
            return iter(())
        self.logs[file] = log = RowLog(file, self._examples)
        return read_rows(self.folder / file, COLUMNS[file], parse, log, self._progress, OPTIONAL.get(file, ()))


def _until(before: dt.date, rows: Iterable[T], date: Callable[[T], str]) -> Iterator[T]:
    limit = before.isoformat()
    return (row for row in rows if date(row) < limit)
