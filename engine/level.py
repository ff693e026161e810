"""The index level: base 1000, units at marks, chain-linked through every change; never smoothed, never clamped."""

from __future__ import annotations

import datetime as dt
from math import inf, isfinite

import numpy as np

from engine.model import LevelPoint, Portfolio, TokenKind
from engine.panel import Panel

CASH = "USD"  # the pseudo-symbol of money that no stablecoin holds; its mark is 1
CARRY_DAYS = 3  # for so many days after its last candle a holding keeps its last price
STOPPED_MARK = 0.5  # then it is marked down by half, and by half again every week: one cannot sell at a stopped price
WRITE_OFF_DAYS = 90  # and after a quarter without a price it is worth nothing until one returns


def is_cash(panel: Panel, symbol: str) -> bool:
    """Whether a holding belongs to the stablecoin leg."""
    column = panel.column(symbol)
    return symbol == CASH or (column is not None and panel.tokens[column].kind is TokenKind.STABLE)


def mark(panel: Panel, symbol: str, row: int) -> tuple[float, int] | None:
    """(price to mark a holding at on `row`, row of the candle it rests on); None before the first candle."""
    if symbol == CASH:
        return 1.0, row
    column = panel.column(symbol)
    if column is None:
        return None
    price, last = float(panel.close[row, column]), row
    if not isfinite(price):
        seen = np.flatnonzero(np.isfinite(panel.close[:row, column]))
        if not len(seen):
            return None
        last = int(seen[-1])
        price = float(panel.close[last, column])
    return price * _trust(row - last), last


def _trust(silent: int) -> float:
    """What share of a price still counts after so many days without a new one."""
    if silent <= CARRY_DAYS:
        return 1.0
    return STOPPED_MARK ** (1 + (silent - CARRY_DAYS - 1) // 7) if silent <= WRITE_OFF_DAYS else 0.0


def silence(panel: Panel, symbol: str) -> float:
    """Days since a token's last candle at the end of the panel; infinite before its first."""
    last = len(panel.dates) - 1
    found = mark(panel, symbol, last)
    return last - found[1] if found else inf


def value_at(portfolio: Portfolio, panel: Panel, row: int) -> dict[str, tuple[float, float, int]]:
    """{symbol: (value, price, row of the candle)} of every holding at the close of `row`, in level points."""
    values = {}
    for symbol, units in portfolio.units.items():
        found = mark(panel, symbol, row) or (portfolio.marks[symbol] * STOPPED_MARK, -1)
        values[symbol] = (units * found[0], *found)
    return values


def weights_at(portfolio: Portfolio, panel: Panel, row: int) -> tuple[dict[str, float], float]:
    """({symbol: share}, net level) at the close of `row`."""
    values = value_at(portfolio, panel, row)
    level = sum(value for value, _, _ in values.values())
    return {symbol: value / level if level else 0.0 for symbol, (value, _, _) in values.items()}, level


def daily_levels(portfolio: Portfolio, panel: Panel, until: dt.date) -> list[LevelPoint]:
    """One point for every day after the portfolio's own, up to and including `until`."""
    points = []
    for row in range(panel.row(portfolio.date) + 1, panel.row(until) + 1):
        values = value_at(portfolio, panel, row)
        net = sum(value for value, _, _ in values.values())
        safe = sum(value for symbol, (value, _, _) in values.items() if is_cash(panel, symbol))
        day: dt.date = panel.dates[row].item()
        points.append(LevelPoint(day, net, net / portfolio.divisor, stablecoin_share=safe / net if net else 0.0))
    return points
