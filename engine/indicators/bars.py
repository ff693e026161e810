"""What an indicator sees, what an indicator is, and how one is computed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from engine import kernels
from engine.panel import Matrix, Panel

if TYPE_CHECKING:
    import pandas as pd

EVERY = slice(None)  # token of a panel

Reference = Callable[["pd.DataFrame"], "pd.Series[float]"]
Shared = TypeVar("Shared")


@dataclass(frozen=True, eq=False)
class Bars:
    """Daily bars, float64 (dates, tokens), NaN where not observed; `volume` in USD of one venue.

    High and low are NaN on days whose range is understated. `venue_days` counts the days since volume last came from
    another venue (inf: never), because the levels of two venues are not comparable. What several indicators read is
    computed once and kept.
    """

    open: Matrix
    high: Matrix
    low: Matrix
    close: Matrix
    volume: Matrix
    venue_days: Matrix

    @classmethod
    def of(cls, panel: Panel, columns: slice = EVERY) -> Bars:
        """Read a panel's bars, of some of its tokens or all, blanking what its flags say is not comparable."""
        estimated, volume = panel.estimated[:, columns], panel.volume[:, columns]
        return cls(
            open=np.ascontiguousarray(panel.open[:, columns]),
            high=np.where(estimated, np.nan, panel.high[:, columns]),
            low=np.where(estimated, np.nan, panel.low[:, columns]),
            close=np.ascontiguousarray(panel.close[:, columns]),
            volume=np.where(volume > 0, volume, np.nan),
            venue_days=kernels.run_length(panel.venue[:, columns]),
        )

    @cached_property
    def typical(self) -> Matrix:
        """(high + low + close) / 3, USD."""
        return (self.high + self.low + self.close) / 3.0

    @cached_property
    def previous_close(self) -> Matrix:
        return kernels.shift(self.close, 1)

    @cached_property
    def true_range(self) -> Matrix:
        """Range of the day with yesterday's close in it, USD."""
        before = self.previous_close
        return np.maximum(self.high, before) - np.minimum(self.low, before)

    @cached_property
    def gap(self) -> Matrix:
        """0 on days with a candle, NaN on those without."""
        return 0.0 * self.close

    @cached_property
    def logs(self) -> Matrix:
        """Natural logarithm of the close."""
        return kernels.log(self.close)

    @cached_property
    def moves(self) -> Matrix:
        """Daily log return, NaN unless both days were observed."""
        return kernels.change(self.logs, 1)

    def highest(self, window: int) -> Matrix:
        """Highest high of the window, USD."""
        return self._once(("highest", window), lambda: kernels.rolling_max(self.high, window))

    def lowest(self, window: int) -> Matrix:
        """Lowest low of the window, USD."""
        return self._once(("lowest", window), lambda: kernels.rolling_min(self.low, window))

    def mean_close(self, window: int) -> Matrix:
        """Mean close of the window, USD."""
        return self._once(("mean close", window), lambda: kernels.rolling_mean(self.close, window))

    def share(self, make: Callable[[Bars], Shared]) -> Shared:
        """What `make` computes from these bars, for the indicators that are two sides of one thing."""
        return self._once(make, lambda: make(self))

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        return {}

    def _once(self, key: Hashable, make: Callable[[], Shared]) -> Shared:
        if key not in self._kept:
            self._kept[key] = make()
        kept: Shared = self._kept[key]
        return kept


@dataclass(frozen=True)
class Indicator:
    """One technical indicator, scale-free so that tokens compare.

    `window` is its nominal length and `warmup` the observed days it needs before its first value. `reference` is the
    same thing as the library `ta` computes it on one token's frame (open, high, low, close, volume), None where `ta`
    has none or an unsound one. `scale` is the natural size of its values, for comparing two computations.
    `cross_section` False keeps one that repeats another out of the features. `up` and `down` say high and low in
    plain words.
    """

    name: str
    formula: str
    window: int
    warmup: int
    uses: Literal["close", "range", "volume"]
    scale: float
    up: str
    down: str
    compute: Callable[[Bars], Matrix]
    reference: Reference | None = None
    cross_section: bool = True


def compute(indicator: Indicator, bars: Bars) -> Matrix:
    """Values of one indicator, finite or NaN, and NaN on days without a candle or too soon after a change of venue."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        values = indicator.compute(bars) + bars.gap
    values[~np.isfinite(values)] = np.nan
    if indicator.uses == "volume":
        values[bars.venue_days < indicator.warmup] = np.nan
    return values
