"""What a traded dollar costs: a fee, the spread of its liquidity class, and impact by size against a day's volume.

Impact follows the square-root law, Y x daily deviation x sqrt(size / daily volume), with Y of order one: Toth et al.,
"Anomalous price impact and the critical nature of liquidity" (2011); for Bitcoin, Donier and Bonart, "A million
metaorder analysis of market impact on the Bitcoin" (2015).
"""

from __future__ import annotations

from math import isfinite, sqrt
from typing import NamedTuple

import numpy as np

from engine.panel import Panel

NOTIONAL = 1_000_000.0  # USD; every index is costed as if it held so much, whatever its level
MIN_COST = 0.0030  # a side, whatever the book says
FEE = 0.0010  # a common taker fee
SPREAD = {"liquid": 0.0010, "normal": 0.0020, "illiquid": 0.0060}  # slippage a side of a small order, by class
LIQUID_VOLUME, ILLIQUID_VOLUME = 50e6, 5e6  # USD a day over the whole market
IMPACT = 1.0  # Y of the law; an order's own average would be two thirds of it, and the whole is charged
PARTICIPATION = 0.10  # of a day's volume at most; more waits
UNKNOWN_VOLUME = 1e6  # what a token that left the ranking is taken to trade: the bar it once had to pass to enter
VOLATILITY_DAYS, VOLATILITY_KNOWN = 30, 20  # daily log returns before the close, and how many must be known
UNKNOWN_VOLATILITY = 0.08  # a day: a wild token's
HIGHEST_VOLATILITY = 0.50  # a day; beyond it the law says nothing, and no seller gets less than nothing


class Depth(NamedTuple):
    """How much of a token trades in a day (USD, NaN unknown) and how far its price moves (daily, NaN unknown)."""

    volume: float
    volatility: float

    @property
    def most(self) -> float:
        """Dollars that can be traded in one day."""
        return PARTICIPATION * self._traded

    @property
    def _traded(self) -> float:
        return self.volume if isfinite(self.volume) and self.volume > 0 else UNKNOWN_VOLUME

    @property
    def _moves(self) -> float:
        return min(self.volatility, HIGHEST_VOLATILITY) if isfinite(self.volatility) else UNKNOWN_VOLATILITY

    def impact(self, dollars: float) -> float:
        """Cost per dollar that the size of a trade adds; no more than can be traded in a day ever counts."""
        return IMPACT * self._moves * sqrt(min(abs(dollars) / self._traded, PARTICIPATION))

    def spread(self) -> float:
        """Slippage of a small order; a token of unknown volume is illiquid."""
        if not self.volume >= ILLIQUID_VOLUME:
            return SPREAD["illiquid"]
        return SPREAD["liquid" if self.volume >= LIQUID_VOLUME else "normal"]


def cost_rate(dollars: float, depth: Depth) -> float:
    """Cost per traded dollar of a trade of that size: fee + spread + impact, never under 0.30 % a side."""
    return max(MIN_COST, FEE + depth.spread() + depth.impact(dollars))


def depth(panel: Panel, symbol: str, row: int = -1) -> Depth:
    """A token's depth as known at the close of `row`: whole-market volume of the last ranking, 30-day deviation."""
    column = panel.column(symbol)
    if column is None:
        return Depth(float("nan"), float("nan"))
    end = row % len(panel.dates) + 1
    closes = panel.close[max(end - VOLATILITY_DAYS - 1, 0) : end, column]
    returns = np.diff(np.log(closes))
    known = returns[np.isfinite(returns)]
    volatility = float(known.std(ddof=1)) if len(known) >= VOLATILITY_KNOWN else float("nan")
    return Depth(float(panel.market_volume[end - 1, column]), volatility)
