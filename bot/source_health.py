"""How each live source fares: when it answered, how old its newest value is, its quota, its last error."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.fetch_plan import Standing, is_current
from bot.phrases import listed
from bot.settings import Settings
from bot.source_list import sources_of
from engine.errors import SourceError
from engine.sources.http.address import checked_bases
from engine.sources.http.client import HttpClient
from engine.sources.http.limits import Clock, Limits
from engine.sources.port import HEADLINES, Series, Source
from engine.sources.table import ROUTES, SOURCES
from storage.database import Database
from storage.sources import Cursor, SourceStatus

PROBE = Limits(attempts=1, connect=5.0, read=5.0, total=8.0)


FIRST = {route.kind: route.sources[0] for route in ROUTES if route.kind != HEADLINES}  # places of talk have their own
STALE_AFTER = dt.timedelta(hours=18)  # what a source is first for must be as new as it ought to have been so long ago


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source in a sentence (`says`) and in a few words (`brief`, empty where it was never asked)."""

    id: str
    ok: bool
    says: str
    brief: str


def source_states(database: Database, now: dt.datetime, table: Mapping[str, Source] = SOURCES) -> list[SourceState]:
    """Every source of the table; none where the market is simulated, which asks nobody."""
    if database.market.is_simulated():
        return []
    statuses, cursors = database.sources.statuses(), database.sources.cursors()
    stale = stale_sources(database, now, table)
    quarantined: dict[str, int] = {}
    for (name, _), count in database.sources.quarantine_counts().items():
        quarantined[name] = quarantined.get(name, 0) + count
    quotas = {origin: host.quota for origin, host in database.sources.hosts().items()}
    return [
        _state(
            source,
            statuses.get(name),
            _newest(name, cursors),
            _quota(source, quotas),
            quarantined.get(name, 0),
            stale.get(name, ""),
            now,
        )
        for name, source in table.items()
    ]


def stale_sources(database: Database, now: dt.datetime, table: Mapping[str, Source] = SOURCES) -> dict[str, str]:
    """{source: what is wrong}, of sources that say nothing new any more.

    Of some kind of series that a source is first for, none that it ever had is as new as the newest one must have been
    STALE_AFTER ago. What is optional is missed by nobody; a simulated market and an archive have no sources.
    """
    if database.market.is_simulated() or database.market.provenance("live") != "yes":
        return {}
    cursors = database.sources.cursors()
    standing = Standing(now - STALE_AFTER, (), cursors, {})
    untils: dict[tuple[str, str], list[tuple[bool, dt.date]]] = {}
    for cursor in cursors.values():
        source = table.get(FIRST.get(cursor.kind, cursor.source))
        series = Series(cursor.kind, cursor.subject)
        until = standing.until(series)
        if source is not None and until is not None and cursor.kind not in source.past and not source.optional:
            current = is_current(series, standing, source.newest + source.quiet)
            untils.setdefault((source.id, cursor.kind), []).append((current, until))
    found: dict[str, list[str]] = {}
    for (name, kind), said in sorted(untils.items()):
        if not any(current for current, _ in said):
            found.setdefault(name, []).append(f"{kind} since {max(until for _, until in said)}")
    return {name: f"nothing new of {listed(kinds)}" for name, kinds in found.items()}


def _newest(name: str, cursors: dict[tuple[str, str], Cursor]) -> str | None:
    return max((c.until for c in cursors.values() if c.source == name and c.until), default=None)


def _quota(source: Source, quotas: dict[str, int | None]) -> int | None:
    left = [quota for host in source.hosts if (quota := quotas.get(host.origin)) is not None]
    return min(left, default=None)


def _state(
    source: Source,
    status: SourceStatus | None,
    newest: str | None,
    quota: int | None,
    held: int,
    stale: str,
    now: dt.datetime,
) -> SourceState:
    if status is None and source.needs_key:
        return SourceState(source.id, True, "needs a key (CRIER_SOURCE_KEYS); not asked without one", "needs a key")
    if status is None:
        return SourceState(source.id, True, "never asked; crier fetch asks it", "")
    failed = status.error_at is not None and (status.answered is None or status.error_at > status.answered)
    parts = [f"answered {_ago(status.answered, now)}" if status.answered else "never answered"]
    if stale:
        parts.insert(0, f"stale: {stale}")
    if newest:
        age = (now.date() - dt.date.fromisoformat(newest[:10])).days
        parts.append(f"newest value {newest[:10]}, {age} days old")
    if quota is not None:
        parts.append(f"{quota:,} requests left")
    if held:
        parts.append(f"{held:,} values in quarantine")
    if status.notes:
        parts.append(status.notes)
    if status.error:
        parts.append(f"last error {_ago(status.error_at, now)}: {status.error}")
    brief = f"failed {_ago(status.error_at, now)}" if failed else f"answered {_ago(status.answered, now)}"
    brief = f"stale, {brief}" if stale else brief
    if failed and source.optional:
        brief = "missing"
        parts.insert(0, "missing, which is no failure" + (": a key may help" if source.key else ""))
    return SourceState(source.id, source.optional or not (failed or stale), "; ".join(parts).rstrip("."), brief)


def _ago(instant: str | None, now: dt.datetime) -> str:
    if instant is None:
        return "never"
    minutes = max(int((now - dt.datetime.fromisoformat(instant)).total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 2880 else f"{minutes // 1440} days ago"


def probe(settings: Settings) -> list[tuple[str, bool, str]]:
    """Ask every host of every source one small question now: (host, whether it answers, in words)."""
    return asyncio.run(_probe(settings))


async def _probe(settings: Settings) -> list[tuple[str, bool, str]]:
    import time
    from random import Random

    clock = Clock(time.monotonic, asyncio.sleep, lambda: dt.datetime.now(dt.UTC), Random())
    keys = {name: key.get_secret_value() for name, key in settings.source_keys.items()}
    bases = checked_bases(settings.source_bases)
    table = sources_of(settings)
    async with HttpClient(table.values(), clock, limits=PROBE, bases=bases, keys=keys) as client:
        questions = list(_questions(table, set(keys)))
        return list(await asyncio.gather(*(_ask(client, source, url) for source, url in questions)))


def _questions(table: Mapping[str, Source], keys: set[str]) -> Iterator[tuple[Source, str]]:
    """The probe of every host that can be asked: those for a key only where there is one."""
    for source in table.values():
        for host in source.hosts:
            if source.key and host.origin in source.key.origins and source.id not in keys:
                continue
            yield source, host.origin + host.probe


async def _ask(client: HttpClient, source: Source, url: str) -> tuple[str, bool, str]:
    name = urlsplit(url).netloc
    try:
        await client.bound(source).get(url)
    except SourceError as error:
        return name, False, str(error)
    return name, True, "answers"
