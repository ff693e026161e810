"""One index in one mode through time: what waits is settled, days are marked, and what is due is decided.

The weekly job, the daily job and the backtest all move the same Track, so that live and tested cannot drift apart.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from engine.as_needed import decide_as_needed
from engine.comparators import COMPARATORS
from engine.decide import decide
from engine.level import daily_levels
from engine.model import Decision, LevelPoint, Portfolio, Settlement, WeekSignals, iso_week
from engine.orders import NO_ORDERS, Orders
from engine.panel import Panel
from engine.settle import settle, settlement_point


@dataclass
class Track:
    """Where one index and mode stands, and what this walk has added to it.

    `portfolio` is that of the last settlement, `waiting` a decision whose close has not come, `last` the newest
    decision's date and sequence.
    """

    index: str
    mode: str
    portfolio: Portfolio | None = None
    waiting: Decision | None = None
    last: tuple[dt.date, int] | None = None
    decisions: list[Decision] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    levels: list[LevelPoint] = field(default_factory=list)

    def reach(self, panel: Panel, date: dt.date) -> None:
        """Settle what waits once its close is there, the days before it marked first."""
        waiting = self.waiting
        if waiting is not None and waiting.date < date:
            self.mark(panel, waiting.date)
            settlement = settle(waiting, self.portfolio, panel.until(waiting.date + dt.timedelta(days=1)))
            self.settlements.append(settlement)
            self.levels.append(settlement_point(settlement, waiting))
            self.portfolio, self.waiting = settlement.portfolio, None

    def mark(self, panel: Panel, until: dt.date) -> None:
        """Add a point for every day before `until` that has none yet, at the units held."""
        if self.portfolio is None:
            return
        last = max(self.portfolio.date, self.levels[-1].date) if self.levels else self.portfolio.date
        if last < until - dt.timedelta(days=1):
            points = daily_levels(self.portfolio, panel, until - dt.timedelta(days=1))
            self.levels += [point for point in points if point.date > last]

    def decide(self, panel: Panel, signals: WeekSignals, orders: Orders = NO_ORDERS) -> Decision | None:
        """Make the decision that is due at `panel.as_of`, None where none is: weekly on Mondays, else as needed."""
        date = panel.as_of
        decision = (
            self._weekly(panel, signals, orders) if date.weekday() == 0 else self._between(panel, signals, orders)
        )
        if decision is not None:
            self.decisions.append(decision)
            self.waiting, self.last = decision, (date, decision.sequence)
        return decision

    def _weekly(self, panel: Panel, signals: WeekSignals, orders: Orders) -> Decision | None:
        comparator = COMPARATORS.get(self.mode)
        if comparator is not None:
            due = comparator.due(panel.as_of, self.portfolio)
            return comparator.decide(self.index, panel, self.portfolio) if due else None
        return decide(self.index, self.mode, panel, signals, self.portfolio, 0, orders)

    def _between(self, panel: Panel, signals: WeekSignals, orders: Orders) -> Decision | None:
        if self.mode in COMPARATORS or self.waiting is not None:
            return None
        sequence = self.last[1] + 1 if self.last and iso_week(self.last[0]) == iso_week(panel.as_of) else 1
        return decide_as_needed(self.index, self.mode, panel, signals, self.portfolio, sequence, orders)
