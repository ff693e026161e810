"""What a feature is, and the shared view of the market that features are computed from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from engine import kernels as k
from engine.features.news import Coverage, Texts, read_texts
from engine.indicators import Bars
from engine.indicators.bars import EVERY
from engine.model import TokenKind
from engine.panel import Flags, Matrix, Panel, Vector

Family = Literal["price", "volume & liquidity", "technical", "on-chain", "sentiment", "macro"]
Scope = Literal["token", "chain", "market"]
FAMILIES: tuple[Family, ...] = ("price", "volume & liquidity", "technical", "on-chain", "sentiment", "macro")

LEADER = "BTC"  # what the rest of the market is measured against
MARKET_RANK = 100  # coins that make "the market" where a ranking is known


@dataclass(frozen=True)
class Feature:
    """One data point.

    `compute` gives (dates, tokens) for token and chain scope, (dates,) for market scope. `window` is how many days
    back it looks and `lag` how many days after its date the newest input was published. `scale` is the natural size
    of its values. `up` and `down` say in plain words what a value high or low among peers means. One that is not
    `learned` is shown and measured, and the classifiers do not read it; one that is not `counted` is none of the points
    of which a token may lack too many.
    """

    name: str
    family: Family
    scope: Scope
    formula: str
    window: int
    unit: str
    source: str
    up: str
    down: str
    compute: Callable[[Inputs], Matrix | Vector]
    lag: int = 0
    scale: float = 1.0
    learned: bool = True
    counted: bool = True


class Inputs:
    """A panel with what several features share, each computed once and kept.

    `columns` are the tokens whose bars it has: what looks at bars alone can be computed a few tokens at a time.
    """

    def __init__(self, panel: Panel, columns: slice = EVERY) -> None:
        self.panel = panel
        self.columns = columns

    def forget(self) -> None:
        """Give back what was kept: the next family shares little of it, and all of it at once is 250 MB."""
        self.__dict__ = {"panel": self.panel, "columns": self.columns}

    @cached_property
    def bars(self) -> Bars:
        return Bars.of(self.panel, self.columns)

    @cached_property
    def logs(self) -> Matrix:
        return self.bars.logs

    @cached_property
    def returns(self) -> Matrix:
        """Daily log returns, NaN unless both days were observed."""
        return self.bars.moves

    @cached_property
    def cap(self) -> Matrix:
        return np.where(self.panel.market_cap > 0, self.panel.market_cap, np.nan)

    @cached_property
    def members(self) -> Flags:
        """The market: coins among the first hundred where there is a ranking, else all coins with a candle."""
        coin = np.array([token.kind is TokenKind.COIN for token in self.panel.tokens])
        ranked = np.isfinite(self.panel.rank).any(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            inside: Flags = coin & self.panel.observed & (~ranked | (self.panel.rank <= MARKET_RANK))
        return inside

    @cached_property
    def leader_returns(self) -> Matrix:
        """The leader's daily log return, (dates, 1)."""
        return self.of(LEADER, self.returns)[:, None]

    @cached_property
    def leader_fit(self) -> tuple[Matrix, Matrix]:
        """Beta and correlation to the leader over 60 days."""
        return k.rolling_regression(self.returns, self.leader_returns, 60)

    @cached_property
    def volatility_7(self) -> Matrix:
        return k.rolling_std(self.returns, 7)

    @cached_property
    def volatility_30(self) -> Matrix:
        return k.rolling_std(self.returns, 30)

    @cached_property
    def volatility_90(self) -> Matrix:
        return k.rolling_std(self.returns, 90)

    @cached_property
    def median_return(self) -> Matrix:
        """The typical member's daily log return, (dates, 1)."""
        return k.across_median(self.returns, self.members)[:, None]

    @cached_property
    def texts(self) -> Texts:
        return read_texts(self.panel)

    @property
    def news(self) -> Coverage:
        return self.texts.news

    @property
    def social(self) -> Coverage:
        return self.texts.social

    @property
    def banks(self) -> Coverage:
        return self.texts.banks

    @property
    def economy(self) -> Coverage:
        return self.texts.economy

    @cached_property
    def residuals(self) -> Matrix:
        """Daily log returns less what the typical member's explains, by the slope of the 90 days up to each."""
        slope, _ = k.rolling_regression(self.returns, self.median_return, 90)
        return self.returns - slope * self.median_return

    @cached_property
    def groups(self) -> tuple[Flags, ...]:
        """Which coins (tokens,) stand together: those that share a theme, one group a theme, and those without any."""
        coins = [token.themes if token.kind is TokenKind.COIN else None for token in self.panel.tokens]
        named = sorted({theme for themes in coins for theme in themes or ()})
        sharing = [np.array([themes is not None and theme in themes for themes in coins]) for theme in named]
        return (*sharing, np.array([themes == () for themes in coins]))

    def of(self, symbol: str, matrix: Matrix) -> Vector:
        """One token's column, NaN where the panel has no such token."""
        column = self.panel.column(symbol)
        return np.full(len(matrix), np.nan) if column is None else matrix[:, column]

    def token(self, metric: str) -> Matrix:
        """An outside series by token or chain, NaN where there is none."""
        found = self.panel.token_measures.get(metric)
        return np.full(self.panel.close.shape, np.nan) if found is None else found

    def market(self, metric: str) -> Matrix:
        """An outside series of the whole market as one column (dates, 1), NaN where there is none."""
        found = self.panel.market_measures.get(metric)
        return np.full((len(self.panel.dates), 1), np.nan) if found is None else found[:, None]


def flat(column: Matrix) -> Vector:
    """(dates, 1) as (dates,)."""
    return column[:, 0]


def growth_of_means(x: Matrix, fast: int, slow: int) -> Matrix:
    """Log of the mean over the fast window against the mean over the slow one."""
    return k.log(k.ratio(k.rolling_mean(x, fast), k.rolling_mean(x, slow)))


def z_score(x: Matrix, window: int) -> Matrix:
    """Distance from the window's mean in deviations."""
    return k.ratio(x - k.rolling_mean(x, window), k.rolling_std(x, window))
