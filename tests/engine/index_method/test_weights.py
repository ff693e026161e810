"""How much of each a decision holds: caps, bands, the week's budget, profit, and what the ladder leaves."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from engine.costs import ILLIQUID_VOLUME, MIN_COST
from engine.decide import EVEN, PROFIT, THIN, VOLATILE, decide
from engine.draft import STOPPED_DAYS
from engine.level import CASH
from engine.model import Action, RiskStep
from engine.modes import mode, modes
from engine.rebalance import NOISE, SHIFT, SMALLEST
from engine.selection import LEAVE, extension
from engine.themes import theme

NAMES = tuple(f"T{i:02d}" for i in range(12))
FIVE = NAMES[:5]
TEN = NAMES[:10]
STRONG = 0.03  # of p(bullish): a strength of 0.06


@pytest.fixture(scope="module")
def paths(calm_paths):
    return calm_paths()


@pytest.fixture(scope="module")
def panel(make_panel, paths):
    return make_panel(paths)


def held(decision):
    return {h.symbol: h.weight for h in decision.holdings if not h.stable and h.weight > 0}


def lines(decision):
    return {h.symbol: h for h in decision.holdings}


def equal(symbols, total=1.0):
    return dict.fromkeys(symbols, total / len(symbols))


def ahead(path, by=0.6, days=10):
    """The same path with a run at its end."""
    run = np.concatenate([np.zeros(len(path) - days), np.linspace(by / days, by, days)])
    return path * np.exp(run)


@pytest.mark.rule("4.3", "4.4")
def test_what_falls_below_the_floor_is_sold_for_that_reason(panel, make_signals, make_book):
    """Nine calm and strong tokens leave a wild, weak one less than a hundredth."""
    sigma = dict.fromkeys(NAMES, 0.01) | {"T00": 0.06}
    signals = make_signals(dict.fromkeys(TEN, 0.2), panel.as_of, sigma, steady={"T00": 0.0})
    line = lines(decide("defi", "balanced", panel, signals, make_book(panel, equal(TEN))))["T00"]
    assert (line.action, line.rule, line.weight) == (Action.SELL, "floor", 0.0)
    assert "below 1 %" in line.reason


@pytest.mark.rule("4.4")
def test_weights_go_as_strength_over_volatility_where_no_cap_binds(panel, make_signals):
    rng = np.random.default_rng(3)
    steady = dict(zip(TEN, rng.uniform(0.01, 0.05, 10), strict=True))
    sigma = dict(zip(TEN, rng.uniform(0.03, 0.06, 10), strict=True))
    signals = make_signals(dict.fromkeys(TEN, STRONG), panel.as_of, sigma, steady=steady)
    weights = held(decide("defi", "aggressive", panel, signals, None))
    score = {s: (EVEN + steady[s]) / sigma[s] for s in TEN}
    assert weights == pytest.approx({s: x / sum(score.values()) for s, x in score.items()}, abs=1e-9)


@pytest.mark.rule("4.2", "4.4")
def test_a_negative_strength_counts_as_none(panel, make_signals, make_book):
    """Who is kept below zero weighs as much as who is kept at zero, whatever keeps the others."""
    steady = {"T00": -0.9 * LEAVE * mode("aggressive").enter, "T01": 0.0}
    signals = make_signals(dict.fromkeys(TEN, STRONG), panel.as_of, steady=steady)
    decision = decide("defi", "aggressive", panel, signals, make_book(panel, {"T00": 0.4, "T01": 0.4}))
    weak = EVEN / (2 * EVEN + 8 * (EVEN + 0.06))
    assert [lines(decision)[s].weight for s in ("T00", "T01")] == pytest.approx([weak, weak])


@pytest.mark.rule("4.4")
@pytest.mark.parametrize("name", modes())
@pytest.mark.parametrize("index", ["defi", "large"])
def test_no_token_is_bought_above_the_modes_cap(panel, make_signals, name, index):
    cap = mode(name).token_cap * theme(index).cap_scale
    weights = held(decide(index, name, panel, make_signals({"T00": 0.2, "T01": 0.01}, panel.as_of), None))
    assert weights == pytest.approx({"T00": cap, "T01": cap})


@pytest.mark.rule("4.4")
@pytest.mark.parametrize("name", modes())
def test_volatile_and_illiquid_tokens_stay_under_their_group_caps(make_panel, make_signals, paths, name):
    """T02 is both and counts in both groups."""
    rules = mode(name)
    illiquid, wild = NAMES[:3], NAMES[2:5]
    panel = make_panel(paths, market_volume=dict.fromkeys(paths, 1e8) | dict.fromkeys(illiquid, ILLIQUID_VOLUME - 1))
    sigma = dict.fromkeys(NAMES, 0.03) | dict.fromkeys(wild, VOLATILE)
    lifts = dict.fromkeys(NAMES[:5], 0.2) | dict.fromkeys(NAMES[5:10], 0.011)
    strong = dict.fromkeys(wild, 0.8)
    weights = held(decide("defi", name, panel, make_signals(lifts, panel.as_of, sigma, steady=strong), None))
    assert sum(weights.get(s, 0) for s in illiquid) == pytest.approx(min(rules.illiquid_cap, 3 * rules.token_cap))
    assert sum(weights.get(s, 0) for s in wild) <= rules.volatile_cap + 1e-9
    just_outside = dict.fromkeys(NAMES, 0.03) | dict.fromkeys(wild, VOLATILE - 1e-6)
    free = held(decide("defi", name, panel, make_signals(lifts, panel.as_of, just_outside, steady=strong), None))
    assert sum(free.get(s, 0) for s in wild) > rules.volatile_cap + 0.01


@pytest.mark.rule("4.4", "2.15")
@pytest.mark.parametrize("tokens", [THIN - 2, THIN - 1])
def test_a_thin_index_says_so_and_what_the_caps_leave_waits(make_panel, make_signals, calm_paths, tokens):
    """Bitcoin carries the theme's label here, too."""
    panel = make_panel(calm_paths(tokens, crowd=0))
    decision = decide("defi", "balanced", panel, make_signals({"T00": 0.03}, panel.as_of), None)
    is_thin = tokens + 1 < THIN
    assert decision.eligible == tokens + 1
    assert any(note.startswith(f"Thin index: {tokens + 1} eligible") for note in decision.notes) is is_thin
    assert held(decision) == pytest.approx({"T00": mode("balanced").token_cap})
    assert decision.stablecoin_share == pytest.approx(1 - mode("balanced").token_cap)


@pytest.mark.rule("4.5")
@pytest.mark.parametrize("name", modes())
def test_a_kept_name_within_its_band_is_held_as_it_is(panel, make_signals, make_book, name):
    rules = mode(name)
    signals = make_signals(dict.fromkeys(TEN, STRONG), panel.as_of)
    even = (1 - rules.stablecoin_share(RiskStep.NORMAL)) / 10
    shares = equal(TEN, 10 * even) | {"T00": even + rules.band - 1e-6, "T01": even - rules.band + 1e-6}
    inside = decide("defi", name, panel, signals, make_book(panel, shares, RiskStep.NORMAL))
    assert {h.rule for h in inside.holdings if not h.stable} == {"band"}
    assert all(trade.symbol not in NAMES for trade in inside.trades)
    shares |= {"T00": even + rules.band + 1e-6}
    outside = lines(decide("defi", name, panel, signals, make_book(panel, shares, RiskStep.NORMAL)))["T00"]
    assert (outside.action, outside.rule) == (Action.TRIM, "conviction")


@pytest.mark.rule("4.6")
@pytest.mark.parametrize("silent", [STOPPED_DAYS - 1, STOPPED_DAYS])
def test_a_token_without_a_candle_for_two_days_cannot_be_sold(make_panel, make_signals, make_book, paths, silent):
    stopped = paths["T00"].copy()
    stopped[-silent:] = np.nan
    panel = make_panel(paths | {"T00": stopped})
    signals = make_signals(dict.fromkeys(FIVE, STRONG) | {"T00": -STRONG}, panel.as_of)
    decision = decide("defi", "balanced", panel, signals, make_book(panel, equal(FIVE, 0.9)))
    line = lines(decision)["T00"]
    if silent < STOPPED_DAYS:
        assert (line.action, line.rule) == (Action.SELL, "bearish")
        return
    assert (line.action, line.rule) == (Action.STUCK, "stopped_price")
    assert line.weight == line.from_weight > 0
    assert "T00" not in {trade.symbol for trade in decision.trades}
    assert "Cannot be sold, price stopped: T00." in decision.notes


@pytest.mark.rule("4.7")
@pytest.mark.parametrize("name", modes())
def test_a_week_buys_within_its_budget_where_it_matters_most_but_the_first_purchase_is_free(
    panel, make_signals, make_book, name
):
    budget = mode(name).turnover
    steady = {s: 0.06 - 0.004 * i for i, s in enumerate(TEN)}
    signals = make_signals(dict.fromkeys(TEN, STRONG), panel.as_of, steady=steady)
    first = decide("defi", name, panel, signals, None)
    assert sum(held(first).values()) > budget
    empty = make_book(panel, {"USDC": 1.0}, RiskStep.NORMAL)
    decision = decide("defi", name, panel, signals, empty)
    bought = held(decision)
    assert sum(bought.values()) == pytest.approx(budget)
    assert min(bought.values()) >= mode(name).floor
    assert set(bought) == set(TEN[: len(bought)])  # of one volatility the strongest are the largest and come first
    assert any("budget for buying is spent" in note for note in decision.notes)


@pytest.mark.rule("4.7")
def test_of_two_purchases_of_one_size_the_stronger_token_comes_first(panel, make_signals, make_book):
    rules = mode("conservative")
    assert rules.token_cap >= rules.turnover
    signals = make_signals({"T00": STRONG, "T01": STRONG}, panel.as_of, steady={"T00": 0.01})
    empty = make_book(panel, {"USDC": 1.0}, RiskStep.NORMAL)
    bought = held(decide("defi", "conservative", panel, signals, empty))
    assert bought == pytest.approx({"T01": rules.turnover})


@pytest.mark.rule("4.7")
def test_selling_is_never_limited(panel, make_signals, make_book):
    bad = make_signals(dict.fromkeys(NAMES, -2 * STRONG), panel.as_of)
    decision = decide("defi", "conservative", panel, bad, make_book(panel, equal(TEN)))
    assert held(decision) == {}
    assert decision.turnover == pytest.approx(1.0)


@pytest.mark.rule("4.7")
def test_a_holding_that_waits_for_the_budget_says_so(panel, make_signals, make_book):
    """The new one is wanted most and takes it all."""
    signals = make_signals(dict.fromkeys(NAMES[:3], STRONG), panel.as_of, steady={"T00": 0.2})
    book = make_book(panel, {"T01": 0.05, "T02": 0.15}, RiskStep.NORMAL)
    found = lines(decide("defi", "conservative", panel, signals, book))
    assert found["T00"].weight == pytest.approx(mode("conservative").turnover)
    assert (found["T01"].action, found["T01"].rule, found["T01"].weight) == (Action.HOLD, "budget", 0.05)
    assert found["T02"].rule == "band"


@pytest.mark.rule("4.8")
@pytest.mark.parametrize("name", modes())
def test_a_newcomer_that_ran_ahead_is_not_bought_and_a_holding_is_cut_by_a_quarter(
    make_panel, make_signals, make_book, paths, name
):
    rules = mode(name)
    panel = make_panel(paths | {"T00": ahead(paths["T00"])})
    assert extension(panel, panel.column("T00")) >= rules.extended > extension(panel, panel.column("T01"))
    signals = make_signals(dict.fromkeys(TEN, STRONG), panel.as_of)
    assert "T00" not in held(decide("defi", name, panel, signals, None))
    even = min(rules.token_cap, 1 / 5)
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    decision = decide("defi", name, panel, signals, make_book(panel, equal(FIVE, 5 * even), RiskStep.NORMAL))
    line = lines(decision)["T00"]
    assert (line.action, line.rule) == (Action.TRIM, "profit")
    assert line.weight == pytest.approx(PROFIT * even)
    assert "deviations ahead of its 50-day mean" in line.reason
    assert {h.rule for h in decision.holdings if h.symbol in FIVE[1:]} == {"band"}
    caps_leave_room = 5 * even < 1 - rules.stablecoin_share(RiskStep.NORMAL)
    assert any("waits in stablecoins" in note for note in decision.notes) is caps_leave_room


@pytest.mark.rule("4.8")
def test_a_small_holding_that_ran_ahead_is_not_said_to_take_profit_when_it_grows(
    make_panel, make_signals, make_book, paths
):
    panel = make_panel(paths | {"T00": ahead(paths["T00"])})
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    line = lines(decide("defi", "aggressive", panel, signals, make_book(panel, equal(FIVE, 0.9) | {"T00": 0.02})))[
        "T00"
    ]
    assert (line.action, line.rule) == (Action.BUY_MORE, "conviction")
    assert line.weight <= PROFIT * mode("aggressive").token_cap + 1e-9


@pytest.mark.rule("4.9")
def test_a_decision_says_as_how_many_equal_holdings_it_is_spread_out(panel, make_signals, make_book):
    book = make_book(panel, {"T00": 0.4, "T01": 0.2})
    decision = decide("defi", "balanced", panel, make_signals(dict.fromkeys(TEN, STRONG), panel.as_of), book)
    assert decision.names_before == pytest.approx(0.6**2 / (0.4**2 + 0.2**2))
    after = np.array(list(held(decision).values()))
    assert decision.names_after == pytest.approx(1 / ((after / after.sum()) ** 2).sum())
    assert decision.names_after > decision.names_before


@pytest.mark.rule("5.2")
def test_a_falling_market_moves_a_share_into_stablecoins(make_panel, make_signals, paths):
    rng = np.random.default_rng(2)
    fallen = {
        s: np.concatenate([p[:-40], p[-41] * np.exp(np.cumsum(rng.normal(-0.02, 0.02, 40)))]) for s, p in paths.items()
    }
    fallen |= {"USDC": paths["USDC"], "DAI": paths["DAI"]}
    calm, danger = (make_panel(p) for p in (paths, fallen))
    before = decide("defi", "balanced", calm, make_signals(dict.fromkeys(NAMES, 0.02), calm.as_of), None)
    after = decide("defi", "balanced", danger, make_signals(dict.fromkeys(NAMES, 0.02), danger.as_of), None)
    assert before.risk.step is RiskStep.NORMAL
    assert before.risk.score < after.risk.score
    assert after.stablecoin_share >= before.stablecoin_share + 0.25
    assert {h.symbol for h in after.holdings if h.stable and h.weight} == {"USDC", "DAI"}


@pytest.mark.rule("5.2", "5.3")
def test_what_the_ladder_moves_names_the_ladder(panel, make_signals, make_book):
    """The market is calm; the book stands two steps up and comes down one, so that what is held grows again."""
    since = panel.as_of - dt.timedelta(weeks=1)
    book = make_book(panel, equal(TEN, 0.6), RiskStep.HIGH, since)
    decision = decide("defi", "aggressive", panel, make_signals(dict.fromkeys(TEN, STRONG), panel.as_of), book)
    assert (decision.risk.previous_step, decision.risk.step) == (RiskStep.HIGH, RiskStep.RAISED)
    assert {(h.action, h.rule) for h in decision.holdings if not h.stable} == {(Action.BUY_MORE, "risk_ladder")}
    fresh = make_book(panel, equal(TEN, 0.6), RiskStep.HIGH, since + dt.timedelta(days=1))
    waiting = decide("defi", "aggressive", panel, make_signals(dict.fromkeys(TEN, STRONG), panel.as_of), fresh)
    assert waiting.risk.step is RiskStep.HIGH


strengths = st.floats(-0.3, 0.3) | st.sampled_from([0.0, 0.0025, 0.005, -0.01])
said = st.dictionaries(st.sampled_from(NAMES), st.none() | strengths, max_size=12)
shares = st.dictionaries(st.sampled_from(NAMES), st.floats(1e-5, 1), max_size=12)


@pytest.mark.rule("4.4", "4.5", "4.7", "5.2", "6.1")
@settings(max_examples=120)
@given(
    said,
    said,
    shares,
    st.just(0.0) | st.floats(1e-3, 1),
    st.sampled_from(sorted(modes())),
    st.sampled_from([1.2e6, 2e7, 1e9]),
)
def test_a_decision_is_sound_whatever_is_said_and_held(
    make_panel, make_signals, make_book, paths, now, before, weights, invested, name, volume
):
    """F25: weights are a whole, buying keeps caps and budget, only what moves is traded, always the same way."""
    rules, cap = mode(name), mode(name).token_cap * theme("defi").cap_scale
    panel = make_panel(paths, market_volume=volume)
    steady = {s: 2 * x for s, x in before.items() if x is not None}
    signals = make_signals(now, panel.as_of, steady=steady)
    whole = sum(weights.values())
    book = make_book(panel, {s: invested * w / whole for s, w in weights.items()}, RiskStep.NORMAL)
    decision = decide("defi", name, panel, signals, book)
    risky = [h for h in decision.holdings if not h.stable]

    assert sum(h.weight for h in decision.holdings) == pytest.approx(1, abs=1e-9)
    assert all(np.isfinite(h.weight) and h.weight >= 0 and h.rule and h.reason for h in decision.holdings)
    bought = [h for h in risky if h.weight > h.from_weight]
    assert sum(h.weight - h.from_weight for h in bought) <= rules.turnover + 1e-9
    assert all(h.weight <= cap + 1e-9 for h in bought)
    assert all(h.weight >= rules.floor - 1e-9 for h in risky if h.action is Action.BUY_NEW)
    changes = [abs(h.weight - h.from_weight) for h in risky if h.weight not in (0, h.from_weight)]
    grouped = volume < ILLIQUID_VOLUME  # then all are illiquid together, and their cap cuts however little
    assert grouped or all(change >= SMALLEST - 1e-9 for change in changes)
    assert all(h.action is not Action.SELL or h.weight <= NOISE for h in risky)
    assert {t.symbol for t in decision.trades} == {
        h.symbol for h in decision.holdings if h.action is not Action.HOLD and h.symbol != CASH
    }
    assert decision.cost_estimate >= MIN_COST * sum(abs(h.weight - h.from_weight) for h in risky if h.action is not (
        Action.HOLD)) - 1e-12  # fmt: skip
    assert decision.stablecoin_share >= rules.stablecoin_share(decision.risk.step) - SHIFT - 10 * SMALLEST
    assert decision == decide("defi", name, panel, signals, book)
