"""The book on a real database: figures kept as they were, and a head looked up apart from the chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.shelf import DatabaseBook, store_skills
from engine.model import Call, Odds, Prediction
from storage.database import Database, open_database

NOW = dt.datetime(2023, 11, 14, tzinfo=dt.UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "book.db")
    yield opened
    opened.close()


def test_both_records_come_back_and_the_long_one_is_the_backtest(database: Database, make: Any) -> None:
    book = DatabaseBook(database, NOW)
    assert (book.skill(), tuple(book.skills())) == (None, ())
    live = replace(make.SKILL, ledger="live", weeks=30)
    store_skills(database, (make.SKILL, live))
    assert tuple(book.skills()) == (make.SKILL, live)
    assert book.skill() == make.SKILL
    store_skills(database, (live,))
    assert book.skill() is None


def test_a_head_is_found_or_not_while_the_chain_keeps_its_own_verdict(database: Database, make: Any) -> None:
    database.decisions.add("replay", make.decision())
    book = DatabaseBook(database, NOW)
    plain = book.verify(None)
    assert (plain.ok, plain.entries, plain.is_found, plain.found) == (True, 1, None, None)
    found = book.verify(plain.head)
    assert found.ok and found.is_found
    assert found.found == "That head is entry 1 of the replay journal (decision, 2023-11-13)."
    missing = book.verify("0" * 32)
    assert (missing.ok, missing.holds, missing.is_found) == (False, True, False)
    for told in (found, missing):
        assert (told.entries, told.head, told.chain) == (plain.entries, plain.head, plain.chain)
    assert "not in this journal" in missing.message and "holds: 1 entries" in missing.message


def test_a_broken_chain_still_says_where_a_head_stands(database: Database, make: Any) -> None:
    database.decisions.add("replay", make.decision())
    first = database.journal.head("replay")
    database.decisions.add("replay", make.decision(date=make.MONDAY + dt.timedelta(days=7)))
    second = database.journal.head("replay")
    link = database.connection.raw.conn
    for (trigger,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        link.execute(f'DROP TRIGGER "{trigger}"')
    link.execute("UPDATE journal SET body = replace(body, 'AAVE', 'LINK') WHERE seq = 2")
    book = DatabaseBook(database, NOW)
    sound, altered = book.verify(first), book.verify(second)
    assert (sound.holds, sound.entries, sound.is_found, sound.ok) == (False, 1, True, False)
    assert (altered.holds, altered.is_found, altered.ok) == (False, False, False)
    assert "broken at entry 2" in sound.message
    assert "is not what was hashed" in (altered.found or "")


def test_past_calls_are_those_of_the_record_under_the_modes_margin(database: Database, make: Any) -> None:
    said = {0: 0.30, 7: -0.30, 14: 0.001}
    odds = Odds(0.3, 0.3, 0.4)
    store = database.signals
    store.put_predictions(
        Prediction(
            make.MONDAY + dt.timedelta(days=days), "AAVE", 7, (), 0.0, 0.0, 0.0, 0.5, odds, odds, value, None, None
        )
        for days, value in said.items()
    )
    found = DatabaseBook(database, NOW).past_calls("AAVE", "balanced", make.MONDAY)
    assert [past.call for past in found] == [Call.BULLISH, Call.BEARISH, Call.NEUTRAL]
