from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.errors import AlreadyDecided
from engine.model import Call, Odds, Prediction, WeekSignals
from storage.connection import Written
from storage.database import Database

MONDAY = dt.date(2023, 11, 13)
WEEK = dt.timedelta(days=7)

MakeWeek = Callable[[dt.date], WeekSignals]


def test_signals_are_kept_once_a_date_and_come_back_as_they_were(database: Database, make_week: MakeWeek) -> None:
    entry = database.signals.add("replay", make_week(MONDAY))
    assert (entry.kind, entry.date) == ("signals", MONDAY)
    assert database.signals.at("replay", MONDAY) == make_week(MONDAY)
    with pytest.raises(AlreadyDecided, match="2023-11-13"):
        database.signals.add("replay", make_week(MONDAY))
    assert database.journal.count("replay") == 1


def test_the_latest_signals_may_be_those_before_a_day(database: Database, make_week: MakeWeek) -> None:
    for i in (1, 0):
        database.signals.add("replay", make_week(MONDAY + WEEK * i))
    assert database.signals.latest("replay") == make_week(MONDAY + WEEK)
    assert database.signals.latest("replay", before=MONDAY + WEEK) == make_week(MONDAY)
    assert database.signals.latest("replay", before=MONDAY) is None
    assert database.signals.latest("live") is None
    assert database.signals.dates("replay") == {MONDAY, MONDAY + WEEK}
    assert database.signals.dates("live") == frozenset()
    assert database.signals.at("replay", MONDAY + dt.timedelta(days=1)) is None


def test_the_record_takes_outcomes_later_and_keeps_methods_apart(database: Database) -> None:
    odds, base = Odds(0.1, 0.2, 0.7), Odds(0.3, 0.3, 0.4)
    open_ = Prediction(MONDAY, "AAVE", 7, (0.25, -1.5, 1 / 3), 0.1, 0.2, 0.5, 0.52, odds, base, 0.3, None, None)
    closed = replace(open_, outcome=Call.BULLISH, excess=-0.01)
    other = replace(open_, symbol="1INCH")
    month = replace(open_, horizon=28)
    store = database.signals
    assert store.put_predictions([open_, other]) == Written(new=2)
    assert store.put_predictions([closed, other]) == Written(changed=1, same=1)
    assert list(store.predictions()) == [other, closed]
    assert store.put_predictions([month], method="two") == Written(new=1)
    assert store.put_predictions([open_], method="two") == Written(new=1)
    assert list(store.predictions("two")) == [open_, month]
    assert store.put_predictions([open_], method="1.0") == Written(new=1)
    assert list(store.predictions("1.0")) == [open_]


def test_what_a_record_said_of_one_token_is_found_by_date(database: Database) -> None:
    odds, base = Odds(0.1, 0.2, 0.7), Odds(0.3, 0.3, 0.4)
    first = Prediction(MONDAY, "AAVE", 7, (0.1,), 0.1, 0.2, 0.5, 0.52, odds, base, 0.3, Call.BEARISH, -0.1)
    second = replace(first, date=MONDAY + WEEK, conviction=-0.2, outcome=None, excess=None)
    store = database.signals
    store.put_predictions([first, second, replace(first, symbol="BTC"), replace(first, horizon=28, conviction=9.0)])
    assert store.convictions("AAVE", MONDAY) == [(MONDAY, 0.3, Call.BEARISH), (MONDAY + WEEK, -0.2, None)]
    assert store.convictions("AAVE", MONDAY + dt.timedelta(days=1)) == [(MONDAY + WEEK, -0.2, None)]
    assert store.convictions("NONE", MONDAY) == []
