"""Texts: each once, known no earlier than it was seen, and no more of one place and day than may be kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from engine.model import Headline
from storage.connection import Written
from storage.database import Database, open_database

NOON = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)
LONG_AGO = {("headlines", "paper"): dt.date(2026, 1, 1)}


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database(":memory:")
    yield opened
    opened.close()


def text(title: str = "Bitcoin rises", at: str = "2026-03-18 09:00:00", source: str = "paper") -> Headline:
    return Headline(at, source, "crypto", title, at[:10])


def known(database: Database) -> list[tuple[str, str]]:
    return [(h.published_at[:10], h.known) for h in database.market.headlines(dt.date(2030, 1, 1))]


def test_a_text_shown_again_is_the_same_even_under_another_hour(database: Database) -> None:
    assert database.live.put([text()], NOON, {}) == Written(new=1)
    assert database.live.put([text()], NOON + dt.timedelta(days=1), {}) == Written(same=1)
    assert database.live.put([text(at="2026-03-18 20:59:00")], NOON, {}) == Written(same=1)
    assert database.live.put([text(at="2026-03-19 09:00:00"), text(at="2026-03-19 10:00:00")], NOON, {}) == Written(
        new=1, same=1
    )
    assert database.live.put([text(source="other"), text("Bitcoin falls")], NOON, {}) == Written(new=2)


def test_a_text_that_bears_an_old_date_is_not_known_before_it_was_seen(database: Database) -> None:
    database.live.put([text(at="2026-03-15 09:00:00")], NOON, LONG_AGO)
    database.live.put([text("fresh")], NOON, LONG_AGO)
    assert known(database) == [("2026-03-15", "2026-03-17"), ("2026-03-18", "2026-03-18")]


def test_what_was_there_before_anybody_looked_is_known_by_its_date(database: Database) -> None:
    database.live.put([text(at="2026-03-15 09:00:00")], NOON, {})
    assert known(database) == [("2026-03-15", "2026-03-15")]


def test_a_decision_at_midnight_sees_what_the_fetch_after_it_brings_of_the_day_before(database: Database) -> None:
    database.live.put([text(at="2026-03-15 23:10:00")], dt.datetime(2026, 3, 16, 0, 5, tzinfo=dt.UTC), LONG_AGO)
    assert len(list(database.market.headlines(dt.date(2026, 3, 16)))) == 1


def test_of_one_place_and_day_so_many_are_kept(database: Database) -> None:
    many = [text(f"no. {i}", f"2026-03-18 09:{i:02d}:00") for i in range(8)]
    assert database.live.put(many, NOON, {}, daily=5) == Written(new=5, over=3)
    assert database.live.put(many, NOON, {}, daily=5) == Written(same=5, over=3)
    others = [text("no. 1", source="other"), text("no. 1", "2026-03-17 09:00:00")]
    assert database.live.put(others, NOON, {}, daily=5) == Written(new=2)
