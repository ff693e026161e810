"""Starts and stops the site: its doors, its watchers, its listener."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address

from aiohttp import web

from bot.settings import Settings
from bot.shelf import Clock
from bot.studio import Studio
from bot.web import pages
from bot.web.audit import Auditor
from bot.web.door import BookDoor
from bot.web.events import Announcer
from bot.web.guard import Guard
from bot.web.lines import Lines
from bot.web.manners import Pace, proxies
from bot.web.press import Press
from bot.web.probes import Probes
from bot.web.site import Site, add_routes
from engine.errors import BadConfiguration

PORT = 8080  # of `crier web` where none is set
IDLE = 20.0  # seconds that a silent connection is kept, from its first byte on
LONGEST_LINE = 4096  # bytes of a request's first line or of one of its headers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listening:
    """A site that is being served: where it listens, and its watchers."""

    address: str
    site: Site


@asynccontextmanager
async def listening(
    settings: Settings, clock: Clock | None = None, pace: Pace | None = None, probes: Probes | None = None
) -> AsyncIterator[Listening]:
    """Serve the settings' database on their host and port while the block runs; port 0 takes any that is free.

    Raises StorageError for a database that cannot be read, BadConfiguration for an address that cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        door, second = (BookDoor(settings.database, clock, settings.mode) for _ in range(2))
        for opened in (door, second):
            stack.push_async_callback(opened.close)
            await opened.open()
        studio = Studio()
        stack.callback(studio.close)
        port = PORT if settings.web_port is None else settings.web_port
        public_url = settings.public_url or f"http://{_reached(settings.web_host)}:{port}"
        site = Site(door, Press(door), Announcer(door), Auditor(second), studio, public_url, _version())
        guard = Guard(
            pace or Pace(time.monotonic), proxies(settings.web_proxy), public_url.startswith("https:"), pages.fault
        )
        for watch in (site.announcer.run(), site.auditor.run()):
            stack.push_async_callback(_stop, asyncio.create_task(watch))
        yield Listening(await _listen(stack, site, guard, settings.web_host, port, probes), site)


async def _listen(stack: AsyncExitStack, site: Site, guard: Guard, host: str, port: int, probes: Probes | None) -> str:
    app = web.Application(middlewares=[guard.middleware], client_max_size=1)
    app.on_response_prepare.append(guard.add_headers)
    add_routes(app, site)
    if probes is not None:
        probes.add_to(app)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=logging.Logger("page", logging.CRITICAL),  # the guard logs what is ours; the rest is strangers' rubbish
        shutdown_timeout=0.3,
        keepalive_timeout=IDLE,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        lingering_time=1.0,
    )
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    assert runner.server is not None
    lines = Lines(runner.server)
    try:
        listener = await asyncio.get_running_loop().create_server(lines, host, port)
    except OSError as error:
        raise BadConfiguration(
            f"the public page cannot listen on {host} port {port} ({error.strerror}): choose another with "
            "CRIER_WEB_PORT or CRIER_WEB_HOST."
        ) from error
    stack.callback(listener.close)
    stack.push_async_callback(_stop, asyncio.create_task(lines.run()))
    bound = listener.sockets[0].getsockname()
    return f"http://{bound[0] if ':' not in bound[0] else f'[{bound[0]}]'}:{bound[1]}"


def _reached(host: str) -> str:
    """A host as it stands in an address; where all of this machine's are listened on, its own name for itself."""
    with suppress(ValueError):
        at = ip_address(host)
        return "localhost" if at.is_unspecified else f"[{at}]" if at.version == 6 else str(at)
    return host


async def serve(settings: Settings, probes: Probes | None = None) -> None:
    """Serve until cancelled: what the service runs beside its other work where a port is set."""
    async with listening(settings, probes=probes) as found:
        log.info("the public page is served on %s", found.address)
        await asyncio.Event().wait()


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _version() -> str:
    try:
        return version("crier")
    except PackageNotFoundError:
        return "0"
