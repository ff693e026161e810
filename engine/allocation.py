"""Turns scores into target weights under caps, solved exactly: for one token, for the volatile, for the illiquid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fill_under_caps(scores: Floats, total: float, caps: Floats) -> Floats:
    """Share `total` in proportion to `scores` (>= 0) with no weight above its cap.

    Exact water-filling: w_i = min(cap_i, scale x score_i), the one scale that spends `total`. Where all caps
    together are less than `total`, every cap is full and the rest is left unspent. Shapes (n,).
    """
    scores, caps = np.asarray(scores, dtype=float), np.asarray(caps, dtype=float)
    active = scores > 0
    weights = np.zeros(len(scores))
    if total <= 0 or not active.any():
        return weights
    if caps[active].sum() <= total:
        weights[active] = caps[active]
        return weights
    order = np.flatnonzero(active)[np.argsort(caps[active] / scores[active], kind="stable")]
    left = np.cumsum(scores[order][::-1])[::-1]  # summed from the far end: subtracting as we go would cancel digits
    room = total
    for position, i in enumerate(order):  # the token nearest its cap first: once one fits under it, all later ones do
        if scores[i] / left[position] * room <= caps[i]:
            rest = order[position:]
            weights[rest] = np.minimum(scores[rest] / left[position] * room, caps[rest])
            break
        weights[i] = caps[i]
        room -= caps[i]
    return weights


def allocate(
    scores: Floats, total: float, caps: Floats, groups: Sequence[tuple[NDArray[np.bool_], float]], floor: float
) -> Floats:
    """Weights (n,) that sum to at most `total`: no token above its cap, no group above its cap, none below `floor`.

    `groups` are disjoint masks with a cap each. A group over its cap is filled up to that cap by itself and the rest
    shares what is left; each pass fixes one more group for good, since the others only gain, so it ends exactly.
    A weight under the floor is dropped, smallest first, and its share goes to the others.
    """
    scores = np.asarray(scores, dtype=float).copy()
    while True:
        weights = _with_groups(scores, total, np.asarray(caps, dtype=float), groups)
        small = (weights > 0) & (weights < floor)
        if not small.any():
            return weights
        scores[np.flatnonzero(small)[np.argmin(weights[small])]] = 0.0


def _with_groups(
    scores: Floats, total: float, caps: Floats, groups: Sequence[tuple[NDArray[np.bool_], float]]
) -> Floats:
    fixed: list[tuple[NDArray[np.bool_], float]] = []
    while True:
        weights = np.zeros(len(scores))
        rest = np.ones(len(scores), dtype=bool)
        for mask, cap in fixed:
            weights[mask] = fill_under_caps(scores[mask], min(cap, total), caps[mask])
            rest &= ~mask
        weights[rest] = fill_under_caps(scores[rest], max(total - weights.sum(), 0.0), caps[rest])
        over = [g for g in groups if not any(g is f for f in fixed) and weights[g[0]].sum() > g[1] + 1e-12]
        if not over:
            return weights
        fixed.append(max(over, key=lambda g: weights[g[0]].sum() - g[1]))


def effective_names(weights: Floats) -> float:
    """How many equal holdings would be as concentrated: 1 / sum of squared shares of what is invested."""
    invested = weights[weights > 0]
    return float(invested.sum() ** 2 / (invested**2).sum()) if len(invested) else 0.0
