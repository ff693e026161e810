"""Says what an order would change: turnover, cost and stablecoins of each index, and the holdings that would move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.desk import Weighed
from bot.phrases import counted, day, listed, percent
from bot.reply import Column, Table
from bot.screen import in_stablecoins, shares
from engine.model import Decision
from engine.modes import DEFAULT_MODE, modes

MOST_MOVES = 4  # holdings named for one index
COLUMNS = (Column("Index"), Column("Turnover", "right"), Column("Cost", "right"), Column("Stable", "right"))


@dataclass(frozen=True, slots=True)
class Effects:
    """The parts of a preview that speak of what would change."""

    table: Table | None
    lines: tuple[str, ...]
    note: tuple[str, ...] = ()


def effects(weighed: Sequence[Weighed], titles: Mapping[str, str]) -> Effects:
    """Turnover and cost of a decision made now under the order, beside what it would be without it."""
    others = listed(name for name in modes() if name != DEFAULT_MODE)
    dates = [decision.date for w in weighed for decision in (w.without, w.under) if decision]
    shown = f" of {day(min(dates))}, 00:00 UTC," if dates else ""
    return Effects(
        Table(COLUMNS, tuple(_row(w, titles) for w in weighed)),
        tuple(f"{titles.get(w.index, w.index)}: {_line(w)}" for w in weighed),
        (f"A decision{shown} in {DEFAULT_MODE} mode; {others} follow the order under their own caps.",),
    )


def _row(weighed: Weighed, titles: Mapping[str, str]) -> tuple[str, ...]:
    title, under = titles.get(weighed.index, weighed.index), weighed.under
    if under is None:
        return title, "0 %", "0.00 %", "as is"
    return title, percent(under.turnover), percent(under.cost_estimate, 2), f"{in_stablecoins(under)} %"


def _line(weighed: Weighed) -> str:
    without, under = weighed.without, weighed.under
    if under is None and without is None:
        return "nothing would be traded."
    if under is None:
        return f"no trades. {_without(without)}"
    if without is None:
        return f"{_moves(_before(under), _after(under)) or 'nothing is far enough from its target to move'}."
    moves = _moves(_after(without), _after(under))
    return f"{moves}. {_without(without)}" if moves else "no holding would change."


def _without(decision: Decision | None) -> str:
    """`Without the order: turnover 12 %, cost 0.04 %.`"""
    assert decision is not None
    return f"Without the order: turnover {percent(decision.turnover)}, cost {percent(decision.cost_estimate, 2)}."


def _before(decision: Decision) -> dict[str, int]:
    return {holding.symbol: before for holding, before, _ in shares(decision)}


def _after(decision: Decision) -> dict[str, int]:
    return {holding.symbol: now for holding, _, now in shares(decision)}


def _moves(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """`AAVE 18 % to 0 %, RUNE 12 % to 18 % and 3 smaller changes`, the largest first; empty where none moves."""
    moved = sorted({*before, *after}, key=lambda s: (-abs(after.get(s, 0) - before.get(s, 0)), s))
    said = [f"{s} {before.get(s, 0)} % to {after.get(s, 0)} %" for s in moved if before.get(s, 0) != after.get(s, 0)]
    if len(said) > MOST_MOVES:
        said[MOST_MOVES:] = [counted(len(said) - MOST_MOVES, "smaller change")]
    return listed(said)
