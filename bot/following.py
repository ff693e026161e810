"""Turns a decision into one follower's orders: whole cents that add up to the stake, and no order under the minimum."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.phrases import apportion
from engine.costs import MIN_COST
from engine.level import CASH
from engine.model import Action, Decision, Holding
from engine.rebalance import NOISE

CENTS = 100
MIN_ORDER = 10 * CENTS  # the smallest order that exchanges commonly take
LEAST_STAKE = 10 * MIN_ORDER  # an index of ten holdings, each at the minimum


@dataclass(frozen=True, slots=True)
class Position:
    """One line of a plan in cents: what to hold, what one who follows already had, and what that one orders now."""

    symbol: str
    hold: int
    had: int
    order: int
    stable: bool = False
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a follower holds and orders: what is held adds up to the stake, and the orders to nothing.

    `left_out` are wanted tokens too small to order, worth `left_out_cents`; `unmoved` those whose change is too small.
    `enough` is the stake from which no wanted token is. Costs are estimates, of the orders and of buying all anew.
    """

    positions: tuple[Position, ...]
    left_out: tuple[str, ...]
    left_out_cents: int
    unmoved: tuple[str, ...]
    enough: int
    cost_of_orders: int
    cost_of_start: int


def plan(decision: Decision, stake: int) -> Plan:
    """Plan `stake` cents, worth the same before and after the decision; costs come on top."""
    before = apportion([max(line.from_weight, 0.0) for line in decision.holdings], stake)
    wanted = apportion([max(line.weight, 0.0) for line in decision.holdings], stake)
    risky = [line for line in decision.holdings if not line.stable]
    had = {line.symbol: _orderable(c) for line, c in zip(decision.holdings, before, strict=True) if not line.stable}
    wish = {line.symbol: c for line, c in zip(decision.holdings, wanted, strict=True) if not line.stable}
    hold = {symbol: _orderable(cents) for symbol, cents in wish.items()}
    stuck = {line.symbol for line in risky if line.action is Action.STUCK}
    after = _affordable(had, {s: _after(had[s], hold[s], s in stuck) for s in hold}, stake)
    tokens = [Position(s, hold[s], had[s], after[s] - had[s], stuck=s in stuck) for s in hold]
    left_out = tuple(line.symbol for line in risky if line.weight > NOISE and wish[line.symbol] < MIN_ORDER)
    rates = {trade.symbol: trade.cost_rate for trade in decision.trades}
    return Plan(
        positions=(*_sorted(tokens), *_leg(decision, *(stake - sum(of.values()) for of in (hold, had, after)))),
        left_out=left_out,
        left_out_cents=sum(wish[s] for s in left_out),
        unmoved=tuple(p.symbol for p in tokens if p.hold and not p.order and abs(p.hold - p.had) >= CENTS),
        enough=_enough(risky),
        cost_of_orders=_cost({p.symbol: p.order for p in tokens}, rates),
        cost_of_start=_cost({p.symbol: p.hold for p in tokens if not p.stuck}, rates),
    )


def _orderable(cents: int) -> int:
    return cents if cents >= MIN_ORDER else 0


def _after(had: int, hold: int, stuck: bool) -> int:
    """What one has who follows already: a change under the minimum is not made, a stopped token not traded."""
    return had if stuck or (had and hold and abs(hold - had) < MIN_ORDER) else hold


def _affordable(had: Mapping[str, int], wanted: Mapping[str, int], stake: int) -> dict[str, int]:
    """Sales that were too small to make leave less money: the largest purchases give way, none below the minimum."""
    after = dict(wanted)
    missing = sum(after.values()) - stake
    for symbol in sorted(after, key=lambda s: had[s] - after[s]):
        bought = after[symbol] - had[symbol]
        if missing <= 0 or bought <= 0:
            break
        rest = _orderable(bought - min(missing, bought))
        after[symbol] = had[symbol] + rest
        missing -= bought - rest
    return after


def _leg(decision: Decision, hold: int, had: int, after: int) -> list[Position]:
    """The stablecoins, which take whatever the orders leave; a part under the minimum joins the largest coin."""
    legs = [line for line in decision.holdings if line.stable]
    shares = {line.symbol: line.weight for line in legs}
    earlier = {line.symbol: line.from_weight for line in legs} if _any(legs) else shares
    held, then, now = _shared(shares, hold), _shared(earlier, had), _shared(shares, after)
    lines = [
        Position(s, held.get(s, 0), then.get(s, 0), now.get(s, 0) - then.get(s, 0), stable=True)
        for s in dict.fromkeys((*held, *now, *then))
    ]
    if had == after and all(abs(line.order) < MIN_ORDER for line in lines):
        lines = [replace(line, order=0) for line in lines]  # no token is traded: cents between coins are no order
    return [line for line in lines if line.hold or line.had or line.order]


def _any(legs: Sequence[Holding]) -> bool:
    return any(line.from_weight > 0 for line in legs)


def _shared(weights: Mapping[str, float], cents: int) -> dict[str, int]:
    """Cents spread over the coins in their proportions; without any coin they stay plain cash."""
    coins = {symbol: weight for symbol, weight in weights.items() if weight > 0} or {CASH: 1.0}
    parts = dict(zip(coins, apportion(list(coins.values()), cents), strict=True))
    if min(parts.values()) >= MIN_ORDER:
        return parts
    return {max(parts, key=lambda s: parts[s]): cents}


def _sorted(tokens: Sequence[Position]) -> list[Position]:
    """Held ones by falling size, then those to sell."""
    return sorted((p for p in tokens if p.hold or p.had), key=lambda p: (-p.hold, -p.had, p.symbol))


def _enough(risky: Sequence[Holding]) -> int:
    """The stake, in cents of whole dollars, from which every wanted token is worth an order."""
    smallest = min((line.weight for line in risky if line.weight > NOISE), default=1.0)
    return max(math.ceil(MIN_ORDER / smallest / CENTS) * CENTS, LEAST_STAKE)


def _cost(moved: Mapping[str, int], rates: Mapping[str, float]) -> int:
    """Expected cost in cents; a token that the index itself does not trade now costs the least there is."""
    return math.ceil(sum(abs(cents) * max(rates.get(symbol, 0.0), MIN_COST) for symbol, cents in moved.items()))
