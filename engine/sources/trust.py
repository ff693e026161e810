"""How far each kind of series is believed: plausible values, how fast they move, how long they may stand still."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.measures import KINDS
from engine.sources.port import CANDLES, SNAPSHOTS


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed of one kind without a second opinion.

    Values lie between `low` and `high`; 0 is a value where `zero`. A change by more than `jump` times in one step that
    is also far outside the series' own noise waits for confirmation, in series around zero one by more than `leap`
    (0: never doubted). `frozen` equal rows in a row are too many (0: may stand still). A last good value counts for
    `memory` days. One that is not `daily` has the days on which somebody asked.
    """

    low: float = -math.inf
    high: float = math.inf
    zero: bool = True
    jump: float = 0.0
    leap: float = 0.0
    frozen: int = 0
    memory: int = 45
    daily: bool = True


_PRICE = Trust(0.0, math.inf, zero=False, jump=3.0, frozen=5, memory=100_000)
_COUNT = Trust(0.0, math.inf, jump=20.0, frozen=5)
_LOCKED = Trust(0.0, 1e14, zero=False, jump=3.0, frozen=5)
_RATE = Trust(-3.0, 30.0, leap=1.5, frozen=10)

TRUST = {
    CANDLES: _PRICE,
    SNAPSHOTS: replace(_PRICE, frozen=0, memory=7),
    "market_cap": replace(_PRICE, frozen=0),
    "market_volume": replace(_COUNT, jump=100.0, frozen=0),
    "circulating_supply": replace(_PRICE, frozen=0),
    "depth_1pct": replace(_COUNT, zero=False, jump=100.0, daily=False),
    "depth_2pct": replace(_COUNT, zero=False, jump=100.0, daily=False),
    "spread": Trust(0.0, 0.5, zero=False, jump=100.0, daily=False),
    "venue_share": Trust(0.0, 1.0, zero=False, daily=False),
    "venue_concentration": Trust(0.0, 1.0, zero=False, daily=False),
    "dex_share": Trust(0.0, 1.0, daily=False),
    "trending": Trust(0.0, 1.0, daily=False),
    "btc_dominance": Trust(5.0, 99.0, leap=8.0, frozen=5),
    "mvrv": Trust(0.0, 100.0, zero=False, jump=3.0, frozen=5),
    "hash_rate": replace(_COUNT, zero=False, jump=5.0),
    "chain_tvl": _LOCKED,
    "defi_tvl": _LOCKED,
    "stablecoin_supply": _LOCKED,
    "market_dex_volume": replace(_COUNT, zero=False),
    "stablecoin_price": Trust(0.0, 1e5, zero=False, jump=3.0, daily=False),
    "gas_price": replace(_COUNT, jump=100.0),
    "wiki_views": replace(_COUNT, jump=100.0),
    "fear_greed": Trust(0.0, 100.0, leap=45.0, frozen=12),
    # the largest steps of their history are smaller: 2020 is in it
    "vix": Trust(5.0, 200.0, jump=3.0, frozen=6),
    "dollar_index": Trust(50.0, 250.0, jump=1.2, frozen=6),
    "treasury_10yr": replace(_RATE, leap=1.0),
    "breakeven_10yr": replace(_RATE, leap=1.0, frozen=15),
    "spread_2s10s": Trust(-6.0, 6.0, leap=0.8, frozen=15),
    "fed_funds": replace(_RATE, frozen=0),
    "sp500": Trust(100.0, 1e6, jump=1.5, frozen=5),
    "nasdaq100": Trust(100.0, 1e6, jump=1.5, frozen=5),
    "gold": Trust(100.0, 1e5, jump=1.5, frozen=6),
    "wti_crude": Trust(-100.0, 1000.0, leap=60.0, frozen=6),  # from 18 to -37 on 2020-04-20
    "high_yield_spread": Trust(0.0, 50.0, zero=False, leap=3.0, frozen=10),
    "financial_stress": Trust(-10.0, 30.0, leap=4.0),
    "m2": Trust(1e3, 1e6, jump=1.5, memory=120),  # billions: a value in millions is a mistake of the unit
    "cpi_yoy": Trust(-20.0, 50.0, leap=3.0, memory=120),
    "unemployment": Trust(0.0, 60.0, zero=False, leap=11.0, memory=120),  # from 4.4 to 14.8 in April 2020
}


def trust(kind: str) -> Trust:
    """What is believed of a kind: its entry, or what its family allows."""
    if kind in TRUST:
        return TRUST[kind]
    return Trust() if kind in KINDS and KINDS[kind].family == "macro" else _COUNT


def is_daily(kind: str) -> bool:
    """Whether a kind has a value for every day; macro series follow offices, rankings and texts nobody."""
    return kind == CANDLES or (kind in KINDS and KINDS[kind].family != "macro" and trust(kind).daily)
