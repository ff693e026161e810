"""Series of few tokens are the same whole matrices however little of them is held."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.scattered import Scattered, scatter, until

DATES, TOKENS = 6, 5


def line(value: float) -> np.ndarray:
    return np.where(np.arange(DATES) % 2 == 0, value, np.nan)


@pytest.fixture
def held() -> Scattered:
    return scatter({"tvl": {3: line(3.0), 0: line(0.5)}, "fees": {1: line(1.0)}, "none": {}}, DATES, TOKENS)


def test_a_matrix_is_made_whole_when_it_is_asked_for(held: Scattered) -> None:
    expected = np.full((DATES, TOKENS), np.nan)
    expected[:, 0], expected[:, 3] = line(0.5), line(3.0)
    np.testing.assert_array_equal(held["tvl"], expected)
    assert list(held) == ["tvl", "fees"]
    assert "none" not in held
    assert held.get("none") is None


def test_what_is_made_can_be_written_without_changing_what_is_held(held: Scattered) -> None:
    held["tvl"][:] = 9.0
    assert held["tvl"][0, 3] == 3.0


@given(rows=st.integers(0, DATES))
def test_an_earlier_one_is_the_first_rows_of_it(rows: int) -> None:
    held = scatter({"tvl": {2: line(2.0), 4: line(4.0)}}, DATES, TOKENS)
    whole = {"tvl": held["tvl"]}
    np.testing.assert_array_equal(until(held, rows)["tvl"], until(whole, rows)["tvl"])
    assert until(held, rows)["tvl"].shape == (rows, TOKENS)


def test_an_earlier_one_copies_nothing(held: Scattered) -> None:
    assert np.shares_memory(held.until(3).held["tvl"][1], held.held["tvl"][1])
