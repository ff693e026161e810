"""What is traded of what is wanted: the week's budget, spent where it matters most, and lines that trade nothing."""

import zlib

import numpy as np
import pytest
from hypothesis import given, strategies as st

from engine.costs import NOTIONAL, Depth, cost_rate
from engine.draft import Draft
from engine.level import CASH
from engine.model import Action
from engine.modes import modes
from engine.rebalance import (
    NOISE,
    SHIFT,
    SMALLEST,
    Wish,
    cost,
    holdings,
    stable_leg,
    standing,
    trades,
    turnover,
    within_bands,
    within_budget,
)

FLOOR = 0.01


@pytest.mark.rule("4.7")
def test_the_budget_goes_by_size_of_the_purchase_times_worth():
    held, wanted = {"HAS": 0.10}, {"HAS": 0.20, "NEW": 0.15, "WEAK": 0.20}
    worth = {"HAS": 0.06, "NEW": 0.05, "WEAK": 0.02}  # 0.0060, 0.0075, 0.0040
    final, unspent = within_budget(held, wanted, worth, 0.20, FLOOR)
    assert final == pytest.approx({"NEW": 0.15, "HAS": 0.15})
    assert unspent == pytest.approx({"HAS": 0.05, "WEAK": 0.20})


@pytest.mark.rule("4.7")
def test_equal_purchases_stand_by_symbol():
    final, _ = within_budget({}, dict.fromkeys("CAB", 0.1), dict.fromkeys("ABC", 0.03), 0.15, FLOOR)
    assert final == pytest.approx({"A": 0.1, "B": 0.05})


@pytest.mark.rule("4.7", "4.4")
def test_no_rest_of_the_budget_buys_less_than_is_worth_holding_or_trading():
    final, unspent = within_budget({}, {"A": 0.10, "B": 0.08}, {"A": 1.0, "B": 1.0}, 0.10 + FLOOR - 1e-6, FLOOR)
    assert (final, unspent) == ({"A": 0.10}, {"B": 0.08})
    final, _ = within_budget({"B": 0.05}, {"A": 0.10, "B": 0.08}, {"A": 1.0, "B": 1.0}, 0.10 + SMALLEST / 2, FLOOR)
    assert final == {"A": 0.10, "B": 0.05}


@pytest.mark.rule("4.7")
def test_selling_is_never_limited():
    held = {"A": 0.5, "B": 0.3}
    assert within_budget(held, {"A": 0.1}, {}, 0.0, FLOOR) == ({"A": 0.1}, {})


weights = st.dictionaries(st.sampled_from("ABCDEFGH"), st.floats(1e-6, 0.3), max_size=8)


@pytest.mark.rule("4.7")
@given(weights, weights, st.dictionaries(st.sampled_from("ABCDEFGH"), st.floats(0.001, 1)), st.floats(0, 1))
def test_buying_never_exceeds_the_budget_and_nothing_else_changes(held, wanted, worth, budget):
    final, unspent = within_budget(held, wanted, worth, budget, FLOOR)
    assert set(final) <= set(wanted)
    assert sum(max(w - held.get(s, 0.0), 0.0) for s, w in final.items()) <= budget + 1e-12
    for symbol, want in wanted.items():
        had, got = held.get(symbol, 0.0), final.get(symbol, 0.0)
        if want <= had:
            assert got == want
        else:
            assert had - 1e-12 <= got <= want + 1e-12
            assert got + unspent.get(symbol, 0.0) == pytest.approx(want)
    backwards = within_budget(dict(reversed(held.items())), dict(reversed(wanted.items())), worth, budget, FLOOR)
    assert backwards == (final, unspent)


@pytest.mark.rule("4.7")
@given(weights, weights, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_budget_buys_no_less(held, wanted, one, other):
    small, large = sorted((one, other))
    spent = [
        sum(max(w - held.get(s, 0.0), 0.0) for s, w in within_budget(held, wanted, {}, b, FLOOR)[0].items())
        for b in (small, large)
    ]
    assert spent[0] <= spent[1] + FLOOR  # but for a rest that is too small for a new name


@pytest.mark.rule("4.5")
def test_the_bands_give_way_only_when_the_invested_share_moves_by_more_than_five_points():
    held = dict.fromkeys("ABCD", 0.2)
    near = within_bands(held, dict.fromkeys("ABCD", 0.2 - SHIFT / 4 + 1e-6), 0.02, frozenset())
    assert near == held
    far = within_bands(held, dict.fromkeys("ABCD", 0.2 - SHIFT / 4 - 1e-6), 0.02, frozenset())
    assert far == pytest.approx(dict.fromkeys("ABCD", 0.2 - SHIFT / 4), abs=1e-5)


@pytest.mark.rule("4.5")
def test_a_change_under_half_a_point_is_not_made_even_without_a_band():
    held = {"A": 0.30, "B": 0.30}
    final = within_bands(held, {"A": 0.30 + SMALLEST - 1e-6, "B": 0.30 - SMALLEST - 1e-6}, 0.0, frozenset())
    assert final == pytest.approx({"A": 0.30, "B": 0.30 - SMALLEST}, abs=1e-5)


@pytest.mark.rule("4.5", "4.6")
def test_nothing_is_bought_with_what_is_stuck():
    final = within_bands({"DEAD": 0.4}, {"A": 0.5, "B": 0.5}, 0.02, frozenset({"DEAD"}))
    assert final == pytest.approx({"A": 0.3, "B": 0.3})


def test_a_rest_too_small_to_matter_is_let_go():
    (line,) = holdings({"A": 0.02}, {"A": NOISE / 2}, {}, {}, frozenset())
    assert (line.action, line.rule) == (Action.SELL, "dust")
    assert holdings({"A": NOISE / 2}, {}, {}, {}, frozenset()) == ()


@given(weights, st.frozensets(st.sampled_from("ABCDEFGH")))
def test_lines_that_stand_leave_nothing_out(held, stuck):
    stuck = stuck & held.keys()
    lines = standing(held, stuck, "paused", "for the test")
    assert {line.symbol: line.weight for line in lines} == held == {line.symbol: line.from_weight for line in lines}
    assert {line.symbol for line in lines if line.action is Action.STUCK} == stuck
    assert trades(lines, {}) == ()


@pytest.mark.rule("6.1")
def test_stablecoins_trade_free_and_plain_cash_is_no_trade():
    lines = (
        *holdings({}, {"A": 0.3}, {"A": Wish(0.3, "bullish", "why")}, {}, frozenset()),
        *stable_leg({"USDC": 0.5, CASH: 0.5}, {"USDC": 0.7}),
    )
    known = Depth(2e7, 0.05)
    made = trades(lines, {"A": known})
    assert {trade.symbol: trade.cost_rate for trade in made} == {"A": cost_rate(0.3 * NOTIONAL, known), "USDC": 0.0}
    assert turnover(lines) == pytest.approx((0.3 + 0.2 + 0.5) / 2)
    assert cost(made) == pytest.approx(0.3 * cost_rate(0.3 * NOTIONAL, known))


@pytest.mark.rule("4.5", "4.7")
@pytest.mark.parametrize("name", modes())
def test_the_smallest_change_lies_below_every_band_and_every_floor(name):
    rules = modes()[name]
    assert NOISE < SMALLEST < min(rules.band, rules.floor) < rules.turnover


@pytest.mark.rule("4.5")
def test_where_money_is_short_purchases_are_cut_and_nothing_else_moves():
    """Two names stay within their bands above target, so there is less money than the newcomer wants."""
    held = {"OLD": 0.51, "OLDER": 0.45}
    final = within_bands(held, {"OLD": 0.50, "OLDER": 0.44, "NEW": 0.06}, 0.02, frozenset())
    assert final == {"OLD": 0.51, "OLDER": 0.45, "NEW": pytest.approx(0.04)}
    scarce = within_bands({"OLD": 0.55, "OLDER": 0.447}, {"OLD": 0.54, "OLDER": 0.46}, 0.005, frozenset())
    assert scarce == {"OLD": 0.54, "OLDER": pytest.approx(0.46)}


class Name(str):
    """A symbol that falls into another place of a set with every salt, as text does with every process."""

    salt = 0
    __slots__ = ()
    __eq__ = str.__eq__

    def __hash__(self):
        return zlib.crc32(f"{self.salt}{self}".encode())


def test_the_last_digit_does_not_hang_on_the_process(monkeypatch):
    """Text hashes anew in every process, and so a set of symbols is walked, and summed up, in another order."""
    weights = np.random.default_rng(2).dirichlet(np.ones(24)) * 0.9
    held = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWX", weights.tolist(), strict=True))
    found = []
    for salt in range(12):
        monkeypatch.setattr(Name, "salt", salt)
        own = {Name(s): w for s, w in held.items()}
        wanted = {Name(s): w * 0.7 + 0.004 for s, w in list(held.items())[:16]}
        stuck = frozenset(map(Name, "RSTUVWX"))
        final = within_bands(own, wanted, 0.02, stuck)
        draft = Draft("defi", "balanced", None, None, 0, own, {}, 1000.0, stuck)
        found.append(({str(s): w for s, w in final.items()}, draft.stuck_weight))
    assert found == found[:1] * 12
