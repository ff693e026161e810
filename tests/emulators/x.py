"""X's recent search as documented: newest first, from an instant on, so many at most, and what is left of the limit."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from aiohttp import web
from emulators.bench import KEY
from emulators.service import Asked, Handler
from emulators.world import World
from emulators.writing import Told, texts, told

from engine.model import Headline
from engine.sources.outlets import default_outlets, of_kind
from engine.sources.wording import voice

PER_DAY = 6


def written(world: World) -> Iterable[Headline]:
    """All that must be stored."""
    for name in of_kind(default_outlets(), "x"):
        for text in texts(world, name, PER_DAY):
            stamp = text.when[:19].replace("T", " ")
            yield Headline(stamp, name, "x", text.title, stamp[:10], voice(_author(text)), True)


def _author(row: Told) -> str:
    return str(1000 + sum(map(ord, row.author)))


def handlers(world: World) -> dict[str, Handler]:
    searches = {search.query: name for name, search in of_kind(default_outlets(), "x").items()}

    def answer(asked: Asked) -> Any:
        assert asked.path == "/2/tweets/search/recent"
        if asked.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"title": "Unauthorized", "type": "about:blank", "status": 401}, status=401)
        most = int(asked.query["max_results"])
        assert 10 <= most <= 100
        rows = told(world, searches[asked.query["query"]], PER_DAY) if asked.query["query"] in searches else []
        start = asked.query.get("start_time", "")[:19]
        rows = [row for row in rows if not row.when[:4].isdigit() or row.when[:19] >= start][:most]
        meta: dict[str, Any] = {"result_count": len(rows)}
        if rows:
            meta |= {"newest_id": rows[0].name, "oldest_id": rows[-1].name}
        body = {"data": [_post(row) for row in rows], "meta": meta} if rows else {"meta": meta}
        headers = {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "449", "x-rate-limit-reset": "1773836100"}
        return web.json_response(body, headers=headers)

    return {"https://api.x.com": answer}


def _post(row: Told) -> dict[str, Any]:
    return {
        "id": row.name,
        "edit_history_tweet_ids": [row.name],
        "text": row.title if row.markup else escape(row.title, quote=False),
        "created_at": row.when.replace("+00:00", ".000Z"),
        "author_id": _author(row),
        "lang": "en",
    }
