"""The stablecoin leg: which coins wait, in what order, and how the share is spread over the sound ones."""

from __future__ import annotations

import numpy as np

from engine.level import CASH
from engine.model import TokenKind
from engine.panel import Panel

ORDER = ("USDC", "DAI", "USDT", "FDUSD", "TUSD", "USDP", "BUSD")
PEG = 0.01  # a stablecoin with a close further from 1 is not held
ROUNDING = 1e-9  # 1 - 0.99 is a little more than 0.01 to a computer
PEG_DAYS = 7  # for so many days after such a close
SPLIT = 0.30  # a larger leg is split over two coins


def off_peg(panel: Panel, symbol: str) -> float | None:
    """How far a stablecoin's last close stands off one dollar where that is too far (NaN: it printed none)."""
    column = panel.column(symbol)
    if column is None:
        return None
    close = float(panel.close[-1, column])
    return None if abs(close - 1) <= PEG + ROUNDING else close - 1


def sound_stablecoins(panel: Panel) -> list[str]:
    """Stablecoins with a close on the last day and none further than PEG from a dollar lately, the preferred first."""
    sound = []
    for symbol in ORDER:
        column = panel.column(symbol)
        if column is not None and panel.tokens[column].kind is TokenKind.STABLE:
            closes = panel.close[-PEG_DAYS:, column]
            known = closes[np.isfinite(closes)]
            if np.isfinite(closes[-1]) and (np.abs(known - 1) <= PEG + ROUNDING).all():
                sound.append(symbol)
    return sound


def spread(panel: Panel, share: float) -> dict[str, float]:
    """{symbol: weight} of a leg of `share`: one sound coin, two halves once the leg is large, plain cash for want."""
    if share <= 0:
        return {}
    parts = 2 if share > SPLIT else 1
    coins = [*sound_stablecoins(panel), CASH][:parts]
    return {symbol: share / len(coins) for symbol in coins}
