"""What an index is held against is decided by the index's own machinery, and the diluted twin is honest arithmetic."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from engine.comparators import BROAD, COMPARATORS, EQUAL, NAIVE, diluted, mixed
from engine.costs import MIN_COST
from engine.draft import begin
from engine.model import BASE_LEVEL, PASSIVE, Action, LevelPoint, Portfolio
from engine.modes import modes
from engine.passive import go_straight_to
from engine.rebalance import NOISE, Wish
from engine.settle import settle

START = dt.date(2022, 1, 3)
DAY = dt.timedelta(days=1)
DAYS = 130
NAN = float("nan")


def wild(seed, tokens=14, days=DAYS, drift=0.0):
    """Closes of tokens and Bitcoin with holes, a newcomer, a token that stopped, and a stablecoin."""
    rng = np.random.default_rng(seed)
    closes = {f"T{i:02d}": np.exp(np.cumsum(rng.normal(drift, 0.02 + 0.004 * i, days))) for i in range(tokens)}
    closes |= {"BTC": np.exp(np.cumsum(rng.normal(drift, 0.03, days))), "USDC": np.ones(days)}
    closes["T01"][40:60] = NAN
    closes["T02"][:110] = NAN
    closes["T03"][-10:] = NAN
    closes["T04"][-1] = NAN
    return closes


def supplies(closes):
    return {s: 1e6 * (i + 1) ** 1.5 for i, s in enumerate(sorted(closes, reverse=True))}


def risky(decision):
    return {h.symbol: h.weight for h in decision.holdings if not h.stable and h.weight > 0}


def naive_by_hand(closes, supply):
    """The rules once more, in pandas: an oracle of its own that shares no line with the engine."""
    table = pd.DataFrame(closes).drop(columns=["USDC"]).ffill(limit=3)
    raw = pd.DataFrame(closes).drop(columns=["USDC"])
    fresh = [s for s in raw if raw[s].tail(2).notna().any()]
    size = (raw.ffill(limit=1).iloc[-1] * pd.Series(supply))[fresh].sort_values(ascending=False)
    names = list(size.index[:30])
    hist = table[names].tail(120)
    inverse = 1 / hist[names[:8]].pct_change(fill_method=None).tail(30).std()
    weights = (inverse / inverse.sum()).clip(upper=0.2)
    rising = hist.iloc[-1] > hist.rolling(50, min_periods=30).mean().iloc[-1]
    weights = weights.where(rising[weights.index], 0).fillna(0) * np.clip((rising.mean() - 0.2) / 0.4, 0, 1)
    leader = raw["BTC"].tail(100)
    return (weights * (0.5 if leader.iloc[-1] < leader.mean() else 1)).to_dict()


@pytest.mark.parametrize("name", COMPARATORS)
def test_every_comparator_decides_whole_weights_under_a_name_that_is_no_mode(make_panel, name):
    closes = wild(1, drift=0.004)
    panel = make_panel(closes, supply=supplies(closes))
    entry = COMPARATORS[name]
    decision = entry.decide("defi", panel, None)
    assert decision.mode == name == entry.name
    assert name not in modes()
    assert entry.title
    assert sum(h.weight for h in decision.holdings) == pytest.approx(1, abs=1e-9)
    assert all(h.rule and h.reason for h in decision.holdings)
    assert entry.due(START + 2 * DAY, None), "the first one is due whatever the day"


@pytest.mark.rule("7.1", "7.2", "7.3")
def test_passive_and_equal_renew_on_first_mondays_and_the_naive_rules_every_monday():
    held = Portfolio(START, {}, {}, {}, 1000, 1000, 1.0)
    days = [dt.date(2022, 2, 1) + i * DAY for i in range(28)]
    due = {name: [d for d in days if entry.due(d, held)] for name, entry in COMPARATORS.items()}
    assert due[PASSIVE] == due[EQUAL] == [dt.date(2022, 2, 7)]
    assert due[NAIVE] == [d for d in days if d.weekday() == 0]


@pytest.mark.rule("7.2")
def test_equal_weights_hold_the_twins_own_members_in_equal_shares(make_panel):
    closes = wild(2)
    panel = make_panel(closes, supply=supplies(closes))
    twin, equal = (COMPARATORS[n].decide("defi", panel, None) for n in (PASSIVE, EQUAL))
    assert set(risky(equal)) == set(risky(twin))
    assert list(risky(equal).values()) == pytest.approx([0.1] * 10)
    assert max(risky(twin).values()) > 0.11


def test_a_theme_of_two_is_held_half_and_half(make_panel):
    panel = make_panel({"AAA": [1.0] * 3, "BBB": [9.0] * 3, "USDC": [1.0] * 3})
    assert risky(COMPARATORS[EQUAL].decide("defi", panel, None)) == pytest.approx({"AAA": 0.5, "BBB": 0.5})


@pytest.mark.rule("7.3")
@pytest.mark.parametrize("seed", range(12))
def test_the_naive_rules_are_those_that_pandas_reads(make_panel, seed):
    """T03's price has stopped, T04 missed a day, T02 is new, T01 has a hole in its window."""
    closes = wild(seed, drift=(0.0, 0.006, -0.004)[seed % 3])
    supply = supplies(closes)
    panel = make_panel(closes, supply=supply)
    expected = {s: w for s, w in naive_by_hand(closes, supply).items() if w > NOISE}
    assert risky(COMPARATORS[NAIVE].decide("defi", panel, None)) == pytest.approx(expected, rel=1e-9)


def test_the_naive_rules_are_tried_on_markets_where_they_hold_much_little_and_nothing(make_panel):
    held = []
    for drift in (0.008, 0.0, -0.02):
        closes = wild(5, drift=drift)
        panel = make_panel(closes, supply=supplies(closes))
        held.append(sum(risky(COMPARATORS[NAIVE].decide("defi", panel, None)).values()))
    assert held[0] > 0.6 > held[1] > held[2] == 0


@pytest.mark.rule("7.3")
def test_the_naive_rules_halve_what_they_hold_while_bitcoin_is_under_its_mean(make_panel):
    closes = wild(3, drift=0.01)
    up = make_panel(closes | {"BTC": np.linspace(1, 2, DAYS)}, supply=supplies(closes) | {"BTC": 1.0})
    down = make_panel(closes | {"BTC": np.linspace(2, 1, DAYS)}, supply=supplies(closes) | {"BTC": 1.0})
    bull, bear = (risky(COMPARATORS[NAIVE].decide("large", panel, None)) for panel in (up, down))
    shared = set(bull) & set(bear) - {"BTC"}
    breadth = 14 / 15  # of the members only Bitcoin itself moved to the other side
    assert shared
    assert np.clip((breadth - 0.2) / 0.4, 0, 1) == 1
    assert all(bear[s] == pytest.approx(bull[s] / 2) for s in shared)


@pytest.mark.rule("7.3")
def test_the_naive_rules_need_three_members(make_panel):
    rising = np.linspace(1, 2, DAYS) * (1 + 0.01 * (-1.0) ** np.arange(DAYS))
    two = make_panel({"AAA": rising, "BBB": rising, "USDC": [1.0] * DAYS})
    three = make_panel({"AAA": rising, "BBB": rising, "CCC": rising, "USDC": [1.0] * DAYS})
    assert risky(COMPARATORS[NAIVE].decide("defi", two, None)) == {}
    assert risky(COMPARATORS[NAIVE].decide("defi", three, None)) == pytest.approx(
        dict.fromkeys(("AAA", "BBB", "CCC"), 0.2)
    )


def test_a_token_that_never_moves_has_no_volatility_to_invert(make_panel):
    still = {s: [1.0] * DAYS for s in ("AAA", "BBB", "CCC", "USDC")}
    assert risky(COMPARATORS[NAIVE].decide("defi", make_panel(still), None)) == {}


@pytest.mark.rule("7.3")
def test_breadth_is_read_over_thirty_members(make_panel):
    closes = wild(6, tokens=45)
    panel = make_panel(closes, supply=supplies(closes))
    assert BROAD == 30
    assert COMPARATORS[NAIVE].decide("defi", panel, None).eligible == 30


@pytest.mark.rule("4.6")
@pytest.mark.parametrize("name", COMPARATORS)
def test_what_cannot_be_sold_keeps_its_share_in_every_comparator(make_panel, name):
    closes = wild(7, drift=0.006)
    panel = make_panel(closes | {"T13": [*closes["T13"][:-3], NAN, NAN, NAN]}, supply=supplies(closes))
    units = {"T13": 300 / panel.close[-4, panel.column("T13")], "USDC": 700.0}
    held = Portfolio(START, units, {}, {}, 1000, 1000, 1.0)
    decision = COMPARATORS[name].decide("defi", panel, held)
    stuck = next(h for h in decision.holdings if h.symbol == "T13")
    assert stuck.action is Action.STUCK
    assert stuck.weight == pytest.approx(0.3)
    assert sum(h.weight for h in decision.holdings) == pytest.approx(1, abs=1e-9)


def test_wishes_shrink_together_to_the_room_there_is(make_panel):
    panel = make_panel({"AAA": [1, 1, 1], "BBB": [1, 1, 1], "DEAD": [1, NAN, NAN], "USDC": [1, 1, 1]})
    held = Portfolio(START, {"DEAD": 400.0, "USDC": 600.0}, {}, {}, 1000, 1000, 1.0)
    draft = begin("defi", PASSIVE, panel, held, 0)
    wishes = {"AAA": Wish(0.8, "capitalisation", ""), "BBB": Wish(0.2, "capitalisation", "")}
    decision = go_straight_to(draft, wishes, Wish(0.0, "capitalisation", ""), 2)
    assert risky(decision) == pytest.approx({"AAA": 0.48, "BBB": 0.12, "DEAD": 0.4})


@pytest.mark.rule("7.1", "7.2")
def test_a_comparator_pays_costs_as_the_index_does(make_panel):
    closes = {s: [1.0] * 4 for s in ("AAA", "BBB", "CCC", "USDC")}
    panel = make_panel(closes)
    for name in (PASSIVE, EQUAL):
        decision = COMPARATORS[name].decide("defi", panel.until(START + 2 * DAY), None)
        settlement = settle(decision, None, panel.until(START + 3 * DAY))
        traded = sum(abs(fill.weight - fill.from_weight) for fill in settlement.fills)
        assert settlement.cost >= MIN_COST * traded > 0.99 * MIN_COST


def points(nets, start=START, cost=0.0):
    return [LevelPoint(start + i * DAY, n, BASE_LEVEL * 1.1, 0.5 if cost else 0.0, cost) for i, n in enumerate(nets)]


@pytest.mark.rule("7.4")
def test_a_mix_without_stablecoins_is_the_twin_and_one_of_stablecoins_alone_stands_still():
    twin = points([1000 * 1.01**i for i in range(30)])
    assert [p.net for p in diluted(twin, 0.0)] == pytest.approx([p.net for p in twin])
    assert [p.net for p in diluted(twin, 1.0)] == pytest.approx([BASE_LEVEL] * 30)
    assert all(p.cost == 0 for p in diluted(twin, 1.0))


@pytest.mark.rule("7.4")
def test_a_mix_moves_by_its_share_of_the_twins_week_less_what_mixing_anew_costs():
    twin = [1.0] + [1.0] * 6 + [1.2] + [1.2] * 6 + [0.6]
    days = [START + i * DAY for i in range(15)]
    mix = mixed(days, twin, 0.4)
    first = 0.6 * 1.2 + 0.4
    moved = abs(0.6 * 1.2 - 0.6 * first) / first
    after = first * (1 - moved * MIN_COST)
    assert mix[6].value == 1
    assert mix[7].value == pytest.approx(after)
    assert (mix[7].moved, mix[7].cost) == pytest.approx((moved, moved * MIN_COST))
    assert mix[7].stablecoin_share == pytest.approx(0.4)
    assert mix[13].value == pytest.approx(after), "nothing is traded between Mondays"
    before = after * (0.6 * 0.5 + 0.4)
    assert mix[14].value == pytest.approx(before * (1 - mix[14].cost))
    assert mix[14].cost > 0


def test_the_mixs_first_day_bears_its_share_of_the_twins_first_cost():
    assert mixed([START], [0.997], 0.5)[0].value == pytest.approx(0.9985, abs=1e-5)


@pytest.mark.rule("7.4")
def test_the_stablecoin_share_of_a_mix_drifts_between_mondays():
    mix = mixed([START + i * DAY for i in range(3)], [1.0, 2.0, 2.0], 0.5)
    assert [m.stablecoin_share for m in mix] == pytest.approx([0.5, 1 / 3, 1 / 3])


def test_a_diluted_point_carries_the_twins_own_turnover_and_cost_in_proportion():
    point = diluted(points([1000.0] * 3, start=START + DAY, cost=0.01), 0.25)[1]
    assert (point.turnover, point.cost) == pytest.approx((0.375, 0.0075))


paths = st.lists(st.floats(0.2, 5.0), min_size=1, max_size=40)


@pytest.mark.rule("7.4")
@given(paths, st.floats(0, 1))
def test_a_mix_stays_between_its_parts_day_by_day_and_the_gross_level_above_the_net(moves, share):
    nets = list(np.cumprod(moves) * BASE_LEVEL)
    twin = [LevelPoint(START + i * DAY, n, n) for i, n in enumerate(nets)]
    mix = diluted(twin, share)
    before, last = BASE_LEVEL, BASE_LEVEL
    for point, ours in zip(twin, mix, strict=True):
        change = ours.net / last * (1 / (1 - ours.cost))
        low, high = sorted((1.0, point.net / before))
        assert low - 1e-9 <= change <= high + 1e-9
        assert ours.gross >= ours.net - 1e-9
        before, last = point.net, ours.net


def test_a_twin_that_lost_everything_leaves_the_stablecoins():
    assert mixed([START, START + DAY, START + 2 * DAY], [1.0, 0.0, 0.0], 0.3)[-1].value == pytest.approx(0.3)
    assert mixed([START, START + 7 * DAY], [1.0, 0.0], 0.0)[-1].value == 0
