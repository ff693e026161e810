"""A simulated market of as many tokens as one likes: several simulated markets side by side, each of its own seed.

The first brings the leaders, the stablecoins and what is of the whole market; the others their coins, under names of
their own. Ranks are counted anew over all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from heapq import merge

from engine.model import Candle, Headline, Measure, Snapshot, Token, TokenKind
from engine.sources.simulated import SimulatedMarket
from engine.sources.simulated_names import LEADER, SECOND

SHARED = {LEADER, SECOND}  # there is one Bitcoin


class Crowd:
    """So many tokens, `years` of them, up to `end`; implements `engine.panel.Observations`."""

    def __init__(self, size: int, end: dt.date, years: float, seed: int = 7) -> None:
        self._markets: list[SimulatedMarket] = []
        self._ids: list[dict[int, int]] = []  # of each market: its own token ids, and ours
        self._names: list[dict[str, str]] = []
        self._tokens: list[Token] = []
        while len(self._tokens) < size:
            self._add(SimulatedMarket(seed + len(self._markets), end, years, story=False), size)
        self.end = end

    def _add(self, market: SimulatedMarket, size: int) -> None:
        number = len(self._markets)
        coins = [t for t in market.tokens() if not number or (t.kind is TokenKind.COIN and t.symbol not in SHARED)]
        # Stablecoins and leaders first: a small market needs them more than another coin.
        coins.sort(key=lambda token: (token.kind is TokenKind.COIN and token.symbol not in SHARED, token.id))
        ids, names = {}, {}
        for token in coins[: size - len(self._tokens)]:
            symbol = f"{token.symbol}{number or ''}"
            ids[token.id], names[token.symbol] = len(self._tokens) + 1, symbol
            self._tokens.append(
                replace(token, id=ids[token.id], symbol=symbol, name=f"{token.name} {number or ''}".strip())
            )
        self._markets.append(market)
        self._ids.append(ids)
        self._names.append(names)

    def tokens(self) -> Sequence[Token]:
        return self._tokens

    def candles(self, before: dt.date) -> Iterator[Candle]:
        for market, ids in zip(self._markets, self._ids, strict=True):
            yield from (row._replace(token=ids[row.token]) for row in market.candles(before) if row.token in ids)

    def snapshots(self, before: dt.date) -> Iterator[Snapshot]:
        """Every month's ranking, all markets in one."""
        ranked: dict[str, list[Snapshot]] = {}
        for market, ids in zip(self._markets, self._ids, strict=True):
            for row in market.snapshots(before):
                if row.token in ids:
                    ranked.setdefault(row.date, []).append(row._replace(token=ids[row.token]))
        for _, rows in sorted(ranked.items()):
            for rank, row in enumerate(sorted(rows, key=lambda row: -row.market_cap), 1):
                yield row._replace(rank=rank)

    def measures(self, before: dt.date, metrics: Collection[str]) -> Iterator[Measure]:
        for number, (market, names) in enumerate(zip(self._markets, self._names, strict=True)):
            for row in market.measures(before, metrics):
                if row.subject in names:
                    yield row._replace(subject=names[row.subject])
                elif not row.subject and not number:
                    yield row

    def headlines(self, before: dt.date) -> Iterator[Headline]:
        return merge(self._markets[0].headlines(before))

    def is_simulated(self) -> bool:
        return True
