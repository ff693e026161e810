"""Asks several outlets of one source side by side: one that fails is noted and leaves the others untouched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

from engine.errors import SourceError, SourceGarbled, SourceUnavailable
from engine.sources.outlets import Outlet
from engine.sources.port import Batch, Client, Fetch, Series, Want

Ask = Callable[[Series], Awaitable[Batch]]
AskOutlet = Callable[[Client, Outlet, Series, Want], Awaitable[Batch]]
log = logging.getLogger(__name__)


def fetch_each(outlets: Mapping[str, Outlet], ask: AskOutlet) -> Fetch:
    """The `fetch` of a source of texts: every outlet of which something is wanted, side by side."""

    async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
        async for batch in abreast(want.since, lambda series: ask(client, outlets[series.subject], series, want)):
            yield batch

    return fetch


async def abreast(wanted: Iterable[Series], ask: Ask) -> AsyncIterator[Batch]:
    """Yield what `ask` brings of each series as it comes; raises SourceError where not one of them could be had."""
    tasks = {asyncio.ensure_future(_guarded(ask, series)): series for series in sorted(wanted)}
    failed: list[tuple[str, SourceError]] = []
    waiting = set(tasks)
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=lambda task: tasks[task]):
                try:
                    batch = task.result()
                except SourceError as error:
                    failed.append((tasks[task].subject, error))
                else:
                    yield batch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if len(failed) == len(tasks):
        raise _of_all([error for _, error in sorted(failed, key=lambda pair: pair[0])])
    if failed:
        yield Batch(
            notes=tuple(f"{name}: {str(error).rstrip('.')}" for name, error in sorted(failed, key=lambda pair: pair[0]))
        )


async def _guarded(ask: Ask, series: Series) -> Batch:
    """Ask for one series; what nobody foresaw is that outlet's failure alone."""
    try:
        return await ask(series)
    except SourceError:
        raise
    except Exception as error:
        log.exception("%s: its answer could not be read", series.subject)
        raise SourceGarbled(f"{series.subject} answered in a way nobody foresaw ({type(error).__name__}).") from None


def _of_all(errors: list[SourceError]) -> SourceError:
    """One error for all: the first, with how many there were."""
    if len(errors) < 2:
        return errors[0] if errors else SourceUnavailable("nothing was asked for.")
    return SourceUnavailable(f"none of {len(errors)} outlets could be read; the first: {errors[0]}")
