"""Target weights: finite, never negative, within every cap, order-free, and the best that the caps allow."""

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from engine.allocation import allocate, effective_names, fill_under_caps

scores = arrays(float, st.integers(1, 25), elements=st.one_of(st.just(0.0), st.floats(1e-9, 1e6)))
shares = st.floats(0.0, 1.0)
hostile_scores = st.one_of(
    st.sampled_from([0.0, 5e-324, 1e-310, 1e-300, 1e-9, 1.0, 1e9, 1e300, 1.7e308, np.nan, np.inf, -1.0, -np.inf]),
    st.floats(allow_nan=True, allow_infinity=True),
)
hostile_shares = st.one_of(
    st.sampled_from([0.0, 5e-324, 1e-300, 1e-16, 1e-9, 0.2, 1.0, 2.0, np.nan, np.inf, -1.0]), st.floats(0.0, 1.0)
)
tokens = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 3.0]) | st.floats(1e-3, 1e3), st.booleans(), st.booleans()),
    min_size=1,
    max_size=14,
)


@pytest.mark.rule("4.4")
@given(scores, shares, st.floats(0.01, 1.0))
def test_filling_spends_all_that_the_caps_allow_and_breaks_none(score, total, cap):
    weights = fill_under_caps(score, total, np.full(len(score), cap))
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert (weights <= cap).all()
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


@pytest.mark.rule("4.4")
@given(
    st.lists(st.tuples(hostile_scores, hostile_shares, st.booleans(), st.booleans()), max_size=20),
    hostile_shares,
    hostile_shares,
    hostile_shares,
    st.sampled_from([0.0, 0.01, 0.05, 0.5]),
)
@example([(5e-324, 1.0, True, True), (1.7e308, 1.0, False, True)], 1.0, 0.3, 0.4, 0.0)
@example([(1.0, 0.2, True, True)] * 6, 1.0, 0.0, 1.0, 0.01)
@example([(1.0, 0.2, True, False)] * 6, 0.0, 0.5, 0.5, 0.01)
def test_whatever_comes_in_no_cap_is_broken_and_nothing_is_below_the_floor(names, total, first, second, floor):
    score, cap = (np.array([name[k] for name in names], dtype=float) for k in (0, 1))
    a, b = (np.array([name[k] for name in names], dtype=bool) for k in (2, 3))
    weights = allocate(score, total, cap, [(a, first), (b, second)], floor)

    def most(value):
        return 0.0 if np.isnan(value) else min(max(value, 0.0), 1.0)

    assert weights.shape == score.shape
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.sum() <= most(total) + 1e-12
    assert all(weight <= most(limit) for weight, limit in zip(weights, cap, strict=True))
    assert weights[a].sum() <= most(first) + 1e-12
    assert weights[b].sum() <= most(second) + 1e-12
    assert ((weights == 0) | (weights >= floor)).all()
    assert (weights[~(score > 0)] == 0).all()
    assert np.array_equal(weights, allocate(score, total, cap, [(a, first), (b, second)], floor))


@given(tokens, shares, st.floats(0.02, 0.6), shares, shares, st.sampled_from([0.0, 0.01, 0.05]), st.randoms())
def test_the_order_of_the_tokens_does_not_matter(names, total, cap, first, second, floor, random):
    order = list(range(len(names)))
    random.shuffle(order)
    score = np.array([s for s, _, _ in names])
    a, b = (np.array([name[k] for name in names]) for k in (1, 2))
    caps = np.full(len(names), cap)
    straight = allocate(score, total, caps, [(a, first), (b, second)], floor)
    shuffled = allocate(score[order], total, caps, [(a[order], first), (b[order], second)], floor)
    rows = sorted(zip(score, a, b, straight, strict=True))  # of equal tokens the floor may drop either
    assert sorted(zip(score[order], a[order], b[order], shuffled, strict=True)) == rows


@pytest.mark.rule("4.4")
@given(tokens, st.floats(0.05, 1.0), st.floats(0.02, 0.6), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
@example([(1.0, True, True), (2.0, True, False), (3.0, False, True), (1.0, False, False)] * 2, 1.0, 0.6, 0.35, 0.25)
@example([(9.0, True, True), (1.0, True, False), (1.0, False, True), (0.1, False, False)], 0.7, 0.6, 0.3, 0.3)
@example([(1.0, True, True), (1.0, True, False), (1.0, False, True)], 0.9, 0.5, 0.35, 0.25)
@example([(1.0, True, False), (1.0, False, True)], 0.9, 0.5, 0.35, 0.25)
@example([(5.0, True, True), (4.0, True, True), (1.0, False, False)], 1.0, 0.9, 0.35, 0.25)
def test_no_other_weights_within_the_caps_are_better(names, total, cap, first, second):
    score = np.array([s for s, _, _ in names])
    masks = [np.array([name[k] for name in names]) for k in (1, 2)]
    caps = np.full(len(names), cap)
    weights = allocate(score, total, caps, list(zip(masks, (first, second), strict=True)), 0.0)
    assert unfairness(score, weights, caps, total, list(zip(masks, (first, second), strict=True))) < 1e-6


def unfairness(score, weights, caps, total, groups):
    """How far the weights are from the optimum: the least error, relative, with which prices explain each of them.

    A concave problem's optimum is where prices >= 0 of the total, of each group and of each cap, zero where there is
    room, add up to score / weight for every token (Karush, Kuhn, Tucker): found here by linear programming.
    """
    n, marginal = len(score), score / weights
    sums = [(np.ones(n, dtype=bool), total), *groups]
    slack = [limit - weights[mask].sum() for mask, limit in sums] + list(caps - weights)
    shares = np.hstack([np.column_stack([mask for mask, _ in sums]), np.eye(n)]) / marginal[:, None]
    error = np.full((n, 1), -1.0)
    found = linprog(
        [0.0] * (3 + n) + [1.0],
        A_ub=np.vstack([np.hstack([shares, error]), np.hstack([-shares, error])]),
        b_ub=np.concatenate([np.ones(n), -np.ones(n)]),
        bounds=[(0, 0 if room > 1e-10 else None) for room in slack] + [(0, None)],
    )
    assert found.status == 0
    return found.fun


def test_the_certificate_tells_better_weights_from_worse():
    score, caps = np.array([1.0, 2.0, 3.0]), np.full(3, 0.9)
    groups = [(np.array([True, True, False]), 0.3), (np.array([False, True, True]), 0.5)]
    best = allocate(score, 0.9, caps, groups, 0.0)
    assert unfairness(score, best, caps, 0.9, groups) < 1e-9
    assert unfairness(score, best + np.array([0.01, 0.0, -0.01]), caps, 0.9, groups) > 0.01


@pytest.mark.rule("4.4")
def test_a_token_in_both_groups_counts_in_both():
    volatile, illiquid = np.array([True, True, False, False]), np.array([True, False, True, False])
    weights = allocate(np.full(4, 1.0), 1.0, np.full(4, 0.9), [(volatile, 0.35), (illiquid, 0.25)], 0.0)
    assert weights[volatile].sum() == pytest.approx(0.35, abs=1e-15)
    assert weights[illiquid].sum() == pytest.approx(0.25, abs=1e-15)
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)
    price = 1 / weights
    assert price[0] + price[3] == pytest.approx(price[1] + price[2], rel=1e-12)


@pytest.mark.parametrize("overlap", [1e-290, 1e-30, 1e-12, 1.0, 1e6])
def test_a_faint_or_a_heavy_overlap_is_solved_as_well(overlap):
    volatile, illiquid = np.array([True, True, False, False]), np.array([True, False, True, False])
    weights = allocate(np.array([overlap, 1.0, 1.0, 1.0]), 1.0, np.ones(4), [(volatile, 0.3), (illiquid, 0.3)], 0.0)
    price = np.array([overlap, 1.0, 1.0, 1.0]) / weights
    assert weights[volatile].sum() == pytest.approx(0.3, abs=1e-15)
    assert weights[illiquid].sum() == pytest.approx(0.3, abs=1e-15)
    assert price[0] + price[3] == pytest.approx(price[1] + price[2], rel=1e-9)


def test_an_overlap_that_towers_over_all_takes_its_groups_whole():
    volatile, illiquid = np.array([True, True, False, False]), np.array([True, False, True, False])
    weights = allocate(np.array([1e290, 1.0, 1.0, 1.0]), 1.0, np.ones(4), [(volatile, 0.3), (illiquid, 0.3)], 0.0)
    assert weights == pytest.approx([0.3, 0.0, 0.0, 0.7], abs=1e-15)


def test_a_total_that_the_caps_spend_to_the_last_bit_is_spent():
    score = np.array([1.5160193990679136, 1.8361787836937884, 0.01889540226122388, 1.937648848845489, 3.7e-201])
    weights = fill_under_caps(score, 0.30000000000000004, np.array([0.05, 0.1, 0.1, 0.05, 0.1]))
    assert weights == pytest.approx([0.05, 0.1, 0.1, 0.05, 0.0], abs=1e-15)


def test_without_groups_it_is_plain_filling():
    score = np.array([5.0, 3.0, 2.0])
    assert allocate(score, 0.5, np.full(3, 0.9), [], 0.0) == pytest.approx([0.25, 0.15, 0.10], abs=1e-16)
    assert allocate(score, 1.0, np.full(3, 0.4), [], 0.0) == pytest.approx([0.4, 0.36, 0.24], abs=1e-16)


def test_a_full_group_leaves_its_share_to_the_others():
    volatile = np.array([True, True, False, False])
    weights = allocate(np.array([4.0, 4.0, 1.0, 1.0]), 1.0, np.full(4, 0.5), [(volatile, 0.2)], 0.01)
    assert weights == pytest.approx([0.1, 0.1, 0.4, 0.4])


def test_a_group_without_any_room_holds_nothing():
    volatile = np.array([True, False])
    assert allocate(np.ones(2), 1.0, np.full(2, 0.5), [(volatile, 0.0)], 0.0).tolist() == [0.0, 0.5]


@pytest.mark.rule("4.4")
def test_what_falls_under_the_floor_leaves_its_share_to_the_others():
    weights = allocate(np.array([1.0, 1.0, 0.001]), 0.9, np.full(3, 0.6), [], 0.01)
    assert weights == pytest.approx([0.45, 0.45, 0.0], abs=1e-16)


def test_of_equal_tokens_that_are_too_many_for_the_floor_the_first_are_held():
    weights = allocate(np.ones(30), 1.0, np.full(30, 0.2), [], 0.04)
    assert np.flatnonzero(weights).tolist() == list(range(25))


def test_whom_the_floor_drops_hangs_on_the_tokens_and_not_on_their_order():
    marked = np.arange(30) % 2 == 0
    for order in (np.arange(30), np.argsort(marked), np.argsort(~marked)):
        weights = allocate(np.ones(30), 1.0, np.full(30, 0.2), [(marked[order], 0.9)], 0.04)
        assert (weights > 0)[marked[order]].sum() == 10
        assert (weights > 0)[~marked[order]].sum() == 15


@pytest.mark.parametrize("limit", [0.4 - 1e-3, 0.4 - 1e-9, 0.4 - 1e-12])
def test_a_group_that_is_over_its_cap_by_a_hair_is_cut_to_it(limit):
    volatile = np.array([True, True, False, False])
    weights = allocate(np.array([1.0, 1.0, 1.5, 1.5]), 1.0, np.full(4, 0.9), [(volatile, limit)], 0.0)
    assert weights[volatile].sum() == pytest.approx(limit, abs=1e-15)
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)


def test_more_than_two_groups_are_refused():
    with pytest.raises(ValueError, match="at most two"):
        allocate(np.ones(1), 1.0, np.ones(1), [(np.array([True]), 0.5)] * 3, 0.0)


@pytest.mark.rule("4.9")
def test_concentration_is_counted_in_equal_holdings():
    assert effective_names(np.array([0.25, 0.25, 0.25, 0.0])) == pytest.approx(3.0)
    assert effective_names(np.zeros(3)) == 0.0
