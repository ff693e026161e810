"""Each head's figures: one contract for the whole table, and heads whose skill is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bot.heads import HEADS, Stated, head_figures, market_rises, order_figures
from engine.backtest import Backtest
from engine.evaluation import measure_skill

MakeBacktest = Callable[..., Backtest]


def stated_by(name: str, backtest: Backtest) -> Stated:
    stated = HEADS[name].read(backtest)
    assert stated is not None
    return stated


@pytest.mark.parametrize("name", HEADS)
def test_every_head_is_measured_over_all_and_in_every_year(name: str, summary: dict[str, Any]) -> None:
    head = summary["heads"][name]
    assert list(head["by_year"]) == ["2022", "2023"]
    assert sum(figures["calls"] for figures in head["by_year"].values()) == head["whole"]["calls"]
    for figures in (head["whole"], *head["by_year"].values()):
        assert figures["log_loss"] > 0 < figures["base_log_loss"]
        assert 0 <= figures["brier"] <= 2 and 0 <= figures["base_brier"] <= 2
        calibration = figures["calibration"]
        assert 0 <= calibration["low"] <= calibration["high"]
        assert 0 < calibration["noise"] <= calibration["noise_high"]
    assert sum(band["calls"] for band in head["whole"]["calibration"]["bins"]) == head["whole"]["calls"]


@pytest.mark.parametrize("name", HEADS)
def test_every_head_states_a_chance_and_a_base_rate_for_each_line(name: str, backtest: Backtest) -> None:
    stated = stated_by(name, backtest)
    n = len(stated.dates)
    for values in (stated.said, stated.base, stated.came, stated.chance, stated.came_true, stated.called):
        assert len(values) == n
    assert ((stated.said > 0) & (stated.said < 1)).all() and ((stated.base > 0) & (stated.base < 1)).all()
    if stated.said.ndim == 2:
        assert stated.said.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_said_nothing_is_left_out(name: str, make_backtest: MakeBacktest) -> None:
    silent = make_backtest(known=False)
    assert HEADS[name].read(silent) is None
    assert head_figures(silent) == {}


def test_the_odds_are_measured_as_the_record_is(backtest: Backtest, summary: dict[str, Any]) -> None:
    skill, odds = measure_skill(backtest.predictions), summary["heads"]["odds"]["whole"]
    assert skill is not None
    assert odds["log_loss"] == pytest.approx(skill.log_loss, abs=1e-6)
    assert odds["log_t"] == pytest.approx(skill.gain_t, abs=1e-5)
    assert odds["calibration"]["error"] == pytest.approx(skill.calibration_error, abs=1e-6)
    assert odds["rank_ic"]["value"] == pytest.approx(skill.rank_ic, abs=1e-6)


def test_a_relative_head_that_knows_beats_one_half_and_one_that_does_not_loses_to_it(
    make_backtest: MakeBacktest,
) -> None:
    knows: Any = head_figures(make_backtest(("balanced", "passive"), skill=2.0))["relative"]["whole"]
    guesses: Any = head_figures(make_backtest(("balanced", "passive"), skill=0.0))["relative"]["whole"]
    assert knows["log_t"] > 2 and knows["hit_rate"]["low"] > 0.5 and knows["rank_ic"]["low"] > 0
    assert guesses["log_t"] < 2 and guesses["hit_rate"]["low"] < 0.5


def test_a_week_whose_market_is_not_known_yet_is_left_out(backtest: Backtest, summary: dict[str, Any]) -> None:
    assert backtest.market[-1].rose is None
    assert summary["heads"]["market"]["whole"]["calls"] == sum(week.horizon == 7 for week in backtest.market) - 1


def test_a_month_ahead_overlaps_four_weeks(backtest: Backtest) -> None:
    stated = market_rises([replace(week, horizon=28) for week in backtest.market])
    assert stated is not None
    assert stated.overlap == 4
    assert stated_by("market", backtest).overlap == 1


def test_some_lines_of_a_head_are_the_same_head(backtest: Backtest) -> None:
    stated = stated_by("relative", backtest)
    few = stated.only(np.array([3, 5]))
    assert few.dates == (stated.dates[3], stated.dates[5])
    assert few.said.tolist() == stated.said[[3, 5]].tolist()
    assert (few.overlap, few.bands) == (stated.overlap, stated.bands)


def test_order_is_told_by_half_year_by_theme_and_beyond_calm(make_backtest: MakeBacktest) -> None:
    order: Any = order_figures(make_backtest(("balanced", "passive"), skill=2.0))
    assert list(order["by_half_year"]) == ["2022H1", "2022H2", "2023H1"]
    assert set(order["by_theme"]) == {"DeFi", "Memecoins", "AI"}
    assert all(ic["t"] > 2 for ic in (*order["by_half_year"].values(), *order["by_theme"].values()))
    assert order["beyond_calm"]["t"] > 2
    assert json.dumps(order, allow_nan=False)


def test_without_volatility_nothing_is_said_beyond_calm(make_backtest: MakeBacktest) -> None:
    walked = replace(make_backtest(("balanced", "passive")), weeks=(), tokens=())
    order = order_figures(walked)
    assert order["beyond_calm"] is None
    assert order["by_theme"] == {}
