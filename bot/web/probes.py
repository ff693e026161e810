"""/healthz, /readyz and /metrics: asked of the service itself, for machines; strangers are told no detail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot.finding import Finding
from bot.health import told
from bot.metrics import CONTENT_TYPE, may_read
from bot.settings import Settings

FRESH = 5.0  # seconds that an answer is given again: a probe writes, and strangers may ask
FORWARDED = ("X-Forwarded-For", "Forwarded")  # a proxy here speaks for somebody elsewhere

Examine = Callable[[], Awaitable[Sequence[Finding]]]


@dataclass
class Probes:
    """What the service answers: whether it is alive, whether it is ready, its figures."""

    settings: Settings
    alive: Examine
    ready: Examine
    figures: Callable[[], Awaitable[str]]
    _known: dict[str, tuple[float, Sequence[Finding]]] = field(default_factory=dict, init=False)
    _examining: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def add_to(self, app: web.Application) -> None:
        """Serve them beside the pages."""
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)

    async def _healthz(self, request: web.Request) -> web.Response:
        return await self._probe(request, "alive", self.alive)

    async def _readyz(self, request: web.Request) -> web.Response:
        return await self._probe(request, "ready", self.ready)

    async def _probe(self, request: web.Request, name: str, examine: Examine) -> web.Response:
        async with self._examining:  # who comes meanwhile is given what the first one finds
            at, found = self._known.get(name, (float("-inf"), ()))
            if time.monotonic() - at > FRESH:
                found = await examine()
                self._known[name] = (time.monotonic(), found)
        well = all(finding.ok for finding in found)
        shown = list(told(list(found))) if self._may_read(request) else ["ok" if well else "FAIL"]
        text = "".join(f"{line}\n" for line in shown)
        return web.Response(text=text, status=200 if well else 503, headers={"Cache-Control": "no-store"})

    async def _metrics(self, request: web.Request) -> web.Response:
        if not self._may_read(request):
            raise web.HTTPNotFound
        headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        return web.Response(body=(await self.figures()).encode(), headers=headers)

    def _may_read(self, request: web.Request) -> bool:
        token = self.settings.metrics_token
        peer = None if any(name in request.headers for name in FORWARDED) else request.remote
        shown = request.headers.get("Authorization", "")
        return may_read(peer, shown, token.get_secret_value() if token else None)
