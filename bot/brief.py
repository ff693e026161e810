"""Says an announcement in two or three lines, for digests of several indices and for chats that like it short."""

from __future__ import annotations

from dataclasses import dataclass

from bot.book import Book
from bot.phrases import capital, clipped, counted, listed, sentence, signed
from bot.screen import LONGEST_CAUSE, VERBS, View, cause_lines, fill_line, in_stablecoins, level_line, view, week_line
from engine.errors import UnknownIndex
from engine.model import Action, Call, Decision, RiskStep, Signal

MOST_NAMED = 5  # tokens of one action; a longer list is /index's matter

# How grave an alert is, by its cause; a step up of the ladder adds the step it reached.
LEVELS = {"order": 1, "exclusion": 1, "drought": 1, "stopped": 1, "resumed": 1, "collapse": 2, "peg_loss": 2}
STEPS = {step: 2 + position for position, step in enumerate(RiskStep)}


@dataclass(frozen=True, slots=True)
class Brief:
    """One decision in a few lines; `level` is 0 for a weekly one, else how grave the gravest of its causes is."""

    title: str
    lines: tuple[str, ...]
    level: int


def brief(book: Book, index: str, mode: str) -> Brief:
    """Say the newest decision briefly; NotEnoughData where there is none."""
    info = next((info for info in book.indices() if info.id == index), None)
    if info is None:
        raise UnknownIndex(f"There is no index called {index!r} to announce.")
    stored = book.decision(index, mode)
    shown = view(book, info, mode, before=stored.decision.date if stored else None)
    return Brief(info.title, _lines(shown), level_of(shown.decision))


def level_of(decision: Decision) -> int:
    """0 for a weekly decision; the step that the ladder climbed to outweighs everything else."""
    return max((_level(decision, cause.trigger) for cause in decision.causes), default=int(decision.sequence > 0))


def _level(decision: Decision, trigger: str) -> int:
    return STEPS[decision.risk.step] if trigger == "step_up" and decision.risk else LEVELS.get(trigger, 1)


def _lines(shown: View) -> tuple[str, ...]:
    """Its causes where there are some, then the level, the week, and what was traded."""
    decision, name = shown.decision, f"{shown.info.title}: "
    moved = moves(decision) or fill_line(shown)
    if decision.sequence:
        told = clipped(" ".join(cause_lines(decision)), LONGEST_CAUSE)
        return f"{name}{told}", moved
    return f"{name}{level_line(shown)}", week_line(shown), moved


def moves(decision: Decision) -> str:
    """`Bought GMX, trimmed XVS, sold LDO. Stablecoins 15 %.`, "" where nothing was traded."""
    if not decision.trades:
        return ""
    by_action: dict[str, list[str]] = {}
    for holding in decision.holdings:
        verb = VERBS.get(holding.action) or ("Sold" if holding.action is Action.SELL else "")
        if verb and not holding.stable:
            by_action.setdefault(verb, []).append(holding.symbol)
    parts = [f"{verb.lower()} {_some(symbols)}" for verb, symbols in by_action.items()]
    return " ".join([*([sentence(capital("; ".join(parts)))] if parts else []), _waiting(decision)])


def _some(symbols: list[str]) -> str:
    """The first few, and how many more."""
    more = len(symbols) - MOST_NAMED
    return listed([*symbols[:MOST_NAMED], counted(more, "other")] if more > 0 else symbols)


def _waiting(decision: Decision) -> str:
    return f"Stablecoins {in_stablecoins(decision)} %."


@dataclass(frozen=True, slots=True)
class Turn:
    """A token whose call changed this week, in one mode; `strength` 0 to 100."""

    symbol: str
    mode: str
    strength: float
    said: str


def turns(book: Book) -> tuple[Turn, ...]:
    """Every token whose call is not last week's, in every mode; nothing in the first week."""
    now, before = book.signals(), book.previous_signals()
    if now is None or before is None:
        return ()
    was = before.by_symbol()
    return tuple(
        _turn(signal, mode, then, call)
        for mode in book.modes()
        for signal in now.signals
        if signal.symbol in was
        and (call := book.call(signal, mode)) is not (then := book.call(was[signal.symbol], mode))
    )


def _turn(signal: Signal, mode: str, then: Call, now: Call) -> Turn:
    """`AAVE is bullish now (was neutral), strength +0.31.`"""
    strength = f", strength {signed(signal.conviction)}" if signal.abstained is None else ""
    said = f"{signal.symbol}: {now.value} now (was {then.value}){strength}."
    return Turn(signal.symbol, mode, 100 * abs(signal.conviction), said)
