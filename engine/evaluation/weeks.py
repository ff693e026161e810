"""Groups lines by the week they were said in: one week's lines move together and count as one observation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.int64]  # day numbers as `date.toordinal()` gives them
Rows = NDArray[np.intp]


def day_numbers(dates: Iterable[dt.date]) -> Days:
    """Dates as whole numbers, the form in which every measure takes them; shape (n,)."""
    return np.fromiter((date.toordinal() for date in dates), dtype=np.int64)


def by_week(days: Days) -> list[Rows]:
    """Rows of each week, weeks in order of time."""
    order = np.argsort(days, kind="stable")
    _, starts = np.unique(days[order], return_index=True)
    return [np.sort(rows) for rows in np.split(order, starts[1:])] if len(days) else []


def weekly_means(values: Floats, weeks: Sequence[Rows]) -> Floats:
    """Mean of each week's lines, so that every week weighs the same; shape (weeks,)."""
    return np.array([values[rows].mean() for rows in weeks])


def weekly_sums(values: NDArray[np.generic], weeks: Sequence[Rows]) -> Floats:
    """Sum of each week's lines; shape (weeks, ...)."""
    return np.array([values[rows].sum(axis=0) for rows in weeks], dtype=np.float64)


def t_statistic(values: Floats, overlap: int = 1) -> float:
    """Mean over its standard error; 0 where that is undefined. `overlap`: see `standard_error`."""
    error = standard_error(values, overlap)
    return float(values.mean() / error) if error > 0 else 0.0


def standard_error(values: Floats, overlap: int = 1) -> float:
    """Standard error of the mean of a weekly series; 0 where that is undefined.

    Outcomes that take `overlap` weeks to come share their days with the next ones, so the covariances with up to
    overlap - 1 weeks before count in full (Hansen and Hodrick 1980), and in falling weight (Newey and West 1987) where
    in full they would leave no variance.
    """
    n = len(values)
    if n < 2:
        return 0.0
    away = values - values.mean()
    if not np.ptp(values) > 0:
        return 0.0
    shared = [float(away[k:] @ away[:-k]) for k in range(1, min(overlap, n))]
    own = float(away @ away)
    total = own + 2 * sum(shared)
    if total <= 0:
        total = own + 2 * sum((1 - k / overlap) * part for k, part in enumerate(shared, 1))
    return float(np.sqrt(total / (n - 1) / n))


def grouped(keys: Sequence[Hashable]) -> dict[Hashable, Rows]:
    """Rows of each key in the order of the keys' first sight: years, half-years, themes, families."""
    rows: dict[Hashable, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return {key: np.array(found, dtype=np.intp) for key, found in rows.items()}


def year(date: dt.date) -> str:
    """2021-03-01 is in 2021."""
    return str(date.year)


def half_year(date: dt.date) -> str:
    """2021-03-01 is in 2021H1."""
    return f"{date.year}H{1 if date.month <= 6 else 2}"
