"""Weeks as clusters: grouping, standard errors of overlapping outcomes, names of periods."""

import datetime as dt

import numpy as np
import pytest

from engine.evaluation import by_week, day_numbers, grouped, half_year, standard_error, t_statistic, year
from engine.evaluation.resampling import block_rows, week_draws
from engine.evaluation.weeks import weekly_means, weekly_sums


def test_weeks_come_in_order_of_time_whatever_the_order_of_lines():
    days = np.array([21, 7, 14, 7, 21])
    assert [rows.tolist() for rows in by_week(days)] == [[1, 3], [2], [0, 4]]
    assert by_week(np.array([], dtype=np.int64)) == []


def test_a_week_weighs_the_same_however_many_lines_it_has():
    weeks = by_week(np.array([7, 7, 7, 14]))
    values = np.array([1.0, 2.0, 3.0, 10.0])
    assert weekly_means(values, weeks).tolist() == [2, 10]
    assert weekly_sums(values, weeks).tolist() == [6, 10]


def test_a_t_statistic_by_hand():
    assert t_statistic(np.array([1.0, 2.0, 3.0])) == pytest.approx(2 / (1 / np.sqrt(3)))
    assert t_statistic(np.array([1.0])) == t_statistic(np.array([2.0, 2.0])) == 0


def test_overlapping_outcomes_by_hand():
    """Deviations -1, 0, 1: own products 2, neighbours' 0, those two apart -1."""
    values = np.array([1.0, 2.0, 3.0])
    assert standard_error(values, 2) == pytest.approx(np.sqrt((2 + 2 * 0) / 2 / 3))
    # in full the third week's share leaves nothing, so it counts for a third: 2 - 2 / 3
    assert standard_error(values, 3) == pytest.approx(np.sqrt((2 - 2 / 3) / 2 / 3))


def test_overlapping_outcomes_are_not_mistaken_for_independent_ones():
    """Sums of four weeks said weekly: an honest t passes 2 about once in twenty, the naive one far more often."""
    rng = np.random.default_rng(5)
    naive, honest = [], []
    for _ in range(400):
        weekly = rng.normal(size=303)
        four = np.convolve(weekly, np.ones(4), "valid")
        naive.append(abs(t_statistic(four)) > 2)
        honest.append(abs(t_statistic(four, overlap=4)) > 2)
    assert np.mean(naive) > 0.25
    assert np.mean(honest) < 0.10


def test_blocks_keep_what_follows_upon_what_and_every_week_is_drawn_as_often_as_any_other():
    rows = block_rows(50, 8, draws=2000)
    assert rows.shape == (2000, 50)
    assert (np.diff(rows[:, :8], axis=1) % 50 == 1).all()
    counts = week_draws(50, overlap=4, draws=2000)
    assert (counts.sum(axis=1) == 50).all()
    assert counts.mean(axis=0) == pytest.approx(1, abs=0.15)


def test_lines_are_grouped_by_whatever_key():
    groups = grouped(["b", "a", "b"])
    assert {key: rows.tolist() for key, rows in groups.items()} == {"b": [0, 2], "a": [1]}


def test_periods_are_named_as_people_name_them():
    assert [half_year(dt.date(2021, month, 30)) for month in (1, 6, 7, 12)] == ["2021H1", "2021H1", "2021H2", "2021H2"]
    assert year(dt.date(2021, 6, 30)) == "2021"
    assert day_numbers([dt.date(1, 1, 1), dt.date(1, 1, 8)]).tolist() == [1, 8]
