"""Shows the catalogue of data points: what each is, how it is made, and how late it is known."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rich.console import Console

from engine.errors import BadRequest
from engine.features import CATALOGUE, FAMILIES, Feature

WIDTH = 80  # of a terminal; a wider one changes nothing, so that two people see the same page
INDENT = "    "


def entries_of(family: str | None) -> list[Feature]:
    """Every entry of the catalogue, or those of one family; BadRequest names the families."""
    if family is not None and family not in FAMILIES:
        raise BadRequest(f"there is no family called {family!r}; there are {', '.join(FAMILIES)}.")
    return [entry for entry in CATALOGUE.values() if family in (None, entry.family)]


def to_dict(entry: Feature) -> dict[str, object]:
    """An entry for programs."""
    return {
        "name": entry.name,
        "family": entry.family,
        "scope": entry.scope,
        "formula": entry.formula,
        "window_days": entry.window,
        "unit": entry.unit,
        "source": entry.source,
        "lag_days": entry.lag,
    }


def print_catalogue(entries: Sequence[Feature], console: Console) -> None:
    """Families in order, each entry as one line of facts and its formula below."""
    for line in page(entries):
        console.print(line, style="bold" if line and line == line.upper() else "", markup=False, highlight=False)


def page(entries: Sequence[Feature]) -> Iterable[str]:
    """The lines of the catalogue, none wider than 80 columns."""
    yield f"{len(entries)} data points. Window: days looked back on. Lag: days until the newest input is known."
    for family in FAMILIES:
        members = [entry for entry in entries if entry.family == family]
        if members:
            yield ""
            yield f"{f'{family} ({len(members)})'.upper():<44}{'SCOPE':<8}{'WINDOW':>6}{'LAG':>5}"
            for entry in members:
                yield from _lines(entry)


def _lines(entry: Feature) -> Iterable[str]:
    yield f"{entry.name:<44}{entry.scope:<8}{entry.window:>6}{entry.lag:>5}"
    yield from textwrap.wrap(f"{entry.formula} [{entry.unit}]", WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
