"""Shows the catalogue of data points: what each is, how late it is known, and what it was measured to foretell."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich.console import Console

from bot.phrases import signed
from engine.appraisal.measured import Finding, Findings, findings
from engine.errors import BadRequest
from engine.features import CATALOGUE, FAMILIES, Feature

WIDTH = 80  # of a terminal; a wider one changes nothing, so that two people see the same page
INDENT = "    "
UNKNOWN = "-"
COLUMNS = "{:<34}{:<7}{:>7}{:>5}{:>9}{:>7}{:>7}"


def entries_of(family: str | None) -> list[Feature]:
    """Every entry of the catalogue, or those of one family; BadRequest names the families."""
    if family is not None and family not in FAMILIES:
        raise BadRequest(f"there is no family called {family!r}; there are {', '.join(FAMILIES)}.")
    return [entry for entry in CATALOGUE.values() if family in (None, entry.family)]


def to_dict(entry: Feature) -> dict[str, object]:
    """An entry for programs; what was not measured is null."""
    found = finding(entry)
    return {
        "name": entry.name,
        "family": entry.family,
        "scope": entry.scope,
        "formula": entry.formula,
        "window_days": entry.window,
        "unit": entry.unit,
        "source": entry.source,
        "lag_days": entry.lag,
        "rank_ic": found.ic,
        "rank_ic_t": found.t,
        "measured_weeks": found.weeks,
        "closest": found.closest,
        "closest_correlation": found.correlation,
    }


def finding(entry: Feature) -> Finding:
    """What was measured of an entry; no weeks where that never was."""
    return findings().entries.get(entry.name, Finding(0))


def figures(entry: Feature) -> tuple[str, str, str]:
    """Rank IC, t-statistic and weeks, in words for tables."""
    found = finding(entry)
    return _said(found.ic, 3), _said(found.t, 1), str(found.weeks) if found.weeks else UNKNOWN


def _said(value: float | None, digits: int) -> str:
    return UNKNOWN if value is None else signed(value, digits)


def print_catalogue(entries: Sequence[Feature], console: Console) -> None:
    """Families in order, each entry as one line of facts and its formula below."""
    for line in page(entries):
        console.print(line, style="bold" if line and line == line.upper() else "", markup=False, highlight=False)


def page(entries: Sequence[Feature]) -> Iterable[str]:
    """The lines of the catalogue, none wider than 80 columns."""
    yield from textwrap.wrap(f"{len(entries)} data points. {legend(findings())}", WIDTH)
    for family in FAMILIES:
        members = [entry for entry in entries if entry.family == family]
        if members:
            yield ""
            yield COLUMNS.format(f"{family} ({len(members)})".upper(), "SCOPE", "WINDOW", "LAG", "IC", "T", "WEEKS")
            for entry in members:
                yield from _lines(entry)


def legend(found: Findings) -> str:
    """What the columns mean."""
    return (
        "Window: days looked back on. Lag: days until the newest input is known. IC: rank correlation with the return "
        f"of the 7 days ahead at the Mondays from {found.start} to {found.end}; of token and chain entries the mean "
        "over weeks of that among the universe's tokens, of market entries that over the weeks with the universe's "
        "median return. T: its t-statistic, over weeks or after Newey and West."
    )


def _lines(entry: Feature) -> Iterable[str]:
    yield COLUMNS.format(entry.name, entry.scope, entry.window, entry.lag, *figures(entry))
    yield from textwrap.wrap(f"{entry.formula} [{entry.unit}]", WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
