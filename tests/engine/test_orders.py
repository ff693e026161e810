"""What admins' orders mean on a day: the latest that counts, in its own index, from its instant on."""

import datetime as dt
import itertools

import pytest

from engine.model import Order
from engine.orders import LATE_DAYS, NO_ORDERS, Orders

DAY = dt.date(2026, 3, 10)
ONE = dt.timedelta(days=1)


def order(kind, effective=DAY, index="defi", symbol=None, at=9, number=1):
    given = dt.datetime.combine(effective - ONE, dt.time(at), dt.UTC)
    return Order(f"{effective}/{number}", kind, index, symbol, f"because {number}", "admin-7", given, effective)


def test_without_orders_nothing_is_ordered():
    assert (NO_ORDERS.excluded("defi", DAY), NO_ORDERS.paused("defi", DAY), NO_ORDERS.causes("defi", DAY)) == (
        {},
        None,
        (),
    )


@pytest.mark.rule("9.2")
def test_an_order_counts_from_its_instant_on():
    orders = Orders.of([order("exclude", symbol="AAVE"), order("pause")])
    assert orders.excluded("defi", DAY - ONE) == {}
    assert orders.paused("defi", DAY - ONE) is None
    for date in (DAY, DAY + 400 * ONE):
        assert set(orders.excluded("defi", date)) == {"AAVE"}
        assert orders.paused("defi", date).kind == "pause"


@pytest.mark.rule("9.2")
def test_an_order_counts_in_its_index_and_one_for_all_in_every():
    orders = Orders.of(
        [order("exclude", symbol="AAVE"), order("exclude", index=None, symbol="UNI"), order("pause", index=None)]
    )
    assert set(orders.excluded("defi", DAY)) == {"AAVE", "UNI"}
    assert set(orders.excluded("large", DAY)) == {"UNI"}
    assert orders.paused("ai", DAY) is not None


@pytest.mark.rule("9.2")
def test_a_later_order_lifts_an_earlier_one():
    later = DAY + 3 * ONE
    orders = Orders.of([
        order("exclude", symbol="AAVE"), order("pause"), order("include", later, symbol="AAVE"), order("resume", later),
    ])  # fmt: skip
    assert set(orders.excluded("defi", later - ONE)) == {"AAVE"}
    assert orders.excluded("defi", later) == {}
    assert orders.paused("defi", later - ONE) is not None
    assert orders.paused("defi", later) is None


@pytest.mark.rule("9.2")
def test_of_two_orders_for_one_instant_the_one_given_later_counts():
    first, second = order("exclude", symbol="AAVE", at=9), order("include", symbol="AAVE", at=10, number=2)
    assert Orders.of([second, first]).excluded("defi", DAY) == {}
    again = order("exclude", symbol="AAVE", at=11, number=3)
    assert Orders.of([again, second, first]).excluded("defi", DAY) == {"AAVE": again}


def test_letting_one_index_trade_again_leaves_the_others_paused():
    orders = Orders.of([order("pause", index=None), order("resume", at=10, number=2)])
    assert orders.paused("defi", DAY) is None
    assert orders.paused("ai", DAY) is not None


@pytest.mark.rule("8.2")
def test_a_rebalance_is_a_cause_on_its_own_day_and_where_that_was_missed_for_six_more():
    orders = Orders.of([order("rebalance", index=None), order("rebalance", DAY + ONE, number=2)])
    first, second = f"order:{DAY}/1", f"order:{DAY + ONE}/2"

    def due(index, date, **late):
        return [cause.key for cause in orders.causes(index, date, **late)]

    assert due("defi", DAY - ONE) == []
    assert due("defi", DAY) == [first]
    assert due("defi", DAY + ONE) == [first, second]
    assert due("defi", DAY + ONE, late=0) == [second]
    assert due("ai", DAY + LATE_DAYS * ONE) == [first]
    assert due("ai", DAY + (LATE_DAYS + 1) * ONE) == []
    assert orders.causes("defi", DAY)[0].text == "An admin (admin-7) ordered a rebalance: because 1"


def test_the_sequence_in_which_orders_are_read_does_not_matter():
    given = [
        order("exclude", symbol="AAVE"), order("include", symbol="AAVE", at=10, number=2),
        order("pause", at=11, number=3), order("resume", DAY + ONE, number=4),
        order("exclude", DAY + ONE, symbol="UNI"),
    ]  # fmt: skip
    first = Orders.of(given)
    assert all(Orders.of(shuffled) == first for shuffled in itertools.permutations(given))
