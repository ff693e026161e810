"""The whole decision: include the bullish, leave the rest, keep incumbents, obey caps, name every rule."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decide import BUFFER, decide
from engine.model import Action
from engine.modes import mode, modes
from engine.rebalance import ILLIQUID_VOLUME
from engine.settle import settle
from engine.themes import theme

DAYS = 120
NAMES = [f"T{i:02d}" for i in range(12)]


@pytest.fixture(scope="module")
def paths():
    """Rising random walks, so that the ladder stays calm."""
    rng = np.random.default_rng(1)
    common = rng.normal(0.004, 0.01, DAYS)
    walks = {s: np.exp(np.cumsum(common + rng.normal(0, 0.015, DAYS))) for s in NAMES}
    return {"BTC": np.exp(np.cumsum(common)), **walks, "USDC": np.ones(DAYS), "DAI": np.ones(DAYS)}


def held(decision):
    return {h.symbol: h.weight for h in decision.holdings if not h.stable and h.weight > 0}


def lines(decision):
    return {h.symbol: h for h in decision.holdings}


def test_the_bullish_are_held_and_the_rest_is_not(make_panel, make_signals, paths):
    panel = make_panel(paths)
    signals = make_signals({"T00": 0.03, "T01": 0.02, "T02": 0.0, "T03": -0.03, "T04": None}, panel.as_of)
    decision = decide("defi", "balanced", panel, signals, None)
    assert set(held(decision)) == {"T00", "T01"}
    assert lines(decision)["T00"].rule == "bullish"
    assert decision.stablecoin_share == pytest.approx(0.6)
    assert any("Only 2 bullish" in note for note in decision.notes)


def settled(panel, decision, previous=None):
    return settle(decision, previous, panel).portfolio


def two_weeks(make_panel, make_signals, paths, first, second, name="balanced"):
    """Decide, fill, decide again a week later on other signals."""
    panel = make_panel(paths)
    day = panel.as_of - dt.timedelta(days=8)
    before = decide("defi", name, panel.until(day), make_signals(first, day), None)
    book = settled(panel.until(day + dt.timedelta(days=1)), before)
    at = day + dt.timedelta(days=7)
    return before, decide("defi", name, panel.until(at), make_signals(second, at), book)


FIVE = dict.fromkeys(NAMES[:5], 0.03)


@pytest.mark.parametrize(
    "now, rule", [(-0.03, "bearish"), (-0.001, "sideways"), (None, "no_call")], ids=["bearish", "sideways", "no call"]
)
def test_what_is_no_longer_bullish_is_sold_by_a_named_rule(make_panel, make_signals, paths, now, rule):
    _, after = two_weeks(make_panel, make_signals, paths, FIVE, {**FIVE, "T00": now})
    line = lines(after)["T00"]
    assert (line.action, line.rule, line.weight) == (Action.SELL, rule, 0.0)
    assert line.reason


def test_an_incumbent_that_is_still_above_base_stays(make_panel, make_signals, paths):
    margin = mode("balanced").margin
    faint = {**FIVE, "T00": margin / 4, "T09": margin / 4}
    _, after = two_weeks(make_panel, make_signals, paths, FIVE, faint)
    assert "T00" in held(after)
    assert "T09" not in held(after)


def test_an_incumbent_leaves_when_it_falls_out_of_the_wider_band(make_panel, make_signals, paths):
    size = theme("defi").size
    rng = np.random.default_rng(5)
    wide = {**paths, **{f"W{i:02d}": np.exp(np.cumsum(rng.normal(0.004, 0.02, DAYS))) for i in range(8)}}
    names = [s for s in wide if s[0] in "TW"]
    assert len(names) > size * BUFFER
    strong = {s: 0.02 + 0.001 * k for k, s in enumerate(names)}
    weakest = names[0]
    _, after = two_weeks(make_panel, make_signals, wide, {weakest: 0.03}, strong)
    assert (lines(after)[weakest].action, lines(after)[weakest].rule) == (Action.SELL, "replaced")
    assert len(held(after)) == size


def test_a_token_below_the_liquidity_bar_may_stay_at_80_percent_but_not_join(make_panel, make_signals, paths):
    volumes = dict.fromkeys(paths, 1e8) | {"T00": 0.9e6}
    panel = make_panel(paths, market_volume=volumes)
    signals = make_signals(FIVE, panel.as_of)
    assert "T00" not in held(decide("defi", "balanced", panel, signals, None))
    rich = make_panel(paths)
    day = panel.as_of - dt.timedelta(days=1)
    book = settled(rich, decide("defi", "balanced", rich.until(day), make_signals(FIVE, day), None))
    assert "T00" in held(decide("defi", "balanced", panel, signals, book))


def test_volatile_and_illiquid_tokens_stay_under_their_group_caps(make_panel, make_signals, paths):
    rules = mode("balanced")
    volumes = dict.fromkeys(paths, 1e8) | dict.fromkeys(NAMES[:3], ILLIQUID_VOLUME / 2)
    sigma = dict.fromkeys(NAMES, 0.03) | dict.fromkeys(NAMES[3:6], 0.09)
    panel = make_panel(paths, market_volume=volumes)
    lifts = dict.fromkeys(NAMES[:6], 0.05) | dict.fromkeys(NAMES[6:10], 0.011)
    weights = held(decide("defi", "balanced", panel, make_signals(lifts, panel.as_of, sigma), None))
    assert sum(weights.get(s, 0) for s in NAMES[:3]) <= rules.illiquid_cap + 1e-9
    assert sum(weights.get(s, 0) for s in NAMES[3:6]) <= rules.volatile_cap + 1e-9


def test_a_thin_index_says_so(make_panel, make_signals, paths):
    few = {s: paths[s] for s in ("BTC", "T00", "T01", "USDC")}
    panel = make_panel(few)
    decision = decide("defi", "balanced", panel, make_signals({"T00": 0.03}, panel.as_of), None)
    assert any(note.startswith("Thin index: 3 eligible") for note in decision.notes)
    assert held(decision)["T00"] == pytest.approx(mode("balanced").token_cap)


def test_a_falling_market_moves_a_share_into_stablecoins(make_panel, make_signals, paths):
    rng = np.random.default_rng(2)
    fallen = {
        s: np.concatenate([p[:90], p[89] * np.exp(np.cumsum(rng.normal(-0.02, 0.03, 30)))]) for s, p in paths.items()
    }
    fallen |= {"USDC": np.ones(DAYS), "DAI": np.ones(DAYS)}
    calm, danger = (make_panel(p) for p in (paths, fallen))
    lifts = dict.fromkeys(NAMES, 0.02)
    before = decide("defi", "balanced", calm, make_signals(lifts, calm.as_of), None)
    after = decide("defi", "balanced", danger, make_signals(lifts, danger.as_of), None)
    assert before.risk.score < after.risk.score
    assert after.stablecoin_share >= before.stablecoin_share + 0.25
    assert {h.symbol for h in after.holdings if h.stable and h.weight} == {"USDC", "DAI"}


lifts = st.dictionaries(st.sampled_from(NAMES), st.one_of(st.none(), st.floats(-0.3, 0.3)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(lifts, lifts, st.sampled_from(sorted(modes())), st.sampled_from([1e5, 2e6, 1e9]))
def test_weights_are_sound_whatever_the_signals(make_panel, make_signals, paths, first, second, name, volume):
    rules, cap = mode(name), mode(name).token_cap * theme("defi").cap_scale
    panel = make_panel(paths, market_volume=volume)
    day = panel.as_of - dt.timedelta(days=8)
    before = decide("defi", name, panel.until(day), make_signals(first, day), None)
    at = day + dt.timedelta(days=7)
    book = settled(panel.until(day + dt.timedelta(days=1)), before)
    for decision in (before, decide("defi", name, panel.until(at), make_signals(second, at), book)):
        weights = np.array([h.weight for h in decision.holdings])
        assert np.isfinite(weights).all()
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1, abs=1e-9)
        bought = [h.weight for h in decision.holdings if h.action in (Action.BUY_NEW, Action.BUY_MORE) and not h.stable]
        assert max(bought, default=0) <= cap + 1e-9
        assert all(h.rule and h.reason for h in decision.holdings)
        assert decision.cost_estimate >= 0.003 * sum(abs(t.change) for t in decision.trades if t.cost_rate) - 1e-12
        assert decision.turnover <= 1 + 1e-9
        assert decision == decide("defi", name, panel.until(decision.date), make_signals(
            first if decision is before else second, decision.date), None if decision is before else book)  # fmt: skip
    assert 0 <= decision.risk.stablecoin_share <= 1
    assert decision.risk.stablecoin_share >= rules.stablecoin_share(decision.risk.step) - 1e-9


def test_what_falls_below_the_floor_is_sold_for_that_reason(make_panel, make_signals, paths):
    faint = {**dict.fromkeys(NAMES[:6], 0.2), "T00": mode("balanced").margin}
    _, after = two_weeks(make_panel, make_signals, paths, FIVE, {**faint, "T00": 0.006})
    line = lines(after)["T00"]
    assert (line.rule, line.weight) == ("floor", 0.0)
    assert "below 1 %" in line.reason


@pytest.mark.parametrize(
    "change, word",
    [({"market_volume": 0.5e6}, "traded"), ({"supply": float("nan")}, "top 200")],
    ids=["drought", "out of the ranking"],
)
def test_an_incumbent_that_is_no_longer_eligible_is_sold_with_the_bar_it_fails(
    make_panel, make_signals, paths, change, word
):
    good = make_panel(paths)
    day = good.as_of - dt.timedelta(days=1)
    book = settled(good, decide("defi", "balanced", good.until(day), make_signals(FIVE, day), None))
    usual = {"market_volume": 1e8, "supply": 1e6}
    ((field, value),) = change.items()
    panel = make_panel(paths, **{field: dict.fromkeys(paths, usual[field]) | {"T00": value}})
    line = lines(decide("defi", "balanced", panel, make_signals(FIVE, panel.as_of), book))["T00"]
    assert (line.rule, line.weight) == ("not_eligible", 0.0)
    assert word in line.reason
