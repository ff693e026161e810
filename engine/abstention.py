"""When no call is made, and the one honest reason that is given for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.model import TokenKind
from engine.panel import Panel
from engine.study import Study
from engine.walkforward import Heads, Scores, Trainer

MIN_PRESENT = 0.5  # of the token's own data points
STALE_WEEKS = 4
STALE_SHARE = 0.2  # of the data points of four weeks ago: so many gone silent, and the rest is not the token we knew
DISAGREE = 2.5  # deviations of the week between the kindest and the harshest classifier, on opposite sides


@dataclass(frozen=True, eq=False)
class Instant:
    """Everything that may forbid a call at study row i; tokens are columns of the panel."""

    trainer: Trainer
    heads: Heads
    scores: Scores
    i: int

    @property
    def study(self) -> Study:
        return self.trainer.study

    @property
    def panel(self) -> Panel:
        return self.study.panel

    @cached_property
    def row(self) -> int:
        return self.panel.row(self.study.dates[self.i] - dt.timedelta(days=1))

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which of the tokens' own data points are there; shape (tokens, features)."""
        return self._known(self.i)

    @cached_property
    def lost(self) -> NDArray[np.float64]:
        """Share of each token's data points of four weeks ago that are silent now."""
        before = self._known(max(self.i - STALE_WEEKS, 0))
        gone = (before & ~self.known).sum(axis=1)
        share: NDArray[np.float64] = gone / np.maximum(before.sum(axis=1), 1)
        return share

    @cached_property
    def strange(self) -> NDArray[np.bool_]:
        familiar = self.heads.fitted.familiar
        values = self.trainer.material.raw(self.i)
        return familiar.strange(values) if familiar else np.zeros(len(values), dtype=np.bool_)

    @cached_property
    def torn(self) -> NDArray[np.bool_]:
        """Where the classifiers stand far apart, on opposite sides of the median peer."""
        with np.errstate(invalid="ignore"):
            low, high = self.scores.members.min(axis=1), self.scores.members.max(axis=1)
            torn: NDArray[np.bool_] = (high - low > DISAGREE) & (low < 0) & (high > 0)
        return torn

    def _known(self, i: int) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = np.isfinite(self.trainer.material.raw(i))
        return known


# In this order; the first that holds is told.
REASONS: tuple[Callable[[Instant, int], str | None], ...] = (
    lambda at, j: None if at.heads.speaks else "the models have too little history yet",
    lambda at, j: "a wrapped copy follows its original" if at.panel.tokens[j].kind is TokenKind.WRAPPED else None,
    lambda at, j: None if at.panel.observed[max(at.row - 1, 0) : at.row + 1, j].any() else "its price has stopped",
    lambda at, j: None if at.study.universe[at.i, j] else "too little price history",
    lambda at, j: "fewer than half of its data points are there" if at.known[j].mean() < MIN_PRESENT else None,
    lambda at, j: None if np.isfinite(at.study.sigma[at.i, j]) else "too little price history",
    lambda at, j: "a fifth of its data has gone stale" if at.lost[j] >= STALE_SHARE else None,
    lambda at, j: "nothing like it was seen in training" if at.strange[j] else None,
    lambda at, j: "the models disagree" if at.torn[j] else None,
)


def why_abstain(at: Instant, j: int) -> str | None:
    """One honest reason to make no call on the token at column j, or None."""
    return next((why for reason in REASONS if (why := reason(at, j)) is not None), None)
