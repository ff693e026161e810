"""One index through time: settled once, marked daily, decided when due, and the same where the walk is interrupted."""

import datetime as dt

import pytest

from engine.comparators import COMPARATORS
from engine.model import Action, MarketView, Odds, Order, Reason, Signal, WeekSignals
from engine.orders import NO_ORDERS, Orders
from engine.panel import build_panel
from engine.signals import grade
from engine.sources.simulated import SimulatedMarket
from engine.track import Track

END = dt.date(2026, 6, 29)
MONDAY = dt.date(2026, 3, 9)
DAY = dt.timedelta(days=1)
BASE = Odds(0.36, 0.30, 0.34)


@pytest.fixture(scope="module")
def panel():
    return build_panel(SimulatedMarket(seed=5, end=END, years=1, story=False), END)


@pytest.fixture(scope="module")
def members(panel):
    return [token.symbol for token in panel.tokens if "defi" in token.themes]


def said(symbol, lift):
    odds = Odds(BASE.bearish - lift, BASE.neutral, BASE.bullish + lift)
    reasons = (Reason("x", "price", 1.0, "rising"),)
    return Signal(
        symbol, odds, BASE, lift, 2 * lift, grade(odds), reasons, None, 40, 60, (), 0.04, 1.0, 0.0, steady=2 * lift
    )


@pytest.fixture(scope="module")
def signals(members):
    """The same for every week: half of DeFi is bullish."""
    return WeekSignals(
        MONDAY, MONDAY, MarketView(0.5, 0.5, ()), tuple(said(s, 0.03 - 0.005 * k) for k, s in enumerate(members))
    )


def order(kind, effective, symbol=None):
    given = dt.datetime.combine(effective - DAY, dt.time(9), dt.UTC)
    return Order(f"{effective}/1", kind, "defi", symbol, "its pool was drained", "admin-7", given, effective)


def walk(track, panel, signals, first, days, orders=NO_ORDERS):
    for date in (first + k * DAY for k in range(days)):
        seen = panel.until(date)
        track.reach(seen, date)
        track.decide(seen, signals, orders)
    track.mark(panel, first + (days - 1) * DAY)
    return track


def rebalances(*dates):
    return Orders.of([order("rebalance", date) for date in dates])


def test_nothing_is_decided_before_the_first_monday(panel, signals):
    tuesday = MONDAY - 6 * DAY
    track = walk(Track("defi", "balanced"), panel, signals, tuesday, 6, rebalances(tuesday + DAY))
    assert (track.decisions, track.levels) == ([], [])
    assert [d.date for d in walk(track, panel, signals, MONDAY, 1).decisions] == [MONDAY]


@pytest.mark.rule("1.2")
def test_a_decision_is_settled_once_its_close_is_there_and_once_only(panel, signals):
    track = walk(Track("defi", "balanced"), panel, signals, MONDAY, 1)
    track.reach(panel, MONDAY)
    assert track.settlements == []
    for _ in range(2):
        track.reach(panel, MONDAY + DAY)
        assert [s.date for s in track.settlements] == [MONDAY]
    assert track.portfolio == track.settlements[0].portfolio
    assert track.waiting is None


def test_while_a_decision_waits_for_its_close_no_other_is_made(panel, signals):
    second = MONDAY + 7 * DAY
    track = walk(Track("defi", "balanced"), panel, signals, MONDAY, 8)
    orders = rebalances(second + DAY)
    assert track.waiting.date == second
    assert track.decide(panel.until(second + DAY), signals, orders) is None
    track.reach(panel, second + DAY)
    assert track.decide(panel.until(second + DAY), signals, orders).sequence == 1


@pytest.mark.rule("8.1")
def test_a_week_whose_monday_was_missed_begins_with_number_one_all_the_same(panel, signals):
    tuesday = MONDAY + 8 * DAY
    before = walk(Track("defi", "balanced"), panel, signals, MONDAY, 7, rebalances(MONDAY + DAY, MONDAY + 3 * DAY))
    assert before.last == (MONDAY + 3 * DAY, 2)
    later = Track("defi", "balanced", before.portfolio, before.waiting, before.last)
    assert [d.sequence for d in walk(later, panel, signals, tuesday, 1, rebalances(tuesday)).decisions] == [1]


def test_every_day_has_one_level_whatever_is_decided_on_it(panel, signals):
    orders = rebalances(MONDAY + 2 * DAY, MONDAY + 3 * DAY, MONDAY + 6 * DAY)
    track = walk(Track("defi", "balanced"), panel, signals, MONDAY, 20, orders)
    assert [point.date for point in track.levels] == [MONDAY + k * DAY for k in range(19)]
    traded = {point.date for point in track.levels if point.turnover}
    assert traded == {s.date for s in track.settlements if s.turnover}


@pytest.mark.rule("8.1", "8.2")
def test_decisions_between_weeks_have_their_own_number_in_each_week(panel, signals):
    orders = rebalances(MONDAY + DAY, MONDAY + 3 * DAY, MONDAY + 9 * DAY)
    track = walk(Track("defi", "balanced"), panel, signals, MONDAY, 14, orders)
    assert [(d.date - MONDAY, d.sequence) for d in track.decisions] == [
        (0 * DAY, 0), (DAY, 1), (3 * DAY, 2), (7 * DAY, 0), (9 * DAY, 1),
    ]  # fmt: skip
    assert [len(d.causes) for d in track.decisions] == [0, 1, 1, 0, 1]


@pytest.mark.rule("8.2")
def test_a_rebalance_ordered_for_a_monday_is_a_cause_of_the_weekly_decision(panel, signals):
    track = walk(Track("defi", "balanced"), panel, signals, MONDAY, 8, rebalances(MONDAY + 7 * DAY))
    first, second = track.decisions
    assert (first.causes, second.sequence) == ((), 0)
    assert [cause.trigger for cause in second.causes] == ["order"]


@pytest.mark.rule("8.3")
def test_an_excluded_token_is_sold_at_the_orders_own_close_and_stays_out(panel, signals):
    plain = walk(Track("defi", "balanced"), panel, signals, MONDAY, 2)
    best = max((h for h in plain.decisions[0].holdings if not h.stable), key=lambda h: h.weight).symbol
    orders = Orders.of([order("exclude", MONDAY + 3 * DAY, best)])
    track = walk(Track("defi", "balanced"), panel, signals, MONDAY, 16, orders)
    sold = track.decisions[1]
    assert (sold.date, sold.sequence, [c.key for c in sold.causes]) == (MONDAY + 3 * DAY, 1, [f"exclusion:{best}"])
    assert [(h.symbol, h.rule) for h in sold.holdings if h.action is Action.SELL] == [(best, "excluded")]
    assert best in track.settlements[0].portfolio.units
    assert not [s for s in track.settlements[1:] if best in s.portfolio.units]
    assert len(track.decisions) == 4  # and three Mondays


@pytest.mark.rule("9.2")
def test_a_paused_index_trades_nothing_until_it_is_let_go(panel, signals):
    pause, resume = MONDAY + 2 * DAY, MONDAY + 11 * DAY
    given = [
        order("pause", pause),
        order("resume", resume),
        order("rebalance", pause + DAY),
        order("rebalance", resume),
    ]
    track = walk(Track("defi", "balanced"), panel, signals, MONDAY, 13, Orders.of(given))
    assert [(d.date - MONDAY, d.sequence) for d in track.decisions] == [(0 * DAY, 0), (7 * DAY, 0), (11 * DAY, 1)]
    paused = track.decisions[1]
    assert (paused.trades, {h.rule for h in paused.holdings if not h.stable}) == ((), {"paused"})
    assert track.settlements[1].portfolio.units == track.settlements[0].portfolio.units


@pytest.mark.parametrize("mode", COMPARATORS)
def test_a_comparator_knows_no_orders_and_no_days_between(panel, signals, mode):
    given = [order("pause", MONDAY), order("rebalance", MONDAY + DAY), order("rebalance", MONDAY + 7 * DAY)]
    ordered = walk(Track("defi", mode), panel, signals, MONDAY, 15, Orders.of(given))
    plain = walk(Track("defi", mode), panel, signals, MONDAY, 15)
    assert (ordered.decisions, ordered.levels) == (plain.decisions, plain.levels)
    assert {d.date.weekday() for d in plain.decisions} == {0}


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 7, 8, 9])
def test_a_walk_that_was_interrupted_goes_on_as_if_it_had_not_been(panel, signals, cut):
    """F2: from what is stored (portfolio, open decision, newest key) alone."""
    orders = rebalances(MONDAY + DAY, MONDAY + 3 * DAY, MONDAY + 8 * DAY)
    whole = walk(Track("defi", "balanced"), panel, signals, MONDAY, 12, orders)
    first = walk(Track("defi", "balanced"), panel, signals, MONDAY, cut, orders)
    rest = Track("defi", "balanced", first.portfolio, first.waiting, first.last)
    walk(rest, panel, signals, MONDAY + cut * DAY, 12 - cut, orders)
    assert [*first.decisions, *rest.decisions] == whole.decisions
    assert [*first.settlements, *rest.settlements] == whole.settlements
    known = {point.date: point for point in (*first.levels, *rest.levels)}
    assert list(known.values()) == whole.levels
