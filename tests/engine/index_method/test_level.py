"""What a holding counts for: its last price, for a few days; then less and less; after a quarter nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.level import CARRY_DAYS, CASH, STOPPED_MARK, WRITE_OFF_DAYS, is_cash, mark, weights_at

DAYS = 120
LAST = 10  # the row of the last candle
NAN = float("nan")


@pytest.fixture(scope="module")
def panel(make_panel):
    closes = [*np.linspace(1, 2, LAST + 1), *[NAN] * (DAYS - LAST - 2), 5.0]
    return make_panel({"AAA": closes, "LATE": [*[NAN] * 50, *[3.0] * (DAYS - 50)], "USDC": np.ones(DAYS)})


@pytest.mark.rule("4.6")
@pytest.mark.parametrize(
    "silent, share",
    [(0, 1), (1, 1), (3, 1), (4, 0.5), (10, 0.5), (11, 0.25), (17, 0.25), (18, 0.125), (90, 0.5**13), (91, 0.0)],
)
def test_a_stopped_price_counts_for_three_days_then_by_half_every_week_and_after_ninety_days_for_nothing(
    panel, silent, share
):
    assert mark(panel, "AAA", LAST + silent) == (2.0 * share, LAST)
    assert (CARRY_DAYS, STOPPED_MARK, WRITE_OFF_DAYS) == (3, 0.5, 90)


@pytest.mark.rule("4.6")
def test_a_price_that_returns_counts_in_full(panel):
    assert mark(panel, "AAA", DAYS - 1) == (5.0, DAYS - 1)


def test_before_its_first_candle_a_token_has_no_mark(panel):
    assert mark(panel, "LATE", 49) is None
    assert mark(panel, "NOBODY", 49) is None


def test_plain_cash_is_a_dollar_on_every_day(panel):
    assert mark(panel, CASH, 7) == (1.0, 7)
    assert {s: is_cash(panel, s) for s in (CASH, "USDC", "AAA", "NOBODY")} == {
        CASH: True, "USDC": True, "AAA": False, "NOBODY": False,
    }  # fmt: skip


@pytest.mark.rule("4.6")
@given(st.integers(0, DAYS - 3), st.integers(1, 60))
def test_a_mark_never_rises_while_no_price_is_printed(panel, row, more):
    later = min(row + more, DAYS - 2)
    if row >= LAST:
        assert mark(panel, "AAA", later)[0] <= mark(panel, "AAA", row)[0]


@pytest.mark.rule("4.6")
def test_a_holding_that_left_the_panel_counts_half_of_its_last_mark(panel, make_book):
    book = make_book(panel, {"USDC": 0.5})
    left = replace(book, units=book.units | {"GONE": 100.0}, marks=book.marks | {"GONE": 4.0})
    shares, level = weights_at(left, panel, DAYS - 1)
    assert level == pytest.approx(1000 + 200)
    assert shares["GONE"] == pytest.approx(200 / 1200)
