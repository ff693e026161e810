"""The relative head: every member finds the order that is there, is silent where there is none, and forgets scale."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LogisticRegression

from engine.errors import TrainingFailed
from engine.models.logistic import INVERSE_PENALTY, fit_logistic
from engine.models.member import Examples
from engine.models.relative import MEMBERS, MIN_WEEKS, fit_relative
from engine.ranks import within_week_ranks

NAMES = ("signal", "noise")


def weeks(count, slope, tokens=40, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        x = rng.normal(size=(tokens, 2))
        ranks = within_week_ranks(x, np.ones(tokens, dtype=bool))
        out.append((ranks, slope * ranks[:, 0] + rng.normal(size=tokens)))
    return out


@pytest.mark.rule("3.1")
@pytest.mark.parametrize("member", MEMBERS)
def test_every_member_finds_a_true_order_and_leaves_noise_alone(member):
    head = fit_relative(NAMES, weeks(80, 2.0), [member])
    high, low, noisy = head.scores(np.array([[0.4, 0.0], [-0.4, 0.0], [0.0, 0.4]]))[:, 0]
    assert high > 0.2 > -0.2 > low
    assert abs(noisy) < 0.5 * high


@pytest.mark.rule("3.1")
@pytest.mark.parametrize("member", MEMBERS)
def test_the_middle_of_every_rank_is_an_even_bet(member):
    head = fit_relative(NAMES, weeks(60, 1.0), [member])
    assert head.scores(np.zeros((3, 2))) == pytest.approx(np.zeros((3, 1)))


@pytest.mark.rule("3.1")
def test_every_week_weighs_the_same_however_many_tokens_it_has():
    """Twice the same tokens in every second week: which second week does not matter."""
    once = weeks(60, 1.0)
    twice = [(np.vstack([ranks, ranks]), np.concatenate([moves, moves])) for ranks, moves in once]
    odd, even = ([twice[i] if i % 2 == k else once[i] for i in range(60)] for k in (1, 0))
    ask = weeks(1, 1.0, seed=5)[0][0]
    one, other = (fit_relative(NAMES, w, ["logistic"]).contributions(ask) for w in (odd, even))
    assert one == pytest.approx(other, rel=1e-6)


def test_a_clear_win_pulls_as_a_soft_target_would():
    """At even odds the gradient of weighted yes-or-no examples is that of the soft ones."""
    beaten = np.array([0.0, 0.2, 0.5, 0.8, 1.0])
    examples = Examples(np.zeros((5, 1)), beaten, np.ones(5))
    hard = examples.sharpness * (examples.won - 0.5)
    soft = beaten - 0.5
    assert hard / np.abs(hard).sum() == pytest.approx(soft / np.abs(soft).sum(), abs=1e-6)


def test_contributions_add_up_to_the_score_of_the_member_that_can_be_read():
    head = fit_relative(NAMES, weeks(60, 1.0), ["logistic"])
    ranks = weeks(1, 1.0, seed=9)[0][0]
    assert head.contributions(ranks).sum(axis=1) == pytest.approx(head.scores(ranks)[:, 0])
    assert not fit_relative(NAMES, weeks(60, 1.0), ["boosting"]).contributions(ranks).any()


@pytest.mark.parametrize("seed", range(3))
def test_the_logistic_member_is_scikit_learns_on_every_row_told_twice(seed):
    rng = np.random.default_rng(seed)
    ranks, beaten = rng.uniform(-0.5, 0.5, (9000, 12)), rng.uniform(0, 1, 9000)
    weight = rng.uniform(0.5, 1.5, 9000)
    model = LogisticRegression(C=INVERSE_PENALTY, fit_intercept=False, solver="newton-cholesky", tol=1e-10)
    model.fit(
        np.vstack([ranks, ranks]), np.repeat([1, 0], 9000), np.concatenate([weight * beaten, weight * (1 - beaten)])
    )
    assert fit_logistic(Examples(ranks, beaten, weight)).coefficients == pytest.approx(model.coef_[0], abs=1e-7)


def test_a_logistic_fit_that_does_not_converge_is_a_failure():
    examples = Examples(np.full((4, 1), np.nan), np.full(4, 0.5), np.ones(4))
    with pytest.raises(TrainingFailed, match="did not converge"), np.errstate(all="ignore"):
        fit_logistic(examples)


def test_too_few_weeks_make_no_head():
    assert fit_relative(NAMES, weeks(MIN_WEEKS - 1, 1.0)) is None
    assert fit_relative(NAMES, weeks(MIN_WEEKS // 2, 1.0), least=MIN_WEEKS // 2) is not None


@pytest.mark.parametrize("member", MEMBERS)
def test_the_same_weeks_give_the_same_bytes(member):
    ask = weeks(1, 0.5, seed=3)[0][0]
    a, b = (fit_relative(NAMES, weeks(60, 0.5), [member]).scores(ask) for _ in range(2))
    assert a.tobytes() == b.tobytes()


columns = arrays(float, (12, 3), elements=st.floats(-1e6, 1e6) | st.just(np.nan))


@given(columns, arrays(bool, 12))
def test_ranks_lie_in_the_band_and_missing_ones_in_the_middle(values, member):
    ranks = within_week_ranks(values, member)
    assert (np.abs(ranks) <= 0.5).all()
    assert (ranks[~member] == 0).all()
    assert (ranks[np.isnan(values)] == 0).all()
    assert np.allclose(ranks.sum(axis=0), 0, atol=1e-9)


@given(columns)
def test_ranks_do_not_change_under_a_rising_map(values):
    everyone = np.ones(12, dtype=bool)
    squeezed = np.round(values, 3)
    assert (within_week_ranks(squeezed, everyone) == within_week_ranks(2 * squeezed + 1, everyone)).all()
