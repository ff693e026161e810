"""Where no head says which token is better, an index holds the largest above their own mean, the calmer the more."""

from dataclasses import replace

import numpy as np
import pytest

from engine.decide import EVEN, decide
from engine.model import Call
from engine.modes import modes
from engine.selection import RULES_EXIT, by_rules
from engine.themes import theme

RISING = [f"T{i:02d}" for i in range(12)]


@pytest.fixture(scope="module")
def panel(make_panel, calm_paths):
    """Twelve rising tokens of falling size, and one that is largest of all and falls."""
    paths = calm_paths(12, crowd=0)
    days = len(paths["BTC"])
    paths["SINKS"] = np.exp(-0.004 * np.arange(days) + np.random.default_rng(3).normal(0, 0.012, days))
    sizes = {s: 1e12 / (1 + i) for i, s in enumerate(["SINKS", *RISING])}
    return make_panel(paths, supply=dict.fromkeys(paths, 1e9) | sizes)


@pytest.fixture
def silent(panel, make_signals):
    """Signals of a week in which the relative head has no say: everybody at the base rates."""
    return replace(make_signals(dict.fromkeys([*RISING, "SINKS"], 0.0), panel.as_of), silenced=("relative",))


def held(decision):
    return {h.symbol: h.weight for h in decision.holdings if h.weight > 0 and not h.stable}


@pytest.mark.rule("3.10")
@pytest.mark.parametrize("mode", ["balanced", "aggressive"])
def test_the_largest_above_their_mean_are_held_up_to_the_indexs_size(panel, silent, mode):
    decision = decide("defi", mode, panel, silent, None)
    assert set(held(decision)) == set(RISING[: theme("defi").size])
    assert {h.rule for h in decision.holdings if not h.stable} == {"by_rules"}


@pytest.mark.rule("3.10")
def test_weights_go_by_inverse_volatility_alone(panel, make_signals):
    sigma = {s: 0.02 + 0.002 * i for i, s in enumerate(RISING)} | {"SINKS": 0.03}
    quiet = make_signals(dict.fromkeys(sigma, 0.0), panel.as_of, volatility=sigma)
    weights = held(decide("defi", "aggressive", panel, replace(quiet, silenced=("relative",)), None))
    free = [s for s in weights if weights[s] < 0.2]
    assert len(free) >= 5
    assert np.ptp([weights[s] * sigma[s] for s in free]) == pytest.approx(0, abs=1e-6)
    assert EVEN > 0


@pytest.mark.rule("3.10", "4.7")
def test_what_a_silenced_head_said_before_counts_for_nothing(panel, make_signals, silent):
    """Steady strength looks back on weeks when the head was still heard, and this week's odds may lean a little."""
    strengths = {s: 0.3 * (-1) ** i for i, s in enumerate([*RISING, "SINKS"])}
    loud = replace(make_signals(strengths, panel.as_of), silenced=("relative",))
    for mode in modes():
        quiet, told = (decide("defi", mode, panel, signals, None) for signals in (silent, loud))
        assert held(told) == held(quiet) != {}


@pytest.mark.rule("3.10")
def test_without_any_history_of_the_models_the_rules_decide_too(panel, make_signals):
    """A young installation: every token abstains, because the models cannot speak yet."""
    signals = make_signals(dict.fromkeys([*RISING, "SINKS"]), panel.as_of)
    told = decide("defi", "balanced", panel, replace(signals, refit=None), None)
    assert set(held(told)) == set(RISING[: theme("defi").size])
    assert held(decide("defi", "balanced", panel, signals, None)) == {}


@pytest.mark.rule("3.10")
def test_a_holding_that_fell_below_its_mean_is_sold_and_says_why(panel, silent, make_book):
    book = make_book(panel, {"SINKS": 0.2, "T00": 0.2})
    lines = {h.symbol: h for h in decide("defi", "balanced", panel, silent, book).holdings}
    assert (lines["SINKS"].weight, lines["SINKS"].rule) == (0.0, "by_rules")
    assert "50-day mean" in lines["SINKS"].reason
    assert lines["T00"].weight > 0


@pytest.mark.rule("3.10")
def test_a_holding_a_little_below_its_mean_may_stay(make_signals):
    signal = make_signals({"AAA": 0.0}).signals[0]
    said = {x: by_rules(signal, x) for x in (1e-9, 0.0, -RULES_EXIT + 1e-9, -RULES_EXIT)}
    assert list(said.values()) == [Call.BULLISH, Call.NEUTRAL, Call.NEUTRAL, Call.BEARISH]
    assert by_rules(None, 1.0) is by_rules(replace(signal, volatility=None), 1.0) is Call.NO_CALL


@pytest.mark.parametrize("mode", modes())
def test_a_head_that_speaks_decides_as_ever(panel, make_signals, mode):
    strong = make_signals(dict.fromkeys(RISING[-3:], 0.1), panel.as_of)
    assert not strong.rules_only
    assert {h.rule for h in decide("defi", mode, panel, strong, None).holdings if not h.stable} <= {"bullish"}
