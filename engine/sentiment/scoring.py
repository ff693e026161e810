"""Rates how kind a text is: VADER's rules (negation, emphasis, but) over the valences of a reading."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from engine.sentiment.lexicon import lexicon
from engine.sentiment.pieces import Piece
from engine.sentiment.reading import read
from engine.sentiment.text import clean

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

REMEMBERED = 50_000  # scored texts kept: a backtest meets each headline once per run
STEPS, STRONGEST = 10, 40  # valences are told to VADER in tenths, from -4.0 to 4.0

_MARK = "\ue000"  # begins every word that stands for a valence; `clean` lets no text say it
_SILENT, _NOT = "it", "not"  # one word that VADER does not know, and one that turns what follows


def score(text: str) -> float:
    """Rate how kind a text is to those it speaks of, -1 to 1; 0 for one that says nothing."""
    return _rated(clean(text))


@lru_cache(maxsize=REMEMBERED)
def _rated(text: str) -> float:
    return float(_analyzer().polarity_scores(_told(text))["compound"]) if text else 0.0


def _told(text: str) -> str:
    """The text as VADER is to read it: a mark for each word whose valence is not VADER's own."""
    reading = read(_emoji().sub(r" \g<0> ", text), lexicon(), _base())
    return " ".join(_said(piece, value, base) for piece, value, base in zip(*reading, strict=True))


def _said(piece: Piece, value: float, base: float | None) -> str:
    negation = piece.roles.get("negation")
    if negation:
        return f"{_mark(round(negation.weight * STEPS))} {_NOT}" if negation.weight else _NOT
    tenths = max(-STRONGEST, min(STRONGEST, round(value * STEPS)))
    if base is not None and tenths == round(base * STEPS):
        return piece.raw
    emphasis = "".join(c for c in piece.raw if c in "!?")
    if tenths:
        mark = _mark(tenths)
        return (mark.upper() if piece.raw.isupper() else mark) + emphasis
    return piece.raw if base is None and len(piece.term) == 1 else _SILENT + emphasis


def _mark(tenths: int) -> str:
    return f"{_MARK}{'n' if tenths < 0 else 'p'}{abs(tenths):02d}"


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    analyzer.lexicon.update({_mark(n): n / STEPS for n in range(-STRONGEST, STRONGEST + 1) if n})
    return analyzer


@cache
def _base() -> dict[str, float]:
    """VADER's own lexicon."""
    return {word: value for word, value in _analyzer().lexicon.items() if not word.startswith(_MARK)}


@cache
def _emoji() -> re.Pattern[str]:
    """Emoji that the table rates: they are words even where no blank parts them."""
    signs = {word for (word, *more) in lexicon().terms if not more and not word.isascii()}
    return re.compile("|".join(map(re.escape, sorted(signs))) or "(?!)")
