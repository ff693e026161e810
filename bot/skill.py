"""Sums the record up for chat: hit rates of past calls by grade, and the skill of the odds against base rates."""

from __future__ import annotations

from collections.abc import Sequence

from bot.book import Band, Skill
from engine.evaluation import measure_skill
from engine.model import Call, Ledger, Prediction
from engine.modes import DEFAULT_MODE, mode
from engine.signals import LETTERS, grade


def skill_of(predictions: Sequence[Prediction], ledger: Ledger) -> Skill | None:
    """The record in figures, over every line whose outcome is known; None where none is."""
    known = [line for line in predictions if line.outcome is not None]
    figures = measure_skill(known)
    if figures is None:
        return None
    margin = mode(DEFAULT_MODE).margin
    bullish = [line for line in known if line.conviction >= margin]
    return Skill(
        weeks=figures.weeks,
        calls=figures.calls,
        bullish_calls=len(bullish),
        bullish_hits=_hits(bullish),
        bullish_base=_hits(known) / len(known),
        log_loss=figures.log_loss,
        base_log_loss=figures.base_log_loss,
        rank_ic=figures.rank_ic,
        rank_ic_t=figures.rank_ic_t,
        ledger="live" if ledger == "live" else "backtest",
        bands=_bands(known),
    )


def _hits(lines: Sequence[Prediction]) -> int:
    return sum(line.outcome is Call.BULLISH for line in lines)


def _bands(known: Sequence[Prediction]) -> tuple[Band, ...]:
    """One band a letter, best first, with how many of its calls ended bullish."""
    by_letter: dict[str, list[Prediction]] = {}
    for line in known:
        by_letter.setdefault(grade(line.odds).letter, []).append(line)
    tops = [100, *(least - 1 for least, _ in LETTERS)]
    return tuple(
        Band(least, top, len(lines), _hits(lines))
        for (least, letter), top in zip(LETTERS, tops, strict=False)
        if (lines := by_letter.get(letter))
    )
