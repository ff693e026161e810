"""Near-duplicates: the same correlations as a plain reference, and only who is kept drops others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from engine.lookalikes import ALIKE, ALIKE_DAYS, COMMON_DAYS, alike, larger_twins

NAN = float("nan")


def paths(seed, tokens=12, days=ALIKE_DAYS + 1, holes=0.12):
    """Walks that share a leader more or less, with holes."""
    rng = np.random.default_rng(seed)
    leader = rng.normal(0, 0.04, (days, 1))
    own = rng.normal(0, 1, (days, tokens)) * rng.uniform(0.001, 0.03, tokens)
    close = np.exp(np.cumsum(leader + own, axis=0)) * 10 ** rng.uniform(-6, 4, tokens)
    return np.where(rng.random((days, tokens)) < rng.uniform(0, holes, tokens), NAN, close)


@pytest.mark.rule("2.11")
@given(st.integers(0, 2**32 - 1))
def test_the_pairs_are_those_of_plain_pairwise_correlation(seed):
    close = paths(seed)
    reference = pd.DataFrame(np.diff(np.log(close), axis=0)).corr(min_periods=COMMON_DAYS).to_numpy()
    clear = np.abs(np.nan_to_num(reference) - ALIKE) > 1e-9
    wanted = (reference >= ALIKE) & ~np.eye(len(reference), dtype=bool)
    assert (alike(close, np.ones(12, dtype=bool)) == wanted)[clear].all()


@pytest.mark.rule("2.11")
def test_only_the_last_half_year_counts():
    close = paths(1, tokens=2, days=600, holes=0)
    close[-ALIKE_DAYS - 1 :, 1] = close[-ALIKE_DAYS - 1 :, 0]
    assert alike(close, np.ones(2, dtype=bool))[0, 1]


def test_who_is_not_asked_about_is_like_nobody():
    close = np.repeat(paths(2, tokens=1, holes=0), 3, axis=1)
    pairs = alike(close, np.array([True, False, True]))
    assert pairs.tolist() == [[False, False, True], [False, False, False], [True, False, False]]


def test_a_price_that_never_moves_is_like_nobody():
    flat = np.ones(ALIKE_DAYS + 1)
    close = np.column_stack([flat, paths(4, tokens=1, holes=0)[:, 0], 3 * flat, 1.001 ** np.arange(ALIKE_DAYS + 1)])
    assert not alike(close, np.ones(4, dtype=bool)).any()


@pytest.mark.rule("2.11")
def test_a_history_too_short_to_compare_has_no_pairs():
    close = np.repeat(paths(3, tokens=1, holes=0)[:COMMON_DAYS], 2, axis=1)
    assert not alike(close, np.ones(2, dtype=bool)).any()


def pairs_of(size, *pairs):
    matrix = np.zeros((size, size), dtype=bool)
    for a, b in pairs:
        matrix[a, b] = matrix[b, a] = True
    return matrix


@pytest.mark.rule("2.11")
@pytest.mark.parametrize(
    "pairs, order, gone",
    [
        ([(0, 1)], [0, 1, 2], {1: 0}),
        ([(0, 1)], [1, 0, 2], {0: 1}),
        ([(0, 1), (1, 2)], [0, 1, 2], {1: 0}),  # 2 is like 1 alone, which is gone
        ([(0, 1), (1, 2)], [1, 0, 2], {0: 1, 2: 1}),
        ([(0, 1), (1, 2), (0, 2)], [2, 1, 0], {1: 2, 0: 2}),
        ([(0, 1)], [1, 2], {}),  # 0 does not stand
        ([], [0, 1, 2], {}),
    ],
)
def test_only_who_is_kept_drops_a_smaller_one(pairs, order, gone):
    assert larger_twins(pairs_of(3, *pairs), order) == gone
