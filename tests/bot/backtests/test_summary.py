"""The summary's figures of sureness: gross beside net, intervals, deflation, the choice among configurations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.summary import summarise
from engine.backtest import Backtest
from engine.comparators import COMPARATORS
from engine.evaluation import TRIALS, measure_luck, measure_returns, weekly
from engine.model import PASSIVE

MakeBacktest = Callable[..., Backtest]


def row(summary: dict[str, Any], mode: str = "balanced") -> dict[str, Any]:
    return next(r for r in summary["indices"] if (r["index"], r["mode"]) == ("defi", mode))


def test_gross_stands_beside_net(summary: dict[str, Any], backtest: Backtest) -> None:
    levels = backtest.tracks["defi", "balanced"].levels
    assert row(summary)["net"]["sharpe"] == pytest.approx(measure_returns(levels).sharpe, abs=1e-6)
    assert row(summary)["gross"]["sharpe"] == pytest.approx(measure_returns(levels, gross=True).sharpe, abs=1e-6)
    assert row(summary)["gross"]["sortino"] == pytest.approx(measure_returns(levels, gross=True).sortino, abs=1e-6)


@pytest.mark.parametrize("name", ["net", *COMPARATORS, "diluted"])
def test_every_figure_of_an_index_and_of_what_it_is_held_against_has_its_interval(
    summary: dict[str, Any], name: str
) -> None:
    for r in summary["indices"]:
        for figure, interval in r["sureness"][name].items():
            assert interval["low"] <= interval["value"] <= interval["high"], figure
            assert interval["value"] == pytest.approx(r[name][figure], abs=1e-5), figure


def test_the_sharpe_ratio_is_deflated_by_the_number_of_variants_tried(
    summary: dict[str, Any], backtest: Backtest
) -> None:
    luck = measure_luck(weekly(backtest.tracks["defi", "balanced"].levels))
    assert luck is not None
    told = row(summary)["luck"]
    assert summary["trials"] == told["trials"] == TRIALS
    assert told["deflated"] == pytest.approx(luck.deflated, abs=1e-6)
    assert told["deflated"] < told["probabilistic"]


def test_a_record_that_is_not_above_just_holding_never_tells_the_two_apart(summary: dict[str, Any]) -> None:
    for r in summary["indices"]:
        ahead = r["net"]["sharpe"] > r["passive"]["sharpe"]
        assert (r["weeks_to_tell_from_holding"] is not None) == ahead


def test_the_choice_is_cross_validated_in_each_index_and_over_all(summary: dict[str, Any]) -> None:
    chosen = summary["overfitting"]
    assert {name: figures["configurations"] for name, figures in chosen.items()} == {"defi": 6, "meme": 6, "all": 12}
    assert all(0 <= figures["probability"] <= 1 for figures in chosen.values())


def test_a_short_history_says_so_instead_of_a_figure(make_backtest: MakeBacktest) -> None:
    told = dict(summarise(make_backtest(weeks=12)))
    assert told["overfitting"] == {"defi": None, "all": None}
    assert row(told)["sureness"]["net"]["sharpe"]["low"] is None
    assert row(told)["sharpe_difference"]["low"] is None


def test_a_track_that_begins_later_makes_no_false_comparison(make_backtest: MakeBacktest) -> None:
    walked = make_backtest()
    late = walked.tracks["defi", "naive"]
    late.levels = late.levels[70:]
    assert dict(summarise(walked))["overfitting"] == {"defi": None, "all": None}


def test_a_level_that_never_moves_has_no_luck_to_take_off(make_backtest: MakeBacktest) -> None:
    walked = make_backtest(("balanced", PASSIVE), weeks=20)
    track = walked.tracks["defi", "balanced"]
    track.levels = [type(p)(p.date, 1000.0, 1000.0) for p in track.levels]
    told = row(dict(summarise(walked)))
    assert told["luck"] is told["weeks_to_tell_from_holding"] is None
