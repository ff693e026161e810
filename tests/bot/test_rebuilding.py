"""/verify and `crier verify` say that levels were rebuilt from the journal, and name the entry where that fails."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.rebuilding import with_levels
from bot.settings import read_settings
from bot.verifying import verify_journal
from engine.errors import BrokenJournal
from engine.model import Action, Decision, Fill, Holding, Portfolio, Settlement, Trade
from engine.rebuild import rebuild
from storage.chain import Verdict
from storage.database import Database, open_database
from storage.decisions import told_in

DAY = dt.date(2023, 11, 13)
HOLDS = Verdict(True, 2, "ab" * 32, "The replay journal holds.")

DECISION = Decision(
    index="defi",
    mode="balanced",
    date=DAY,
    sequence=0,
    risk=None,
    holdings=(
        Holding("AAVE", 0.0, 0.5, Action.BUY_NEW, "bullish", "rising"),
        Holding("USDC", 1.0, 0.5, Action.TRIM, "stablecoin_leg", "waits", stable=True),
    ),
    trades=(Trade("AAVE", 0.5, 0.003), Trade("USDC", -0.5, 0.0)),
    turnover=0.5,
    cost_estimate=0.0015,
    eligible=9,
    level_net=1000.0,
    level_gross=1000.0,
    notes=(),
    method="2.0 ab",
)
SETTLEMENT = Settlement(  # 1000: half into 5 AAVE at 100, 0.30 % of that half paid, the rest stays USDC
    index="defi",
    mode="balanced",
    date=DAY,
    sequence=0,
    fills=(
        Fill("AAVE", 100.0, 0.0, 0.5, 0.0015, "filled", 0.5),
        Fill("USDC", 1.0, 1.0, 0.4985, 0.0, "filled", 0.5),
    ),
    turnover=0.50075,
    cost=0.0015,
    portfolio=Portfolio(
        date=DAY,
        units={"AAVE": 5.0, "USDC": 498.5},
        marks={"AAVE": 100.0, "USDC": 1.0},
        marked={"AAVE": "2023-11-13", "USDC": "2023-11-13"},
        level_net=998.5,
        level_gross=1000.0,
        divisor=0.9985,
    ),
    method="2.0 ab",
    prices={"AAVE": 100.0, "USDC": 1.0},
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "levels.db")
    yield opened
    opened.close()


def store(database: Database, *settlements: Settlement) -> None:
    for settlement in settlements:
        database.decisions.add("replay", replace(DECISION, mode=settlement.mode, date=settlement.date))
        database.decisions.settle("replay", settlement)


@pytest.mark.rule("6.4")
def test_levels_that_follow_are_said_to_agree(database: Database) -> None:
    store(database, SETTLEMENT, replace(SETTLEMENT, mode="aggressive"))
    said = with_levels(HOLDS, database.journal.entries("replay"))
    assert said.ok
    assert said.message == ("The replay journal holds. Levels of 2 tracks rebuilt from fills and prices: all agree.")


@pytest.mark.rule("6.4")
def test_a_level_that_does_not_follow_is_named_with_its_entry(database: Database) -> None:
    store(database, SETTLEMENT, replace(SETTLEMENT, mode="aggressive", prices={"AAVE": 101.0, "USDC": 1.0}))
    said = with_levels(HOLDS, database.journal.entries("replay"))
    assert not said.ok
    assert said.message.startswith(
        "The replay journal holds, but not its entry 4: the settlement of defi (aggressive) on 2023-11-13"
    )


def settled(decision: Decision, *fills: Fill) -> Settlement:
    """What follows where 1000 USDC are filled so, at 100 a token: whoever forges fills forges the rest to fit."""
    prices = {fill.symbol: 100.0 for fill in fills} | {"USDC": 1.0}
    cost = sum(fill.cost for fill in fills)
    units = {"USDC": 1000.0} | {fill.symbol: fill.weight * 1000 / prices[fill.symbol] for fill in fills}
    return replace(
        SETTLEMENT,
        date=decision.date,
        fills=fills,
        turnover=sum(abs(fill.weight - fill.from_weight) for fill in fills) / 2,
        cost=cost,
        portfolio=replace(
            SETTLEMENT.portfolio,
            units=units,
            marks={symbol: prices[symbol] for symbol in units},
            level_net=1000 * (1 - cost),
            divisor=1 - cost,
        ),
        prices=prices,
    )


AAVE, USDC = SETTLEMENT.fills
COIN = replace(
    DECISION,
    holdings=(*DECISION.holdings, Holding("PEPE", 0.0, 0.0, Action.BUY_NEW, "stablecoin_leg", "waits", stable=True)),
)
RICH = replace(DECISION, holdings=(DECISION.holdings[0], replace(DECISION.holdings[1], from_weight=2.0)))
FORGED = {
    "a beginning with more than there was": (
        RICH,
        (replace(AAVE, weight=0.25, cost=0.00075, wanted=0.25), replace(USDC, weight=0.7485)),
        "it does not begin with 1000 in stablecoins",
    ),
    "a token that nobody decided on": (
        DECISION,
        (AAVE, Fill("PEPE", 100.0, 0.0, 0.2, 0.0006, "filled", 0.0), replace(USDC, weight=0.2979)),
        "it trades without an order PEPE",
    ),
    "a token that is called a stablecoin": (
        COIN,
        (AAVE, Fill("PEPE", 100.0, 0.0, 0.2, 0.0, "filled", 0.0), replace(USDC, weight=0.2985)),
        "it calls PEPE a stablecoin",
    ),
    "a purchase that went badly": (DECISION, (), "it does not say what became of AAVE, which was to be traded"),
    "a purchase without its cost": (
        DECISION,
        (replace(AAVE, cost=0.0), replace(USDC, weight=0.5)),
        "it pays less than 0.30 % for AAVE",
    ),
    "a part of a purchase": (
        DECISION,
        (replace(AAVE, weight=0.1, cost=0.0003), replace(USDC, weight=0.8997)),
        "it calls a part of the trade the whole of AAVE",
    ),
}


@pytest.mark.rule("6.4")
@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_that_adds_up_is_found(database: Database, name: str) -> None:
    decision, fills, word = FORGED[name]
    assert rebuild([DECISION, settled(DECISION, AAVE, USDC)])
    database.decisions.add("live", decision)
    database.decisions.settle("live", settled(decision, *fills))
    said = with_levels(HOLDS, database.journal.entries("live"))
    assert (said.ok, word in said.message) == (False, True), said.message


def test_signals_and_decisions_of_a_week_that_is_over_are_found(database: Database) -> None:
    journal = database.journal
    journal.append("live", "signals", DAY, {"signals": []})
    database.decisions.add("live", DECISION)
    journal.append("live", "signals", DAY + dt.timedelta(7), {"signals": []})
    assert with_levels(HOLDS, journal.entries("live")).ok
    database.decisions.add("live", replace(DECISION, mode="aggressive"))
    said = with_levels(HOLDS, journal.entries("live"))
    assert (said.ok, said.message) == (
        False,
        "The live journal holds, but its entry 4 was added late: it tells of 2023-11-13, and the signals of "
        "2023-11-20 stand before it.",
    )


def test_an_entry_dated_otherwise_than_what_it_tells_is_found(database: Database) -> None:
    database.decisions.add("live", DECISION)
    (entry,) = database.journal.entries("live")
    said = with_levels(HOLDS, [replace(entry, date=DAY + dt.timedelta(1))])
    assert (said.ok, "it is dated 2023-11-14, and what it tells 2023-11-13" in said.message) == (False, True)


def test_a_broken_chain_is_left_as_it_is() -> None:
    broken = replace(HOLDS, ok=False, message="broken at entry 1")
    assert with_levels(broken, iter(())) == broken


def test_a_journal_without_settlements_says_nothing_of_levels(database: Database) -> None:
    database.decisions.add("replay", DECISION)
    assert with_levels(HOLDS, database.journal.entries("replay")) == HOLDS


def test_settlements_too_old_to_name_prices_are_counted(database: Database) -> None:
    store(database, replace(SETTLEMENT, prices={}, method=""))
    said = with_levels(HOLDS, database.journal.entries("replay"))
    assert said.ok
    assert said.message == "The replay journal holds. 1 older settlement without prices taken as stated."


def test_an_exported_journal_is_rebuilt_without_any_database(database: Database, tmp_path: Path) -> None:
    store(database, SETTLEMENT)
    path = tmp_path / "journal.jsonl"
    database.journal.export("replay", path)
    verdict = verify_journal(read_settings(tmp_path / "none.db"), None, path)
    assert verdict.ok
    assert "Levels of 1 track rebuilt from fills and prices: all agree." in verdict.chain


def test_the_books_of_two_ledgers_are_kept_apart(database: Database) -> None:
    store(database, SETTLEMENT)
    database.decisions.add("live", DECISION)
    database.decisions.settle("live", SETTLEMENT)
    both = [entry for ledger in ("live", "replay") for entry in database.journal.entries(ledger)]  # type: ignore[arg-type]
    assert "Levels of 2 tracks" in with_levels(HOLDS, both).message


def test_an_entry_that_is_no_settlement_is_named(database: Database) -> None:
    database.journal.append("replay", "settlement", DAY, {"index": "defi"})
    said = with_levels(HOLDS, database.journal.entries("replay"))
    assert not said.ok
    assert "Entry 1 of the replay journal is no settlement" in said.message
    with pytest.raises(BrokenJournal):
        list(told_in(database.journal.entries("replay")))


def test_what_the_journal_says_survives_it_unchanged(database: Database) -> None:
    """Prices, wishes and reasons are in the body, in full."""
    store(database, SETTLEMENT)
    bodies = [json.loads(entry.body) for entry in database.journal.entries("replay")]
    assert bodies[1]["prices"] == SETTLEMENT.prices
    assert [told for _, told in told_in(database.journal.entries("replay"))] == [DECISION, SETTLEMENT]
