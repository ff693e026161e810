"""FRED as documented: a graph's CSV without a key, the API's JSON with one; weekends have no rows, holidays a dot."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aiohttp import web
from emulators.service import Asked, Handler
from emulators.world import Point, World

MONTHLY = {"M2SL": 21_500.0, "CPIAUCSL": 320.0, "UNRATE": 4.2}
WEEKLY = {"STLFSI4": 1.5}
DAILY = {
    "DFF": 4.1, "DGS10": 4.2, "T10Y2Y": 0.5, "T10YIE": 2.3, "DTWEXBGS": 120.0, "VIXCLS": 20.0, "SP500": 6500.0,
    "NASDAQ100": 24_000.0, "DCOILWTICO": 70.0, "BAMLH0A0HYM2": 3.1,
}  # fmt: skip
BASE = MONTHLY | WEEKLY | DAILY
HOLIDAY = "-01-19"
OF_KIND = {
    "fed_funds": "DFF", "treasury_10yr": "DGS10", "spread_2s10s": "T10Y2Y", "breakeven_10yr": "T10YIE",
    "dollar_index": "DTWEXBGS", "vix": "VIXCLS", "sp500": "SP500", "nasdaq100": "NASDAQ100", "wti_crude": "DCOILWTICO",
    "high_yield_spread": "BAMLH0A0HYM2", "financial_stress": "STLFSI4", "m2": "M2SL", "cpi_yoy": "CPIAUCSL",
    "unemployment": "UNRATE",
}  # fmt: skip


def truth(world: World, kind: str, subject: str, day: str) -> float:
    """The value that must be stored for a day."""
    name = OF_KIND[kind]
    value = _value(world, name, day)
    if kind != "cpi_yoy":
        return value
    before = _value(world, name, f"{int(day[:4]) - 1}{day[4:]}")
    return round(100 * (value / before - 1), 6)


def _value(world: World, name: str, day: str) -> float:
    """The truth as it is written: six decimals."""
    return float(f"{world.value(name, day, BASE[name], _sway(name)):.6f}")


def _sway(name: str) -> float:
    return 0.01 if name in MONTHLY else 0.05


def handlers(world: World) -> dict[str, Handler]:
    def graph(asked: Asked) -> Any:
        assert asked.path == "/graph/fredgraph.csv"
        name = asked.query["id"]
        rows = [f"{day},{_text(value)}" for day, value in _line(world, name, asked.query["cosd"])]
        return "\n".join([f"observation_date,{name}", *rows]) + "\n"

    def api(asked: Asked) -> Any:
        assert asked.path in ("/fred/series", "/fred/series/observations")
        if len(asked.query.get("api_key", "")) != 32:
            message = (
                "Bad Request.  The value for variable api_key is not a 32 character alpha-numeric lower-case string."
            )
            return web.json_response({"error_code": 400, "error_message": message}, status=400)
        if asked.path == "/fred/series":
            return {"seriess": [{"id": asked.query["series_id"], "title": "a series"}]}
        found = _line(world, asked.query["series_id"], asked.query["observation_start"])
        today = world.today.isoformat()
        return {
            "realtime_start": today, "realtime_end": today, "units": "lin", "count": len(found), "offset": 0,
            "observations": [
                {"realtime_start": today, "realtime_end": today, "date": day, "value": _text(value)}
                for day, value in found
            ],
        }  # fmt: skip

    return {"https://fred.stlouisfed.org": graph, "https://api.stlouisfed.org": api}


def _line(world: World, name: str, since: str) -> list[Point]:
    days = [day for day in _days(world, name) if day >= since]
    told = world.told(name, [day for day in days if HOLIDAY not in day], BASE[name], _sway(name))
    return [*((day, ".") for day in days if HOLIDAY in day), *told]


def _days(world: World, name: str) -> list[str]:
    """The days a series has values for; of a monthly one as many as a yearly growth needs."""
    first = world.first - dt.timedelta(days=800 if name in MONTHLY else 0)
    days = [first + dt.timedelta(days=i) for i in range((world.today - first).days)]
    if name in MONTHLY:
        days = [day for day in days if day.day == 1 and (world.today - day).days > 40]
    elif name in WEEKLY:
        days = [day for day in days if day.weekday() == 4 and (world.today - day).days > 4]
    elif name != "DFF":
        days = [day for day in days if day.weekday() < 5]
    return [day.isoformat() for day in days]


def _text(value: object) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value).replace(",", ";")
