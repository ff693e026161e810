"""What the fetcher remembers between two runs."""

from __future__ import annotations

import datetime as dt

from storage.database import Database
from storage.sources import Cursor, HostStatus, Quarantined, SourceStatus

NOON = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)


def test_cursors_are_kept_by_series(database: Database) -> None:
    one = Cursor("candles", "BTC", "2026-03-17", "exchanges", "2026-03-18T12:00:00+00:00", None)
    database.sources.put_cursors([one, one._replace(subject="ETH", until=None)])
    moved = one._replace(until="2026-03-18", checked="2026-03-19T12:00:00+00:00")
    database.sources.put_cursors([moved])
    assert database.sources.cursors()["candles", "BTC"] == moved
    assert database.sources.cursors()["candles", "ETH"].until is None


def test_a_validator_is_forgotten_once_nobody_met_it_for_a_month(database: Database) -> None:
    database.sources.put_validators([("https://a/1", '"x"', ""), ("https://a/2", "", "then")], NOON)
    assert database.sources.validator("https://a/1") == ('"x"', "")
    database.sources.put_validators([("https://a/2", "", "later")], NOON + dt.timedelta(days=31))
    assert database.sources.validator("https://a/1") is None
    assert database.sources.validator("https://a/2") == ("", "later")


def test_what_is_quarantined_is_settled_once_its_day_is_stored(database: Database) -> None:
    row = Quarantined("vix", "", "2026-03-17", "fred", "spike", "[1]", "2026-03-18T12:00:00+00:00")
    other = row._replace(date="2026-03-16", reason="zero")
    database.sources.quarantine([row, other])
    database.sources.quarantine([row])
    assert database.sources.quarantined() == [row, other]
    assert database.sources.quarantine_counts() == {("fred", "spike"): 1, ("fred", "zero"): 1}
    database.sources.settle([("vix", "", "2026-03-17")], NOON)
    assert database.sources.quarantined() == [other]
    assert database.sources.quarantined(settled=True)[0].settled == "2026-03-18T12:00:00+00:00"


def test_statuses_and_hosts_come_back_as_they_were_put(database: Database) -> None:
    status = SourceStatus("fred", "2026-03-18T12:00:00+00:00", None, "it is down.", "2026-03-18T12:00:00+00:00", "")
    host = HostStatus("https://a", 7, 2, 1, 999, 41, None, "it is down.", "2026-03-18T12:00:00+00:00", None)
    database.sources.put_status(status)
    database.sources.put_hosts([host])
    assert database.sources.statuses() == {"fred": status}
    assert database.sources.hosts() == {"https://a": host}
