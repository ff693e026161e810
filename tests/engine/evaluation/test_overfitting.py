"""Luck and choice: the published examples of the papers' authors, and histories whose skill is known."""

from itertools import combinations
from math import inf, sqrt

import numpy as np
import pytest

from engine.evaluation import (
    TRIALS,
    deflated_sharpe,
    expected_best,
    measure_luck,
    measure_overfitting,
    minimum_track_record,
    probabilistic_sharpe,
    weeks_to_tell_from,
)  # fmt: skip

YEAR = 250  # trading days, as the papers count them


def test_the_hedge_fund_of_the_paper_on_probabilistic_sharpe_ratios():
    """Bailey and Lopez de Prado 2012: 24 months at 0.458 a month; the shape of its returns takes 0.982 to 0.913."""
    assert probabilistic_sharpe(0.458, 24) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(0.458, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(
    "a_year, skewness, kurtosis, years",
    [(250, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99)],
    ids=["daily", "weekly", "monthly", "monthly, as hedge funds are"],
)
def test_the_years_that_tell_a_sharpe_ratio_of_two_from_one(a_year, skewness, kurtosis, years):
    """The same paper's table of minimum track record lengths at 95 %."""
    periods = minimum_track_record(2 / sqrt(a_year), skewness, kurtosis, 1 / sqrt(a_year))
    assert periods / a_year == pytest.approx(years, abs=0.005)


def test_a_ratio_that_is_not_above_its_benchmark_never_has_a_record_long_enough():
    assert minimum_track_record(0.0) == minimum_track_record(0.1, benchmark=0.1) == inf


def test_after_the_minimum_track_record_the_chance_is_what_was_asked():
    needed = minimum_track_record(0.2, -0.5, 6.0, 0.05, 0.9)
    assert probabilistic_sharpe(0.2, round(needed), -0.5, 6.0, 0.05) == pytest.approx(0.9, abs=2e-3)


@pytest.mark.parametrize(
    "trials, skewness, kurtosis, chance", [(100, -3, 10, 0.9004), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)]
)
def test_the_strategy_of_the_paper_on_deflated_sharpe_ratios(trials, skewness, kurtosis, chance):
    """Bailey and Lopez de Prado 2014: a yearly 2.5 over five years of days, trials' yearly ratios of variance 1/2."""
    found = deflated_sharpe(2.5 / sqrt(YEAR), 5 * YEAR, trials, 0.5 / YEAR, skewness, kurtosis)
    assert found == pytest.approx(chance, abs=5e-5)


def test_the_best_of_a_hundred_lucky_ones_in_that_paper():
    assert expected_best(100, 0.5 / YEAR) == pytest.approx(0.1132, abs=5e-5)
    assert expected_best(1, 0.5) == 0


def test_the_best_of_many_without_skill_is_as_good_as_expected():
    rng = np.random.default_rng(0)
    best = rng.normal(0, 0.08, (4000, 50)).max(axis=1).mean()
    assert expected_best(50, 0.08**2) == pytest.approx(best, rel=0.02)


def test_the_best_of_a_hundred_without_skill_is_seldom_believed():
    """Chosen for its ratio, it looks sure alone; deflated by the number tried it passes 95 % hardly ever."""
    rng, alone, deflated = np.random.default_rng(1), [], []
    for _ in range(100):
        tried = rng.normal(0, 0.05, (TRIALS, 156))
        best = max(tried, key=lambda r: r.mean() / r.std())
        luck = measure_luck(best)
        alone.append(luck.probabilistic > 0.95)
        deflated.append(luck.deflated > 0.95)
    assert np.mean(alone) > 0.9
    assert np.mean(deflated) < 0.10


def test_luck_of_weekly_returns_by_hand():
    returns = np.array([0.02, -0.01, 0.03, 0.01, -0.02, 0.04] * 20)
    luck = measure_luck(returns, trials=10)
    sharpe = returns.mean() / returns.std(ddof=1)
    away = (returns - returns.mean()) / returns.std()
    assert luck.sharpe == pytest.approx(sharpe * sqrt(52))
    assert (luck.skewness, luck.kurtosis) == (pytest.approx((away**3).mean()), pytest.approx((away**4).mean()))
    assert luck.probabilistic == pytest.approx(probabilistic_sharpe(sharpe, 120, luck.skewness, luck.kurtosis))
    assert luck.expected_best == pytest.approx(expected_best(10, 1 / 119) * sqrt(52))
    assert luck.deflated < luck.probabilistic
    assert luck.minimum_track_record == pytest.approx(minimum_track_record(sharpe, luck.skewness, luck.kurtosis))


def test_a_losing_record_is_never_long_enough_and_a_flat_one_says_nothing():
    assert measure_luck(np.array([-0.02, 0.01, -0.03, 0.01])).minimum_track_record is None
    assert measure_luck(np.zeros(50)) is None
    assert measure_luck(np.array([0.1, 0.2])) is None


def test_telling_a_record_from_another_takes_longer_than_telling_it_from_nothing():
    luck = measure_luck(np.random.default_rng(3).normal(0.01, 0.03, 156))
    assert weeks_to_tell_from(luck, 0.0) == pytest.approx(luck.minimum_track_record)
    assert weeks_to_tell_from(luck, luck.sharpe / 2) > 3 * luck.minimum_track_record
    assert weeks_to_tell_from(luck, luck.sharpe) is None


def by_the_book(returns, blocks):
    """Cross-validation as the paper writes it, one split after the other."""
    parts, logits = np.array_split(returns, blocks), []
    for half in combinations(range(blocks), blocks // 2):
        chosen = np.vstack([parts[i] for i in half])
        rest = np.vstack([parts[i] for i in range(blocks) if i not in half])
        best = (chosen.mean(axis=0) / chosen.std(axis=0)).argmax()
        outside = rest.mean(axis=0) / rest.std(axis=0)
        rank = (outside <= outside[best]).sum() / (returns.shape[1] + 1)
        logits.append(np.log(rank / (1 - rank)))
    return np.mean(np.array(logits) <= 0)


@pytest.mark.parametrize("blocks", [4, 8])
def test_overfitting_is_the_papers_own_procedure(blocks):
    returns = np.random.default_rng(blocks).normal(0.002, 0.05, (155, 7))
    found = measure_overfitting(returns, blocks)
    assert found.probability == pytest.approx(by_the_book(returns, blocks))
    assert found.splits == len(list(combinations(range(blocks), blocks // 2)))
    assert found.configurations == 7


def test_choosing_among_noise_is_overfitting_and_choosing_a_true_winner_is_not():
    rng = np.random.default_rng(6)
    noise = np.mean([measure_overfitting(rng.normal(0, 0.05, (160, 10))).probability for _ in range(30)])
    winner = rng.normal(0, 0.05, (160, 10))
    winner[:, 3] += 0.04
    assert 0.4 < noise < 0.75
    assert measure_overfitting(winner).probability < 0.02
    assert measure_overfitting(winner).loss < 0.02
    assert measure_overfitting(winner).rank == pytest.approx(10 / 11)


def test_two_that_take_turns_are_the_worst_choice():
    """Each wins one half of history: whichever is chosen there loses in the other."""
    up, down = np.tile([0.03, 0.01], 20), np.tile([-0.01, -0.03], 20)
    returns = np.column_stack([np.concatenate([up, down]), np.concatenate([down, up])])
    assert measure_overfitting(returns, blocks=2).probability == 1


def test_too_little_history_or_nothing_to_choose_from_says_nothing():
    returns = np.random.default_rng(0).normal(size=(63, 3))
    assert measure_overfitting(returns) is None
    assert measure_overfitting(np.zeros((100, 1))) is None


def test_one_that_never_moves_can_be_among_the_configurations():
    returns = np.random.default_rng(2).normal(0.02, 0.03, (160, 3))
    returns[:, 1] = 0
    assert measure_overfitting(returns).loss < 0.1
