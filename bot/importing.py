"""Imports a market archive into the database: one transaction a file, bad rows refused and remembered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.aliases import aliases_for
from engine.errors import StorageError
from engine.model import Candle, Snapshot
from engine.sources import archive as layout
from engine.sources.archive import Archive
from storage.connection import Written
from storage.database import Database
from storage.market import MarketStore

Progress = Callable[[str, int, int | None], None]  # file, bytes read, bytes in all
SHOWN = 5  # refused rows shown word for word after an import


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file's rows; `same` ones were in the database already."""

    file: str
    new: int
    changed: int
    same: int
    refused: Mapping[str, int] = field(default_factory=dict)
    unused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, file by file, with examples of what it refused."""

    files: tuple[FileReport, ...]
    examples: tuple[str, ...] = ()

    @property
    def refused(self) -> int:
        return sum(sum(file.refused.values()) for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON data."""
        return {"files": [asdict(file) for file in self.files], "refused": self.refused, "examples": [*self.examples]}

    def print(self, console: Console) -> None:
        """Show the report: a line a file, then every reason for a refusal."""
        table = Table("file", *(f"{name} rows" for name in ("new", "changed", "same", "refused", "unused")), box=None)
        for column in table.columns[1:]:
            column.justify = "right"
        for file in self.files:
            counts = (file.new, file.changed, file.same, sum(file.refused.values()), sum(file.unused.values()))
            table.add_row(file.file, *(f"{count:,}" for count in counts))
        console.print(table)
        for file in self.files:
            for reason, count in sorted(file.refused.items()):
                console.print(f"{file.file}: {count:,} refused, {escape(reason)}", highlight=False)
        for example in self.examples[:SHOWN]:
            console.print(f"  {escape(example)}", highlight=False)


def import_archive(
    database: Database, folder: str | Path, progress: Progress | None = None, until: dt.date | None = None
) -> ImportReport:
    """Read an archive into `database`; the same archive again changes no row.

    A row dated after `until` is refused. Raises BadArchive for a folder or file that is none, with the files before it
    kept and nothing of that one; StorageError where the database holds a simulated market.
    """
    if database.market.is_simulated():
        raise StorageError(f"{database.path} holds a SIMULATED market: import into another database.")
    source = Archive(folder, until=until, progress=progress)
    files = []
    for file in layout.FILES:
        if not source.has(file):
            continue
        with database.atomic():
            written = _WRITERS[file](database.market, source)
            _remember_refusals(database.market, source, file)
            log = source.logs[file]
        files.append(FileReport(file, written.new, written.changed, written.same, dict(log.refused), dict(log.unused)))
    database.market.set_provenance("archive", Path(folder).resolve().name)
    examples = (f"{r.file} line {r.line}, {r.reason}: {r.row_excerpt}" for r in source.refusals)
    return ImportReport(tuple(files), tuple(examples))


def _remember_refusals(market: MarketStore, source: Archive, file: str) -> None:
    log = source.logs[file]
    market.put_refusals(file, log.refused, ((r.line, r.reason, r.row_excerpt) for r in log.refusals))


def _tokens(market: MarketStore, source: Archive) -> Written:
    tokens = source.tokens()
    written = market.put_tokens(tokens)
    market.put_aliases(aliases_for(tokens))
    return written


def _candles(market: MarketStore, source: Archive) -> Written:
    ids = _stored_ids(market, source)
    rows: Iterator[Candle] = source.all_candles()
    return market.put_candles(row._replace(token=ids[row.token]) for row in rows)


def _snapshots(market: MarketStore, source: Archive) -> Written:
    ids = _stored_ids(market, source)
    rows: Iterator[Snapshot] = source.all_snapshots()
    return market.put_snapshots(row._replace(token=ids[row.token]) for row in rows)


def _measures(file: str) -> Callable[[MarketStore, Archive], Written]:
    return lambda market, source: market.put_measures(source.all_measures(file))


def _headlines(market: MarketStore, source: Archive) -> Written:
    return market.put_headlines(source.all_headlines())


_WRITERS: dict[str, Callable[[MarketStore, Archive], Written]] = {
    layout.TOKENS: _tokens,
    layout.CANDLES: _candles,
    layout.SNAPSHOTS: _snapshots,
    **{file: _measures(file) for file in layout.MEASURE_FILES},
    layout.HEADLINES: _headlines,
}


def _stored_ids(market: MarketStore, source: Archive) -> dict[int, int]:
    """The database's token ids by the archive's: each numbers tokens on its own."""
    ids = market.token_ids()
    return {token.id: ids[token.symbol] for token in source.tokens()}
