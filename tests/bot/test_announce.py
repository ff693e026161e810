"""Alerts of changes between weeks, paused weeks, and notices of a changed method: short, with the cause first."""

from __future__ import annotations

import datetime as dt
import inspect
from dataclasses import replace
from typing import Any

import pytest

from bot import words
from bot.announce import announce, method_notice
from bot.dispatch import Request, dispatch
from bot.reply import Reply
from bot.screen import PAUSED
from engine import draft
from engine.model import Action, Cause, Decision, Holding

COLLAPSE = Cause("collapse", "GMX", "GMX fell 46 % in two days")
LEG = Holding("USDC", 0.16, 0.28, Action.BUY_MORE, "stablecoin_leg", "", stable=True)
AFTER = (
    Holding("AAVE", 0.42, 0.42, Action.HOLD, "band", ""),
    Holding("XVS", 0.30, 0.30, Action.HOLD, "band", ""),
    Holding("GMX", 0.12, 0.0, Action.SELL, "collapse", "fell 46 % in two days"),
    LEG,
)


def ask(book: Any, text: str) -> Reply:
    return dispatch(book, Request(text, "test", "c", "u", "balanced"))


def put(book: Any, make: Any, holdings: Any = AFTER, sequence: int = 1, causes: Any = (COLLAPSE,)) -> Decision:
    """A decision two days after Monday's, newest on the shelf."""
    decision: Decision = make.decision(date=make.MONDAY + dt.timedelta(days=2), holdings=holdings)
    decision = replace(decision, sequence=sequence, causes=tuple(causes), method="2.0 3f9a02d76a1b88e0")
    shelf = book.decisions["defi", "balanced"]
    shelf.insert(0, replace(shelf[0], decision=decision))
    return decision


def test_an_alert_begins_with_its_cause_and_is_short(book: Any, make: Any) -> None:
    put(book, make)
    reply = announce(book, "defi", "balanced")
    head = " ".join(make.digest("defibalanced0")[i : i + 4] for i in range(0, 32, 4))
    assert reply.lines() == (
        "DeFi index, week 46, change 1 (balanced)",
        "GMX fell 46 % in two days.",
        "Sold GMX (12 %).",
        "Stablecoins 28 % (was 16): USDC 28",
        "$1,000 on 2 Jan is now $1,112. Just holding: $950.",
        "Fills at today's close, cost about 0.13 %.",
        f"Simulated, not advice. Method 2.0 · {head}",
    )
    assert reply.buttons[0].command == "/explain collapse"
    assert reply.table is None and reply.chart is None


def test_several_causes_are_all_told_and_a_token_sold_for_neither_has_its_reason(book: Any, make: Any) -> None:
    up = Cause("step_up", "high", "risk is up from raised to high")
    crv = Holding("CRV", 0.05, 0.0, Action.SELL, "drought", "hardly traded for three days")
    trimmed = Holding("AAVE", 0.42, 0.30, Action.TRIM, "risk_ladder", "calm")
    put(book, make, (trimmed, *AFTER[1:3], crv, replace(LEG, from_weight=0.11, weight=0.40)), 2, (COLLAPSE, up))
    reply = announce(book, "defi", "balanced")
    assert reply.text == ("GMX fell 46 % in two days.", "Risk is up from raised to high.")
    assert reply.after[:3] == (
        "Sold GMX (12 %).",
        "Sold CRV (5 %): hardly traded for three days.",
        "Trimmed AAVE: the step of risk moved",
    )
    assert [button.command for button in reply.buttons[:2]] == ["/explain collapse", "/explain risk-off"]


def test_a_stopped_price_is_announced_although_nothing_can_be_traded(book: Any, make: Any) -> None:
    lines = (
        Holding("AAVE", 0.88, 0.88, Action.HOLD, "band", ""),
        Holding("LUNC", 0.12, 0.12, Action.STUCK, "stopped_price", "its price has stopped"),
    )
    assert put(book, make, lines, causes=[Cause("stopped", "LUNC", "LUNC has no price since Monday")]).trades == ()
    reply = announce(book, "defi", "balanced")
    assert reply.text == ("LUNC has no price since Monday.",)
    assert reply.after[0] == "LUNC cannot be sold and stays at 12 %."
    assert reply.after[-1] == "No trades with this change."
    assert not any("Stablecoins" in line for line in reply.after)


def test_a_long_cause_stays_on_a_phone(book: Any, make: Any) -> None:
    put(book, make, causes=[Cause("order", "7", "an admin ordered a rebalance: " + "because \x1b[31m " * 60)])
    said, moved = announce(book, "defi", "balanced").text
    assert moved == "Risk moved from normal to raised."
    assert len(said) <= 241 and "\x1b" not in said


@pytest.mark.parametrize("trigger", ["step_up", "collapse", "drought", "peg_loss", "stopped", "resumed", "order"])
def test_every_trigger_leads_to_a_word_that_is_explained(trigger: str) -> None:
    assert words.find(words.TRIGGERS[trigger]) == words.TRIGGERS[trigger]


def test_an_unknown_trigger_is_announced_without_a_word(book: Any, make: Any) -> None:
    put(book, make, causes=[Cause("eclipse", "sun", "the sun is gone")])
    reply = announce(book, "defi", "balanced")
    assert reply.text == ("The sun is gone.",)
    assert reply.buttons[0].command == "/why defi"


def test_the_index_screen_names_the_cause_above_the_level(book: Any, make: Any) -> None:
    put(book, make)
    reply = ask(book, "/index defi")
    assert reply.title == "DeFi index, week 46, change 1 (balanced)"
    assert reply.text[0] == "GMX fell 46 % in two days."
    assert reply.table is not None


def test_why_of_an_index_tells_the_cause_and_what_the_week_did_before(book: Any, make: Any) -> None:
    put(book, make)
    put(book, make, AFTER[:2], 2, [Cause("step_up", "high", "risk is up")])
    reply = ask(book, "/why defi")
    assert reply.text[0] == "Risk is up."
    assert reply.after[-2:] == (
        "Change 1: sold GMX, risk raised, 28 % in stablecoins.",
        "Monday: bought GMX, sold LDO, risk raised, 15 % in stablecoins.",
    )
    assert "DeFi: change 2, Risk is up; risk raised, 0 % in stablecoins." in ask(book, "/why").text


def test_why_of_a_token_tells_each_move_of_the_week(book: Any, make: Any) -> None:
    put(book, make)
    told = ask(book, "/why gmx defi").text
    assert [line.split(":")[0] for line in told] == ["DeFi, change 1", "DeFi, Monday"]
    assert told[0] == "DeFi, change 1: sell, 12 % to 0 %: fell 46 % in two days."
    assert [line.split(":")[0] for line in ask(book, "/why aave defi").text] == ["DeFi, change 1"]
    assert ask(book, "/why ldo defi").text[0].startswith("DeFi, Monday: sell, 28 % to 0 %")


def test_history_numbers_changes_names_their_cause_and_counts_weeks(book: Any, make: Any) -> None:
    put(book, make)
    reply = ask(book, "/history defi 2")
    assert reply.table is not None
    assert [row[0] for row in reply.table.rows] == ["2023-W46/1", "2023-W46", "2023-W45"]
    assert reply.after[:2] == ("2023-W46/1: GMX fell 46 % in two days; out GMX.", "2023-W46: in GMX; out LDO.")
    assert "DeFi: GMX fell 46 % in two days; out GMX." in ask(book, "/history").after


def paused(make: Any, because: str = "the price feed is under audit") -> Decision:
    """As the engine says it: every line held for one rule, and a note for an index that holds none."""
    reason = f"paused by an admin: {because}"
    lines = [
        replace(line, weight=line.from_weight, action=Action.HOLD, rule="paused", reason=reason)
        for line in make.HOLDINGS[:5]
    ]
    decision: Decision = make.decision(holdings=lines, notes=(f"{PAUSED}{reason}.",))
    return decision


def test_a_paused_index_says_so_in_its_quiet_week_and_on_its_screen(book: Any, make: Any) -> None:
    shelf = book.decisions["defi", "balanced"]
    shelf[0] = replace(shelf[0], decision=paused(make))
    expected = "Paused by an admin: the price feed is under audit."
    assert announce(book, "defi", "balanced").text[0] == expected
    assert ask(book, "/index defi").text[0] == expected
    reply = ask(book, "/why defi")
    assert reply.text[0] == expected
    assert reply.after == ("No holding changed.",)
    assert ask(book, "/why aave defi").text == ("DeFi: hold, 20 %: paused by an admin: the price feed is under audit.",)


def test_an_index_that_holds_no_token_says_that_it_is_paused(book: Any, make: Any) -> None:
    shelf = book.decisions["defi", "balanced"]
    shelf[0] = replace(shelf[0], decision=replace(paused(make), holdings=(replace(LEG, from_weight=1.0, weight=1.0),)))
    assert announce(book, "defi", "balanced").text[0].startswith("Paused by an admin")


def test_the_engine_still_says_why_it_trades_nothing_in_these_words() -> None:
    assert f'(f"{PAUSED}' in inspect.getsource(draft)


def test_spread_is_told_once_with_what_it_was(book: Any, make: Any) -> None:
    shelf = book.decisions["defi", "balanced"]

    def told(before: float, after: float) -> list[str]:
        shelf[0] = replace(shelf[0], decision=replace(make.decision(), names_before=before, names_after=after))
        return [line for line in ask(book, "/index defi").after if "spread out" in line]

    assert told(4.1, 5.3) == ["As spread out as 5.3 equal holdings, before 4.1."]
    assert told(5.31, 5.32) == ["As spread out as 5.3 equal holdings."]
    assert told(0.0, 5.3) == ["As spread out as 5.3 equal holdings."]
    assert told(4.1, 0.0) == []


def test_a_new_version_of_the_method_is_announced_with_where_to_read() -> None:
    reply = method_notice("1.0", "2.0 3f9a02d76a1b88e0")
    assert reply.lines() == (
        "Method 2.0: the rules changed",
        "The method changed from 1.0 to 2.0.",
        "What and why stands in docs/methodology.md and CHANGELOG.md.",
        "Decisions before this one followed the old one.",
        "Fingerprint now 3f9a02d76a1b88e0",
    )


def test_a_change_within_a_version_is_announced_as_one() -> None:
    said = method_notice("2.0 aaaa02d76a1b88e0", "2.0 3f9a02d76a1b88e0").text[0]
    assert said == "The rules' tables or code changed within method 2.0."


def test_no_change_is_no_notice() -> None:
    with pytest.raises(ValueError, match="did not change"):
        method_notice("2.0 3f9a02d76a1b88e0", "2.0 3f9a02d76a1b88e0")
