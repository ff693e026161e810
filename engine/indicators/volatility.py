"""Indicators of volatility: how wide the price swings, and where in its channel it stands."""

from __future__ import annotations

import math

import numpy as np

from engine import kernels as k
from engine.indicators.bars import Bars, Indicator
from engine.indicators.momentum import position
from engine.indicators.reference import ta
from engine.panel import Matrix


def bollinger(bars: Bars, window: int = 20) -> tuple[Matrix, Matrix]:
    """%b and width in % of the mean; the deviation is taken in two passes, prices may move by orders of magnitude."""
    mean, spread = bars.mean_close(window), 2 * k.rolling_std(bars.close, window, ddof=0)
    return k.ratio(bars.close - mean + spread, 2 * spread), 200 * k.ratio(spread, mean)


def keltner(bars: Bars, window: int = 20) -> tuple[Matrix, Matrix]:
    """Position in the original channel (means of typical price and of the range) and its width in %."""
    middle, reach = k.rolling_mean(bars.typical, window), k.rolling_mean(bars.high - bars.low, window)
    return k.ratio(bars.close - middle + reach, 2 * reach), 200 * k.ratio(reach, middle)


def donchian_width(bars: Bars, window: int = 20) -> Matrix:
    return 100 * k.ratio(bars.highest(window) - bars.lowest(window), bars.mean_close(window))


def ulcer(bars: Bars, window: int = 14) -> Matrix:
    high = k.rolling_max(bars.close, window)
    return np.sqrt(k.rolling_mean((100 * k.ratio(bars.close - high, high)) ** 2, window))


def mass(bars: Bars) -> Matrix:
    once = k.ema(bars.high - bars.low, 9)
    return k.rolling_sum(k.ratio(once, k.ema(once, 9)), 25)


def parkinson(bars: Bars, window: int = 20) -> Matrix:
    reach = k.log(k.ratio(bars.high, bars.low))
    return np.sqrt(k.rolling_mean(reach**2, window) / (4 * math.log(2)))


VOLATILITY = (
    Indicator(
        "bollinger_b_20", "(close - lower band) / (upper - lower), bands 2 deviations around the 20-day mean", 20, 20,
        "close", 1, "near its upper Bollinger band", "near its lower Bollinger band",
        lambda b: b.share(bollinger)[0], ta("volatility.BollingerBands.bollinger_pband"),
    ),
    Indicator(
        "bollinger_width_20", "100 x 4 deviations / 20-day mean", 20, 20, "close", 10, "wide swings (Bollinger)",
        "narrow swings (Bollinger)", lambda b: b.share(bollinger)[1], ta("volatility.BollingerBands.bollinger_wband"),
    ),
    Indicator(
        "keltner_position_20", "(close - lower line) / (upper - lower) of the 20-day Keltner channel", 20, 20, "range",
        1, "above its usual channel (Keltner)", "below its usual channel (Keltner)",
        lambda b: b.share(keltner)[0], ta("volatility.KeltnerChannel.keltner_channel_pband"),
    ),
    Indicator(
        "keltner_width_20", "100 x width of the 20-day Keltner channel / its middle", 20, 20, "range", 10,
        "wide daily ranges", "narrow daily ranges",
        lambda b: b.share(keltner)[1], ta("volatility.KeltnerChannel.keltner_channel_wband"),
        cross_section=False,  # ranks tokens as Parkinson volatility does (rank correlation 0.98)
    ),
    Indicator(
        "donchian_position_55", "(close - lowest low) / (highest high - lowest low), 55 days", 55, 55, "range", 1,
        "close near its two-month high", "close near its two-month low", lambda b: position(b, 55),
        ta("volatility.DonchianChannel.donchian_channel_pband", window=55),
    ),
    Indicator(
        "donchian_width_20", "100 x (highest high - lowest low) / mean close, 20 days", 20, 20, "range", 10,
        "wide range this month", "narrow range this month",
        donchian_width, ta("volatility.DonchianChannel.donchian_channel_wband"),
    ),
    Indicator(
        "atr_pct_14", "100 x Wilder mean of the true range / close, 14 days", 14, 15, "range", 10,
        "swings more than its peers (ATR)", "swings less than its peers (ATR)",
        lambda b: 100 * k.ratio(k.wilder(b.true_range, 14), b.close),
        lambda f: 100 * ta("volatility.AverageTrueRange.average_true_range")(f) / f["close"],
    ),
    Indicator(
        "ulcer_14", "root mean square of the % distance below the 14-day high", 14, 27, "close", 10,
        "deep recent falls (Ulcer)", "shallow recent falls (Ulcer)",
        ulcer, ta("volatility.UlcerIndex.ulcer_index"),
    ),
    Indicator(
        "mass_index", "25-day sum of the 9-day exponential mean of the range over that mean smoothed again", 25, 41,
        "range", 25, "ranges widening", "ranges shrinking", mass, ta("trend.MassIndex.mass_index"),
    ),
    # `ta` has no Parkinson volatility
    Indicator(
        "parkinson_20", "root of mean (log high / low)^2 / (4 log 2), 20 days", 20, 20, "range", 0.1,
        "wild within the day", "calm within the day", parkinson,
    ),
)  # fmt: skip
