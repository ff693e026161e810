"""The month is told with its worst call, in the same size and place whether it was good or bad."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.book import StoredDecision
from bot.monthly import Month, Past, look_back, month_before, month_lines
from engine.errors import NotEnoughData
from engine.model import PASSIVE, Action, Holding, LevelPoint

OCTOBER = Month(dt.date(2023, 10, 1))


def test_the_month_before_a_day_is_the_last_that_ended() -> None:
    assert month_before(dt.date(2023, 11, 6)) == month_before(dt.date(2023, 11, 30)) == OCTOBER
    assert month_before(dt.date(2023, 1, 2)).name == "December 2022"
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


def tell(book: Any, ours: float, theirs: float, indices: tuple[str, ...] = ("defi",)) -> tuple[str, ...]:
    for index in indices:
        book.level_points[index, "balanced"] = levels(ours)
        book.level_points[index, PASSIVE] = levels(theirs)
    return month_lines([past for index in indices if (past := of(book, index))])


def of(book: Any, index: str = "defi", month: Month = OCTOBER) -> Past | None:
    return look_back(book, next(info for info in book.indices() if info.id == index), "balanced", month)


def test_a_good_and_a_bad_month_are_told_in_the_same_size_and_place(book: Any) -> None:
    good, bad = tell(book, 0.04, -0.02), tell(book, -0.04, 0.02)
    since = "since 1 Sep 2023"
    assert good[0] == f"October 2023: won 4.0 %, just holding lost 2.0 %: 6.0 points ahead; {since}: 6.0 points ahead."
    assert bad[0] == f"October 2023: lost 4.0 %, just holding won 2.0 %: 6.0 points behind; {since}: 6.0 points behind."
    assert len(good) == len(bad) == 2
    assert tell(book, 0.02, 0.02)[0].startswith("October 2023: won 2.0 %, just holding won 2.0 %: level with it;")


@pytest.mark.parametrize(("change", "said", "won"), [(0.0004, "stood still", 0), (-0.0004, "stood still", 0),
                                                     (0.0006, "won 0.1 %", 1), (-0.0006, "lost 0.1 %", 0)])  # fmt: skip
def test_a_month_that_is_said_to_stand_still_counts_as_none_won(change: float, said: str, won: int) -> None:
    past = Past(Month(dt.date(2023, 10, 1)), "DeFi", dt.date(2023, 9, 1), change, None, None, None)
    assert month_lines([past])[0] == f"October 2023: {said}."
    assert month_lines([past, replace(past, title="AI", change=-0.2)])[0] == f"October 2023: {won} of 2 indices won."


def test_without_its_twin_the_month_stands_alone(book: Any) -> None:
    past = of(book)
    assert past is not None
    alone = month_lines([replace(past, change=-0.04, holding=None, ahead=None)])
    assert alone[0] == "October 2023: lost 4.0 %."
    assert month_lines([]) == ()


def test_several_indices_have_a_line_each_and_one_worst_call(book: Any) -> None:
    said = tell(book, -0.04, 0.02, ("defi", "ai"))
    assert said[0] == "October 2023: 0 of 2 indices won."
    assert said[1].startswith("DeFi lost 4.0 %, just holding") and said[2].startswith("AI lost 4.0 %, just holding")
    assert "in DeFi" in said[3] or "in AI" in said[3]
    assert len(said) == 4


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
    said = tell(falling, 0.0, 0.0)[-1]
    assert said == "The worst call: AAVE at 50 % from 9 Oct 2023 on. It fell 7.7 %, which cost 3.8 %."


def test_a_loss_counts_within_the_month_alone(falling: Any, make: Any) -> None:
    only_holdings(falling, make, (dt.date(2023, 9, 25), "AAVE", 0.5), (dt.date(2023, 11, 6), "RUNE", 0.5))
    said = tell(falling, 0.0, 0.0)[-1]
    assert said == "The worst call: AAVE at 50 % from 30 Sep 2023 on. It fell 31.0 %, which cost 15.5 %."


def test_where_nothing_lost_that_is_said(falling: Any, make: Any) -> None:
    only_holdings(falling, make, (dt.date(2023, 10, 2), "RUNE", 0.5))
    assert "none lost" in tell(falling, 0.03, 0.0)[-1]


def test_a_month_before_the_first_level_is_not_told(book: Any, empty_book: Any) -> None:
    assert of(book, month=Month(dt.date(2022, 12, 1))) is None
    with pytest.raises(NotEnoughData):
        of(empty_book)


def test_a_record_that_began_within_the_month_is_told_from_its_start(book: Any) -> None:
    book.state = replace(book.state, live_start=dt.date(2023, 10, 16))
    said = tell(book, 0.31, 0.0)[0]
    assert said.startswith("October 2023: won 13.9 %") and "since 16 Oct 2023" in said
