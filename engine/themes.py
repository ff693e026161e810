"""The indices, one entry each in themes.toml, and who is eligible for one of them at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from engine.errors import UnknownIndex
from engine.model import TokenKind
from engine.panel import Panel
from engine.tables import load_table

Share = Annotated[float, Field(gt=0, le=1)]

AGE_DAYS = 90  # published methods ask 30 to 180 days
JOIN_VOLUME = 1_000_000.0  # USD a day over the whole market, from the last snapshot (MarketVector's bar)
STAY = 0.8  # an incumbent stays at 80 % of the bar (S&P)
STALE_DAYS = 2  # data older than two bars is refused
COVERAGE_DAYS, COVERAGE = 90, 0.9


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Theme:
    """One index: who may be in it, how many, under which caps, and the passive twin it is held against."""

    id: str
    title: str
    description: str
    members: str
    candidates: Annotated[int, Field(ge=1, le=200)]
    size: Annotated[int, Field(ge=1, le=50)]
    cap_scale: Annotated[float, Field(gt=0, le=5)]
    benchmark_size: Annotated[int, Field(ge=1, le=50)]
    benchmark_cap: Share


@cache
def themes() -> dict[str, Theme]:
    """Every index by id, in the order of themes.toml."""
    return dict(load_table("themes.toml", Theme))


def theme(index: str) -> Theme:
    """The index of that id; UnknownIndex names the ones there are."""
    try:
        return themes()[index]
    except KeyError:
        raise UnknownIndex(f"There is no index called {index!r}; there are {', '.join(themes())}.") from None


@dataclass(frozen=True, slots=True)
class Eligible:
    """Columns of the panel that may be held, by falling capitalisation (USD)."""

    columns: NDArray[np.intp]
    market_cap: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.columns)


def members(entry: Theme, panel: Panel) -> NDArray[np.bool_]:
    """Which tokens belong to the theme by kind and label, eligible or not."""
    return np.array(
        [
            token.kind is TokenKind.COIN and (entry.members == "*" or entry.members in token.themes)
            for token in panel.tokens
        ]
    )


def eligible(entry: Theme, panel: Panel, incumbents: frozenset[str] = frozenset()) -> Eligible:
    """Who may be in the index at `panel.as_of`: old enough, traded enough, fresh, covered and ranked."""
    held = np.array([token.symbol in incumbents for token in panel.tokens])
    bar = np.where(held, JOIN_VOLUME * STAY, JOIN_VOLUME)
    with np.errstate(invalid="ignore"):
        liquid = panel.market_volume[-1] >= bar
    return _ranked(panel, members(entry, panel) & liquid & _old_enough(panel) & _covered(panel), entry.candidates)


def why_not_eligible(entry: Theme, panel: Panel, symbol: str) -> str:
    """The first bar that an incumbent fails, in plain words."""
    column = panel.column(symbol)
    if column is None or not members(entry, panel)[column]:
        return "it left the theme"
    if not np.isfinite(_recent_close(panel)[column]) or not _covered(panel)[column]:
        return "its prices have holes or are stale"
    if not np.isfinite(panel.supply[-1, column]):
        return "it fell out of the top 200"
    if not panel.market_volume[-1, column] >= JOIN_VOLUME * STAY:
        return "too little of it is traded"
    return f"it is no longer among the {entry.candidates} largest"


def passive_members(entry: Theme, panel: Panel) -> Eligible:
    """The passive twin's members: the largest of the theme that trade, whatever their age."""
    with np.errstate(invalid="ignore"):
        liquid = panel.market_volume[-1] >= JOIN_VOLUME
    return _ranked(panel, members(entry, panel) & liquid, entry.benchmark_size)


def _ranked(panel: Panel, allowed: NDArray[np.bool_], size: int) -> Eligible:
    """The `size` largest of the allowed that printed a price lately, ties by symbol."""
    caps = _recent_close(panel) * panel.supply[-1]
    columns = np.flatnonzero(allowed & np.isfinite(caps) & (caps > 0))
    order = columns[np.lexsort((np.array(panel.symbols)[columns], -caps[columns]))][:size]
    return Eligible(order, caps[order])


def _recent_close(panel: Panel) -> NDArray[np.float64]:
    """The last close of at most two bars ago, NaN for staler tokens."""
    close = panel.close[-STALE_DAYS:]
    price: NDArray[np.float64] = close[0]
    for row in close[1:]:
        price = np.where(np.isfinite(row), row, price)
    return price


def _old_enough(panel: Panel) -> NDArray[np.bool_]:
    observed = panel.observed
    first = np.where(observed.any(axis=0), observed.argmax(axis=0), len(panel.dates))
    old: NDArray[np.bool_] = len(panel.dates) - first >= AGE_DAYS
    return old


def _covered(panel: Panel) -> NDArray[np.bool_]:
    covered: NDArray[np.bool_] = panel.observed[-COVERAGE_DAYS:].mean(axis=0) >= COVERAGE
    return covered
