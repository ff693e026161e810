"""alternative.me as documented: newest first, numbers and times as strings."""

from __future__ import annotations

import datetime as dt
from typing import Any

from emulators.service import Asked, Handler
from emulators.world import World

BASE = 50.0


def truth(world: World, kind: str, subject: str, day: str) -> float:
    """The value that must be stored for a day."""
    return float(round(world.value("fear_greed", day, BASE)))


def handlers(world: World) -> dict[str, Handler]:
    def answer(asked: Asked) -> Any:
        assert asked.path == "/fng/"
        count = int(asked.query["limit"]) or 10_000
        points = world.told("fear_greed", world.days(newest=0)[-count:], BASE)
        data = [
            {"value": _text(value), "value_classification": "Neutral", "timestamp": str(_seconds(day))}
            for day, value in reversed(points)
        ]
        if data:
            data[0]["time_until_update"] = "41500"
        return {"name": "Fear and Greed Index", "data": data, "metadata": {"error": None}}

    return {"https://api.alternative.me": answer}


def _text(value: object) -> Any:
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return str(round(value))
    return value if isinstance(value, dict) else str(value)


def _seconds(day: str) -> int:
    return int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp())
