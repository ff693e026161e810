"""A source is stale once nothing of a kind it gives is as new as it must have been, and its neighbours are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from bot.source_health import source_states, stale_sources
from engine.sources.port import CATEGORIES
from engine.sources.table import SOURCES
from storage.database import Database, open_database
from storage.sources import Cursor, SourceStatus

NOW = dt.datetime(2026, 11, 26, 14, tzinfo=dt.UTC)
NEWEST = {  # the oldest newest day that is no fault at NOW, a kind of each source
    ("candles", "exchanges"): "2026-11-24",  # yesterday's must be in by 18:00
    ("snapshots", "coingecko"): "2026-11-25",
    ("fear_greed", "fear_greed"): "2026-11-22",
    ("stablecoin_supply", "defillama"): "2026-11-20",
    ("vix", "fred"): "2026-11-15",
    ("m2", "fred"): "2026-07-27",
    ("active_addresses", "coinmetrics"): "2026-11-20",
}


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    opened.market.set_provenance("live", "yes")
    yield opened
    opened.close()


def fetched(database: Database, kind: str, source: str, until: str | None, subject: str = "BTC") -> None:
    seen = NOW.isoformat(timespec="seconds")
    database.sources.put_cursors([Cursor(kind, subject, until, source, "2025-01-01T00:00:00+00:00", seen)])


def day_before(text: str) -> str:
    return (dt.date.fromisoformat(text) - dt.timedelta(days=1)).isoformat()


@pytest.mark.parametrize(("kind", "source"), NEWEST)
def test_a_source_is_stale_a_day_after_its_newest_value_was_the_oldest_that_will_do(
    database: Database, kind: str, source: str
) -> None:
    until = NEWEST[kind, source]
    fetched(database, kind, source, until)
    assert stale_sources(database, NOW) == {}
    fetched(database, kind, source, day_before(until))
    assert stale_sources(database, NOW) == {source: f"nothing new of {kind} since {day_before(until)}"}


def test_one_series_that_goes_on_is_enough_and_what_never_came_is_not_missed(database: Database) -> None:
    """A dead token's candles end; a source that has none of a token never had it."""
    fetched(database, "candles", "exchanges", "2026-11-25")
    fetched(database, "candles", "exchanges", "2026-03-01", "DEAD")
    fetched(database, "candles", "exchanges", None, "NOBODY")
    fetched(database, CATEGORIES, "coingecko", None, "")
    assert stale_sources(database, NOW) == {}


def test_what_stands_in_is_no_excuse_for_the_first_and_what_is_optional_is_missed_by_nobody(database: Database) -> None:
    fetched(database, "fees", "defillama", "2026-11-01")
    assert list(stale_sources(database, NOW)) == ["coinmetrics"]
    for source in SOURCES.values():
        if source.optional:
            fetched(database, source.feeds[0], source.id, "2026-01-01", source.subjects[0] if source.subjects else "")
    assert list(stale_sources(database, NOW)) == ["coinmetrics"]


def test_an_archive_and_a_simulated_market_have_no_sources(database: Database) -> None:
    fetched(database, "candles", "exchanges", "2026-01-01")
    assert stale_sources(database, NOW)
    database.market.set_provenance("live", "no")
    assert stale_sources(database, NOW) == {}


def test_the_doctor_goes_by_the_same_rule(database: Database) -> None:
    fetched(database, "vix", "fred", "2026-10-01", "")
    answered = NOW.isoformat(timespec="seconds")
    database.sources.put_status(SourceStatus("fred", answered, answered, "", None, ""))
    [fred] = [state for state in source_states(database, NOW) if state.id == "fred"]
    assert not fred.ok
    assert fred.says.startswith("stale: nothing new of vix since 2026-10-01; answered 0 min ago")
    assert fred.brief == "stale, answered 0 min ago"
