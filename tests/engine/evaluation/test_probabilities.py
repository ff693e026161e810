"""Log loss, Brier and hit rates by hand, and on simulated heads whose skill is known."""

import numpy as np
import pytest

from engine.evaluation import hit_rate, mean_interval, score
from engine.evaluation.probabilities import LEAST, brier_scores, log_losses


def simulated(weeks, lines, skill, seed, tide=0.0):
    """Said, base and came of lines whose odds say the truth, or nothing; `tide` moves a week's lines together."""
    rng = np.random.default_rng(seed)
    lift = rng.normal(0, 0.5, weeks * lines)
    common = np.repeat(rng.normal(0, tide, weeks), lines)
    said = 1 / (1 + np.exp(-lift))
    true = 1 / (1 + np.exp(-(lift * skill + common)))
    came = rng.uniform(size=weeks * lines) < true
    return said, np.full(weeks * lines, 0.5), came, np.repeat(7 * np.arange(weeks), lines)


def test_losses_of_three_lines_by_hand():
    said, came = np.array([0.8, 0.4, 0.5]), np.array([True, True, False])
    assert log_losses(said, came) == pytest.approx(-np.log([0.8, 0.4, 0.5]))
    assert brier_scores(said, came) == pytest.approx([0.04, 0.36, 0.25])


def test_losses_of_three_classes_by_hand():
    said, came = np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]), np.array([0, 1])
    assert log_losses(said, came) == pytest.approx(-np.log([0.5, 0.2]))
    assert brier_scores(said, came) == pytest.approx([0.25 + 0.09 + 0.04, 0.04 + 0.64 + 0.36])


def test_what_was_called_impossible_and_came_costs_much_but_not_everything():
    assert log_losses(np.array([0.0, 1.0]), np.array([True, True])) == pytest.approx([-np.log(LEAST), 0])


def test_weeks_weigh_the_same_in_every_loss():
    said, came, days = np.array([0.9, 0.9, 0.9, 0.5]), np.array([True, True, True, True]), np.array([7, 7, 7, 14])
    losses = score(said, np.full(4, 0.5), came, days)
    assert losses.log_loss == pytest.approx((-np.log(0.9) - np.log(0.5)) / 2)
    assert losses.brier == pytest.approx((0.01 + 0.25) / 2)
    assert (losses.weeks, losses.calls) == (2, 4)


def test_a_head_that_knows_beats_its_base_rates_and_one_that_does_not_is_worse():
    knows, guesses = score(*simulated(150, 40, 1.0, 1)), score(*simulated(150, 40, 0.0, 2))
    assert knows.log_loss < knows.base_log_loss and knows.log_t > 5 and knows.brier_t > 5
    assert guesses.log_loss > guesses.base_log_loss and guesses.log_t < -5 and guesses.brier_t < -5


def test_a_tide_that_moves_whole_weeks_is_not_taken_for_skill():
    """A head without skill that says one thing a week: as many lines as one likes count as one observation."""
    rng, passed = np.random.default_rng(8), 0
    for _ in range(200):
        rose = np.repeat(rng.uniform(size=60) < 0.5, 50)
        said = np.repeat(0.5 + rng.choice([-0.02, 0.02], 60), 50)
        passed += score(said, np.full(3000, 0.5), rose, np.repeat(7 * np.arange(60), 50)).log_t > 2
    assert passed / 200 < 0.06


def test_a_hit_rate_by_hand():
    called = np.array([True, True, True, False])
    came = np.array([True, True, False, False])
    rate = hit_rate(called, came, np.array([7, 7, 14, 14]))
    assert (rate.calls, rate.hits, rate.rate, rate.base) == (3, 2, pytest.approx(2 / 3), 0.5)
    assert rate.low <= rate.rate <= rate.high
    assert hit_rate(np.zeros(4, dtype=bool), came, np.array([7, 7, 14, 14])) is None


def test_a_hit_rate_of_weeks_that_move_as_one_is_less_sure():
    days = np.repeat(7 * np.arange(40), 10)
    called = np.ones(400, dtype=bool)
    together = hit_rate(called, np.repeat(np.arange(40) % 2 == 0, 10), days)
    mixed = hit_rate(called, np.tile(np.arange(10) % 2 == 0, 40), days)
    assert (mixed.low, mixed.high) == (0.5, 0.5)
    # 40 weeks of all or nothing: as sure as 40 throws of a coin, 0.5 +- 1.645 x 0.079
    assert (together.low, together.high) == (pytest.approx(0.37, abs=0.03), pytest.approx(0.63, abs=0.03))


def test_the_mean_of_one_week_is_of_unknown_sureness():
    assert mean_interval(np.array([0.3])).low == float("-inf")
    wide, narrow = mean_interval(np.arange(40.0) % 2), mean_interval(np.arange(4000.0) % 2)
    assert wide.low < narrow.low < 0.5 < narrow.high < wide.high
