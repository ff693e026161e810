"""Whether each head was worth hearing over the last year; one that was not has no say until it is again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.record import Record, View, excess_and_outcome, market_move
from engine.study import WEEK, Study

Floats = NDArray[np.float64]

SKILL_WEEKS = 52
NO_SKILL = 0.002  # nats of log loss; a smaller lead of all odds over the base rates is not called one
MIN_WEEKS = 26  # with fewer the record is too short to tell, and the calibration's own shrinkage has to do


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one recorded week: `excess` (n,) over the median peer, class (n,) or -1, the median return."""

    excess: Floats
    outcome: NDArray[np.int8]
    market: float


def _relative_gain(view: View, came: Outcome) -> float | None:
    """Beating the median peer is an even bet without a head."""
    known = np.isfinite(came.excess)
    if not (view.relative.any() and known.any()):
        return None
    return float(np.mean(saved(view.relative[known], 0.0, came.excess[known] > 0)))


def _movement_gain(view: View, came: Outcome) -> float | None:
    known = came.outcome >= 0
    if not (view.movement.any() and known.any()):
        return None
    base = float(np.log((view.base[0] + view.base[2]) / view.base[1]))
    return float(np.mean(saved(view.movement[known], base, came.outcome[known] != 1)))


def _market_gain(view: View, came: Outcome) -> float | None:
    if not (view.market and np.isfinite(came.market)):
        return None
    base = float(np.log(view.market_base / (1 - view.market_base)))
    return float(saved(np.array([view.market]), base, np.array([came.market > 0]))[0])


GAINS: dict[str, Callable[[View, Outcome], float | None]] = {
    "relative": _relative_gain,
    "movement": _movement_gain,
    "market": _market_gain,
}


def saved(lift: Floats, base: float, hit: NDArray[np.bool_]) -> Floats:
    """Log loss (n,) that odds of `base + lift` saved against odds of `base` alone, both log odds."""
    sign = np.where(hit, -1.0, 1.0)
    gain: Floats = np.logaddexp(0, sign * base) - np.logaddexp(0, sign * (base + lift))
    return gain


def trailing_skill(
    study: Study, record: Record, as_of: dt.date, outcomes: NDArray[np.int8], horizon: int = WEEK
) -> dict[str, float | None]:
    """{head: mean log loss it saved against its base rate over the last year of known weeks}, None while too few.

    Weeks in which a head said nothing do not count. Everything counted was known before `as_of`.
    """
    dates = {study.dates[i] for i in study.complete_before(as_of, horizon)[-SKILL_WEEKS:]}
    pairs = [
        (
            week.views[horizon],
            Outcome(*excess_and_outcome(week, study, outcomes, horizon), _move(study, week.date, horizon)),
        )
        for week in record
        if week.date in dates and horizon in week.views
    ]
    return {head: _mean([gain(view, came) for view, came in pairs]) for head, gain in GAINS.items()}


def silenced_heads(skill: Mapping[str, float | None]) -> tuple[str, ...]:
    """The heads whose last year was no better than their base rate."""
    return tuple(head for head, gain in skill.items() if gain is not None and gain <= 0)


def _move(study: Study, date: dt.date, horizon: int) -> float:
    return market_move(study, study.week(date), horizon)


def _mean(gains: list[float | None]) -> float | None:
    known = [gain for gain in gains if gain is not None]
    return float(np.mean(known)) if len(known) >= MIN_WEEKS else None
