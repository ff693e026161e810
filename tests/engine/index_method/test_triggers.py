"""Each written trigger by its own small market: at its bound, and just short of it."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from engine.draft import ANSWERED_DAYS, begin
from engine.model import Order, Portfolio, RiskReading, RiskStep
from engine.orders import NO_ORDERS, Orders
from engine.stablecoins import ORDER
from engine.triggers import DROUGHT_LEAST, TRIGGERS, Scene, read_causes

DAYS = 100
NAMES = [f"T{i:02d}" for i in range(10)]
NORMAL = RiskReading(30.0, RiskStep.NORMAL, RiskStep.NORMAL, (), None, 0.0, "calm")
RISEN = replace(NORMAL, score=46.0, step=RiskStep.RAISED)


@pytest.fixture
def quiet():
    """A market in which nothing happens: every price stands still."""
    return {s: np.ones(DAYS) for s in (*NAMES, "BTC", "USDC", "DAI", "USDT")}


def book(panel, held, since=3, answered=None):
    """A portfolio of shares of 1000 at one dollar a token, settled `since` days ago."""
    day = panel.as_of - dt.timedelta(days=since)
    units = {symbol: 1000 * share for symbol, share in held.items()}
    ones = dict.fromkeys(units, 1.0)
    marked = dict.fromkeys(units, day.isoformat())
    told = {key: str(when) for key, when in (answered or {}).items()}
    return Portfolio(day, units, ones, marked, 1000.0, 1000.0, 1.0, RiskStep.NORMAL, day, told)


HELD = {"T00": 0.3, "T01": 0.3, "USDC": 0.4}


def causes(panel, held=None, risk=NORMAL, orders=NO_ORDERS, since=3, answered=None):
    draft = begin("defi", "balanced", panel, book(panel, held or HELD, since, answered), 1)
    members = np.array([panel.column(s) for s in NAMES], dtype=np.intp)
    return read_causes(Scene(draft, members, risk, orders))


def keys(*args, **kwargs):
    return [cause.key for cause in causes(*args, **kwargs)]


def order(kind, day, symbol=None, index="defi", number=1):
    given = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(9), dt.UTC)
    return Order(f"{day}/{number}", kind, index, symbol, "its pool was drained", "admin-7", given, day)


def test_where_nothing_happens_nothing_is_found(make_panel, quiet):
    assert causes(make_panel(quiet)) == ()


@pytest.mark.rule("8.2")
def test_an_ordered_rebalance_calls_from_its_instant_on_once_and_in_its_index(make_panel, quiet):
    panel = make_panel(quiet)
    today, one = panel.as_of, dt.timedelta(days=1)
    assert keys(panel, orders=Orders.of([order("rebalance", today)])) == [f"order:{today}/1"]
    assert keys(panel, orders=Orders.of([order("rebalance", today, index=None)])) == [f"order:{today}/1"]
    missed = order("rebalance", today - one)
    assert keys(panel, orders=Orders.of([missed])) == [f"order:{missed.id}"]
    assert keys(panel, orders=Orders.of([missed]), answered={f"order:{missed.id}": str(today - one)}) == []
    for other in (
        order("rebalance", today - 7 * one),
        order("rebalance", today + one),
        order("rebalance", today, index="ai"),
    ):
        assert causes(panel, orders=Orders.of([other])) == ()


@pytest.mark.rule("8.2")
def test_an_order_is_told_with_its_pseudonym_and_reason(make_panel, quiet):
    panel = make_panel(quiet)
    (cause,) = causes(panel, orders=Orders.of([order("rebalance", panel.as_of)]))
    assert "admin-7" in cause.text
    assert "its pool was drained" in cause.text


@pytest.mark.rule("8.3")
def test_an_exclusion_calls_for_as_long_as_it_stands_and_the_token_is_held(make_panel, quiet):
    panel = make_panel(quiet)
    today, week = panel.as_of, dt.timedelta(days=7)
    assert keys(panel, orders=Orders.of([order("exclude", today, "T00")])) == ["exclusion:T00"]
    assert keys(panel, orders=Orders.of([order("exclude", today - week, "T00")])) == ["exclusion:T00"]
    assert causes(panel, orders=Orders.of([order("exclude", today + dt.timedelta(days=1), "T00")])) == ()
    assert causes(panel, orders=Orders.of([order("exclude", today, "T02")])) == ()  # not held
    assert causes(panel, orders=Orders.of([order("exclude", today, "T00", "ai")])) == ()
    back = [order("exclude", today - week, "T00"), order("include", today, "T00", number=2)]
    assert causes(panel, orders=Orders.of(back)) == ()


@pytest.mark.rule("8.4")
@pytest.mark.parametrize("since, found", [(1, []), (2, ["step_up"]), (3, ["step_up"])])
def test_a_step_up_rests_for_two_days_after_a_fill(make_panel, quiet, since, found):
    assert [c.trigger for c in causes(make_panel(quiet), risk=RISEN, since=since)] == found


@pytest.mark.rule("8.4")
def test_a_step_up_names_both_steps_and_the_score(make_panel, quiet):
    (cause,) = causes(make_panel(quiet), risk=RISEN)
    assert cause.text == "Risk rose from normal to raised (46 of 100)"


@pytest.mark.rule("8.5")
@pytest.mark.parametrize("fall, found", [(0.40, True), (0.399, False)], ids=["at the bound", "just short"])
@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_holding_that_falls_by_forty_percent_within_three_days_collapsed(make_panel, quiet, days, fall, found):
    quiet["T00"][-days:] = 1 - fall
    if days > 1:
        quiet["T00"][-days:-1] = 1 - fall / 2  # a fall in two parts
    assert keys(make_panel(quiet)) == (["collapse:T00"] if found else [])


@pytest.mark.rule("8.5")
def test_a_fall_over_four_days_is_no_collapse(make_panel, quiet):
    quiet["T00"][-4:] = 0.9, 0.8, 0.7, 0.58
    assert causes(make_panel(quiet)) == ()


@pytest.mark.rule("8.5")
@pytest.mark.parametrize("median, found", [(0.75, True), (0.74, False)], ids=["25 points more", "24 points more"])
def test_a_fall_with_everybody_else_is_no_collapse(make_panel, quiet, median, found):
    for symbol in NAMES:
        quiet[symbol][-1] = median
    quiet["T00"][-1] = 0.5
    assert keys(make_panel(quiet)) == (["collapse:T00"] if found else [])


@pytest.mark.rule("8.5")
def test_a_collapse_is_told_once_over_its_shortest_span(make_panel, quiet):
    """A fall in one day is one over two and three days, too."""
    quiet["T00"][-1] = 0.5
    (cause,) = causes(make_panel(quiet))
    assert cause.text == "T00 fell 50 % in a day, far more than its peers"


@pytest.mark.rule("8.5")
def test_what_is_not_held_cannot_collapse(make_panel, quiet):
    quiet["T05"][-1] = 0.1
    assert causes(make_panel(quiet)) == ()


def dry(panel, level, days=3, before=1e6, venue_before=0):
    """The panel with T00's volume at `level` for the last days."""
    column, volume, venue = panel.column("T00"), panel.volume.copy(), panel.venue.copy()
    volume[:, column], volume[-days:, column] = before, level
    venue[:-days, column] = venue_before
    return replace(panel, volume=volume, venue=venue)


@pytest.mark.rule("8.6")
@pytest.mark.parametrize("level, found", [(0.999e5, True), (1e5, False)], ids=["under a tenth", "a tenth"])
def test_a_holding_that_is_hardly_traded_for_three_days_dried_up(make_panel, quiet, level, found):
    assert keys(dry(make_panel(quiet), level)) == (["drought:T00"] if found else [])


@pytest.mark.rule("8.6")
def test_two_dry_days_are_no_drought(make_panel, quiet):
    assert causes(dry(make_panel(quiet), 1.0, days=2)) == ()


@pytest.mark.rule("8.6")
def test_volume_on_another_venue_than_before_is_not_compared(make_panel, quiet):
    assert causes(dry(make_panel(quiet), 1.0, venue_before=1)) == ()


@pytest.mark.rule("8.6")
@pytest.mark.parametrize("known, found", [(DROUGHT_LEAST, True), (DROUGHT_LEAST - 1, False)])
def test_a_drought_needs_a_month_of_the_venues_volume(make_panel, quiet, known, found):
    panel = dry(make_panel(quiet), 1.0)
    volume = panel.volume.copy()
    volume[: -3 - known, panel.column("T00")] = np.nan
    assert keys(replace(panel, volume=volume)) == (["drought:T00"] if found else [])


@pytest.mark.rule("8.6")
def test_an_unknown_volume_is_no_drought(make_panel, quiet):
    panel = dry(make_panel(quiet), 1.0)
    volume = panel.volume.copy()
    volume[-2, panel.column("T00")] = np.nan
    assert causes(replace(panel, volume=volume)) == ()


@pytest.mark.rule("8.7", "5.5")
@pytest.mark.parametrize("close, found", [(0.9899, True), (0.99, False), (1.01, False), (1.0101, True)])
def test_a_stablecoin_more_than_a_cent_off_its_dollar_lost_its_peg(make_panel, quiet, close, found):
    quiet["USDC"][-1] = close
    assert keys(make_panel(quiet)) == (["peg_loss:USDC"] if found else [])


@pytest.mark.rule("8.7")
def test_only_a_stablecoin_of_the_leg_and_its_last_close_count(make_panel, quiet):
    quiet["DAI"][-1] = 0.9
    quiet["USDC"][-2] = 0.9
    assert causes(make_panel(quiet)) == ()


@pytest.mark.rule("8.7")
def test_a_stablecoin_that_does_not_close_is_left_where_another_one_is_sound(make_panel, quiet):
    quiet["USDC"][-1] = np.nan
    (cause,) = causes(make_panel(quiet))
    assert (cause.key, cause.text) == ("peg_loss:USDC", "USDC printed no price, off its dollar")
    alone = {symbol: closes for symbol, closes in quiet.items() if symbol not in ORDER} | {"USDC": quiet["USDC"]}
    assert causes(make_panel(alone)) == ()


@pytest.mark.rule("8.7")
def test_a_lost_peg_calls_even_where_no_stablecoin_is_sound(make_panel, quiet):
    for coin in ("USDC", "DAI", "USDT"):
        quiet[coin][-1] = 0.9
    assert keys(make_panel(quiet), held={"T00": 0.3, "USDC": 0.35, "DAI": 0.35}) == ["peg_loss:DAI", "peg_loss:USDC"]


@pytest.mark.rule("8.8")
@pytest.mark.parametrize("silent, found", [(1, False), (2, True), (7, True), (8, False)])
def test_a_holding_without_a_price_for_two_days_stopped_and_an_old_stop_is_no_news(make_panel, quiet, silent, found):
    quiet["T00"][-silent:] = np.nan
    assert keys(make_panel(quiet)) == (["stopped:T00"] if found else [])


@pytest.mark.rule("8.9")
@pytest.mark.parametrize("gap, found", [(3, False), (4, True), (60, True)])
def test_a_holding_that_prints_again_after_more_than_three_days_resumed(make_panel, quiet, gap, found):
    quiet["T00"][-1 - gap : -1] = np.nan
    assert keys(make_panel(quiet)) == (["resumed:T00"] if found else [])


@pytest.mark.rule("8.9")
def test_only_the_first_new_price_is_a_return(make_panel, quiet):
    quiet["T00"][-7:-2] = np.nan
    assert causes(make_panel(quiet)) == ()


@pytest.mark.rule("8.1")
@pytest.mark.parametrize("ago, found", [(0, False), (ANSWERED_DAYS - 1, False), (ANSWERED_DAYS, True)])
def test_a_cause_is_not_answered_again_for_28_days(make_panel, quiet, ago, found):
    quiet["T00"][-1] = 0.5
    panel = make_panel(quiet)
    answered = {"collapse:T00": panel.as_of - dt.timedelta(days=ago)}
    assert keys(panel, answered=answered) == (["collapse:T00"] if found else [])


@pytest.mark.rule("8.1")
def test_another_cause_is_answered_all_the_same(make_panel, quiet):
    quiet["T00"][-1] = quiet["T01"][-1] = 0.5
    panel = dry(make_panel(quiet), 1.0)
    answered = {"collapse:T00": panel.as_of - dt.timedelta(days=1)}
    assert keys(panel, answered=answered) == ["collapse:T01", "drought:T00"]


@pytest.mark.rule("8.1")
def test_causes_come_in_the_order_of_the_table(make_panel, quiet):
    """One day on which everything happens; every trigger of the table is in it."""
    held = dict.fromkeys(["T00", "T01", "T02", "T03", "T04", "USDC"], 1 / 6)
    quiet["USDC"][-1] = 0.9
    quiet["T01"][-1] = 0.5
    quiet["T02"][-3:] = np.nan
    quiet["T03"][-6:-1] = np.nan
    panel = dry(make_panel(quiet), 1.0)
    given = Orders.of([order("rebalance", panel.as_of), order("exclude", panel.as_of, "T04", number=2)])
    found = [cause.trigger for cause in causes(panel, held, RISEN, given)]
    assert found == [trigger.name for trigger in TRIGGERS]
