"""The stablecoin leg: which coins wait, in what order, and how the share is spread over the sound ones."""

from __future__ import annotations

import numpy as np

from engine.level import CASH
from engine.model import TokenKind
from engine.panel import Panel

ORDER = ("USDC", "DAI", "USDT", "FDUSD", "TUSD", "USDP", "BUSD")
PEG = 0.01  # a stablecoin whose last close stands further from 1 is not held
SPLIT = 0.30  # a larger leg is split over two coins


def sound_stablecoins(panel: Panel) -> list[str]:
    """Stablecoins with a close on the last day within PEG of one dollar, in the order of preference."""
    sound = []
    for symbol in ORDER:
        column = panel.column(symbol)
        if column is not None and panel.tokens[column].kind is TokenKind.STABLE:
            close = panel.close[-1, column]
            if np.isfinite(close) and abs(close - 1) <= PEG:
                sound.append(symbol)
    return sound


def spread(panel: Panel, share: float) -> dict[str, float]:
    """{symbol: weight} of a leg of `share`: one sound coin, two halves once the leg is large, else plain cash."""
    if share <= 0:
        return {}
    coins = sound_stablecoins(panel)[: 2 if share > SPLIT else 1] or [CASH]
    return {symbol: share / len(coins) for symbol in coins}
