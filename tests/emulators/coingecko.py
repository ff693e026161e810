"""CoinGecko's API v3 as documented: the markets of a page or a category, a coin's chart, trending, the whole market."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aiohttp import web
from emulators.service import Asked, Handler
from emulators.world import World

COINS = {  # id -> ticker, name, price, supply, categories
    "bitcoin": ("btc", "Bitcoin", 60_000.0, 2e7, ()),
    "ethereum": ("eth", "Ethereum", 2_500.0, 1.2e8, ()),
    "tether": ("usdt", "Tether", 1.0, 1.4e11, ("stablecoins",)),
    "dogecoin": ("doge", "Dogecoin", 0.15, 1.5e11, ("meme-token",)),
    "staked-ether": ("steth", "Lido Staked Ether", 2_499.0, 9e6, ("liquid-staking-tokens",)),
    "pepe": ("pepe", "Pepe", 0.00001, 4.2e14, ("meme-token",)),
    "uniswap": ("uni", "Uniswap", 8.0, 6e8, ("decentralized-finance-defi",)),
    "render-token": ("render", "Render", 5.0, 5e8, ("artificial-intelligence",)),
    "beam-2": ("beam", "Beam", 0.02, 5e10, ()),
    "beam": ("beam", "Beam (Mimblewimble)", 0.04, 1.5e8, ()),
}  # fmt: skip
SYMBOL = {id: row[0].upper() for id, row in COINS.items()} | {"beam": "BEAM_BEAM"}
KIND = {"tether": "stable", "staked-ether": "wrapped"}
TRENDING = ("pepe", "uniswap", "someone-else")
FIELDS = ("price", "cap", "supply", "volume")


def token(symbol: str) -> tuple[str, str]:
    """What must be known of a token: its name, and its kind."""
    id = _id(symbol)
    return COINS[id][1], KIND.get(id, "coin")


def _id(symbol: str) -> str:
    return next(id for id, name in SYMBOL.items() if name == symbol)


def _price(world: World, id: str, day: str) -> float:
    sway = 0.001 if "stablecoins" in COINS[id][4] else 0.05
    return float(f"{world.value(f'{id} price', day, COINS[id][2], sway):.10g}")


def _volume(world: World, id: str, day: str) -> float:
    return float(f"{world.value(f'{id} volume', day, COINS[id][2] * COINS[id][3] / 20):.10g}")


def truth(world: World, kind: str, subject: str, day: str) -> Any:
    """What must be stored for a day: (rank, price, cap, supply, volume) of a ranking, or a value."""
    if kind == "btc_dominance":
        return float(f"{world.value('dominance', day, 55.0):.10g}")
    if kind == "dex_share":
        return 0.25
    if kind == "trending":
        return float(subject in {SYMBOL.get(id) for id in TRENDING})
    id = _id(subject)
    price, supply = _price(world, id, day), COINS[id][3]
    if kind == "snapshots":
        return _rank(world, id, day), price, price * supply, supply, _volume(world, id, day)
    return {"market_cap": price * supply, "market_volume": _volume(world, id, day), "circulating_supply": supply}[kind]


def _rank(world: World, id: str, day: str) -> int:
    return _ranks(world, day)[id]


def _ranks(world: World, day: str) -> dict[str, int]:
    caps = {name: _price(world, name, day) * COINS[name][3] for name in COINS}
    return {name: n for n, name in enumerate(sorted(caps, key=lambda name: -caps[name]), start=1)}


def handlers(world: World) -> dict[str, Handler]:
    def answer(asked: Asked) -> Any:
        path = asked.path.removeprefix("/api/v3")
        if path == "/ping":
            return {"gecko_says": "(V3) To the Moon!"}
        if path == "/coins/markets":
            assert (asked.query["vs_currency"], asked.query["order"]) == ("usd", "market_cap_desc")
            category = asked.query.get("category")
            chosen = [id for id in COINS if category is None or category in COINS[id][4]]
            ranks = _ranks(world, world.today.isoformat())
            rows = [row for id in chosen for row in _market(world, id, ranks[id])]
            return sorted(rows, key=lambda row: row["market_cap_rank"])
        if path == "/simple/price":
            return _simple(world, asked.query["ids"].split(","))
        if path == "/global":
            return _global(world)
        if path == "/search/trending":
            coins = [{"item": {"id": id, "coin_id": n, "name": id, "symbol": id[:4], "score": n}}
                     for n, id in enumerate(TRENDING)]  # fmt: skip
            return {"coins": coins, "nfts": [], "categories": []}
        if path.endswith("/tickers"):
            return {"name": "a name", "tickers": _tickers(path.split("/")[2])}
        id = path.removeprefix("/coins/").removesuffix("/market_chart")
        if id not in COINS:
            return web.json_response({"error": "coin not found"}, status=404)
        return _chart(world, id, int(asked.query["days"]))

    return {"https://api.coingecko.com": answer}


def _market(world: World, id: str, rank: int) -> list[dict[str, Any]]:
    """A coin's row; a world that lies does so about its price."""
    today = world.today.isoformat()
    ticker, name, _, supply, _ = COINS[id]
    true = _price(world, id, today)
    scale = true / world.value(f"{id} price", today)
    return [
        {
            "id": id, "symbol": ticker, "name": name, "image": f"https://coin-images.coingecko.com/{id}.png",
            "current_price": price * scale if isinstance(price, float) else price, "market_cap": true * supply,
            "market_cap_rank": rank, "fully_diluted_valuation": None,
            "total_volume": _volume(world, id, today), "high_24h": None, "low_24h": None,
            "circulating_supply": supply, "total_supply": supply, "max_supply": None, "roi": None,
            "last_updated": f"{day}T00:00:30.000Z",
        }
        for day, price in world.told(f"{id} price", [today])
    ]  # fmt: skip


def _chart(world: World, id: str, days: int) -> dict[str, Any]:
    """Values at 00:00 of each day, which close the day before, and one of now."""
    since = max((world.today - dt.timedelta(days=days)).isoformat(), world.charts_since)
    told = [day for day in world.days() if day >= since]
    _, _, price, supply, _ = COINS[id]
    sway = 0.001 if "stablecoins" in COINS[id][4] else 0.05
    lists = {
        "prices": world.told(f"{id} price", told, price, sway),
        "market_caps": [(day, _times(value, supply)) for day, value in world.told(f"{id} price", told, price, sway)],
        "total_volumes": world.told(f"{id} volume", told, price * supply / 20),
    }
    now = int(dt.datetime.combine(world.today, dt.time(12, 1, 7), dt.UTC).timestamp() * 1000)
    return {name: [*([_next(day), value] for day, value in points), [now, price]] for name, points in lists.items()}


def _times(value: object, supply: float) -> object:
    return float(f"{value:.10g}") * supply if isinstance(value, float) else value


def _next(day: str) -> int:
    return int((dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC) + dt.timedelta(days=1)).timestamp() * 1000)


def _simple(world: World, ids: list[str]) -> dict[str, Any]:
    """The price now of each id that it knows: what the exchanges' emulators mean by spot."""
    base = {"bitcoin": 60_000.0, "ethereum": 2_500.0, "dogecoin": 0.15, "pepe": 0.00001, "tether": 1.0}
    now = int(dt.datetime.combine(world.today, dt.time(12), dt.UTC).timestamp())
    day = world.today.isoformat()
    return {
        id: {"usd": world.value(f"{SYMBOL[id]} spot", day, base[id]), "last_updated_at": now}
        for id in ids
        if id in base
    }


def _tickers(id: str) -> list[dict[str, Any]]:
    """Three pairs, a quarter of their sound volume on chain."""
    ticker, address = COINS[id][0].upper(), "0X6982508145454CE325DDBE47A25D4EC3D2311933"
    rows = (
        (ticker, "USDT", 6e6, False),
        (ticker, "USD", 3e6, False),
        (address, "0XC02A", 3e6, False),
        (ticker, "EUR", 9e9, True),
    )
    return [
        {"base": base, "target": target, "market": {"name": "a market", "identifier": "one"}, "volume": 1.0,
         "converted_volume": {"btc": 1.0, "usd": usd}, "is_anomaly": False, "is_stale": stale, "trust_score": None}
        for base, target, usd, stale in rows
    ]  # fmt: skip


def _global(world: World) -> dict[str, Any]:
    today = world.today.isoformat()
    day, share = [*world.told("dominance", [today], 55.0), (today, None)][0]  # its shape has room for one value
    when = int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp()) + 60
    return {"data": {"active_cryptocurrencies": 17_000, "markets": 1_400, "total_market_cap": {"usd": 2.4e12},
                     "market_cap_percentage": {"btc": share, "eth": 12.0}, "updated_at": when}}  # fmt: skip
