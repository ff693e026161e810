"""Turns scores into target weights under caps, solved exactly: for one token, for the volatile, for the illiquid.

Wanted are the weights w that maximise sum(score_i x log(w_i)), the proportionally fair ones: shares of money go as
scores go, and where a cap binds, what it leaves over goes to the others in the same proportion. With no price p on
money but the total's, the answer is w_i = min(cap_i, score_i / p): water-filling. A group's cap adds a price of its
own to its members, and a token in two groups pays both.

Groups may overlap, so a token is in one of four cells: neither group, the first alone, the second alone, both. The
problem is strictly concave, so its optimum is unique, and a relaxed problem's optimum that keeps the caps it was not
told of is the optimum. That gives four cases, in order: no group binds; the first alone; the second alone (each is
water-filling of a cell and of the rest); and if none of these will do, both bind exactly. Then one number is unknown,
the total b of the overlap: the cells hold b, cap1 - b, cap2 - b and what is left. Moving money into the overlap frees
as much for the rest, so at the best b  price(both) + price(rest) = price(first) + price(second). Each cell's price
falls with its total, so the difference of the two sides falls with b and crosses zero once: halving finds it to the
last bit of a float.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Group = tuple[NDArray[np.bool_], float]

FAINT = 1e-300  # of the highest score: less is no score
ROUNDING = 1e-14  # a sum that exceeds its cap by no more has reached it


class _Cell:
    """Tokens under one price of money: how much each gets of a total, and what one more dollar would be worth."""

    def __init__(self, scores: Floats, caps: Floats) -> None:
        self.scores, self.caps = scores, caps
        ratio = caps / scores
        self.order = np.argsort(ratio, kind="stable")  # who is full first
        score, cap = scores[self.order], caps[self.order]
        self.taken: list[float] = [0.0, *np.cumsum(cap).tolist()]
        self.left: list[float] = np.cumsum(score[::-1])[::-1].tolist()  # from the far end: no digits cancel
        totals = self.taken[:-1] + ratio[self.order] * self.left
        self.full_at: list[float] = np.maximum.accumulate(
            totals
        ).tolist()  # the totals at which one after another fills

    @property
    def room(self) -> float:
        return self.taken[-1]

    def fill(self, total: float) -> Floats:
        """min(cap, scale x score) with the one scale that spends `total`; every cap where they are less."""
        if total >= self.room:
            return self.caps.copy()
        full, spare, left = self._open(total)
        weights = np.minimum(self.caps, self.scores * (max(spare, 0.0) / left))
        weights[self.order[:full]] = self.caps[self.order[:full]]
        return weights

    def price(self, total: float) -> float:
        """The worth of one more dollar; it falls with `total`, to nothing where every cap is full."""
        if total < 0:
            return inf
        if total >= self.room:
            return 0.0
        _, spare, left = self._open(total)
        return left / spare if spare > 0 else inf

    def _open(self, total: float) -> tuple[int, float, float]:
        """How many are full at that total, what it leaves for the others, and their scores together."""
        full = min(bisect_left(self.full_at, total), len(self.left) - 1)
        return full, total - self.taken[full], self.left[full]


def fill_under_caps(scores: Floats, total: float, caps: Floats) -> Floats:
    """Share `total` in proportion to `scores` (>= 0) with no weight above its cap.

    Exact water-filling: w_i = min(cap_i, scale x score_i), the one scale that spends `total`. Where all caps
    together are less than `total`, every cap is full and the rest is left unspent. Shapes (n,), fractions of the index.
    """
    return allocate(scores, total, caps, (), 0.0)


def allocate(scores: Floats, total: float, caps: Floats, groups: Sequence[Group], floor: float) -> Floats:
    """Weights (n,) that sum to at most `total`: no token above its cap, no group above its cap, none below `floor`.

    `groups` are at most two masks with a cap each, and may overlap (ValueError for more). A weight under the floor is
    dropped, smallest first, and its share goes to the others. A score that is no number or not finite counts as none,
    so does a cap or total that is no number. The order of the tokens does not matter; of two that are the same in
    everything the floor drops the later one.
    """
    if len(groups) > 2:
        raise ValueError(f"{len(groups)} groups: allocation is solved for at most two")
    scores = np.asarray(scores, dtype=float)
    scores = np.where(np.isfinite(scores) & (scores > 0), scores, 0.0)
    caps, total = _shares(caps), float(_shares(total))
    limits = [float(_shares(cap)) for _, cap in groups]
    masks = [np.asarray(mask, dtype=np.bool_) for mask, _ in groups]

    weights = np.zeros(len(scores))
    columns = _in_order(scores, caps, masks)
    while len(columns):
        own = scores[columns] / scores[columns].max()
        found = _solve(own, total, caps[columns], [mask[columns] for mask in masks], limits)
        if not (found < floor).any():
            weights[columns] = found
            break
        columns = np.delete(columns, np.flatnonzero(found == found.min())[-1])
    return weights


def _shares(values: Floats | float) -> Floats:
    """Shares between 0 and 1; what is no number is none."""
    numbers: Floats = np.nan_to_num(np.asarray(values, dtype=float), nan=0.0, posinf=1.0, neginf=0.0)
    return np.clip(numbers, 0.0, 1.0)


def _in_order(scores: Floats, caps: Floats, masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.intp]:
    """Tokens with a score in an order of their own, best first, whatever order they came in."""
    columns = np.flatnonzero(scores > FAINT * scores.max(initial=0.0))
    keys = [mask[columns] for mask in masks] + [-caps[columns], -scores[columns]]
    return columns[np.lexsort(keys)]


def _solve(
    scores: Floats, total: float, caps: Floats, masks: Sequence[NDArray[np.bool_]], limits: Sequence[float]
) -> Floats:
    """The optimum: the first of the four cases whose answer keeps every group's cap."""
    groups = list(zip(masks, limits, strict=True))

    def over(weights: Floats) -> list[Group]:
        return [(mask, limit) for mask, limit in groups if weights[mask].sum() > limit + ROUNDING]

    free = _Cell(scores, caps).fill(total)
    broken = over(free)
    if not broken:
        return free
    for mask, limit in broken:
        weights = _in_cells(scores, caps, [(mask, limit), (~mask, total - limit)])
        if not over(weights):
            return weights
    return _in_cells(scores, caps, _both_bind(scores, total, caps, groups))


def _in_cells(scores: Floats, caps: Floats, cells: Sequence[Group]) -> Floats:
    """Fill disjoint cells, each with a total of its own."""
    weights = np.zeros(len(scores))
    for mask, total in cells:
        weights[mask] = _Cell(scores[mask], caps[mask]).fill(total)
    return weights


def _both_bind(scores: Floats, total: float, caps: Floats, groups: Sequence[Group]) -> list[Group]:
    """The four cells with their totals where both groups are filled to their caps."""
    (a, cap_a), (b, cap_b) = groups
    masks = (a & b, a & ~b, b & ~a, ~(a | b))
    both, first, second, rest = (_Cell(scores[mask], caps[mask]) for mask in masks)
    spared = total - cap_a - cap_b  # what the rest has, less the overlap's total
    low, high = 0.0, min(cap_a, cap_b)
    while low < (middle := (low + high) / 2) < high:
        gain = both.price(middle) + rest.price(spared + middle)
        if gain > first.price(cap_a - middle) + second.price(cap_b - middle):
            low = middle
        else:
            high = middle
    return list(zip(masks, (high, cap_a - high, cap_b - high, max(spared + high, 0.0)), strict=True))


def effective_names(weights: Floats) -> float:
    """How many equal holdings would be as concentrated: 1 / sum of squared shares of what is invested."""
    invested = weights[weights > 0]
    return float(invested.sum() ** 2 / (invested**2).sum()) if len(invested) else 0.0
