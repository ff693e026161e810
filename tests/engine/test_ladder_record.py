"""The ladder's record, by hand: what a risk-off saved after its costs, what was a false alarm, and what came late."""

import datetime as dt
import math
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from engine.ladder_record import FALL, MOVED, LadderMove, ladder_moves, ladder_record
from engine.model import (
    Action,
    Decision,
    Fill,
    Holding,
    LevelPoint,
    Portfolio,
    RiskReading,
    RiskStep,
    Settlement,
    Trade,
)

START = dt.date(2022, 1, 3)
DAY = dt.timedelta(days=1)
NORMAL, RAISED, HIGH, EXTREME = RiskStep
RATE = 0.003


def day(number):
    return START + number * DAY


def twin(levels):
    return [LevelPoint(day(i), level, level) for i, level in enumerate(levels)]


def path(*legs):
    """A level walked in straight lines: path((0, 100), (10, 50), ...) by day number."""
    levels = []
    for (a, low), (b, high) in pairwise(legs):
        levels += [low + (high - low) * i / (b - a) for i in range(b - a)]
    return twin([*levels, legs[-1][1]])


def moves(*steps, rate=RATE):
    """(day number, step, share before, share after) each; the step before is the last one's, at first its own."""
    out, last = [], None
    for number, step, before, after in steps:
        out.append(LadderMove(day(number), last or step, step, before, after, rate))
        last = step
    return out


@pytest.mark.rule("5.6")
def test_a_risk_off_before_a_fall_helped_by_what_it_added_times_the_loss_less_both_ways_costs():
    walked = moves((0, NORMAL, 0, 0), (10, RAISED, 0.0, 0.4), (20, NORMAL, 0.45, 0.0))
    record = ladder_record(walked, path((0, 100), (10, 100), (20, 75), (30, 75)))
    (episode,) = record.risk_offs
    assert (episode.start, episode.end, episode.base, episode.highest) == (day(10), day(20), NORMAL, RAISED)
    assert episode.twin == pytest.approx(-0.25)
    assert episode.added == 0.4
    assert episode.cost == pytest.approx((0.4 + 0.45) * RATE)
    assert episode.saved == pytest.approx(0.4 * 0.25 - 0.85 * RATE)
    assert episode.outcome == "helped"
    assert record.saved == episode.saved


@pytest.mark.rule("5.6")
def test_a_risk_off_before_a_rise_is_a_false_alarm_and_so_is_one_that_only_paid_costs():
    walked = moves((0, NORMAL, 0, 0), (10, RAISED, 0.0, 0.4), (20, NORMAL, 0.4, 0.0))
    for after in (110, 100, 99.5):
        (episode,) = ladder_record(walked, path((0, 100), (10, 100), (20, after), (30, after))).risk_offs
        assert episode.outcome == "false alarm"
        assert episode.saved < 0


@pytest.mark.rule("5.6")
def test_only_what_was_added_counts_not_what_was_in_stablecoins_before():
    walked = moves((0, NORMAL, 0, 0), (10, RAISED, 0.3, 0.5), (20, NORMAL, 0.5, 0.3))
    (episode,) = ladder_record(walked, path((0, 100), (10, 100), (20, 50))).risk_offs
    assert episode.saved == pytest.approx(0.2 * 0.5 - 0.4 * RATE)


def test_a_share_that_sinks_below_the_eves_is_no_deed_of_the_ladder():
    walked = moves((0, NORMAL, 0, 0), (10, RAISED, 0.3, 0.5), (15, RAISED, 0.5, 0.1), (20, NORMAL, 0.1, 0.0))
    (episode,) = ladder_record(walked, path((0, 100), (10, 100), (15, 100), (20, 200))).risk_offs
    assert episode.saved == pytest.approx(-0.4 * RATE)


def test_further_steps_up_belong_to_the_same_risk_off_and_each_stretch_counts_with_its_own_share():
    walked = moves(
        (0, NORMAL, 0, 0), (7, RAISED, 0.0, 0.2), (14, HIGH, 0.2, 0.6), (21, RAISED, 0.6, 0.3), (28, NORMAL, 0.3, 0)
    )
    (episode,) = ladder_record(walked, path((0, 100), (7, 100), (14, 80), (21, 40), (28, 50), (35, 50))).risk_offs
    gains = 0.2 * 0.2 + 0.6 * 0.5 - 0.3 * 0.25
    assert episode.highest is HIGH
    assert episode.saved == pytest.approx(gains - (0.2 + 0.4 + 0.3 + 0.3) * RATE)
    assert episode.end == day(28)


@pytest.mark.rule("5.6")
def test_a_risk_off_ends_at_the_step_it_began_from():
    walked = moves((0, RAISED, 0, 0.2), (7, HIGH, 0.2, 0.5), (14, RAISED, 0.5, 0.2), (21, NORMAL, 0.2, 0.0))
    (episode,) = ladder_record(walked, path((0, 100), (28, 50))).risk_offs
    assert (episode.base, episode.start, episode.end) == (RAISED, day(7), day(14))


def test_an_index_that_begins_high_has_not_stepped_up():
    walked = moves((0, EXTREME, 1, 0.8), (14, HIGH, 0.8, 0.5), (28, NORMAL, 0.5, 0.0))
    assert ladder_record(walked, path((0, 100), (30, 50))).risk_offs == ()


def test_an_open_risk_off_is_measured_to_the_last_close_and_has_not_paid_its_way_back():
    walked = moves((0, NORMAL, 0, 0), (10, HIGH, 0.0, 0.5))
    record = ladder_record(walked, path((0, 100), (10, 100), (30, 80)))
    (episode,) = record.risk_offs
    assert (episode.end, episode.outcome) == (None, "still open")
    assert episode.saved == pytest.approx(0.5 * 0.2 - 0.5 * RATE)
    assert (record.count("still open"), record.count("helped")) == (1, 0)


@pytest.mark.rule("5.6")
def test_a_step_up_that_found_all_money_in_stablecoins_moved_nothing():
    walked = moves((0, NORMAL, 0, 1), (10, HIGH, 0.9, 0.9 + MOVED / 2), (20, NORMAL, 1, 0.0))
    record = ladder_record(walked, path((0, 100), (10, 100), (20, 50)))
    assert [e.outcome for e in record.risk_offs] == ["moved nothing"]
    assert record.count("helped") == record.count("false alarm") == 0


def test_a_decision_that_waits_for_its_fill_is_not_yet_counted():
    walked = moves((0, NORMAL, 0, 0), (10, HIGH, 0.0, 0.5))
    assert ladder_record(walked, path((0, 100), (9, 90))).risk_offs == ()


@pytest.mark.rule("5.6")
def test_half_of_a_fall_was_past_at_the_first_step_up():
    walked = moves((0, NORMAL, 0, 0), (14, RAISED, 0, 0.3), (16, HIGH, 0.3, 0.5))
    record = ladder_record(walked, path((0, 50), (10, 100), (18, 60), (30, 90)))
    (fall,) = record.falls
    assert (fall.peak, fall.trough, fall.is_over) == (day(10), day(18), True)
    assert fall.depth == pytest.approx(-0.4)
    assert fall.first_step_up == day(14)
    assert fall.past == pytest.approx(0.5)
    assert record.median_past == fall.past


@pytest.mark.rule("5.6")
def test_a_fall_without_a_step_up_was_missed_whole_unless_the_ladder_stood_above_normal():
    levels = path((0, 100), (10, 60), (20, 90))
    asleep = ladder_record(moves((0, NORMAL, 0, 0), (7, NORMAL, 0, 0)), levels)
    awake = ladder_record(moves((0, HIGH, 0, 0.5), (7, HIGH, 0.5, 0.5)), levels)
    assert [f.past for f in asleep.falls] == [1.0]
    assert [f.past for f in awake.falls] == [None]
    assert awake.median_past is None


def test_a_further_step_up_from_above_normal_counts_as_the_first_in_that_fall():
    walked = moves((0, RAISED, 0, 0.2), (5, HIGH, 0.2, 0.5))
    (fall,) = ladder_record(walked, path((0, 100), (10, 60), (20, 90))).falls
    assert fall.past == pytest.approx(0.5)


def test_a_fall_that_is_not_over_is_named_and_not_measured():
    (fall,) = ladder_record(moves((0, NORMAL, 0, 0), (5, HIGH, 0, 0.5)), path((0, 100), (10, 50), (12, 55))).falls
    assert (fall.is_over, fall.past, fall.first_step_up) == (False, None, day(5))


@pytest.mark.rule("5.6")
def test_a_fall_of_less_than_a_fifth_is_none_and_a_rise_of_a_fifth_ends_one():
    asleep = moves((0, NORMAL, 0, 0))
    assert ladder_record(asleep, path((0, 100), (10, 81), (20, 100), (30, 81), (40, 200))).falls == ()
    twice = ladder_record(asleep, path((0, 100), (10, 50), (20, 61), (30, 40), (40, 70)))
    assert [(f.peak, f.trough) for f in twice.falls] == [(day(0), day(10)), (day(20), day(30))]
    once = ladder_record(asleep, path((0, 100), (10, 50), (20, 59), (30, 40), (40, 70)))
    assert [(f.peak, f.trough) for f in once.falls] == [(day(0), day(30))]


def test_the_twin_before_the_first_decision_is_not_held_against_the_ladder():
    record = ladder_record(moves((20, NORMAL, 0, 0)), path((0, 100), (10, 50), (20, 100), (30, 110)))
    assert (record.since, record.falls) == (day(20), ())


def test_without_decisions_or_without_a_twin_there_is_no_record():
    assert ladder_record([], path((0, 100), (10, 50))).since is None
    empty = ladder_record(moves((0, NORMAL, 0, 0), (7, HIGH, 0, 0.5)), [])
    assert (empty.risk_offs, empty.falls, empty.median_past, empty.saved) == ((), (), None, 0)


def test_a_twin_that_lost_everything_divides_by_nothing():
    walked = moves((0, NORMAL, 0, 0), (3, HIGH, 0, 0.5), (6, NORMAL, 0.5, 0), (7, HIGH, 0, 0.5))
    record = ladder_record(walked, twin([100.0, 100, 100, 100, 0, 0, 0, 0, 0, 0]))
    assert record.risk_offs[0].saved == pytest.approx(0.5 - 2 * 0.5 * RATE)
    assert record.falls[0].depth == -1


steps = st.lists(st.tuples(st.sampled_from(list(RiskStep)), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12)
daily = st.lists(st.floats(-0.3, 0.4), min_size=90, max_size=90)


@pytest.mark.rule("5.6")
@given(steps, daily)
def test_on_any_market_the_counts_add_up_and_every_share_of_a_fall_lies_in_it(walked, changes):
    record = ladder_record(
        moves(*((7 * i, step, a, b) for i, (step, a, b) in enumerate(walked))),
        twin([100 * math.exp(sum(changes[:i])) for i in range(len(changes))]),
    )
    outcomes = ("helped", "false alarm", "moved nothing", "still open")
    assert sum(record.count(outcome) for outcome in outcomes) == len(record.risk_offs)
    assert record.count("still open") <= 1
    assert all(a.end <= b.start for a, b in pairwise(record.risk_offs))
    assert all(a.trough < b.peak for a, b in pairwise(record.falls))
    for fall in record.falls:
        assert fall.depth <= -FALL + 1e-9
        assert fall.past is None or -1e-9 <= fall.past <= 1 + 1e-9
    for episode in record.risk_offs:
        assert episode.cost >= 0
        assert (episode.outcome == "helped") <= (episode.saved > 0)


def reading(step, previous):
    return RiskReading(50.0, step, previous, (), 0.5, 0.25, "for the test")


def decided(number, risk, weights, fills=None, cost=0.0):
    """{symbol: (from, to)}; a settlement where `fills` {symbol: (from, to)} are given."""
    lines = tuple(Holding(s, a, b, Action.HOLD, "conviction", "", stable=s == "USDC") for s, (a, b) in weights.items())
    trades = tuple(Trade(s, b - a, 0.0 if s == "USDC" else 0.004) for s, (a, b) in weights.items() if a != b)
    decision = Decision(
        "defi", "balanced", day(number), 0, risk, lines, trades, 0.1, sum(abs(t.change) * t.cost_rate for t in trades),
        5, 1000.0, 1000.0, (), "2.0",
    )  # fmt: skip
    if fills is None:
        return decision, None
    book = Portfolio(day(number), {}, {}, {}, 1000, 1000, 1)
    made = tuple(Fill(s, 1.0, a, b, 0.0, "filled") for s, (a, b) in fills.items())
    return decision, Settlement("defi", "balanced", day(number), 0, made, 0.1, cost, book)


def test_decisions_are_read_with_the_rate_that_their_fills_paid_and_the_estimate_until_then():
    walked = ladder_moves([
        decided(0, reading(NORMAL, None), {"AAA": (0, 1.0), "USDC": (1.0, 0)}, {"AAA": (0, 1.0)}, cost=0.005),
        decided(7, reading(RAISED, NORMAL), {"AAA": (1.0, 0.7), "USDC": (0, 0.3)}),
    ])  # fmt: skip
    assert walked == [
        LadderMove(day(0), NORMAL, NORMAL, 1.0, 0, 0.005),
        LadderMove(day(7), NORMAL, RAISED, 0, 0.3, pytest.approx(0.004)),
    ]
    assert [move.is_up for move in walked] == [False, True]


def test_a_history_that_begins_in_the_middle_knows_the_step_before_it():
    (move,) = ladder_moves([decided(0, reading(HIGH, NORMAL), {"USDC": (0.2, 0.6), "AAA": (0.8, 0.4)})])
    assert (move.previous, move.step, move.is_up) == (NORMAL, HIGH, True)


def test_a_decision_that_read_no_risk_leaves_the_ladder_where_it_stood():
    still = {"AAA": (0.5, 0.5), "USDC": (0.5, 0.5)}
    assert ladder_moves([decided(0, None, still)]) == []
    walked = ladder_moves([decided(0, reading(HIGH, NORMAL), still), decided(7, None, still)])
    assert [(m.step, m.rate, m.is_up) for m in walked] == [(HIGH, 0.0, True), (HIGH, 0.0, False)]
