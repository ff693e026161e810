"""The index screen and the announcement: the same facts, to the letter."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.announce import announce
from bot.dispatch import Request, dispatch
from bot.reply import Reply
from bot.screen import WAITS, kept
from engine import decide
from engine.errors import NotEnoughData, UnknownIndex
from engine.model import Action, Holding, RiskStep


def index(book: Any, text: str = "/index defi") -> Reply:
    return dispatch(book, Request(text, "test", "c", "u"))


def change(book: Any, **changes: Any) -> None:
    newest = book.decisions["defi", "balanced"][0]
    book.decisions["defi", "balanced"][0] = replace(newest, **changes)


def test_the_screen_reads_as_designed(book: Any, make: Any) -> None:
    reply = index(book)
    assert reply.lines() == (
        "DeFi index, week 46 (balanced)",
        "$1,000 on 2 Jan is now $1,112. Just holding: $950.",
        "This week +2.0 %, holding +1.6 %. Risk: raised.",
        "AAVE 20 % hold B+",
        "RUNE 18 % buy more B",
        "GMX 14 % buy, new B",
        "XVS 33 % trim B",
        "Stablecoins 15 % (was 0): USDC 8, DAI 7; for risk raised and volatility",
        "Bought GMX, strongest point: fell less than its peers this month",
        "Bought more RUNE: strength against the others changed",
        "Trimmed XVS: the step of risk moved",
        "Sold LDO: turned bearish (momentum, exchange inflows)",
        "Fills at today's close, cost about 0.13 %.",
        "Simulated, not advice. Method 1.0",
        " ".join(make.digest("defibalanced0")[i : i + 4] for i in range(0, 32, 4)),
    )
    assert [button.label for button in reply.buttons] == ["Why", "Chart", "Signals", "Follow"]
    assert reply.chart is not None


def test_a_stablecoin_that_rounds_to_nothing_is_not_named(book: Any, make: Any) -> None:
    lines = [
        replace(make.HOLDINGS[0], weight=0.997, from_weight=0.96),
        Holding("USDC", 0.04, 0.003, Action.TRIM, "stablecoin_leg", "", stable=True),
    ]
    change(book, decision=make.decision(holdings=lines))
    assert "Stablecoins 0 % (was 4)" in index(book).after


def test_a_part_that_is_held_but_rounds_to_nothing_is_not_said_to_be_none(book: Any, make: Any) -> None:
    lines = [
        replace(make.HOLDINGS[0], weight=0.996, from_weight=1.0),
        replace(make.HOLDINGS[1], weight=0.004, from_weight=0.0),
    ]
    change(book, decision=make.decision(holdings=lines))
    assert index(book).table.rows[1][:2] == ("RUNE", "<1 %")  # type: ignore[union-attr]
    for text, told in (("/token rune", ("DeFi", "<1 %", "buy more")), ("/why rune defi", "0 % to <1 %")):
        reply = dispatch(book, Request(text, "test", "c", "u"))
        assert told in (reply.table.rows if reply.table else reply.text[0]), text


def test_a_settled_decision_says_what_was_paid(book: Any, make: Any) -> None:
    change(book, settlement=make.settlement(make.decision()))
    assert index(book).note[0] == "Filled at 13 Nov's close, cost 0.13 %."


def test_a_replayed_decision_names_its_day_instead_of_today(book: Any, make: Any) -> None:
    book.state = make.status(ledger="replay", live_start=None)
    reply = index(book)
    assert reply.title == "DeFi index, week 46 of 2023 (balanced, backtest)"
    assert reply.note[0] == "Fills at 13 Nov's close, cost about 0.13 %."


def test_trades_that_were_not_filled_are_named(book: Any, make: Any) -> None:
    change(book, settlement=make.settlement(make.decision(), status="could not trade"))
    assert "not filled in full: RUNE (could not trade)" in index(book).note[1]


def test_notes_of_the_decision_are_shown(book: Any, make: Any) -> None:
    change(book, decision=make.decision(notes=("Thin index: 4 eligible members.",)))
    assert "Thin index: 4 eligible members." in index(book).after


def test_a_token_that_cannot_be_sold_stays_in_the_table(book: Any, make: Any) -> None:
    stuck = Holding("LUNC", 0.25, 0.25, Action.STUCK, "stopped_price", "its price has stopped")
    other = Holding("AAVE", 0.75, 0.75, Action.HOLD, "band", "")
    change(book, decision=make.decision(holdings=[other, stuck]))
    table = index(book).table
    assert table is not None
    assert table.rows == (("AAVE", "75 %", "hold", ""), ("LUNC", "25 %", "cannot sell", ""))


def test_stablecoins_that_went_and_money_in_none_are_told(book: Any, make: Any) -> None:
    gone = Holding("USDC", 0.3, 0.0, Action.SELL, "stablecoin_leg", "", stable=True)
    whole = Holding("AAVE", 0.7, 1.0, Action.BUY_MORE, "conviction", "calm")
    change(book, decision=make.decision(holdings=[whole, gone]))
    assert index(book).after == (
        "Stablecoins 0 % (was 30)",
        "Bought more AAVE: strength against the others changed",
    )
    cash = Holding("USD", 0.0, 1.0, Action.BUY_NEW, "stablecoin_leg", "", stable=True)
    change(book, decision=make.decision(holdings=[cash]))
    assert index(book).after == ("Stablecoins 100 % (was 0): cash 100; for risk raised and volatility",)
    assert index(book).table is None


def test_tokens_sold_for_one_reason_share_a_line(book: Any, make: Any) -> None:
    sells = [Holding(s, 0.1, 0.0, Action.SELL, "replaced", "stronger tokens took its place") for s in ("LDO", "CRV")]
    change(book, decision=make.decision(holdings=[replace(make.HOLDINGS[0], weight=1.0), *sells]))
    assert "Sold LDO and CRV: stronger tokens took its place" in index(book).after


def bought(*reasons: str) -> list[Holding]:
    return [
        Holding(f"T{i}", 0.0, 1 / len(reasons), Action.BUY_NEW, "bullish", reason) for i, reason in enumerate(reasons)
    ]


def test_tokens_moved_for_one_reason_share_a_line(book: Any, make: Any) -> None:
    change(book, decision=make.decision(holdings=bought("follows BTC", "calmer than its peers", "follows BTC")))
    assert index(book).after == (
        "Bought T0 and T2, strongest point beside its peers: follows BTC",
        "Bought T1, strongest point: calmer than its peers",
    )


def test_ten_new_tokens_with_ten_reasons_still_fit_a_phone(book: Any, make: Any) -> None:
    trimmed = [Holding(s, 0.2, 0.1, Action.TRIM, "risk_ladder", "calm") for s in ("AAVE", "RUNE")]
    change(book, decision=make.decision(holdings=[*bought(*(f"reason {i}" for i in range(10))), *trimmed]))
    after = index(book).after
    assert after == (
        *(f"Bought T{i}, strongest point beside its peers: reason {i}" for i in range(3)),
        "Trimmed AAVE and RUNE: the step of risk moved",
        "More: /why defi",
    )
    assert len(index(book).lines()) <= 24


def test_a_token_without_a_strongest_point_shows_its_rule(book: Any, make: Any) -> None:
    kept_on = Holding("AAVE", 0.7, 0.3, Action.TRIM, "kept", "no longer bullish, but still above its base rate")
    change(book, decision=make.decision(holdings=[*bought(""), kept_on]))
    assert index(book).after == (
        "Bought T0: called bullish, and there is room",
        "Trimmed AAVE: no longer bullish, but not bearish either",
    )


def test_the_stablecoins_name_the_rules_that_ask_for_them(book: Any, make: Any) -> None:
    calm = replace(make.RISK, step=RiskStep.NORMAL, volatility=0.2)
    note = "None is bullish, so 15 % more waits in stablecoins."
    change(book, decision=make.decision(risk=calm, notes=(note,)))
    assert index(book).after[0].endswith("DAI 7; for too few bullish")
    change(book, decision=make.decision(risk=calm))
    assert index(book).after[0].endswith("DAI 7")


def test_the_engine_still_says_that_too_few_are_bullish_in_these_words() -> None:
    assert WAITS in inspect.getsource(decide)


@given(weights=st.lists(st.floats(1e-4, 1), min_size=1, max_size=14), data=st.data())
def test_shown_weights_sum_to_100_with_the_stablecoins(weights: list[float], data: st.DataObject, make: Any) -> None:
    total = sum(weights)
    stable = data.draw(st.integers(0, len(weights)))
    lines = [
        Holding(f"T{i}", 0.0, weight / total, Action.BUY_NEW, "bullish", "", stable=i < stable)
        for i, weight in enumerate(weights)
    ]
    assert sum(whole for _, whole in kept(make.decision(holdings=lines))) == 100


def test_the_announcement_is_the_screen_as_of_its_instant(book: Any, make: Any) -> None:
    before = announce(book, "defi", "balanced")
    assert before.lines() == index(book).lines()
    book.level_points["defi", "balanced"] = make.levels(end=make.MONDAY.replace(day=20))
    assert announce(book, "defi", "balanced") == before
    assert index(book).lines() != before.lines()


def test_a_week_without_trades_is_three_lines_below_its_title(book: Any, make: Any) -> None:
    same = [replace(make.HOLDINGS[0], weight=1.0, from_weight=1.0)]
    change(book, decision=make.decision(holdings=same))
    reply = announce(book, "defi", "balanced")
    assert len(reply.lines()) == 4
    assert reply.text[1].endswith("Risk: raised. No trades this week.")
    assert "Simulated, not advice. Method 1.0 · " in reply.note[0]
    assert index(book).table is not None


def test_an_announcement_needs_an_index_and_a_decision(book: Any) -> None:
    with pytest.raises(UnknownIndex):
        announce(book, "nothing", "balanced")
    with pytest.raises(NotEnoughData, match="20 Nov"):
        announce(book, "meme", "balanced")


def test_a_simulated_announcement_says_so_twice(book: Any, make: Any) -> None:
    book.state = make.status(simulated=True)
    reply = announce(book, "defi", "balanced")
    assert reply.title.startswith("SIMULATED: ")
    assert "SIMULATED market, not advice. Method 1.0" in reply.note


def test_an_as_needed_change_is_numbered(book: Any, make: Any) -> None:
    change(book, decision=replace(make.decision(), sequence=1))
    assert index(book).title == "DeFi index, week 46, change 1 (balanced)"
