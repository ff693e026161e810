"""Works out with the real engine, on stored data alone, what an order would change; nothing is fetched or kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from bot.desk import Weighed
from bot.shelf import SIGNALS_SERVE, standing_orders
from engine.as_needed import decide_as_needed
from engine.decide import decide
from engine.errors import NotEnoughData
from engine.model import Decision, Ledger, Order, Portfolio, WeekSignals
from engine.modes import DEFAULT_MODE
from engine.orders import Orders
from engine.panel import Panel, build_panel
from engine.settle import settle
from engine.themes import themes
from storage.database import Database


@dataclass(frozen=True, eq=False)
class _Scales:
    """What every index is weighed on: the newest panel, and the signals of its week."""

    database: Database
    ledger: Ledger
    panel: Panel
    signals: WeekSignals

    def decision(self, index: str, orders: Orders, between: bool) -> Decision | None:
        """What a decision now would be under `orders`, weekly or `between` weeks; None where nothing trades."""
        if orders.paused(index, self.panel.as_of):
            return None
        line = decide_as_needed if between else decide
        return line(index, DEFAULT_MODE, self.panel, self.signals, self._held(index), 1, orders)

    def _held(self, index: str) -> Portfolio | None:
        """The portfolio after the last decision; one that still waits for its fill is filled here, and not stored."""
        as_of = self.panel.as_of
        portfolio = self.database.decisions.portfolio(self.ledger, index, DEFAULT_MODE, before=as_of)
        last = self.database.decisions.latest(self.ledger, index, DEFAULT_MODE, before=as_of)
        if last is None or last.settlement is not None:
            return portfolio
        return settle(last.decision, portfolio, self.panel).portfolio


def weigh(database: Database, ledger: Ledger, order: Order) -> tuple[Weighed, ...]:
    """What decisions made on the newest stored day would be without the order and under it, in the default mode."""
    scales = _scales(database, ledger)
    as_of = scales.panel.as_of
    # Whatever was ordered counts here, though it may take effect only at the next 00:00 UTC.
    given = [replace(o, effective=min(o.effective, as_of)) for o in standing_orders(database, ledger).given]
    before, after = Orders.of(given), Orders.of([*given, replace(order, effective=as_of)])
    return tuple(
        _weighed(scales, index, order, before, after) for index in ([order.index] if order.index else themes())
    )


def _weighed(scales: _Scales, index: str, order: Order, before: Orders, after: Orders) -> Weighed:
    weekday = order.effective.weekday() != 0
    between = order.kind == "exclude" and weekday  # sold at once, and nothing else with it
    without = scales.decision(index, before, between or (order.kind == "rebalance" and weekday))
    return Weighed(index, without, scales.decision(index, after, between))


def _scales(database: Database, ledger: Ledger) -> _Scales:
    """The panel of the newest day that the newest signals still speak for: a replay sees nothing later."""
    signals, span = database.signals.latest(ledger), database.market.span()
    if signals is None or span is None:
        raise NotEnoughData("There is no decision yet, so nothing is held that this could change.")
    as_of = min(span[1] + dt.timedelta(days=1), signals.date + SIGNALS_SERVE)
    return _Scales(database, ledger, build_panel(database.market, as_of), signals)
