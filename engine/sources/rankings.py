"""Makes the rankings of months before anybody looked from what is known of each token, and says what they go by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.model import Snapshot


@dataclass(slots=True)
class Past:
    """One token's past by ISO day, the first of each month: capitalisation, supply and whole-market volume; its last
    close, and the mean of one venue's dollar volume over 30 days. `oldest_supply` is of any day."""

    caps: dict[str, float] = field(default_factory=dict)
    supplies: dict[str, float] = field(default_factory=dict)
    volumes: dict[str, float] = field(default_factory=dict)
    closes: dict[str, float] = field(default_factory=dict)
    traded: dict[str, float] = field(default_factory=dict)
    oldest_supply: float | None = None


def months(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The first of every month from `first` to `last`, both inclusive."""
    day = first.replace(day=1)
    while day <= last:
        if day >= first:
            yield day
        day = (day + dt.timedelta(days=32)).replace(day=1)


def capitalisation_ranking(day: dt.date, pasts: Mapping[int, Past]) -> list[Snapshot]:
    """The ranking of a day by capitalisation; empty where none is known. {token: past}."""
    date = day.isoformat()
    known = [
        (past.caps[date], token, past.supplies[date], past.volumes.get(date, 0.0))
        for token, past in pasts.items()
        if past.caps.get(date) and past.supplies.get(date)
    ]
    return [
        Snapshot(date, token, rank, cap / supply, cap, supply, volume)
        for rank, (cap, token, supply, volume) in enumerate(_largest(known), start=1)
    ]


def volume_ranking(day: dt.date, pasts: Mapping[int, Past]) -> list[Snapshot]:
    """The ranking of a day by dollar volume at one venue, with each token's oldest known supply: an estimate, and said
    to be one."""
    date = day.isoformat()
    found = [
        (past.traded[date], token, past.closes[date], past.oldest_supply)
        for token, past in pasts.items()
        if past.closes.get(date) and past.traded.get(date) and past.oldest_supply
    ]
    return [
        Snapshot(date, token, rank, price, price * supply, supply, volume)
        for rank, (volume, token, price, supply) in enumerate(_largest(found), start=1)
    ]


@dataclass(frozen=True, slots=True)
class Filled:
    """Rankings of the past, and the first that is of capitalisations: those before it go by dollar volume."""

    rankings: tuple[Snapshot, ...]
    by_volume_before: str | None


def past_rankings(pasts: Mapping[int, Past], before: dt.date) -> Filled:
    """A ranking for the first of every month that anything is known of, up to `before` (exclusive)."""
    days = [min(d) for past in pasts.values() for d in (past.closes, past.caps) if d]
    if not days:
        return Filled((), None)
    rows: list[Snapshot] = []
    guessed: str | None = None
    for day in months(dt.date.fromisoformat(min(days)), before - dt.timedelta(days=1)):
        ranked = capitalisation_ranking(day, pasts)
        if not ranked and (ranked := volume_ranking(day, pasts)):
            guessed = (day + dt.timedelta(days=32)).replace(day=1).isoformat()
        rows += ranked
    return Filled(tuple(rows), guessed)


def _largest(rows: Iterable[tuple[float, int, float, float]]) -> list[tuple[float, int, float, float]]:
    """By falling size, ties by token."""
    return sorted(rows, key=lambda row: (-row[0], row[1]))
