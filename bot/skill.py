"""Sums the record up for chat, backtest and live apart: hit rates of past calls, skill of the odds, grades' bands."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np

from bot.book import Band, Skill
from engine.evaluation import measure_skill
from engine.model import Call, Prediction
from engine.modes import DEFAULT_MODE, mode
from engine.signals import LETTERS, grade
from engine.study import WEEK

DRAWS = 400
SEED = 7
INSIDE = (0.025, 0.975)  # the quantiles between which 95 % of the draws lie


def skills_of(predictions: Sequence[Prediction], live: Collection[dt.date]) -> tuple[Skill, ...]:
    """The record in figures, the weeks said `live` apart from all others, each where outcomes are known.

    A week that the bot slept through is computed later, when what came of it may be known: that is backtest, too.
    """
    week = [line for line in predictions if line.horizon == WEEK]
    said = [line for line in week if line.date in live]
    computed = [line for line in week if line.date not in live]
    found = (_skill(computed, "backtest"), _skill(said, "live"))
    return tuple(skill for skill in found if skill is not None)


def _skill(predictions: Sequence[Prediction], ledger: Literal["backtest", "live"]) -> Skill | None:
    known = [line for line in predictions if line.outcome is not None]
    figures = measure_skill(known)
    if figures is None:
        return None
    margin = mode(DEFAULT_MODE).margin
    bullish = [line for line in known if line.conviction >= margin]
    low, high = hit_interval(bullish)
    return Skill(
        weeks=figures.weeks,
        calls=figures.calls,
        bullish_calls=len(bullish),
        bullish_hits=_hits(bullish),
        low=low,
        high=high,
        bullish_base=_hits(known) / len(known),
        log_loss=figures.log_loss,
        base_log_loss=figures.base_log_loss,
        rank_ic=figures.rank_ic,
        rank_ic_t=figures.rank_ic_t,
        ledger=ledger,
        bands=_bands(known),
    )


def hit_interval(bullish: Sequence[Prediction], draws: int = DRAWS, seed: int = SEED) -> tuple[float, float]:
    """Where the hit rate lies when whole weeks are drawn again, since calls of one week move together."""
    if not bullish:
        return 0.0, 1.0
    made = Counter(line.date for line in bullish)
    came = Counter(line.date for line in bullish if line.outcome is Call.BULLISH)
    calls, hits = np.array([(made[week], came[week]) for week in sorted(made)]).T
    drawn = np.random.default_rng(seed).integers(0, len(calls), (draws, len(calls)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / calls[drawn].sum(axis=1), INSIDE)
    return float(low), float(high)


def _hits(lines: Sequence[Prediction]) -> int:
    return sum(line.outcome is Call.BULLISH for line in lines)


def _bands(known: Sequence[Prediction]) -> tuple[Band, ...]:
    """One band a letter, best first, with how many of its calls ended bullish."""
    by_letter: dict[str, list[Prediction]] = {}
    for line in known:
        by_letter.setdefault(grade(line.odds).letter, []).append(line)
    tops = [100, *(least - 1 for least, _ in LETTERS)]
    return tuple(
        Band(least, top, len(lines), _hits(lines), *hit_interval(lines))
        for (least, letter), top in zip(LETTERS, tops, strict=False)
        if (lines := by_letter.get(letter))
    )
