"""How far a token's inputs lie from everything the models were trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.models.member import Floats

LIMIT = 10.0  # spreads beyond which one input counts no more: a single wild figure must not decide alone
MOST_ROWS = 6000  # of the training set; quantiles need no more
TAIL = 0.995  # of the training set lies nearer than what counts as unfamiliar


@dataclass(frozen=True, eq=False)
class Familiar:
    """Middle and spread of every raw input over the training set; beyond the `edge` it holds next to nothing."""

    middle: Floats
    spread: Floats
    edge: float

    def distance(self, values: Floats) -> Floats:
        """Root mean square distance (n,) of known inputs (n, features) from the middle, in spreads; NaN without any."""
        return _distance(values, self.middle, self.spread)

    def strange(self, values: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """True (n,) where inputs lie beyond the edge of the training set."""
        with np.errstate(invalid="ignore"):
            return self.distance(values) > self.edge


def _distance(values: Floats, middle: Floats, spread: Floats) -> Floats:
    total, count = np.zeros(len(values)), np.zeros(len(values))
    for column, centre, width in zip(values.T, middle, spread, strict=True):  # a table of all would be 40 MB
        off = np.clip((column - centre) / width, -LIMIT, LIMIT)
        known = np.isfinite(off)
        total += np.where(known, off**2, 0.0)
        count += known
    root: Floats = np.sqrt(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    return root


def fit_familiar(values: Floats) -> Familiar | None:
    """Measure raw inputs (n, features) of a training set; None for an empty one."""
    rows = values[:: max(len(values) // MOST_ROWS, 1)]
    rows = rows[np.isfinite(rows).any(axis=1)]
    if not len(rows):
        return None
    low, middle, high = np.full((3, rows.shape[1]), np.nan)
    for j in range(rows.shape[1]):  # all at once would take five times the memory of the rows
        known = rows[np.isfinite(rows[:, j]), j]
        if len(known):
            low[j], middle[j], high[j] = np.quantile(known, (0.25, 0.5, 0.75))
    spread = np.where(high > low, (high - low) / 1.349, np.nan)  # a normal's deviation; a constant input says nothing
    distances = _distance(rows, middle, spread)
    known = distances[np.isfinite(distances)]
    return Familiar(middle, spread, float(np.quantile(known, TAIL))) if len(known) else None
