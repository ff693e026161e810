"""CoinGecko: which tokens there are, the day's ranking, categories, a year of capitalisations, what is searched for.

Documentation: https://docs.coingecko.com/v3.0.1/reference/coins-markets (250 tokens a page, by falling capitalisation,
also of one category), https://docs.coingecko.com/v3.0.1/reference/coins-id-market-chart (three lists of [milliseconds,
value], daily at 00:00 UTC, the last of now; 365 days without a paid plan),
https://docs.coingecko.com/demo/reference/coins-id-tickers (pairs of decentralised exchanges stand under contract
addresses; asked for tokens of an index only), https://docs.coingecko.com/v3.0.1/reference/trending-search and
https://docs.coingecko.com/v3.0.1/reference/crypto-global. Terms: free with attribution; without a key some 10 requests
a minute, with a demo key (header x-cg-demo-api-key) 30 a minute and 10,000 a month.

A ranking makes tokens known: an id that was named once keeps its symbol. Tokens outside of the first page are nobody's
candidates, so that a category only says something of those within.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial

from engine.errors import SourceError, SourceGarbled, SourceRefused
from engine.model import Measure, Proposal, Snapshot, Token, TokenKind
from engine.sources.naming import Listed, symbols_for
from engine.sources.port import CATEGORIES, SNAPSHOTS, Batch, Client, Host, Key, Reject, Series, Source, Want
from engine.sources.reading import Reader, Unreadable, day, entries, entry, excerpt, measure, number
from engine.themes import themes

ORIGIN = "https://api.coingecko.com"
PAGE = {"vs_currency": "usd", "order": "market_cap_desc", "per_page": "250", "page": "1", "sparkline": "false"}
MOST_DAYS = 365  # of history that the free tier gives
DAY_MS = 86_400_000
LONGEST_ID = 200
LOWEST_RANK = 1_000_000
MOST_FAILURES = 3  # of charts in a row, after which the next would fail too

KIND_OF = {  # a category, and what a token in it is: the first that holds
    "stablecoins": TokenKind.STABLE,
    "wrapped-tokens": TokenKind.WRAPPED,
    "liquid-staking-tokens": TokenKind.WRAPPED,
    "liquid-restaking-tokens": TokenKind.WRAPPED,
    "bridged-tokens": TokenKind.WRAPPED,
    "tokenized-btc": TokenKind.WRAPPED,
}
CHART = {"market_cap": "market_caps", "market_volume": "total_volumes", "circulating_supply": "prices"}
TRENDING, DOMINANCE, DEX_SHARE = "trending", "btc_dominance", "dex_share"
ADDRESS = 20  # characters: tickers are shorter, and contract addresses longer


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Ask for the ranking and what its tokens are, then for what passes, then for each token's past."""
    kinds = {series.kind for series in want.since}
    if kinds & {SNAPSHOTS, CATEGORIES}:
        yield await _ranking(client, want)
    failed: SourceError | None = None
    for kind, ask_for in ((DOMINANCE, _dominance), (TRENDING, _trending)):
        if kind in kinds and (want.ids or kind == DOMINANCE):
            try:
                yield await ask_for(client, want)
            except (SourceGarbled, SourceRefused) as error:  # what follows may be well all the same
                failed = error
    for asked, ask in ((CHART.keys(), _chart), ({DEX_SHARE}, _dex_share)):
        if kinds & asked:
            async for batch in _each(client, want, asked, ask):
                yield batch
    if failed:
        raise failed


async def _ranking(client: Client, want: Want) -> Batch:
    """The first page, what its new tokens are, and who might belong to which theme; whole, or not at all."""
    items = await _page(client)
    listed, rejects = _listed(items)
    symbols = symbols_for(listed, want.ids, want.tokens)
    names = {token.id: token.name for token in listed}
    new = sorted(id for id, symbol in symbols.items() if symbol not in want.tokens)
    with_themes = Series(CATEGORIES) in want.since
    label_of = {category: theme.members for theme in themes().values() for category in theme.categories}
    asked = [*(KIND_OF if new else ()), *(label_of if with_themes else ())]
    members = {category: await _members(client, category) for category in asked}
    tokens = tuple(Token(-n, symbols[id], names[id], _kind(id, members)) for n, id in enumerate(new, start=1))
    ours = {token.symbol: token.id for token in tokens} | {token.symbol: token.id for token in want.tokens.values()}
    reader = Reader(rejects=rejects)
    for position, item in enumerate(items, start=1):
        name = symbols.get(str(item.get("id"))) if isinstance(item, Mapping) else None
        if name:
            _take(reader, item, position, ours[name], Series(SNAPSHOTS, name), want.until)
    if len(reader.rejects) > len(reader.rows):
        raise SourceGarbled("CoinGecko sends a ranking most of which cannot be read: nothing of it was used.")
    proposals = tuple(
        Proposal(symbols[id], label_of[category], category)
        for category in asked
        for id in sorted(members[category] & symbols.keys())
        if category in label_of
    )
    answered = {Series(SNAPSHOTS), Series(CATEGORIES)} & want.since.keys()
    rows, refused = tuple(reader.rows), tuple(reader.rejects)
    return Batch(rows, frozenset(answered), refused, tokens=tokens, ids=symbols, proposals=proposals)


async def _page(client: Client, **more: str) -> list[object]:
    answer = await client.get(f"{ORIGIN}/api/v3/coins/markets", PAGE | more)
    return entries(answer.json())


async def _members(client: Client, category: str) -> frozenset[str]:
    """The ids of a category's larger tokens."""
    return frozenset(str(entry(item, "id")) for item in await _page(client, category=category))


def _listed(items: Sequence[object]) -> tuple[list[Listed], list[Reject]]:
    """The tokens of a page; SourceGarbled where hardly any is one."""
    found, rejects = [], []
    for item in items:
        try:
            id, ticker, name = (str(entry(item, field)) for field in ("id", "symbol", "name"))
            if not id.isprintable() or len(id) > LONGEST_ID:
                rejects.append(Reject(Series(SNAPSHOTS), "", "text", excerpt(item)))
                continue
            name = "".join(c if c.isprintable() else " " for c in name)
            found.append(Listed(id, ticker, " ".join(name.split())[:80], _worth(item)))
        except SourceGarbled:
            rejects.append(Reject(Series(SNAPSHOTS), "", "missing field", excerpt(item)))
    if not found or len(rejects) > len(found):
        raise SourceGarbled("CoinGecko sends a ranking without tokens: it may have changed its format.")
    return found, rejects


def _worth(item: object) -> float:
    """The capitalisation by which a shared ticker is decided: what cannot be read decides nothing."""
    try:
        return max(number(entry(item, "market_cap")), 0.0)
    except Unreadable:
        return 0.0


def _kind(id: str, members: Mapping[str, Collection[str]]) -> TokenKind:
    return next((kind for category, kind in KIND_OF.items() if id in members.get(category, ())), TokenKind.COIN)


def _take(reader: Reader, item: object, position: int, token: int, series: Series, today: dt.date) -> None:
    """One row of the ranking, dated today; one whose price is older than a day is not of today."""

    def build(date: str) -> Snapshot:
        if date < (today - dt.timedelta(days=1)).isoformat():
            raise Unreadable("stale")
        rank = entry(item, "market_cap_rank")
        fields = ("current_price", "market_cap", "circulating_supply", "total_volume")
        price, cap, supply, volume = (number(entry(item, name)) for name in fields)
        place = position if rank is None else int(number(rank))
        if place > LOWEST_RANK:
            raise Unreadable("implausible")
        return Snapshot(max(date, today.isoformat()), token, place, price, cap, supply, volume)

    reader.take(series, entry(item, "last_updated"), item, build)


async def _dominance(client: Client, want: Want) -> Batch:
    answer = await client.get(f"{ORIGIN}/api/v3/global")
    raw, reader = answer.json(), Reader()
    share = entry(raw, "data", "market_cap_percentage", "btc")
    when = entry(raw, "data", "updated_at")
    reader.take(Series(DOMINANCE), when, share, lambda date: measure(DOMINANCE, "", date, number(share), "coingecko"))
    return reader.batch({Series(DOMINANCE)})


async def _trending(client: Client, want: Want) -> Batch:
    """1 for the tokens that people search for most, 0 for the others: a list has no other values."""
    answer = await client.get(f"{ORIGIN}/api/v3/search/trending")
    found = {want.ids.get(str(entry(item, "item", "id"))) for item in entries(answer.json(), "coins")}
    wanted = sorted(series for series in want.since if series.kind == TRENDING)
    today = want.until.isoformat()
    rows = tuple(measure(TRENDING, s.subject, today, float(s.subject in found), "coingecko") for s in wanted)
    return Batch(rows, frozenset(wanted))


Ask = Callable[[Client, Want, str, Sequence[Series]], Awaitable[Batch]]


async def _each(client: Client, want: Want, kinds: Collection[str], ask: Ask) -> AsyncIterator[Batch]:
    """One token after the other; a token fails alone, unless several in a row do."""
    ids = {symbol: id for id, symbol in want.ids.items() if DEX_SHARE not in kinds or want.tokens[symbol].themes}
    open_: dict[str, list[Series]] = {}
    for series in sorted(series for series in want.since if series.kind in kinds):
        open_.setdefault(series.subject, []).append(series)
    strangers = [series for symbol, group in open_.items() if symbol not in ids for series in group]
    if want.ids:
        yield Batch(answered=frozenset(strangers))
    failed = 0
    for symbol, group in sorted(open_.items()):
        if symbol not in ids:
            continue
        try:
            yield await ask(client, want, ids[symbol], group)
            failed = 0
        except (SourceGarbled, SourceRefused) as error:
            failed += 1
            if failed == MOST_FAILURES:
                raise
            yield Batch(notes=(f"{symbol}: {error}",))


async def _dex_share(client: Client, want: Want, id: str, group: Sequence[Series]) -> Batch:
    """The share of pairs that stand under addresses, as those of decentralised exchanges do, in a token's volume."""
    params = {"order": "volume_desc", "depth": "false"}
    tickers = entries((await client.get(f"{ORIGIN}/api/v3/coins/{id}/tickers", params)).json(), "tickers")
    reader, (series,) = Reader(), group

    def build(date: str) -> Measure | None:
        whole = on_chain = 0.0
        for ticker in tickers:
            if entry(ticker, "is_stale") or entry(ticker, "is_anomaly"):
                continue
            usd = number(entry(ticker, "converted_volume", "usd"))
            names = (str(entry(ticker, "base")), str(entry(ticker, "target")))
            whole += usd
            on_chain += usd if max(map(len, names)) >= ADDRESS else 0.0
        return measure(DEX_SHARE, series.subject, date, on_chain / whole, "coingecko") if whole > 0 else None

    reader.take(series, want.until.isoformat(), tickers[:2], build)
    return reader.batch(group)


async def _chart(client: Client, want: Want, id: str, group: Sequence[Series]) -> Batch:
    days = min((want.instant.date() - min(want.since[series] for series in group)).days + 1, MOST_DAYS)
    params = {"vs_currency": "usd", "days": str(days), "interval": "daily"}
    raw = (await client.get(f"{ORIGIN}/api/v3/coins/{id}/market_chart", params)).json()
    lists = {name: entries(raw, name) for name in CHART.values()}
    if len({len(points) for points in lists.values()}) != 1:
        raise SourceGarbled(f"CoinGecko sends lists of different lengths for {id}.")
    reader = Reader()
    for points in zip(*(lists[name] for name in CHART.values()), strict=True):
        _take_point(reader, dict(zip(CHART, points, strict=True)), group, want.instant.date())
    return reader.batch(group)


def _take_point(reader: Reader, points: Mapping[str, object], group: Sequence[Series], today: dt.date) -> None:
    """One instant of a chart: what stands at 00:00 is of the day before; what is between days is of now."""
    for series in group:
        try:
            pairs = {kind: _pair(point) for kind, point in points.items()}
            if len({when for when, _ in pairs.values()}) != 1:
                raise SourceGarbled("CoinGecko sends lists of different days.")
            when = pairs[series.kind][0]
            if when % DAY_MS:
                return
            date = (dt.date.fromisoformat(day(str(when // 1000))) - dt.timedelta(days=1)).isoformat()
        except Unreadable as reason:
            reader.rejects.append(Reject(series, "", str(reason), excerpt(points[series.kind])))
            continue
        if date != today.isoformat():
            reader.take(series, date, points, partial(_value, pairs, series))


def _pair(point: object) -> tuple[int, object]:
    if not isinstance(point, list) or len(point) != 2 or isinstance(point[0], bool):
        raise Unreadable("missing field")
    return int(number(point[0])), point[1]


def _value(pairs: Mapping[str, tuple[int, object]], series: Series, date: str) -> Measure:
    """Capitalisation and volume as they are; supply is capitalisation over price."""
    value = number(pairs[series.kind][1])
    if series.kind == "circulating_supply":
        if value == 0:
            raise Unreadable("zero")
        value = number(pairs["market_cap"][1]) / value
    return measure(series.kind, series.subject, date, value, "coingecko")


SOURCE = Source(
    id="coingecko",
    title="CoinGecko",
    family="price",
    feeds=(SNAPSHOTS, CATEGORIES, *CHART, TRENDING, DOMINANCE, DEX_SHARE),
    hosts=(Host(ORIGIN, every=6.0, probe="/api/v3/ping", with_key=2.1),),
    cites="https://docs.coingecko.com/v3.0.1/reference/coins-markets",
    terms="free, with attribution",
    fetch=fetch,
    key=Key("x-cg-demo-api-key", "header", "a free demo key: three times the pace", (ORIGIN,)),
    newest=0,
    history=MOST_DAYS,
    passing=frozenset({SNAPSHOTS, TRENDING, DOMINANCE, DEX_SHARE}),
    past=frozenset(CHART),
)
