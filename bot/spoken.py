"""Says one token's signal in plain words, the same in /token and /why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.book import Band, Skill
from bot.phrases import capital, dollars, listed, percent, said_of_odds, signed, signed_percent, speaks
from engine.model import Call, FamilyView, Signal

FEW_CALLS = 30  # under so many past signals a rate says nothing
SMALL_PART = 0.005  # of strength; a smaller part of it is shown as none

# Every reason is a token's place among the others of the week, whatever its words: in a fall most are below every mean.
PEERS = "All of it beside its peers: “above its mean” may be “less far below it than most”."

Caller = Callable[[Signal], Call]


def said(signal: Signal, call: Call, skills: Sequence[Skill]) -> tuple[str, ...]:
    """A signal in plain words: call and odds, or no call and why; what speaks for and against; data points."""
    if signal.abstained is not None:
        base = percent(signal.base.bullish)
        head = [f"No call: {signal.abstained}.", f"All that is known are the base rates: {base} of weeks end bullish."]
    else:
        head = [
            _call(signal, call),
            f"Next seven days: {said_of_odds(signal.odds, signal.base)}{_past(signal, skills)}.",
            *_month(signal),
        ]
    return (*head, *_sides(signal), _data(signal), *_price(signal))


def said_briefly(signal: Signal, call: Call) -> tuple[str, ...]:
    """The call, or that there is none and why, and what speaks for and against."""
    return (f"No call: {signal.abstained}." if signal.abstained else _call(signal, call), *_sides(signal))


def _call(signal: Signal, call: Call) -> str:
    """`Bullish, grade 57 (B+), strength +0.30 (mean of four weeks +0.12, by which indices go).`"""
    grade = f"grade {signal.grade.score} ({signal.grade.letter})"
    steady = f"mean of four weeks {signed(signal.steady)}, by which indices go"
    return f"{capital(call.value)}, {grade}, strength {signed(signal.conviction)} ({steady})."


def explained(signal: Signal, before: Signal | None, call: Caller) -> tuple[str, ...]:
    """The signal taken apart: each family's part and grade, what changed since last week, what would flip the call."""
    if signal.abstained is not None or not signal.families:
        return ()
    return (_parts(signal), *_changed(signal, before), _flips(signal, call))


def _parts(signal: Signal) -> str:
    """`By family (its own grade): price +0.05 (53 B); next to nothing from sentiment; stale: on-chain.`"""
    ordered = sorted(signal.families, key=lambda view: -abs(view.contribution))
    heard = [view for view in ordered if abs(view.contribution) >= SMALL_PART]
    quiet = [view.family for view in ordered if abs(view.contribution) < SMALL_PART and not view.stale]
    parts = [f"{view.family} {signed(view.contribution)} ({view.grade.score} {view.grade.letter})" for view in heard]
    stale = [view.family for view in signal.families if view.stale]
    return (
        f"By family (its own grade): {', '.join(parts) or 'none stands out'}"
        f"{f'; next to nothing from {listed(quiet)}' if quiet else ''}"
        f"{f'; stale: {listed(stale)}' if stale else ''}."
    )


def _changed(signal: Signal, before: Signal | None) -> list[str]:
    """What moved the strength since last week: the families that moved it most."""
    if before is None:
        return []
    if before.abstained is not None:
        return [f"Last week there was no call: {before.abstained}."]
    was = {view.family: view.contribution for view in before.families}
    moves = {view.family: view.contribution - was.get(view.family, 0.0) for view in signal.families}
    told = sorted((f for f in moves if abs(moves[f]) >= SMALL_PART), key=lambda f: (-abs(moves[f]), f))[:2]
    because = f", most of it {listed([f'{family} {signed(moves[family])}' for family in told])}" if told else ""
    return [f"Since last week: strength {signed(before.conviction)} to {signed(signal.conviction)}{because}."]


def _flips(signal: Signal, call: Caller) -> str:
    """Which single family, were it silent, would change the call."""
    now = call(signal)
    flips: dict[Call, list[str]] = {}
    for view in signal.families:
        if (then := _without(signal, view, call)) is not now:
            flips.setdefault(then, []).append(f"without {view.family}")
    if not flips:
        return f"No single family carries it: without any one of them it would still be {now.value}."
    told = [f"{listed(families, 'or')} it would be {then.value}" for then, families in flips.items()]
    return f"What would flip it: {'; '.join(told)}."


def _without(signal: Signal, view: FamilyView, call: Caller) -> Call:
    return call(replace(signal, conviction=view.without))


def _month(signal: Signal) -> list[str]:
    if signal.month is None:
        return []
    grade = f"grade {signal.month.grade.score} ({signal.month.grade.letter})"
    return [f"Next four weeks, scored apart: {said_of_odds(signal.month.odds, signal.month.base)}; {grade}."]


def _past(signal: Signal, skills: Sequence[Skill]) -> str:
    """` (backtest: 44 % of 212 with this letter ended bullish, 38 to 50; live: too few)`; nothing without a record."""
    told = [f"{skill.ledger}: {_rate(signal, skill)}" for skill in skills]
    if told and not any(skill.ledger == "live" for skill in skills):
        told.append("live: none yet")
    return f" ({'; '.join(told)})" if told else ""


def _rate(signal: Signal, skill: Skill) -> str:
    band: Band | None = next((b for b in skill.bands if b.low <= signal.grade.score <= b.high), None)
    if band is None or band.calls < FEW_CALLS:
        return "too few"
    spread = f"{100 * band.least:.0f} to {100 * band.most:.0f}"
    return f"{percent(band.hits / band.calls)} of {band.calls:,} with this letter ended bullish, {spread}"


def _sides(signal: Signal) -> list[str]:
    sides = (("For", speaks(signal, against=False)), ("Against", speaks(signal, against=True)))
    told = [f"{side}: {reasons}." for side, reasons in sides if reasons]
    return [*told, PEERS] if told else []


def _data(signal: Signal) -> str:
    """`48 of 62 data points, on-chain missing.`"""
    missing = f", {listed(signal.missing_families)} missing" if signal.missing_families else ""
    return f"{signal.points_present} of {signal.points_total} data points{missing}."


def _price(signal: Signal) -> list[str]:
    if signal.close is None:
        return []
    week = f", {signed_percent(signal.return_7d)} in seven days" if signal.return_7d is not None else ""
    return [f"Price {dollars(signal.close)}{week}."]
