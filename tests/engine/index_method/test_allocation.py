"""Target weights: finite, never negative, within every cap, order-free, and spending what the caps allow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.allocation import allocate, effective_names, fill_under_caps

scores = arrays(float, st.integers(1, 25), elements=st.one_of(st.just(0.0), st.floats(1e-9, 1e6)))
shares = st.floats(0.0, 1.0)


@given(scores, shares, st.floats(0.01, 1.0))
def test_filling_spends_all_that_the_caps_allow_and_breaks_none(score, total, cap):
    weights = fill_under_caps(score, total, np.full(len(score), cap))
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert (weights <= cap + 1e-12).all()
    assert weights.sum() == pytest.approx(min(total, cap * (score > 0).sum()), abs=1e-9)
    assert (weights[score == 0] == 0).all()


@given(scores, shares, st.floats(0.01, 1.0))
def test_below_the_cap_weights_stay_in_proportion_to_scores(score, total, cap):
    weights = fill_under_caps(score, total, np.full(len(score), cap))
    free = (weights > 1e-12) & (weights < cap - 1e-9)
    ratios = weights[free] / score[free]
    assert np.ptp(ratios) <= 1e-6 * ratios.max() if free.sum() > 1 else True
    full = (weights >= cap - 1e-12) & (score > 0)
    if free.any() and full.any():  # nobody at the cap deserved less than somebody below it
        assert score[full].min() >= score[free].max() * (1 - 1e-9)


@given(
    st.lists(st.tuples(st.floats(1e-6, 1e3), st.sampled_from("vic")), min_size=1, max_size=20),
    shares,
    st.floats(0.05, 0.5),
    shares,
    shares,
    st.sampled_from([0.0, 0.01, 0.05]),
)
def test_no_cap_is_broken_and_nothing_is_held_below_the_floor(names, total, cap, volatile_cap, illiquid_cap, floor):
    score = np.array([s for s, _ in names])
    volatile, illiquid = (np.array([k == letter for _, k in names]) for letter in "vi")
    groups = [(volatile, volatile_cap), (illiquid, illiquid_cap)]
    weights = allocate(score, total, np.full(len(score), cap), groups, floor)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.sum() <= total + 1e-9
    assert (weights <= cap + 1e-12).all()
    assert weights[volatile].sum() <= volatile_cap + 1e-9
    assert weights[illiquid].sum() <= illiquid_cap + 1e-9
    assert ((weights == 0) | (weights >= floor)).all()


@given(st.lists(st.floats(0.1, 100), min_size=2, max_size=12, unique=True), st.randoms())
def test_the_order_of_the_tokens_does_not_matter(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    score = np.array(values)
    mask = score > np.median(score)
    straight = allocate(score, 0.9, np.full(len(score), 0.3), [(mask, 0.4)], 0.01)
    shuffled = allocate(score[order], 0.9, np.full(len(score), 0.3), [(mask[order], 0.4)], 0.01)
    assert shuffled == pytest.approx(straight[order], abs=1e-12)


def test_a_full_group_leaves_its_share_to_the_others():
    volatile = np.array([True, True, False, False])
    weights = allocate(np.array([4.0, 4.0, 1.0, 1.0]), 1.0, np.full(4, 0.5), [(volatile, 0.2)], 0.01)
    assert weights == pytest.approx([0.1, 0.1, 0.4, 0.4])


def test_concentration_is_counted_in_equal_holdings():
    assert effective_names(np.array([0.25, 0.25, 0.25, 0.0])) == pytest.approx(3.0)
    assert effective_names(np.zeros(3)) == 0.0
