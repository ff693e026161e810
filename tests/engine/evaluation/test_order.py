"""Rank correlation within weeks, by hand, against pandas, and with a control whose share is known."""

import numpy as np
import pandas as pd
import pytest

from engine.evaluation import partial_rank_ics, rank_ic, rank_ics

WEEKS, LINES = 120, 40
DAYS = np.repeat(7 * np.arange(WEEKS), LINES)


def test_rank_ic_of_a_perfect_order_is_one_and_thin_weeks_are_left_out():
    x = [1.0, 2, 3, 4, 5, 1, 2]
    weeks = [np.arange(5), np.arange(5, 7)]
    assert rank_ics(x, x, weeks) == pytest.approx([1.0])


def test_unknown_lines_are_left_out():
    x = np.array([1.0, 2, 3, 4, 5, 6])
    y = np.array([1.0, 2, 3, 4, 5, np.nan])
    assert rank_ics(x, y, [np.arange(6)]) == pytest.approx([1.0])
    assert len(rank_ics(x[:5], np.full(5, np.nan), [np.arange(5)])) == 0


def test_rank_ic_is_spearmans_of_every_week():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=WEEKS * LINES).round(1), rng.normal(size=WEEKS * LINES).round(1)
    frame = pd.DataFrame({"x": x, "y": y, "day": DAYS})
    expected = [g["x"].corr(g["y"], method="spearman") for _, g in frame.groupby("day")]
    found = rank_ic(x, y, DAYS)
    assert found.value == pytest.approx(np.mean(expected))
    assert found.t == pytest.approx(np.mean(expected) / np.std(expected, ddof=1) * np.sqrt(WEEKS))
    assert found.low < found.value < found.high
    assert found.weeks == WEEKS
    assert rank_ic([1.0, 2.0], [1.0, 2.0], np.array([7, 7])) is None


def test_one_control_is_the_textbooks_partial_correlation():
    rng = np.random.default_rng(2)
    z = rng.normal(size=30)
    x, y = z + rng.normal(size=30), z + rng.normal(size=30)
    rho = pd.DataFrame({"x": x, "y": y, "z": z}).corr("spearman")
    xy, xz, yz = rho.loc["x", "y"], rho.loc["x", "z"], rho.loc["y", "z"]
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert partial_rank_ics(x, y, z, [np.arange(30)]) == pytest.approx([expected])


def test_a_score_that_only_repeats_the_control_keeps_nothing_and_one_that_knows_more_keeps_it():
    rng = np.random.default_rng(3)
    calm, own, noise = rng.normal(size=(3, WEEKS * LINES))
    came = 0.4 * calm + 0.4 * own + rng.normal(size=WEEKS * LINES)
    repeats, knows = calm + 0.5 * noise, calm + own
    assert rank_ic(repeats, came, DAYS).t > 8
    assert abs(rank_ic(repeats, came, DAYS, control=calm).t) < 3
    assert rank_ic(knows, came, DAYS, control=calm).t > 8


def test_two_controls_leave_less_than_one():
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(2, WEEKS * LINES))
    came = first + second + rng.normal(size=WEEKS * LINES)
    said = first + second + rng.normal(size=WEEKS * LINES)
    one = rank_ic(said, came, DAYS, control=first)
    both = rank_ic(said, came, DAYS, control=np.column_stack([first, second]))
    assert abs(both.value) < one.value / 4


def test_a_control_that_says_all_there_is_leaves_no_week():
    x = np.arange(20.0)
    assert len(partial_rank_ics(x, x[::-1], x, [np.arange(20)])) == 0
