"""Binance, OKX and Kraken as ccxt knows them: their markets, and their daily candles with today's unfinished one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from emulators.service import Asked, Handler
from emulators.world import World

DAY = 86_400_000
LISTED = {  # venue -> token -> (its name there, how many tokens a unit is)
    "binance": {"BTC": ("BTC", 1), "ETH": ("ETH", 1), "DOGE": ("DOGE", 1), "PEPE": ("1000PEPE", 1000)},
    "okx": {"BTC": ("BTC", 1), "ETH": ("ETH", 1), "PEPE": ("PEPE", 1)},
    "kraken": {"BTC": ("XXBT", 1), "ETH": ("XETH", 1), "DOGE": ("XXDG", 1), "USDT": ("USDT", 1)},
}
PRICES = {"BTC": 60_000.0, "ETH": 2_500.0, "DOGE": 0.15, "PEPE": 0.00001, "USDT": 1.0}
STEP, REACH = 1e-4, {"binance": 300, "okx": 150, "kraken": 300}  # of a book: between levels, and how many
TILT = {"binance": 1.0, "okx": 1.001, "kraken": 0.999}  # no two venues trade at one price


def truth(world: World, kind: str, subject: str, day: str) -> float:
    """The close that must be stored for a day: the median of the venues that list the token."""
    closes = sorted(PRICES[subject] * TILT[venue] * _shape(world, subject, day) for venue in LISTED
                    if subject in LISTED[venue])  # fmt: skip
    middle = len(closes) // 2
    return closes[middle] if len(closes) % 2 else (closes[middle - 1] + closes[middle]) / 2


def _shape(world: World, symbol: str, day: str) -> float:
    return world.value(symbol, day, 1.0)


def bars(world: World, venue: str, symbol: str, first: int, count: int) -> list[list[Any]]:
    """[milliseconds, open, high, low, close, volume] of days from `first` on, today's unfinished one among them."""
    days = [day for day in world.days() if _ms(day) >= first][:count]
    unit = LISTED[venue][symbol][1]
    base = PRICES[symbol] * TILT[venue] * unit
    found = []
    unfinished = world.today.isoformat()
    told_days = [
        *world.told(symbol, days, base, spoken_by=venue),
        (unfinished, 0.9 * world.value(symbol, unfinished, base)),
    ]
    for day, close in told_days[: count + 1]:
        told = close if not isinstance(close, float) else float(f"{close:.10g}")
        high, low = (told * 1.02, told * 0.98) if isinstance(told, float) else (told, told)
        volume = world.value(f"{venue} {symbol} volume", day, 1e6) if day >= "2000" else 1.0
        found.append([_ms(day), told, high, low, told, round(volume / unit, 4)])
    return found


def handlers(world: World) -> dict[str, Handler]:
    return {
        "https://data-api.binance.vision": lambda asked: _binance(world, asked),
        "https://www.okx.com": lambda asked: _okx(world, asked),
        "https://api.kraken.com": lambda asked: _kraken(world, asked),
    }


def _binance(world: World, asked: Asked) -> Any:
    if asked.path == "/api/v3/ping":
        return {}
    if asked.path == "/api/v3/exchangeInfo":
        return {
            "timezone": "UTC",
            "symbols": [
                {
                    "symbol": f"{base}USDT", "status": "TRADING", "baseAsset": base, "quoteAsset": "USDT",
                    "baseAssetPrecision": 8, "quotePrecision": 8, "isSpotTradingAllowed": True, "filters": [],
                    "permissionSets": [["SPOT"]],
                }
                for base, _ in LISTED["binance"].values()
            ],
        }  # fmt: skip
    if asked.path == "/api/v3/ticker/24hr":
        return [
            {"symbol": f"{base}USDT", "lastPrice": last, "volume": "1", "quoteVolume": worth, "closeTime": _now(world)}
            for base, last, worth in _tickers(world, "binance")
        ]
    if asked.path == "/api/v3/depth":
        bids, asks = book(world, "binance", _token("binance", asked.query["symbol"].removesuffix("USDT")), 500)
        return {"lastUpdateId": 1, "bids": [_texts(level) for level in bids], "asks": [_texts(level) for level in asks]}
    assert (asked.path, asked.query["interval"]) == ("/api/v3/klines", "1d")
    symbol = _token("binance", asked.query["symbol"].removesuffix("USDT"))
    rows = bars(world, "binance", symbol, int(asked.query["startTime"]), int(asked.query["limit"]))
    return [[r[0], *_texts(r[1:]), r[0] + DAY - 1, "0", 100, "0", "0", "0"] for r in rows]


def _okx(world: World, asked: Asked) -> Any:
    if asked.path == "/api/v5/public/time":
        return {"code": "0", "msg": "", "data": [{"ts": str(_ms(world.today.isoformat()))}]}
    if asked.path == "/api/v5/public/instruments":
        data = [
            {
                "instType": "SPOT", "instId": f"{base}-USDT", "baseCcy": base, "quoteCcy": "USDT", "state": "live",
                "tickSz": "0.1", "lotSz": "0.00000001", "minSz": "0.00001", "listTime": str(_ms("2019-01-01")),
            }
            for base, _ in LISTED["okx"].values()
        ]  # fmt: skip
        return {"code": "0", "msg": "", "data": data}
    if asked.path == "/api/v5/market/tickers":
        data = [
            {"instType": "SPOT", "instId": f"{base}-USDT", "last": last, "vol24h": "1", "volCcy24h": worth,
             "ts": str(_now(world))}
            for base, last, worth in _tickers(world, "okx")
        ]  # fmt: skip
        return {"code": "0", "msg": "", "data": data}
    if asked.path == "/api/v5/market/books":
        bids, asks = book(world, "okx", _token("okx", asked.query["instId"].removesuffix("-USDT")), 400)
        sides = {
            name: [[*_texts(level), "0", "1"] for level in side] for name, side in (("bids", bids), ("asks", asks))
        }
        return {"code": "0", "msg": "", "data": [{**sides, "ts": str(_now(world))}]}
    assert asked.path in ("/api/v5/market/candles", "/api/v5/market/history-candles")
    assert asked.query["bar"] == "1Dutc"
    symbol = _token("okx", asked.query["instId"].removesuffix("-USDT"))
    newest, oldest = int(asked.query["after"]), int(asked.query["before"])
    rows = [row for row in bars(world, "okx", symbol, oldest + 1, 10_000) if row[0] < newest]
    rows = rows[-int(asked.query["limit"]) :]
    data = [[str(r[0]), *_texts(r[1:]), "0", "0", "1"] for r in reversed(rows)]
    return {"code": "0", "msg": "", "data": data}


def _kraken(world: World, asked: Asked) -> Any:
    if asked.path == "/0/public/Time":
        return {"error": [], "result": {"unixtime": _ms(world.today.isoformat()) // 1000, "rfc1123": "today"}}
    if asked.path == "/0/public/AssetPairs":
        pairs = {
            f"{base}ZUSD": {
                "altname": f"{base}USD", "wsname": f"{base}/USD", "aclass_base": "currency", "base": base,
                "aclass_quote": "currency", "quote": "ZUSD", "pair_decimals": 5, "lot_decimals": 8,
                "leverage_buy": [], "leverage_sell": [], "fees": [[0, 0.26]], "fees_maker": [[0, 0.16]],
                "ordermin": "0.0001", "status": "online",
            }
            for base, _ in LISTED["kraken"].values()
        }  # fmt: skip
        return {"error": [], "result": pairs}
    if asked.path == "/0/public/Ticker":
        return {"error": [], "result": {
            f"{base}ZUSD": {"a": [last, "1", "1"], "b": [last, "1", "1"], "c": [last, "1"], "v": ["0", count],
                            "p": [last, last], "t": [1, 1], "l": [last, last], "h": [last, last], "o": last}
            for base, last, count in _tickers(world, "kraken", counted=True)
        }}  # fmt: skip
    if asked.path == "/0/public/Depth":
        pair = asked.query["pair"]
        bids, asks = book(world, "kraken", _token("kraken", pair.removesuffix("ZUSD")), 500)
        sides = {name: [[*_texts(level), 1] for level in side] for name, side in (("bids", bids), ("asks", asks))}
        return {"error": [], "result": {pair: sides}}
    assert (asked.path, asked.query["interval"]) == ("/0/public/OHLC", "1440")
    pair = asked.query["pair"]
    symbol = _token("kraken", pair.removesuffix("ZUSD"))
    rows = bars(world, "kraken", symbol, int(asked.query["since"]) * 1000 + 1, 10_000)[-720:]
    data = [[r[0] // 1000, *_texts(r[1:5]), _texts(r[4:5])[0], _texts(r[5:])[0], 100] for r in rows]
    return {"error": [], "result": {pair: data, "last": 1}}


def _token(venue: str, name: str) -> str:
    return next(symbol for symbol, (base, _) in LISTED[venue].items() if base == name)


def _texts(values: Sequence[Any]) -> list[Any]:
    return [f"{value:.10g}" if isinstance(value, float) else value for value in values]


def _ms(day: str) -> int:
    return int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp() * 1000)


def book(world: World, venue: str, symbol: str, levels: int) -> tuple[list[list[Any]], list[list[Any]]]:
    """(bids, asks) as [price, size in units], STEP apart, each level worth the same; a lie is about the price."""
    day = world.today.isoformat()
    told = world.told(f"{symbol} spot", [day], PRICES[symbol] * TILT[venue] * LISTED[venue][symbol][1], 0.05, venue)
    steps = [(k + 0.5) * STEP for k in range(min(levels, REACH[venue]))]
    if not told:
        return [], []
    return (
        [_level(told[-1][1], 1 - step, worth(world, venue, symbol)) for step in steps],
        [_level(told[0][1], 1 + step, worth(world, venue, symbol)) for step in steps],
    )


def _level(middle: object, step: float, usd: float) -> list[Any]:
    if not isinstance(middle, float):
        return [middle, 1.0]
    return [f"{middle * step:.16g}", f"{usd / (middle * step) if middle else 0.0:.16g}"]


def worth(world: World, venue: str, symbol: str) -> float:
    """USD at each level of a book."""
    return world.value(f"{symbol} book", world.today.isoformat(), 1e4) * TILT[venue]


def turnover(world: World, venue: str, symbol: str) -> float:
    """USD of 24 hours."""
    return float(f"{world.value(f'{venue} {symbol} turnover', world.today.isoformat(), 1e8):.10g}")


def spot(world: World, venue: str, symbol: str) -> float:
    """The price of one token now."""
    return world.value(f"{symbol} spot", world.today.isoformat(), PRICES[symbol] * TILT[venue])


def _tickers(world: World, venue: str, counted: bool = False) -> list[tuple[str, Any, str]]:
    """(base, last price, USD or units of 24 hours) of every market."""
    rows = []
    for symbol, (base, unit) in LISTED[venue].items():
        day = world.today.isoformat()
        told = world.told(f"{symbol} spot", [day], PRICES[symbol] * TILT[venue] * unit, 0.05, venue)
        last = told[-1][1] if told else None
        traded = turnover(world, venue, symbol)
        if counted and isinstance(last, float) and last:
            traded /= last
        rows.append((base, _texts([last])[0], f"{traded:.12g}"))
    return rows


def _now(world: World) -> int:
    return _ms(world.today.isoformat()) + 12 * 3_600_000
