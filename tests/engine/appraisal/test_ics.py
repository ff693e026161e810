"""What a data point foretold is measured as the textbooks measure it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from engine.appraisal.ics import LEAST_WEEKS, Power, feature_ics, newey_west, weekly_ics
from engine.features import CATALOGUE
from engine.panel import Panel
from engine.study import Study, build_study

rng = np.random.default_rng(8)


@pytest.fixture(scope="module")
def study(market: Panel) -> Study:
    return build_study(market)


@pytest.fixture(scope="module")
def powers(study: Study) -> dict[str, Power]:
    return feature_ics(study)


def _own(study: Study, name: str) -> np.ndarray:
    return study.features.token_values[:, :, study.features.token_names.index(name)]


def test_every_entry_of_the_catalogue_is_measured(powers: dict[str, Power]) -> None:
    assert set(powers) == set(CATALOGUE)
    assert sum(np.isfinite(p.ic) for p in powers.values()) > 0.9 * len(CATALOGUE)
    assert all(abs(p.ic) <= 1 for p in powers.values() if np.isfinite(p.ic))


@pytest.mark.parametrize("name", ["return_7d", "rsi_14", "mention_tone_28d"])
def test_a_token_entry_is_the_mean_of_weekly_spearman_correlations(
    name: str, study: Study, powers: dict[str, Power]
) -> None:
    weekly = []
    for i in range(len(study.dates)):
        x, y = _own(study, name)[i], study.forward[i]
        known = study.universe[i] & np.isfinite(x) & np.isfinite(y)
        if known.sum() >= 5 and np.ptp(x[known]) > 0:
            weekly.append(spearmanr(x[known], y[known]).statistic)
    power = powers[name]
    assert power.weeks == len(weekly) >= LEAST_WEEKS
    assert power.ic == pytest.approx(np.mean(weekly))
    assert power.t == pytest.approx(np.mean(weekly) / (np.std(weekly, ddof=1) / np.sqrt(len(weekly))))


def test_a_market_entry_is_the_spearman_correlation_with_the_median_return_over_the_weeks(
    study: Study, powers: dict[str, Power]
) -> None:
    x = study.features.market_values[:, study.features.market_names.index("btc_trend_100d")]
    forward = np.where(study.universe, study.forward, np.nan)
    enough = np.isfinite(forward).sum(axis=1) >= 5
    y = np.array([np.nanmedian(row) if ok else np.nan for row, ok in zip(forward, enough, strict=True)])
    known = np.isfinite(x) & np.isfinite(y)
    assert powers["btc_trend_100d"].ic == pytest.approx(spearmanr(x[known], y[known]).statistic)
    assert powers["btc_trend_100d"].weeks == known.sum()


def test_a_perfect_forecast_has_an_ic_of_one_and_its_mirror_of_minus_one(study: Study) -> None:
    table = study.features
    for sign in (1, -1):
        own, common = table.token_values.copy(), table.market_values.copy()
        own[:, :, 0] = sign * study.forward
        median = np.full(len(study.dates), np.nan)
        for i, (row, members) in enumerate(zip(study.forward, study.universe, strict=True)):
            if np.isfinite(row[members]).any():
                median[i] = np.nanmedian(row[members])
        common[:, 0] = sign * median
        told = feature_ics(replace(study, features=replace(table, token_values=own, market_values=common)))
        assert told[table.token_names[0]].ic == pytest.approx(sign)
        assert told[table.market_names[0]].ic == pytest.approx(sign)


def test_tokens_outside_the_universe_do_not_count(study: Study, powers: dict[str, Power]) -> None:
    values = study.features.token_values.copy()
    values[~study.universe] = rng.normal(size=values[~study.universe].shape)
    assert (
        feature_ics(replace(study, features=replace(study.features, token_values=values)))["rsi_14"] == powers["rsi_14"]
    )


def test_a_week_with_fewer_than_five_known_tokens_has_no_correlation() -> None:
    values, forward = rng.normal(size=(2, 8, 1)), rng.normal(size=(2, 8))
    values[1, 4:] = np.nan
    got = weekly_ics(values, forward)
    assert got[0, 0] == pytest.approx(spearmanr(values[0, :, 0], forward[0]).statistic)
    assert np.isnan(got[1, 0])
    assert np.isnan(weekly_ics(np.ones((1, 8, 1)), forward[:1])[0, 0]), "one value for all ranks nobody"


def test_too_few_weeks_make_no_figure(study: Study) -> None:
    forward = study.forward.copy()
    forward[:-LEAST_WEEKS] = np.nan  # the last weeks' returns are unknown, too
    told = feature_ics(replace(study, forwards={7: forward}))
    assert all(np.isnan(p.ic) and np.isnan(p.t) and p.weeks < LEAST_WEEKS for p in told.values())


def test_the_error_is_the_plain_one_without_lags_and_wider_where_neighbours_hang_together() -> None:
    x = rng.normal(size=400)
    plain = np.sqrt((x**2).mean() / len(x))
    assert newey_west(x, lags=0) == pytest.approx(plain)
    slow = np.convolve(rng.normal(size=405), np.ones(5), mode="valid")[:400]
    assert newey_west(slow) > 1.5 * newey_west(slow, lags=0)
    by_hand = x @ x + 2 * (2 / 3) * (x[1:] @ x[:-1]) + 2 * (1 / 3) * (x[2:] @ x[:-2])
    assert newey_west(x, lags=2) == pytest.approx(np.sqrt(by_hand) / 400)
