"""Coin Metrics: what happens on the chains, one row an asset and day with one field a metric.

Documentation: https://docs.coinmetrics.io/api/v4 (GET /timeseries/asset-metrics; numbers are strings, times ISO 8601 in
UTC, results ordered by asset and time, pages follow `next_page_token`). Terms of the community API: no key, CC BY-NC
4.0, 10 requests in 6 seconds. A paid key asks https://api.coinmetrics.io instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from functools import partial

from engine.errors import SourceGarbled
from engine.model import Measure
from engine.sources.port import Batch, Client, Host, Key, Series, Source, Want
from engine.sources.reading import Reader, Unreadable, entries, entry, measure, number

COMMUNITY, PAID = "https://community-api.coinmetrics.io", "https://api.coinmetrics.io"
PATH = "/v4/timeseries/asset-metrics"
ASSETS_AT_ONCE = 80
PAGE = 2000
MOST_PAGES = 1000

METRICS = {  # kind -> the metric, or two whose product it is where that one is not served (native units times price)
    "active_addresses": ("AdrActCnt", ()),
    "transactions": ("TxCnt", ()),
    "transfers": ("TxTfrCnt", ()),
    "transfer_value": ("TxTfrValAdjUSD", ("TxTfrValAdjNtv", "PriceUSD")),
    "fees": ("FeeTotUSD", ("FeeTotNtv", "PriceUSD")),
    "mvrv": ("CapMVRVCur", ()),
    "nvt": ("NVTAdj", ()),
    "issuance": ("IssTotUSD", ("IssTotNtv", "PriceUSD")),
    "exchange_inflow": ("FlowInExUSD", ()),
    "exchange_outflow": ("FlowOutExUSD", ()),
    "hash_rate": ("HashRate", ()),
    "miner_revenue_per_hash": ("RevHashUSD", ()),
}
OTHERS = frozenset({"LUNA", "LUNC"})  # one id there has meant both


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Ask for all assets that lack the same days at once, page by page."""
    for since, missing in want.by_day():
        assets = _assets(missing, want.tokens)
        yield Batch(answered=frozenset(missing) - {s for group in assets.values() for s in group})
        names = sorted(assets)
        for start in range(0, len(names), ASSETS_AT_ONCE):
            chunk = {name: assets[name] for name in names[start : start + ASSETS_AT_ONCE]}
            async for batch in _pages(client, chunk, since.isoformat(), want.until.isoformat()):
                yield batch
            yield Batch(answered=frozenset(series for group in chunk.values() for series in group))


def _assets(missing: Sequence[Series], known: Collection[str]) -> dict[str, list[Series]]:
    """The series by the id of their asset there; a ticker that several tokens share names none of them."""
    shared = {symbol.partition("_")[0] for symbol in known if "_" in symbol} | OTHERS
    found: dict[str, list[Series]] = {}
    for series in missing:
        if "_" not in series.subject and series.subject not in shared:
            found.setdefault(series.subject.lower(), []).append(series)
    return found


async def _pages(
    client: Client, assets: Mapping[str, Sequence[Series]], since: str, until: str
) -> AsyncIterator[Batch]:
    wanted = sorted({series.kind for group in assets.values() for series in group})
    metrics = list(dict.fromkeys(name for kind in wanted for name in (METRICS[kind][0], *METRICS[kind][1])))
    params = {
        "assets": ",".join(assets),
        "metrics": ",".join(metrics),
        "frequency": "1d",
        "start_time": since,
        "end_time": until,
        "page_size": str(PAGE),
        "paging_from": "start",
        "ignore_forbidden_errors": "true",
        "ignore_unsupported_errors": "true",
    }
    last = ("", "")
    for _ in range(MOST_PAGES):
        answer = await client.get((PAID if client.has_key else COMMUNITY) + PATH, params)
        raw = answer.json()
        items = entries(raw, "data")
        last = _in_order(items, last)
        yield _batch(items, assets)
        token = raw.get("next_page_token")
        if not token:
            return
        params["next_page_token"] = str(token)
    raise SourceGarbled("Coin Metrics leads from page to page without end.")


def _in_order(items: Sequence[object], last: tuple[str, str]) -> tuple[str, str]:
    """The last asset and time of a page; SourceGarbled where they do not ascend, as days would be lost at a kill."""
    for item in items:
        here = str(entry(item, "asset")), str(entry(item, "time"))
        if here < last:
            raise SourceGarbled("Coin Metrics sends its rows in another order than it documents.")
        last = here
    return last


def _batch(items: Sequence[object], assets: Mapping[str, Sequence[Series]]) -> Batch:
    reader = Reader()
    for item in items:
        name = str(entry(item, "asset"))
        for series in assets.get(name, ()):
            reader.take(series, entry(item, "time"), item, partial(_read, item, series))
    return reader.batch()


def _read(item: object, series: Series, date: str) -> Measure | None:
    """One metric of one row; None where that day has no value of it."""
    values = next(_values(item, series.kind), None)
    if values is None:
        return None
    value = 1.0
    for text in values:
        value *= number(text)
    return measure(series.kind, series.subject, date, value, SOURCE.id)


def _values(item: object, kind: str) -> Iterator[tuple[object, ...]]:
    if not isinstance(item, Mapping):
        raise Unreadable("missing field")
    whole, product = METRICS[kind]
    for names in ((whole,), product):
        values = tuple(item.get(name) for name in names)
        if values and None not in values:
            yield values


SOURCE = Source(
    id="coinmetrics",
    title="Coin Metrics",
    family="on-chain",
    feeds=tuple(METRICS),
    hosts=(
        Host(COMMUNITY, every=0.7, probe=f"{PATH}?assets=btc&metrics=PriceUSD&limit_per_asset=1&paging_from=end"),
        Host(PAID, every=0.1, probe=f"{PATH}?assets=btc&metrics=PriceUSD&limit_per_asset=1&paging_from=end"),
    ),
    cites="https://docs.coinmetrics.io/api/v4",
    terms="community data, CC BY-NC 4.0: not for commercial use without a licence",
    fetch=fetch,
    key=Key("api_key", "query", "all metrics of all assets (NVT, adjusted transfers), faster", (PAID,)),
    overlap=dict.fromkeys(METRICS, 3),
)
