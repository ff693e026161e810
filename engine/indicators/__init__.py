"""The technical indicators, one table entry each, computed for the whole panel at once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.indicators.bars import Bars, Indicator, compute
from engine.indicators.momentum import MOMENTUM
from engine.indicators.trend import TREND
from engine.indicators.volatility import VOLATILITY
from engine.indicators.volume import VOLUME
from engine.panel import Matrix

__all__ = ["INDICATORS", "Bars", "Indicator", "compute", "compute_indicators"]

INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {indicator.name: indicator for indicator in (*MOMENTUM, *TREND, *VOLATILITY, *VOLUME)}
)


def compute_indicators(bars: Bars, indicators: Mapping[str, Indicator] = INDICATORS) -> dict[str, Matrix]:
    """Values of every indicator, float64 (dates, tokens)."""
    return {name: compute(indicator, bars) for name, indicator in indicators.items()}
