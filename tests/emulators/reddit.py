"""Reddit as documented: public Atom feeds, a token for an app's ID and secret, and Listings for that token."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from emulators.service import Asked, Handler
from emulators.world import World
from emulators.writing import Told, texts, told

from engine.model import Headline
from engine.sources.outlets import default_outlets, of_kind
from engine.sources.wording import voice

TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IlNIQTI1NjpzS3dsMnlsV0VtMjVmcXhwTU40cWY4MXE2OWFFdWFyMnpLMUdhVGxjdWNZ"


def written(world: World) -> Iterable[Headline]:
    """All that must be stored."""
    for name in of_kind(default_outlets(), "reddit"):
        for text in texts(world, name):
            stamp = text.when[:19].replace("T", " ")
            yield Headline(stamp, name, "reddit", text.title, stamp[:10], voice(_handle(text)), True)


def _handle(text: Told) -> str:
    return text.author.replace(" ", "_")


def handlers(world: World) -> dict[str, Handler]:
    places = {place.name: name for name, place in of_kind(default_outlets(), "reddit").items()}

    def public(asked: Asked) -> Any:
        if asked.path == "/api/v1/access_token":
            assert asked.form == {"grant_type": "client_credentials"}
            ident, _, secret = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).partition(b":")
            if not ident or not secret:
                return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
            return {"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"}
        _, _, place, *rest = asked.path.split("/")
        assert rest == ["new", ".rss"]
        return web.Response(text=_atom(told(world, places[place])), content_type="application/atom+xml")

    def api(asked: Asked) -> Any:
        if asked.headers.get("Authorization") != f"bearer {TOKEN}":
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        _, _, place, *rest = asked.path.split("/")
        assert rest == ["new"]
        rows = told(world, places[place])[: int(asked.query["limit"])]
        listing = {"kind": "Listing", "data": {"after": None, "children": [_thing(row) for row in rows]}}
        headers = {"X-Ratelimit-Remaining": "597.0", "X-Ratelimit-Reset": "123", "X-Ratelimit-Used": "3"}
        return web.json_response(listing, headers=headers)

    return {"https://www.reddit.com": public, "https://oauth.reddit.com": api}


def _thing(row: Told) -> dict[str, Any]:
    return {"kind": "t3", "data": {
        "name": f"t3_{row.name}", "title": row.title, "author": _handle(row), "created_utc": _seconds(row.when),
        "selftext": "", "score": 3, "over_18": False, "permalink": f"/r/x/comments/{row.name}/",
    }}  # fmt: skip


def _seconds(when: str) -> Any:
    try:
        return dt.datetime.fromisoformat(when).timestamp()
    except ValueError:
        return when or None


def _atom(rows: list[Told]) -> str:
    entries = "".join(
        f"<entry><author><name>/u/{escape(_handle(row))}</name><uri>https://www.reddit.com/user/x</uri></author>"
        f'<category term="x" label="r/x"/><content type="html">&lt;p&gt;more&lt;/p&gt;</content>'
        f'<id>t3_{escape(row.name)}</id><link href="https://www.reddit.com/r/x/comments/{escape(row.name)}/"/>'
        + (f"<updated>{row.when}</updated><published>{row.when}</published>" if row.when else "")
        + f"<title>{escape(row.title)}</title></entry>"
        for row in rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><category term="x"/>'
        f"<updated>2026-03-18T00:00:00+00:00</updated><id>/r/x/new.rss</id><title>x</title>{entries}</feed>"
    )
