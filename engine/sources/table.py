"""Which source feeds what, and who stands in for whom: one entry a source, one a kind of series with its order."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sources import coingecko, coinmetrics, defillama, exchanges, fear_greed, fred, order_books

SOURCES = {
    source.id: source
    for source in (
        exchanges.SOURCE,
        coingecko.SOURCE,
        coinmetrics.SOURCE,
        defillama.SOURCE,
        fear_greed.SOURCE,
        fred.SOURCE,
        order_books.SOURCE,
    )
}


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of series, and the sources asked for it in this order: the next for what the one before lacks."""

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
)
