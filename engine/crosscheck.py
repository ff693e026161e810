"""Holds our indicators to those of the library `ta` on a sample of real bars, every week before anything is said."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import CrossCheckFailed
from engine.indicators import INDICATORS, Bars, Indicator, compute
from engine.model import TokenKind
from engine.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

BARS = 400  # what every indicator must be able to forget its start within
SAMPLE = 5
TOLERANCE = 1e-6  # of the value, or of the indicator's natural scale where that is larger
STOP_AT = 3  # disagreeing indicators that stop publication
WIDEST = 1000.0  # highest / lowest close: beyond, the reference's own running sums lose their digits


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One indicator that disagrees with its reference, at the token where it does so first."""

    feature: str
    symbol: str
    ours: float
    reference: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """The sample of one date: the last 400 bars of some tokens."""

    as_of: dt.date
    symbols: tuple[str, ...]
    bars: Bars


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What was compared on which tokens, and what disagreed; no tokens where none had a whole history."""

    checked: tuple[str, ...]
    tokens: tuple[str, ...]
    failed: tuple[Mismatch, ...]


Compare = Callable[[Drawn, Mapping[str, Indicator]], list[Mismatch]]


def cross_check(
    panel: Panel, indicators: Mapping[str, Indicator] = INDICATORS, compare: Compare | None = None
) -> CrossCheck:
    """Compare the last value of every indicator that has a reference, on a sample drawn by the panel's date.

    `compare` is where that is done. CrossCheckFailed where three or more disagree; a smaller number is for the caller
    to drop.
    """
    sample = draw_sample(panel)
    comparable = {name: indicator for name, indicator in indicators.items() if indicator.reference is not None}
    drawn = Drawn(panel.as_of, tuple(panel.tokens[i].symbol for i in sample), last_bars(panel, sample))
    failed = (compare or find_mismatches)(drawn, comparable) if sample else []
    if len(failed) >= STOP_AT:
        names = ", ".join(mismatch.feature for mismatch in failed)
        raise CrossCheckFailed(
            f"{len(failed)} indicators disagree with their reference ({names}): nothing is published on "
            f"{panel.as_of}; reinstall the pinned versions of numpy, pandas and ta, then run the week again."
        )
    return CrossCheck(
        checked=tuple(comparable) if sample else (),
        tokens=drawn.symbols,
        failed=tuple(failed),
    )


def find_mismatches(drawn: Drawn, indicators: Mapping[str, Indicator] = INDICATORS) -> list[Mismatch]:
    """The indicators that disagree with their reference on a sample, each once."""
    return [mismatch for indicator in indicators.values() if (mismatch := _compare(indicator, drawn))]


def find_mismatches_apart(drawn: Drawn, indicators: Mapping[str, Indicator]) -> list[Mismatch]:
    """The same in a process of its own that ends: the reference's libraries would stay in memory, 70 MB.

    Only for indicators of the table, which the other process looks up by name.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_find_by_name, drawn, tuple(indicators)).result()


def _find_by_name(drawn: Drawn, names: Sequence[str]) -> list[Mismatch]:
    return find_mismatches(drawn, {name: INDICATORS[name] for name in names})


def draw_sample(panel: Panel) -> list[int]:
    """Columns of up to five coins whose last 400 bars are whole, measured and of one venue; the same for one date."""
    if len(panel.dates) < BARS:
        return []
    fit = [i for i, token in enumerate(panel.tokens) if token.kind is TokenKind.COIN and _is_whole(panel, i)]
    fit.sort(key=lambda i: panel.tokens[i].symbol)
    return random.Random(panel.as_of.toordinal()).sample(fit, min(SAMPLE, len(fit)))


def agree(ours: float, reference: float, scale: float) -> bool:
    """True where two values differ by no more than a millionth of the value or of its natural scale, or both lack."""
    if np.isnan(ours) or np.isnan(reference):
        return bool(np.isnan(ours) and np.isnan(reference))
    return abs(ours - reference) <= TOLERANCE * max(abs(ours), scale)


def _is_whole(panel: Panel, column: int) -> bool:
    last = slice(len(panel.dates) - BARS, None)
    fields = (panel.open, panel.high, panel.low, panel.close, panel.volume)
    bars = np.stack([field[last, column] for field in fields])
    venues = panel.venue[last, column]
    if panel.estimated[last, column].any() or (venues != venues[0]).any():
        return False
    if not (np.isfinite(bars) & (bars > 0)).all():
        return False
    close, moves = bars[3], np.diff(bars[3])
    return bool(close.max() < WIDEST * close.min() and (moves != 0).mean() > 0.9)


def last_bars(panel: Panel, columns: Sequence[int]) -> Bars:
    """The last 400 bars of some columns of a panel, as they stand."""

    def cut(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return matrix[-BARS:, columns]

    return Bars(
        open=cut(panel.open),
        high=cut(panel.high),
        low=cut(panel.low),
        close=cut(panel.close),
        volume=cut(panel.volume),
        venue_days=np.full((min(BARS, len(panel.dates)), len(columns)), np.inf),
    )


def _compare(indicator: Indicator, drawn: Drawn) -> Mismatch | None:
    ours = compute(indicator, drawn.bars)[-1]
    for j, symbol in enumerate(drawn.symbols):
        reference = _reference_value(indicator, _frame(drawn.bars, j, drawn.as_of))
        if not agree(float(ours[j]), reference, indicator.scale):
            return Mismatch(indicator.name, symbol, float(ours[j]), reference)
    return None


def _reference_value(indicator: Indicator, frame: pd.DataFrame) -> float:
    if indicator.reference is None:
        raise ValueError(f"{indicator.name} has no reference")
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(indicator.reference(frame).iloc[-1])
    return value if np.isfinite(value) else float("nan")


def _frame(bars: Bars, column: int, as_of: dt.date) -> pd.DataFrame:
    import pandas as pd

    days = pd.date_range(end=as_of - dt.timedelta(days=1), periods=len(bars.close))
    fields = ("open", "high", "low", "close", "volume")
    return pd.DataFrame({name: getattr(bars, name)[:, column] for name in fields}, index=days)
