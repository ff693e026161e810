"""Between weeks: only for a written trigger, only what its cause calls for, and never a purchase unless by order."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from engine import as_needed
from engine.as_needed import decide_as_needed
from engine.decide import decide
from engine.draft import ANSWERED_DAYS
from engine.level import CASH, weights_at
from engine.model import Action, Order, Portfolio, RiskStep
from engine.modes import mode, modes
from engine.orders import NO_ORDERS, Orders
from engine.rebalance import SMALLEST
from engine.settle import settle
from engine.triggers import TRIGGERS

DAYS = 130
NAMES = [f"T{i:02d}" for i in range(12)]
STABLES = ("USDC", "DAI", "USDT")
HELD = {"T00": 0.25, "T01": 0.2, "T02": 0.15, "T03": 0.15, "USDC": 0.25}


@pytest.fixture
def paths():
    """Rising random walks, so that the ladder stays calm."""
    rng = np.random.default_rng(1)
    common = rng.normal(0.004, 0.01, DAYS)
    walks = {s: np.exp(np.cumsum(common + rng.normal(0, 0.015, DAYS))) for s in NAMES}
    return {"BTC": np.exp(np.cumsum(common)), **walks} | {s: np.ones(DAYS) for s in STABLES}


def book(panel, held=HELD, step=RiskStep.NORMAL, since=3, answered=None):
    """A portfolio worth 1000 with these shares at the last known closes, settled `since` days ago."""
    day = panel.as_of - dt.timedelta(days=since)
    last = {s: panel.close[np.isfinite(panel.close[:, j]), j][-1] for s in held if (j := panel.column(s)) is not None}
    last |= {CASH: 1.0}
    units = {s: 1000 * share / last[s] for s, share in held.items()}
    marked = dict.fromkeys(units, day.isoformat())
    told = {key: str(when) for key, when in (answered or {}).items()}
    return Portfolio(day, units, {s: last[s] for s in units}, marked, 1000.0, 1000.0, 1.0, step, day, told)


@pytest.fixture
def answer(make_signals):
    """Decide as needed on a panel: `answer(panel, portfolio, orders=..., index_mode=...)`."""

    def run(panel, portfolio, orders=NO_ORDERS, index_mode="balanced", lifts=None, sequence=1):
        monday = panel.as_of - dt.timedelta(days=panel.as_of.weekday())
        signals = make_signals(lifts or dict.fromkeys(NAMES, 0.02), monday)
        return decide_as_needed("defi", index_mode, panel, signals, portfolio, sequence, orders)

    return run


def score(monkeypatch, value):
    monkeypatch.setattr(as_needed, "score_of", lambda components: value)


def order(kind, day, symbol=None):
    given_at = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(9), dt.UTC)
    return Order(f"{day}/1", kind, "defi", symbol, "its pool was drained", "admin-7", given_at, day)


def lines(decision):
    return {line.symbol: line for line in decision.holdings}


def traded(decision):
    return {trade.symbol for trade in decision.trades}


def risky(decision):
    return {s: line for s, line in lines(decision).items() if not line.stable}


def keys(decision):
    return [cause.key for cause in decision.causes]


def total(decision):
    return sum(line.weight for line in decision.holdings)


@pytest.mark.rule("8.1")
def test_without_a_cause_nothing_is_decided(make_panel, paths, answer):
    panel = make_panel(paths)
    assert answer(panel, book(panel)) is None


@pytest.mark.rule("8.1")
def test_an_index_that_holds_nothing_yet_waits_for_its_first_monday(make_panel, paths, answer):
    panel = make_panel(paths)
    assert answer(panel, None, Orders.of([order("rebalance", panel.as_of)])) is None


@pytest.mark.rule("8.1", "9.2")
def test_a_paused_index_answers_no_cause(make_panel, paths, answer):
    paths["T00"][-1] *= 0.4
    panel = make_panel(paths)
    given_orders = [order("pause", panel.as_of), replace(order("rebalance", panel.as_of), id="x/2")]
    assert answer(panel, book(panel)) is not None
    assert answer(panel, book(panel), Orders.of(given_orders)) is None


def sells_alone(decision, symbol, rule):
    """That `symbol` is sold by `rule`, that every other token is left alone, and that money only moves to the leg."""
    sold = lines(decision)[symbol]
    assert (sold.action, sold.rule, sold.weight) == (Action.SELL, rule, 0.0)
    assert traded(decision) - set(STABLES) == {symbol}
    others = [line for line in risky(decision).values() if line.symbol != symbol]
    assert {(line.action, line.rule) for line in others} == {(Action.HOLD, "untouched")}
    assert all(line.weight == line.from_weight for line in others)
    assert total(decision) == pytest.approx(1, abs=1e-12)


@pytest.mark.rule("8.5")
def test_a_collapsed_token_is_sold_and_nothing_else(make_panel, paths, answer):
    paths["T00"][-1] *= 0.4
    panel = make_panel(paths)
    decision = answer(panel, book(panel))
    sells_alone(decision, "T00", "collapse")
    assert keys(decision) == ["collapse:T00"]
    assert lines(decision)["T00"].reason.startswith("fell ")
    assert (decision.sequence, decision.date) == (1, panel.as_of)
    assert decision.names_after < decision.names_before


@pytest.mark.rule("8.6")
def test_a_token_that_dried_up_is_sold_and_nothing_else(make_panel, paths, answer):
    panel = make_panel(paths)
    volume = panel.volume.copy()
    volume[-3:, panel.column("T01")] = 1.0
    sells_alone(answer(replace(panel, volume=volume), book(panel)), "T01", "drought")


@pytest.mark.rule("8.3")
def test_an_excluded_token_is_sold_and_nothing_else(make_panel, paths, answer):
    panel = make_panel(paths)
    decision = answer(panel, book(panel), Orders.of([order("exclude", panel.as_of, "T02")]))
    sells_alone(decision, "T02", "excluded")
    assert "its pool was drained" in lines(decision)["T02"].reason


@pytest.mark.rule("8.9", "4.6")
def test_a_stopped_token_is_told_once_and_sold_at_its_first_price(make_panel, paths, answer):
    """Ten days without a price, and what is decided and settled on each of them and after."""
    end = DAYS - 3
    paths["T03"][end - 10 : end] = np.nan
    panel = make_panel(paths)
    dates = [panel.dates[row].item() for row in range(end - 10, DAYS)]
    portfolio, made = book(panel.until(dates[0])), []
    for date in dates:
        decision = answer(panel.until(date), portfolio)
        if decision is not None:
            made.append(decision)
            settlement = settle(decision, portfolio, panel.until(date + dt.timedelta(days=1)))
            portfolio = settlement.portfolio
    told, sold = made
    assert (keys(told), told.date) == (["stopped:T03"], dates[2])  # at the end of the second day without a price
    assert (traded(told), lines(told)["T03"].action) == (set(), Action.STUCK)
    assert told.notes == ("Cannot be sold, price stopped: T03.",)
    assert (keys(sold), sold.date) == (["resumed:T03"], dates[11])  # known at the close of the first day with a price
    sells_alone(sold, "T03", "resumed")
    [fill] = [fill for fill in settlement.fills if fill.symbol == "T03"]
    assert (fill.status, fill.weight, fill.price) == ("filled", 0.0, paths["T03"][end + 1])
    assert "T03" not in portfolio.units


@pytest.mark.rule("8.2")
def test_an_order_runs_the_whole_weekly_line(make_panel, make_signals, paths, answer):
    panel = make_panel(paths)
    portfolio, orders = book(panel), Orders.of([order("rebalance", panel.as_of)])
    decision = answer(panel, portfolio, orders)
    assert keys(decision) == [f"order:{panel.as_of}/1"]
    assert any(line.action is Action.BUY_NEW for line in risky(decision).values())
    signals = make_signals(dict.fromkeys(NAMES, 0.02), panel.as_of - dt.timedelta(days=panel.as_of.weekday()))
    assert decision == decide("defi", "balanced", panel, signals, portfolio, 1, orders, decision.causes)


@pytest.mark.rule("8.2", "8.5")
@pytest.mark.parametrize("symbol", ["T00", "T05"], ids=["held", "best of all"])
def test_an_order_on_the_day_of_a_collapse_sells_what_collapsed(make_panel, paths, answer, symbol):
    """A cause that is recorded as answered is answered, however well the week's signals spoke of the token."""
    paths[symbol][-1] *= 0.5
    panel = make_panel(paths)
    portfolio = book(panel, {symbol: 0.2, "T01": 0.2, "USDC": 0.6})
    best = dict.fromkeys(NAMES, 0.01) | {symbol: 0.06}
    decision = answer(panel, portfolio, Orders.of([order("rebalance", panel.as_of)]), lifts=best)
    assert [cause.trigger for cause in decision.causes] == ["order", "collapse"]
    sold = lines(decision)[symbol]
    assert (sold.action, sold.rule) == (Action.SELL, "collapse")
    assert sold.reason.startswith("fell ")


@pytest.mark.rule("8.2", "5.3")
def test_an_order_between_weeks_does_not_bring_the_ladder_down(make_panel, paths, answer):
    panel = make_panel(paths)
    high = book(panel, step=RiskStep.HIGH, since=20)
    decision = answer(panel, high, Orders.of([order("rebalance", panel.as_of)]))
    assert decision.risk.score < mode("balanced").threshold(RiskStep.RAISED)
    assert decision.risk.step is RiskStep.HIGH


@pytest.mark.rule("8.4")
@pytest.mark.parametrize("name", modes())
@pytest.mark.parametrize("step", [RiskStep.RAISED, RiskStep.HIGH, RiskStep.EXTREME])
def test_the_ladder_climbs_five_points_past_a_bound_and_not_before(make_panel, paths, answer, monkeypatch, name, step):
    panel = make_panel(paths)
    below = list(RiskStep)[list(RiskStep).index(step) - 1]
    full = {**dict.fromkeys(NAMES[:8], 0.12), "USDC": 0.04}
    score(monkeypatch, mode(name).threshold(step) + 4.99)
    assert answer(panel, book(panel, full, below), index_mode=name) is None
    score(monkeypatch, mode(name).threshold(step) + 5)
    decision = answer(panel, book(panel, full, below), index_mode=name)
    assert [cause.trigger for cause in decision.causes] == ["step_up"]
    assert (decision.risk.previous_step, decision.risk.step) == (below, step)
    assert decision.stablecoin_share >= mode(name).stablecoin_share(step) - 1e-9


@pytest.mark.rule("8.4")
def test_a_step_up_shrinks_all_holdings_alike_to_what_the_step_asks(make_panel, paths, answer, monkeypatch):
    panel = make_panel(paths)
    score(monkeypatch, 60.0)
    decision = answer(panel, book(panel))
    ratios = [line.weight / line.from_weight for line in risky(decision).values()]
    assert ratios == pytest.approx([ratios[0]] * 4, rel=1e-12)
    assert {(line.action, line.rule) for line in risky(decision).values()} == {(Action.TRIM, "risk_ladder")}
    assert decision.risk.step is RiskStep.HIGH
    assert decision.stablecoin_share == pytest.approx(decision.risk.stablecoin_share)
    assert total(decision) == pytest.approx(1, abs=1e-12)
    assert {s for s, line in lines(decision).items() if line.stable and line.weight} == {"USDC", "DAI"}


@pytest.mark.rule("8.4", "4.5")
def test_a_step_up_leaves_a_holding_whose_share_would_hardly_change(make_panel, paths, answer, monkeypatch):
    panel = make_panel(paths)
    score(monkeypatch, 46.0)
    decision = answer(panel, book(panel, {"T00": 0.5, "T01": 0.49, "T02": 0.01}))
    assert lines(decision)["T02"].rule == "untouched"
    assert 0.01 * (1 - lines(decision)["T00"].weight / 0.5) < SMALLEST
    assert traded(decision) == {"T00", "T01", "USDC"}


@pytest.mark.rule("8.4")
def test_a_step_up_never_buys_where_less_is_held_than_it_leaves(make_panel, paths, answer, monkeypatch):
    paths["T00"][-1] *= 0.4
    panel = make_panel(paths)
    score(monkeypatch, 46.0)
    assert answer(panel, book(panel, {"T01": 0.2, "T02": 0.2, "USDC": 0.3, "DAI": 0.3})) is None
    decision = answer(panel, book(panel, {"T00": 0.1, "T01": 0.2, "T02": 0.1, "USDC": 0.3, "DAI": 0.3}))
    assert [cause.trigger for cause in decision.causes] == ["step_up", "collapse"]
    assert traded(decision) == {"T00", "USDC", "DAI"}


@pytest.mark.rule("8.4", "4.6")
def test_a_step_up_counts_what_cannot_be_sold(make_panel, paths, answer, monkeypatch):
    paths["T00"][-20:] = np.nan
    panel = make_panel(paths)
    score(monkeypatch, 60.0)
    portfolio = book(panel, {"T00": 0.4, "T01": 0.4, "T02": 0.4})
    decision = answer(panel, portfolio)
    assert lines(decision)["T00"].action is Action.STUCK
    assert decision.stablecoin_share == pytest.approx(decision.risk.stablecoin_share)


@pytest.mark.rule("8.4")
@pytest.mark.parametrize("value", [0.0, 34.0, 59.9])
def test_between_weeks_the_ladder_never_comes_down(make_panel, paths, answer, monkeypatch, value):
    paths["T00"][-1] *= 0.4
    panel = make_panel(paths)
    score(monkeypatch, value)
    decision = answer(panel, book(panel, step=RiskStep.HIGH, since=30))
    assert keys(decision) == ["collapse:T00"]
    assert (decision.risk.previous_step, decision.risk.step) == (RiskStep.HIGH, RiskStep.HIGH)


@pytest.mark.rule("8.4")
def test_a_step_is_not_taken_while_it_rests_and_is_taken_after(make_panel, paths, answer, monkeypatch):
    """On the day after a fill another cause may be answered; the step that holdings did not shrink for still waits."""
    paths["T00"][-3:] *= 0.4
    panel = make_panel(paths)
    first, second, third = (panel.until(panel.as_of - dt.timedelta(days=k)) for k in (2, 1, 0))
    score(monkeypatch, 60.0)
    before = book(first, dict.fromkeys(NAMES[:4], 0.25), since=1)
    decision = answer(first, before)
    assert keys(decision) == ["collapse:T00"]
    assert decision.risk.step is RiskStep.NORMAL
    after = settle(decision, before, second).portfolio
    assert (after.date, after.step) == (first.as_of, RiskStep.NORMAL)
    assert answer(second, after, sequence=2) is None
    climbed = answer(third, after, sequence=2)
    assert keys(climbed) == [f"step_up:high after {before.step_since}"]
    assert climbed.stablecoin_share >= 0.5 - 1e-9


@pytest.mark.rule("8.7", "5.5")
@pytest.mark.parametrize(
    "off, leg",
    [(("USDC",), {"DAI"}), (("USDC", "DAI"), {"USDT"}), (("USDC", "DAI", "USDT"), {CASH})],
    ids=["one", "two", "all"],
)
def test_the_leg_turns_to_what_is_sound(make_panel, paths, answer, off, leg):
    for coin in off:
        paths[coin][-1] = 0.95
    panel = make_panel(paths)
    decision = answer(panel, book(panel))
    assert keys(decision) == ["peg_loss:USDC"]
    assert {s for s, line in lines(decision).items() if line.stable and line.weight > 0} == leg
    assert {line.rule for line in risky(decision).values()} == {"untouched"}
    assert decision.cost_estimate == 0
    assert total(decision) == pytest.approx(1, abs=1e-12)


@pytest.mark.rule("8.7", "5.5")
def test_where_only_one_is_sound_the_other_half_of_a_large_leg_waits_as_cash(make_panel, paths, answer):
    paths["USDC"][-1] = paths["DAI"][-1] = 0.95
    panel = make_panel(paths)
    decision = answer(panel, book(panel, {"T00": 0.4, "USDC": 0.3, "DAI": 0.3}))
    shares = {s: line.weight for s, line in lines(decision).items() if line.stable and line.weight > 0}
    assert shares == {"USDT": pytest.approx(0.3, rel=0.03), CASH: shares["USDT"]}


@pytest.mark.rule("8.7")
def test_a_leg_that_turned_is_filled_at_that_days_close(make_panel, paths, answer):
    """USDC is left at what it closes at on the day after, not at the dollar it was bought for."""
    paths["USDC"][-2:] = 0.90, 0.96
    panel = make_panel(paths)
    eve = panel.until(panel.as_of - dt.timedelta(days=1))
    before = book(eve)
    after = settle(answer(eve, before), before, panel).portfolio
    assert "USDC" not in after.units
    assert after.units["DAI"] == pytest.approx(before.units["USDC"] * 0.96)


@pytest.mark.rule("8.1")
def test_several_causes_are_answered_by_one_decision(make_panel, paths, answer, monkeypatch):
    paths["T00"][-1] *= 0.4
    paths["USDC"][-1] = 0.95
    panel = make_panel(paths)
    score(monkeypatch, 60.0)
    decision = answer(panel, book(panel), Orders.of([order("exclude", panel.as_of, "T01")]))
    assert [cause.trigger for cause in decision.causes] == ["exclusion", "step_up", "collapse", "peg_loss"]
    assert {s for s, line in lines(decision).items() if line.action is Action.SELL} == {"T00", "T01", "USDC"}
    assert decision.stablecoin_share >= decision.risk.stablecoin_share - 1e-12


@pytest.mark.rule("8.1")
def test_a_cause_is_answered_once(make_panel, paths, answer):
    """The fall is still to be seen two and three days on, and what could not be sold of it is still held."""
    paths["T00"][-2] *= 0.3
    paths["T00"][-1] *= 0.3
    panel = make_panel(paths, market_volume=1e8)
    eve = panel.until(panel.as_of - dt.timedelta(days=1))
    portfolio = book(eve)
    decision = answer(eve, portfolio)
    after = settle(decision, portfolio, panel).portfolio
    assert after.answered == {"collapse:T00": str(eve.as_of)}
    kept = replace(after, units=after.units | {"T00": portfolio.units["T00"]})
    assert answer(panel, kept) is None
    assert keys(answer(panel, replace(kept, answered={}))) == ["collapse:T00"]


@pytest.mark.rule("8.10")
@pytest.mark.parametrize("trigger", ["collapse", "drought", "resumed", "peg_loss"])
@pytest.mark.parametrize("ago, rests", [(1, True), (ANSWERED_DAYS - 1, True), (ANSWERED_DAYS, False)])
@pytest.mark.parametrize("by_order", [False, True], ids=["weekly", "ordered"])
def test_what_was_sold_in_need_is_not_bought_back_for_28_days(
    make_panel, make_signals, paths, answer, trigger, ago, rests, by_order
):
    panel = make_panel(paths)
    best = dict.fromkeys(NAMES, 0.01) | {"T05": 0.05}
    portfolio = book(panel, answered={f"{trigger}:T05": panel.as_of - dt.timedelta(days=ago)})
    if by_order:
        decision = answer(panel, portfolio, Orders.of([order("rebalance", panel.as_of)]), lifts=best)
    else:
        decision = decide("defi", "balanced", panel, make_signals(best, panel.as_of), portfolio)
    bought = {s for s, line in risky(decision).items() if line.action is Action.BUY_NEW}
    assert bought
    assert ("T05" in bought) is not (rests and trigger != "peg_loss")


@pytest.fixture(scope="module")
def wild():
    """A factory of small markets in which anything may happen on the last days."""

    def make(make_panel, seed):
        rng = np.random.default_rng(seed)
        close = {s: np.exp(np.cumsum(rng.normal(0, 0.04, DAYS))) for s in (*NAMES, "BTC")}
        close |= {s: np.exp(0.004 * rng.normal(size=DAYS)) for s in STABLES}
        close["BTC"][-20:] *= np.exp(np.linspace(0, rng.uniform(-0.8, 0.2), 20))
        for s in NAMES:
            fate = rng.integers(6)
            if fate == 0:
                close[s][-int(rng.integers(1, 4)) :] *= rng.uniform(0.2, 0.8)
            elif fate == 1:
                close[s][-int(rng.integers(1, 12)) :] = np.nan
            elif fate == 2:
                close[s][-int(rng.integers(3, 12)) : -1] = np.nan
        panel = make_panel(close, market_volume=float(rng.choice([1e6, 1e8])))
        volume = panel.volume * np.where(rng.random(len(panel.tokens)) < 0.2, 0.01, 1.0) ** (
            np.arange(DAYS)[:, None] >= DAYS - 3
        )
        shares = rng.dirichlet(np.ones(8))
        coins = [*rng.choice(NAMES, 6, replace=False), *rng.choice([*STABLES, CASH], 2, replace=False)]
        panel = replace(panel, volume=volume)
        return panel, book(panel, dict(zip(map(str, coins), shares, strict=True)), since=int(rng.integers(1, 9)))

    return make


@pytest.mark.rule("8.1", "8.4")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])  # `answer` keeps nothing
@given(st.integers(0, 10**6), st.sampled_from(sorted(modes())), st.sampled_from([None, "T00", "T01", "T02"]))
def test_between_weeks_nothing_is_bought_unless_by_order(wild, make_panel, answer, seed, name, excluded):
    panel, portfolio = wild(make_panel, seed)
    orders = Orders.of([order("exclude", panel.as_of, excluded)]) if excluded else NO_ORDERS
    decision = answer(panel, portfolio, orders, name)
    if decision is None:
        return
    held, _ = weights_at(portfolio, panel, len(panel.dates) - 1)
    assert total(decision) == pytest.approx(1, abs=1e-9)
    assert all(0 <= line.weight <= 1 for line in decision.holdings)
    for line in risky(decision).values():
        assert line.from_weight == held[line.symbol]
        assert line.weight <= line.from_weight
        assert (line.rule == "untouched") is (line.action is Action.HOLD)
    invested = sum(line.weight for line in risky(decision).values())
    assert invested <= sum(line.from_weight for line in risky(decision).values())
    assert decision.causes and {c.trigger for c in decision.causes} <= {trigger.name for trigger in TRIGGERS}
    assert len(set(keys(decision))) == len(decision.causes)
    assert decision == answer(panel, portfolio, orders, name)


def test_the_random_markets_call_for_decisions_of_every_kind(wild, make_panel, answer):
    """So that the property above is about something."""
    seen = set()
    for seed in range(40):
        decision = answer(*wild(make_panel, seed))
        seen |= {cause.trigger for cause in decision.causes} if decision else {"nothing"}
    assert seen >= {"nothing", "step_up", "collapse", "drought", "stopped", "resumed"}
