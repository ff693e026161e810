"""Asks how much of a Sharpe ratio is luck and choice: probabilistic and deflated Sharpe, track record length, PBO.

Sharpe ratios in here are per period (a week's), not yearly, unless a name says otherwise; kurtosis is 3 for the normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import e, inf, isfinite, sqrt
from statistics import NormalDist

import numpy as np

from engine.evaluation.returns import WEEKS_A_YEAR
from engine.evaluation.weeks import Floats

# Variants tried on 2021 to 2023 before this method stood, as docs/results.md counts them: 12 for method 1.0, some 40
# forms of exposure, some 20 of the basket and 22 runs of the whole engine for 2.0, 26 of the signals for 3.0. 120 known
# ones, rounded up, because a variant forgotten flatters and one too many does not.
TRIALS = 130

CONFIDENCE = 0.95
EULER = 0.5772156649015329  # the Euler-Mascheroni constant
BLOCKS = 16
LEAST_WEEKS = 4  # of a block, below which its Sharpe ratio is noise
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Luck:
    """What chance and choice leave of a Sharpe ratio; `sharpe` and `expected_best` are yearly, as people quote them.

    `deflated` is the deflated Sharpe ratio: the chance that the true one is above 0 although it was chosen among
    `trials`; `probabilistic` is that chance had nothing else been tried. `expected_best` is the ratio that the best of
    so many without any skill would show. `minimum_track_record` is in weeks, against 0; None for never.
    """

    sharpe: float
    expected_best: float
    deflated: float
    probabilistic: float
    trials: int
    weeks: int
    minimum_track_record: float | None
    skewness: float
    kurtosis: float


@dataclass(frozen=True, slots=True)
class Overfitting:
    """The probability of backtest overfitting among `configurations`, over all `splits` of history in two halves.

    `probability`: how often the best of one half is at or below the median of the other. `loss`: how often it loses
    there. `rank`: where it stands there in the median split, from 0 (worst) to 1.
    """

    probability: float
    loss: float
    rank: float
    configurations: int
    splits: int


def probabilistic_sharpe(
    sharpe: float, periods: int, skewness: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float:
    """Chance that the true Sharpe ratio is above `benchmark` (Bailey and Lopez de Prado 2012, equation 11)."""
    if periods < 2:
        return 0.5
    return NORMAL.cdf((sharpe - benchmark) * sqrt((periods - 1) / _spread(sharpe, skewness, kurtosis)))


def minimum_track_record(
    sharpe: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    benchmark: float = 0.0,
    confidence: float = CONFIDENCE,
) -> float:
    """Periods after which that chance reaches `confidence`; infinite where the ratio is not above the benchmark.

    Bailey and Lopez de Prado (2012), equation 13.
    """
    if sharpe <= benchmark:
        return inf
    return 1 + _spread(sharpe, skewness, kurtosis) * (NORMAL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2


def _spread(sharpe: float, skewness: float, kurtosis: float) -> float:
    """Variance of an estimated Sharpe ratio times the periods less one, returns not being normal (Mertens 2002)."""
    return 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2


def expected_best(trials: int, variance: float) -> float:
    """Sharpe ratio that the best of so many independent trials without skill is expected to show.

    `variance` is that of the trials' ratios (Bailey and Lopez de Prado 2014, equation 1); 0 for a single trial.
    """
    if trials < 2:
        return 0.0
    best = (1 - EULER) * NORMAL.inv_cdf(1 - 1 / trials) + EULER * NORMAL.inv_cdf(1 - 1 / (trials * e))
    return sqrt(variance) * best


def deflated_sharpe(
    sharpe: float, periods: int, trials: int, variance: float, skewness: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Chance that the true Sharpe ratio is above 0 although it is the best of so many (the same paper, equation 2)."""
    return probabilistic_sharpe(sharpe, periods, skewness, kurtosis, expected_best(trials, variance))


def measure_luck(returns: Floats, trials: int = TRIALS) -> Luck | None:
    """Deflate the Sharpe ratio of weekly returns; None where they do not move or are fewer than three.

    The returns of the variants tried were not kept, so the variance of their ratios is that of trials without any
    skill, 1 / (weeks - 1), and they count as independent. Variants of one method are alike, so this is the strict
    reading: it asks more of the ratio than a count of truly different trials would.
    """
    if len(returns) < 3 or not returns.std() > 0:
        return None
    periods = len(returns)
    sharpe = float(returns.mean() / returns.std(ddof=1))
    z = (returns - returns.mean()) / returns.std()
    shape = float((z**3).mean()), float((z**4).mean())
    variance = 1 / (periods - 1)
    needed = minimum_track_record(sharpe, *shape)
    return Luck(
        sharpe=sharpe * sqrt(WEEKS_A_YEAR),
        expected_best=expected_best(trials, variance) * sqrt(WEEKS_A_YEAR),
        deflated=deflated_sharpe(sharpe, periods, trials, variance, *shape),
        probabilistic=probabilistic_sharpe(sharpe, periods, *shape),
        trials=trials,
        weeks=periods,
        minimum_track_record=needed if isfinite(needed) else None,
        skewness=shape[0],
        kurtosis=shape[1],
    )


def weeks_to_tell_from(luck: Luck, benchmark: float) -> float | None:
    """Minimum track record length against another yearly Sharpe ratio, taken as known; None for never."""
    year = sqrt(WEEKS_A_YEAR)
    weeks = minimum_track_record(luck.sharpe / year, luck.skewness, luck.kurtosis, benchmark / year)
    return weeks if isfinite(weeks) else None


def measure_overfitting(returns: Floats, blocks: int = BLOCKS) -> Overfitting | None:
    """Cross-validate the choice among configurations; `returns` (periods, configurations), None for too few of either.

    Combinatorially symmetric cross-validation (Bailey, Borwein, Lopez de Prado and Zhu 2015): history is cut into
    `blocks` (an even number); each half of them chooses the configuration of the highest Sharpe ratio, the other half
    says where that one stands among all.
    """
    periods, configurations = returns.shape
    if configurations < 2 or periods < LEAST_WEEKS * blocks:
        return None
    parts = np.array_split(returns, blocks)
    sums, squares = np.array([p.sum(axis=0) for p in parts]), np.array([(p**2).sum(axis=0) for p in parts])
    sizes = np.array([len(p) for p in parts], dtype=float)
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    half = np.zeros((len(chosen), blocks))
    half[np.arange(len(chosen))[:, None], chosen] = 1.0
    inside = _sharpes(half @ sums, half @ squares, half @ sizes)
    outside = _sharpes((1 - half) @ sums, (1 - half) @ squares, (1 - half) @ sizes)
    kept = np.take_along_axis(outside, inside.argmax(axis=1)[:, None], axis=1)
    ranks = ((outside < kept).sum(axis=1) + ((outside == kept).sum(axis=1) + 1) / 2) / (configurations + 1)
    return Overfitting(
        probability=float((ranks <= 0.5).mean()),
        loss=float((kept < 0).mean()),
        rank=float(np.median(ranks)),
        configurations=configurations,
        splits=len(half),
    )


def _sharpes(sums: Floats, squares: Floats, sizes: Floats) -> Floats:
    """Sharpe ratios (splits, configurations) from sums, squares and counts; 0 where nothing moved."""
    mean = sums / sizes[:, None]
    variance = np.maximum(squares / sizes[:, None] - mean**2, 0.0)
    moves = variance > 1e-18
    return np.where(moves, mean / np.sqrt(np.where(moves, variance, 1.0)), 0.0)
