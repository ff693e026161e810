"""The port through which orders become fills, and its first adapter: simulated fills at a day's close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from engine.costs import Depth, cost_rate, depth
from engine.panel import Panel

Status = Literal["filled", "part", "could not trade"]

ROUNDS = 7  # each leaves less than a tenth of the error before it
ENOUGH = 0.98  # a buy cut by no more than what its costs take counts as filled
NO_PRICE = "it printed no price that day"
THIN = "only a tenth of a day's volume can be traded"
NO_MONEY = "there was not enough money"


@dataclass(frozen=True, slots=True)
class MarketOrder:
    """Buy (positive) or sell (negative) so many dollars of a token, counted at the day's close."""

    symbol: str
    dollars: float


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one order: signed dollars done, counted at the day's close, and all that was lost against it.

    `cost` (USD) holds fees, spread and impact alike: an exchange's worse price is a cost, so that the level knows one
    price a day. `reason` says why less was done than ordered.
    """

    symbol: str
    dollars: float
    cost: float
    status: Status
    reason: str = ""


class Execution(Protocol):
    """Where trades are made. A live exchange would stand here; it places what it is given and reports what it got."""

    def execute(self, orders: Sequence[MarketOrder], money: float) -> tuple[Report, ...]:
        """One report an order, in their sequence. Sells go first; buys spend at most `money` (USD) and the proceeds."""
        ...


class SimulatedExecution:
    """Fills at the close of `date`, which `panel` must hold: the stated costs, a tenth of a day's volume at most."""

    def __init__(self, panel: Panel, date: dt.date) -> None:
        self._panel = panel
        self._row = panel.row(date)

    def execute(self, orders: Sequence[MarketOrder], money: float) -> tuple[Report, ...]:
        depths = {order.symbol: depth(self._panel, order.symbol, self._row) for order in orders}
        sells = {o: self._fill(o, depths[o.symbol], 1.0) for o in orders if o.dollars <= 0}
        money += sum(-report.dollars - report.cost for report in sells.values())
        buys = [o for o in orders if o.dollars > 0]
        part = self._affordable(buys, depths, money)
        done = sells | {o: self._fill(o, depths[o.symbol], part) for o in buys}
        return tuple(done[order] for order in orders)

    def _affordable(self, buys: Sequence[MarketOrder], depths: dict[str, Depth], money: float) -> float:
        """The share of every buy that there is money for, costs included.

        A smaller buy costs less a dollar, so the share is found from both sides in turn; an odd round errs downwards.
        """
        sizes = [(self._most(o, depths[o.symbol]), depths[o.symbol]) for o in buys if self._prints(o.symbol)]
        part = 1.0
        for _ in range(ROUNDS):
            needed = sum(size * (1 + cost_rate(size * part, known)) for size, known in sizes)
            part = min(1.0, max(money, 0.0) / needed) if needed > 0 else 1.0
        return part

    def _fill(self, order: MarketOrder, known: Depth, part: float) -> Report:
        if not self._prints(order.symbol):
            return Report(order.symbol, 0.0, 0.0, "could not trade", NO_PRICE)
        most = self._most(order, known)
        size = most * part
        status, reason = _outcome(abs(order.dollars), most, part)
        dollars = size if order.dollars > 0 else -size
        return Report(order.symbol, dollars, size * cost_rate(size, known), status, reason)

    def _most(self, order: MarketOrder, known: Depth) -> float:
        return min(abs(order.dollars), known.most)

    def _prints(self, symbol: str) -> bool:
        column = self._panel.column(symbol)
        return column is not None and bool(np.isfinite(self._panel.close[self._row, column]))


def _outcome(wanted: float, most: float, part: float) -> tuple[Status, str]:
    if part <= 0 < wanted:
        return "could not trade", NO_MONEY
    if part < ENOUGH:
        return "part", NO_MONEY
    return ("part", THIN) if most < wanted else ("filled", "")
