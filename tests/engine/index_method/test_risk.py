"""The ladder: components on a line between calm and danger, steps with hysteresis, one share out of it all."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.eligibility import eligible
from engine.model import MarketView, RiskStep
from engine.modes import mode, modes
from engine.risk import (
    COMPONENTS,
    COOLDOWN,
    HYSTERESIS,
    STEPS,
    TREND_DAYS,
    climb,
    climb_between,
    has_rested,
    read_components,
    read_risk,
    score_of,
    theme_components,
    volatility,
)
from engine.themes import theme

FLAT = MarketView(0.5, 0.5, ())
COMPONENT = {entry.name: entry for entry in COMPONENTS}
DAYS = 400
scores = st.floats(0, 100)
steps = st.sampled_from(STEPS)
names = st.sampled_from(sorted(modes()))


def market(make_panel, drift, days=DAYS, tokens=6, seed=3, last=0.0, measures=None):
    rng = np.random.default_rng(seed)
    common = rng.normal(drift, 0.02, days)
    common[-20:] += last
    paths = {f"T{i}": np.exp(np.cumsum(common + rng.normal(0, 0.02, days))) for i in range(tokens)}
    panel = make_panel({"BTC": np.exp(np.cumsum(common)), **paths, "USDC": np.ones(days)}, market_measures=measures)
    columns = np.array([panel.column(f"T{i}") for i in range(tokens)])
    return panel, columns


def reading(parts, name="balanced", basket=None):
    rules = mode(name)
    return read_risk(parts, rules, None, climb(score_of(parts), rules, None), basket)


def read(name, panel, columns, view=FLAT):
    return COMPONENT[name].read(panel, columns, view)


@pytest.mark.rule("5.1", "5.2")
def test_a_falling_market_scores_higher_than_a_rising_one(make_panel):
    up = reading(read_components(*market(make_panel, 0.004), FLAT))
    down = reading(read_components(*market(make_panel, 0.0, last=-0.03), FLAT))
    assert up.score < 30 < 60 < down.score
    assert STEPS.index(up.step) < STEPS.index(down.step)
    assert up.stablecoin_share < down.stablecoin_share


@pytest.mark.rule("5.1")
def test_component_weights_sum_to_one_also_where_data_is_missing(make_panel):
    parts = read_components(*market(make_panel, 0.0), FLAT)
    absent = {"macro", "mood", "stablecoins"}  # this panel has none of these series
    assert {p.name for p in parts} == COMPONENT.keys() - absent
    assert sum(p.weight for p in parts) == pytest.approx(1)
    assert sum(c.weight for c in COMPONENTS) == pytest.approx(1)
    there = sum(COMPONENT[p.name].weight for p in parts)
    assert all(p.weight == pytest.approx(COMPONENT[p.name].weight / there) for p in parts)
    assert all(0 <= p.score <= 100 and p.text for p in parts)


@pytest.mark.rule("5.1")
def test_the_score_is_the_weighted_mean_of_all_ten(make_panel):
    measures = {
        "fear_greed": np.full(DAYS, 35.0),
        "vix": np.full(DAYS, 26.0),
        "stablecoin_supply": np.linspace(100, 100, DAYS),
    }
    parts = read_components(*market(make_panel, 0.0, measures=measures), FLAT)
    assert [p.name for p in parts] == [c.name for c in COMPONENTS]
    told = {p.name: p.score for p in parts}
    assert (told["mood"], told["macro"], told["stablecoins"]) == pytest.approx((50, 50, 50))
    assert score_of(parts) == pytest.approx(sum(COMPONENT[n].weight * score for n, score in told.items()))


@pytest.mark.rule("5.1")
@pytest.mark.parametrize("entry", COMPONENTS, ids=lambda entry: entry.name)
def test_a_component_lies_on_a_line_between_its_bounds_and_never_beyond(make_panel, entry):
    panel, columns = market(make_panel, 0.0, days=260)

    def score(share):
        reads = replace(entry, read=lambda *_: entry.calm + share * (entry.danger - entry.calm))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("engine.risk.COMPONENTS", (reads,))
            return score_of(read_components(panel, columns, FLAT))

    assert [score(x) for x in (-1, 0, 0.25, 1, 2)] == pytest.approx([0, 0, 25, 100, 100])


@pytest.mark.rule("5.1")
def test_no_data_at_all_counts_as_extreme(make_panel):
    panel, _ = market(make_panel, 0.0)
    told = reading(read_components(panel, np.array([], dtype=int), FLAT))
    assert (told.score, told.step) == (100.0, RiskStep.EXTREME)
    assert "no risk component has data" in told.reason.lower()


@pytest.mark.rule("5.1")
def test_trend_counts_the_means_that_bitcoin_stands_above(make_panel):
    """A rise, then a fall: under the short means first, under the long ones last."""
    for fall in (0, 10, 30, 60, 110, 190):
        logs = np.concatenate([np.linspace(0, 2, DAYS - fall), 2 - 0.01 * np.arange(1, fall + 1)])
        panel = make_panel({"BTC": np.exp(logs), "T0": np.ones(DAYS)})
        above = sum(logs[-1] > logs[-days:].mean() for days in TREND_DAYS)
        assert read("trend", panel, np.array([0])) == above
    assert TREND_DAYS == (28, 56, 112, 224)
    rising = make_panel({"BTC": np.exp(np.linspace(0, 2, DAYS)), "T0": np.ones(DAYS)})
    assert read("trend", rising, np.array([0])) == 4


@pytest.mark.rule("5.1")
def test_without_bitcoins_last_close_or_enough_of_its_past_there_is_no_trend(make_panel):
    silent = np.append(np.ones(DAYS - 1), np.nan)
    assert np.isnan(read("trend", make_panel({"BTC": silent, "T0": np.ones(DAYS)}), np.array([0])))
    short = max(TREND_DAYS) - 1
    assert np.isnan(read("trend", make_panel({"BTC": np.ones(short), "T0": np.ones(short)}), np.array([0])))
    assert np.isnan(read("trend", make_panel({"T0": np.ones(DAYS)}), np.array([0])))


@pytest.mark.rule("5.1")
def test_breadth_is_the_share_above_the_50_day_mean(make_panel):
    up, down = np.exp(np.linspace(0, 1, DAYS)), np.exp(np.linspace(1, 0, DAYS))
    panel = make_panel({"A": up, "B": up, "C": up, "D": down})
    assert read("breadth", panel, np.arange(4)) == 0.75


@pytest.mark.rule("5.1")
def test_drawdown_is_the_baskets_fall_from_its_90_day_high(make_panel):
    path = np.concatenate([np.full(DAYS - 80, 3.0), np.full(60, 2.0), np.full(20, 1.5)])
    panel = make_panel({"A": path, "B": path})
    assert read("drawdown", panel, np.arange(2)) == pytest.approx(0.5)
    long_ago = np.concatenate([np.full(DAYS - 100, 3.0), np.full(100, 2.0)])
    assert read("drawdown", make_panel({"A": long_ago}), np.arange(1)) == pytest.approx(0.0)


@pytest.mark.rule("5.1")
def test_correlation_is_the_mean_over_all_pairs(make_panel):
    panel, columns = market(make_panel, 0.0)
    returns = np.diff(np.log(panel.close[-31:, columns]), axis=0)
    pairs = np.corrcoef(returns.T)[np.triu_indices(len(columns), 1)]
    assert read("correlation", panel, columns) == pytest.approx(pairs.mean())


@pytest.mark.rule("5.1")
def test_volatility_is_read_against_the_baskets_own_year(make_panel):
    rng = np.random.default_rng(1)
    moves = np.concatenate([rng.normal(0, 0.02, DAYS - 30), rng.normal(0, 0.06, 30)])
    panel = make_panel({"A": np.exp(np.cumsum(moves))})
    assert read("volatility", panel, np.arange(1)) == pytest.approx(moves[-30:].std() / moves[-365:].std())


@pytest.mark.rule("5.1")
def test_dominance_counts_points_of_bitcoins_share_in_28_days(make_panel):
    bitcoin = np.append(np.full(DAYS - 10, 1.0), np.full(10, 3.0))
    panel = make_panel({"BTC": bitcoin, "A": np.ones(DAYS)})
    assert read("dominance", panel, np.array([0])) == pytest.approx(25.0)


@pytest.mark.rule("5.1")
def test_stablecoins_are_read_by_their_growth_in_28_days_and_the_market_head_against_its_base(make_panel):
    supply = np.full(DAYS, 100.0)
    supply[-28:] = 97.0
    panel, columns = market(make_panel, 0.0, measures={"stablecoin_supply": supply})
    assert read("stablecoins", panel, columns) == pytest.approx(-0.03)
    assert read("market head", panel, columns, MarketView(0.45, 0.52, ())) == pytest.approx(-0.07)


@pytest.mark.rule("5.1")
def test_every_mode_reads_the_same_score_of_all_who_are_eligible(make_panel, calm_paths):
    panel = make_panel(calm_paths(12))
    parts = theme_components("defi", panel, FLAT)
    assert parts == read_components(panel, eligible(theme("defi"), panel).columns, FLAT)
    assert theme_components("defi", panel, FLAT) is parts  # read once for all modes
    told = {name: reading(parts, name) for name in modes()}
    assert len({r.score for r in told.values()}) == 1
    other = theme_components("defi", panel, MarketView(0.4, 0.5, ()))
    assert score_of(other) > score_of(parts)


@pytest.mark.rule("5.2")
@pytest.mark.parametrize("name", modes())
def test_each_step_holds_from_its_bound_on(name):
    rules = mode(name)
    assert climb(0.0, rules, None) is RiskStep.NORMAL
    for below, step in pairwise(STEPS):
        assert climb(rules.threshold(step), rules, None) is step
        assert climb(rules.threshold(step) - 1e-9, rules, None) is below


@pytest.mark.rule("5.3")
@given(scores, steps, names, st.booleans())
def test_steps_go_up_at_once_and_down_one_by_one_past_the_hysteresis_and_the_cooldown(score, previous, name, rested):
    rules = mode(name)
    step, fresh = climb(score, rules, previous, rested), climb(score, rules, None)
    if STEPS.index(fresh) >= STEPS.index(previous):
        assert step is fresh
    elif rested and score < rules.threshold(previous) - HYSTERESIS:
        assert STEPS.index(step) == STEPS.index(previous) - 1
    else:
        assert step is previous


@pytest.mark.rule("5.3", "8.4")
@given(scores, steps, names)
def test_between_weeks_the_ladder_only_climbs_and_only_well_past_a_bound(score, previous, name):
    rules = mode(name)
    step = climb_between(score, rules, previous)
    assert STEPS.index(step) >= STEPS.index(previous)
    if step is not previous:
        assert score >= rules.threshold(step) + HYSTERESIS
        assert STEPS.index(climb(score, rules, previous)) >= STEPS.index(step)
    higher = [s for s in STEPS if STEPS.index(s) > STEPS.index(step)]
    assert all(score < rules.threshold(s) + HYSTERESIS for s in higher)


@pytest.mark.rule("5.3")
def test_a_step_is_held_for_a_week_before_it_is_left():
    day = dt.date(2022, 6, 6)
    assert has_rested(day, None)
    assert has_rested(day, day - dt.timedelta(days=7))
    assert not has_rested(day, day - dt.timedelta(days=6))
    assert dt.timedelta(days=7) == COOLDOWN


@pytest.mark.rule("5.4")
@pytest.mark.parametrize("calm_first", [True, False])
def test_volatility_is_the_larger_of_two_months_and_a_year(make_panel, calm_first):
    rng = np.random.default_rng(4)
    sizes = np.r_[np.full(DAYS - 60, 0.005 if calm_first else 0.05), np.full(60, 0.05 if calm_first else 0.005)]
    moves = rng.normal(0, sizes)
    panel = make_panel({"T0": np.exp(np.cumsum(moves)), "USDC": np.ones(DAYS)})
    measured = volatility(panel, np.array([panel.column("T0")]), np.ones(1))
    assert measured == pytest.approx(max(moves[-60:].std(), moves[-365:].std()) * 365**0.5)
    assert measured > 0.6


@pytest.mark.rule("5.4")
def test_volatility_is_that_of_the_basket_at_its_weights(make_panel):
    panel, columns = market(make_panel, 0.0, days=61)
    weights = np.array([0.3, 0.1, 0.1, 0.0, 0.2, 0.1])
    daily = np.diff(np.log(panel.close[:, columns]), axis=0) @ (weights / weights.sum())
    assert volatility(panel, columns, weights) == pytest.approx(daily.std() * 365**0.5)
    assert volatility(panel, columns, np.zeros(6)) is None
    assert volatility(panel.until(panel.dates[20].item()), columns, weights) is None


@pytest.mark.rule("5.4")
def test_volatility_above_target_shrinks_what_is_invested(make_panel):
    parts = read_components(*market(make_panel, 0.0), FLAT)
    target = mode("balanced").target_volatility
    unknown, calm, wild = (reading(parts, "balanced", v) for v in (None, target / 2, target * 2))
    asked = mode("balanced").stablecoin_share(calm.step)
    assert calm.stablecoin_share == unknown.stablecoin_share == pytest.approx(asked)
    assert 1 - wild.stablecoin_share == pytest.approx((1 - asked) * 0.5)
    assert "volatility above target keeps 50 %" in wild.reason


@pytest.mark.rule("5.2", "5.4")
@given(scores, st.none() | st.floats(0.01, 5))
def test_a_harder_mode_never_asks_for_fewer_stablecoins(score, basket):
    shares = [
        read_risk((), mode(m), None, climb(score, mode(m), None), basket).stablecoin_share
        for m in ("aggressive", "balanced", "conservative")
    ]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
