"""Fills the rankings of months before the first fetch, and notes what a history made of today's members is worth."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from engine.sources.rankings import Past, months, past_rankings
from storage.database import Database

RANKED_FROM = "ranked from"  # provenance: the day of the first ranking that was seen on its own day
SURVIVORSHIP = "survivorship"  # provenance: where the past was filled from today's members, since when ("": all of it)
BY_VOLUME = "ranked by volume before"  # provenance: before this day rankings go by dollar volume
TRADED_DAYS, CLOSE_DAYS = 30, 3


def fill_rankings(database: Database, seen: dt.datetime) -> None:
    """Rank the first of every month before the first live ranking; what an archive has ranked is left alone.

    The same data again changes nothing, so that a fetch that was killed ends where an undisturbed one would.
    """
    with database.atomic():
        first = _ranked_from(database)
        if first is None:
            return
        since = _archive_ends(database)
        filled = past_rankings(_pasts(database, first), first)
        rankings = [row for row in filled.rankings if row.date > since]
        if not rankings:
            return
        days = [day.isoformat() for day in months(dt.date.fromisoformat(rankings[0].date), first)]
        days = [day for day in days if day < first.isoformat()]
        database.market.replace_rankings(rankings, days, seen.isoformat(timespec="seconds"))
        database.market.set_provenance(SURVIVORSHIP, since)
        database.market.set_provenance(BY_VOLUME, filled.by_volume_before or "")


def _ranked_from(database: Database) -> dt.date | None:
    """The day of the first live ranking; None where there is none."""
    noted = database.market.provenance(RANKED_FROM)
    if noted is None:
        row = database.connection.row("SELECT MIN(date) FROM snapshots WHERE observed IS NOT NULL")
        noted = row[0] if row else None
        if noted:
            database.market.set_provenance(RANKED_FROM, noted)
    return dt.date.fromisoformat(noted) if noted else None


def _archive_ends(database: Database) -> str:
    """The day of the last ranking that was there before anybody fetched, empty where none was."""
    row = database.connection.row("SELECT MAX(date) FROM snapshots WHERE observed IS NULL")
    return str(row[0] or "") if row else ""


def _pasts(database: Database, before: dt.date) -> dict[int, Past]:
    """What is known of every token at the first of each month."""
    ids = database.market.token_ids()
    pasts: dict[int, Past] = defaultdict(Past)
    for kind, name in (("market_cap", "caps"), ("circulating_supply", "supplies"), ("market_volume", "volumes")):
        for symbol, date, value in database.live.month_firsts(kind):
            if symbol in ids:
                getattr(pasts[ids[symbol]], name)[date] = value
    for token, supply in database.live.oldest_supplies().items():
        pasts[token].oldest_supply = supply
    span = database.market.span()
    for day in months(span[0], before) if span else ():
        for token, close, traded in database.live.month_end(day, CLOSE_DAYS, TRADED_DAYS):
            pasts[token].closes[day.isoformat()] = close
            if traded:
                pasts[token].traded[day.isoformat()] = traded
    return dict(pasts)


def caveats(database: Database) -> tuple[str, ...]:
    """What must be said wherever a record of the past is quoted; empty where the past was seen as it was."""
    since = database.market.provenance(SURVIVORSHIP)
    if since is None:
        return ()
    part = f"The past after {since}" if since else "The past"
    said = [f"{part} is filled from today's members: flattered by survivorship."]
    before = database.market.provenance(BY_VOLUME)
    if before and before > since:
        said.append(f"Before {before} no capitalisation is known: tokens are ranked by dollar volume there.")
    return tuple(said)
