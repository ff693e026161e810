"""/follow: one screen for who starts and who keeps up, and one clear sentence for every amount that is none."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.dispatch import Request, dispatch
from bot.reply import Reply
from engine.model import Action, Holding


def ask(book: Any, text: str) -> Reply:
    return dispatch(book, Request(text, "test", "c", "u", "balanced"))


def change(book: Any, mode: str = "balanced", **changes: Any) -> None:
    book.decisions["defi", mode][0] = replace(book.decisions["defi", mode][0], **changes)


def test_the_screen_reads_as_designed(book: Any) -> None:
    reply = ask(book, "/follow defi 500")
    assert reply.lines() == (
        "Follow DeFi with $500, week 46 (balanced)",
        "Starting today: buy what stands under Hold.",
        "Following already and worth $500 now: do what stands under Change.",
        "XVS $163.50 sell $36.50",
        "AAVE $100.00 hold",
        "RUNE $90.00 buy $30.00",
        "GMX $71.50 buy $71.50",
        "LDO $0.00 sell $140.00",
        "USDC $40.00 +$40.00",
        "DAI $35.00 +$35.00",
        "Costs about $1.28 (0.26 %) to start, $0.84 for the changes, on top of these amounts.",
        "The index itself trades at today's close.",
        "Simulated, not advice. Method 1.0",
    )
    assert [button.command for button in reply.buttons] == ["/index defi", "/why defi", "/track defi"]


@pytest.mark.parametrize("amount", ["500", "$500", "500.00", "$500.0", "500$"])
def test_an_amount_is_understood_however_it_is_written(amount: str, book: Any) -> None:
    assert ask(book, f"/follow defi {amount}").title.startswith("Follow DeFi with $500,")


@pytest.mark.parametrize(
    ("amount", "said"),
    [("1,000", "$1,000"), ("500.5", "$500.50"), ("1000000", "$1,000,000"), ("1,234.56", "$1,234.56")],
)
def test_thousands_and_cents_are_understood(amount: str, said: str, book: Any) -> None:
    assert ask(book, f"/follow defi {amount}").title.startswith(f"Follow DeFi with {said},")


HOSTILE = ["0", "0.00", "-500", "nan", "inf", "1e99", "five", "1000000000000", "1,00", "500.505", "$", "٥٠٠",
           "1.000,00", "0x1F4", "5_00", "1000000.01", "9" * 300, "[bold]5"]  # fmt: skip


@pytest.mark.parametrize("amount", HOSTILE)
def test_what_is_no_amount_is_refused_in_one_sentence(amount: str, book: Any) -> None:
    reply = ask(book, f"/follow defi {amount}")
    assert not reply.ok
    (said,) = reply.lines()
    assert "is no amount of dollars: write it like 500, $1,000 or 500.50, up to $1,000,000" in said
    assert len(said) < 160


def test_a_missing_amount_is_asked_for(book: Any) -> None:
    reply = ask(book, "/follow defi")
    assert not reply.ok
    assert reply.lines() == ("/follow needs an amount of dollars, like /follow defi 500.",)


@given(amount=st.text(max_size=40))
def test_any_words_in_the_place_of_an_amount_get_an_answer(amount: str, shared_book: Any) -> None:
    assert "Something went wrong" not in " ".join(ask(shared_book, f"/follow defi {amount}").lines())


@pytest.mark.rule("10.1")
def test_a_stake_that_is_too_small_is_told_what_would_be_enough(book: Any, make: Any) -> None:
    expected = "$99.99 is too small to follow an index, because exchanges take no orders under $10: it takes $100."
    assert ask(book, "/follow defi 99.99").lines() == (expected,)
    small = [
        Holding("AAVE", 0.97, 0.98, Action.BUY_MORE, "conviction", ""),
        Holding("GMX", 0.03, 0.02, Action.TRIM, "", ""),
    ]
    change(book, decision=make.decision(holdings=small))
    reply = ask(book, "/follow defi $20")
    assert not reply.ok
    assert reply.lines()[0].endswith("it takes $100, and $500 for every token that DeFi holds now.")
    assert [button.command for button in reply.buttons] == ["/follow defi $100", "/follow defi $500"]


def test_positions_that_are_left_out_are_named_with_what_would_be_enough(book: Any, make: Any) -> None:
    lines = [
        Holding("AAVE", 0.0, 0.90, Action.BUY_NEW, "bullish", ""),
        Holding("GMX", 0.0, 0.04, Action.BUY_NEW, "bullish", ""),
        Holding("USDC", 1.0, 0.06, Action.TRIM, "stablecoin_leg", "", stable=True),
    ]
    change(book, decision=make.decision(holdings=lines))
    reply = ask(book, "/follow defi 100")
    assert reply.after == (
        "Under $10, so left out: GMX. Its $4.00 waits in stablecoins; $250 is enough for every token.",
    )
    assert reply.table is not None
    assert reply.table.rows == (("AAVE", "$90.00", "buy $90.00"), ("USDC", "$10.00", "-$90.00"))


def test_changes_that_are_too_small_are_named(book: Any) -> None:
    assert "Changes under $10 are not made: RUNE and XVS." in ask(book, "/follow defi 120").after


def test_a_token_that_stopped_is_not_bought_by_who_starts(book: Any, make: Any) -> None:
    lines = [
        Holding("AAVE", 0.7, 0.7, Action.HOLD, "band", ""),
        Holding("LUNC", 0.12, 0.12, Action.STUCK, "stopped_price", "its price has stopped"),
        Holding("USDC", 0.18, 0.18, Action.HOLD, "stablecoin_leg", "", stable=True),
    ]
    change(book, decision=replace(make.decision(holdings=lines), sequence=1))
    reply = ask(book, "/follow defi 500")
    assert reply.table is not None
    assert ("LUNC", "$60.00", "cannot sell") in reply.table.rows
    assert reply.after == ("LUNC cannot be traded: who starts today keeps that $60.00 in stablecoins.",)
    assert reply.text[1] == "Following already, with this week's earlier orders done and worth $500 now: nothing to do."
    assert reply.note[0] == "Costs about $1.05 (0.21 %) to start, on top of these amounts."


def test_money_in_no_stablecoin_is_called_cash(book: Any, make: Any) -> None:
    change(book, decision=make.decision(holdings=[replace(make.HOLDINGS[5], symbol="USD", weight=1.0)]))
    reply = ask(book, "/follow defi 500")
    assert reply.table is not None
    assert reply.table.rows == (("cash", "$500.00", "hold"),)


def test_the_newest_decision_counts_also_between_weeks(book: Any, make: Any) -> None:
    assert ask(book, "/follow defi 500").title.endswith("week 46 (balanced)")
    change(book, decision=replace(make.decision(), sequence=2))
    assert ask(book, "/follow defi 500").title.endswith("week 46, change 2 (balanced)")


def test_a_mode_may_be_asked_for_and_stays_with_the_buttons(book: Any, make: Any) -> None:
    change(book, "aggressive", decision=make.decision(holdings=[replace(make.HOLDINGS[0], weight=1.0)]))
    reply = ask(book, "/follow defi 500 aggressive")
    assert reply.title == "Follow DeFi with $500, week 46 (aggressive)"
    assert reply.buttons[0].command == "/index defi aggressive"
    assert reply.table is not None and len(reply.table.rows) == 1


def test_a_filled_decision_says_that_prices_have_moved(book: Any, make: Any) -> None:
    change(book, settlement=make.settlement(make.decision()))
    assert "The index itself traded at 13 Nov's close: prices have moved since." in ask(book, "/follow defi 500").note


def test_an_index_of_several_words_takes_an_amount_too(book: Any) -> None:
    assert ask(book, "/follow large caps 500").title.startswith("Follow Large caps with $500")


@given(cents=st.integers(10_000, 100_000_000))
def test_what_is_shown_adds_up_to_the_stake_exactly(cents: int, shared_book: Any) -> None:
    reply = ask(shared_book, f"/follow defi {cents // 100}.{cents % 100:02d}")
    assert reply.table is not None
    shown = [int(re.sub(r"[$,.]", "", row[1])) for row in reply.table.rows]
    assert sum(shown) == cents
