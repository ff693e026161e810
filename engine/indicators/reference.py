"""Turns the name of a method of the library `ta` into a function of one token's frame, imported when first called."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

import numpy as np

from engine.indicators.bars import Reference

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("open", "high", "low", "close", "volume")


def ta(path: str, **settings: float) -> Reference:
    """Reference for `module.Class.method`, fed with those of the frame's columns that the class asks for."""
    module, name, method = path.split(".")

    def call(frame: pd.DataFrame) -> pd.Series[float]:
        maker = getattr(importlib.import_module(f"ta.{module}"), name)
        wanted = [c for c in inspect.signature(maker).parameters if c in COLUMNS]
        series: pd.Series[float] = getattr(maker(**{c: frame[c] for c in wanted}, **settings), method)()
        return series

    return call


def ln(series: pd.Series[float]) -> pd.Series[float]:
    """Natural logarithm of a series."""
    import pandas as pd

    return pd.Series(np.log(series.to_numpy(dtype=np.float64)), index=series.index)


def on_logs(reference: Reference) -> Reference:
    """The same reference, fed with logarithms of the prices."""

    def call(frame: pd.DataFrame) -> pd.Series[float]:
        return reference(frame.assign(**{name: ln(frame[name]) for name in COLUMNS[:4]}))

    return call
