"""X: recent posts that match the operator's searches; asked with the operator's bearer token only.

Documentation: https://docs.x.com/x-api/posts/search/quickstart/recent-search (GET /2/tweets/search/recent: query of at
most 512 characters, max_results 10 to 100, start_time, sort_order; data with id, text, created_at, author_id, newest
first; meta with result_count and next_token; x-rate-limit-remaining and x-rate-limit-reset). Every post that is read is
counted against the operator's plan, so one request a search every six hours is made, for fifty posts at most and
none older than what is here. Kept are the text's beginning, a date, and a voice in place of the author.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from engine.errors import SourceGarbled
from engine.model import Headline
from engine.sources.abreast import fetch_each
from engine.sources.outlets import Outlet, default_outlets, of_kind
from engine.sources.port import HEADLINES, Batch, Client, Host, Key, Series, Source, Want
from engine.sources.reading import Reader, entries, entry
from engine.sources.wording import headline, instant, post, voice

ORIGIN = "https://api.x.com"
PATH = "/2/tweets/search/recent"
FIELDS = frozenset({"id", "text", "created_at", "author_id", "edit_history_tweet_ids", "lang"})
MOST = 50  # posts of one answer
LATEST = dt.timedelta(seconds=30)  # a search may not start later than ten seconds ago
DAYS = 6  # a recent search reaches back seven days; a start beyond that is refused


def source(outlets: Mapping[str, Outlet]) -> Source:
    """The source that makes the searches among some outlets."""
    searches = of_kind(outlets, "x")
    return Source(
        id="x",
        title="X, recent search",
        family="sentiment",
        feeds=(HEADLINES,),
        hosts=(Host(ORIGIN, every=5.0, probe=f"{PATH}?query=bitcoin&max_results=10"),),
        cites="https://docs.x.com/x-api/posts/search/quickstart/recent-search",
        terms="X's developer agreement, paid by the post; counted and scored here, not passed on",
        fetch=fetch_each(searches, _ask),
        key=Key(
            "Authorization", "header", "everything: it is asked with the bearer token of an own app only", (ORIGIN,),
            prefix="Bearer ", required=True,
        ),
        subjects=tuple(searches),
        newest=0,
        history=DAYS,
        overlap={},
        every=dt.timedelta(hours=6),
        quiet=2,
        daily=200,
    )  # fmt: skip


async def _ask(client: Client, search: Outlet, series: Series, want: Want) -> Batch:
    answer = await client.get(f"{ORIGIN}{PATH}", _parameters(search, _start(series, want)))
    if answer.unchanged:
        return Batch(answered=frozenset({series}))
    raw = answer.json()
    count = entry(raw, "meta", "result_count")
    reader = Reader()
    found = entries(raw, "data") if count != 0 else []
    if count != len(found) or len(found) > MOST:
        raise SourceGarbled("X sends another number of posts than it says or was asked for: nothing of it was used.")
    for item in {str(entry(item, "id")): item for item in reversed(found)}.values():
        reader.expect(item, FIELDS)
        when, text, author = (entry(item, part) for part in ("created_at", "text", "author_id"))
        reader.take(series, when, text, partial(_read, search, when, text, author))
    return reader.batch({series})


def _start(series: Series, want: Want) -> dt.datetime:
    """The first instant asked for: after the newest post that is here, never so early that the search is refused."""
    first = dt.datetime.combine(want.since[series], dt.time(), dt.UTC)
    newest = want.newest.get(series)
    after = dt.datetime.fromisoformat(f"{newest}+00:00") + dt.timedelta(seconds=1) if newest else first
    earliest = (want.instant - dt.timedelta(days=DAYS)).replace(microsecond=0)
    return min(max(first, after, earliest), want.instant - LATEST)


def _parameters(search: Outlet, start: dt.datetime) -> dict[str, str]:
    return {
        "query": search.query,
        "max_results": str(MOST),
        "start_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sort_order": "recency",
        "tweet.fields": "created_at,author_id,lang",
    }


def _read(search: Outlet, when: object, text: object, author: object, date: str) -> Headline:
    return headline(instant(when), search.id, search.kind, post(text), voice(author), social=True)


SOURCE = source(default_outlets())
