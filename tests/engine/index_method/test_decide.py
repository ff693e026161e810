"""The whole decision: who enters, who stays, who goes and by which rule, and what admins order."""

import datetime as dt

import numpy as np
import pytest

from engine.decide import decide
from engine.draft import STOPPED_DAYS
from engine.level import CASH
from engine.model import Action, Cause, Order, RiskStep
from engine.modes import mode, modes
from engine.orders import Orders
from engine.rebalance import NOISE, within_groups
from engine.selection import BUFFER, LEAVE
from engine.settle import settle
from engine.themes import theme

NAMES = tuple(f"T{i:02d}" for i in range(12))
FIVE = NAMES[:5]
STRONG = 0.03  # of p(bullish): a strength of 0.06
DAY = dt.timedelta(days=1)


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


def order(kind, date, symbol=None, reason="it was hacked"):
    given_at = dt.datetime.combine(date - DAY, dt.time(9), dt.UTC)
    return Orders.of([Order("o1", kind, "defi", symbol, reason, "admin-7f3a", given_at, date)])


@pytest.mark.rule("4.1", "4.4")
def test_the_bullish_are_held_and_the_rest_is_not(panel, make_signals):
    signals = make_signals({"T00": 0.03, "T01": 0.02, "T02": 0.0, "T03": -0.03, "T04": None}, panel.as_of)
    decision = decide("defi", "balanced", panel, signals, None)
    assert set(held(decision)) == {"T00", "T01"}
    assert {lines(decision)[s].rule for s in ("T00", "T01")} == {"bullish"}
    assert decision.stablecoin_share == pytest.approx(0.6)
    assert any("Only 2 fit under the caps" in note for note in decision.notes)


@pytest.mark.rule("4.1")
@pytest.mark.parametrize("name", modes())
def test_a_token_enters_from_the_modes_bar_of_steady_strength_on(panel, make_signals, name):
    bar = mode(name).enter
    steady = {"T00": bar, "T01": bar - 1e-9}
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of, steady=steady)
    assert set(held(decide("defi", name, panel, signals, None))) == set(FIVE) - {"T01"}


@pytest.mark.rule("4.1")
@pytest.mark.parametrize("name", modes())
def test_a_newcomer_is_not_called_bearish_by_this_week_alone(panel, make_signals, make_book, name):
    margin = mode(name).margin
    lifts = dict.fromkeys(FIVE, STRONG) | {"T00": -margin / 2 - 1e-9, "T01": -margin / 2 + 1e-9}
    signals = make_signals(lifts, panel.as_of, steady=dict.fromkeys(FIVE, 0.06))
    assert set(held(decide("defi", name, panel, signals, None))) == set(FIVE) - {"T00"}
    book = make_book(panel, equal(FIVE, 0.5))
    assert set(held(decide("defi", name, panel, signals, book))) == set(FIVE)  # who is held goes by steady strength


@pytest.mark.rule("4.1")
@pytest.mark.parametrize("index", ["defi", "large"])
def test_the_strongest_fill_the_index_up_to_its_size(make_panel, make_signals, calm_paths, index):
    panel = make_panel(calm_paths(16, crowd=0))
    strong = {f"T{i:02d}": 0.03 - 0.001 * i for i in range(16)}
    decision = decide(index, "aggressive", panel, make_signals(strong, panel.as_of), None)
    assert set(held(decision)) == {f"T{i:02d}" for i in range(theme(index).size)}


@pytest.mark.rule("4.2")
@pytest.mark.parametrize("name", modes())
def test_who_is_held_and_no_longer_bullish_stays_until_it_is_bearish(panel, make_signals, make_book, name):
    bar = mode(name).enter
    steady = {"T00": bar / 2, "T01": -LEAVE * bar + 1e-9, "T02": -LEAVE * bar, "T09": bar / 2}
    signals = make_signals(dict.fromkeys((*FIVE, "T09"), STRONG), panel.as_of, steady=steady)
    decision = decide("defi", name, panel, signals, make_book(panel, equal(FIVE, 0.5)))
    assert set(held(decision)) == set(FIVE) - {"T02"}
    assert lines(decision)["T02"].rule == "bearish"


@pytest.mark.rule("4.2")
def test_who_is_kept_is_moved_by_the_rule_of_that_name(panel, make_signals, make_book):
    book = make_book(panel, equal(FIVE, 0.8))
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of, steady={"T00": 0.0})
    line = lines(decide("defi", "aggressive", panel, signals, book))["T00"]
    assert (line.action, line.rule) == (Action.TRIM, "kept")


@pytest.mark.rule("4.2", "4.3")
@pytest.mark.parametrize("beyond", [0, 1])
def test_an_incumbent_leaves_when_it_falls_out_of_the_wider_band(
    make_panel, make_signals, make_book, calm_paths, beyond
):
    size = theme("defi").size
    place = int(BUFFER * size) + beyond
    panel = make_panel(calm_paths(place, crowd=0))
    strong = {f"T{i:02d}": 0.03 - 0.0005 * i for i in range(place)}
    weakest = f"T{place - 1:02d}"
    decision = decide("defi", "balanced", panel, make_signals(strong, panel.as_of), make_book(panel, {weakest: 0.05}))
    line = lines(decision)[weakest]
    assert (line.weight == 0) == (line.rule == "replaced") == bool(beyond)
    assert len(held(decision)) <= size


# What makes a holding go, by the name of the rule: the lift of its odds, its steady strength, and what else is strong.
GONE = {
    "bearish": (-0.03, -0.06, 5),
    "sideways": (0.0, 0.0, 22),
    "no_call": (None, 0.0, 5),
    "replaced": (0.0075, 0.015, 22),
}


@pytest.mark.rule("4.3", "3.5")
@pytest.mark.parametrize("rule", GONE)
def test_what_is_no_longer_wanted_is_sold_by_a_named_rule(make_panel, make_signals, make_book, calm_paths, rule):
    lift, steady, others = GONE[rule]
    panel = make_panel(calm_paths(24, crowd=0))
    strong = {f"T{i:02d}": STRONG for i in range(1, others + 1)} | {"T00": lift}
    signals = make_signals(strong, panel.as_of, steady={"T00": steady})
    line = lines(decide("defi", "balanced", panel, signals, make_book(panel, {"T00": 0.1})))["T00"]
    assert (line.action, line.rule, line.weight) == (Action.SELL, rule, 0.0)
    assert line.reason


@pytest.mark.rule("3.5")
def test_a_token_without_a_call_is_not_bought(panel, make_signals):
    signals = make_signals(dict.fromkeys(FIVE, STRONG) | {"T05": None}, panel.as_of, steady={"T05": 0.5})
    assert set(held(decide("defi", "aggressive", panel, signals, None))) == set(FIVE)


@pytest.mark.rule("4.3")
@pytest.mark.parametrize(
    "change, word",
    [({"market_volume": 0.5e6}, "traded"), ({"supply": float("nan")}, "top 200")],
    ids=["drought", "out of the ranking"],
)
def test_an_incumbent_that_is_no_longer_eligible_is_sold_with_the_bar_it_fails(
    make_panel, make_signals, make_book, paths, change, word
):
    usual = {"market_volume": 1e8, "supply": 1e9}
    ((field, value),) = change.items()
    panel = make_panel(paths, **{field: dict.fromkeys(paths, usual[field]) | {"T00": value}})
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    line = lines(decide("defi", "balanced", panel, signals, make_book(panel, equal(FIVE, 0.9))))["T00"]
    assert (line.rule, line.weight) == ("not_eligible", 0.0)
    assert word in line.reason


@pytest.mark.rule("4.3", "2.3")
def test_an_excluded_token_is_sold_with_the_admins_reason_and_not_bought(panel, make_signals, make_book):
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    orders = order("exclude", panel.as_of, "T00")
    decision = decide("defi", "balanced", panel, signals, make_book(panel, equal(FIVE, 0.9)), 0, orders)
    line = lines(decision)["T00"]
    assert (line.action, line.rule) == (Action.SELL, "excluded")
    assert "it was hacked" in line.reason
    assert "T00" not in held(decide("defi", "balanced", panel, signals, None, 0, orders))


@pytest.mark.rule("9.2")
@pytest.mark.parametrize("stopped_share", [0.2, NOISE / 2])
def test_a_paused_index_trades_nothing_and_says_why(make_panel, make_signals, make_book, paths, stopped_share):
    stopped = paths["T00"].copy()
    stopped[-STOPPED_DAYS:] = np.nan
    panel = make_panel(paths | {"T00": stopped})
    book = make_book(panel, equal(FIVE[1:], 0.6) | {"T00": stopped_share}, RiskStep.NORMAL)
    orders = order("pause", panel.as_of, reason="an audit is under way")
    decision = decide("defi", "balanced", panel, make_signals({}, panel.as_of), book, 0, orders)
    assert (decision.trades, decision.turnover, decision.cost_estimate) == ((), 0.0, 0.0)
    assert all(h.weight == h.from_weight for h in decision.holdings)
    assert sum(h.weight for h in decision.holdings) == pytest.approx(1, abs=1e-9)
    assert {h.symbol: h.rule for h in decision.holdings if not h.stable} == (
        dict.fromkeys(FIVE[1:], "paused") | {"T00": "stopped_price"}
    )
    assert {h.symbol for h in decision.holdings if h.stable} == {CASH}
    assert decision.notes == ("No trades: paused by an admin: an audit is under way.",)
    assert decision.risk.score > 0  # the ladder is read all the same


@pytest.mark.rule("8.2")
def test_an_ordered_rebalance_is_the_cause_that_a_weekly_decision_names(panel, make_signals):
    orders = order("rebalance", panel.as_of, reason="before the holidays")
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    ordered = decide("defi", "balanced", panel, signals, None, 0, orders)
    assert ordered.causes == (Cause("order", "o1", "An admin (admin-7f3a) ordered a rebalance: before the holidays"),)
    later = order("rebalance", panel.as_of + DAY)
    assert decide("defi", "balanced", panel, signals, None, 0, later).causes == ()


@pytest.mark.rule("2.14")
def test_a_token_below_the_liquidity_bar_may_stay_at_80_percent_but_not_join(
    make_panel, make_signals, make_book, paths
):
    panel = make_panel(paths, market_volume=dict.fromkeys(paths, 1e8) | {"T00": 0.9e6})
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    assert "T00" not in held(decide("defi", "balanced", panel, signals, None))
    assert "T00" in held(decide("defi", "balanced", panel, signals, make_book(panel, {"T00": 0.2})))


@pytest.mark.rule("2.13")
def test_conservative_holds_of_the_calmer_half_alone(make_panel, make_signals, paths):
    wild = set(NAMES[::2])
    rng = np.random.default_rng(9)
    rough = {s: p * np.exp(rng.normal(0, 0.05, len(p))) if s in wild else p for s, p in paths.items()}
    panel = make_panel(rough)
    signals = make_signals(dict.fromkeys(NAMES, STRONG), panel.as_of)
    assert not wild & set(held(decide("defi", "conservative", panel, signals, None)))
    assert wild & set(held(decide("defi", "balanced", panel, signals, None)))


@pytest.mark.rule("1.1", "1.2")
def test_a_decision_sees_nothing_of_its_own_day_and_fills_at_that_days_close(make_panel, make_signals, paths):
    panel = make_panel(paths)
    at = panel.as_of - DAY
    jumped = make_panel({s: np.concatenate([p[:-1], [3 * p[-1]]]) for s, p in paths.items() if s not in ("USDC", "DAI")}
                        | {s: paths[s] for s in ("USDC", "DAI")})  # fmt: skip
    signals = make_signals(dict.fromkeys(FIVE, STRONG), at)
    decision = decide("defi", "balanced", panel.until(at), signals, None)
    assert decision == decide("defi", "balanced", jumped.until(at), signals, None)
    assert decision.date == at
    filled = settle(decision, None, jumped)
    assert filled.prices["T00"] == pytest.approx(3 * paths["T00"][-1])


@pytest.mark.rule("4.4", "4.5")
def test_a_group_that_drifted_above_its_cap_is_cut_back_to_it(panel, make_signals, make_book):
    """Each of five volatile names stands within its band, and all of them together do not."""
    rules, wild, calm = mode("balanced"), NAMES[:5], NAMES[5:10]
    sigma = dict.fromkeys(wild, 0.09) | dict.fromkeys(calm, 0.03)
    signals = make_signals(dict.fromkeys(NAMES[:10], STRONG), panel.as_of, sigma)
    book = make_book(panel, dict.fromkeys(wild, 0.088) | dict.fromkeys(calm, 0.112))
    weights = held(decide("defi", "balanced", panel, signals, book))
    assert sum(weights[s] for s in wild) <= rules.volatile_cap + 1e-9
    cut = within_groups({"A": 0.3, "B": 0.2, "C": 0.2}, [(("A", "B"), 0.35), (("C",), 0.25), (("D",), 0.0)])
    assert cut == pytest.approx({"A": 0.21, "B": 0.14, "C": 0.2})


@pytest.mark.rule("5.2", "9.2")
def test_a_paused_index_takes_no_step_because_it_sells_nothing_for_it(panel, make_signals, make_book):
    """Else the step would count as taken when trading resumes, and nothing would ever shrink for it."""
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    book = make_book(panel, equal(FIVE, 0.9), RiskStep.RAISED, panel.as_of - dt.timedelta(days=30))
    paused = decide("defi", "balanced", panel, signals, book, orders=order("pause", panel.as_of))
    free = decide("defi", "balanced", panel, signals, book)
    assert free.risk.step is not RiskStep.RAISED
    assert paused.risk.step is RiskStep.RAISED
    assert paused.risk.score == free.risk.score


@pytest.mark.rule("8.5", "8.10")
def test_what_collapses_on_a_sunday_is_sold_on_monday(make_panel, make_signals, make_book, paths):
    fallen = {s: np.array(path) for s, path in paths.items()}
    fallen["T00"][-1] *= 0.4
    panel = make_panel(fallen)
    signals = make_signals(dict.fromkeys(FIVE, STRONG), panel.as_of)
    decision = decide("defi", "balanced", panel, signals, make_book(panel, equal(FIVE, 0.9)))
    line = lines(decision)["T00"]
    assert (line.action, line.rule) == (Action.SELL, "collapse")
    assert [cause.key for cause in decision.causes] == ["collapse:T00"]
