"""Reads a feed, RSS or Atom, into its items; the only user of feedparser, which is given bytes and never an address.

Documentation: https://feedparser.readthedocs.io/en/latest/ and https://www.rssboard.org/rss-specification. Before a
feed is parsed it must look like one of a newsroom's: no declarations of entities (a few lines of them unfold into
gigabytes), not a thousand items, not the size of a library.
"""

from __future__ import annotations

import calendar
import codecs
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import SourceGarbled
from engine.sources.answer import Answer, is_page
from engine.sources.reading import EXCERPT

MOST_BYTES = 4_000_000
MOST_ITEMS = 1000
MOST_MARKS = 80_000  # "<" and "&" together: the parser needs up to 50 microseconds for each
ITEMS = (b"<item>", b"<item ", b"<entry>", b"<entry ")
XML_UTF8 = {"content-type": "application/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Item:
    """One item as told: texts may hold markup, `when` is an ISO instant in UTC, None where no date could be read."""

    title: object
    author: object
    when: str | None

    @property
    def excerpt(self) -> str:
        """The beginning of the title."""
        return str(self.title)[:EXCERPT]


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's items, each once; `sound` where it is well-formed."""

    items: tuple[Item, ...]
    sound: bool


def read_feed(answer: Answer) -> Feed:
    """Parse an answer; SourceGarbled where it is no feed, or one that nobody should parse."""
    import feedparser

    body, encoding = _decoded(answer)
    _check(answer.host, body)
    try:
        raw = feedparser.parse(
            io.BytesIO(body),  # bytes alone would be tried as the name of a file
            response_headers=encoding,
            sanitize_html=False,  # markup is taken out of titles, and nothing else is kept
            resolve_relative_uris=False,
        )
    except UnicodeDecodeError:  # feedparser reads the name of an encoding as if it could not be damaged itself
        raise SourceGarbled(f"{answer.host} sent a feed whose encoding has no name: nothing of it was used.") from None
    if not raw.get("version"):
        raise SourceGarbled(f"{answer.host} was asked for a feed and sent something else: nothing of it was used.")
    sound = not _is_broken(raw)
    if not sound and not 0 < len(raw.entries) == _count(body, b"</item>", b"</entry>") == _count(body, *ITEMS):
        raise SourceGarbled(f"{answer.host} sent a feed that breaks off: nothing of it was used.")
    return Feed(tuple(_items(raw.entries)), sound)


def _decoded(answer: Answer) -> tuple[bytes, Mapping[str, str]]:
    """The body, and what is to be believed of its encoding: bytes that read as UTF-8 are, whatever they say."""
    body = answer.body
    try:
        if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return body.decode("utf-16").encode(), XML_UTF8
        body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body, {}
    return body.removeprefix(codecs.BOM_UTF8), XML_UTF8


def _check(host: str, body: bytes) -> None:
    """Refuse what a parser should not see."""
    low = body.lower()
    if is_page(body[:300].decode("utf-8", "replace")):
        raise SourceGarbled(f"{host} sent a web page instead of a feed: it may be down, or block this address.")
    if b"<!entity" in low:
        raise SourceGarbled(f"{host} sent a feed that declares entities, which none needs: it was not read.")
    items = _count(low, *ITEMS)
    if len(body) > MOST_BYTES or items > MOST_ITEMS or _count(low, b"<", b"&") > MOST_MARKS:
        raise SourceGarbled(f"{host} sent a feed of {items:,} items and {len(body):,} bytes: too much to be one.")


def _count(body: bytes, *tags: bytes) -> int:
    return sum(body.count(tag) for tag in tags)


def _is_broken(raw: Any) -> bool:
    """Whether the XML did not parse; an encoding that was named wrongly does not count."""
    import xml.sax

    return bool(raw.get("bozo")) and isinstance(raw.get("bozo_exception"), xml.sax.SAXException)


def _items(entries: list[Any]) -> Iterator[Item]:
    """Items in the order of the feed, the first of each id."""
    seen: set[object] = set()
    for entry in entries:
        name = entry.get("id") or entry.get("link")
        if name and name in seen:
            continue
        seen.add(name)
        when = _when(entry.get("published_parsed") or dict.get(entry, "updated_parsed"))
        yield Item(entry.get("title", ""), entry.get("author", ""), when)


def _when(parsed: Any) -> str | None:
    """A date as feedparser read it, in UTC."""
    try:
        return dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC).isoformat() if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None
