"""Shows the catalogue of data points: what each is, how it is made, and how late it is known."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from engine.errors import BadRequest
from engine.features import CATALOGUE


def catalogue(family: str | None) -> list[dict[str, object]]:
    """Every entry of the catalogue, or those of one family; BadRequest names the families."""
    families = list(dict.fromkeys(feature.family for feature in CATALOGUE.values()))
    if family is not None and family not in families:
        raise BadRequest(f"there is no family called {family!r}; there are {', '.join(families)}.")
    return [
        {
            "name": f.name,
            "family": f.family,
            "scope": f.scope,
            "formula": f.formula,
            "window_days": f.window,
            "unit": f.unit,
            "source": f.source,
            "lag_days": f.lag,
        }
        for f in CATALOGUE.values()
        if family in (None, f.family)
    ]


def print_catalogue(entries: list[dict[str, object]], console: Console) -> None:
    """One line an entry, families in order."""
    table = Table(box=None, pad_edge=False, title=f"{len(entries)} data points", title_justify="left")
    for column in ("name", "family", "scope", "window_days", "lag_days", "formula"):
        table.add_column(
            column.replace("_days", ", days"), justify="right" if column.endswith("days") else "left", overflow="fold"
        )
    for entry in entries:
        table.add_row(*(str(entry[k]) for k in ("name", "family", "scope", "window_days", "lag_days", "formula")))
    console.print(table)
