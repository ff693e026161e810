"""Settles a decision a day later: fills at that day's close, cost on every traded weight, and what is held then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.level import CASH, is_cash, mark, value_at
from engine.model import BASE_LEVEL, Decision, Fill, LevelPoint, Portfolio, Settlement, Trade
from engine.panel import Panel


@dataclass(frozen=True, slots=True)
class _Order:
    """One risky trade with its money: what the holding is worth, what it should be worth, at what cost."""

    trade: Trade
    worth: float
    wanted: float
    tradable: bool

    @property
    def change(self) -> float:
        return self.wanted - self.worth if self.tradable else 0.0


def settle(decision: Decision, previous: Portfolio | None, panel: Panel) -> Settlement:
    """Fill `decision` at the close of its own day, which `panel` must hold.

    A token without a candle that day could not trade and keeps its units. Buys are scaled down to the money there is.
    What is left over goes to the stablecoin leg, in the decision's proportions. Levels: net = value, gross =
    value / divisor; the divisor absorbs each cost, so the gross level runs on through it unchanged.
    """
    row = panel.row(decision.date)
    before = {s: v for s, (v, _, _) in value_at(previous, panel, row).items()} if previous else _beginning(decision)
    total = sum(before.values())
    orders = _orders(decision, before, total, panel, row)
    part = _affordable_part(orders, before, total, panel)
    fills, after = [], {s: v for s, v in before.items() if not is_cash(panel, s)}
    for order in orders:
        change = order.change * (part if order.change > 0 else 1.0)
        after[order.trade.symbol] = order.worth + change
        fills.append(_fill(order, change, total, panel, row))
    cost = sum(fill.cost for fill in fills)
    left = total * (1 - cost) - sum(after.values())
    after |= _leg(decision, left, panel, row)
    moved = sum(abs(after.get(s, 0.0) - before.get(s, 0.0)) for s in {*before, *after})
    return Settlement(
        index=decision.index,
        mode=decision.mode,
        date=decision.date,
        sequence=decision.sequence,
        fills=tuple(fills),
        turnover=moved / 2 / total,
        cost=cost,
        portfolio=_portfolio(decision, previous, after, cost, panel, row),
    )


def _beginning(decision: Decision) -> dict[str, float]:
    """The base level in the stablecoins from which a first decision starts."""
    return {line.symbol: BASE_LEVEL * line.from_weight for line in decision.holdings if line.from_weight > 0}


def _orders(decision: Decision, before: dict[str, float], total: float, panel: Panel, row: int) -> list[_Order]:
    lines = {line.symbol: line for line in decision.holdings}
    return [
        _Order(
            trade=trade,
            worth=before.get(trade.symbol, 0.0),
            wanted=lines[trade.symbol].weight * total,
            tradable=_prints(panel, trade.symbol, row),
        )
        for trade in decision.trades
        if not lines[trade.symbol].stable
    ]


def _prints(panel: Panel, symbol: str, row: int) -> bool:
    column = panel.column(symbol)
    return column is not None and bool(np.isfinite(panel.close[row, column]))


def _affordable_part(orders: list[_Order], before: dict[str, float], total: float, panel: Panel) -> float:
    """The share of every buy that there is money for, costs included; 1 when there is enough."""
    moving = {o.trade.symbol for o in orders}
    kept = sum(v for s, v in before.items() if s not in moving and not is_cash(panel, s))
    kept += sum(o.worth + min(o.change, 0.0) for o in orders)
    paid = sum(-o.change * o.trade.cost_rate for o in orders if o.change < 0)
    needed = sum(o.change * (1 + o.trade.cost_rate) for o in orders if o.change > 0)
    return min(1.0, max(total - kept - paid, 0.0) / needed) if needed > 0 else 1.0


def _fill(order: _Order, change: float, total: float, panel: Panel, row: int) -> Fill:
    found = mark(panel, order.trade.symbol, row)
    status = "could not trade" if not order.tradable else "filled" if change == order.change else "part"
    return Fill(
        symbol=order.trade.symbol,
        price=found[0] if found else 0.0,
        from_weight=order.worth / total,
        weight=(order.worth + change) / total,
        cost=abs(change) * order.trade.cost_rate / total,
        status=status,  # type: ignore[arg-type]
    )


def _leg(decision: Decision, left: float, panel: Panel, row: int) -> dict[str, float]:
    """Spread what is left over the decision's stablecoins that print a price, in their proportions."""
    if left <= 1e-12 * BASE_LEVEL:
        return {}
    leg = {
        line.symbol: line.weight
        for line in decision.holdings
        if line.stable and line.weight > 0 and (line.symbol == CASH or _prints(panel, line.symbol, row))
    } or {CASH: 1.0}
    return {symbol: left * weight / sum(leg.values()) for symbol, weight in leg.items()}


def _portfolio(
    decision: Decision, previous: Portfolio | None, after: dict[str, float], cost: float, panel: Panel, row: int
) -> Portfolio:
    marks: dict[str, float] = {}
    marked: dict[str, str] = {}
    held = {symbol: value for symbol, value in sorted(after.items()) if value > 0}
    for symbol in held:
        price, at = mark(panel, symbol, row) or (1.0, row)
        marks[symbol], marked[symbol] = price, str(panel.dates[at])
    divisor = (previous.divisor if previous else 1.0) * (1 - cost)
    level = sum(held.values())
    step = decision.risk.step if decision.risk else None
    stays = previous is not None and previous.step is step
    return Portfolio(
        date=decision.date,
        units={symbol: value / marks[symbol] for symbol, value in held.items()},
        marks=marks,
        marked=marked,
        level_net=level,
        level_gross=level / divisor,
        divisor=divisor,
        step=step,
        step_since=previous.step_since if previous and stays else decision.date,
    )


def settlement_point(settlement: Settlement, decision: Decision) -> LevelPoint:
    """The level at the close of a settlement's own day, after its fills and cost."""
    book = settlement.portfolio
    stable = {line.symbol for line in decision.holdings if line.stable}
    safe = sum(units * book.marks[s] for s, units in book.units.items() if s in stable or s == CASH)
    return LevelPoint(
        settlement.date,
        book.level_net,
        book.level_gross,
        settlement.turnover,
        settlement.cost,
        safe / book.level_net if book.level_net else 0.0,
    )
