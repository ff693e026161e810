"""Values taken apart: exact to the last bit, named by token, and never silent about what is not understood."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pytest

from engine.leaves import Leaf, encoded, leaves
from engine.model import Cause, Grade, MarketView, Odds, Reason, Signal, WeekSignals

DATE = dt.date(2023, 11, 13)


def signal(symbol: str, **changes: object) -> Signal:
    made = Signal(
        symbol, Odds(0.3, 0.3, 0.4), Odds(0.3, 0.3, 0.4), 0.1, 0.2, Grade(55, "A"),
        (Reason("rsi", "technical", 0.1, "up"), Reason("beta", "price", -0.2, "down")), None, 9, 10, ("macro",),
        0.05, 1.0, None,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def week(*signals: Signal) -> WeekSignals:
    return WeekSignals(DATE, DATE, MarketView(0.5, 0.5, ()), signals)


class Colour(StrEnum):
    RED = "red"


@dataclass
class Thing:
    value: object


@pytest.mark.parametrize(
    "value, text",
    [
        (0.1, "0.1"), (np.float64(0.1), "0.1"), (True, "True"), (3, "3"), (None, "None"), ("a", "'a'"),
        (DATE, "2023-11-13"),
        (Colour.RED, "'red'"), (math.nan, "nan"), (-0.0, "-0.0"),
    ],
)  # fmt: skip
def test_every_plain_value_has_an_exact_text(value: object, text: str) -> None:
    assert leaves(Thing(value)) == {Leaf("", "value"): text}


def test_what_the_engine_never_makes_is_refused() -> None:
    with pytest.raises(TypeError, match="makes no set"):
        leaves(Thing({1, 2}))


def test_the_last_bit_of_a_number_counts() -> None:
    assert encoded(Thing(0.1 + 0.2)) != encoded(Thing(0.3))
    assert encoded(Thing(0.3)) == encoded(Thing(0.3))


def test_lines_are_named_by_token_and_by_what_they_are_called() -> None:
    found = leaves(week(signal("AAVE"), signal("UNI")))
    assert found[Leaf("UNI", "signals.odds.bullish")] == "0.4"
    assert found[Leaf("AAVE", "signals.reasons[beta].contribution")] == "-0.2"
    assert found[Leaf("", "market.p_up")] == "0.5"
    assert found[Leaf("AAVE", "signals.missing_families[0]")] == "'macro'"


def test_one_line_more_does_not_shift_the_others() -> None:
    few, more = leaves(week(signal("UNI"))), leaves(week(signal("AAVE"), signal("UNI")))
    changed = {leaf for leaf in {*few, *more} if few.get(leaf) != more.get(leaf)}
    assert {leaf.token for leaf in changed} == {"AAVE", ""}
    assert {leaf for leaf in changed if not leaf.token} == {Leaf("", "signals.length")}


def test_two_lines_of_one_name_are_told_apart_and_their_order_counts() -> None:
    causes = (Cause("step_up", "high", "a"), Cause("step_up", "extreme", "b"))
    assert leaves(Thing(causes))[Leaf("", "value[step_up (2)].text")] == "'b'"
    assert encoded(Thing(causes)) != encoded(Thing(causes[::-1]))


@dataclass
class Lines:
    symbols: tuple[str, ...]
    relative: np.ndarray
    odds: np.ndarray
    base: np.ndarray


def test_arrays_beside_symbols_are_told_token_by_token() -> None:
    line = Lines(("AAVE", "UNI"), np.array([0.1, 0.2]), np.array([[0.3, 0.3, 0.4]] * 2), np.full(3, 1 / 3))
    found = leaves(line)
    assert found[Leaf("UNI", "relative")] == "0.2"
    assert found[Leaf("AAVE", "odds[2]")] == "0.4"
    assert found[Leaf("", "base[0]")] == repr(1 / 3)


def test_a_table_is_told_in_the_order_of_its_keys() -> None:
    assert encoded(Thing({"b": 1.0, "a": 2.0})) == encoded(Thing({"a": 2.0, "b": 1.0}))
