"""The month is told on its day, with the worst call, in the same size and place whether it was good or bad."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot import words
from bot.book import StoredDecision
from bot.monthly import Month, report, reported_on
from engine.model import PASSIVE, Action, Holding, LevelPoint

OCTOBER = Month(dt.date(2023, 10, 1))


def test_a_month_is_reported_on_the_first_monday_of_the_next_and_on_no_other_day() -> None:
    days = [dt.date(2023, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    told = {day: month for day in days if (month := reported_on(day))}
    assert [day.month for day in told] == list(range(1, 13))
    assert all(day.weekday() == 0 and day.day <= 7 for day in told)
    assert told[dt.date(2023, 1, 2)].key == "2022-12" and told[dt.date(2023, 11, 6)] == OCTOBER
    assert (OCTOBER.eve, OCTOBER.last, OCTOBER.name) == (dt.date(2023, 9, 30), dt.date(2023, 10, 31), "October 2023")
    assert Month(dt.date(2024, 2, 1)).last == dt.date(2024, 2, 29)


def levels(month_change: float, start: dt.date = dt.date(2023, 9, 1)) -> list[LevelPoint]:
    """Flat until the last day of September, then a straight way to the change on the last of October."""
    points = []
    for n in range((dt.date(2023, 11, 10) - start).days):
        day = start + dt.timedelta(days=n)
        part = min(max((day - OCTOBER.eve).days, 0), 31) / 31
        points.append(LevelPoint(day, 1000 * (1 + month_change * part), 1000.0))
    return points


def tell(book: Any, ours: float, theirs: float, indices: tuple[str, ...] = ("defi",)) -> Any:
    for index in indices:
        book.level_points[index, "balanced"] = levels(ours)
        book.level_points[index, PASSIVE] = levels(theirs)
    return report(book, indices, "balanced", OCTOBER)


def test_a_good_and_a_bad_month_are_told_in_the_same_size_and_place(book: Any) -> None:
    good, bad = tell(book, 0.04, -0.02), tell(book, -0.04, 0.02)
    assert good.title == "October 2023: won 4.0 % (balanced)"
    assert bad.title == "October 2023: lost 4.0 % (balanced)"
    assert good.text == ("DeFi won 4.0 %: $1,000 became $1,040. Just holding: $980, 6.0 points ahead.",)
    assert bad.text == ("DeFi lost 4.0 %: $1,000 became $960. Just holding: $1,020, 6.0 points behind.",)
    assert good.after[1] == "Since 1 Sep 2023: $1,000 is $1,040, just holding $980: 6.1 % ahead."
    assert bad.after[1] == "Since 1 Sep 2023: $1,000 is $960, just holding $1,020: 5.9 % behind."
    shape = [[len(part) for part in (reply.text, reply.after, reply.note)] for reply in (good, bad)]
    assert shape[0] == shape[1]
    assert len(bad.lines()) <= 8


def test_several_indices_stand_in_one_table(book: Any) -> None:
    reply = tell(book, -0.04, 0.02, ("defi", "ai"))
    assert reply.title == "October 2023: 0 of 2 indices won (balanced)"
    assert reply.table.rows == (("DeFi", "-4.0 %", "+2.0 %", "-6.0"), ("AI", "-4.0 %", "+2.0 %", "-6.0"))
    assert "in DeFi" in reply.after[0] or "in AI" in reply.after[0]
    assert all(words.find(column.title) for column in reply.table.columns if column.title != "October 2023")


def only_holdings(book: Any, make: Any, *weights: tuple[dt.date, str, float]) -> None:
    """The index held just these, each from its day on."""
    stored = []
    for date, symbol, weight in weights:
        line = Holding(symbol, 0.0, weight, Action.BUY_NEW, "bullish", "rose")
        decision = make.decision("defi", "balanced", date, (line,))
        stored.append(StoredDecision(decision, make.settlement(decision), "0" * 64, 1))
    book.decisions["defi", "balanced"] = stored[::-1]


@pytest.fixture
def falling(book: Any, make: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """AAVE loses a point of 100 a day from 1 October on; RUNE gains one."""

    def closes(symbol: str, days: int) -> list[tuple[dt.date, float]]:
        way = -1 if symbol == "AAVE" else 1
        all_days = [dt.date(2023, 9, 1) + dt.timedelta(days=n) for n in range(80)]
        return [(day, 100.0 + way * max((day - OCTOBER.eve).days, 0)) for day in all_days]

    monkeypatch.setattr(book, "closes", closes)
    return book


def test_the_worst_call_is_the_holding_that_cost_most(falling: Any, make: Any) -> None:
    only_holdings(
        falling, make, (dt.date(2023, 10, 2), "AAVE", 0.1), (dt.date(2023, 10, 9), "AAVE", 0.5),
        (dt.date(2023, 10, 16), "RUNE", 0.9),
    )  # fmt: skip
    said = tell(falling, 0.0, 0.0).after[0]
    assert said == "The worst call: AAVE at 50 % from 9 Oct 2023 on. It fell 7.7 %, which cost 3.8 %."


def test_a_loss_counts_within_the_month_alone(falling: Any, make: Any) -> None:
    only_holdings(falling, make, (dt.date(2023, 9, 25), "AAVE", 0.5), (dt.date(2023, 11, 6), "RUNE", 0.5))
    said = tell(falling, 0.0, 0.0).after[0]
    assert said == "The worst call: AAVE at 50 % from 30 Sep 2023 on. It fell 31.0 %, which cost 15.5 %."


def test_where_nothing_lost_that_is_said(falling: Any, make: Any) -> None:
    only_holdings(falling, make, (dt.date(2023, 10, 2), "RUNE", 0.5))
    assert "none lost" in tell(falling, 0.03, 0.0).after[0]


def test_a_month_before_the_first_level_is_not_told(book: Any, empty_book: Any) -> None:
    assert report(empty_book, ("defi",), "balanced", OCTOBER) is None
    assert report(book, (), "balanced", OCTOBER) is None
    assert report(book, ("defi",), "balanced", Month(dt.date(2022, 12, 1))) is None


def test_a_record_that_began_within_the_month_is_told_from_its_start(book: Any) -> None:
    book.state = replace(book.state, live_start=dt.date(2023, 10, 16))
    reply = tell(book, 0.31, 0.0)
    assert "DeFi won 13.9 %" in reply.text[0]
    assert "Since 16 Oct 2023" in reply.after[1]


def test_a_backtest_and_a_simulated_market_are_called_so(book: Any) -> None:
    book.state = replace(book.state, ledger="replay", live_start=None, simulated=True)
    assert tell(book, 0.04, 0.0).title == "SIMULATED: October 2023: won 4.0 % (balanced, backtest)"
