"""Orders become fills: what a traded dollar costs, how much can be traded in a day, and what stays undone."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import assume, example, given, strategies as st

from engine.costs import (
    FEE,
    HIGHEST_VOLATILITY,
    ILLIQUID_VOLUME,
    IMPACT,
    LIQUID_VOLUME,
    MIN_COST,
    NOTIONAL,
    PARTICIPATION,
    SPREAD,
    UNKNOWN_VOLATILITY,
    UNKNOWN_VOLUME,
    Depth,
    cost_rate,
    depth,
)
from engine.execution import NO_MONEY, NO_PRICE, THIN, MarketOrder, SimulatedExecution
from engine.rebalance import NOISE

START = dt.date(2022, 1, 3)
NAN = float("nan")
DAYS = 40


def wobbling(daily, days=DAYS, start=1.0):
    """Closes whose log return is +daily and -daily by turns."""
    return start * np.exp(daily * (np.arange(days) % 2))


@pytest.fixture(scope="module")
def market(make_panel):
    """One liquid, one thin token, one that stopped on the last day, and money."""
    closes = {"BIG": wobbling(0.04), "THIN": wobbling(0.08), "GONE": [*wobbling(0.04, DAYS - 1), NAN]}
    volumes = {"BIG": 1e9, "THIN": 4e5, "GONE": 1e8, "USDC": 1e9}
    return make_panel({**closes, "USDC": [1.0] * DAYS}, market_volume=volumes)


@pytest.fixture
def desk(market):
    return SimulatedExecution(market, START + dt.timedelta(days=DAYS - 1))


@pytest.mark.rule("6.1")
def test_a_small_trade_of_a_liquid_token_pays_the_least_there_is():
    assert cost_rate(1_000, Depth(1e9, 0.04)) == MIN_COST


@pytest.mark.rule("6.1")
@pytest.mark.parametrize(
    ("volume", "kind"),
    [
        (LIQUID_VOLUME, "liquid"),
        (LIQUID_VOLUME - 1, "normal"),
        (ILLIQUID_VOLUME, "normal"),
        (ILLIQUID_VOLUME - 1, "illiquid"),
        (NAN, "illiquid"),
    ],
)
def test_the_spread_follows_the_liquidity_class(volume, kind):
    assert Depth(volume, 0.05).spread() == SPREAD[kind]


@pytest.mark.rule("6.1")
def test_impact_follows_the_square_root_law():
    known = Depth(1e7, 0.06)
    assert known.impact(1e5) == pytest.approx(IMPACT * 0.06 * np.sqrt(0.01))
    assert known.impact(4e5) == pytest.approx(2 * known.impact(1e5))
    assert known.impact(-1e5) == known.impact(1e5)
    assert cost_rate(1e5, known) == pytest.approx(FEE + SPREAD["normal"] + known.impact(1e5))


@pytest.mark.rule("6.2")
def test_what_is_not_known_is_taken_to_be_thin_and_wild():
    assert Depth(NAN, NAN).most == PARTICIPATION * UNKNOWN_VOLUME
    assert Depth(NAN, NAN).impact(1e4) == pytest.approx(IMPACT * UNKNOWN_VOLATILITY * np.sqrt(1e4 / UNKNOWN_VOLUME))
    assert Depth(0.0, 0.05).most == PARTICIPATION * UNKNOWN_VOLUME  # a ranked coin that nobody trades is a hole in data


anything = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.rule("6.1", "6.2")
@example(1.0, 0.0, 2.2250738585072014e-308, 1.0)  # a volume so small that a tenth of it cannot be written exactly
@given(st.floats(0, 1e9), st.floats(0, 1e9), anything, st.floats(0, 1e300) | st.just(NAN))
def test_a_dollar_of_a_larger_trade_costs_no_less_and_never_the_whole_of_it(small, more, volume, volatility):
    known = Depth(volume, volatility)
    assert MIN_COST <= cost_rate(small, known) <= cost_rate(small + more, known)
    assert cost_rate(small, known) <= FEE + SPREAD["illiquid"] + IMPACT * HIGHEST_VOLATILITY * np.sqrt(PARTICIPATION)
    assert cost_rate(small, known) < 1


@given(st.floats(0, 1e8), st.floats(1, 1e12), st.floats(1, 1e12), st.floats(0, 2))
def test_the_deeper_the_market_the_cheaper_the_trade(dollars, one, other, volatility):
    thin, deep = sorted((one, other))
    assume(dollars <= PARTICIPATION * thin)
    assert cost_rate(dollars, Depth(deep, volatility)) <= cost_rate(dollars, Depth(thin, volatility))


@pytest.mark.rule("6.2")
def test_depth_reads_the_last_thirty_daily_returns_known_at_the_close(make_panel):
    closes = np.r_[wobbling(0.5, 20), wobbling(0.03, 31), [9.9]]
    panel = make_panel({"AAA": closes, "NEW": [*[NAN] * 40, *[1.0] * 12], "USDC": [1.0] * 52})
    returns = np.diff(np.log(closes[20:51]))
    assert depth(panel, "AAA", 50) == Depth(1e8, pytest.approx(returns.std(ddof=1)))
    assert depth(panel.until(START + dt.timedelta(days=51)), "AAA") == depth(panel, "AAA", 50)
    assert np.isnan(depth(panel, "NEW").volatility)  # eleven returns say too little
    assert all(np.isnan(depth(panel, "NOBODY")))


@pytest.mark.rule("6.1")
def test_an_order_within_reach_is_filled_at_the_stated_cost(desk, market):
    (report,) = desk.execute([MarketOrder("BIG", 250_000)], NOTIONAL)
    assert (report.status, report.dollars, report.reason) == ("filled", 250_000, "")
    assert report.cost == pytest.approx(250_000 * cost_rate(250_000, depth(market, "BIG")))


@pytest.mark.rule("6.2")
@pytest.mark.parametrize("sign", [1, -1])
def test_more_than_a_tenth_of_a_days_volume_is_filled_in_part(desk, sign):
    (report,) = desk.execute([MarketOrder("THIN", sign * 100_000)], NOTIONAL)
    assert (report.status, report.reason) == ("part", THIN)
    assert report.dollars == pytest.approx(sign * PARTICIPATION * 4e5)


@pytest.mark.rule("6.2")
@pytest.mark.parametrize("dollars", [50_000, -50_000])
@pytest.mark.parametrize("symbol", ["GONE", "NOBODY"])
def test_without_a_price_that_day_nothing_can_be_traded(desk, symbol, dollars):
    (report,) = desk.execute([MarketOrder(symbol, dollars)], NOTIONAL)
    assert (report.status, report.dollars, report.cost, report.reason) == ("could not trade", 0.0, 0.0, NO_PRICE)


def test_sells_pay_for_buys_whatever_the_sequence(desk):
    sell, buy = MarketOrder("BIG", -500_000), MarketOrder("BIG", 400_000)
    for orders in ([sell, buy], [buy, sell]):
        reports = desk.execute(orders, 0.0)
        assert [r.dollars for r in reports] == [o.dollars for o in orders]
        assert {r.status for r in reports} == {"filled"}


@pytest.mark.rule("6.2")
def test_buys_share_the_money_there_is(desk):
    half, none = desk.execute([MarketOrder("BIG", 400_000)], 200_000), desk.execute([MarketOrder("BIG", 400_000)], 0.0)
    assert (half[0].status, half[0].reason) == ("part", NO_MONEY)
    assert half[0].dollars + half[0].cost == pytest.approx(200_000, rel=1e-12)
    assert (none[0].status, none[0].dollars, none[0].reason) == ("could not trade", 0.0, NO_MONEY)


def test_a_buy_cut_by_its_own_costs_counts_as_filled(desk):
    (report,) = desk.execute([MarketOrder("BIG", NOTIONAL)], NOTIONAL)
    assert report.status == "filled"
    assert 0.995 * NOTIONAL < report.dollars < NOTIONAL


orders = st.lists(st.tuples(st.sampled_from(["BIG", "THIN", "GONE"]), st.floats(-1e7, 1e7)), max_size=6)


@pytest.mark.rule("6.2")
@given(orders, st.floats(0, 1e7))
def test_no_more_is_spent_than_there_is_and_nothing_past_the_order(market, wishes, money):
    desk = SimulatedExecution(market, START + dt.timedelta(days=DAYS - 1))
    asked = [MarketOrder(symbol, dollars) for symbol, dollars in wishes]
    reports = desk.execute(asked, money)
    assert money - sum(r.dollars + r.cost for r in reports) >= -1e-6
    for order, report in zip(asked, reports, strict=True):
        assert report.symbol == order.symbol
        assert abs(report.dollars) <= abs(order.dollars)
        assert report.dollars * order.dollars >= 0
        assert report.cost >= MIN_COST * abs(report.dollars) * (1 - 1e-12)
        assert bool(report.reason) == (report.status != "filled")
        assert report.status != "could not trade" or report.dollars == 0


def test_the_noise_of_decisions_is_larger_than_the_dust_of_fills():
    from engine.settle import DUST

    assert DUST < NOISE / 1e6
