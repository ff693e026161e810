"""Fills, costs and levels: money is neither made nor lost but by prices and stated costs."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.draft import begin, finish
from engine.level import CASH, daily_levels, mark, weights_at
from engine.model import Action, Holding, Portfolio
from engine.passive import decide_passive, passive_is_due
from engine.rebalance import SMALLEST, Wish, cost_rate, holdings, within_bands
from engine.settle import settle, settlement_point

START = dt.date(2022, 1, 3)
NAN = float("nan")


def decision_to(panel, previous, weights):
    """A decision straight to the given weights."""
    draft = begin("defi", "balanced", panel, previous, 0)
    wishes = {s: Wish(w, "bullish", "for the test") for s, w in weights.items()}
    exits = {s: Wish(0.0, "bearish", "for the test") for s in draft.risky}
    lines = holdings(
        draft.risky, {s: w for s, w in weights.items() if s not in draft.stuck}, wishes, exits, draft.stuck
    )
    return finish(draft, lines, None, len(weights), ())


def walk(panel, targets):
    """Decide and settle on days 1, 2, ... to each of the targets."""
    portfolio, out = None, []
    for day, weights in enumerate(targets, 1):
        at = START + dt.timedelta(days=day)
        decision = decision_to(panel.until(at), portfolio, weights)
        settlement = settle(decision, portfolio, panel.until(at + dt.timedelta(days=1)))
        portfolio = settlement.portfolio
        out.append((decision, settlement))
    return out


def test_the_first_fill_pays_for_what_it_buys_and_starts_from_a_thousand(make_panel):
    panel = make_panel({"AAA": [1, 1, 1], "BBB": [2, 2, 2], "USDC": [1, 1, 1]})
    ((decision, settlement),) = walk(panel, [{"AAA": 0.5, "BBB": 0.3}])
    assert sum(h.weight for h in decision.holdings) == pytest.approx(1, abs=1e-12)
    assert settlement.cost == pytest.approx(0.8 * cost_rate(1e8))
    assert settlement.portfolio.level_net == pytest.approx(1000 * (1 - settlement.cost))
    assert settlement.portfolio.level_gross == pytest.approx(1000)
    assert settlement.turnover == pytest.approx(0.8, abs=settlement.cost)


def test_a_fill_happens_at_the_close_of_the_decisions_own_day(make_panel):
    panel = make_panel({"AAA": [1, 2, 4], "USDC": [1, 1, 1]})
    ((_, settlement),) = walk(panel, [{"AAA": 1.0}])
    assert settlement.fills[0].price == 2
    points = daily_levels(settlement.portfolio, panel, START + dt.timedelta(days=2))
    assert points[0].net == pytest.approx(2 * settlement.portfolio.level_net)


def test_a_stopped_token_is_neither_sold_nor_bought_and_marked_down_after_three_days(make_panel):
    panel = make_panel({"AAA": [1, 1, *[NAN] * 6], "BBB": [1] * 8, "USDC": [1] * 8})
    ((_, first),) = walk(panel, [{"AAA": 0.5, "BBB": 0.5}])
    assert mark(panel, "AAA", 4) == (1.0, 1)
    assert mark(panel, "AAA", 5) == (0.5, 1)
    day = START + dt.timedelta(days=6)
    decision = decision_to(panel.until(day), first.portfolio, {"BBB": 0.4})
    stuck = next(h for h in decision.holdings if h.symbol == "AAA")
    assert stuck.action is Action.STUCK
    assert stuck.weight == pytest.approx(1 / 3, abs=1e-3)
    after = settle(decision, first.portfolio, panel.until(day + dt.timedelta(days=1)))
    assert after.portfolio.units["AAA"] == first.portfolio.units["AAA"]


def test_a_trade_whose_price_stops_on_the_day_of_the_fill_is_reported_as_not_made(make_panel):
    panel = make_panel({"AAA": [1, 1, NAN], "BBB": [1, 1, 1], "USDC": [1, 1, 1]})
    (_, first), (_, second) = walk(panel, [{"AAA": 0.5}, {"BBB": 0.5}])
    fill = next(f for f in second.fills if f.symbol == "AAA")
    assert fill.status == "could not trade"
    assert fill.cost == 0
    assert second.portfolio.units["AAA"] == first.portfolio.units["AAA"]


def test_buys_are_scaled_to_the_money_there_is(make_panel):
    """What should have been sold could not be, so that the buys find only part of the money."""
    panel = make_panel({"AAA": [1, 1, NAN], "BBB": [1, 1, 1], "USDC": [1, 1, 1]})
    _, (_, second) = walk(panel, [{"AAA": 0.8}, {"BBB": 0.9}])
    assert next(f for f in second.fills if f.symbol == "BBB").status == "part"
    assert sum(second.portfolio.units.values()) <= 1000
    assert second.portfolio.level_net == pytest.approx(1000 * (1 - 0.8 * 0.003) * (1 - second.cost))


prices = st.lists(st.floats(1e-6, 1e6), min_size=8, max_size=8)
targets = st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=6)


@settings(max_examples=60)
@given(st.tuples(prices, prices, prices), targets)
def test_the_level_is_lost_only_to_prices_and_stated_costs(make_panel, closes, wanted):
    names = ("AAA", "BBB", "CCC")
    panel = make_panel({**dict(zip(names, closes, strict=True)), "USDC": [1.0] * 8})
    weights = [dict(zip(names, (x / max(sum(t), 1) for x in t), strict=True)) for t in wanted]
    weights = [{s: w for s, w in week.items() if w > 0.01} for week in weights]
    previous = None
    for decision, settlement in walk(panel, weights):
        book = settlement.portfolio
        row = panel.row(decision.date)
        before = sum(u * mark(panel, s, row)[0] for s, u in previous.units.items()) if previous else 1000.0
        assert book.level_net == pytest.approx(before * (1 - settlement.cost), rel=1e-9)
        assert book.level_gross == pytest.approx(before / (previous.divisor if previous else 1), rel=1e-9)
        assert all(units > 0 for units in book.units.values())
        shares, level = weights_at(book, panel, row)
        assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
        assert level == pytest.approx(book.level_net, rel=1e-9)
        assert sum(h.weight for h in decision.holdings) == pytest.approx(1, abs=1e-9)
        assert settlement.cost >= 0.003 * sum(abs(f.weight - f.from_weight) for f in settlement.fills) - 1e-9
        previous = book


def test_a_point_of_the_settlement_day_carries_turnover_cost_and_the_stablecoin_share(make_panel):
    panel = make_panel({"AAA": [1, 1, 1], "USDC": [1, 1, 1]})
    ((decision, settlement),) = walk(panel, [{"AAA": 0.6}])
    point = settlement_point(settlement, decision)
    assert point.stablecoin_share == pytest.approx(0.4, abs=0.002)
    assert (point.turnover, point.cost) == (settlement.turnover, settlement.cost)


def test_a_stablecoin_off_its_peg_is_not_held_and_a_large_leg_is_split(make_panel):
    panel = make_panel({"AAA": [1, 1], "USDC": [1, 0.96], "DAI": [1, 1.0], "USDT": [1, 1.001]})
    decision = decision_to(panel, None, {"AAA": 0.5})
    leg = {h.symbol: h.weight for h in decision.holdings if h.stable and h.weight}
    assert leg == pytest.approx({"DAI": 0.25, "USDT": 0.25})


def test_without_a_sound_stablecoin_the_leg_is_plain_cash(make_panel):
    panel = make_panel({"AAA": [1, 1], "USDC": [1, 0.5]})
    decision = decision_to(panel, None, {"AAA": 0.5})
    assert [h.symbol for h in decision.holdings if h.stable and h.weight] == [CASH]


def test_costs_rise_as_liquidity_falls_and_never_leave_the_floor():
    assert cost_rate(1e9) == pytest.approx(0.003)
    assert cost_rate(1e9) <= cost_rate(1e7) < cost_rate(1e6) == cost_rate(NAN)


def test_small_differences_stay_as_held():
    held = {"AAA": 0.30, "BBB": 0.30, "CCC": 0.2}
    wanted = {"AAA": 0.31, "BBB": 0.25, "CCC": 0.204}
    assert within_bands(held, wanted, 0.02, frozenset()) == pytest.approx({"AAA": 0.30, "BBB": 0.25, "CCC": 0.2})


def test_when_the_invested_share_must_shift_names_move_together():
    held, wanted = {"AAA": 0.40, "BBB": 0.40}, {"AAA": 0.31, "BBB": 0.29}
    final = within_bands(held, wanted, 0.02, frozenset())
    assert final == pytest.approx({"AAA": 0.31, "BBB": 0.30})  # in proportion, but never past a target
    assert sum(final.values()) == pytest.approx(0.6, abs=0.02)


weights = st.dictionaries(st.sampled_from("ABCDEFGH"), st.floats(0.001, 0.2), max_size=5)


@given(weights, weights, st.floats(0, 0.05))
def test_bands_trade_towards_targets_and_never_more_than_there_is(held, wanted, band):
    final = within_bands(held, wanted, band, frozenset())
    assert set(final) == set(wanted)
    assert sum(final.values()) <= max(1, sum(held.values())) + 1e-12
    for symbol, weight in final.items():
        before = held.get(symbol, 0.0)
        assert min(before, wanted[symbol]) - 1e-12 <= weight <= max(before, wanted[symbol]) + 1e-12
        assert symbol not in held or weight == before or abs(weight - before) >= SMALLEST - 1e-12


def test_the_twin_holds_the_largest_under_its_cap_and_renews_on_first_mondays(make_panel):
    supply = {f"T{i:02d}": 1e6 * (i + 1) ** 2 for i in range(14)} | {"USDC": 1e9}
    panel = make_panel({s: [1.0, 1.0] for s in supply}, supply=supply)
    twin = decide_passive("defi", panel, None)
    held = {h.symbol: h.weight for h in twin.holdings if h.weight}
    assert sorted(held) == [f"T{i:02d}" for i in range(4, 14)]
    assert sum(held.values()) == pytest.approx(1)
    assert max(held.values()) <= 0.30 + 1e-12
    book = Portfolio(START, {}, {}, {}, 1000, 1000, 1.0)
    assert passive_is_due(dt.date(2022, 1, 31), None)
    assert passive_is_due(dt.date(2022, 2, 7), book)
    assert not passive_is_due(dt.date(2022, 2, 14), book)


def test_holdings_name_every_action(make_panel):
    held = {"MORE": 0.1, "SAME": 0.1, "LESS": 0.3, "GONE": 0.2, "DEAD": 0.1}
    final = {"MORE": 0.2, "SAME": 0.1, "LESS": 0.2, "NEW": 0.2}
    wishes = {s: Wish(w, "conviction", "why") for s, w in final.items()}
    exits = {s: Wish(0.0, "bearish", "turned") for s in held}
    lines = holdings(held, final, wishes, exits, frozenset({"DEAD"}))
    actions = {line.symbol: line.action.value for line in lines}
    assert actions == {
        "MORE": "buy more", "SAME": "hold", "LESS": "trim", "NEW": "buy, new", "GONE": "sell", "DEAD": "cannot sell",
    }  # fmt: skip
    assert all(isinstance(line, Holding) and line.rule for line in lines)
    assert np.isclose(sum(line.weight for line in lines), 0.8)
