"""What eligibility is judged by, one value a token: read once for a panel, shared by every theme and mode."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine.lookalikes import ALIKE_DAYS, alike
from engine.model import Token, TokenKind
from engine.panel import Flags, Matrix, Panel, Vector

AGE_DAYS = 90  # published methods ask 30 to 180 days
COVERAGE_DAYS, COVERAGE = 90, 0.9
STALE_DAYS = 2  # data older than two bars is refused
JUMP = 10.0  # a day's move beyond this factor is a wrong price until other days say otherwise
RANKED = 200  # the last place of the monthly ranking that counts
SANE_DAYS = 7  # so many days without such a move are what other days must say
CALM_DAYS, CALM_LEAST = 30, 20  # days of volatility, and how many returns of them must be there
COPY_WORDS = frozenset({"wrapped", "staked", "bridged", "pegged"})  # in a name: a claim on another token


@dataclass(frozen=True, eq=False)
class Facts:
    """One value a token, as it was known at the end of the panel; USD.

    `price` is the last close of at most two bars ago, NaN for staler tokens; `cap` that price x supply.
    """

    tokens: tuple[Token, ...]
    symbols: NDArray[np.str_]
    coin: Flags
    old: Flags
    covered: Flags
    price: Vector
    sane: Flags
    ranked: Flags
    cap: Vector
    volume: Vector
    volatility: Vector
    closes: Matrix
    labels: dict[str, Flags] = field(default_factory=dict)

    def members(self, label: str) -> Flags:
        """Who carries a theme's label; `*` is everybody."""
        if label not in self.labels:
            self.labels[label] = np.array([label == "*" or label in token.themes for token in self.tokens], dtype=bool)
        return self.labels[label]

    @cached_property
    def pairs(self) -> NDArray[np.bool_]:
        """Who moves like whom, among the coins that have a capitalisation; (tokens, tokens)."""
        with np.errstate(invalid="ignore"):
            return alike(self.closes, self.coin & (self.cap > 0))

    def by_size(self, standing: Flags) -> NDArray[np.intp]:
        """Columns by falling capitalisation, ties by symbol."""
        columns = np.flatnonzero(standing)
        return columns[np.lexsort((self.symbols[columns], -self.cap[columns]))]


_FACTS: WeakKeyDictionary[Panel, Facts] = WeakKeyDictionary()


def facts_of(panel: Panel) -> Facts:
    """The facts of a panel, which never changes: read at the first question, let go with it."""
    facts = _FACTS.get(panel)
    if facts is None:
        facts = _FACTS[panel] = _read(panel)
    return facts


def _read(panel: Panel) -> Facts:
    observed = np.isfinite(panel.close)
    price, supply = _last_price(panel.close), panel.supply[-1]
    with np.errstate(over="ignore"):
        cap = price * supply
    return Facts(
        tokens=panel.tokens,
        symbols=np.array(panel.symbols, dtype=np.str_),
        coin=np.array([_is_coin(token) for token in panel.tokens], dtype=np.bool_),
        old=np.asarray(observed[: max(len(observed) - AGE_DAYS + 1, 0)].any(axis=0)),
        covered=observed[-COVERAGE_DAYS:].mean(axis=0) >= COVERAGE,
        price=price,
        sane=_is_sane(panel.close) & (price > 0),
        ranked=np.isfinite(supply) & (panel.rank[-1] <= RANKED),
        cap=np.where(np.isfinite(cap), cap, np.nan),
        volume=panel.market_volume[-1],
        volatility=_volatility(panel.close),
        closes=panel.close[-ALIKE_DAYS - 1 :],
    )


def _is_coin(token: Token) -> bool:
    """No stablecoin, and no copy by kind or, where a source has missed it, by name (Lido Staked Ether)."""
    return token.kind is TokenKind.COIN and COPY_WORDS.isdisjoint(token.name.lower().split())


def _last_price(close: Matrix) -> Vector:
    price: Vector = np.full(close.shape[1], np.nan)
    for row in close[-STALE_DAYS:]:
        price = np.where(np.isfinite(row), row, price)
    return price


def _is_sane(close: Matrix) -> Flags:
    """No move beyond JUMP between two successive closes of the last days; a hole is bridged by the close before it."""
    holes = COVERAGE_DAYS - int(COVERAGE * COVERAGE_DAYS)  # a longer one fails the bar of coverage
    filled = close[-SANE_DAYS - 1 - holes :].copy()
    for before, row in pairwise(filled):
        np.copyto(row, before, where=~np.isfinite(row))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        moves = (filled[1:] / filled[:-1])[-SANE_DAYS:]
        wild = ~((moves > 1 / JUMP) & (moves < JUMP)) & np.isfinite(filled[:-1][-SANE_DAYS:])
    return np.asarray(~wild.any(axis=0))


def _volatility(close: Matrix) -> Vector:
    """Deviation of the last 30 daily log returns; infinite where too few are there to call a token calm."""
    last = close[-CALM_DAYS - 1 :]
    returns = np.diff(np.log(np.where(np.isfinite(last) & (last > 0), last, np.nan)), axis=0)
    seen = np.isfinite(returns)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, returns, 0.0).sum(axis=0) / count
    variance = (np.where(seen, returns - mean, 0.0) ** 2).sum(axis=0) / count
    return np.where(seen.sum(axis=0) >= CALM_LEAST, np.sqrt(variance), np.inf)
