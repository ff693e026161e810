"""Indicators of trend: its direction, its strength, and the distance from its means."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine import kernels as k
from engine.indicators.bars import Bars, Indicator
from engine.indicators.reference import ln, on_logs, ta
from engine.panel import Matrix


def directional(bars: Bars, window: int = 14) -> tuple[Matrix, Matrix]:
    """Wilder's +DI and -DI on log prices, where a price a million times higher is forgotten within 400 days."""
    bars = replace(bars, high=k.log(bars.high), low=k.log(bars.low), close=bars.logs)
    up, down = k.change(bars.high, 1), -k.change(bars.low, 1)
    known = 0 * (up + down)
    rise = np.where((up > down) & (up > 0), up, 0.0) + known
    fall = np.where((down > up) & (down > 0), down, 0.0) + known
    span = k.wilder(bars.true_range + known, window)
    return 100 * k.ratio(k.wilder(rise, window), span), 100 * k.ratio(k.wilder(fall, window), span)


def adx(bars: Bars) -> Matrix:
    up, down = bars.share(directional)
    return k.wilder(100 * k.ratio(np.abs(up - down), up + down), 14)


def vortex(bars: Bars, window: int = 14) -> tuple[Matrix, Matrix]:
    """+VI and -VI."""
    span = k.rolling_mean(bars.true_range, window)
    up = k.rolling_mean(np.abs(bars.high - k.shift(bars.low, 1)), window)
    down = k.rolling_mean(np.abs(bars.low - k.shift(bars.high, 1)), window)
    return k.ratio(up, span), k.ratio(down, span)


def commodity_channel(bars: Bars) -> Matrix:
    price = bars.typical
    return k.ratio(price - k.rolling_mean(price, 20), 0.015 * k.rolling_mad(price, 20))


def trix(bars: Bars) -> Matrix:
    smooth = k.ema(k.ema(k.ema(bars.close, 15), 15), 15)
    return 100 * k.ratio(k.change(smooth, 1), k.shift(smooth, 1))


def detrended(bars: Bars) -> Matrix:
    mean = bars.mean_close(20)
    return 100 * k.ratio(k.shift(bars.close, 11) - mean, mean)


def mid_range(bars: Bars, window: int) -> Matrix:
    return (bars.highest(window) + bars.lowest(window)) / 2


def cloud_distance(bars: Bars) -> Matrix:
    lead_a = (mid_range(bars, 9) + mid_range(bars, 26)) / 2
    return k.log(k.ratio(bars.close, (lead_a + mid_range(bars, 52)) / 2))


def distance(bars: Bars, mean: Matrix) -> Matrix:
    """Log distance of the close from a mean of it."""
    return k.log(k.ratio(bars.close, mean))


def efficiency(bars: Bars, window: int = 20) -> Matrix:
    return k.ratio(np.abs(k.rolling_mean(bars.moves, window)), k.rolling_mean(np.abs(bars.moves), window))


def line(bars: Bars) -> tuple[Matrix, Matrix]:
    """Slope and fit of a straight line through 60 log closes."""
    return k.rolling_trend(bars.logs, 60)


def choppiness(bars: Bars, window: int = 14) -> Matrix:
    reach = bars.highest(window) - bars.lowest(window)
    crossed: Matrix = k.log(k.ratio(k.rolling_sum(bars.true_range, window), reach))
    return crossed * (100 / math.log(window))


TREND = (
    Indicator(
        "adx_14", "Wilder mean of 100 x |+DI - -DI| / (+DI + -DI), 14 days, log prices", 14, 28, "range", 100,
        "strong trend, up or down (ADX)", "no trend (ADX)", adx, on_logs(ta("trend.ADXIndicator.adx")),
    ),
    Indicator(
        "di_plus_14", "100 x Wilder mean of upward range expansion / true range, 14 days, log prices", 14, 15,
        "range", 100, "new highs by wide margins", "few new highs",
        lambda b: b.share(directional)[0], on_logs(ta("trend.ADXIndicator.adx_pos")),
    ),
    Indicator(
        "di_minus_14", "100 x Wilder mean of downward range expansion / true range, 14 days, log prices", 14, 15,
        "range", 100, "new lows by wide margins", "few new lows",
        lambda b: b.share(directional)[1], on_logs(ta("trend.ADXIndicator.adx_neg")),
    ),
    Indicator(
        "vortex_14", "+VI minus -VI over 14 days", 14, 15, "range", 1, "upward pull (vortex)",
        "downward pull (vortex)", lambda b: np.subtract(*vortex(b)), ta("trend.VortexIndicator.vortex_indicator_diff"),
    ),
    Indicator(
        "aroon_up_25", "100 x place of the highest high among 26 days (100 is today)", 25, 26, "range", 100,
        "fresh high within weeks (Aroon)", "its high lies weeks back (Aroon)",
        lambda b: 4 * k.rolling_argmax(b.high, 26), ta("trend.AroonIndicator.aroon_up"),
    ),
    Indicator(
        "aroon_down_25", "100 x place of the lowest low among 26 days (100 is today)", 25, 26, "range", 100,
        "fresh low within weeks (Aroon)", "its low lies weeks back (Aroon)",
        lambda b: 4 * k.rolling_argmin(b.low, 26), ta("trend.AroonIndicator.aroon_down"),
    ),
    Indicator(
        "cci_20", "(typical price - its 20-day mean) / (0.015 x mean absolute deviation)", 20, 20, "range", 100,
        "far above its usual price (CCI)", "far below its usual price (CCI)",
        commodity_channel, ta("trend.CCIIndicator.cci"),
    ),
    Indicator(
        "trix_15", "daily % change of the thrice-smoothed 15-day exponential mean", 15, 44, "close", 1,
        "smoothed trend rising (TRIX)", "smoothed trend falling (TRIX)", trix, ta("trend.TRIXIndicator.trix"),
    ),
    Indicator(
        "detrended_20", "100 x (close 11 days ago / 20-day mean - 1)", 20, 20, "close", 10,
        "stood above its mean eleven days ago", "stood below its mean eleven days ago", detrended,
        lambda f: 100 * ta("trend.DPOIndicator.dpo")(f) / ta("trend.SMAIndicator.sma_indicator", window=20)(f),
    ),
    Indicator(
        "sma_distance_50", "log(close / 50-day mean)", 50, 50, "close", 0.1, "above its 50-day mean",
        "below its 50-day mean", lambda b: distance(b, b.mean_close(50)),
        lambda f: ln(f["close"]) - ln(ta("trend.SMAIndicator.sma_indicator", window=50)(f)),
    ),
    Indicator(
        "sma_distance_200", "log(close / 200-day mean)", 200, 200, "close", 0.1, "above its 200-day mean",
        "below its 200-day mean", lambda b: distance(b, b.mean_close(200)),
        lambda f: ln(f["close"]) - ln(ta("trend.SMAIndicator.sma_indicator", window=200)(f)),
    ),
    Indicator(
        "ema_distance_20", "log(close / 20-day exponential mean)", 20, 20, "close", 0.1,
        "above its 20-day average", "below its 20-day average", lambda b: distance(b, k.ema(b.close, 20)),
        lambda f: ln(f["close"]) - ln(ta("trend.EMAIndicator.ema_indicator", window=20)(f)),
    ),
    Indicator(
        "wma_distance_9", "log(close / 9-day linearly weighted mean)", 9, 9, "close", 0.1,
        "above its last days' average", "below its last days' average",
        lambda b: distance(b, k.weighted_mean(b.close, 9)),
        lambda f: ln(f["close"]) - ln(ta("trend.WMAIndicator.wma", window=9)(f)),
    ),
    Indicator(
        "ichimoku_cross", "log(middle of the 9-day range / middle of the 26-day range)", 26, 26, "range", 0.1,
        "short range above long range", "short range below long range",
        lambda b: k.log(k.ratio(mid_range(b, 9), mid_range(b, 26))),
        lambda f: ln(ta("trend.IchimokuIndicator.ichimoku_conversion_line")(f))
        - ln(ta("trend.IchimokuIndicator.ichimoku_base_line")(f)),
    ),
    # the cloud as it forms today; drawn 26 days ahead it would hold no other numbers
    Indicator(
        "ichimoku_cloud", "log(close / middle of the two leading spans (9, 26, 52))", 52, 52, "range", 0.1,
        "above the cloud (Ichimoku)", "below the cloud (Ichimoku)", cloud_distance,
        lambda f: ln(f["close"])
        - ln(
            (ta("trend.IchimokuIndicator.ichimoku_a")(f) + ta("trend.IchimokuIndicator.ichimoku_b")(f)) / 2
        ),
    ),
    # `ta` has none of the following
    Indicator(
        "trend_slope_60", "slope a day of a line through 60 log closes, x 60", 60, 60, "close", 0.1,
        "two-month trend up", "two-month trend down", lambda b: 60 * b.share(line)[0],
    ),
    Indicator(
        "trend_fit_60", "correlation of 60 log closes with time", 60, 60, "close", 1, "steady climb over two months",
        "steady slide over two months", lambda b: b.share(line)[1],
    ),
    Indicator(
        "efficiency_20", "|20-day log change| / sum of daily ones", 20, 21, "close", 1, "moved in a straight line",
        "moved back and forth", efficiency,
    ),
    Indicator(
        "choppiness_14", "100 x log(sum of true ranges / range of the window) / log 14", 14, 15, "range", 100,
        "choppy trading", "trending trading", choppiness,
    ),
)  # fmt: skip
