"""Fear & Greed: one number a day from 0 (fear) to 100 (greed), published at 00:00 UTC of its own day.

Documentation: https://alternative.me/crypto/fear-and-greed-index/#api (GET /fng/?limit=N, newest first; numbers and
times are strings). Terms: free with attribution, 60 requests a minute over a ten-minute window.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from engine.errors import SourceGarbled
from engine.model import Measure
from engine.sources.port import Batch, Client, Host, Series, Source, Want
from engine.sources.reading import Reader, entries, entry, measure, number

ORIGIN = "https://api.alternative.me"
KIND = "fear_greed"
FIELDS = ("value", "value_classification", "timestamp", "time_until_update")


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Ask for as many of the newest days as are missing."""
    series = Series(KIND)
    days = (want.until - want.since[series]).days + 1
    answer = await client.get(f"{ORIGIN}/fng/", {"limit": str(days), "format": "json"})
    if answer.unchanged:
        yield Batch(answered=frozenset({series}))
        return
    raw = answer.json()
    if entry(raw, "metadata", "error"):
        raise SourceGarbled("the Fear & Greed index reports an error instead of values.")
    reader = Reader()
    for item in entries(raw, "data"):
        reader.expect(item, FIELDS)
        reader.take(series, entry(item, "timestamp"), item, partial(_read, item))
    yield reader.batch({series}, answer)


def _read(item: object, date: str) -> Measure:
    return measure(KIND, "", date, number(entry(item, "value")), SOURCE.id)


SOURCE = Source(
    id="fear_greed",
    title="Fear & Greed index (alternative.me)",
    family="sentiment",
    feeds=(KIND,),
    hosts=(Host(ORIGIN, every=1.0, probe="/fng/?limit=1"),),
    cites="https://alternative.me/crypto/fear-and-greed-index/#api",
    terms="free, with attribution",
    fetch=fetch,
    newest=0,
)
