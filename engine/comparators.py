"""What every index is held against: just holding, equal weights, naive rules, and just holding mixed with stablecoins.

The first three are decided, filled, charged and marked by the index's own machinery, in one table that walks walk. The
fourth, the diluted twin, decides nothing: it follows from the twin's level and the index's own stablecoin share.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.costs import MIN_COST
from engine.draft import begin
from engine.eligibility import passive_members
from engine.level import CARRY_DAYS
from engine.model import BASE_LEVEL, PASSIVE, Decision, LevelPoint, Portfolio
from engine.panel import Panel
from engine.passive import decide_passive, go_straight_to, passive_is_due
from engine.rebalance import Wish
from engine.risk import LEADER, above_mean
from engine.themes import theme

EQUAL, NAIVE, DILUTED = "equal", "naive", "diluted"

NAIVE_SIZE, NAIVE_CAP = 8, 0.20  # the naive rules hold so many names, none above the cap
NAIVE_LEAST = 3  # under so many members they hold nothing
BROAD = 30  # members whose breadth they read
VOLATILITY_DAYS, TREND_DAYS, LEADER_DAYS = 30, 50, 100
TREND_LEAST = 30  # closes that a 50-day mean needs
BREADTH_OUT, BREADTH_SPAN = 0.2, 0.4  # out at a breadth of 20 %, fully in at 60 %
BEAR_SHARE = 0.5  # of all that is held while Bitcoin is under its 100-day mean

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparator:
    """One entry of the table: `name` is the mode under which it is decided, settled and stored."""

    name: str
    title: str
    due: Callable[[dt.date, Portfolio | None], bool]
    decide: Callable[[str, Panel, Portfolio | None], Decision]


def decide_equal(index: str, panel: Panel, previous: Portfolio | None) -> Decision:
    """Hold the twin's own members in equal shares."""
    draft = begin(index, EQUAL, panel, previous, 0)
    members = passive_members(theme(index), panel)
    share = (1 - draft.stuck_weight) / max(len(members), 1)
    wishes = {
        panel.tokens[j].symbol: Wish(share, "equal_weight", "one of the theme's largest, in equal shares")
        for j in members.columns
    }
    gone = Wish(0.0, "equal_weight", "no longer among the theme's largest")
    return go_straight_to(draft, wishes, gone, len(members))


def naive_is_due(date: dt.date, previous: Portfolio | None) -> bool:
    """Every Monday, and whenever there is nothing yet."""
    return previous is None or date.weekday() == 0


def decide_naive(index: str, panel: Panel, previous: Portfolio | None) -> Decision:
    """Hold the eight largest by inverse volatility, those in an uptrend, scaled by breadth and Bitcoin's trend."""
    draft = begin(index, NAIVE, panel, previous, 0)
    members = passive_members(replace(theme(index), benchmark_size=BROAD), panel)
    target = _naive_weights(panel, members.columns)
    wishes = {
        panel.tokens[j].symbol: Wish(float(w), "naive", "large, calm and above its own 50-day mean")
        for j, w in zip(members.columns, target, strict=False)
        if w > 0
    }
    gone = Wish(0.0, "naive", "below its own 50-day mean, or no longer among the theme's largest")
    return go_straight_to(draft, wishes, gone, len(members))


COMPARATORS: Mapping[str, Comparator] = {
    entry.name: entry
    for entry in (
        Comparator(PASSIVE, "just holding", passive_is_due, decide_passive),
        Comparator(EQUAL, "equal weights", passive_is_due, decide_equal),
        Comparator(NAIVE, "naive rules", naive_is_due, decide_naive),
    )
}


def _naive_weights(panel: Panel, columns: NDArray[np.intp]) -> Floats:
    """Weights of the first members (by falling capitalisation); they sum to at most 1, the rest is cash."""
    if len(columns) < NAIVE_LEAST:
        return np.zeros(0)
    close = _carried(panel.close[-max(TREND_DAYS, VOLATILITY_DAYS + 1) - CARRY_DAYS :, columns])
    _, rising = above_mean(close, TREND_DAYS, TREND_LEAST)
    calm = _inverse_volatility(close[-VOLATILITY_DAYS - 1 :, :NAIVE_SIZE])
    if not calm.sum() > 0:
        return np.zeros(0)
    weights = np.minimum(calm / calm.sum(), NAIVE_CAP)
    scale = float(np.clip((rising.mean() - BREADTH_OUT) / BREADTH_SPAN, 0, 1))
    scale *= BEAR_SHARE if _leader_falls(panel) else 1.0
    chosen: Floats = np.where(rising[:NAIVE_SIZE], weights, 0.0) * scale
    return chosen


def _carried(close: Floats) -> Floats:
    """Closes with a last price kept for as long as the level keeps it."""
    for _ in range(min(CARRY_DAYS, len(close) - 1)):
        close = np.vstack([close[:1], np.where(np.isfinite(close[1:]), close[1:], close[:-1])])
    return close


def _inverse_volatility(close: Floats) -> Floats:
    """1 / standard deviation of the daily returns; 0 where there are under two, or no movement."""
    returns = close[1:] / close[:-1] - 1
    out = np.zeros(close.shape[1])
    for j, column in enumerate(returns.T):
        seen = column[np.isfinite(column)]
        deviation = float(seen.std(ddof=1)) if len(seen) > 1 else 0.0
        out[j] = 1 / deviation if deviation > 0 else 0.0
    return out


def _leader_falls(panel: Panel) -> bool:
    """Whether Bitcoin's last close stands under its 100-day mean; False where it is not known."""
    j = panel.column(LEADER)
    if j is None:
        return False
    window = panel.close[-LEADER_DAYS:, j]
    known = window[np.isfinite(window)]
    return len(known) > 0 and bool(known[-1] < known.mean())


class Mix(NamedTuple):
    """A day of the diluted twin: value at the close, share in stablecoins then, cost and turnover of mixing anew."""

    value: float
    stablecoin_share: float
    cost: float = 0.0
    moved: float = 0.0


def mixed(days: Sequence[dt.date], twin: Sequence[float], share: float) -> list[Mix]:
    """Follow one dollar of which `share` lies in stablecoins and the rest in the twin, mixed anew every Monday's close.

    `twin` is what one dollar put into the twin before the first day was worth, the twin's own costs taken off.
    Mixing anew costs 0.30 % of what is moved, the least that any trade pays: the twin's own tokens may have cost more,
    so the mix is never shown worse than it was. Stablecoins earn nothing and keep a dollar.
    """
    risky, safe, before, out = 1 - share, share, 1.0, []
    for day, value in zip(days, twin, strict=True):
        risky *= value / before if before > 0 else 0.0
        before, total = value, risky + safe
        moved = abs(risky - (1 - share) * total) / total if day.weekday() == 0 and total > 0 else 0.0
        if moved > 0:
            left = total * (1 - moved * MIN_COST)
            risky, safe = (1 - share) * left, share * left
        worth = risky + safe
        out.append(Mix(worth, safe / worth if worth > 0 else 0.0, moved * MIN_COST, moved))
    return out


def diluted(twin: Sequence[LevelPoint], share: float) -> list[LevelPoint]:
    """The diluted twin's daily levels from the twin's whole track: `share` in stablecoins, the rest in the twin.

    Turnover and cost are the twin's own, in proportion, and those of mixing anew; where both fall on one Monday they
    are added up, not netted. The gross level is the same mix before all of these costs.
    """
    days = [p.date for p in twin]
    net = mixed(days, [p.net / BASE_LEVEL for p in twin], share)
    gross = mixed(days, [p.gross / BASE_LEVEL for p in twin], share)
    kept = np.cumprod([1 - mix.cost for mix in gross])
    return [
        LevelPoint(
            date=point.date,
            net=BASE_LEVEL * mix.value,
            gross=BASE_LEVEL * before.value / float(left),
            turnover=(1 - share) * point.turnover + mix.moved,
            cost=(1 - share) * point.cost + mix.cost,
            stablecoin_share=mix.stablecoin_share,
        )
        for point, mix, before, left in zip(twin, net, gross, kept, strict=True)
    ]
