"""Our outputs as TA-Lib computes them, token by token, for those that are one or two of its functions.

TA-Lib is the aim, not the kernel: it updates running sums, which remember a price a million times higher for ever, and
after one missing day its smoothers answer 0 or nothing, so neither contract of our indicators would hold.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Bar = Mapping[str, Any]  # one token: open, high, low, close, volume and log_high, log_low, log_close, each contiguous
Function = Callable[[Bar], Any]
CLOSE, BARS, LOGS = ("close",), ("high", "low", "close"), ("log_high", "log_low", "log_close")


def load() -> Any | None:
    """The library, None where it is not installed."""
    try:
        return importlib.import_module("talib")
    except ImportError:
        return None


def table(talib: Any) -> dict[str, Function]:
    """{our name: its value of one token's bar}."""
    return {**_single(talib), **_of_means(talib), **_of_ranges(talib)}


def _single(t: Any) -> dict[str, Function]:
    def one(name: str, fields: tuple[str, ...], *settings: float, pick: int | None = None) -> Function:
        function = getattr(t, name)

        def call(bar: Bar) -> Any:
            values = function(*(bar[field] for field in fields), *settings)
            return values if pick is None else values[pick]

        return call

    return {
        "rsi_14": one("RSI", CLOSE, 14),
        "stochastic_k_14": one("STOCHF", BARS, 14, 3, pick=0),
        "stochastic_d_14": one("STOCHF", BARS, 14, 3, pick=1),
        "williams_r_28": one("WILLR", BARS, 28),
        "ultimate_oscillator": one("ULTOSC", BARS, 7, 14, 28),
        "ppo_12_26": one("PPO", CLOSE, 12, 26, 1),
        "roc_12": one("ROC", CLOSE, 12),
        "adx_14": one("ADX", LOGS, 14),
        "di_plus_14": one("PLUS_DI", LOGS, 14),
        "di_minus_14": one("MINUS_DI", LOGS, 14),
        "aroon_up_25": one("AROON", ("high", "low"), 25, pick=1),
        "aroon_down_25": one("AROON", ("high", "low"), 25, pick=0),
        "cci_20": one("CCI", BARS, 20),
        "trix_15": one("TRIX", CLOSE, 15),
        "atr_pct_14": one("NATR", BARS, 14),
        "volume_oscillator": one("PPO", ("volume",), 12, 26, 1),
    }


def _of_means(t: Any) -> dict[str, Function]:
    def histogram(bar: Bar) -> Any:
        line = t.PPO(bar["close"], 12, 26, 1)
        return line - t.EMA(line, 9)

    def place(bar: Bar) -> Any:
        top, _, bottom = t.BBANDS(bar["close"], 20, 2, 2)
        return (bar["close"] - bottom) / (top - bottom)

    def width(bar: Bar) -> Any:
        top, mean, bottom = t.BBANDS(bar["close"], 20, 2, 2)
        return 100 * (top - bottom) / mean

    return {
        "ppo_histogram": histogram,
        "bollinger_b_20": place,
        "bollinger_width_20": width,
        "sma_distance_50": lambda bar: np.log(bar["close"] / t.SMA(bar["close"], 50)),
        "sma_distance_200": lambda bar: np.log(bar["close"] / t.SMA(bar["close"], 200)),
        "ema_distance_20": lambda bar: np.log(bar["close"] / t.EMA(bar["close"], 20)),
        "wma_distance_9": lambda bar: np.log(bar["close"] / t.WMA(bar["close"], 9)),
    }


def _of_ranges(t: Any) -> dict[str, Function]:
    def place(bar: Bar) -> Any:
        top, bottom = t.MAX(bar["high"], 55), t.MIN(bar["low"], 55)
        return (bar["close"] - bottom) / (top - bottom)

    def width(bar: Bar) -> Any:
        return 100 * (t.MAX(bar["high"], 20) - t.MIN(bar["low"], 20)) / t.SMA(bar["close"], 20)

    def cross(bar: Bar) -> Any:
        return np.log(t.MIDPRICE(bar["high"], bar["low"], 9) / t.MIDPRICE(bar["high"], bar["low"], 26))

    return {"donchian_position_55": place, "donchian_width_20": width, "ichimoku_cross": cross}
