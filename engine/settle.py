"""Settles a decision a day later: fills at that day's close, cost on every traded weight, and what is held then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.costs import NOTIONAL
from engine.draft import ANSWERED_DAYS
from engine.execution import NO_PRICE, Execution, MarketOrder, Report, SimulatedExecution
from engine.level import CASH, is_cash, mark, value_at
from engine.method import stamp
from engine.model import BASE_LEVEL, Decision, Fill, LevelPoint, Portfolio, RiskStep, Settlement
from engine.panel import Panel
from engine.rebalance import NOISE

DUST = 1e-12  # of the index: smaller remainders are rounding


@dataclass(frozen=True, eq=False)
class _Close:
    """What stands before the fills at the close: units, the price of each and the day it is from, and who may move."""

    panel: Panel
    row: int
    units: dict[str, float]
    prices: dict[str, float]
    days: dict[str, str]
    total: float  # the level before costs
    still: bool  # nothing is to be traded, so the stablecoins stay as they are, too

    def share(self, symbol: str) -> float:
        return self.units.get(symbol, 0.0) * self.prices[symbol] / self.total if self.total else 0.0

    def prints(self, symbol: str) -> bool:
        column = self.panel.column(symbol)
        return symbol == CASH or (column is not None and bool(np.isfinite(self.panel.close[self.row, column])))

    def is_money(self, symbol: str) -> bool:
        """A stablecoin with a price that day: it trades free, as money does."""
        return not self.still and is_cash(self.panel, symbol) and self.prints(symbol)


def settle(
    decision: Decision, previous: Portfolio | None, panel: Panel, execution: Execution | None = None
) -> Settlement:
    """Fill `decision` at the close of its own day, which `panel` must hold, through `execution` (default simulated).

    What could not be traded keeps its units. What is left over goes to the stablecoin leg, in the decision's
    proportions. Levels: net = value, gross = value / divisor; the divisor absorbs each cost, so the gross level runs on
    through it unchanged. The settlement names the price of everything held, so that levels follow from it alone.
    """
    close = _close(decision, previous, panel)
    orders = _orders(decision, close)
    money = sum(close.share(s) for s in close.units if close.is_money(s)) * NOTIONAL
    reports = (execution or SimulatedExecution(panel, decision.date)).execute(orders, money)
    wanted = {line.symbol: line.weight for line in decision.holdings}
    fills = [_fill(report, wanted[report.symbol], close) for report in reports]
    cost = sum(fill.cost for fill in fills)
    moved = {fill.symbol: fill.weight for fill in fills if fill.weight != fill.from_weight}
    kept = {s: close.share(s) for s in close.units if s not in moved and not close.is_money(s)}
    leg = _leg(decision, 1 - cost - sum(moved.values()) - sum(kept.values()), close)
    fills += _leg_fills(decision, leg, close)
    after = _portfolio(decision, previous, moved | leg, cost, close)
    named = {*close.units, *after.units, *(fill.symbol for fill in fills)}
    return Settlement(
        index=decision.index,
        mode=decision.mode,
        date=decision.date,
        sequence=decision.sequence,
        fills=tuple(fills),
        turnover=sum(abs(fill.weight - fill.from_weight) for fill in fills) / 2,
        cost=cost,
        portfolio=after,
        method=stamp(),
        prices={symbol: close.prices[symbol] for symbol in sorted(named)},
    )


def _close(decision: Decision, previous: Portfolio | None, panel: Panel) -> _Close:
    """Value what is held; a first decision starts from the base level in the stablecoins it names."""
    row = panel.row(decision.date)
    found = {s: (price, at) for s, (_, price, at) in value_at(previous, panel, row).items()} if previous else {}
    for symbol in sorted({line.symbol for line in decision.holdings} | {CASH}):
        found.setdefault(symbol, mark(panel, symbol, row) or (0.0, -1))
    start = {line.symbol: BASE_LEVEL * line.from_weight for line in decision.holdings if line.from_weight > 0}
    units = previous.units if previous else {s: value / found[s][0] for s, value in start.items()}
    last = previous.marked if previous else {}  # of a token that left the panel
    days = {s: str(panel.dates[at]) if at >= 0 else last.get(s, "") for s, (_, at) in found.items()}
    prices = {s: price for s, (price, _) in found.items()}
    total = sum(held * prices[s] for s, held in units.items())
    return _Close(panel, row, dict(units), prices, days, total, not decision.trades)


def _orders(decision: Decision, close: _Close) -> list[MarketOrder]:
    """What to trade, in the dollars of an index of NOTIONAL."""
    lines = {line.symbol: line for line in decision.holdings}
    return [
        MarketOrder(trade.symbol, (lines[trade.symbol].weight - close.share(trade.symbol)) * NOTIONAL)
        for trade in decision.trades
        if not lines[trade.symbol].stable
    ]


def _fill(report: Report, wanted: float, close: _Close) -> Fill:
    """A report in dollars as a fill in shares of the index."""
    before = close.share(report.symbol)
    after = before + report.dollars / NOTIONAL
    return Fill(
        symbol=report.symbol,
        price=close.prices[report.symbol],
        from_weight=before,
        weight=after if after > DUST else 0.0,
        cost=report.cost / NOTIONAL,
        status=report.status,
        wanted=wanted,
        reason=report.reason,
    )


def _leg(decision: Decision, left: float, close: _Close) -> dict[str, float]:
    """Spread what is left over the decision's stablecoins that print a price, in their proportions."""
    if left <= DUST or close.still:
        return {}
    leg = {
        line.symbol: line.weight
        for line in decision.holdings
        if line.stable and line.weight > 0 and close.prints(line.symbol)
    } or {CASH: 1.0}
    return {symbol: left * weight / sum(leg.values()) for symbol, weight in leg.items()}


def _leg_fills(decision: Decision, leg: Mapping[str, float], close: _Close) -> list[Fill]:
    """The stablecoins' side of the trades: free of cost, whatever is left; one without a price stays as it is."""
    if close.still:
        return []
    wanted = {line.symbol: line.weight for line in decision.holdings if line.stable}
    fills = []
    for symbol in sorted({*leg, *wanted, *(s for s in close.units if close.is_money(s))}):
        before, target, price = close.share(symbol), wanted.get(symbol, 0.0), close.prices[symbol]
        if close.prints(symbol):
            fills.append(Fill(symbol, price, before, leg.get(symbol, 0.0), 0.0, "filled", target))
        elif abs(target - before) > NOISE:
            fills.append(Fill(symbol, price, before, before, 0.0, "could not trade", target, NO_PRICE))
    return fills


def _portfolio(
    decision: Decision, previous: Portfolio | None, after: Mapping[str, float], cost: float, close: _Close
) -> Portfolio:
    """What is held now; what did not move keeps its very units, even where they are worth nothing for a while."""
    units = {s: held for s, held in close.units.items() if s not in after and not close.is_money(s)}
    units |= {s: share * close.total / close.prices[s] for s, share in after.items() if share * close.total > 0}
    units = dict(sorted(units.items()))
    divisor = (previous.divisor if previous else 1.0) * (1 - cost)
    level = sum(held * close.prices[s] for s, held in units.items())
    step, since = _step(decision, previous)
    return Portfolio(
        date=decision.date,
        units=units,
        marks={s: close.prices[s] for s in units},
        marked={s: close.days[s] for s in units},
        level_net=level,
        level_gross=level / divisor,
        divisor=divisor,
        step=step,
        step_since=since,
        answered=_answered(decision, previous),
    )


def _step(decision: Decision, previous: Portfolio | None) -> tuple[RiskStep | None, dt.date | None]:
    """The ladder's step and the day it was taken; a decision that does not read the ladder leaves both."""
    step = decision.risk.step if decision.risk else previous.step if previous else None
    stays = previous is not None and previous.step is step
    return step, previous.step_since if previous and stays else decision.date


def _answered(decision: Decision, previous: Portfolio | None) -> dict[str, str]:
    """Causes answered lately, this decision's among them."""
    oldest = (decision.date - dt.timedelta(days=ANSWERED_DAYS)).isoformat()
    lately = {key: day for key, day in (previous.answered if previous else {}).items() if day >= oldest}
    return dict(sorted((lately | {cause.key: decision.date.isoformat() for cause in decision.causes}).items()))


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
