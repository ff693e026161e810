from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.errors import AlreadyDecided, BrokenJournal, StorageError
from engine.model import PASSIVE, Decision, LevelPoint, Settlement
from storage.connection import Written
from storage.database import Database

MONDAY = dt.date(2023, 11, 13)
WEEK = dt.timedelta(days=7)

MakeDecision = Callable[..., Decision]
MakeSettlement = Callable[[Decision], Settlement]


def test_a_decision_comes_back_as_it_was_with_its_entry(database: Database, make_decision: MakeDecision) -> None:
    entry = database.decisions.add("replay", make_decision())
    stored = database.decisions.get("replay", "defi", "balanced", "2023-W46")
    assert stored is not None
    assert stored.decision == make_decision()
    assert (stored.settlement, stored.entry) == (None, entry)
    assert (entry.seq, entry.kind, entry.date) == (1, "decision", MONDAY)
    assert database.journal.head("replay") == entry.hash


def test_the_same_key_is_decided_once_and_leaves_the_journal_alone(
    database: Database, make_decision: MakeDecision
) -> None:
    entry = database.decisions.add("replay", make_decision())
    with pytest.raises(AlreadyDecided, match="defi/balanced/2023-W46/0 stands in the replay ledger"):
        database.decisions.add("replay", make_decision(turnover=0.1))
    assert database.journal.head("replay") == entry.hash


def test_ledgers_modes_indices_and_sequences_are_keys_of_their_own(
    database: Database, make_decision: MakeDecision
) -> None:
    database.decisions.add("replay", make_decision())
    database.decisions.add("live", make_decision())
    for changes in ({"mode": PASSIVE}, {"index": "ai"}, {"sequence": 1}, {"date": MONDAY + WEEK}):
        database.decisions.add("live", make_decision(**changes))
    assert database.journal.count("live") == 5
    assert database.decisions.has_week("live", "ai", "balanced", "2023-W46")
    assert not database.decisions.has_week("replay", "ai", "balanced", "2023-W46")


def test_only_the_weekly_decision_makes_a_week_done(database: Database, make_decision: MakeDecision) -> None:
    database.decisions.add("live", make_decision(sequence=1))
    assert not database.decisions.has_week("live", "defi", "balanced", "2023-W46")


def test_a_settlement_joins_its_decision_once(
    database: Database, make_decision: MakeDecision, make_settlement: MakeSettlement
) -> None:
    decision = make_decision()
    with pytest.raises(StorageError, match="no decision defi/balanced/2023-W46/0"):
        database.decisions.settle("replay", make_settlement(decision))
    database.decisions.add("replay", decision)
    database.decisions.settle("replay", make_settlement(decision))
    with pytest.raises(AlreadyDecided, match="settlement"):
        database.decisions.settle("replay", make_settlement(decision))
    stored = database.decisions.latest("replay", "defi", "balanced")
    assert stored is not None
    assert stored.settlement == make_settlement(decision)
    assert database.journal.count("replay") == 2


def test_unsettled_decisions_are_listed_oldest_first(
    database: Database, make_decision: MakeDecision, make_settlement: MakeSettlement
) -> None:
    later, first, settled = (make_decision(date=MONDAY + WEEK * i) for i in (2, 1, 0))
    for decision in (settled, later, first):
        database.decisions.add("replay", decision)
    database.decisions.settle("replay", make_settlement(settled))
    assert [stored.decision for stored in database.decisions.unsettled("replay")] == [first, later]
    assert database.decisions.unsettled("live") == []


def test_the_latest_before_a_day_and_the_history_are_newest_first(
    database: Database, make_decision: MakeDecision
) -> None:
    for changes in ({}, {"date": MONDAY + WEEK}, {"date": MONDAY + WEEK, "sequence": 1}):
        database.decisions.add("replay", make_decision(**changes))
    history = database.decisions.history("replay", "defi", "balanced", 2)
    assert [(s.decision.date, s.decision.sequence) for s in history] == [(MONDAY + WEEK, 1), (MONDAY + WEEK, 0)]
    before = database.decisions.latest("replay", "defi", "balanced", before=MONDAY + WEEK)
    assert before is not None
    assert before.decision.date == MONDAY
    assert database.decisions.latest("replay", "defi", "balanced", before=MONDAY) is None
    assert database.decisions.get("replay", "defi", "balanced", "2023-W47", 1) == history[0]


def test_the_portfolio_is_that_of_the_last_settlement_before(
    database: Database, make_decision: MakeDecision, make_settlement: MakeSettlement
) -> None:
    for i in range(2):
        decision = make_decision(date=MONDAY + WEEK * i)
        database.decisions.add("replay", decision)
        database.decisions.settle("replay", make_settlement(decision))
    for days, expected in ((0, None), (1, MONDAY), (7, MONDAY), (8, MONDAY + WEEK)):
        found = database.decisions.portfolio("replay", "defi", "balanced", MONDAY + dt.timedelta(days=days))
        assert (found.date if found else None) == expected


def test_the_live_record_starts_with_the_first_live_decision(database: Database, make_decision: MakeDecision) -> None:
    database.decisions.add("replay", make_decision())
    assert database.decisions.live_start() is None
    for i in (2, 1):
        database.decisions.add("live", make_decision(date=MONDAY + WEEK * i))
    assert database.decisions.live_start() == MONDAY + WEEK


def test_levels_are_kept_by_day_and_may_be_restated(database: Database) -> None:
    points = [LevelPoint(MONDAY + dt.timedelta(days=i), 1000.0 + i, 1001.0 + i, 0.1, 0.002, 0.15) for i in range(3)]
    store = database.decisions
    assert store.put_levels("replay", "defi", "balanced", reversed(points)) == Written(new=3)
    assert store.put_levels("replay", "defi", "balanced", points) == Written(same=3)
    assert store.levels("replay", "defi", "balanced") == points
    restated = replace(points[1], net=999.0)
    assert store.put_levels("replay", "defi", "balanced", [restated]) == Written(changed=1)
    assert store.levels("replay", "defi", "balanced")[1] == restated
    assert store.levels("live", "defi", "balanced") == []


def test_an_announcement_stands_with_the_head_of_its_moment(database: Database, make_decision: MakeDecision) -> None:
    decision = make_decision()
    entry = database.decisions.add("replay", decision)
    database.decisions.put_announcement("replay", decision, '{"title":"DeFi"}')
    database.journal.append("replay", "note", MONDAY, {})
    found = database.decisions.announcement("replay", "defi", "balanced", "2023-W46")
    assert found is not None
    assert (found.reply, found.head) == ('{"title":"DeFi"}', entry.hash)
    assert database.decisions.announcement("live", "defi", "balanced", "2023-W46") is None


def test_a_tampered_decision_is_never_shown(database: Database, make_decision: MakeDecision) -> None:
    database.decisions.add("replay", make_decision())
    database.connection.execute("DROP TRIGGER journal_keeps_values")
    database.connection.execute("UPDATE journal SET body = replace(body, '1124.25', '2124.25')")
    with pytest.raises(BrokenJournal, match="entry 1 of the replay journal"):
        database.decisions.latest("replay", "defi", "balanced")


def test_a_row_that_points_at_another_decision_is_never_shown(database: Database, make_decision: MakeDecision) -> None:
    database.decisions.add("replay", make_decision())
    wrong = make_decision(mode="aggressive")
    database.decisions.add("replay", wrong)
    database.connection.execute("DELETE FROM decisions WHERE mode = 'balanced'")
    database.connection.execute("UPDATE decisions SET mode = 'balanced'")
    with pytest.raises(BrokenJournal, match="another decision"):
        database.decisions.latest("replay", "defi", "balanced")


def test_a_number_that_is_not_finite_is_not_stored(database: Database, make_decision: MakeDecision) -> None:
    with pytest.raises(StorageError, match="turnover"):
        database.decisions.add("replay", make_decision(turnover=float("nan")))
    assert database.journal.head("replay") is None
