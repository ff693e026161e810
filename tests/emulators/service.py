"""The base of every emulator: one loopback server that plays many hosts, counts requests and fails on demand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from emulators.faults import Fault

PROMISED_DATE = "Wed, 18 Mar 2026 00:00:00 GMT"


@dataclass(frozen=True)
class Asked:
    """One request as it arrived: which host it was meant for, path, query, headers, when."""

    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    form: Mapping[str, str] | None = None  # of a POST

    @property
    def conditional(self) -> bool:
        return "If-None-Match" in self.headers or "If-Modified-Since" in self.headers


Handler = Callable[[Asked], Any]  # JSON data, text (CSV), or a web.Response


class Service:
    """Plays the hosts in `handlers` ({origin: handler}); `bases` leads a client here instead of there.

    `seen` is what arrived. `failing` switches a fault on; answers carry an ETag and honour conditional requests.
    """

    def __init__(self, handlers: Mapping[str, Handler], monotonic: Callable[[], float]) -> None:
        self.seen: list[Asked] = []
        self._handlers = {urlsplit(origin).netloc: handler for origin, handler in handlers.items()}
        self._origins = tuple(handlers)
        self._monotonic = monotonic
        self._faults: list[tuple[Fault, int, str]] = []
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def __aenter__(self) -> Service:
        app = web.Application()
        app.router.add_get("/{host}/{path:.*}", self._serve)
        app.router.add_post("/{host}/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.address = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def bases(self) -> dict[str, str]:
        return {origin: f"{self.address}/{urlsplit(origin).netloc}" for origin in self._origins}

    def fail(self, fault: Fault, times: int = 1_000_000, where: str = "") -> None:
        """Spoil the next `times` answers whose host and path contain `where`."""
        self._faults.append((fault, times, where))

    def recover(self) -> None:
        """Answer as documented again."""
        self._faults.clear()

    @contextmanager
    def failing(self, fault: Fault, times: int = 1_000_000, where: str = "") -> Iterator[None]:
        """Spoil answers within the block."""
        self.fail(fault, times, where)
        try:
            yield
        finally:
            self.recover()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name, path = request.match_info["host"], "/" + request.match_info["path"]
        form = {str(k): str(v) for k, v in (await request.post()).items()} if request.method == "POST" else None
        asked = Asked(name, path, dict(request.query), dict(request.headers), self._monotonic(), form)
        self.seen.append(asked)
        handler = self._handlers.get(name)
        if handler is None:
            return web.Response(status=404)
        fault = self._due(name + path)
        if fault:
            return await fault(request, lambda: _response(handler(asked)))
        return _conditional(asked, _response(handler(asked)))

    def _due(self, where: str) -> Fault | None:
        for i, (fault, times, part) in enumerate(self._faults):
            if part in where and times > 0:
                self._faults[i] = (fault, times - 1, part)
                return fault
        return None


def _response(answer: Any) -> web.Response:
    if isinstance(answer, web.Response):
        return answer
    if isinstance(answer, str):
        return web.Response(text=answer, content_type="text/csv")
    return web.Response(text=json.dumps(answer), content_type="application/json")


def _conditional(asked: Asked, answer: web.Response) -> web.Response:
    """Tag an answer, and say only that it is unchanged where the tag comes back."""
    if answer.status != 200:
        return answer
    tag = f'"{hashlib.sha256(bytes(answer.body or b"")).hexdigest()[:16]}"'  # type: ignore[arg-type]
    if asked.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    answer.headers["ETag"] = tag
    answer.headers["Last-Modified"] = PROMISED_DATE
    return answer
