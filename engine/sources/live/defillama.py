"""DefiLlama: value locked, fees and exchange volume of chains and protocols; supply and prices of stablecoins.

Documentation: https://api-docs.defillama.com/ (GET /v2/historicalChainTvl[/{chain}]: list of {date, tvl}, seconds at
00:00 UTC; /overview/dexs[/{chain}], /summary/dexs/{protocol} and /summary/fees/{protocol}: `totalDataChart`, a list of
[seconds, USD]; stablecoins.llama.fi/stablecoincharts/all: list of {date, totalCirculatingUSD by peg};
stablecoins.llama.fi/stablecoins?includePrices=true: `peggedAssets`, each with its CoinGecko id and price). Free, no
key, 500 requests a minute. Nothing can be asked for in part: what has not changed costs a conditional request only.
"""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib import resources
from urllib.parse import quote

from engine.aliases import successors
from engine.errors import SourceGarbled, SourceRefused
from engine.model import Measure
from engine.sources.port import Batch, Client, Host, Series, Source, Want
from engine.sources.reading import Reader, Unreadable, entries, entry, measure, number

ORIGIN, STABLES = "https://api.llama.fi", "https://stablecoins.llama.fi"
WITHOUT_PARTS = {"excludeTotalDataChartBreakdown": "true"}
FEES, TRADED, PRICES = "fees", "dex_volume", "stablecoin_price"
MOST_FAILURES = 3  # in a row, after which the next would fail too

Read = Callable[[object], Iterator[tuple[object, object]]]  # an answer -> (day, value) as they stand in it


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """One request a series, and one for the prices of all stablecoins; a series fails alone, unless several do."""
    prices = [series for series in want.since if series.kind == PRICES]
    if prices and want.ids:
        yield await _prices(client, want, prices)
    lines = sorted(series for series in want.since if series.kind != PRICES)
    addresses = {series: found for series in lines if (found := _address(series))}
    yield Batch(answered=frozenset(lines) - addresses.keys())
    failed, came = 0, False
    for n, (series, (url, params, read)) in enumerate(addresses.items(), start=1):
        try:
            yield await _line(client, want, series, url, params, read)
            failed, came = 0, True
        except (SourceGarbled, SourceRefused) as error:
            failed += 1
            is_gone = isinstance(error, SourceRefused) and came  # a protocol may vanish, and others with it
            if not is_gone and (failed == MOST_FAILURES or n == len(addresses)):
                raise
            yield Batch(notes=(f"{series.kind} {series.subject}".strip() + f": {error}",))


def _address(series: Series) -> tuple[str, Mapping[str, str], Read] | None:
    """Where a series is, and how its answer is read; None where the service has none."""
    table, token = _table(), series.subject
    name = successors().get(token, token)
    chain = table["chains"].get(name)
    if series.kind == "defi_tvl":
        return f"{ORIGIN}/v2/historicalChainTvl", {}, _locked
    if series.kind == "stablecoin_supply":
        return f"{STABLES}/stablecoincharts/all", {}, _circulating
    if series.kind == "market_dex_volume":
        return f"{ORIGIN}/overview/dexs", WITHOUT_PARTS, _charted
    if series.kind == "chain_tvl":
        return (f"{ORIGIN}/v2/historicalChainTvl/{quote(chain)}", {}, _locked) if chain else None
    if series.kind == FEES:
        return (f"{ORIGIN}/summary/fees/{quote(table['fees'][name])}", {}, _charted) if name in table["fees"] else None
    if name in table["exchanges"]:
        return f"{ORIGIN}/summary/dexs/{quote(table['exchanges'][name])}", {}, _charted
    return (f"{ORIGIN}/overview/dexs/{quote(chain)}", WITHOUT_PARTS, _charted) if chain else None


async def _line(client: Client, want: Want, series: Series, url: str, params: Mapping[str, str], read: Read) -> Batch:
    """One series whole; its last day is not over, and left out."""
    answer = await client.get(url, params)
    if answer.unchanged:
        return Batch(answered=frozenset({series}))
    reader, since, today = Reader(), want.since[series].isoformat(), want.instant.date().isoformat()
    for when, value in read(answer.json()):
        reader.take(series, when, [when, value], partial(_row, series, value, since, today))
    if not reader.rows and not reader.rejects:
        return Batch(answered=frozenset({series}))
    return reader.batch({series}, answer)


def _row(series: Series, value: object, since: str, today: str, date: str) -> Measure | None:
    if date < since or date == today:
        return None
    return measure(series.kind, series.subject, date, number(value), SOURCE.id)


def _locked(raw: object) -> Iterator[tuple[object, object]]:
    for item in entries(raw):
        yield entry(item, "date"), entry(item, "tvl")


def _circulating(raw: object) -> Iterator[tuple[object, object]]:
    """All pegs together, in dollars."""
    for item in entries(raw):
        parts = entry(item, "totalCirculatingUSD")
        if not isinstance(parts, Mapping) or not parts:
            raise SourceGarbled("DefiLlama sends a day of stablecoins without amounts.")
        yield entry(item, "date"), _sum(list(parts.values()))


def _sum(parts: Sequence[object]) -> object:
    """The sum of numbers, or the first that is none, for the reader to refuse."""
    total = 0.0
    for part in parts:
        try:
            total += number(part)
        except Unreadable:
            return part
    return total


def _charted(raw: object) -> Iterator[tuple[object, object]]:
    for point in entries(raw, "totalDataChart"):
        if not isinstance(point, list) or len(point) != 2:
            raise SourceGarbled("DefiLlama sends a chart whose points are no pairs.")
        yield point[0], point[1]


async def _prices(client: Client, want: Want, wanted: Sequence[Series]) -> Batch:
    """Today's price of each stablecoin, found by its CoinGecko id; a coin that is not on the list has none."""
    raw = (await client.get(f"{STABLES}/stablecoins", {"includePrices": "true"})).json()
    today, reader, asked = want.instant.date().isoformat(), Reader(), set(wanted)
    for item in entries(raw, "peggedAssets"):
        series = Series(PRICES, want.ids.get(str(entry(item, "gecko_id")), ""))
        price = entry(item, "price")
        if series in asked and price is not None:
            reader.take(series, today, item, partial(_row, series, price, today, ""))
    return reader.batch(wanted)


@cache
def _table() -> dict[str, dict[str, str]]:
    text = resources.files("engine.sources.live").joinpath("defillama.toml").read_text("utf-8")
    return tomllib.loads(text)


SOURCE = Source(
    id="defillama",
    title="DefiLlama",
    family="on-chain",
    feeds=("defi_tvl", "stablecoin_supply", "market_dex_volume", "chain_tvl", FEES, TRADED, PRICES),
    hosts=(
        Host(ORIGIN, every=0.5, probe="/v2/historicalChainTvl/Cronos"),
        Host(STABLES, every=0.5, probe="/stablecoinchains"),
    ),
    cites="https://api-docs.defillama.com/",
    terms="free, with attribution",
    fetch=fetch,
    stands_in=frozenset({FEES}),
    overlap={"defi_tvl": 3, "stablecoin_supply": 3, "market_dex_volume": 3, "chain_tvl": 3, FEES: 3, TRADED: 3},
    passing=frozenset({PRICES}),
    ids_from="coingecko",
)
