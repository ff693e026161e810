"""A small neural network on within-week ranks, the mean of three that begin from different seeds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.models.member import Examples, Floats

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

SEEDS = (0, 1, 2)  # one network's whim is not a signal
UNITS, PENALTY, EPOCHS, BATCH, RATE = 16, 1.0, 15, 512, 0.004  # chosen before looking
SCALE = 12**0.5  # ranks spread evenly over [-0.5, 0.5] to a deviation of 1
LIMIT = 30.0  # log odds no network may go beyond


@dataclass(frozen=True, eq=False)
class Network:
    """Networks of one hidden layer; they say the mean of their log odds."""

    models: tuple[MLPClassifier, ...]

    def log_odds(self, ranks: Floats) -> Floats:
        said = [np.log(model.predict_proba(ranks * SCALE).clip(1e-13)) for model in self.models]
        mean: Floats = np.mean([logs[:, 1] - logs[:, 0] for logs in said], axis=0).clip(-LIMIT, LIMIT)
        return mean


def fit_network(examples: Examples) -> Network:
    """Fit on yes or no, weighed by how clear the win was, for a fixed number of epochs.

    A fixed number, because early stopping would hold out rows at random, across time; so the optimiser's remark that it
    might have gone on is expected here and only that one is silenced.
    """
    return Network(tuple(_fit(examples, seed) for seed in SEEDS))


def _fit(examples: Examples, seed: int) -> MLPClassifier:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        hidden_layer_sizes=(UNITS,),
        alpha=PENALTY,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS + 1,
        batch_size=min(BATCH, len(examples.ranks)),
        learning_rate_init=RATE,
        early_stopping=False,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(examples.times(SCALE), examples.won, sample_weight=examples.sharpness)
