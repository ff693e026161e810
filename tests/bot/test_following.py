"""A follower's orders: exact to the cent, nothing under the minimum, never more than the stake."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from bot.following import LEAST_STAKE, MIN_ORDER, plan
from engine.costs import MIN_COST
from engine.level import CASH
from engine.model import Action, Decision, Holding, Trade

STAKES = st.integers(LEAST_STAKE, 100_000_000)
WEIGHTS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.booleans()), min_size=1, max_size=14)


def decision_of(pairs: list[tuple[float, float, bool]], make: Any, stuck: frozenset[int] = frozenset()) -> Decision:
    """A decision whose weights are in the proportions of the (before, after, stable) pairs; `stuck` ones stay."""
    before, after = (sum(pair[i] for pair in pairs) or 1.0 for i in (0, 1))
    lines = [
        Holding(f"T{i}", b / before, a / after, Action.HOLD, "band", "", stable=s) for i, (b, a, s) in enumerate(pairs)
    ]
    made: Decision = make.decision(
        holdings=[
            replace(line, weight=line.from_weight, action=Action.STUCK) if i in stuck and not line.stable else line
            for i, line in enumerate(lines)
        ]
    )
    return made


@pytest.mark.rule("10.1")
@example(pairs=[(0.09, 0.03, False)] * 9 + [(0.19, 0.73, False)], stake=LEAST_STAKE)
@example(pairs=[(0.0, 0.0, False)], stake=LEAST_STAKE)
@given(pairs=WEIGHTS, stake=STAKES)
def test_every_plan_adds_up_to_the_stake_and_its_orders_to_nothing(
    pairs: list[tuple[float, float, bool]], stake: int, make: Any
) -> None:
    positions = plan(decision_of(pairs, make), stake).positions
    assert sum(position.had for position in positions) == stake
    assert sum(position.hold for position in positions) == stake
    assert sum(position.order for position in positions) == 0
    assert all(min(position.had, position.hold, position.had + position.order) >= 0 for position in positions)
    assert len({position.symbol for position in positions}) == len(positions)


@pytest.mark.rule("10.1")
@given(pairs=WEIGHTS, stake=STAKES)
def test_no_order_and_no_token_is_under_the_minimum(
    pairs: list[tuple[float, float, bool]], stake: int, make: Any
) -> None:
    for position in plan(decision_of(pairs, make), stake).positions:
        if not position.stable:
            assert position.hold == 0 or position.hold >= MIN_ORDER
            assert position.order == 0 or abs(position.order) >= MIN_ORDER


@given(pairs=WEIGHTS, stake=STAKES, stuck=st.frozensets(st.integers(0, 13)))
def test_a_token_that_cannot_be_sold_is_never_traded(
    pairs: list[tuple[float, float, bool]], stake: int, stuck: frozenset[int], make: Any
) -> None:
    held = sum(pair[0] for pair in pairs)
    if held == 0:
        return
    decision = decision_of(pairs, make, stuck)
    made = plan(decision, stake)
    assert all(position.order == 0 for position in made.positions if position.stuck)
    assert sum(position.hold for position in made.positions) == stake


@pytest.mark.rule("10.1")
@given(pairs=WEIGHTS, stake=STAKES)
def test_who_starts_holds_the_index_itself_but_what_is_too_small(
    pairs: list[tuple[float, float, bool]], stake: int, make: Any
) -> None:
    decision = decision_of(pairs, make)
    held = {position.symbol: position.hold for position in plan(decision, stake).positions}
    for line in decision.holdings:
        wanted = line.weight * stake / (sum(h.weight for h in decision.holdings) or 1.0)
        if not line.stable and wanted > MIN_ORDER + 1:
            assert abs(held[line.symbol] - wanted) <= 1.0 + 1e-6 * stake
        elif not line.stable and wanted < MIN_ORDER - 1:
            assert held.get(line.symbol, 0) == 0


@given(pairs=WEIGHTS, stake=STAKES)
def test_who_follows_ends_with_at_most_a_minimum_order_too_much_of_a_token(
    pairs: list[tuple[float, float, bool]], stake: int, make: Any
) -> None:
    for position in plan(decision_of(pairs, make), stake).positions:
        if not position.stable:
            assert position.had + position.order - position.hold < MIN_ORDER


@given(weights=st.lists(st.floats(0.001, 1), min_size=1, max_size=12), cash=st.floats(0, 1))
def test_the_stake_that_is_called_enough_is_enough(weights: list[float], cash: float, make: Any) -> None:
    pairs = [(0.0, weight, False) for weight in weights] + [(1.0, cash, True)]
    enough = plan(decision_of(pairs, make), LEAST_STAKE).enough
    assert plan(decision_of(pairs, make), enough).left_out == ()
    if enough > LEAST_STAKE:
        assert plan(decision_of(pairs, make), int(enough * 0.99) - 200).left_out


@pytest.mark.rule("10.1")
def test_cents_between_stablecoins_are_no_order_where_no_token_is_traded(make: Any) -> None:
    drifted = decision_of([(0.5, 0.5, False), (0.2501, 0.25, True), (0.2499, 0.25, True)], make)
    assert [position.order for position in plan(drifted, 50_000).positions] == [0, 0, 0]
    fled = decision_of([(0.5, 0.5, False), (0.5, 0.0, True), (0.0, 0.5, True)], make)
    assert [position.order for position in plan(fled, 50_000).positions] == [0, 25_000, -25_000]


@pytest.mark.rule("10.1")
def test_what_is_too_small_waits_in_the_stablecoins(make: Any) -> None:
    pairs = [(0.0, 0.90, False), (0.0, 0.04, False), (1.0, 0.06, True)]
    made = plan(decision_of(pairs, make), 10_000)
    assert made.left_out == ("T1",) and made.left_out_cents == 400
    assert [(p.symbol, p.hold) for p in made.positions] == [("T0", 9_000), ("T2", 1_000)]
    assert made.enough == 25_000


def test_what_is_left_without_any_stablecoin_stays_cash(make: Any) -> None:
    made = plan(decision_of([(0.0, 0.96, False), (0.0, 0.04, False), (1.0, 0.0, True)], make), 10_000)
    assert made.positions[-2:] != () and {p.symbol: p.hold for p in made.positions}[CASH] == 400


@pytest.mark.rule("10.1")
def test_small_sales_that_are_not_made_take_their_money_from_the_largest_purchase(make: Any) -> None:
    pairs = [(0.20, 0.14, False)] * 3 + [(0.0, 0.48, False), (0.40, 0.10, True)]
    made = plan(decision_of(pairs, make), 10_000)
    assert {p.symbol: (p.hold, p.order) for p in made.positions} == {
        "T3": (4_800, 4_000),
        **{f"T{i}": (1_400, 0) for i in range(3)},
        "T4": (1_000, -4_000),
    }
    assert made.unmoved == ("T0", "T1", "T2") and made.left_out == ()


def test_a_purchase_that_would_shrink_under_the_minimum_is_not_made(make: Any) -> None:
    pairs = [(0.16, 0.11, False)] * 6 + [(0.0, 0.34, False), (0.04, 0.0, True)]
    made = plan(decision_of(pairs, make), 10_000)
    assert all(position.order == 0 for position in made.positions if not position.stable)
    assert made.left_out == () and made.unmoved == tuple(f"T{i}" for i in range(7))


def test_a_small_part_of_the_stablecoins_joins_the_largest(make: Any) -> None:
    pairs = [(1.0, 0.70, False), (0.0, 0.25, True), (0.0, 0.05, True)]
    assert [(p.symbol, p.hold) for p in plan(decision_of(pairs, make), 10_000).positions] == [
        ("T0", 7_000),
        ("T1", 3_000),
    ]


def test_costs_follow_the_decisions_rates_and_never_fall_under_the_least(make: Any) -> None:
    decision = decision_of([(0.5, 0.0, False), (0.0, 0.5, False), (0.5, 0.5, False)], make)
    decision = replace(decision, trades=(Trade("T0", -0.5, 0.01), Trade("T1", 0.5, 0.0)))
    made = plan(decision, 100_000)
    assert made.cost_of_orders == 500 + round(50_000 * MIN_COST)
    assert made.cost_of_start == round(100_000 * MIN_COST)


@pytest.mark.parametrize("lines", list(itertools.permutations(range(3))))
def test_the_order_of_the_lines_does_not_matter(lines: tuple[int, ...], make: Any) -> None:
    decision = decision_of([(0.2, 0.5, False), (0.3, 0.25, False), (0.5, 0.25, True)], make)
    turned = replace(decision, holdings=tuple(decision.holdings[i] for i in lines))
    assert plan(turned, 77_700).positions == plan(decision, 77_700).positions
