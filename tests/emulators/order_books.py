"""The same exchanges, asked for their order books and tickers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from statistics import median

from emulators import exchanges
from emulators.exchanges import LISTED, REACH, STEP
from emulators.world import World

handlers = exchanges.handlers


def truth(world: World, kind: str, subject: str, day: str) -> float:
    """The value that must be stored for a day."""
    then = replace(world, today=dt.date.fromisoformat(day), twist=list)
    venues = [venue for venue in LISTED if subject in LISTED[venue]]
    if kind == "spread":
        return STEP
    if kind.startswith("depth"):
        levels = {"depth_1pct": 100, "depth_2pct": 200}[kind]
        return median(2 * levels * exchanges.worth(then, venue, subject) for venue in venues if REACH[venue] > levels)
    volumes = [exchanges.turnover(then, venue, subject) for venue in venues]
    shares = [volume / sum(volumes) for volume in volumes]
    return max(shares) if kind == "venue_share" else sum(share**2 for share in shares)
