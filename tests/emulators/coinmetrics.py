"""Coin Metrics' API v4 as documented: pages ordered by asset and time, numbers as strings, some metrics forbidden."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from emulators.service import Asked, Handler
from emulators.world import World

ASSETS = {"btc", "eth", "doge"}
SERVED = {"AdrActCnt", "TxCnt", "TxTfrCnt", "FeeTotNtv", "CapMVRVCur", "IssTotUSD", "HashRate", "PriceUSD"}
FORBIDDEN = {"NVTAdj", "TxTfrValAdjUSD", "TxTfrValAdjNtv", "FeeTotUSD", "IssTotNtv", "RevHashUSD"}
UNKNOWN_HERE = {"FlowInExUSD": {"btc", "eth"}, "FlowOutExUSD": {"btc", "eth"}, "HashRate": {"btc"}}
OF_KIND = {
    "active_addresses": ("AdrActCnt",),
    "transactions": ("TxCnt",),
    "transfers": ("TxTfrCnt",),
    "fees": ("FeeTotNtv", "PriceUSD"),
    "mvrv": ("CapMVRVCur",),
    "issuance": ("IssTotUSD",),
    "hash_rate": ("HashRate",),
    "exchange_inflow": ("FlowInExUSD",),
    "exchange_outflow": ("FlowOutExUSD",),
}
BASE = {"CapMVRVCur": 1.8}
PAGE = 100


def truth(world: World, kind: str, subject: str, day: str) -> float:
    """The value that must be stored for a day."""
    product = 1.0
    for metric in OF_KIND[kind]:
        product *= float(f"{world.value(f'{subject.lower()} {metric}', day, BASE.get(metric, 1000.0)):.10g}")
    return product


def handlers(world: World) -> dict[str, Handler]:
    def answer(asked: Asked) -> Any:
        assert asked.path == "/v4/timeseries/asset-metrics"
        query = asked.query
        metrics = query["metrics"].split(",")
        strangers = set(query["assets"].split(",")) - ASSETS
        if strangers and query.get("ignore_unsupported_errors") != "true":
            message = f"Bad parameter 'assets'. Value '{min(strangers)}' is not supported."
            return web.json_response({"error": {"type": "bad_parameter", "message": message}}, status=400)
        if set(metrics) & FORBIDDEN and query.get("ignore_forbidden_errors") != "true":
            return web.json_response({"error": {"type": "forbidden", "message": "Requested metric is not available."}},
                                     status=403)  # fmt: skip
        rows = [row for asset in sorted(set(query["assets"].split(",")) & ASSETS) for row in _rows(world, asset, query)]
        start = int(query.get("next_page_token", "0"))
        size = min(int(query.get("page_size", "100")), PAGE)
        page: dict[str, Any] = {"data": rows[start : start + size]}
        if start + size < len(rows):
            page["next_page_token"] = str(start + size)
            page["next_page_url"] = f"https://community-api.coinmetrics.io{asked.path}?next_page_token={start + size}"
        return page

    return {"https://community-api.coinmetrics.io": answer, "https://api.coinmetrics.io": answer}


def _rows(world: World, asset: str, query: Any) -> list[dict[str, Any]]:
    days = [day for day in world.days() if query.get("start_time", "") <= day <= query.get("end_time", "9999")]
    lines = {
        metric: world.told(f"{asset} {metric}", days, BASE.get(metric, 1000.0))
        for metric in query["metrics"].split(",")
        if metric not in FORBIDDEN and asset in UNKNOWN_HERE.get(metric, ASSETS)
    }
    if not lines:
        return []
    told = next(iter(lines.values()))  # every metric is twisted alike, row by row
    rows = []
    for i, (day, _) in enumerate(told):
        row: dict[str, Any] = {"asset": asset, "time": f"{day}T00:00:00.000000000Z"}
        for metric, line in lines.items():
            value = line[i][1]
            row[metric] = f"{value:.10g}" if isinstance(value, float) else value
        rows.append(row)
    return rows
