"""Brings the database up to date from the live sources: only what is missing, each with another to stand in for it.

Sources are asked in waves. In the first wave every kind of series is asked for at the first source of its route; in the
next, what is then still missing at the second, and so on. Rankings come before everything else, since they name tokens.
A batch is stored with its cursor in one transaction: killed at any point and started again, a fetch ends where an
undisturbed one would.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random

from bot.fetch_plan import Standing, due, is_current, missing
from bot.fetch_report import FetchReport, SourceReport, coverage, kind_reports
from bot.fetch_store import Brought, Keeper
from bot.past_rankings import fill_rankings
from bot.progress import Report
from bot.settings import Settings
from bot.shelf import standing_orders
from bot.source_list import sources_of
from bot.universe import adopt_proposals
from engine.errors import BadRequest, SourceError, StorageError
from engine.sources.answer import Validator
from engine.sources.http.client import HttpClient
from engine.sources.http.limits import Clock, Limits
from engine.sources.port import CANDLES, CATEGORIES, HEADLINES, SNAPSHOTS, Batch, Series, Source, Want
from engine.sources.table import ROUTES, SOURCES, Route
from storage.database import Database

ENOUGH = 0.95  # of the capitalisation must have yesterday's candle, or the market counts as incomplete
NAMING = (SNAPSHOTS, CATEGORIES)  # kinds that make tokens known
log = logging.getLogger(__name__)


def system_clock() -> Clock:
    """The clock of the wall."""
    return Clock(time.monotonic, asyncio.sleep, lambda: dt.datetime.now(dt.UTC), Random())


def fetch(database: Database, settings: Settings, only: str = "", progress: Report | None = None) -> FetchReport:
    """Fetch what is missing; `only` is a source's id, or several with commas.

    Raises BadRequest for an unknown id, StorageError where the database holds a simulated market or cannot be written.
    A source that fails is in the report, not raised.
    """
    keys = {name: key.get_secret_value() for name, key in settings.source_keys.items()}
    table = sources_of(settings)
    chosen = _chosen(only, table)
    job = Fetcher(database, system_clock(), sources=table, bases=settings.source_bases, keys=keys, progress=progress)
    return asyncio.run(job.run(chosen))


def _chosen(only: str, table: Mapping[str, Source]) -> frozenset[str]:
    names = frozenset(name.strip() for name in only.split(",") if name.strip())
    unknown = sorted(names - table.keys())
    if unknown:
        raise BadRequest(f"there is no source {unknown[0]!r}: there are {', '.join(table)}.")
    return names or frozenset(table)


@asynccontextmanager
async def _to_its_end(batches: AsyncIterator[Batch]) -> AsyncIterator[AsyncIterator[Batch]]:
    """Batches of a source that is let go of whatever happens: it may have requests under way."""
    try:
        yield batches
    finally:
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()


class StoredValidators:
    """What makes requests conditional, read from the database; implements the client's `Validators`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def validator(self, url: str) -> Validator | None:
        """What is known of an address's last stored answer."""
        found = self._db.sources.validator(url)
        return Validator(url, *found) if found else None


class Fetcher:
    """One fetch: the table of sources, the database, and the client that asks."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        sources: Mapping[str, Source] = SOURCES,
        routes: Sequence[Route] = ROUTES,
        bases: Mapping[str, str] | None = None,
        keys: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        progress: Report | None = None,
    ) -> None:
        if database.market.is_simulated():
            raise StorageError(f"{database.path} holds a SIMULATED market: fetch into another database.")
        self._db = database
        self._clock = clock
        self._sources = sources
        self._routes = routes
        self._progress = progress or (lambda step, done, total: None)
        self._keys = frozenset(keys or ())
        self._hosts = database.sources.hosts()
        self._keeper = Keeper(database, self._hosts)
        self._client = HttpClient(
            sources.values(), clock, limits=limits, bases=bases, keys=keys, validators=StoredValidators(database)
        )
        self._reports: dict[str, SourceReport] = {}
        self._answered: set[Series] = set()

    async def run(self, only: Iterable[str] | None = None) -> FetchReport:
        """Ask the sources of `only` (all of them where it is None) for what is missing, and say what came."""
        asked = frozenset(self._sources if only is None else only)
        unasked = frozenset(name for name in asked if self._sources[name].needs_key and name not in self._keys)
        chosen = asked - unasked
        routes = [Route(r.kind, tuple(s for s in r.sources if s in chosen)) for r in self._routes]
        async with self._client:
            for origin, host in self._hosts.items():
                if host.paused_until:
                    self._client.pause(origin, dt.datetime.fromisoformat(host.paused_until))
            for stage in (
                [route for route in routes if route.kind in NAMING],
                [route for route in routes if route.kind not in NAMING],
            ):
                await self._stage(stage)
        self._settle()
        return self._report([route for route in routes if route.sources], unasked)

    def _settle(self) -> None:
        """What follows from all that came: rankings of the past, and proposals whose time has come."""
        now = self._clock.wall()
        fill_rankings(self._db, now)
        adopt_proposals(self._db, standing_orders(self._db, "live"), now.date())

    async def _stage(self, routes: Sequence[Route]) -> None:
        """All waves of some routes."""
        open_ = due(routes, self._sources, self._standing())
        for position in range(max((len(route.sources) for route in routes), default=0)):
            standing = self._standing()
            jobs: dict[str, list[str]] = {}
            for route in routes:
                if position < len(route.sources):
                    jobs.setdefault(route.sources[position], []).append(route.kind)
            await self._wave(jobs, standing, open_)

    async def _wave(self, jobs: Mapping[str, Sequence[str]], standing: Standing, open_: set[Series]) -> None:
        """Ask several sources at once; an error that is no source's ends the fetch."""
        try:
            async with asyncio.TaskGroup() as group:
                for name, kinds in jobs.items():
                    source = self._sources[name]
                    since = {
                        series: day
                        for series, day in missing(source, kinds, standing).items()
                        if series in open_ and not self._is_served(series, standing, source)
                    }
                    if since:
                        group.create_task(self._ask(source, self._want(source, since, standing)))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    def _is_served(self, series: Series, standing: Standing, source: Source) -> bool:
        """Whether an earlier source of this fetch has answered for a series, and left it new enough."""
        return series in self._answered and is_current(series, standing, source.newest + source.quiet)

    def _want(self, source: Source, since: Mapping[Series, dt.date], standing: Standing) -> Want:
        tokens = {token.symbol: token for token in standing.tokens}
        last = {
            series.subject: candles[-1]
            for series in since
            if series.kind == CANDLES and (candles := self._db.live.tail_of_candles(tokens[series.subject].id, 1))
        }
        texts = self._db.live.newest_texts() if HEADLINES in source.feeds else {}
        newest = {series: texts[series.subject] for series in since if series.subject in texts}
        until = max(standing.newest(series, source) for series in since)
        ids = self._db.universe.ids(source.ids_from or source.id)
        return Want(since, until, standing.instant, tokens, last, ids, newest)

    async def _ask(self, source: Source, want: Want) -> None:
        """Take and store all that one source brings; its error ends only its own part."""
        brought, error, before = Brought(), "", self._requests(source)
        self._progress(source.title, 0, len(want.since))
        async with _to_its_end(source.fetch(self._client.bound(source), want)) as batches:
            while True:
                try:
                    batch = await anext(batches, None)
                except SourceError as failed:
                    error = str(failed)
                    break
                except Exception as failed:  # a source is an outsider's word all the way: it must not end the others
                    log.exception("%s: its answer could not be read", source.id)
                    error = f"{source.title} answered in a way nobody foresaw ({type(failed).__name__})."
                    break
                if batch is None:
                    break
                try:
                    self._store(source, want, batch, brought)
                except (OverflowError, TypeError, ValueError) as failed:  # what no column takes: nothing of it is kept
                    log.exception("%s: its answer could not be stored", source.id)
                    error = f"{source.title} answered in a way nobody foresaw ({type(failed).__name__})."
                    break
                self._progress(source.title, len(brought.answered), len(want.since))
        self._answered |= brought.answered
        self._finish(source, want, brought, error, self._requests(source) - before)

    def _store(self, source: Source, want: Want, batch: Batch, brought: Brought) -> None:
        self._keeper.store(source, want, batch, self._clock.wall(), self._client.tallies(), brought)

    def _finish(self, source: Source, want: Want, brought: Brought, error: str, requests: int) -> None:
        asked, earlier = self._clock.wall(), self._reports.get(source.id)
        error = error or (earlier.error if earlier else "")
        notes = tuple(dict.fromkeys((*(earlier.notes if earlier else ()), *brought.notes)))
        self._keeper.store_status(source, asked, error, notes)
        self._keeper.store_hosts(self._client.tallies())
        self._progress(source.title, len(want.since), len(want.since))
        written = brought.written
        report = SourceReport(
            id=source.id,
            title=source.title,
            asked=len(want.since),
            answered=len(brought.answered & want.since.keys()),
            new=written.new,
            changed=written.changed,
            same=written.same,
            quarantined=dict(brought.quarantined),
            requests=requests,
            error=error,
            notes=notes,
            optional=source.optional,
        )
        self._reports[source.id] = earlier.with_more(report) if earlier else report

    def _requests(self, source: Source) -> int:
        tallies = self._client.tallies()
        return sum(tallies[host.origin].requests for host in source.hosts)

    def _standing(self) -> Standing:
        return Standing.of(self._db, self._clock.wall())

    def _report(self, routes: Sequence[Route], unasked: frozenset[str]) -> FetchReport:
        standing = self._standing()
        kinds = kind_reports(routes, self._sources, standing, self._answered)
        share = coverage(self._db, standing)
        if share is not None and share >= ENOUGH:
            self._db.market.set_provenance("live", "yes")
        return FetchReport(tuple(self._reports.values()), kinds, share, len(standing.tokens), tuple(sorted(unasked)))
