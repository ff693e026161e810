"""News feeds: headlines of crypto newsrooms, press releases of central banks, news of the economy, as RSS or Atom.

Documentation: https://www.rssboard.org/rss-specification (RSS 2.0: channel, item with title, pubDate, guid, author);
Atom: https://www.rfc-editor.org/rfc/rfc4287. The feeds are those of outlets.toml, each published by its owner to be
read by programs. Only title, author and date are kept: no text, no link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from engine.model import Headline
from engine.sources.abreast import fetch_each
from engine.sources.feeds import Item, read_feed
from engine.sources.outlets import FEEDS, Outlet, default_outlets, of_kind, origins
from engine.sources.port import HEADLINES, Batch, Client, Host, Series, Source, Want
from engine.sources.reading import Reader
from engine.sources.wording import headline, instant, plain

UNSOUND = "its feed is not well-formed, and was read as far as it can be"


def source(outlets: Mapping[str, Outlet]) -> Source:
    """The source that reads the feeds among some outlets."""
    feeds = of_kind(outlets, *FEEDS)
    return Source(
        id="news",
        title="News and press feeds",
        family="sentiment",
        feeds=(HEADLINES,),
        hosts=tuple(Host(where, every=2.0, probe=path) for where, path in origins(feeds)),
        cites="https://www.rssboard.org/rss-specification",
        terms="each publisher's: titles are counted and scored here, not passed on",
        fetch=fetch_each(feeds, _ask),
        subjects=tuple(feeds),
        newest=0,
        history=60,
        overlap={HEADLINES: 2},
        daily=200,
        quiet=10,
    )


async def _ask(client: Client, outlet: Outlet, series: Series, want: Want) -> Batch:
    answer = await client.get(outlet.url)
    if answer.unchanged:
        return Batch(answered=frozenset({series}))
    feed = await asyncio.to_thread(read_feed, answer)  # a large one takes a second
    reader = Reader()
    for item in feed.items:
        reader.take(series, item.when, item.excerpt, partial(_read, outlet, item))
    batch = reader.batch({series}, answer)
    return batch if feed.sound else replace(batch, notes=(f"{outlet.id}: {UNSOUND}",))


def _read(outlet: Outlet, item: Item, date: str) -> Headline:
    return headline(instant(item.when), outlet.id, outlet.kind, plain(item.title), plain(item.author), social=False)


SOURCE = source(default_outlets())
