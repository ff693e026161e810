"""The ladder: components on a line between calm and danger, steps with hysteresis, one share out of it all."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import MarketView, RiskStep
from engine.modes import mode, modes
from engine.risk import COMPONENTS, HYSTERESIS, STEPS, climb, has_rested, read_components, read_risk, volatility

FLAT = MarketView(0.5, 0.5, ())


def market(make_panel, drift, days=400, tokens=6, seed=3, last=0.0):
    rng = np.random.default_rng(seed)
    common = rng.normal(drift, 0.02, days)
    common[-20:] += last
    paths = {f"T{i}": np.exp(np.cumsum(common + rng.normal(0, 0.02, days))) for i in range(tokens)}
    panel = make_panel({"BTC": np.exp(np.cumsum(common)), **paths, "USDC": np.ones(days)})
    columns = np.array([panel.column(f"T{i}") for i in range(tokens)])
    return panel, columns


def test_a_falling_market_scores_higher_than_a_rising_one(make_panel):
    up = read_risk(read_components(*market(make_panel, 0.004), FLAT), mode("balanced"), None, None)
    down = read_risk(read_components(*market(make_panel, 0.0, last=-0.03), FLAT), mode("balanced"), None, None)
    assert up.score < 30 < 60 < down.score
    assert STEPS.index(up.step) < STEPS.index(down.step)
    assert up.stablecoin_share < down.stablecoin_share


def test_component_weights_sum_to_one_also_where_data_is_missing(make_panel):
    parts = read_components(*market(make_panel, 0.0), FLAT)
    assert "macro" not in {p.name for p in parts}  # this panel has no VIX
    assert sum(p.weight for p in parts) == pytest.approx(1)
    assert sum(c.weight for c in COMPONENTS) == pytest.approx(1)
    assert all(0 <= p.score <= 100 and p.text for p in parts)


def test_no_data_at_all_counts_as_extreme(make_panel):
    panel, _ = market(make_panel, 0.0)
    reading = read_risk(read_components(panel, np.array([], dtype=int), FLAT), mode("balanced"), None, None)
    assert reading.step is RiskStep.EXTREME


@given(st.floats(0, 100), st.sampled_from(STEPS), st.sampled_from(sorted(modes())), st.booleans())
def test_steps_go_up_at_once_and_down_one_by_one_past_the_hysteresis_and_the_cooldown(score, previous, name, rested):
    rules = mode(name)
    step, fresh = climb(score, rules, previous, rested), climb(score, rules, None)
    if STEPS.index(fresh) >= STEPS.index(previous):
        assert step is fresh
    elif rested and score < rules.threshold(previous) - HYSTERESIS:
        assert STEPS.index(step) == STEPS.index(previous) - 1
    else:
        assert step is previous


def test_the_cooldown_is_two_weeks():
    day = dt.date(2022, 6, 6)
    assert has_rested(day, None)
    assert has_rested(day, day - dt.timedelta(weeks=2))
    assert not has_rested(day, day - dt.timedelta(weeks=1))


def test_a_calm_month_in_a_wild_year_does_not_count_as_calm(make_panel):
    rng = np.random.default_rng(4)
    steps = np.concatenate([rng.normal(0, 0.05, 300), rng.normal(0, 0.005, 100)])
    panel = make_panel({"T0": np.exp(np.cumsum(steps)), "USDC": np.ones(400)})
    assert volatility(panel, np.array([panel.column("T0")]), np.ones(1)) > 0.6


def test_volatility_above_target_shrinks_what_is_invested(make_panel):
    panel, columns = market(make_panel, 0.0)
    measured = volatility(panel, columns, np.ones(len(columns)))
    assert measured == pytest.approx(0.022 * 365**0.5, rel=0.25)
    parts = read_components(panel, columns, FLAT)
    calm = read_risk(parts, mode("balanced"), None, 0.30)
    wild = read_risk(parts, mode("balanced"), None, 1.20)
    assert 1 - wild.stablecoin_share == pytest.approx((1 - calm.stablecoin_share) * 0.5)


def test_a_harder_mode_never_holds_fewer_stablecoins(make_panel):
    parts = read_components(*market(make_panel, 0.0, last=-0.01), FLAT)
    shares = [read_risk(parts, mode(m), None, 0.8).stablecoin_share for m in ("aggressive", "balanced", "conservative")]
    assert shares == sorted(shares)
