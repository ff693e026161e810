"""Says what a fetch brought from where, and what is still missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.fetch_plan import Standing, is_current
from engine.sources.distrust import REASONS
from engine.sources.port import CANDLES, Series, Source
from engine.sources.table import Route
from storage.database import Database

ALIVE_DAYS = 30  # a token without a candle for longer is dead or delisted, and not missing
NAMED = 6
COUNTS = ("asked", "answered", "new", "changed", "same", "requests")


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one source brought: series asked for and answered, rows, values that were not believed."""

    id: str
    title: str
    asked: int
    answered: int
    new: int
    changed: int
    same: int
    quarantined: Mapping[str, int]
    requests: int
    error: str
    notes: tuple[str, ...]
    optional: bool = False

    @property
    def state(self) -> str:
        """In one word: ok, FAILED, or missing where a failure is none of the fetch's."""
        return ("missing" if self.optional else "FAILED") if self.error else "ok"

    def with_more(self, other: SourceReport) -> SourceReport:
        """This one and what the same source brought when it was asked for more."""
        quarantined = Counter(self.quarantined) + Counter(other.quarantined)
        counts = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return replace(other, quarantined=dict(quarantined), **counts)


@dataclass(frozen=True, slots=True)
class KindReport:
    """One kind of series: how many there are, how many are as new as they must be, which source is first for it."""

    kind: str
    source: str
    series: int
    current: int
    newest: str | None
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FetchReport:
    """All of a fetch; `coverage` is the share of living tokens' capitalisation with yesterday's candle.

    `unasked` are sources that need a key which is not there.
    """

    sources: tuple[SourceReport, ...]
    kinds: tuple[KindReport, ...]
    coverage: float | None
    tokens: int
    unasked: tuple[str, ...] = ()

    def failed(self) -> list[str]:
        """Sources that ended in an error nobody made good: something they are first for is not up to date."""
        behind = {kind.source for kind in self.kinds if kind.current < kind.series}
        return [f"{source.id} ({source.error.rstrip('.')})" for source in self.sources
                if source.error and not source.optional and source.id in behind]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON data."""
        return {
            "sources": [asdict(source) for source in self.sources],
            "kinds": [asdict(kind) for kind in self.kinds],
            "coverage": self.coverage,
            "tokens": self.tokens,
            "unasked": list(self.unasked),
        }

    def print(self, console: Console) -> None:
        """Show the report: a line a source, what was not believed, a line a kind that is behind."""
        console.print(_sources_table(self.sources))
        for source in self.sources:
            for reason, count in sorted(source.quarantined.items()):
                says = f"{source.id}: {count:,} in quarantine, {reason} ({REASONS.get(reason, reason)})"
                console.print(escape(says), highlight=False)
            for note in (*source.notes, source.error):
                if note:
                    console.print(escape(f"{source.id}: {note}"), highlight=False)
        for name in self.unasked:
            console.print(f"{name}: needs a key (CRIER_SOURCE_KEYS), and was not asked", highlight=False)
        for kind in self.kinds:
            if kind.current < kind.series:
                console.print(escape(_behind(kind)), highlight=False)
        if not self.tokens:
            console.print(
                "no token is known yet: CoinGecko's ranking makes them known, or crier import DIR", highlight=False
            )
        if self.coverage is not None:
            console.print(
                f"yesterday's candle: {self.coverage:.1%} of the living tokens' capitalisation", highlight=False
            )


def _sources_table(sources: Sequence[SourceReport]) -> Table:
    table = Table("source", "series", "requests", "new", "changed", "same", "quarantined", "", box=None)
    for column in table.columns[1:-1]:
        column.justify = "right"
    for source in sources:
        series = f"{source.answered:,} of {source.asked:,}"
        counts = (source.requests, source.new, source.changed, source.same, sum(source.quarantined.values()))
        table.add_row(source.id, series, *(f"{n:,}" for n in counts), source.state)
    if not sources:
        table.add_row("nothing to ask for: all is here, or was asked for a moment ago")
    return table


def _behind(kind: KindReport) -> str:
    names = ", ".join(kind.behind[:NAMED]) + (" and more" if len(kind.behind) > NAMED else "")
    of_whom = f": {names}" if names else ""
    newest = f"newest {kind.newest}" if kind.newest else "nothing yet"
    return f"missing {kind.kind}: {kind.series - kind.current:,} of {kind.series:,} not up to date ({newest}){of_whom}"


def kind_reports(
    routes: Sequence[Route], sources: Mapping[str, Source], standing: Standing, answered: Set[Series]
) -> tuple[KindReport, ...]:
    """How every kind of series stands; one that was asked for and never had a value is not counted as missing."""
    return tuple(_kind_report(route, sources, standing, answered) for route in routes)


def _kind_report(route: Route, sources: Mapping[str, Source], standing: Standing, answered: Set[Series]) -> KindReport:
    every = {
        series: sources[name].newest + sources[name].quiet
        for name in reversed(route.sources)
        for series in sources[name].series(standing.tokens)
        if series.kind == route.kind and not _is_absent(series, standing)
    }
    behind = sorted(series for series, newest in every.items() if not is_current(series, standing, newest))
    days = [day for series in every if (day := standing.until(series))]
    return KindReport(
        route.kind,
        route.sources[0],
        len(every),
        len(every) - len(behind),
        max(days).isoformat() if days else None,
        tuple(series.subject for series in behind if series.subject),
    )


def _is_absent(series: Series, standing: Standing) -> bool:
    cursor = standing.cursors.get(series)
    return cursor is not None and cursor.checked is not None and standing.until(series) is None


def coverage(database: Database, standing: Standing) -> float | None:
    """Share of the living tokens' capitalisation (or number, without rankings) with yesterday's candle."""
    whole = here = 0.0
    for token in standing.tokens:
        until = standing.until(Series(CANDLES, token.symbol))
        if until is None or (standing.day - until).days > ALIVE_DAYS:
            continue
        ranked = database.live.tail_of_snapshots(token.id, 1)
        worth = ranked[-1].market_cap if ranked else 1.0
        whole += worth
        here += worth if (standing.day - until).days <= 1 else 0.0
    return here / whole if whole else None
