"""Looks at the catalogue over a history: what was known when, and what each data point foretold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from bot.progress import Report
from bot.services import open_services
from bot.settings import Settings
from engine.appraisal.coverage import Coverage, entry_coverage, family_coverage, shares_of, token_coverage
from engine.appraisal.measured import measure, written
from engine.errors import BadRequest
from engine.features import CATALOGUE
from engine.panel import Panel, build_panel
from engine.sources.archive import Archive
from engine.study import Study, build_study

Shares = Mapping[str, Mapping[int, float | None]]  # {name: {year: share of what could have been known}}
YEARS = 6  # the newest that fit into 80 columns; --json has all
EVERY = "all"  # in place of a token: each of them


def read_study(settings: Settings, archive: Path | None, today: dt.date, report: Report) -> Study:
    """Data points at every Monday of an archive, or of the database where none is given, up to its newest candle."""
    report("reading history", 0, 1)
    panel = _panel(settings, archive, today)
    report("reading history", 1, 1)
    report("computing data points", 0, 1)
    study = build_study(panel)
    report("computing data points", 1, 1)
    return study


def _panel(settings: Settings, archive: Path | None, today: dt.date) -> Panel:
    if archive is not None:
        panel = build_panel(Archive(archive), today)
        return panel.until(panel.newest + dt.timedelta(days=1))
    with open_services(settings) as services:
        span = services.database.market.span()
        return build_panel(services.database.market, span[1] + dt.timedelta(days=1) if span else today)


def coverage(study: Study, family: str | None, token: str | None) -> Shares:
    """Shares by year: of the families, of one family's entries, of one token's families, or of every token.

    BadRequest where the history has no candle of the token.
    """
    if token == EVERY:
        return token_coverage(study).by_year()
    if token is not None:
        try:
            return shares_of(study, token.upper())
        except KeyError:
            raise BadRequest(f"there is no candle of a token called {token!r} in this history.") from None
    return _pick(entry_coverage(study), family).by_year() if family else family_coverage(study).by_year()


def _pick(entries: Coverage, family: str) -> Coverage:
    rows = [i for i, name in enumerate(entries.names) if CATALOGUE[name].family == family]
    return Coverage(tuple(entries.names[i] for i in rows), entries.years, entries.shares[rows])


def period(start: dt.date | None, end: dt.date | None) -> tuple[dt.date, dt.date]:
    """Both ends of what is measured; BadRequest where one is missing or they are the wrong way round."""
    if start is None or end is None or end < start:
        raise BadRequest("--measure needs --from a Monday and --to a later one.")
    return start, end


def measured(study: Study, start: dt.date, end: dt.date) -> str:
    """The text of measured.toml for that period."""
    return written(measure(study, start, end))


def print_coverage(shares: Shares, of: str, console: Console) -> None:
    """One line a name, one column a year, in percent."""
    for line in coverage_lines(shares, of):
        console.print(line, markup=False, highlight=False)


def coverage_lines(shares: Shares, of: str) -> Iterable[str]:
    years: Sequence[int] = list(next(iter(shares.values())))[-YEARS:]
    yield f"Known data points of {of}, in % of all, at the weeks of each year:"
    yield f"{'':<32}" + "".join(f"{year:>8}" for year in years)
    for name, row in shares.items():
        yield f"{name:<32}" + "".join(f"{_percent(row[year]):>8}" for year in years)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}"
