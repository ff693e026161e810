"""The risk score from named components, the ladder's steps with hysteresis, and the stablecoin share that follows.

Each component maps one plain observation to 0 (calm) .. 100 (danger) on a line between two published bounds. No
component decides alone: the score is their weighted mean. A component without data is left out and its weight shared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.eligibility import eligible
from engine.model import MarketView, RiskComponent, RiskReading, RiskStep
from engine.modes import Mode
from engine.panel import Panel
from engine.themes import theme

Columns = NDArray[np.intp]

YEAR = 365.0
HYSTERESIS = 5.0  # points the score must fall below a step before the step is left
COOLDOWN = dt.timedelta(weeks=1)  # a step is held at least so long before the ladder comes down by one
VOLATILITY_DAYS = (60, 365)  # the larger counts: a calm month in a wild year is not a calm market
STEPS = tuple(RiskStep)
LEADER = "BTC"
BREADTH_DAYS, BREADTH_LEAST = 50, 30  # breadth: days of the mean, and closes that it needs
TREND_DAYS = (28, 56, 112, 224)


@dataclass(frozen=True, slots=True)
class Component:
    """One entry of the score: reads a number, says where it is calm and where it is danger."""

    name: str
    weight: float
    calm: float
    danger: float
    read: Callable[[Panel, Columns, MarketView], float]
    text: str  # formatted with the reading


def _tail(panel: Panel, columns: Columns, days: int) -> NDArray[np.float64]:
    return panel.close[-days:, columns]


def _member_returns(panel: Panel, columns: Columns, days: int) -> NDArray[np.float64]:
    return np.diff(np.log(_tail(panel, columns, days + 1)), axis=0)


def basket_returns(panel: Panel, columns: Columns, days: int) -> NDArray[np.float64]:
    """Daily log returns of the equal-weighted basket over the last `days`, members without a price left out."""
    returns = _member_returns(panel, columns, days)
    known = np.isfinite(returns)
    count = known.sum(axis=1)
    total = np.where(known, returns, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), 0.0)


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def above_mean(close: NDArray[np.float64], days: int, least: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(Who has a last close and at least `least` in the last `days`, who of them closed above their mean)."""
    window = close[-days:]
    known = np.isfinite(window)
    count = known.sum(axis=0)
    means = np.where(known, window, 0.0).sum(axis=0) / np.maximum(count, 1)
    enough: NDArray[np.bool_] = (count >= least) & known[-1]
    return enough, enough & (np.where(known[-1], window[-1], 0.0) > means)


def _breadth(panel: Panel, columns: Columns, market: MarketView) -> float:
    """Share of members above their own 50-day mean."""
    enough, above = above_mean(panel.close[:, columns], BREADTH_DAYS, BREADTH_LEAST)
    return float(above[enough].mean()) if enough.any() else np.nan


def _trend(panel: Panel, columns: Columns, market: MarketView) -> float:
    """Above how many of its four means the leader stands; several horizons whipsaw less than one."""
    j = panel.column(LEADER)
    if j is None or len(panel.dates) < max(TREND_DAYS):
        return np.nan
    logs = np.log(panel.close[-max(TREND_DAYS) :, j])
    return float(sum(logs[-1] > _mean(logs[-days:]) for days in TREND_DAYS)) if np.isfinite(logs[-1]) else np.nan


def _volatility_ratio(panel: Panel, columns: Columns, market: MarketView) -> float:
    """The basket's 30-day volatility against its own year's."""
    year = basket_returns(panel, columns, min(365, len(panel.dates) - 1))
    if len(year) < 120 or year.std() == 0:
        return np.nan
    return float(year[-30:].std() / year.std())


def _drawdown(panel: Panel, columns: Columns, market: MarketView) -> float:
    """The basket's fall from its 90-day high, as a positive share."""
    path = np.cumsum(basket_returns(panel, columns, min(90, len(panel.dates) - 1)))
    return float(1 - np.exp(path[-1] - max(path.max(), 0.0))) if len(path) >= 30 else np.nan


def _correlation(panel: Panel, columns: Columns, market: MarketView) -> float:
    """Mean pairwise correlation of members over 30 days, from the variance of their standardised mean."""
    returns = _member_returns(panel, columns, 30)
    full = returns[:, np.isfinite(returns).all(axis=0)]
    full = full[:, full.std(axis=0) > 0]
    n = full.shape[1]
    if n < 3 or len(full) < 30:
        return np.nan
    z = (full - full.mean(axis=0)) / full.std(axis=0)
    return float((z.mean(axis=1).var() * n - 1) / (n - 1))


def _latest(name: str) -> Callable[[Panel, Columns, MarketView], float]:
    def read(panel: Panel, columns: Columns, market: MarketView) -> float:
        series = panel.market_measures.get(name)
        return float(series[-1]) if series is not None else np.nan

    return read


def _stablecoin_growth(panel: Panel, columns: Columns, market: MarketView) -> float:
    """Growth of all stablecoins' supply over 28 days, as a share."""
    series = panel.market_measures.get("stablecoin_supply")
    if series is None or len(series) < 29 or not series[-29] > 0:
        return np.nan
    return float(series[-1] / series[-29] - 1)


def _market_head(panel: Panel, columns: Columns, market: MarketView) -> float:
    return market.p_up - market.base_up


def _dominance(panel: Panel, columns: Columns, market: MarketView) -> float:
    """Change of the leader's share of all capitalisation over 28 days, in points."""
    j = panel.column(LEADER)
    if j is None or len(panel.dates) < 29:
        return np.nan
    now, then = panel.market_cap[-1], panel.market_cap[-29]
    both = np.isfinite(now) & np.isfinite(then)
    if not both[j]:
        return np.nan
    return float(100 * (now[j] / now[both].sum() - then[j] / then[both].sum()))


COMPONENTS = (
    Component("breadth", 0.12, 0.70, 0.20, _breadth, "{0:.0%} of members above their 50-day mean"),
    Component("trend", 0.50, 4.0, 0.0, _trend, "Bitcoin above {0:.0f} of 4 moving averages"),
    Component("drawdown", 0.08, 0.05, 0.40, _drawdown, "{0:.0%} below the 90-day high"),
    Component("volatility", 0.08, 0.70, 1.50, _volatility_ratio, "volatility {0:.1f} times its year's"),
    Component("correlation", 0.04, 0.45, 0.85, _correlation, "members move together ({0:.2f})"),
    Component("mood", 0.04, 55.0, 15.0, _latest("fear_greed"), "Fear & Greed at {0:.0f}"),
    Component("stablecoins", 0.04, 0.03, -0.03, _stablecoin_growth, "stablecoin supply {0:+.1%} in 28 days"),
    Component("macro", 0.04, 16.0, 36.0, _latest("vix"), "VIX at {0:.0f}"),
    Component("dominance", 0.04, -2.0, 3.0, _dominance, "Bitcoin's share {0:+.1f} points in 28 days"),
    Component("market head", 0.02, 0.05, -0.10, _market_head, "odds of a rising week {0:+.0%} against the base rate"),
)


def read_components(panel: Panel, columns: Columns, market: MarketView) -> tuple[RiskComponent, ...]:
    """Every component that has data, its weight rescaled so that all weights sum to 1."""
    readings = [(entry, entry.read(panel, columns, market)) for entry in COMPONENTS if len(columns)]
    known = [(entry, value) for entry, value in readings if np.isfinite(value)]
    whole = sum(entry.weight for entry, _ in known)
    return tuple(
        RiskComponent(
            entry.name, _danger(entry, value), entry.weight / whole, entry.text.format(value).replace("%", " %")
        )
        for entry, value in known
    )


def _danger(entry: Component, value: float) -> float:
    return float(np.clip(100 * (value - entry.calm) / (entry.danger - entry.calm), 0, 100))


def climb(score: float, mode: Mode, previous: RiskStep | None, rested: bool = True) -> RiskStep:
    """The step for a score: up at once; down one step at a time, when it has `rested` on the step held and the score
    has fallen HYSTERESIS points below it."""
    reached = max((step for step in STEPS if score >= mode.threshold(step)), key=STEPS.index)
    if previous is None or STEPS.index(reached) >= STEPS.index(previous):
        return reached
    leaves = rested and score < mode.threshold(previous) - HYSTERESIS
    return STEPS[STEPS.index(previous) - 1] if leaves else previous


def climb_between(score: float, mode: Mode, previous: RiskStep) -> RiskStep:
    """The step between weeks: it only climbs, and only HYSTERESIS points past a bound, so that noise is not risk."""
    reached = [step for step in STEPS[1:] if score >= mode.threshold(step) + HYSTERESIS]
    return max([previous, *reached], key=STEPS.index)


def has_rested(date: dt.date, since: dt.date | None) -> bool:
    """Whether the step taken on `since` has been held for the cooldown."""
    return since is None or date - since >= COOLDOWN


def volatility(panel: Panel, columns: Columns, weights: NDArray[np.float64]) -> float | None:
    """Yearly volatility of the basket at these weights (n,), the larger of two windows; None with under 30 days."""
    longest = _member_returns(panel, columns, min(max(VOLATILITY_DAYS), len(panel.dates) - 1))
    if len(longest) < 30 or not weights.sum() > 0:
        return None
    daily = np.where(np.isfinite(longest), longest, 0.0) @ (weights / weights.sum())
    return max(float(daily[-days:].std() * np.sqrt(YEAR)) for days in VOLATILITY_DAYS)


@lru_cache(maxsize=16)
def theme_components(index: str, panel: Panel, market: MarketView) -> tuple[RiskComponent, ...]:
    """The components of an index's theme: over all who may be in it, so that every mode reads the same score."""
    return read_components(panel, eligible(theme(index), panel).columns, market)


def score_of(components: tuple[RiskComponent, ...]) -> float:
    """0 (calm) to 100: the weighted mean; without any data risk counts as extreme."""
    return sum(c.score * c.weight for c in components) if components else 100.0


def read_risk(
    components: tuple[RiskComponent, ...],
    mode: Mode,
    previous: RiskStep | None,
    step: RiskStep,
    basket_volatility: float | None,
) -> RiskReading:
    """Put score, step and volatility together into one stablecoin share, and say which of them asks for it."""
    asked = mode.stablecoin_share(step)
    scale = min(1.0, mode.target_volatility / basket_volatility) if basket_volatility else 1.0
    share = 1 - (1 - asked) * scale
    reason = _why(step, asked, scale, components)
    return RiskReading(score_of(components), step, previous, components, basket_volatility, share, reason)


def _why(step: RiskStep, asked: float, scale: float, components: tuple[RiskComponent, ...]) -> str:
    if not components:
        return "No risk component has data, so risk counts as extreme."
    parts = [f"risk is {step.value}, which asks for {100 * asked:.0f} % in stablecoins"]
    if scale < 1:
        parts.append(f"volatility above target keeps {100 * scale:.0f} % of the rest invested")
    worst = max(components, key=lambda c: c.score * c.weight)
    return f"{'; '.join(parts).capitalize()}. Largest part: {worst.text}."
