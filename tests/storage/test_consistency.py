"""Levels on the day of a fill are held against the journal, every figure of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.model import Decision, LevelPoint, Settlement
from storage.database import Database

MakeDecision = Callable[..., Decision]
MakeSettlement = Callable[[Decision], Settlement]


def point(settlement: Settlement) -> LevelPoint:
    book = settlement.portfolio
    return LevelPoint(settlement.date, book.level_net, book.level_gross, settlement.turnover, settlement.cost, 0.15)


@pytest.fixture
def settled(database: Database, make_decision: MakeDecision, make_settlement: MakeSettlement) -> Settlement:
    decision = make_decision()
    settlement = make_settlement(decision)
    database.decisions.add("replay", decision)
    database.decisions.settle("replay", settlement)
    database.decisions.put_levels("replay", "defi", "balanced", [point(settlement)])
    return settlement


def test_levels_as_settled_agree_with_the_journal(database: Database, settled: Settlement) -> None:
    assert database.verify("replay").ok


@pytest.mark.parametrize(
    ("figure", "said"),
    [("net", "level"), ("gross", "level before costs"), ("turnover", "turnover"), ("cost", "cost")],
)
@pytest.mark.parametrize("factor", [0.0, 1 + 1e-7, 2.0])
def test_every_figure_that_the_journal_states_is_held_against_it(
    database: Database, settled: Settlement, figure: str, said: str, factor: float
) -> None:
    changed = replace(point(settled), **{figure: getattr(point(settled), figure) * factor})
    database.decisions.put_levels("replay", "defi", "balanced", [changed])
    verdict = database.verify("replay")
    assert verdict.ok == (abs(getattr(changed, figure) - getattr(point(settled), figure)) < 1e-9)
    assert verdict.ok or verdict.message == (
        f"The replay journal holds, but the {said} of defi (balanced) on 2023-11-13 was changed since."
    )


def test_of_two_settlements_of_one_day_the_later_one_counts(
    database: Database, settled: Settlement, make_decision: MakeDecision
) -> None:
    later = replace(settled, sequence=1, portfolio=replace(settled.portfolio, level_net=1111.0))
    database.decisions.add("replay", make_decision(sequence=1))
    database.decisions.settle("replay", later)
    assert not database.verify("replay").ok
    database.decisions.put_levels("replay", "defi", "balanced", [point(later)])
    assert database.verify("replay").ok
