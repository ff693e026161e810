"""Bot admins' orders as the engine reads them: who is excluded, what is paused, which rebalance was asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.model import Cause, Order

LATE_DAYS = 6  # for so many days an ordered rebalance that nobody carried out is still due


@dataclass(frozen=True, slots=True)
class Orders:
    """All orders ever given, oldest first; what counts on a day follows from them alone."""

    given: tuple[Order, ...] = ()

    @classmethod
    def of(cls, orders: Sequence[Order]) -> Orders:
        return cls(tuple(sorted(orders, key=_place)))

    def excluded(self, index: str, date: dt.date) -> dict[str, Order]:
        """{symbol: the order that keeps it out} of an index at `date` 00:00 UTC."""
        out: dict[str, Order] = {}
        for order in self._counting(index, date):
            if order.symbol is None:
                continue
            if order.kind == "exclude":
                out[order.symbol] = order
            elif order.kind == "include":
                out.pop(order.symbol, None)
        return out

    def paused(self, index: str, date: dt.date) -> Order | None:
        """The order under which an index makes no trades at `date`, None where it is not paused."""
        pause = None
        for order in self._counting(index, date):
            if order.kind in ("pause", "resume"):
                pause = order if order.kind == "pause" else None
        return pause

    def causes(self, index: str, date: dt.date, late: int = LATE_DAYS) -> tuple[Cause, ...]:
        """The rebalances ordered for this instant, or for one up to `late` days before that may have been missed."""
        oldest = date - dt.timedelta(days=late)
        return tuple(
            Cause("order", order.id, f"An admin ({order.by}) ordered a rebalance: {order.reason}")
            for order in self._counting(index, date)
            if order.kind == "rebalance" and order.effective >= oldest
        )

    def _counting(self, index: str, date: dt.date) -> Iterator[Order]:
        return (o for o in self.given if o.effective <= date and o.index in (None, index))


def _place(order: Order) -> tuple[dt.date, dt.datetime, int, str]:
    """Orders of one second stand in the order of their numbers: 2026-11-23/9 before /10."""
    number = order.id.rpartition("/")[2]
    return order.effective, order.given, int(number) if number.isdecimal() else 10**9, order.id


NO_ORDERS = Orders()
