"""Newsrooms' feeds as documented: RSS 2.0 from most, RSS 1.0 and Atom from some; a GUID, a date, an author each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from aiohttp import web
from emulators.service import Asked, Handler
from emulators.world import World
from emulators.writing import Told, texts, told

from engine.model import Headline
from engine.sources.outlets import FEEDS, Outlet, default_outlets, of_kind

ATOM = ("decrypt", "cryptoslate")
RSS_1 = ("ecb",)


def feeds() -> dict[str, Outlet]:
    return of_kind(default_outlets(), *FEEDS)


def written(world: World) -> Iterable[Headline]:
    """All that must be stored."""
    for name, outlet in feeds().items():
        for text in texts(world, name):
            stamp = text.when[:19].replace("T", " ")
            yield Headline(stamp, name, outlet.kind, text.title, stamp[:10], text.author)


def handlers(world: World) -> dict[str, Handler]:
    by_host: dict[str, dict[str, Outlet]] = {}
    for outlet in feeds().values():
        by_host.setdefault(outlet.origin, {})[urlsplit(outlet.url).path] = outlet

    def play(outlets: dict[str, Outlet]) -> Handler:
        def answer(asked: Asked) -> Any:
            outlet = outlets[asked.path]
            form = _atom if outlet.id in ATOM else _rdf if outlet.id in RSS_1 else _rss
            return web.Response(text=form(told(world, outlet.id)), content_type="application/rss+xml")

        return answer

    return {where: play(outlets) for where, outlets in by_host.items()}


def _rss(rows: list[Told]) -> str:
    items = "".join(
        f"<item><title>{_title(row)}</title><link>https://x.example/{escape(row.name)}</link>"
        f'<guid isPermaLink="false">{escape(row.name)}</guid>{_tag("pubDate", _rfc(row.when))}'
        f"<dc:creator><![CDATA[{row.author}]]></dc:creator>"
        f"<description><![CDATA[<p>More of it, with <a href='https://y.example'>a link</a>.</p>]]></description></item>"
        for row in rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Feed</title><link>https://x.example</link><description>News</description>{items}</channel></rss>"
    )


def _rdf(rows: list[Told]) -> str:
    items = "".join(
        f'<item rdf:about="{escape(row.name)}"><title>{_title(row)}</title><link>https://x.example/{escape(row.name)}</link>'
        f"{_tag('dc:date', row.when)}<dc:creator>{escape(row.author)}</dc:creator></item>"
        for row in rows
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel rdf:about='x'><title>Press</title></channel>{items}</rdf:RDF>"
    )


def _atom(rows: list[Told]) -> str:
    entries = "".join(
        f'<entry><id>{escape(row.name)}</id><title type="html">{_html(row)}</title>'
        f"<author><name>{escape(row.author)}</name></author>{_tag('published', row.when)}"
        f"{_tag('updated', row.when)}<summary>More</summary></entry>"
        for row in rows
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>Feed</title>'
        f"<updated>2026-03-18T00:00:00Z</updated>{entries}</feed>"
    )


def _title(row: Told) -> str:
    return f"<![CDATA[{row.title}]]>" if row.markup else escape(row.title)


def _html(row: Told) -> str:
    return escape(row.title if row.markup else escape(row.title))


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _rfc(when: str) -> str:
    try:
        return format_datetime(dt.datetime.fromisoformat(when)) if when else ""
    except ValueError:
        return when
