"""No padding: no two data points of one scope rank the market alike; test_measured.py says so of the real one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from engine.appraisal.overlap import SAME, closest, correlations, overlaps, pooled_ranks
from engine.features import CATALOGUE
from engine.panel import build_panel
from engine.ranks import column_ranks
from engine.sources.simulated import SimulatedMarket
from engine.study import Study, build_study


@pytest.fixture(scope="module")
def study() -> Study:
    market = SimulatedMarket()
    return build_study(build_panel(market, market.end))


def test_no_two_entries_say_the_same_on_a_simulated_market(study: Study) -> None:
    assert overlaps(study) == []


def _with(study: Study, name: str, values: np.ndarray) -> Study:
    """The study with the values of one token entry overwritten."""
    table = study.features
    changed = table.token_values.copy()
    changed[:, :, table.token_names.index(name)] = values
    return replace(study, features=replace(table, token_values=changed))


def _values(study: Study, name: str) -> np.ndarray:
    return study.features.token_values[:, :, study.features.token_names.index(name)]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_repeated_or_mirrored_entry_is_found(study: Study, sign: int) -> None:
    noise = np.random.default_rng(1).normal(0, 1, _values(study, "rsi_14").shape)
    found = overlaps(_with(study, "mvrv", sign * np.exp((_values(study, "rsi_14") + noise) / 20)))
    assert [{pair.first, pair.second} for pair in found] == [{"rsi_14", "mvrv"}]
    assert sign * found[0].correlation > SAME


def test_two_entries_that_merely_follow_the_same_weeks_do_not_repeat_each_other(study: Study) -> None:
    """Ranks within the week forget what moves all tokens."""
    tide = 100 * np.random.default_rng(2).normal(size=(len(study.dates), 1))
    noise = np.random.default_rng(3).normal(size=_values(study, "mvrv").shape)
    flooded = _with(_with(study, "mvrv", tide + noise), "rsi_14", tide + noise[:, ::-1])
    assert overlaps(flooded) == []


def test_the_closest_entry_of_each_is_of_its_own_scope(study: Study) -> None:
    found = closest(study)
    assert len(found) > 0.95 * sum(entry.counted for entry in CATALOGUE.values()), (
        "few are known of fewer than five tokens"
    )
    for name, pair in found.items():
        assert pair.first == name != pair.second
        assert (CATALOGUE[name].scope == "market") == (CATALOGUE[pair.second].scope == "market")
        assert 0 < abs(pair.correlation) <= SAME


def test_correlations_are_those_of_the_rows_both_know_and_none_of_too_few() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 3))
    x[:20, 0], x[50:, 1], x[5:, 2] = np.nan, np.nan, np.nan
    matrix = correlations(x, least=30)
    assert matrix[0, 1] == pytest.approx(np.corrcoef(x[20:50, 0], x[20:50, 1])[0, 1])
    assert matrix[0, 2] == matrix[1, 2] == matrix[0, 0] == 0


def test_ranks_of_columns_share_ties_and_leave_out_what_is_unknown() -> None:
    rng = np.random.default_rng(6)
    x = np.round(rng.normal(size=(40, 4)), 1)
    x[rng.uniform(size=x.shape) < 0.2] = np.nan
    x[3:, 3] = np.nan
    ranks = column_ranks(x, least=5)
    for column in range(3):
        known = np.isfinite(x[:, column])
        expected = 2 * (rankdata(x[known, column]) - 1) / (known.sum() - 1) - 1
        assert ranks[known, column] == pytest.approx(expected)
        assert np.isnan(ranks[~known, column]).all()
    assert np.isnan(ranks[:, 3]).all()
    both = np.isfinite(x[:, 0] + x[:, 1])
    rho = spearmanr(x[both, 0], x[both, 1]).statistic
    assert correlations(column_ranks(x[both][:, :2]), 5)[0, 1] == pytest.approx(rho)


def test_pooled_ranks_are_of_the_universe_of_each_week_alone() -> None:
    values = np.arange(24.0).reshape(2, 12, 1)
    universe = np.ones((2, 12), dtype=bool)
    universe[1, 4:] = False
    values[0, 11] = np.nan
    ranks = pooled_ranks(values, universe)[:, 0]
    assert ranks[:11].tolist() == pytest.approx(np.linspace(-1, 1, 11).tolist())
    assert np.isnan(ranks[11:]).all(), "one unknown, and four peers are too few for ranks"
