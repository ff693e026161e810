"""Which source feeds what, and who stands in for whom: one entry a source, one a kind of series with its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.sources import (
    coingecko,
    coinmetrics,
    defillama,
    exchanges,
    fear_greed,
    fred,
    news,
    order_books,
    reddit,
    telegram_channels,
    x,
)
from engine.sources.outlets import Outlet, default_outlets
from engine.sources.port import Source

FIXED = (exchanges, coingecko, coinmetrics, defillama, fear_greed, fred, order_books)
READERS = (news, reddit, telegram_channels, x)  # modules whose source reads the outlets that it is given


def sources(outlets: Mapping[str, Outlet]) -> dict[str, Source]:
    """Every source by id, with those that have something to read among some outlets."""
    fixed = (module.SOURCE for module in FIXED)
    reading = (reader.source(outlets) for reader in READERS)
    return {source.id: source for source in (*fixed, *(source for source in reading if source.subjects))}


SOURCES = sources(default_outlets())


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of series, and the sources asked for it in this order: the next for what the one before lacks.

    Nobody stands in for a newsroom or a place of talk: each has a route of its own.
    """

    kind: str
    sources: tuple[str, ...]


ROUTES = (
    Route("candles", ("exchanges",)),
    *(Route(kind, ("coingecko",)) for kind in coingecko.SOURCE.feeds),
    *(Route(kind, ("coinmetrics",)) for kind in coinmetrics.SOURCE.feeds if kind != "fees"),
    Route("fees", ("coinmetrics", "defillama")),
    *(Route(kind, ("defillama",)) for kind in defillama.SOURCE.feeds if kind != "fees"),
    Route("fear_greed", ("fear_greed",)),
    *(Route(kind, ("order_books",)) for kind in order_books.SOURCE.feeds),
    *(Route(kind, ("fred",)) for kind in fred.SOURCE.feeds),
    *(Route("headlines", (reader.SOURCE.id,)) for reader in READERS),
)
