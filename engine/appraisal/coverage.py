"""Says which data points were known, of whom and in which year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features import CATALOGUE, FAMILIES
from engine.panel import Matrix
from engine.study import Study


@dataclass(frozen=True, eq=False)
class Coverage:
    """Shares of weeks at which something was known: `shares` (names, years), 0 to 1, NaN for a year without a week."""

    names: tuple[str, ...]
    years: tuple[int, ...]
    shares: Matrix

    def by_year(self) -> dict[str, dict[int, float | None]]:
        """{name: {year: share, None where the year has no week}}."""
        return {
            name: {year: None if np.isnan(share) else float(share) for year, share in zip(self.years, row, strict=True)}
            for name, row in zip(self.names, self.shares, strict=True)
        }


def entry_coverage(study: Study, members: NDArray[np.bool_] | None = None) -> Coverage:
    """Each entry over the token-weeks of `members` (weeks, tokens), by default the universe's; what is known of the
    market is known of every token."""
    members, table = study.universe if members is None else members, study.features
    known = {
        **{n: np.isfinite(table.token_values[:, :, j]) for j, n in enumerate(table.token_names)},
        **{n: np.isfinite(table.market_values[:, [j]]) for j, n in enumerate(table.market_names)},
    }
    weeks = members.sum(axis=1)
    counted = np.array([(known[name] & members).sum(axis=1) for name in CATALOGUE])
    return _yearly(tuple(CATALOGUE), study, counted, np.broadcast_to(weeks, counted.shape))


def family_coverage(study: Study, members: NDArray[np.bool_] | None = None) -> Coverage:
    """Each family, all its counted entries weighing the same; the last row is the whole of them."""
    entries = entry_coverage(study, members)
    counted = tuple(name for name in entries.names if CATALOGUE[name].counted)
    rows = [_of(entries, [n for n in counted if CATALOGUE[n].family == family]) for family in FAMILIES]
    return Coverage((*FAMILIES, "all"), entries.years, np.array([*rows, _of(entries, counted)]))


def token_coverage(study: Study) -> Coverage:
    """All counted entries of each token, over the weeks that begin with a candle of it."""
    table = study.features
    own, common = ([CATALOGUE[name].counted for name in names] for names in (table.token_names, table.market_names))
    known = np.isfinite(table.token_values[:, :, own]).sum(axis=2)
    present = known + np.isfinite(table.market_values[:, common]).sum(axis=1)[:, None]
    alive = traded(study)
    return _yearly(table.symbols, study, np.where(alive, present / table.total, 0.0).T, alive.T)


def traded(study: Study) -> NDArray[np.bool_]:
    """(weeks, tokens): a candle on the last day that each week saw."""
    rows = (study.features.dates - study.panel.dates[0]).astype(int)
    alive: NDArray[np.bool_] = study.panel.observed[rows]
    return alive


def shares_of(study: Study, symbol: str) -> Mapping[str, Mapping[int, float | None]]:
    """Families of one token over the weeks that begin with a candle of it; KeyError without such a token."""
    column = study.panel.column(symbol)
    if column is None:
        raise KeyError(symbol)
    alone = np.zeros_like(study.universe)
    alone[:, column] = traded(study)[:, column]
    return family_coverage(study, alone).by_year()


def _of(entries: Coverage, names: Sequence[str]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = entries.shares[[entries.names.index(name) for name in names]].mean(axis=0)
    return mean


def _yearly(
    names: Sequence[str], study: Study, known: NDArray[np.number], weeks: NDArray[np.number | np.bool_]
) -> Coverage:
    """`known` and `weeks` (names, weeks) summed by the year of the last day that each week saw, one over the other."""
    of = np.array([day.year for day in study.features.dates.tolist()])
    years = tuple(int(year) for year in np.unique(of))
    sums = [(known[:, of == year].sum(axis=1), weeks[:, of == year].sum(axis=1)) for year in years]
    with np.errstate(invalid="ignore", divide="ignore"):
        return Coverage(tuple(names), years, np.column_stack([a / b for a, b in sums]))
