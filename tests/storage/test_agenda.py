"""What the service remembers: the last thing noted under a name, and how the database grows."""

import datetime as dt

import pytest

from storage.database import Database

NOW = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)


def test_the_last_note_counts(database: Database) -> None:
    assert database.agenda.value("fetch") is None
    assert database.agenda.noted("fetch") is None
    database.agenda.note("fetch", "first", NOW)
    database.agenda.note("fetch", "second", NOW + dt.timedelta(hours=1))
    assert database.agenda.value("fetch") == "second"
    assert database.agenda.noted("fetch") == NOW + dt.timedelta(hours=1)


def test_growth_is_known_from_the_second_day_on(database: Database) -> None:
    assert database.agenda.growth() is None
    size = database.agenda.measure(NOW.date())
    assert size > 0
    assert database.agenda.growth() is None
    database.connection.execute("INSERT INTO sizes VALUES ('2026-11-13', ?)", (size - 10_000,))
    assert database.agenda.growth() == pytest.approx(1000.0)
