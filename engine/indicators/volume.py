"""Indicators of volume: whether money went with the price, in windows, because running totals depend on their start."""

from __future__ import annotations

import numpy as np

from engine import kernels as k
from engine.indicators.bars import Bars, Indicator
from engine.indicators.momentum import ppo
from engine.indicators.reference import ln, ta
from engine.panel import Matrix


def money_flow(bars: Bars, window: int = 14) -> Matrix:
    moves = k.change(bars.typical, 1)
    flow = bars.volume + 0 * moves
    rise, fall = k.rolling_mean(flow * (moves > 0), window), k.rolling_mean(flow * (moves < 0), window)
    return 100 * k.ratio(rise, rise + fall)


def chaikin(bars: Bars, window: int = 20) -> Matrix:
    span = bars.high - bars.low
    place = np.where(span == 0, 0.0, k.ratio(2 * bars.close - bars.low - bars.high, span))
    return share_of_volume(place, bars.volume, window)


def share_of_volume(side: Matrix, volume: Matrix, window: int) -> Matrix:
    """Volume-weighted mean of `side` over a window."""
    volume = volume + 0 * side
    return k.ratio(k.rolling_mean(side * volume, window), k.rolling_mean(volume, window))


def force(bars: Bars) -> Matrix:
    push = bars.moves * bars.volume
    return 100 * k.ratio(k.ema(push, 13), k.ema(bars.volume, 13))


def ease_of_movement(bars: Bars, window: int = 14) -> Matrix:
    drift = k.change((bars.high + bars.low) / 2, 1) / bars.close
    reach = (bars.high - bars.low) / bars.close
    usual = k.ratio(k.rolling_mean(bars.volume, window), bars.volume)
    return 100 * k.rolling_mean(drift * reach * usual, window)


def negative_volume(bars: Bars, window: int = 20) -> Matrix:
    quieter = k.change(bars.volume, 1)
    return k.rolling_sum(np.where(quieter < 0, bars.moves, 0.0) + 0 * quieter, window)


def vwap_distance(bars: Bars, window: int = 14) -> Matrix:
    """Log distance from the volume-weighted typical price; weights are units traded, USD volume / price."""
    units = bars.volume / bars.typical
    return k.log(k.ratio(bars.close, k.ratio(k.rolling_mean(bars.volume + 0 * units, window),
                                             k.rolling_mean(units, window))))  # fmt: skip


VOLUME = (
    Indicator(
        "money_flow_14", "100 x volume on days of a rising typical price / volume on rising and falling ones, 14 days",
        14, 15, "volume", 100, "money flows in (MFI)", "money flows out (MFI)", money_flow,
        lambda f: ta("volume.MFIIndicator.money_flow_index")(
            f.assign(volume=f["volume"] / ((f["high"] + f["low"] + f["close"]) / 3))
        ),
    ),
    Indicator(
        "chaikin_flow_20", "volume-weighted mean place of the close in the day's range, -1 to 1, 20 days", 20, 20,
        "volume", 1, "bought into the close (Chaikin)", "sold into the close (Chaikin)",
        chaikin, ta("volume.ChaikinMoneyFlowIndicator.chaikin_money_flow"),
    ),
    Indicator(
        "force_13", "100 x 13-day exponential mean of log return x volume / that of volume", 13, 14, "volume", 1,
        "rises on heavy volume (force)", "falls on heavy volume (force)", force,
        lambda f: 100
        * ta("volume.ForceIndexIndicator.force_index")(f.assign(close=ln(f["close"])))
        / ta("trend.EMAIndicator.ema_indicator", window=13)(f.assign(close=f["volume"])),
    ),
    Indicator(
        "ease_of_movement_14", "100 x mean of mid-price change x range / relative volume, 14 days", 14, 27, "volume",
        1, "rises on little volume", "falls on little volume", ease_of_movement,
        lambda f: (
            100
            * ta("volume.EaseOfMovementIndicator.ease_of_movement")(f) / 1e8
            * f["volume"].rolling(14).mean() / f["close"] ** 2
        ).rolling(14).mean(),
    ),
    Indicator(
        "price_volume_trend_20", "100 x volume-weighted mean of daily returns, 20 days", 20, 21, "volume", 1,
        "volume came on rising days", "volume came on falling days",
        lambda b: 100 * share_of_volume(k.ratio(b.close, b.previous_close) - 1, b.volume, 20),
        lambda f: 100 * ta("volume.VolumePriceTrendIndicator.volume_price_trend")(f).diff(20)
        / f["volume"].rolling(20).sum(),
    ),
    Indicator(
        "negative_volume_20", "sum of log returns on days of shrinking volume, 20 days", 20, 21, "volume", 0.1,
        "rose on quiet days", "fell on quiet days", negative_volume,
        lambda f: ln(ta("volume.NegativeVolumeIndexIndicator.negative_volume_index")(f)).diff(20),
    ),
    Indicator(
        "volume_oscillator", "100 x (12-day / 26-day exponential mean of volume - 1)", 26, 26, "volume", 10,
        "volume rising", "volume drying up", lambda b: ppo(b.volume), ta("momentum.PercentageVolumeOscillator.pvo"),
    ),
    Indicator(
        "vwap_distance_14", "log(close / volume-weighted typical price of 14 days)", 14, 14, "volume", 0.1,
        "above what buyers paid", "below what buyers paid", vwap_distance,
        lambda f: ln(f["close"]) - ln(
            ta("volume.VolumeWeightedAveragePrice.volume_weighted_average_price")(
                f.assign(volume=f["volume"] / ((f["high"] + f["low"] + f["close"]) / 3))
            )
        ),
    ),
    # `ta` books the volume of an unchanged close as buying: no reference
    Indicator(
        "on_balance_20", "volume-weighted mean of the direction of the close, 20 days", 20, 21, "volume", 1,
        "volume on up days (OBV)", "volume on down days (OBV)",
        lambda b: share_of_volume(np.sign(k.change(b.close, 1)), b.volume, 20),
    ),
)  # fmt: skip
