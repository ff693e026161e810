"""Unfamiliar inputs: far from the training set is said, a missing input is not."""

import numpy as np
import pytest

from engine.models.familiar import TAIL, fit_familiar


@pytest.fixture
def training():
    return np.random.default_rng(1).normal(size=(4000, 6)) * [1, 10, 1e6, 1e-6, 1, 1]


@pytest.mark.rule("3.5")
def test_far_from_everything_seen_is_strange_and_the_training_set_hardly_ever(training):
    familiar = fit_familiar(training)
    assert familiar.strange(training).mean() == pytest.approx(1 - TAIL, abs=0.003)
    assert familiar.strange(np.full((1, 6), [9, 90, 9e6, 9e-6, 9, 9])).all()


def test_one_wild_figure_does_not_decide_alone_and_none_known_says_nothing(training):
    familiar = fit_familiar(np.hstack([training] * 10))
    lonely = np.zeros((1, 60))
    lonely[0, 0] = 1e300
    assert not familiar.strange(lonely).any()
    assert not familiar.strange(np.full((1, 60), np.nan)).any()


def test_a_constant_input_and_an_empty_set_say_nothing(training):
    training[:, 2] = 5.0
    familiar = fit_familiar(training)
    changed = np.zeros((1, 6))
    changed[0, 2] = 1e9
    assert not familiar.strange(changed).any()
    assert fit_familiar(np.empty((0, 3))) is None
