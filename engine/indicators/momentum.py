"""Indicators of momentum: how far and how steadily the price has moved."""

from __future__ import annotations

import numpy as np

from engine import kernels as k
from engine.indicators.bars import Bars, Indicator
from engine.indicators.reference import ta
from engine.panel import Matrix

STILL = 1e-9  # of 100: an RSI that moves less stands still, and rounding alone would give it a place


def rsi(bars: Bars) -> Matrix:
    moves = k.change(bars.close, 1)
    rises, falls = k.wilder(np.maximum(moves, 0), 14), k.wilder(np.maximum(-moves, 0), 14)
    return 100 * k.ratio(rises, rises + falls)


def stochastic_rsi(bars: Bars) -> Matrix:
    values = bars.share(rsi)
    low, high = k.rolling_min(values, 14), k.rolling_max(values, 14)
    reach = np.where(high - low > STILL, high - low, np.nan)
    return k.rolling_mean((values - low) / reach, 3)


def position(bars: Bars, window: int) -> Matrix:
    """Place of the close between the window's lowest low and highest high, 0 to 1."""
    low, high = bars.lowest(window), bars.highest(window)
    return k.ratio(bars.close - low, high - low)


def true_strength(bars: Bars) -> Matrix:
    moves = k.change(bars.close, 1)
    return 100 * k.ratio(k.ema(k.ema(moves, 25), 13), k.ema(k.ema(np.abs(moves), 25), 13))


def ultimate(bars: Bars) -> Matrix:
    pressure, span = bars.close - np.minimum(bars.low, bars.previous_close), bars.true_range
    parts = (k.ratio(k.rolling_mean(pressure, n), k.rolling_mean(span, n)) for n in (7, 14, 28))
    return 100 * sum((w * part for w, part in zip((4, 2, 1), parts, strict=True)), np.zeros_like(span)) / 7


def awesome(bars: Bars) -> Matrix:
    middle = (bars.high + bars.low) / 2
    slow = k.rolling_mean(middle, 34)
    return 100 * k.ratio(k.rolling_mean(middle, 5) - slow, slow)


def ppo(x: Matrix) -> Matrix:
    """Percentage distance of the 12-day from the 26-day exponential mean."""
    fast, slow = k.ema(x, 12), k.ema(x, 26)
    return 100 * k.ratio(fast - slow, slow)


def ppo_line(bars: Bars) -> Matrix:
    return ppo(bars.close)


def histogram(bars: Bars) -> Matrix:
    line = bars.share(ppo_line)
    return line - k.ema(line, 9)


def rate_of_change(bars: Bars, days: int) -> Matrix:
    return 100 * (k.ratio(bars.close, k.shift(bars.close, days)) - 1)


def know_sure_thing(bars: Bars) -> Matrix:
    parts = ((1, 10, 10), (2, 15, 10), (3, 20, 10), (4, 30, 15))
    return sum(
        (weight * k.rolling_mean(rate_of_change(bars, days), smooth) for weight, days, smooth in parts),
        np.zeros_like(bars.close),
    )


def chande(bars: Bars, window: int = 20) -> Matrix:
    return 100 * k.ratio(k.rolling_mean(bars.moves, window), k.rolling_mean(np.abs(bars.moves), window))


def kaufman_distance(bars: Bars) -> Matrix:
    """Log distance from Kaufman's adaptive mean, its memory cut at 100 days: the original one never forgets."""
    moves = k.rolling_mean(np.abs(k.change(bars.close, 1)), 10) * 10
    efficiency = np.clip(k.ratio(np.abs(k.change(bars.close, 10)), moves), 0, 1)
    gain = (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2
    return k.log(k.ratio(bars.close, k.adaptive_mean(bars.close, gain, 100))) + 0 * efficiency


MOMENTUM = (
    Indicator(
        "rsi_14", "100 x U / (U + D), U and D Wilder means of daily rises and falls over 14 days", 14, 15, "close", 100,
        "overbought (RSI)", "oversold (RSI)", lambda b: b.share(rsi), ta("momentum.RSIIndicator.rsi"),
    ),
    Indicator(
        "stochastic_rsi", "place of RSI 14 in its own 14-day range, mean of 3 days", 14, 30, "close", 1,
        "RSI near the top of its range", "RSI near the bottom of its range",
        stochastic_rsi, ta("momentum.StochRSIIndicator.stochrsi_k"),
    ),
    Indicator(
        "stochastic_k_14", "100 x (close - lowest low) / (highest high - lowest low), 14 days", 14, 14, "range", 100,
        "close near its two-week high", "close near its two-week low",
        lambda b: 100 * position(b, 14), ta("momentum.StochasticOscillator.stoch"),
    ),
    Indicator(
        "stochastic_d_14", "3-day mean of the 14-day stochastic", 14, 16, "range", 100,
        "near its two-week high for days", "near its two-week low for days",
        lambda b: k.rolling_mean(100 * position(b, 14), 3), ta("momentum.StochasticOscillator.stoch_signal"),
    ),
    Indicator(
        "williams_r_28", "-100 x (highest high - close) / (highest high - lowest low), 28 days", 28, 28, "range", 100,
        "close near its four-week high", "close near its four-week low",
        lambda b: 100 * (position(b, 28) - 1), ta("momentum.WilliamsRIndicator.williams_r", lbp=28),
    ),
    Indicator(
        "true_strength", "100 x twice-smoothed (25, 13) daily change / the same of its size", 25, 38, "close", 100,
        "steady buying (TSI)", "steady selling (TSI)", true_strength, ta("momentum.TSIIndicator.tsi"),
    ),
    Indicator(
        "ultimate_oscillator", "buying pressure / true range over 7, 14 and 28 days, weighted 4:2:1", 28, 29, "range",
        100, "closes near the day's highs", "closes near the day's lows",
        ultimate, ta("momentum.UltimateOscillator.ultimate_oscillator"),
    ),
    Indicator(
        "awesome_oscillator", "100 x (5-day mean of mid price / 34-day mean - 1)", 34, 34, "range", 10,
        "above its recent middle", "below its recent middle", awesome,
        lambda f: 100 * ta("momentum.AwesomeOscillatorIndicator.awesome_oscillator")(f)
        / ((f["high"] + f["low"]) / 2).rolling(34).mean(),
    ),
    Indicator(
        "ppo_12_26", "100 x (12-day / 26-day exponential mean - 1)", 26, 26, "close", 10,
        "short trend above long (PPO)", "short trend below long (PPO)",
        lambda b: b.share(ppo_line), ta("momentum.PercentagePriceOscillator.ppo"),
    ),
    Indicator(
        "ppo_histogram", "PPO minus its 9-day exponential mean (MACD histogram over price)", 26, 34, "close", 10,
        "momentum picking up (MACD)", "momentum fading (MACD)",
        histogram, ta("momentum.PercentagePriceOscillator.ppo_hist"),
    ),
    Indicator(
        "roc_12", "100 x (close / close 12 days ago - 1)", 12, 13, "close", 10, "rose in twelve days",
        "fell in twelve days", lambda b: rate_of_change(b, 12), ta("momentum.ROCIndicator.roc"),
        cross_section=False,  # the 14-day return says the same
    ),
    # `ta` fills the days before its first value with the mean of the whole series, future included: no reference
    Indicator(
        "know_sure_thing", "rates of change over 10, 15, 20, 30 days, smoothed, weighted 1:2:3:4", 30, 44, "close", 100,
        "broad momentum up (KST)", "broad momentum down (KST)", know_sure_thing,
    ),
    # `ta` has no Chande oscillator
    Indicator(
        "chande_momentum_20", "100 x sum of daily log changes / sum of their sizes, 20 days", 20, 21, "close", 100,
        "more rises than falls", "more falls than rises", chande,
    ),
    # `ta`'s version never forgets its start and stays empty for ever after one gap: no reference
    Indicator(
        "kama_distance", "log distance of the close from Kaufman's adaptive mean (10, 2, 30), 100 days of memory", 10,
        100, "close", 0.1, "above its adaptive mean", "below its adaptive mean", kaufman_distance,
    ),
)  # fmt: skip
