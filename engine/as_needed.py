"""Decides between weeks: only for a written trigger, on daily closes, and only what its cause calls for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine import rebalance
from engine.decide import decide
from engine.draft import EMERGENCIES, Draft, begin, clause, finish
from engine.eligibility import eligible
from engine.model import Action, Cause, Decision, Holding, Portfolio, RiskReading, RiskStep, Signal, WeekSignals
from engine.modes import mode as mode_of
from engine.orders import NO_ORDERS, Orders
from engine.panel import Panel
from engine.rebalance import Wish
from engine.risk import climb_between, read_risk, score_of, theme_components, volatility
from engine.themes import theme
from engine.triggers import Scene, read_causes

# The triggers that sell one token, and the rule that its line then carries.
EXITS = {trigger: trigger for trigger in EMERGENCIES} | {"exclusion": "excluded"}


def decide_as_needed(
    index: str,
    mode: str,
    panel: Panel,
    signals: WeekSignals,
    previous: Portfolio | None,
    sequence: int,
    orders: Orders = NO_ORDERS,
) -> Decision | None:
    """Decide at `panel.as_of` between weeks, None where no trigger calls for it or nothing would be traded or told.

    `signals` are the week's: they were formed on Monday and are not formed anew. An admin's order runs the whole weekly
    line; every other cause trades what it names and leaves the rest alone.
    """
    if previous is None or orders.paused(index, panel.as_of) is not None:
        return None
    draft = begin(index, mode, panel, previous, sequence)
    risk = _read_ladder(draft, signals)
    members = eligible(theme(index), panel).columns
    causes = read_causes(Scene(draft, members, risk, orders))
    if not causes:
        return None
    if any(cause.trigger == "order" for cause in causes):
        return decide(index, mode, panel, signals, previous, sequence, orders, causes)
    if not any(cause.trigger == "step_up" for cause in causes):
        risk = _read_ladder(draft, signals, rests=True)  # a step is taken when holdings shrink for it, not before
    decision = _answer(draft, risk, causes, signals, len(members))
    told = decision.trades or any(cause.trigger == "stopped" for cause in causes)
    return decision if told else None


def _read_ladder(draft: Draft, signals: WeekSignals, rests: bool = False) -> RiskReading:
    """The ladder between weeks: it only climbs, or `rests`; volatility is that of what is held."""
    rules, panel = mode_of(draft.mode), draft.panel
    components = theme_components(draft.index, panel, signals.market)
    before = draft.step or RiskStep.NORMAL
    step = before if rests else climb_between(score_of(components), rules, before)
    held = {column: weight for s, weight in draft.risky.items() if (column := panel.column(s)) is not None}
    basket = volatility(panel, np.array(list(held), dtype=np.intp), np.array(list(held.values())))
    return read_risk(components, rules, before, step, basket)


def _answer(draft: Draft, risk: RiskReading, causes: Sequence[Cause], signals: WeekSignals, members: int) -> Decision:
    """Sell what collapsed, dried up or came back; shrink all alike for a step up; turn the stablecoin leg."""
    gone = {cause.about: cause for cause in causes if cause.trigger in EXITS}
    stay = {s: weight for s, weight in draft.risky.items() if s not in gone and s not in draft.stuck}
    climbs = any(cause.trigger == "step_up" for cause in causes)
    room = max(1 - risk.stablecoin_share - draft.stuck_weight, 0.0) if climbs else 1.0
    scale = min(1.0, room / sum(stay.values())) if stay else 1.0
    spoken = signals.by_symbol()
    final = {s: weight if weight * (1 - scale) < rebalance.SMALLEST else weight * scale for s, weight in stay.items()}
    wishes = {s: _wish(s, weight, f"risk rose to {risk.step.value}", spoken.get(s)) for s, weight in final.items()}
    exits = {s: Wish(0.0, EXITS[cause.trigger], clause(cause)) for s, cause in gone.items()}
    lines = rebalance.holdings(draft.risky, final, wishes, exits, draft.stuck)
    lines = tuple(_untouched(line) if line.action is Action.HOLD else line for line in lines)
    stays = all(line.weight == line.from_weight for line in lines)
    keeps = stays and not any(cause.trigger == "peg_loss" for cause in causes)
    return finish(draft, lines, risk, members, _notes(lines), tuple(causes), keep_leg=keeps)


def _wish(symbol: str, weight: float, reason: str, signal: Signal | None) -> Wish:
    return Wish(weight, "risk_ladder", reason, signal.grade if signal else None, signal.conviction if signal else None)


def _untouched(line: Holding) -> Holding:
    return replace(line, rule="untouched", reason="nothing that happened calls for a trade in it")


def _notes(lines: Sequence[Holding]) -> tuple[str, ...]:
    stuck = [line.symbol for line in lines if line.action is Action.STUCK]
    return (f"Cannot be sold, price stopped: {', '.join(stuck)}.",) if stuck else ()
