"""Reddit: the newest posts of some subreddits, as public feeds, or through the API with the operator's own app.

Documentation: https://github.com/reddit-archive/reddit/wiki/OAuth2 (application-only tokens), https://www.reddit.com/dev/api
(GET /r/SUBREDDIT/new: a Listing of t3 things, 100 at most) and https://www.reddit.com/wiki/rss (the same as Atom, 25
at most, fewer requests). Without a key Reddit answers some networks and refuses others: it is missing then, which is no
failure. Kept are the title, a date, and a voice in place of the author's name.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from functools import partial

from engine.errors import SourceGarbled
from engine.model import Headline
from engine.sources.abreast import fetch_each
from engine.sources.answer import Answer
from engine.sources.feeds import read_feed
from engine.sources.outlets import Outlet, default_outlets, of_kind
from engine.sources.port import HEADLINES, Batch, Client, Host, Key, Series, Source, Want
from engine.sources.reading import Reader, Unreadable, entries, entry, number
from engine.sources.wording import headline, instant, post, voice

PUBLIC, API = "https://www.reddit.com", "https://oauth.reddit.com"
NEWEST = 100


def source(outlets: Mapping[str, Outlet]) -> Source:
    """The source that reads the subreddits among some outlets."""
    places = of_kind(outlets, "reddit")
    first = next((place.name for place in places.values()), "CryptoCurrency")
    return Source(
        id="reddit",
        title="Reddit",
        family="sentiment",
        feeds=(HEADLINES,),
        hosts=(
            Host(PUBLIC, every=6.0, probe=f"/r/{first}/new/.rss"),
            Host(API, every=1.0, probe=f"/r/{first}/new?limit=1"),
        ),
        cites="https://www.reddit.com/dev/api",
        terms="Reddit's Data API terms; titles are counted and scored here, not passed on",
        fetch=fetch_each(places, _ask),
        key=Key(
            "Authorization", "oauth", "an own app (ID:SECRET): also where the public feeds are refused", (API,),
            prefix="bearer ", token=f"{PUBLIC}/api/v1/access_token",
        ),
        subjects=tuple(places),
        newest=0,
        history=7,
        overlap={HEADLINES: 1},
        quiet=2,
        daily=200,
        optional=True,
    )  # fmt: skip


async def _ask(client: Client, place: Outlet, series: Series, want: Want) -> Batch:
    if client.has_key:
        answer = await client.get(f"{API}/r/{place.name}/new", {"limit": str(NEWEST), "raw_json": "1"})
    else:
        answer = await client.get(f"{PUBLIC}/r/{place.name}/new/.rss")
    if answer.unchanged:
        return Batch(answered=frozenset({series}))
    reader = Reader()
    for title, author, when in await asyncio.to_thread(_from_api if client.has_key else _from_feed, answer):
        reader.take(series, when, title, partial(_read, place, title, author, when))
    return reader.batch({series}, answer)


def _from_api(answer: Answer) -> list[tuple[object, object, object]]:
    """Title, author and instant of each thing of a Listing, each once."""
    found: dict[object, tuple[object, object, object]] = {}
    things = entries(answer.json(), "data", "children")
    if len(things) > NEWEST:
        raise SourceGarbled(f"{answer.host} sent more posts than it was asked for: nothing of it was used.")
    for thing in things:
        data = entry(thing, "data")
        name = str(entry(data, "name"))
        found.setdefault(name, (entry(data, "title"), entry(data, "author"), _seconds(entry(data, "created_utc"))))
    return list(found.values())


def _seconds(value: object) -> str | None:
    """Seconds since 1970 as an ISO instant."""
    try:
        return dt.datetime.fromtimestamp(int(number(value)), dt.UTC).isoformat()
    except (Unreadable, ValueError, OverflowError, OSError):
        return None


def _from_feed(answer: Answer) -> list[tuple[object, object, object]]:
    feed = read_feed(answer)
    if not feed.sound:
        raise SourceGarbled(f"{answer.host} sent a feed that is not well-formed: nothing of it was used.")
    return [(item.title, str(item.author).removeprefix("/u/"), item.when) for item in feed.items]


def _read(place: Outlet, title: object, author: object, when: object, date: str) -> Headline:
    return headline(instant(when), place.id, place.kind, post(title), voice(author), social=True)


SOURCE = source(default_outlets())
