"""Says which family of data points speaks for and against a token, in parts that add up to its conviction.

The parts are Shapley values (Shapley 1953; for models, Lundberg and Lee, "A unified approach to interpreting model
predictions", 2017): a family's part is what it adds to the conviction, averaged over every order in which the families
could be heard. A family that is not heard has all its ranks in the middle and its inputs at their means, which is what
the models themselves take a missing figure for. With nothing heard the odds are the base rates, so the parts of all
families sum to the conviction.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from engine.features import CATALOGUE, FAMILIES
from engine.fitting import MARKET_INPUTS
from engine.models.calibration import Calibration
from engine.record import conviction
from engine.study import WEEK
from engine.walkforward import Heads, Scores, Trainer

Floats = NDArray[np.float64]

MOVEMENT_FAMILY = "price"  # the movement head reads volatilities


@dataclass(frozen=True, eq=False)
class Parts:
    """(tokens, families) in the order of FAMILIES: each family's part of the conviction, the conviction without it, and
    the odds (tokens, families, 3) with it alone."""

    contribution: Floats
    without: Floats
    alone: Floats


def explain(
    trainer: Trainer, heads: Heads, scores: Scores, calibration: Calibration, i: int, columns: NDArray[np.intp]
) -> Parts:
    """Take the week's conviction of the tokens at `columns` of study row i apart by family; `scores` are the week's."""
    odds = _all_odds(trainer, heads, scores, calibration, i, columns)
    worth = conviction(odds, calibration.base)  # (2 ** families, tokens)
    full = len(odds) - 1
    singles = [1 << f for f in range(len(FAMILIES))]
    return Parts(
        contribution=np.column_stack([_shapley(worth, single) for single in singles]),
        without=np.column_stack([worth[full ^ single] for single in singles]),
        alone=np.stack([odds[single] for single in singles], axis=1),
    )


def _shapley(worth: Floats, single: int) -> Floats:
    """One family's part from the worth of every set of families, sets written as bits."""
    families = len(FAMILIES)
    total = np.zeros(worth.shape[1])
    for others in range(len(worth)):
        if others & single:
            continue
        size = others.bit_count()
        share = factorial(size) * factorial(families - size - 1) / factorial(families)
        total += share * (worth[others | single] - worth[others])
    return total


def _all_odds(
    trainer: Trainer, heads: Heads, scores: Scores, calibration: Calibration, i: int, columns: NDArray[np.intp]
) -> Floats:
    """Odds (2 ** families, tokens, 3) with every set of families heard."""
    ranks = trainer.ranks(i)[columns]
    heard_by = np.array([FAMILIES.index(CATALOGUE[name].family) for name in trainer.names], dtype=np.intp)
    of_tokens, market = _token_families(heard_by), _market_parts(trainer, heads, i)
    asked: dict[int, Floats] = {}
    odds = []
    for families in range(1 << len(FAMILIES)):
        heard = np.array([families >> f & 1 for f in range(len(FAMILIES))], dtype=np.bool_)
        own = families & of_tokens
        if own not in asked:
            asked[own] = _relative(trainer, heads, scores, ranks * heard[heard_by])
        moves = scores.movement[columns] if heard[FAMILIES.index(MOVEMENT_FAMILY)] else np.zeros(len(columns))
        odds.append(calibration.probabilities(asked[own], float(market[heard].sum()), moves))
    return np.stack(odds)


def _token_families(heard_by: NDArray[np.intp]) -> int:
    """The families with data points of single tokens, as bits."""
    return sum(1 << int(f) for f in np.unique(heard_by))


def _relative(trainer: Trainer, heads: Heads, scores: Scores, ranks: Floats) -> Floats:
    """The ensemble's score (tokens,) with other ranks, in the deviations of the week as it was."""
    head = heads.fitted.relative[WEEK]
    assert head is not None
    mean: Floats = (trainer.without_hype(head, ranks) / scores.spread).mean(axis=1)
    return mean


def _market_parts(trainer: Trainer, heads: Heads, i: int) -> Floats:
    """The market head's log odds by family (families,)."""
    parts = np.zeros(len(FAMILIES))
    head = heads.fitted.market[WEEK]
    if head is not None:
        for name, part in zip(MARKET_INPUTS, head.contributions(trainer.material.market[i]), strict=True):
            parts[FAMILIES.index(CATALOGUE[name].family)] += part
    return parts
