"""What can go wrong on the way: each fault takes a request and the good answer, and spoils the answer."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Good = Callable[[], web.Response]
Fault = Callable[[web.Request, Good], Awaitable[web.StreamResponse]]

BOMB = gzip.compress(bytes(80_000_000), 9)  # 78 kB on the wire
PAGE = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"


def status(code: int, **headers: str) -> Fault:
    """Answer a status with headers (underscores for hyphens) and a small JSON body."""

    async def spoil(request: web.Request, good: Good) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"error": "no"}, status=code, headers=named)

    return spoil


async def reset(request: web.Request, good: Good) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def truncated(request: web.Request, good: Good) -> web.StreamResponse:
    """Promise more than is sent, then hang up."""
    body = bytes(good().body or b"") or b"{}"
    response = web.StreamResponse(headers={"Content-Length": str(len(body) + 100)})
    response.content_type = good().content_type
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


async def cut_gzip(request: web.Request, good: Good) -> web.StreamResponse:
    """A gzip that ends early in a body that is whole."""
    packed = gzip.compress(bytes(good().body or b"") + bytes(4096))
    return web.Response(body=packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"})


async def silence(request: web.Request, good: Good) -> web.StreamResponse:
    await asyncio.sleep(30)
    return good()


async def trickle(request: web.Request, good: Good) -> web.StreamResponse:
    """A byte now and then, for ever: no pause is long, the answer never ends (slowloris)."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(600):
        await response.write(b" ")
        await asyncio.sleep(0.02)
    return response


async def page(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(text=PAGE, content_type="text/html")


async def disguised_page(request: web.Request, good: Good) -> web.StreamResponse:
    """A web page that says it is what was asked for."""
    return web.Response(text=PAGE, content_type=good().content_type)


async def garbage(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(body=bytes(good().body or b"")[:-3] + b'"}x', content_type="application/json")


async def binary(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(body=bytes(range(256)) * 4, content_type="application/json")


async def empty(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(body=b"", content_type=good().content_type)


async def bomb(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(body=BOMB, headers={"Content-Encoding": "gzip"})


async def flood(request: web.Request, good: Good) -> web.StreamResponse:
    """An endless body that is not packed."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(2000):
        await response.write(bytes(1 << 16))
    return response


async def unknown_packing(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(body=b"\x1b\x00\x00", headers={"Content-Encoding": "br"})


async def led_astray(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"})


async def in_circles(request: web.Request, good: Good) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": str(request.rel_url)})


def reshaped(change: Callable[[Any], Any]) -> Fault:
    """An answer of another shape than documented: JSON changed, of a table only the head."""

    async def spoil(request: web.Request, good: Good) -> web.StreamResponse:
        answer = good()
        text = bytes(answer.body or b"").decode()
        if answer.content_type == "application/json":
            return web.json_response(change(json.loads(text)))
        return web.Response(text=f"when;what\n{text}", content_type=answer.content_type)

    return spoil


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{name}_v2": _renamed(inner) for name, inner in value.items()}
    return [_renamed(inner) for inner in value] if isinstance(value, list) else value


WAY = {  # faults of the way by name: whatever a service is, these can befall it
    "asks for patience": status(429, Retry_After="3"),
    "asks for too much patience": status(429, Retry_After="86400"),
    "too many, no word how long": status(429),
    "fails inside": status(500),
    "is down": status(503),
    "refuses the key": status(401),
    "is forbidden here": status(451),
    "has nothing there": status(404),
    "resets": reset,
    "breaks off": truncated,
    "breaks off inside a gzip": cut_gzip,
    "says nothing": silence,
    "trickles": trickle,
    "sends a page": page,
    "sends a page in disguise": disguised_page,
    "sends garbage": garbage,
    "sends bytes": binary,
    "sends nothing": empty,
    "sends a bomb": bomb,
    "never ends": flood,
    "packs oddly": unknown_packing,
    "leads astray": led_astray,
    "leads in circles": in_circles,
    "renames its fields": reshaped(_renamed),
    "wraps its answer": reshaped(lambda value: {"payload": value}),
    "sends null": reshaped(lambda value: None),
    "sends another list": reshaped(lambda value: [1, "two", None, [3]]),
}


def rewritten(change: Callable[[bytes], bytes], kind: str = "") -> Fault:
    """The good answer with other bytes, and perhaps under another media type."""

    async def spoil(request: web.Request, good: Good) -> web.StreamResponse:
        answer = good()
        body = change(bytes(answer.body or b""))
        return web.Response(body=body, headers={"Content-Type": kind or answer.content_type})

    return spoil


def _said_to_be(encoding: str) -> Callable[[bytes], bytes]:
    """A document that names another encoding than it has."""
    return lambda body: body.replace(b"UTF-8", encoding.encode(), 1).replace(b"utf-8", encoding.encode(), 1)


def _in(encoding: str, honest: bool = True) -> Callable[[bytes], bytes]:
    """A document in another encoding, which it names or does not."""

    def change(body: bytes) -> bytes:
        return (_said_to_be(encoding)(body) if honest else body).decode().encode(encoding)

    return change


LAUGHS = b"<!DOCTYPE lolz [<!ENTITY a0 'ha'>" + b"".join(
    f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>".encode() for i in range(1, 12)
)  # 10^11 times "ha" in half a kilobyte
OUTSIDE = b"<!DOCTYPE x [<!ENTITY file SYSTEM 'file:///etc/passwd'>"


def _declaring(entities: bytes, name: str) -> Callable[[bytes], bytes]:
    def change(body: bytes) -> bytes:
        head, _, rest = body.partition(b"?>")
        return head + b"?>" + entities + b"]>" + rest.replace(b"<title>", f"<title>&{name};".encode())

    return change


def _many(body: bytes) -> bytes:
    """A feed of a hundred thousand items."""
    item = b"<item><title>Bitcoin</title><pubDate>Wed, 18 Mar 2026 09:00:00 GMT</pubDate></item>"
    return b"<?xml version='1.0'?><rss version='2.0'><channel>" + item * 30_000 + b"</channel></rss>"


def _deep(body: bytes) -> bytes:
    return b"<?xml version='1.0'?><rss version='2.0'><channel>" + b"<a>" * 200_000


FEED_WAY = {  # what a feed can do besides
    "is not well-formed": rewritten(lambda body: body.replace(b"</title>", b"</tytle>", 1)),
    "ends early": rewritten(lambda body: body[: 2 * len(body) // 3]),
    "laughs a billion times": rewritten(_declaring(LAUGHS, "a11")),
    "asks for a file": rewritten(_declaring(OUTSIDE, "file")),
    "has ten thousands of items": rewritten(_many),
    "never closes a tag": rewritten(_deep),
    "is said to be Latin": rewritten(_said_to_be("iso-8859-1")),
    "is in another alphabet": rewritten(_in("windows-1252")),
    "is in another alphabet and says nothing": rewritten(_in("windows-1252", honest=False)),
    "is in two bytes a letter": rewritten(_in("utf-16")),
    "says it is a page": rewritten(bytes, "text/html"),
    "says it is plain text": rewritten(bytes, "text/plain"),
    "is in an alphabet nobody knows": rewritten(_said_to_be("klingon-1")),
}
