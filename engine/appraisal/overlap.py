"""Measures which data points say the same: of two whose ranks correlate beyond 0.98, one is padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.panel import Matrix
from engine.ranks import column_ranks
from engine.study import Study

SAME = 0.98  # of |rank correlation|: beyond, two entries are one
PEERS = 5  # fewer tokens of a week that know a data point have no ranks
LEAST_WEEKS = 52  # in common of two market entries; of token entries as many weeks with PEERS tokens each


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two entries and the correlation of their ranks: within weeks over all tokens, or over weeks for the market's."""

    first: str
    second: str
    correlation: float


def overlaps(study: Study, above: float = SAME) -> list[Overlap]:
    """Pairs of entries of one scope whose |rank correlation| exceeds `above`, the closest first.

    Token and chain entries are compared by their ranks among the universe of each week, all weeks pooled; market
    entries by their ranks over the weeks.
    """
    pairs = [Overlap(names[i], names[j], float(matrix[i, j])) for names, matrix in _scopes(study)
             for i, j in np.argwhere(np.abs(np.triu(matrix, 1)) > above)]  # fmt: skip
    return sorted(pairs, key=lambda pair: -abs(pair.correlation))


def closest(study: Study) -> dict[str, Overlap]:
    """Each entry beside the one of its scope that its ranks are closest to; none where too little is known of it."""
    found = {}
    for names, matrix in _scopes(study):
        for i, name in enumerate(names):
            j = int(np.argmax(np.abs(matrix[i])))
            if matrix[i, j] != 0:
                found[name] = Overlap(name, names[j], float(matrix[i, j]))
    return found


def pooled_ranks(values: NDArray[np.float64], universe: NDArray[np.bool_]) -> Matrix:
    """Ranks within each week, -1 to 1, of the universe's tokens; the weeks below one another.

    `values` (weeks, tokens, features), `universe` (weeks, tokens) -> (token-weeks, features), NaN where unknown.
    """
    return np.vstack([column_ranks(week[members], PEERS) for week, members in zip(values, universe, strict=True)])


def correlations(ranks: Matrix, least: int) -> Matrix:
    """Correlation of each two columns over the rows that both know; 0 with fewer than `least`, and with itself."""
    known = np.isfinite(ranks).astype(np.float64)
    x = np.where(known > 0, ranks, 0.0)
    n, sums, squares = known.T @ known, x.T @ known, (x * x).T @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = squares - sums**2 / n
        matrix = (x.T @ x - sums * sums.T / n) / np.sqrt(variance * variance.T)
    np.fill_diagonal(matrix, 0.0)
    return np.where((n >= least) & np.isfinite(matrix), matrix, 0.0)


def _scopes(study: Study) -> list[tuple[Sequence[str], Matrix]]:
    """Names and correlations of the token and chain entries, and of the market's."""
    table = study.features
    own, common = pooled_ranks(table.token_values.astype(np.float64), study.universe), column_ranks(table.market_values)
    return [
        (table.token_names, correlations(own, LEAST_WEEKS * PEERS)),
        (table.market_names, correlations(common, LEAST_WEEKS)),
    ]
