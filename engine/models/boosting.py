"""Histogram gradient boosting on within-week ranks: shallow trees that see what holds only together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.models.member import Examples, Floats

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

# Shallow and slow, chosen before looking. A fixed number of rounds, because scikit-learn's early stopping splits at
# random, across time.
ROUNDS, DEPTH, RATE, LEAF, PENALTY = 60, 3, 0.1, 100, 10.0
STEPS = 16  # a sixteenth of the market is as fine as weekly returns can tell; so the trees need no search for bins


@dataclass(frozen=True, eq=False)
class Boosting:
    """A sum of small trees."""

    model: HistGradientBoostingClassifier

    def log_odds(self, ranks: Floats) -> Floats:
        return np.asarray(self.model.decision_function(_stepped(ranks * STEPS)), dtype=np.float64)


def _stepped(ranks: Floats) -> Floats:
    """Make ranks times STEPS whole steps, in place, the middle at 0."""
    return np.round(ranks, out=ranks)


def fit_boosting(examples: Examples) -> Boosting:
    """Fit on yes or no, weighed by how clear the win was."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        max_depth=DEPTH,
        learning_rate=RATE,
        max_bins=4 * STEPS,  # more than there are steps: each is a bin of its own
        min_samples_leaf=LEAF,
        l2_regularization=PENALTY,
        early_stopping=False,
        random_state=0,
    )
    return Boosting(model.fit(_stepped(examples.times(STEPS)), examples.won, examples.sharpness))
