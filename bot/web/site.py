"""Builds the site: every route of the tables, each answered from one moment of the database, with its ETag."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web

from bot.reply import ChartSpec
from bot.studio import Studio
from bot.web import cards, feed, pages
from bot.web.api import LEDGER, ROUTES
from bot.web.audit import Auditor
from bot.web.door import BookDoor, Shelf, TooBusy
from bot.web.events import Announcer, read_mark
from bot.web.guard import ASKER
from bot.web.openapi import PREFIX, document, media
from bot.web.press import Press, Printed
from bot.web.route import Asked, NotHere, Parameter, read_all
from bot.web.statics import STATICS
from engine.errors import CrierError
from engine.model import Ledger
from storage.chain import Entry
from storage.journal_file import as_lines

JSON, HTML, PNG = "application/json", "text/html", "image/png"
TEXTS = ("text/", "image/svg+xml", *(each.media for each in feed.FEEDS))  # media that name their alphabet
MOST_DRAWN = 8  # pictures that wait to be drawn
MOST_EXPORTS = 4  # journals sent at once
EXPORTED = 20  # entries at a time
SLOW = 30.0  # seconds that a reader may take for one piece of an export
PACKED = 1024  # bytes from which an answer is compressed
FRESH = "public, max-age=60"

log = logging.getLogger(__name__)

Make = Callable[[Shelf, Asked], tuple[bytes, str]]
Handler = Callable[[web.Request], Any]


@dataclass(frozen=True, slots=True)
class Site:
    """What the handlers work with; `public_url` is where strangers reach the site."""

    door: BookDoor
    press: Press
    announcer: Announcer
    auditor: Auditor
    studio: Studio
    public_url: str
    version: str


def add_routes(app: web.Application, site: Site) -> None:
    """Every address there is."""
    writers = media(ROUTES)
    for route in ROUTES:
        make = _json_maker(route.answer, writers[route.name])
        app.router.add_get(PREFIX + route.path, _page(site, route.name, route.parameters, make, is_strict=True))
    for page in pages.PAGES:
        app.router.add_get(page.path, _page(site, f"page {page.name}", page.parameters, _html_maker(site, page)))
    for card in cards.CARDS:
        app.router.add_get(card.path, _picture(site, card))
    described = Printed.of(document(ROUTES, site.version).encode(), JSON)
    app.router.add_get(f"{PREFIX}/openapi.json", _fixed(described, FRESH))
    app.router.add_get(f"{PREFIX}/events", _events(site), allow_head=False)  # a stream has no end to measure
    for each in feed.FEEDS:
        app.router.add_get(each.path, _page(site, f"feed {each.path}", (), _feed_maker(site, each)))
    app.router.add_get("/journal/{ledger}.jsonl", _export(site))
    for static in STATICS.values():
        app.router.add_get(static.path, _fixed(Printed.of(static.body, static.media), static.keep))


def _json_maker(answer: Callable[[Shelf, Asked], object], writer: Any) -> Make:
    return lambda shelf, asked: (writer.dump_json(answer(shelf, asked)), JSON)


def _html_maker(site: Site, page: pages.Page) -> Make:
    return lambda shelf, asked: (pages.write(page, shelf, asked, site.public_url, site.auditor.last).encode(), HTML)


def _feed_maker(site: Site, form: feed.Feed) -> Make:
    return lambda shelf, asked: (feed.write(form, shelf, site.public_url).encode(), form.media)


def _page(site: Site, name: str, parameters: tuple[Parameter, ...], make: Make, is_strict: bool = False) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        asked = _asked(parameters, request, is_strict)
        checked = site.auditor.last  # a page may show it
        key = (name, checked.when if checked else None, *sorted(asked.items()))
        return _send(request, await site.press.print(key, lambda shelf: make(shelf, asked)), FRESH)

    return answer


def _asked(parameters: tuple[Parameter, ...], request: web.Request, is_strict: bool = False) -> dict[str, Any]:
    """What a request asks for. Where people click, what others hang on a shared link (`utm_source`) is passed over."""
    known = {parameter.name for parameter in parameters}
    query = [(name, text) for name, text in request.query.items() if is_strict or name in known]
    return read_all(parameters, request.match_info, query)


def _fixed(printed: Printed, keep: str) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        return _send(request, printed, keep)

    return answer


def _send(request: web.Request, printed: Printed, keep: str) -> web.Response:
    """The answer, or 304 where the asker holds it already."""
    headers = {"ETag": printed.etag, "Cache-Control": keep, "Vary": "Accept-Encoding"}
    if _is_known(request.headers.get("If-None-Match", ""), printed.etag):
        return web.Response(status=304, headers=headers)
    charset = "utf-8" if printed.media.startswith(TEXTS) else None
    response = web.Response(body=printed.body, content_type=printed.media, charset=charset, headers=headers)
    if len(printed.body) > PACKED and printed.media != PNG:
        response.enable_compression()
    return response


def _is_known(sent: str, etag: str) -> bool:
    """Whether If-None-Match names an answer, compared weakly as RFC 9110 has it."""
    plain = etag.removeprefix("W/")
    return sent.strip() == "*" or any(part.strip().removeprefix("W/") == plain for part in sent.split(","))


def _picture(site: Site, card: cards.Card) -> Handler:
    waiting = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal waiting
        asked = _asked(card.parameters, request)
        chart: ChartSpec | None = await site.door.ask(lambda shelf: card.chart(shelf, asked))
        if chart is None:
            raise NotHere("There is nothing to draw yet.")
        if waiting >= MOST_DRAWN:
            raise TooBusy
        waiting += 1
        try:
            drawn = await site.studio.draw(chart)
        finally:
            waiting -= 1
        return _send(request, Printed.of(drawn, PNG), "public, max-age=900")

    return answer


def _events(site: Site) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        mark = read_mark(request.headers.get("Last-Event-ID", ""))
        async with site.announcer.listen(request[ASKER], mark) as events:
            response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
            response.content_type = "text/event-stream"
            await response.prepare(request)
            with _cut_short(request):
                async for event in events:
                    await asyncio.wait_for(response.write(event.encode()), SLOW)
        return response

    return answer


def _export(site: Site) -> Handler:
    """The whole journal as `crier export journal` writes it, a few entries at a time."""
    running = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal running
        ledger = cast(Ledger, LEDGER.read(request.match_info["ledger"]))
        if running >= MOST_EXPORTS:
            raise TooBusy
        running += 1
        try:
            return await _stream(site, request, ledger)
        finally:
            running -= 1

    return answer


async def _stream(site: Site, request: web.Request, ledger: Ledger) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Cache-Control": FRESH, "Vary": "Accept-Encoding"})
    response.content_type = "application/jsonl"
    response.enable_compression()
    await response.prepare(request)
    after = 0
    with _cut_short(request):
        while request.method == "GET" and (found := await site.door.ask(_following(ledger, after))):
            after = found[-1].seq
            await asyncio.wait_for(response.write("".join(as_lines(found)).encode()), SLOW)
    return response


@contextmanager
def _cut_short(request: web.Request) -> Iterator[None]:
    """Break the line where a stream that has begun cannot go on: no reader may take a part for the whole."""
    try:
        yield
    except (CrierError, TooBusy, TimeoutError) as error:
        log.warning("%s was cut short: %s", request.path, error or type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from error


def _following(ledger: Ledger, after: int) -> Callable[[Shelf], list[Entry]]:
    return lambda shelf: shelf.published.entries(ledger, after, EXPORTED)
