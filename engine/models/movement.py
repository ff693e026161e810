"""The movement head: will a token leave its neutral band at all, up or down.

Volatility comes in stretches and returns to its mean, so how far a token moves is far better known than which way
(Engle 1982; Corsi, "A simple approximate long-memory model of realized volatility", 2009, reads it on several horizons
as this head does). The band is set by the last 30 days: after a storm most weeks stay inside it, after a calm few do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.models.inputs import Floats, InputsHead, fit_inputs

Flags = NDArray[np.bool_]

INVERSE_PENALTY = 1.0  # C with one unit of weight a week; five inputs, hundreds of weeks
MIN_WEEKS = 52
NAMES = (
    "7-day over 30-day volatility",
    "30-day over 90-day volatility",
    "the market's 7-day over 30-day volatility",
    "the market's 30-day over 90-day volatility",
    "30-day volatility against the median peer's",
)


def movement_inputs(volatilities: NDArray[np.floating], member: Flags) -> Floats:
    """(tokens, 5) inputs of one instant from its volatilities over 7, 30 and 90 days (3, tokens); NaN where unknown."""
    week, month, quarter = volatilities
    with np.errstate(invalid="ignore", divide="ignore"):
        fast, slow, level = np.log(week / month), np.log(month / quarter), np.log(month)
    out = np.empty((len(month), len(NAMES)))
    out[:, 0], out[:, 1] = fast, slow
    out[:, 2], out[:, 3] = _median(fast, member), _median(slow, member)
    out[:, 4] = level - _median(level, member)
    return np.where(np.isfinite(out), out, np.nan)


def _median(values: NDArray[np.floating], member: Flags) -> float:
    known = values[member & np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def fit_movement(weeks: Sequence[tuple[Floats, Flags]], overlap: float = 1.0) -> InputsHead | None:
    """Fit on weeks of (inputs (n, 5), whether the token left its band (n,)), all weeks weighing the same.

    None with fewer than MIN_WEEKS weeks. `overlap` as in the market head.
    """
    if len(weeks) < MIN_WEEKS:
        return None
    moved = np.concatenate([m for _, m in weeks])
    weight = np.concatenate([np.full(len(m), 1.0 / len(m)) for _, m in weeks]) / overlap
    base = float(np.average(moved, weights=weight))
    if not 0 < base < 1:
        return None
    return fit_inputs(NAMES, np.vstack([x for x, _ in weeks]), moved, weight, INVERSE_PENALTY, base)
