"""Stands before every route: bounds on questions and their time, the headers, and faults in one sentence."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.web.door import TooBusy
from bot.web.manners import Pace, asker
from bot.web.openapi import PREFIX
from bot.web.route import is_missing
from engine.errors import BadData, BadRequest, CrierError
from engine.model import LEDGERS

LONGEST = 1024  # characters of path and query
SECONDS = 15.0  # for one answer
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "crier",
}
STRICT = {"Strict-Transport-Security": "max-age=31536000"}
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Retry-After"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "86400",
}
ASKER = web.RequestKey("asker", str)  # the address that a question came from
ENDLESS = frozenset({f"{PREFIX}/events", *(f"/journal/{name}.jsonl" for name in LEDGERS)})  # they bound themselves
PROBED = frozenset({"/healthz", "/readyz"})  # kept for seconds: a flood must not look like a service that is down

FaultPage = Callable[[int, str], bytes]

log = logging.getLogger(__name__)


class Guard:
    """The middleware of the site."""

    def __init__(self, pace: Pace, trusted: tuple[object, ...], secure: bool, page: FaultPage) -> None:
        self._pace = pace
        self._trusted = trusted
        self._headers = {**HEADERS, **(STRICT if secure else {})}
        self._page = page

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._answer(request, handler)

        return guarded

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the headers on whatever leaves, faults and streams too."""
        response.headers.update(self._headers)
        if request.path.startswith(PREFIX):
            response.headers.update(CORS)

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        request[ASKER] = asker(request.remote, request.headers.getall("X-Forwarded-For", []), self._trusted)
        if refused := self._refused(request):
            return refused
        try:
            if request.path in ENDLESS:
                return await handler(request)
            async with asyncio.timeout(SECONDS):
                return await handler(request)
        except web.HTTPException as error:
            return self._fault(request, error.status, _said(error), error.headers.get("Allow"))
        except (TooBusy, TimeoutError):
            return self._fault(request, 503, "Too much is asked at once: try again in a minute.", retry=60)
        except CrierError as error:
            return self._fault(request, _status(error), _sentence(request, error))
        except ConnectionError:
            raise
        except Exception:
            log.exception("a page could not be made: %s", request.path)
            return self._fault(request, 500, "This page could not be made. The operator's log says why.")

    def _refused(self, request: web.Request) -> web.Response | None:
        """The first bound that a request breaks."""
        wait = 0 if request.path in PROBED else self._pace.wait(request[ASKER])
        if wait:
            return self._fault(request, 429, f"Too many questions: wait {wait} s.", retry=wait)
        if len(request.raw_path) > LONGEST:
            return self._fault(request, 414, "The address is too long.")
        if request.method == "OPTIONS" and request.path.startswith(PREFIX):
            return web.Response(status=204, headers=PREFLIGHT)
        if request.method not in ("GET", "HEAD"):
            return self._fault(request, 405, "This site is only read: use GET.", "GET, HEAD")
        if request.body_exists:
            return self._fault(request, 413, "A question has no body.")
        return None

    def _fault(
        self, request: web.Request, status: int, said: str, allow: str | None = None, retry: int = 0
    ) -> web.Response:
        headers = {"Cache-Control": "no-store"}
        headers |= {"Allow": allow} if allow else {}
        headers |= {"Retry-After": str(retry)} if retry else {}
        if request.path.startswith("/api/"):
            body, media = json.dumps({"error": said}, ensure_ascii=False).encode(), "application/json"
        else:
            body, media = self._page(status, said), "text/html"
        charset = "utf-8" if media == "text/html" else None
        response = web.Response(status=status, body=body, content_type=media, charset=charset, headers=headers)
        if status in (413, 414):
            response.force_close()
        return response


def _status(error: CrierError) -> int:
    if is_missing(error):
        return 404
    if isinstance(error, BadRequest):
        return 400
    return 404 if isinstance(error, BadData) else 503


def _sentence(request: web.Request, error: CrierError) -> str:
    """What may be said outside: our own words about the question, nothing of paths and disks."""
    if _status(error) != 503:
        return str(error)
    log.error("the database cannot answer %s: %s", request.path, error)
    return "The database cannot be read now. The operator's log says why."


def _said(error: web.HTTPException) -> str:
    return "There is nothing at this address." if error.status == 404 else error.reason
