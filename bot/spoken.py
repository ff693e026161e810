"""Says one token's signal in plain words, the same in /token and /why."""

from __future__ import annotations

from bot.book import Skill
from bot.phrases import capital, dollars, listed, percent, said_of_odds, signed, signed_percent, speaks
from engine.model import Call, Signal

FEW_CALLS = 30  # under so many past signals a rate says nothing


def said(signal: Signal, call: Call, skill: Skill | None) -> tuple[str, ...]:
    """A signal in plain words: call and odds, or no call and why; what speaks for and against; data points."""
    if signal.abstained is not None:
        base = percent(signal.base.bullish)
        head = [f"No call: {signal.abstained}.", f"All that is known are the base rates: {base} of weeks end bullish."]
    else:
        grade = f"grade {signal.grade.score} ({signal.grade.letter})"
        head = [
            f"{capital(call.value)}, {grade}, strength {signed(signal.conviction)} "
            f"(over four weeks {signed(signal.steady)}, by which indices go).",
            f"Next seven days: {said_of_odds(signal.odds, signal.base)}.",
            *_past(signal, skill),
        ]
    return (*head, *_sides(signal), _data(signal), *_price(signal))


def _past(signal: Signal, skill: Skill | None) -> list[str]:
    """How past signals of the same grade fared, once there are enough of them to tell."""
    bands = [b for b in skill.bands if b.low <= signal.grade.score <= b.high and b.calls >= FEW_CALLS] if skill else []
    return [
        f"Of {band.calls:,} past signals with this grade ({skill.ledger}) "
        f"{percent(band.hits / band.calls)} ended bullish."
        for band in bands[:1]
        if skill
    ]


def _sides(signal: Signal) -> list[str]:
    sides = (("For", speaks(signal, against=False)), ("Against", speaks(signal, against=True)))
    return [f"{side}: {reasons}." for side, reasons in sides if reasons]


def _data(signal: Signal) -> str:
    """`48 of 62 data points, on-chain missing.`"""
    missing = f", {listed(signal.missing_families)} missing" if signal.missing_families else ""
    return f"{signal.points_present} of {signal.points_total} data points{missing}."


def _price(signal: Signal) -> list[str]:
    if signal.close is None:
        return []
    week = f", {signed_percent(signal.return_7d)} in seven days" if signal.return_7d is not None else ""
    return [f"Price {dollars(signal.close)}{week}."]
