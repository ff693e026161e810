"""What is due follows from what is stored and the clock: once each, caught up within its age, never back-dated."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bot.scheduler import Stored, Tries, Work, due, note_done, note_tried, read_stored
from engine.errors import StorageError
from storage.database import open_database

MONDAY = dt.date(2026, 11, 23)
WEEK = dt.timedelta(weeks=1)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def kinds(stored: Stored, now: str) -> list[str]:
    return [work.kind for work in due(stored, at(now)) if work.kind not in ("tend", "fetch")]


DECIDED = Stored(live=True, decided=MONDAY, done={"week": MONDAY.isoformat()})
PARTLY = Stored(live=True, decided=MONDAY)  # an index still waits for its prices
BEFORE = Stored(live=True, decided=MONDAY - WEEK)


@pytest.mark.parametrize(
    "stored, now, wanted",
    [
        (BEFORE, "2026-11-23T00:29", []),
        (BEFORE, "2026-11-23T00:30", ["week"]),
        (BEFORE, "2026-11-23T06:40", ["week"]),  # F33: down for six hours at the hour itself: caught up with
        (BEFORE, "2026-11-23T23:59", ["week"]),
        (BEFORE, "2026-11-24T00:31", ["missed"]),  # later it is not made up for
        (
            BEFORE,
            "2026-11-30T00:10",
            ["missed"],
        ),  # down for all of its week: told on the next Monday, which still comes
        (BEFORE, "2026-11-30T00:31", ["missed", "week"]),
        (DECIDED, "2026-11-23T06:00", []),  # F7
        (PARTLY, "2026-11-23T06:00", ["week"]),
        (PARTLY, "2026-11-24T06:00", ["day"]),
        (DECIDED, "2026-11-24T00:29", []),
        (DECIDED, "2026-11-24T00:30", ["day"]),
        (DECIDED, "2026-11-29T12:00", ["day"]),
        (Stored(live=True), "2026-11-23T09:00", ["week"]),  # the very first
        (Stored(live=True), "2026-11-25T00:20", ["first"]),  # nothing was missed: the last Monday is replayed
        (Stored(live=True, replayed=MONDAY - WEEK), "2026-11-25T09:00", []),
        (Stored(), "2026-11-25T09:00", []),  # nothing was fetched yet
        (Stored(live=False, decided=MONDAY - WEEK), "2026-11-23T09:00", []),  # no live sources, nothing live
        (Stored(live=True, decided=MONDAY + WEEK), "2026-11-23T09:00", []),  # F31: a clock that was set back
    ],
)
def test_a_week_is_due_on_its_monday_until_it_is_decided(stored: Stored, now: str, wanted: list[str]) -> None:
    """F7, F31, F33"""
    assert kinds(stored, now) == wanted


@pytest.mark.parametrize(
    "monday, week",
    [("2026-12-28", "2026-W53"), ("2027-01-04", "2027-W01"), ("2024-12-30", "2025-W01"), ("2024-02-26", "2024-W09")],
)
def test_year_ends_and_leap_days_make_one_week_each(monday: str, week: str) -> None:
    """F32: walked through half-hour by half-hour, with the work done when it is due."""
    start = at(monday)
    stored, done = Stored(live=True, decided=start.date() - WEEK), []
    for half_hours in range(7 * 48):
        now = start + dt.timedelta(minutes=30 * half_hours)
        for work in due(stored, now):
            if work.kind in ("week", "day"):
                done.append(work)
            if work.kind == "week":
                stored = replace(stored, decided=dt.date.fromisoformat(work.about))
            stored = replace(stored, done={**stored.done, work.kind: work.about})
    assert [work.kind for work in done] == ["week", *["day"] * 6]
    assert done[0].about == monday
    assert "{}-W{:02d}".format(*dt.date.fromisoformat(done[0].about).isocalendar()[:2]) == week


@pytest.mark.parametrize("jump", [dt.timedelta(hours=1), -dt.timedelta(hours=1), WEEK, -WEEK])
def test_each_week_is_decided_once_however_the_clock_jumps(jump: dt.timedelta) -> None:
    """F31: a jump somewhere in three weeks and back a day later; what the gate of the data refuses is not decided."""
    for jumps_at in range(0, 3 * 7 * 24, 17):
        stored, decided = BEFORE, []
        for hour in range(3 * 7 * 24):
            true = at("2026-11-23T00:35") + dt.timedelta(hours=hour)
            shown = true + (jump if jumps_at <= hour < jumps_at + 24 else dt.timedelta())
            for work in due(stored, shown):
                if work.kind == "week":
                    if abs(true.date() - dt.date.fromisoformat(work.about)).days > 1:
                        continue  # there is no data of such a day
                    decided.append(work.about)
                    stored = replace(stored, decided=dt.date.fromisoformat(work.about))
                stored = replace(stored, done={**stored.done, work.kind: work.about})
        assert decided == sorted(set(decided)), jumps_at
        assert len(decided) >= (2 if abs(jump) == WEEK else 3), jumps_at


def test_what_failed_rests_longer_each_time_and_a_new_day_begins_anew() -> None:
    work = Work("week", MONDAY.isoformat())
    for count, minutes in ((1, 15), (2, 30), (3, 60), (4, 120), (9, 120)):
        tried = {"week": Tries(work.about, count, at("2026-11-23T01:00"))}
        stored = replace(BEFORE, tried=tried)
        early = at("2026-11-23T01:00") + dt.timedelta(minutes=minutes - 1)
        assert not stored.needs(work, early)
        assert stored.needs(work, early + dt.timedelta(minutes=1))
    assert stored.needs(Work("week", (MONDAY + WEEK).isoformat()), at("2026-11-23T01:01"))
    assert stored.needs(work, at("2026-11-23T00:40"))  # F31: tried in what is the future now


def test_the_day_begins_with_tidying_and_a_fetch_and_fetches_four_times() -> None:
    stored, fetched = Stored(), []
    for minute in range(0, 24 * 60, 10):
        now = at("2026-11-25T00:00") + dt.timedelta(minutes=minute)
        for work in due(stored, now):
            stored = replace(stored, done={**stored.done, work.kind: work.about})
            if work.kind == "fetch":
                fetched.append(now.strftime("%H:%M"))
    assert fetched == ["00:10", "06:00", "12:00", "18:00"]
    assert stored.done["tend"] == "2026-11-25"


def test_what_was_done_and_tried_is_remembered() -> None:
    database = open_database(":memory:")
    work, now = Work("week", MONDAY.isoformat()), at("2026-11-23T01:00")
    assert read_stored(database) == Stored()
    assert [note_tried(database, work, now) for _ in range(2)] == [1, 2]
    assert note_tried(database, Work("week", "2026-11-30"), now) == 1
    note_done(database, work, now)
    database.market.set_provenance("live", "yes")
    stored = read_stored(database)
    assert (stored.live, stored.done) == (True, {"week": "2026-11-23"})
    assert stored.tried["week"] == Tries("2026-11-30", 1, now)
    database.agenda.note("tried/week", "nonsense", now)
    with pytest.raises(StorageError, match="no schedule wrote"):
        read_stored(database)
    database.close()
