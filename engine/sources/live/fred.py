"""FRED, the St. Louis Fed's database: interest rates, the dollar, shares, money, prices and work, as CSV.

Documentation: https://fred.stlouisfed.org/docs/api/fred/series_observations.html (with a key: JSON, values are strings,
`.` where there is none) and https://fredhelp.stlouisfed.org/fred/graphs/customize-a-fred-graph/ (the same series as a
graph's CSV: fredgraph.csv?id=SERIES&cosd=FIRST, a column observation_date, `.` or nothing where there is no value).
Terms: https://fred.stlouisfed.org/legal; series that belong to others carry their owners' terms.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from functools import partial

from engine.errors import SourceGarbled
from engine.model import Measure
from engine.sources.answer import Answer
from engine.sources.port import Batch, Client, Host, Key, Series, Source, Want
from engine.sources.reading import Reader, entries, entry, measure, number

GRAPH, API = "https://fred.stlouisfed.org", "https://api.stlouisfed.org"
SERIES = {
    "fed_funds": "DFF",
    "treasury_10yr": "DGS10",
    "spread_2s10s": "T10Y2Y",
    "breakeven_10yr": "T10YIE",
    "dollar_index": "DTWEXBGS",
    "vix": "VIXCLS",
    "sp500": "SP500",
    "nasdaq100": "NASDAQ100",
    "wti_crude": "DCOILWTICO",
    "high_yield_spread": "BAMLH0A0HYM2",
    "financial_stress": "STLFSI4",
    "m2": "M2SL",
    "cpi_yoy": "CPIAUCSL",  # an index there: its growth over twelve months is computed here
    "unemployment": "UNRATE",
}
YEARLY_GROWTH = frozenset({"cpi_yoy"})
YEAR_BACK = dt.timedelta(days=400)
NOTHING = frozenset({".", ""})
DATE_COLUMNS = frozenset({"observation_date", "DATE"})


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Ask for one series after the other."""
    for since, missing in want.by_day():
        for series in missing:
            first = since - YEAR_BACK if series.kind in YEARLY_GROWTH else since
            answer = await _ask(client, SERIES[series.kind], first.isoformat())
            if answer.unchanged:
                yield Batch(answered=frozenset({series}))
                continue
            pairs = _from_json(answer) if client.has_key else _from_csv(answer, SERIES[series.kind])
            yield _batch(series, pairs, answer)


async def _ask(client: Client, name: str, first: str) -> Answer:
    """All from a day on: without an end, so that the address, and with it the ETag, stays until something is new."""
    if client.has_key:
        params = {"series_id": name, "file_type": "json", "observation_start": first}
        return await client.get(f"{API}/fred/series/observations", params)
    return await client.get(f"{GRAPH}/graph/fredgraph.csv", {"id": name, "cosd": first})


def _from_csv(answer: Answer, name: str) -> list[tuple[object, object]]:
    """Rows of a graph's CSV as (day, value)."""
    header, *rows = answer.rows() or [[]]
    if len(header) != 2 or header[0] not in DATE_COLUMNS or header[1] != name:
        raise SourceGarbled(f"FRED was asked for {name} and sent a table of another shape: nothing of it was used.")
    return [(row[0], row[1] if len(row) == 2 else None) for row in rows]


def _from_json(answer: Answer) -> list[tuple[object, object]]:
    """Observations of the API as (day, value)."""
    return [(entry(item, "date"), entry(item, "value")) for item in entries(answer.json(), "observations")]


def _batch(series: Series, pairs: Iterable[tuple[object, object]], answer: Answer) -> Batch:
    reader = Reader()
    for when, text in pairs:
        if text not in NOTHING:
            reader.take(series, when, [when, text], partial(_read, series.kind, text))
    if series.kind in YEARLY_GROWTH:
        reader.rows = [*_growth([row for row in reader.rows if isinstance(row, Measure)])]
    return reader.batch({series}, answer)


def _read(kind: str, text: object, date: str) -> Measure:
    return measure(kind, "", date, number(text), SOURCE.id)


def _growth(rows: Sequence[Measure]) -> Iterator[Measure]:
    """Percent over the same month a year before, where that is there; a month told twice grows twice, to be judged."""
    index = {row.date: row.value for row in rows}
    for row in rows:
        before = index.get(f"{int(row.date[:4]) - 1}{row.date[4:]}", 0.0)
        if before > 0:
            yield row._replace(value=round(100 * (row.value / before - 1), 6))


SOURCE = Source(
    id="fred",
    title="FRED",
    family="macro",
    feeds=tuple(SERIES),
    hosts=(
        Host(GRAPH, every=1.0, probe="/graph/fredgraph.csv?id=DFF&cosd=2026-01-01&coed=2026-01-02"),
        Host(API, every=0.6, probe="/fred/series?series_id=DFF&file_type=json"),
    ),
    cites="https://fred.stlouisfed.org/docs/api/fred/series_observations.html",
    terms="free; series of other owners under their terms",
    fetch=fetch,
    key=Key("api_key", "query", "the API instead of the graphs' CSV, which some networks are barred from", (API,)),
    overlap=dict.fromkeys(SERIES, 7) | {"m2": 100, "cpi_yoy": 100, "unemployment": 100, "financial_stress": 30},
    every=dt.timedelta(hours=6),
)
