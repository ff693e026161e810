"""What the classifiers learn from: features, universe and labels at every weekly instant of a panel.

Everything in a row of a Study is known at its instant, but for the labels, which carry the day they were complete.
A Study of a long panel cut at an instant is therefore the same as a Study made then, so a walk through history makes
one and cuts it many times.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features import FeatureTable, compute_features
from engine.model import TokenKind
from engine.panel import Matrix, Panel

WEEK, MONTH = 7, 28
HORIZONS = (WEEK, MONTH)  # days from the fill to the end of a label
EMBARGO = 6  # days between the end of the newest label that trains and the refit: neighbours in time know each other
NEUTRAL_BAND = 0.3  # of sigma x sqrt(horizon): inside it a token counts as neutral
SIGMA_DAYS = 30
UNIVERSE_RANK = 200
UNIVERSE_BARS = 60  # observed days before a token is learned from
VOLATILITIES = ("volatility_7d", "volatility_30d", "volatility_90d")  # what the whole history is asked for

Need = Callable[[Sequence[dt.date], NDArray[np.bool_], Mapping[int, Matrix]], int]  # dates, universe, forwards


def everything(dates: Sequence[dt.date], universe: NDArray[np.bool_], forwards: Mapping[int, Matrix]) -> int:
    """Every row's data points are needed."""
    return 0


@dataclass(frozen=True, eq=False)
class Study:
    """Weekly rows: `dates[i]` decides on features of the day before, fills at its close, is labelled 7 and 28 days on.

    Shapes (weeks, tokens): `universe` who is learned from and spoken of, `sigma` daily log deviation over 30 days,
    `forwards[h]` log return from the close of dates[i] to the close h days later, NaN where unknown.
    """

    panel: Panel
    dates: tuple[dt.date, ...]
    features: FeatureTable
    universe: NDArray[np.bool_]
    sigma: Matrix
    forwards: Mapping[int, Matrix]

    @property
    def forward(self) -> Matrix:
        """Log returns of the week ahead."""
        return self.forwards[WEEK]

    def week(self, date: dt.date) -> int:
        """Row of an instant; ValueError where the study does not hold it."""
        return self.dates.index(date)

    def complete_before(self, as_of: dt.date, horizon: int = WEEK, embargo: int = 0) -> NDArray[np.intp]:
        """Rows whose label was complete strictly before `as_of`, `embargo` days before: its last candle had closed."""
        return np.array(complete_rows(self.dates, as_of, horizon, embargo), dtype=np.intp)

    def outcomes(self, horizon: int = WEEK) -> NDArray[np.int8]:
        """0 bearish, 1 neutral, 2 bullish, -1 unknown; shape (weeks, tokens)."""
        with np.errstate(invalid="ignore"):
            z = self.forwards[horizon] / (NEUTRAL_BAND * self.sigma * np.sqrt(horizon))
            calls = np.where(z > 1, 2, np.where(z < -1, 0, 1))
        return np.where(np.isfinite(z), calls, -1).astype(np.int8)


def complete_rows(dates: Sequence[dt.date], as_of: dt.date, horizon: int, embargo: int = 0) -> list[int]:
    """The purge: which of the instants had labels complete `embargo` days before `as_of`."""
    reach = dt.timedelta(days=horizon + embargo)
    return [i for i, date in enumerate(dates) if date + reach < as_of]


def mondays(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every Monday from `first` to `last`, both inclusive."""
    start = first + dt.timedelta(days=-first.weekday() % 7)
    return [start + dt.timedelta(days=7 * i) for i in range(((last - start).days // 7) + 1)]


def build_study(
    panel: Panel, dropped: Collection[str] = (), extra: Sequence[dt.date] = (), need: Need = everything
) -> Study:
    """Make the study of every Monday the panel has the day before of, and of `extra` instants.

    `need` says from which row on all data points of tokens are kept; of earlier ones VOLATILITIES alone are.
    """
    first = panel.dates[0].item() + dt.timedelta(days=1)
    dates = tuple(sorted({*mondays(first, panel.as_of), *extra}))
    rows = [panel.row(date - dt.timedelta(days=1)) for date in dates]
    universe = _universe(panel)[rows]
    forwards = {horizon: _forward(panel, dates, horizon) for horizon in HORIZONS}
    return Study(
        panel=panel,
        dates=dates,
        features=compute_features(panel, rows, dropped, need(dates, universe, forwards), VOLATILITIES),
        universe=universe,
        sigma=_sigma(panel)[rows],
        forwards=forwards,
    )


def log_returns(panel: Panel) -> Matrix:
    """Daily log returns between consecutive observed days, NaN across a gap; shape (dates, tokens)."""
    logs = np.log(panel.close)
    return np.vstack([np.full((1, logs.shape[1]), np.nan), np.diff(logs, axis=0)])


def _sigma(panel: Panel) -> Matrix:
    """Deviation of the last 30 daily log returns, at least 20 of them known."""
    returns = log_returns(panel)
    known = np.isfinite(returns)
    count, total, squares = (
        _trailing_sum(x) for x in (known, np.where(known, returns, 0), np.where(known, returns**2, 0))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (squares - total**2 / count) / (count - 1)
        sigma = np.sqrt(np.maximum(variance, 0))
    return np.where((count >= 20) & (sigma > 0), sigma, np.nan)


def _trailing_sum(values: NDArray[np.generic]) -> Matrix:
    """Sum over the last SIGMA_DAYS rows, added up window by window so that no history leaks in by rounding."""
    padded = np.vstack([np.zeros((SIGMA_DAYS - 1, values.shape[1])), values.astype(float)])
    out = np.zeros(values.shape)
    for shift in range(SIGMA_DAYS):
        out += padded[shift : shift + len(values)]
    return out


def _forward(panel: Panel, dates: Sequence[dt.date], horizon: int) -> Matrix:
    forward = np.full((len(dates), len(panel.tokens)), np.nan)
    last = len(panel.dates) - 1
    for i, date in enumerate(dates):
        start = (date - panel.dates[0].item()).days
        if start + horizon <= last:
            forward[i] = np.log(panel.close[start + horizon]) - np.log(panel.close[start])
    return forward


def _universe(panel: Panel) -> NDArray[np.bool_]:
    """Coins with two months of candles and a fresh one, of a theme or among the top 200 where a ranking is known."""
    coin = np.array([token.kind is TokenKind.COIN for token in panel.tokens])
    themed = np.array([bool(token.themes) for token in panel.tokens])
    bars = np.cumsum(panel.observed, axis=0)
    ranked = np.isfinite(panel.rank).any(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        in_rank = (panel.rank <= UNIVERSE_RANK) | ~ranked | themed
        fresh = panel.days_since_candle() <= 1
    universe: NDArray[np.bool_] = coin & (bars >= UNIVERSE_BARS) & fresh & in_rank
    return universe
