"""DefiLlama's free API as documented: seconds as numbers or strings, the running day at the end of every chart."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from emulators.service import Asked, Handler
from emulators.world import Point, World

BASE = {"Cronos tvl": 1e9, "all tvl": 9e10,
        "all dexs": 8e9, "stablecoins": 3e11, "Ethereum tvl": 5e10, "Ethereum dexs": 2e9,
        "uniswap dexs": 1.5e9, "ethereum fees": 2e6, "bitcoin fees": 4e5, "uniswap fees": 3e6,
        "aave fees": 2e6, "curve-finance fees": 2e5, "lido fees": 1e6, "curve-finance dexs": 2e8}  # fmt: skip
OF_KIND = {
    ("defi_tvl", ""): "all tvl", ("market_dex_volume", ""): "all dexs", ("stablecoin_supply", ""): "stablecoins",
    ("chain_tvl", "ETH"): "Ethereum tvl", ("dex_volume", "ETH"): "Ethereum dexs", ("dex_volume", "UNI"): "uniswap dexs",
    ("fees", "ETH"): "ethereum fees", ("fees", "BTC"): "bitcoin fees", ("fees", "UNI"): "uniswap fees",
    ("fees", "AAVE"): "aave fees", ("fees", "CRV"): "curve-finance fees", ("fees", "LDO"): "lido fees",
    ("dex_volume", "CRV"): "curve-finance dexs",
}  # fmt: skip
PRICES = {"tether": ("USDT", 1.0), "dai": ("DAI", 0.999), "someone-else": ("SOME", None)}


def truth(world: World, kind: str, subject: str, day: str) -> float:
    """The value that must be stored for a day."""
    if kind == "stablecoin_price":
        return next(price for symbol, price in PRICES.values() if symbol == subject and price)
    name = OF_KIND[kind, subject]
    return float(f"{world.value(name, day, BASE[name]):.10g}")


def handlers(world: World) -> dict[str, Handler]:
    def api(asked: Asked) -> Any:
        path = unquote(asked.path)
        if path.startswith("/v2/historicalChainTvl"):
            chain = path.removeprefix("/v2/historicalChainTvl").strip("/")
            points = _told(world, f"{chain or 'all'} tvl")
            return _missing() if points is None else [{"date": _seconds(day), "tvl": _n(v)} for day, v in points]
        _, how, what, *name = path.split("/")
        assert how in ("overview", "summary") and what in ("dexs", "fees")
        points = _told(world, f"{name[0] if name else 'all'} {what}")
        if points is None:
            return _missing()
        chart = [[_seconds(day), _n(value)] for day, value in points]
        return {"name": "a name", "chain": None, "totalDataChart": chart, "total24h": 1, "total7d": 7}

    def stables(asked: Asked) -> Any:
        if asked.path == "/stablecoinchains":
            return [{"name": "Ethereum", "totalCirculatingUSD": {"peggedUSD": 1.0}}]
        if asked.path == "/stablecoins":
            assert asked.query["includePrices"] == "true"
            return {"peggedAssets": [
                {"id": str(n), "name": id, "symbol": symbol, "gecko_id": id, "pegType": "peggedUSD", "price": price,
                 "circulating": {"peggedUSD": 1e9}}
                for n, (id, (symbol, price)) in enumerate(PRICES.items())
            ]}  # fmt: skip
        assert asked.path == "/stablecoincharts/all"
        points = _told(world, "stablecoins") or []
        return [{"date": str(_seconds(day)), "totalCirculatingUSD": _pegs(_n(value))} for day, value in points]

    return {"https://api.llama.fi": api, "https://stablecoins.llama.fi": stables}


def _told(world: World, name: str) -> list[Point] | None:
    if name not in BASE:
        return None
    running = world.today.isoformat()
    return [*world.told(name, world.days(), BASE[name]), (running, 0.4 * BASE[name])]


def _pegs(value: object) -> dict[str, object]:
    return {"peggedUSD": value * 0.9, "peggedEUR": value * 0.1} if isinstance(value, float) else {"peggedUSD": value}


def _n(value: object) -> object:
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _missing() -> web.Response:
    return web.json_response({"message": "Internal server error"}, status=404)


def _seconds(day: str) -> int:
    return int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp())
