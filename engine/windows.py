"""Folds every run of exactly `window` rows into one value, in some 2 log2(window) passes over the whole panel.

Blocks of 1, 2, 4 ... rows are joined side by side, so a result depends on the rows of its window and on nothing before
them: no running total, whose rounding would remember a price six orders of magnitude higher. Rows before the first
count as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRIP = 48  # columns folded at a time: their blocks stay in the processor's cache
Sheet = NDArray[Any]  # (dates, tokens)
Part = tuple[Sheet, ...]  # what is known of one block of rows, as many sheets as its join needs
Join = Callable[[Part, Part], Part]  # (the older block, the newer block beside it) -> both as one; associative


def fold(leaf: Part, empty: Sequence[float], window: int, join: Join) -> Part:
    """Join the `window` rows that end with each row; `leaf` is the part of single rows, `empty` that of no row."""
    width = max(sheet.shape[1] for sheet in leaf)
    if len(leaf) == 1 or width <= STRIP:
        return _fold_strip(leaf, empty, window, join)
    strips = [
        _fold_strip(tuple(s if _common(s) else s[:, at : at + STRIP] for s in leaf), empty, window, join)
        for at in range(0, width, STRIP)
    ]
    return tuple(sheets[0] if _common(sheets[0]) else np.hstack(sheets) for sheets in zip(*strips, strict=True))


def _fold_strip(leaf: Part, empty: Sequence[float], window: int, join: Join) -> Part:
    rows = len(leaf[0])
    block: Part = tuple(_padded(sheet, window - 1, value) for sheet, value in zip(leaf, empty, strict=True))
    whole: Part | None = None
    reach, size = 0, 1  # rows of the window that are in `whole`, rows of one block
    while True:
        if window & size:
            piece = tuple(sheet[reach : reach + rows] for sheet in block)
            whole = piece if whole is None else join(whole, piece)
            reach += size
        if reach == window and whole is not None:
            return whole
        block = join(tuple(sheet[:-size] for sheet in block), tuple(sheet[size:] for sheet in block))
        size *= 2


def window_sum(x: Sheet, window: int) -> Sheet:
    """Sum of each window, in the type of x; a missing value must be 0."""
    return fold((x,), (0,), window, lambda older, newer: (older[0] + newer[0],))[0]


def window_count(known: NDArray[np.bool_], window: int) -> NDArray[np.int16]:
    """How many rows of each window are True."""
    return window_sum(known.astype(np.int16), window)


def window_extreme(x: Sheet, window: int, pick: Callable[[Sheet, Sheet], Sheet]) -> Sheet:
    """Extreme of each window by `np.fmax` or `np.fmin`, NaN where nothing is known."""
    return fold((x,), (np.nan,), window, lambda older, newer: (pick(older[0], newer[0]),))[0]


def window_place(x: Sheet, window: int) -> NDArray[np.int64]:
    """Place of the highest value in each window, 0 the oldest row; of equals the oldest; missing values are -inf."""

    def join(older: Part, newer: Part) -> Part:
        return np.maximum(older[0], newer[0]), np.where(newer[0] > older[0], newer[1], older[1])

    rows = np.arange(len(x), dtype=np.int32)[:, None]
    _, best = fold((x, np.broadcast_to(rows, x.shape)), (-np.inf, -1), window, join)
    return np.asarray(best - (rows - window + 1))


def window_highest(x: Sheet, window: int, many: int) -> Part:
    """The `many` highest values of each window, the highest first, -inf where it has fewer; missing values are -inf."""

    def join(older: Part, newer: Part) -> Part:
        tops = []
        for place in range(many):  # at a place stands the lower of the last that each block gives, at the best split
            top = np.maximum(older[place], newer[place])
            for taken in range(place):
                top = np.maximum(top, np.minimum(older[taken], newer[place - 1 - taken]))
            tops.append(top)
        return tuple(tops)

    none = np.full((len(x), 1), -np.inf)
    return fold((x, *[none] * (many - 1)), (-np.inf,) * many, window, join)


def window_memory(x: Sheet, gain: Sheet, window: int) -> Part:
    """Weighted sum and sum of weights, row by row taking in `gain` of x and keeping 1 - gain of what was before."""

    def join(older: Part, newer: Part) -> Part:
        return newer[0] + newer[1] * older[0], newer[1] * older[1]

    total, left = fold((gain * x, 1.0 - gain), (0.0, 1.0), window, join)
    return total, 1.0 - left


def window_products(series: Sequence[Sheet], pairs: Sequence[tuple[int, int]], window: int) -> Part:
    """Count, then the mean of each of `series`, then for each pair of them the sum of products of their offsets from
    their means; over the rows on which all of `series` are known (Chan, Golub and LeVeque 1979)."""

    def join(older: Part, newer: Part) -> Part:
        count = older[0] + newer[0]
        share = newer[0] / np.maximum(count, 1.0)
        weight = older[0] * share
        moved = [b - a for a, b in zip(older[1:means], newer[1:means], strict=True)]
        sums = [moved[i] * moved[j] for i, j in pairs]
        for total, a, b in zip(sums, older[means:], newer[means:], strict=True):
            total *= weight
            total += a
            total += b
        for mean, a in zip(moved, older[1:means], strict=True):
            mean *= share
            mean += a
        return (count, *moved, *sums)

    means = 1 + len(series)
    known = known_days(*series)
    filled = [np.where(known, x, 0.0) for x in series]
    leaf = (known.astype(np.float64), *filled, *[np.zeros((len(known), 1))] * len(pairs))
    return fold(leaf, [0.0] * len(leaf), window, join)


def window_cubes(x: Sheet, window: int) -> Part:
    """Count, mean, and the sums of squares and of cubes of the offsets from the mean (Pébay 2008)."""

    def join(older: Part, newer: Part) -> Part:
        count, gap = older[0] + newer[0], newer[1] - older[1]
        whole = np.maximum(count, 1.0)
        share = newer[0] / whole
        weight = older[0] * share * gap * gap
        lean = gap * (older[0] - newer[0]) / whole
        cross = 3.0 * gap * (older[0] * newer[2] - newer[0] * older[2]) / whole
        return count, older[1] + gap * share, older[2] + newer[2] + weight, older[3] + newer[3] + weight * lean + cross

    known = known_days(x)
    none = np.zeros((len(x), 1))
    leaf = (known.astype(np.float64), np.where(known, x, 0.0), none, none)
    return fold(leaf, (0.0,) * 4, window, join)


def known_days(*sheets: Sheet) -> NDArray[np.bool_]:
    """Where all of the sheets are known; one column stands for all where every token misses the same days."""
    known: NDArray[np.bool_] = np.isfinite(sheets[0])
    for sheet in sheets[1:]:
        known = known & np.isfinite(sheet)
    return known[:, :1] if (known == known[:, :1]).all() else known


def _common(sheet: Sheet) -> bool:
    """One column that stands for all."""
    columns: int = sheet.shape[1]
    return columns == 1


def _padded(x: Sheet, rows: int, value: float) -> Sheet:
    """x below so many rows of `value`."""
    out = np.empty((rows + len(x), x.shape[1]), dtype=x.dtype)
    out[:rows], out[rows:] = value, x
    return out
