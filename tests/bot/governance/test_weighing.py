"""What a preview says is what the engine decides, on what is stored and nothing later."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import NotEnoughData
from engine.model import Order
from engine.themes import themes


def order(kind: str, symbol: str | None = None, index: str | None = "defi") -> Order:
    given = dt.datetime(2023, 11, 14, 9, 30, tzinfo=dt.UTC)
    return Order("x", kind, index, symbol, "because", "", given, dt.date(2023, 11, 15))  # type: ignore[arg-type]


def test_between_weeks_an_exclusion_sells_its_token_and_touches_no_other(office: Any) -> None:
    [weighed] = office.desk.weigh(order("exclude", "AAVE"))
    assert weighed.without is None
    moved = {line.symbol for line in weighed.under.holdings if not line.stable and line.weight != line.from_weight}
    assert moved == {"AAVE"}
    assert weighed.under.turnover > 0.05
    assert weighed.under.cost_estimate > 0


def test_for_a_monday_an_exclusion_is_weighed_in_the_weekly_decision(office: Any) -> None:
    [weighed] = office.desk.weigh(replace(order("exclude", "AAVE"), effective=dt.date(2023, 11, 20)))
    held = {line.symbol: line.weight for line in weighed.without.holdings}
    under = {line.symbol: line.weight for line in weighed.under.holdings}
    assert held["AAVE"] > 0.05
    assert under["AAVE"] == 0


def test_it_is_decided_on_the_newest_stored_day_with_the_waiting_decision_filled(office: Any) -> None:
    [weighed] = office.desk.weigh(order("rebalance"))
    assert weighed.without is None
    assert (weighed.under.date, weighed.under.mode) == (dt.date(2023, 11, 14), "balanced")
    assert sum(line.from_weight for line in weighed.under.holdings if not line.stable) > 0.1
    assert office.database.decisions.latest("live", "defi", "balanced").settlement is None


def test_a_replay_is_not_weighed_on_what_came_long_after_it(office: Any) -> None:
    market = office.database.market
    token = market.token_ids()["BTC"]
    last = market.span()[1]
    from engine.model import Candle

    for ahead in range(1, 60):
        day = (last + dt.timedelta(days=ahead)).isoformat()
        market.put_candles([Candle(day, token, 1.0, 1.0, 1.0, 1.0, 1e6, "venue", False)])
    [weighed] = office.desk.weigh(order("rebalance"))
    assert weighed.under.date == dt.date(2023, 11, 20)


def test_a_pause_makes_no_decision_and_a_resume_makes_one_again(office: Any) -> None:
    [paused] = office.desk.weigh(order("pause"))
    assert paused.without is not None and paused.under is None
    office.do("/pause defi prices look wrong")
    [resumed] = office.desk.weigh(order("resume"))
    assert resumed.without is None and resumed.under is not None
    [excluded] = office.desk.weigh(order("exclude", "AAVE"))
    assert (excluded.without, excluded.under) == (None, None)
    assert "nothing would be traded" in " ".join(office.say("/exclude aave defi drained").lines())


def test_an_order_for_all_is_weighed_in_every_index(office: Any) -> None:
    assert [w.index for w in office.desk.weigh(order("pause", index=None))] == list(themes())


def test_without_a_decision_there_is_nothing_to_weigh(empty_office: Any) -> None:
    with pytest.raises(NotEnoughData, match="no decision yet"):
        empty_office.desk.weigh(order("pause"))


def test_a_preview_names_the_holdings_that_move(office: Any) -> None:
    reply = office.say("/exclude aave defi its pool was drained")
    [line] = reply.after
    assert line.startswith("DeFi: ") and "AAVE " in line and " to 0 %" in line
    [paused] = office.say("/pause defi prices look wrong").after
    assert "Without the order: turnover " in paused


def test_nothing_is_stored_by_weighing(office: Any) -> None:
    before = office.everything()
    office.desk.weigh(order("exclude", "AAVE", None))
    assert office.everything() == before
