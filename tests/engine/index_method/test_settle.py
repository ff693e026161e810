"""Fills, costs and levels: money is neither made nor lost but by prices and stated costs."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from engine.costs import NOTIONAL, PARTICIPATION, Depth, cost_rate
from engine.draft import begin, finish
from engine.execution import NO_MONEY, NO_PRICE, THIN, Report
from engine.level import CASH, daily_levels, mark, weights_at
from engine.method import stamp
from engine.model import Action, Cause, Holding, Portfolio, RiskReading, RiskStep
from engine.passive import decide_passive, passive_is_due
from engine.rebalance import SMALLEST, Wish, holdings, within_bands
from engine.settle import ANSWERED_DAYS, settle, settlement_point

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


@pytest.mark.rule("6.3")
def test_the_first_fill_pays_for_what_it_buys_and_starts_from_a_thousand(make_panel):
    panel = make_panel({"AAA": [1, 1, 1], "BBB": [2, 2, 2], "USDC": [1, 1, 1]})
    ((decision, settlement),) = walk(panel, [{"AAA": 0.5, "BBB": 0.3}])
    assert sum(h.weight for h in decision.holdings) == pytest.approx(1, abs=1e-12)
    known = Depth(1e8, NAN)
    assert settlement.cost == pytest.approx(0.5 * cost_rate(5e5, known) + 0.3 * cost_rate(3e5, known))
    assert settlement.portfolio.level_net == pytest.approx(1000 * (1 - settlement.cost))
    assert settlement.portfolio.level_gross == pytest.approx(1000)
    assert settlement.turnover == pytest.approx(0.8, abs=settlement.cost)


@pytest.mark.rule("1.2")
def test_a_fill_happens_at_the_close_of_the_decisions_own_day(make_panel):
    panel = make_panel({"AAA": [1, 2, 4], "USDC": [1, 1, 1]})
    ((_, settlement),) = walk(panel, [{"AAA": 1.0}])
    assert settlement.fills[0].price == 2
    points = daily_levels(settlement.portfolio, panel, START + dt.timedelta(days=2))
    assert points[0].net == pytest.approx(2 * settlement.portfolio.level_net)


@pytest.mark.rule("4.6")
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


@pytest.mark.rule("6.2")
def test_a_trade_whose_price_stops_on_the_day_of_the_fill_is_reported_as_not_made(make_panel):
    panel = make_panel({"AAA": [1, 1, NAN], "BBB": [1, 1, 1], "USDC": [1, 1, 1]})
    (_, first), (_, second) = walk(panel, [{"AAA": 0.5}, {"BBB": 0.5}])
    fill = next(f for f in second.fills if f.symbol == "AAA")
    assert fill.status == "could not trade"
    assert fill.cost == 0
    assert second.portfolio.units["AAA"] == first.portfolio.units["AAA"]


@pytest.mark.rule("6.2")
def test_buys_are_scaled_to_the_money_there_is(make_panel):
    """What should have been sold could not be, so that the buys find only part of the money."""
    panel = make_panel({"AAA": [1, 1, NAN], "BBB": [1, 1, 1], "USDC": [1, 1, 1]})
    (_, first), (_, second) = walk(panel, [{"AAA": 0.8}, {"BBB": 0.9}])
    bought = next(f for f in second.fills if f.symbol == "BBB")
    assert (bought.status, bought.reason, bought.wanted) == ("part", NO_MONEY, 0.9)
    assert set(second.portfolio.units) == {"AAA", "BBB"}  # all the money there was, and no more
    assert second.portfolio.level_net == pytest.approx(1000 * (1 - first.cost) * (1 - second.cost))


@pytest.mark.rule("6.2")
def test_more_than_a_tenth_of_a_days_volume_waits_and_stays_what_it_was(make_panel):
    """250,000 dollars of a token that trades a million a day: 100,000 are bought, later 100,000 sold."""
    panel = make_panel({"AAA": [1, 1, 1], "USDC": [1, 1, 1]}, market_volume={"AAA": 1e6, "USDC": 1e9})
    (_, first), (_, second) = walk(panel, [{"AAA": 0.25}, {}])
    share = PARTICIPATION * 1e6 / NOTIONAL
    bought, sold = first.fills[0], second.fills[0]
    assert (bought.status, bought.reason, bought.wanted) == ("part", THIN, 0.25)
    assert bought.weight == pytest.approx(share)
    assert first.portfolio.level_net == pytest.approx(1000 * (1 - first.cost))
    assert sold.from_weight > share  # costs made the index smaller, and a tenth of a day is the same dollars
    assert sold.weight == pytest.approx(sold.from_weight - share)
    assert second.portfolio.units["AAA"] == pytest.approx(first.portfolio.level_net * sold.weight)


@pytest.mark.rule("6.2")
def test_a_stablecoin_without_a_price_that_day_is_no_money(make_panel):
    """It stays as it is, and only what still trades pays for the buys."""
    panel = make_panel({"AAA": [1] * 3, "USDC": [1, 1, NAN], "DAI": [1] * 3})
    (_, first), (_, second) = walk(panel, [{}, {"AAA": 0.9}])
    assert first.portfolio.units == pytest.approx({"DAI": 500, "USDC": 500})
    assert second.portfolio.units["USDC"] == first.portfolio.units["USDC"]
    held = next(f for f in second.fills if f.symbol == "USDC")
    assert (held.status, held.reason, held.weight) == ("could not trade", NO_PRICE, held.from_weight)
    assert next(f for f in second.fills if f.symbol == "AAA").weight < 0.5


@pytest.mark.rule("4.6")
def test_what_is_written_off_keeps_its_units_until_a_price_returns(make_panel):
    days = 100
    panel = make_panel({"AAA": [2, 2, *[NAN] * (days - 3), 1], "BBB": [1] * days, "USDC": [1] * days})
    ((_, first),) = walk(panel, [{"AAA": 0.5, "BBB": 0.5}])
    day = START + dt.timedelta(days=days - 3)
    decision = decision_to(panel.until(day), first.portfolio, {"BBB": 0.5})
    second = settle(decision, first.portfolio, panel.until(day + dt.timedelta(days=1)))
    assert second.prices["AAA"] == 0
    assert second.portfolio.units["AAA"] == first.portfolio.units["AAA"]
    back = weights_at(second.portfolio, panel, days - 1)[1]
    assert back == pytest.approx(second.portfolio.level_net + first.portfolio.units["AAA"])


def test_a_decision_without_trades_moves_nothing_not_even_between_stablecoins(make_panel):
    panel = make_panel({"AAA": [1, 2, 3], "USDC": [1, 1, 1.004], "DAI": [1, 1, 0.996]})
    at = START + dt.timedelta(days=2)
    ((decision, first),) = walk(panel, [{"AAA": 0.4}])
    still = replace(decision, date=at, trades=())
    second = settle(still, first.portfolio, panel)
    assert (second.fills, second.turnover, second.cost) == ((), 0.0, 0.0)
    assert second.portfolio.units == first.portfolio.units
    assert second.prices == {"AAA": 3, "DAI": 0.996, "USDC": 1.004}


@pytest.mark.rule("1.4", "6.4")
def test_a_settlement_names_the_price_of_all_that_was_held_and_the_method(make_panel):
    panel = make_panel({"AAA": [1, 2, 3], "BBB": [1, 4, 5], "USDC": [1, 1, 1]})
    (_, first), (_, second) = walk(panel, [{"AAA": 0.4, "BBB": 0.4}, {"AAA": 0.8}])
    assert first.prices == {"AAA": 2, "BBB": 4, "USDC": 1, CASH: 1}
    assert second.prices == {"AAA": 3, "BBB": 5, "USDC": 1}
    assert {first.method, second.method} == {stamp()}


@pytest.mark.rule("1.2", "6.1")
def test_the_estimate_is_the_cost_where_nothing_changed_overnight(make_panel):
    """Estimate and fill are one formula: prices that stand still and volumes that stay leave no gap between them."""
    volumes = {"AAA": 3e7, "BBB": 8e6, "CCC": 1e9, "USDC": 1e9}
    panel = make_panel({s: [1.0] * 40 for s in volumes}, market_volume=volumes)
    book = None
    for day, weights in ((35, {"AAA": 0.2, "BBB": 0.1, "CCC": 0.3}), (36, {"BBB": 0.15, "CCC": 0.5})):
        at = START + dt.timedelta(days=day)
        decision = decision_to(panel.until(at), book, weights)
        settlement = settle(decision, book, panel.until(at + dt.timedelta(days=1)))
        rates = {t.symbol: t.cost_rate for t in decision.trades}
        for fill in settlement.fills:
            assert fill.cost == pytest.approx(abs(fill.weight - fill.from_weight) * rates.get(fill.symbol, 0.0))
        assert settlement.cost == pytest.approx(decision.cost_estimate)
        book = settlement.portfolio


def test_a_live_exchange_can_stand_where_the_simulated_one_does(make_panel):
    """The port is all that settle knows of an exchange: what it reports is what the index holds and pays."""

    class Exchange:
        def execute(self, orders, money):
            self.asked = orders, money
            return tuple(Report(o.symbol, o.dollars / 2, 1_000.0, "part", "half of it") for o in orders)

    panel, exchange = make_panel({"AAA": [1, 2], "USDC": [1, 1]}), Exchange()
    decision = decision_to(panel.until(START + dt.timedelta(days=1)), None, {"AAA": 0.6})
    settlement = settle(decision, None, panel, exchange)
    ((order,), money) = exchange.asked
    assert (order.symbol, order.dollars, money) == ("AAA", pytest.approx(0.6 * NOTIONAL), NOTIONAL)
    assert settlement.cost == pytest.approx(1_000 / NOTIONAL)
    assert settlement.portfolio.units["AAA"] == pytest.approx(150)
    assert settlement.portfolio.level_net == pytest.approx(999)
    assert settlement.fills[0].reason == "half of it"


def reading(step):
    return RiskReading(50.0, step, None, (), None, 0.2, "for the test")


def test_a_decision_that_does_not_read_the_ladder_leaves_its_step(make_panel):
    panel = make_panel({"AAA": [1] * 5, "USDC": [1] * 5})
    book, since = None, []
    for day, risk in enumerate((reading(RiskStep.RAISED), None, reading(RiskStep.RAISED), reading(RiskStep.HIGH)), 1):
        at = START + dt.timedelta(days=day)
        decision = replace(decision_to(panel.until(at), book, {"AAA": 0.5}), risk=risk)
        book = settle(decision, book, panel.until(at + dt.timedelta(days=1))).portfolio
        since.append((book.step, (book.step_since - START).days))
    assert since == [(RiskStep.RAISED, 1), (RiskStep.RAISED, 1), (RiskStep.RAISED, 1), (RiskStep.HIGH, 4)]


@pytest.mark.rule("8.1")
def test_causes_answered_are_remembered_for_four_weeks(make_panel):
    days = ANSWERED_DAYS + 4
    panel = make_panel({"AAA": [1] * days, "USDC": [1] * days})
    book, known = None, []
    for day, causes in ((1, (Cause("collapse", "AAA", "fell"),)), (ANSWERED_DAYS + 1, ()), (ANSWERED_DAYS + 2, ())):
        at = START + dt.timedelta(days=day)
        decision = replace(decision_to(panel.until(at), book, {"AAA": 0.5}), causes=causes)
        book = settle(decision, book, panel.until(at + dt.timedelta(days=1))).portfolio
        known.append(book.answered)
    first = {"collapse:AAA": (START + dt.timedelta(days=1)).isoformat()}
    assert known == [first, first, {}]


prices = st.lists(st.floats(1e-6, 1e6), min_size=8, max_size=8)
volumes = st.tuples(*[st.just(NAN) | st.floats(0, 1e12)] * 3)
targets = st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=6)


@pytest.mark.rule("6.3")
@settings(max_examples=60)
@given(st.tuples(prices, prices, prices), volumes, targets)
def test_the_level_is_lost_only_to_prices_and_stated_costs(make_panel, closes, traded, wanted):
    names = ("AAA", "BBB", "CCC")
    market_volume = dict(zip(names, traded, strict=True)) | {"USDC": 1e9}
    panel = make_panel({**dict(zip(names, closes, strict=True)), "USDC": [1.0] * 8}, market_volume=market_volume)
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
        paid = [f for f in settlement.fills if f.symbol in names]
        assert settlement.cost >= 0.003 * sum(abs(f.weight - f.from_weight) for f in paid) - 1e-9
        assert sum(f.weight - f.from_weight for f in settlement.fills) == pytest.approx(-settlement.cost, abs=1e-9)
        previous = book


def test_a_point_of_the_settlement_day_carries_turnover_cost_and_the_stablecoin_share(make_panel):
    panel = make_panel({"AAA": [1, 1, 1], "USDC": [1, 1, 1]})
    ((decision, settlement),) = walk(panel, [{"AAA": 0.6}])
    point = settlement_point(settlement, decision)
    assert point.stablecoin_share == pytest.approx((0.4 - settlement.cost) / (1 - settlement.cost))
    assert (point.turnover, point.cost) == (settlement.turnover, settlement.cost)


@pytest.mark.rule("5.5")
def test_a_stablecoin_off_its_peg_is_not_held_and_a_large_leg_is_split(make_panel):
    panel = make_panel({"AAA": [1, 1], "USDC": [1, 0.96], "DAI": [1, 1.0], "USDT": [1, 1.001]})
    decision = decision_to(panel, None, {"AAA": 0.5})
    leg = {h.symbol: h.weight for h in decision.holdings if h.stable and h.weight}
    assert leg == pytest.approx({"DAI": 0.25, "USDT": 0.25})


@pytest.mark.rule("5.5")
def test_without_a_sound_stablecoin_the_leg_is_plain_cash(make_panel):
    panel = make_panel({"AAA": [1, 1], "USDC": [1, 0.5]})
    decision = decision_to(panel, None, {"AAA": 0.5})
    assert [h.symbol for h in decision.holdings if h.stable and h.weight] == [CASH]


@pytest.mark.rule("4.5")
def test_small_differences_stay_as_held():
    held = {"AAA": 0.30, "BBB": 0.30, "CCC": 0.2}
    wanted = {"AAA": 0.31, "BBB": 0.25, "CCC": 0.204}
    assert within_bands(held, wanted, 0.02, frozenset()) == pytest.approx({"AAA": 0.30, "BBB": 0.25, "CCC": 0.2})


@pytest.mark.rule("4.5")
def test_when_the_invested_share_must_shift_names_move_together():
    held, wanted = {"AAA": 0.40, "BBB": 0.40}, {"AAA": 0.31, "BBB": 0.29}
    final = within_bands(held, wanted, 0.02, frozenset())
    assert final == pytest.approx({"AAA": 0.31, "BBB": 0.30})  # in proportion, but never past a target
    assert sum(final.values()) == pytest.approx(0.6, abs=0.02)


weights = st.dictionaries(st.sampled_from("ABCDEFGH"), st.floats(0.001, 0.2), max_size=5)


@pytest.mark.rule("4.5")
@given(weights, weights, st.floats(0, 0.05))
def test_bands_trade_towards_targets_and_never_more_than_there_is(held, wanted, band):
    final = within_bands(held, wanted, band, frozenset())
    assert set(final) == set(wanted)
    assert sum(final.values()) <= max(1, sum(held.values())) + 1e-12
    for symbol, weight in final.items():
        before = held.get(symbol, 0.0)
        assert min(before, wanted[symbol]) - 1e-12 <= weight <= max(before, wanted[symbol]) + 1e-12
        assert symbol not in held or weight == before or abs(weight - before) >= SMALLEST - 1e-12


@pytest.mark.rule("7.1")
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
