"""The technical family: every indicator meant for comparing tokens, as a feature of the same name."""

from __future__ import annotations

from engine.features.feature import Feature
from engine.indicators import INDICATORS, Indicator, compute


def _feature(indicator: Indicator) -> Feature:
    return Feature(
        name=indicator.name,
        family="technical",
        scope="token",
        formula=indicator.formula,
        window=indicator.window,
        unit="index",
        source="candles",
        up=indicator.up,
        down=indicator.down,
        compute=lambda m: compute(indicator, m.bars),
        scale=indicator.scale,
    )


TECHNICAL = tuple(_feature(indicator) for indicator in INDICATORS.values() if indicator.cross_section)
