"""Turns what is held and what is wanted into lines with an action and a rule, and into trades as differences only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.costs import NOTIONAL, Depth, cost_rate
from engine.level import CASH
from engine.model import Action, Grade, Holding, Trade

SHIFT = 0.05  # when the invested share must move by more than this, bands give way
SMALLEST = 5e-3  # a smaller change of a kept weight is not made
STILL = (Action.HOLD, Action.STUCK)  # what a line does that trades nothing
NOISE = 5e-4  # differences smaller than this are rounding, not trades


@dataclass(frozen=True, slots=True)
class Wish:
    """A wanted weight and why; what is not wished for is sold."""

    weight: float
    rule: str
    reason: str
    grade: Grade | None = None
    conviction: float | None = None


def within_bands(
    held: Mapping[str, float], wanted: Mapping[str, float], band: float, stuck: frozenset[str]
) -> dict[str, float]:
    """Final risky weights, with no trade that is not worth its cost.

    A kept name whose share among the kept is within `band` of its target is not traded for its own sake. Where that
    would leave the invested share more than SHIFT off what is wanted, such names move together, in proportion, and
    never past their targets. A change under SMALLEST is not made. Nothing is bought with money that is not there.
    """
    free = {s: w for s, w in wanted.items() if s not in stuck}
    own = {s: w for s, w in held.items() if s not in stuck}
    kept = sorted(own.keys() & free.keys())  # sums follow it, and a set's order is another in each process
    off = sum(own[s] - free[s] for s in kept if abs(free[s] - own[s]) < band)
    moves = abs(off) > SHIFT or abs(sum(free.values()) - sum(own.values())) > SHIFT
    scale = sum(free[s] for s in kept) / sum(own[s] for s in kept) if kept and moves else 1.0
    inside = [s for s in kept if abs(free[s] - own[s] * scale) < band]
    rest = sum(free[s] for s in inside)
    ratio = rest / sum(own[s] for s in inside) if inside and moves else 1.0
    final = {s: _towards(own[s], own[s] * ratio, w) if s in inside else w for s, w in free.items()}
    final = {s: own[s] if s in kept and abs(w - own[s]) < SMALLEST else w for s, w in final.items()}
    return _affordable(own, final, 1 - sum(held[s] for s in sorted(stuck) if s in held))


def _affordable(own: Mapping[str, float], final: Mapping[str, float], room: float) -> dict[str, float]:
    """Purchases cut in proportion to the money there is; what is not bought for is left alone."""
    bought = {s: w - own.get(s, 0.0) for s, w in final.items() if w > own.get(s, 0.0)}
    excess = sum(final.values()) - room
    if excess <= 0 or not bought:
        return dict(final)
    part = max(1 - excess / sum(bought.values()), 0.0)
    cut = {s: own.get(s, 0.0) + more * part for s, more in bought.items()}
    small = {s for s in cut if s in own and cut[s] - own[s] < SMALLEST}
    return {s: own[s] if s in small else cut.get(s, w) for s, w in final.items()}


def within_groups(final: Mapping[str, float], groups: Sequence[tuple[Collection[str], float]]) -> dict[str, float]:
    """Final weights with every group of symbols cut back to its cap, all its names alike: bands do not loosen it."""
    cut = dict(final)
    for symbols, cap in groups:
        total = sum(cut[s] for s in symbols if s in cut)
        if total > cap:
            cut |= {s: cut[s] * cap / total for s in symbols if s in cut}
    return cut


def _towards(held: float, scaled: float, target: float) -> float:
    """The scaled weight, but neither past the target nor away from it."""
    low, high = min(held, target), max(held, target)
    return min(max(scaled, low), high)


def within_budget(
    held: Mapping[str, float], wanted: Mapping[str, float], worth: Mapping[str, float], budget: float, floor: float
) -> tuple[dict[str, float], dict[str, float]]:
    """(Final weights, what was not bought): buying is limited to `budget` of the index, selling never is.

    The money goes where it matters most: by falling size of the purchase times the token's `worth` (its strength).
    The last one may be bought in part, but no new name enters below `floor`.
    """
    missing = {s: w - held.get(s, 0.0) for s, w in wanted.items() if w > held.get(s, 0.0)}
    final = dict(wanted)
    unspent: dict[str, float] = {}
    room = budget
    for symbol in sorted(missing, key=lambda s: (-missing[s] * worth.get(s, 0.0), s)):
        had = held.get(symbol, 0.0)
        bought = min(missing[symbol], room)
        if had + bought < floor or (had > 0 and bought < SMALLEST):
            bought = 0.0
        room -= bought
        if bought < missing[symbol]:
            unspent[symbol] = missing[symbol] - bought
            final[symbol] = had + bought
    return {s: w for s, w in final.items() if w > 0}, unspent


def action_for(before: float, after: float) -> Action:
    """What to call a change of weight."""
    if before <= NOISE:
        return Action.BUY_NEW
    if after <= NOISE:
        return Action.SELL
    if abs(after - before) <= NOISE:
        return Action.HOLD
    return Action.BUY_MORE if after > before else Action.TRIM


def holdings(
    held: Mapping[str, float],
    final: Mapping[str, float],
    wishes: Mapping[str, Wish],
    exits: Mapping[str, Wish],
    stuck: frozenset[str],
    unspent: frozenset[str] = frozenset(),
) -> tuple[Holding, ...]:
    """One line a token: kept ones by falling weight, then sold ones, then stuck ones; `unspent` waits for budget."""
    lines = []
    for symbol in sorted({*held, *final} - stuck):
        before, after = held.get(symbol, 0.0), final.get(symbol, 0.0)
        if max(before, after) <= NOISE:
            continue
        wish = wishes.get(symbol) if after > NOISE else exits.get(symbol)
        wish = wish or Wish(0.0, "dust", "its target is too small to hold")
        action = action_for(before, after)
        rule = wish.rule if action is not Action.HOLD else "budget" if symbol in unspent else "band"
        lines.append(Holding(symbol, before, after, action, rule, wish.reason, wish.grade, wish.conviction))
    lines.sort(key=lambda h: (-h.weight, -h.from_weight, h.symbol))
    return (*lines, *_stuck_lines(held, stuck))


def _stuck_lines(held: Mapping[str, float], stuck: frozenset[str], least: float = NOISE) -> tuple[Holding, ...]:
    text = "its price has stopped: it cannot be sold at the last one"
    return tuple(
        Holding(s, held[s], held[s], Action.STUCK, "stopped_price", text) for s in sorted(stuck) if held[s] > least
    )


def standing(held: Mapping[str, float], stuck: frozenset[str], rule: str, reason: str) -> tuple[Holding, ...]:
    """Lines that trade nothing, for one `rule`; stuck ones say that they could not."""
    free = sorted(held.keys() - stuck, key=lambda s: (-held[s], s))
    lines = tuple(Holding(s, held[s], held[s], Action.HOLD, rule, reason) for s in free)
    return lines + _stuck_lines(held, stuck, 0.0)  # nothing takes the place of a line that is left out


def stable_leg(held: Mapping[str, float], shares: Mapping[str, float]) -> tuple[Holding, ...]:
    """The stablecoin lines of a decision; `held` and `shares` are fractions of the index."""
    lines = []
    for symbol in sorted({*held, *shares}, key=lambda s: (-shares.get(s, 0.0), s)):
        before, after = held.get(symbol, 0.0), shares.get(symbol, 0.0)
        if after > 0 or before > NOISE:
            action = action_for(before, after)
            lines.append(Holding(symbol, before, after, action, "stablecoin_leg", "the leg that waits", stable=True))
    return tuple(lines)


def trades(lines: tuple[Holding, ...], depths: Mapping[str, Depth]) -> tuple[Trade, ...]:
    """Signed differences of every line that moves, costed by size; stablecoins trade free of cost, as money does."""
    return tuple(
        Trade(line.symbol, change, 0.0 if line.stable else cost_rate(change * NOTIONAL, depths[line.symbol]))
        for line in lines
        if line.action not in STILL and line.symbol != CASH
        for change in (line.weight - line.from_weight,)
    )


def turnover(lines: tuple[Holding, ...]) -> float:
    """Half the sum of absolute weight changes, stablecoins and plain cash included: 1 is the whole index replaced."""
    return sum(abs(line.weight - line.from_weight) for line in lines if line.action not in STILL) / 2


def cost(changes: tuple[Trade, ...]) -> float:
    """Expected cost as a share of the index."""
    return sum(abs(trade.change) * trade.cost_rate for trade in changes)
