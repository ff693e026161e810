"""The whole line: who is eligible, who is chosen, how risky it is, what to hold and what to trade."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine import rebalance
from engine.allocation import allocate
from engine.costs import ILLIQUID_VOLUME
from engine.draft import begin, finish, hold
from engine.eligibility import eligible
from engine.model import Call, Cause, Decision, Portfolio, RiskReading, RiskStep, Signal, WeekSignals
from engine.modes import mode as mode_of
from engine.orders import NO_ORDERS, Orders
from engine.panel import Panel
from engine.rebalance import Wish
from engine.risk import STEPS, climb, has_rested, read_risk, score_of, theme_components, volatility
from engine.selection import Field, choose, exit_wish, extension
from engine.themes import theme
from engine.triggers import read_emergencies

VOLATILE = 0.065  # daily deviation over 30 days from which a token counts as volatile (124 % a year)
EVEN = 0.05  # added to every strength: weekly odds say little, so weights lean on them and do not follow them
PROFIT = 0.75  # an over-extended holding's target is cut to this share of itself
THIN = 5  # eligible members below which the index says so


def decide(
    index: str,
    mode: str,
    panel: Panel,
    signals: WeekSignals,
    previous: Portfolio | None,
    sequence: int = 0,
    orders: Orders = NO_ORDERS,
    causes: tuple[Cause, ...] | None = None,
) -> Decision:
    """Decide one index in one mode at `panel.as_of`, from what the panel shows, the week's signals and what is held.

    `causes` are why this line runs between weeks; a weekly decision names the rebalances that were ordered for it.
    """
    entry, rules = theme(index), mode_of(mode)
    draft = begin(index, mode, panel, previous, sequence, causes or ())
    weekly = causes is None
    excluded = {symbol: order.reason for symbol, order in orders.excluded(index, panel.as_of).items()}
    members = eligible(entry, panel, frozenset(draft.risky), excluded, rules.calmer)
    if weekly:
        ordered = tuple(cause for cause in orders.causes(index, panel.as_of) if cause.key not in draft.answered)
        draft = replace(draft, causes=(*ordered, *read_emergencies(draft, members.columns)))
    field = Field(entry, rules, draft, members, signals.by_symbol(), excluded, signals.rules_only)

    chosen = choose(field)
    shape = _weights(field, chosen, 1.0)
    components = theme_components(index, panel, signals.market)
    rested = weekly and (previous is None or has_rested(panel.as_of, previous.step_since))
    step = climb(score_of(components), rules, draft.step, rested)
    risk = read_risk(components, rules, draft.step, step, volatility(panel, chosen, shape))
    paused = orders.paused(index, panel.as_of)
    if paused is not None:  # a step is taken when holdings shrink for it, not before
        risk = replace(risk, step=draft.step or RiskStep.NORMAL)
        return hold(draft, risk, len(members), f"paused by an admin: {paused.reason}")
    exposure = max(1 - risk.stablecoin_share - draft.stuck_weight, 0.0)
    target = _weights(field, chosen, exposure)

    wishes = _wishes(field, chosen, target, risk)
    kept = {panel.tokens[j].symbol for j in chosen}
    exits = {symbol: exit_wish(field, symbol, symbol in kept) for symbol in draft.risky}
    wanted = {symbol: wish.weight for symbol, wish in wishes.items()}
    worth = {symbol: _lean(field, field.spoken[symbol]) for symbol in wishes}
    banded = rebalance.within_bands(draft.risky, wanted, rules.band, draft.stuck)
    banded = rebalance.within_groups(banded, _groups(field, chosen))
    budget = rules.turnover if previous else 1.0
    final, unspent = rebalance.within_budget(draft.risky, banded, worth, budget, rules.floor)
    lines = rebalance.holdings(draft.risky, final, wishes, exits, draft.stuck, frozenset(unspent))
    cut = (1 / PROFIT - 1) * float(target[_ahead(field, chosen)].sum())
    notes = _notes(field, target, exposure - cut, sum(unspent.values()), signals)
    return finish(draft, lines, risk, len(members), notes, draft.causes)


def _weights(field: Field, chosen: NDArray[np.intp], total: float) -> NDArray[np.float64]:
    """Strength x inverse volatility under the mode's caps, summing to at most `total`; shape (chosen,)."""
    panel, rules = field.panel, field.rules
    picked = [field.spoken[panel.tokens[j].symbol] for j in chosen]
    sigma = np.array([s.volatility or np.inf for s in picked])
    strength = np.array([_lean(field, s) for s in picked])
    caps = np.full(len(picked), min(rules.token_cap * field.entry.cap_scale, 1.0))
    symbols = [signal.symbol for signal in picked]
    groups = [(np.array([s in group for s in symbols], dtype=bool), cap) for group, cap in _groups(field, chosen)]
    weights = allocate(strength / sigma, total, caps, groups, rules.floor)
    weights = weights * np.where(_ahead(field, chosen), PROFIT, 1.0)
    return np.where(weights >= rules.floor, weights, 0.0)


def _lean(field: Field, signal: Signal) -> float:
    """What a token's steady strength counts for in money: a negative one as none, and none as EVEN.

    Under rules alone it counts for nothing: what is left of it was said by a head that has lost its say since.
    """
    return EVEN + (0.0 if field.rules_only else max(signal.steady, 0.0))


def _groups(field: Field, chosen: NDArray[np.intp]) -> list[tuple[list[str], float]]:
    """The chosen that are volatile and those that are illiquid, each with the cap of all of them together."""
    named = [(field.panel.tokens[j].symbol, float(field.panel.market_volume[-1, j])) for j in chosen.tolist()]
    volatile = [symbol for symbol, _ in named if (field.spoken[symbol].volatility or np.inf) >= VOLATILE]
    illiquid = [symbol for symbol, volume in named if not volume >= ILLIQUID_VOLUME]
    return [(volatile, field.rules.volatile_cap), (illiquid, field.rules.illiquid_cap)]


def _ahead(field: Field, columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Who of them stands so far above its own mean that a part of the profit is taken."""
    return np.array([extension(field.panel, int(j)) >= field.rules.extended for j in columns], dtype=np.bool_)


def _wishes(field: Field, chosen: NDArray[np.intp], target: NDArray[np.float64], risk: RiskReading) -> dict[str, Wish]:
    wishes = {}
    for j, weight in zip(chosen.tolist(), target, strict=True):
        if weight > 0:
            signal = field.spoken[field.panel.tokens[j].symbol]
            wishes[signal.symbol] = _wish(field, j, float(weight), signal, risk)
    return wishes


def _wish(field: Field, column: int, weight: float, signal: Signal, risk: RiskReading) -> Wish:
    """A wanted weight, the rule that moves it and the best word for it."""
    best = next((r.text for r in signal.reasons if r.contribution > 0), "stronger than its peers")
    ahead, moves = extension(field.panel, column), weight - field.draft.risky.get(signal.symbol, 0.0)
    if field.rules_only:
        best = "its price stands above its 50-day mean"
    if signal.symbol not in field.draft.risky:
        rule = "by_rules" if field.rules_only else "bullish"
    elif ahead >= field.rules.extended and moves < 0:
        rule, best = "profit", f"it ran {ahead:.1f} deviations ahead of its 50-day mean"
    elif field.stance(signal.symbol, column) is Call.NEUTRAL:
        rule, best = "kept", "no longer bullish, but not bearish"
    else:
        rule = "risk_ladder" if moves * _ladder_moves(risk) < 0 else "conviction"
    return Wish(weight, rule, best, signal.grade, signal.conviction)


def _ladder_moves(risk: RiskReading) -> int:
    """1 where the ladder went up, which shrinks holdings; -1 where it came down; else 0."""
    before = STEPS.index(risk.previous_step or risk.step)
    return int(np.sign(STEPS.index(risk.step) - before))


def _notes(
    field: Field, target: NDArray[np.float64], exposure: float, unspent: float, signals: WeekSignals
) -> tuple[str, ...]:
    notes = []
    members, draft = field.members, field.draft
    if len(members) < THIN:
        notes.append(f"Thin index: {len(members)} eligible members; caps hold, the rest stays in stablecoins.")
    left = exposure - target.sum()
    if left > 0.01:
        held = int((target > 0).sum())
        names = f"Only {held} fit under the caps" if held else "None is bullish"
        notes.append(f"{names}, so {100 * left:.0f} % more waits in stablecoins.")
    if unspent > 0.01:
        notes.append(f"The week's budget for buying is spent: {100 * unspent:.0f} % more follows later.")
    stuck = sorted(symbol for symbol in draft.stuck if draft.risky[symbol] > rebalance.NOISE)
    if stuck:
        notes.append(f"Cannot be sold, price stopped: {', '.join(stuck)}.")
    if signals.note:
        notes.append(signals.note)
    return tuple(notes)
