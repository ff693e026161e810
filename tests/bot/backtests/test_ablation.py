"""An ablation leaves classifiers or families out, down to the written rules alone, and walks the same way."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.backtesting import recipe_of
from engine.backtest import Backtest, run_backtest
from engine.errors import BadRequest
from engine.features import CATALOGUE, FAMILIES
from engine.fitting import Recipe, gather
from engine.models.relative import MEMBERS
from engine.panel import Panel, build_panel
from engine.sources.simulated import SimulatedMarket
from engine.study import build_study

END = dt.date(2026, 4, 13)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return build_panel(SimulatedMarket(seed=6, end=END, years=2), END)


def walk(panel: Panel, recipe: Recipe) -> Backtest:
    return run_backtest(panel, ["defi"], ["balanced"], END - dt.timedelta(weeks=3), END, recipe=recipe)


def test_a_wish_names_what_is_left() -> None:
    assert recipe_of("all", "") == Recipe()
    assert recipe_of("logistic,network", "").members == ("logistic", "network")
    assert recipe_of("none", "").members == ()
    assert recipe_of("all", "price, macro").families == tuple(f for f in FAMILIES if f not in ("price", "macro"))


@pytest.mark.parametrize(("classifiers", "without"), [("oracle", ""), ("all", "astrology")])
def test_what_there_is_not_cannot_be_left_out(classifiers: str, without: str) -> None:
    with pytest.raises(BadRequest, match="there is no"):
        recipe_of(classifiers, without)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_left_out_is_read_by_no_head(panel: Panel, family: str) -> None:
    material = gather(build_study(panel), recipe_of("all", family))
    assert family not in {CATALOGUE[name].family for name in material.names}
    assert len(material.names) == material.ranked.shape[1] > 0


def test_one_classifier_walks_alone(panel: Panel) -> None:
    assert "logistic" in MEMBERS
    lines = walk(panel, recipe_of("logistic", "")).predictions
    assert {len(line.members) for line in lines} == {1}
    assert len({line.conviction for line in lines}) > 10


def test_without_any_classifier_the_rules_alone_decide(panel: Panel) -> None:
    backtest = walk(panel, recipe_of("none", ""))
    assert all(week.rules_only and "written rules alone" in week.note for week in backtest.weeks)
    lines = [h for d in backtest.tracks["defi", "balanced"].decisions for h in d.holdings if not h.stable and h.weight]
    assert lines and "bullish" not in {line.rule for line in lines}
    assert "by_rules" in {line.rule for line in lines}
