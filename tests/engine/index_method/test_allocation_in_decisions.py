"""Whatever the market and the signals, a decision's weights are a whole, and nothing is bought above a cap."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from engine.decide import decide
from engine.model import Action
from engine.modes import mode, modes
from engine.settle import settle
from engine.themes import theme

DAYS = 140
NAMES = tuple(f"T{i:02d}" for i in range(14))
WEEK = dt.timedelta(days=7)
seeds = st.integers(0, 2**32 - 1)


def market(make_panel, rng):
    """Calm and wild tokens, liquid and not, with holes, a collapse, a stop and a stablecoin off its peg."""
    sigma = rng.uniform(0.005, 0.15, len(NAMES))
    moves = rng.normal(rng.uniform(-0.02, 0.02), 0.02, (DAYS, 1)) + rng.normal(0, sigma, (DAYS, len(NAMES)))
    moves[rng.integers(90, DAYS), rng.integers(len(NAMES))] -= rng.uniform(0, 4)
    close = np.where(rng.random(moves.shape) < 0.01, np.nan, np.exp(np.cumsum(moves, axis=0)))
    close[DAYS - int(rng.integers(0, 12)) :, rng.integers(len(NAMES))] = np.nan
    closes = dict(zip(NAMES, close.T, strict=True))
    closes |= {"BTC": np.exp(np.cumsum(moves[:, 0])), "USDC": np.ones(DAYS), "DAI": np.ones(DAYS)}
    closes["USDC"][DAYS - 5 :] = rng.choice([1.0, 0.97])
    volumes = dict.fromkeys(closes, 1e9) | dict(zip(NAMES, 10 ** rng.uniform(5.5, 9, len(NAMES)), strict=True))
    supply = dict.fromkeys(closes, 1e12) | dict(zip(NAMES, 10 ** rng.uniform(7, 12, len(NAMES)), strict=True))
    return make_panel(closes, supply=supply, market_volume=volumes)


def said(make_signals, rng, date):
    lifts = {s: None if rng.random() < 0.1 else float(rng.normal(0.02, 0.03)) for s in NAMES}
    sigma = {s: float(10 ** rng.uniform(-3, 0)) if rng.random() < 0.9 else None for s in NAMES}
    week = make_signals(lifts, date, sigma)
    return replace(week, signals=tuple(replace(signal, steady=signal.conviction) for signal in week.signals))


def is_whole(decision, rules, cap):
    """Weights are finite, not negative and sum to 1, one line a token; nothing is bought to above its cap."""
    weights = np.array([line.weight for line in decision.holdings])
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-9)
    assert len({line.symbol for line in decision.holdings}) == len(weights)
    for line in decision.holdings:
        if line.action in (Action.BUY_NEW, Action.BUY_MORE) and not line.stable:
            assert line.weight <= cap + 1e-9
        elif not line.stable:
            assert line.weight <= max(line.from_weight, cap) + 1e-9


def test_these_markets_and_signals_lead_to_holdings(make_panel, make_signals):
    counts = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        panel = market(make_panel, rng)
        decision = decide("defi", "aggressive", panel, said(make_signals, rng, panel.as_of), None)
        counts.append(sum(not line.stable for line in decision.holdings))
    assert np.mean(counts) > 2.5
    assert max(counts) >= 5


@pytest.mark.rule("4.4")
@settings(max_examples=40)
@given(seeds, st.sampled_from(list(modes())), st.sampled_from(["defi", "large"]))
def test_a_first_decision_is_whole_and_breaks_no_cap(make_panel, make_signals, seed, name, index):
    rng = np.random.default_rng(seed)
    panel, rules = market(make_panel, rng), mode(name)
    signals = said(make_signals, rng, panel.as_of)
    decision = decide(index, name, panel, signals, None)
    is_whole(decision, rules, min(rules.token_cap * theme(index).cap_scale, 1.0))
    held = {line.symbol: line.weight for line in decision.holdings if not line.stable}
    wild = {s.symbol for s in signals.signals if s.volatility is None or s.volatility >= 0.065}
    thin = {t.symbol for t, v in zip(panel.tokens, panel.market_volume[-1], strict=True) if v < 5e6}
    assert sum(w for s, w in held.items() if s in wild) <= rules.volatile_cap + 1e-9
    assert sum(w for s, w in held.items() if s in thin) <= rules.illiquid_cap + 1e-9
    assert all(w == 0 or w >= rules.floor for w in held.values())
    assert decision == decide(index, name, panel, signals, None)


@pytest.mark.rule("4.4")
@settings(max_examples=30)
@given(seeds, st.sampled_from(list(modes())))
def test_a_decision_on_what_is_held_is_whole_too(make_panel, make_signals, seed, name):
    rng = np.random.default_rng(seed)
    panel, rules = market(make_panel, rng), mode(name)
    day, previous = panel.as_of - 3 * WEEK, None
    for _ in range(4):
        decision = decide("defi", name, panel.until(day), said(make_signals, rng, day), previous)
        is_whole(decision, rules, rules.token_cap * theme("defi").cap_scale)
        if day < panel.as_of:
            previous = settle(decision, previous, panel.until(day + dt.timedelta(days=1))).portfolio
        day += WEEK


@given(seeds)
def test_the_order_in_which_signals_come_does_not_matter(make_panel, make_signals, seed):
    rng = np.random.default_rng(seed)
    panel = market(make_panel, rng)
    signals = said(make_signals, rng, panel.as_of)
    shuffled = replace(signals, signals=tuple(signals.signals[k] for k in rng.permutation(len(signals.signals))))
    assert decide("defi", "balanced", panel, signals, None) == decide("defi", "balanced", panel, shuffled, None)
