"""A simulated quarter: the real service on a clock that leaps, under every fault, held to its promises from outside.

From October to January: the clocks of New York and Berlin change, and W53 leads into W01. `CRIER_SEED` chooses another
quarter, and `python benchmarks/quarter.py` runs as many chats and weeks as one likes.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from emulators.quarter import Copy, Quarter, Report
from emulators.quarter_check import MONTH, Checker, Findings, kind_of
from emulators.quarter_market import QuarterMarket

SEED = int(os.environ.get("CRIER_SEED") or 20261012)
CHATS, WEEKS = 16, 15


@pytest.fixture(autouse=True)
def quietly(caplog: pytest.LogCaptureFixture) -> None:
    """Of thousands of expected failures nobody reads the log."""
    caplog.set_level(logging.CRITICAL + 1)


async def test_a_quarter_under_every_fault_tells_each_week_once_and_danger_within_ten_minutes(tmp_path: Path) -> None:
    """F1, F4, F13, F15 to F19, F21, F22, F31, F32, F33, F36"""
    quarter = Quarter(tmp_path, SEED, CHATS, WEEKS)
    report = await quarter.run()
    found = Checker(report, quarter.market).check()
    assert found.wrong == [], f"seed {SEED}"
    assert found.weeks == WEEKS - len(report.plan.skipped) == WEEKS - 1
    assert {"2026-W53", "2027-W01"} <= report.decided.keys()
    assert len(set(report.plan.fates.values())) == WEEKS, "every kind of Monday was there"
    assert len(report.kills) >= 8 and sum(report.faults.values()) >= 20
    assert found.repeats <= len(report.kills) * 2 * 16 + len(report.spoilt)
    assert found.told >= CHATS * 8 and found.months >= CHATS and len(found.late) >= 20 and max(found.late) <= 600
    _the_checker_sees(report, quarter.market)


def _the_checker_sees(report: Report, market: QuarterMarket) -> None:
    """What it is there for: without its eyes the quarter above would prove nothing."""
    stay = {(m.platform, m.rooms[-1]) for m in report.members if m.spans == [(float("-inf"), True)]}
    told = [c for c in report.copies if (c.platform, c.room) in stay and kind_of(c).kind == "week"]
    some = next(c for c in told if (c.platform, c.id) not in report.spoilt and c.second < report.kills[0] - 3600)
    month = next(c for c in told if MONTH.search(c.text))
    late = next(c for c in report.copies if c.text.startswith("Danger: the market"))

    def later(all_: list[Copy]) -> list[Copy]:
        return [replace(c, second=c.second + 5400) if c.text == late.text else c for c in all_]

    spoils: dict[str, tuple[Callable[[list[Copy]], list[Copy]], str]] = {
        "a message is lost": (lambda all_: [c for c in all_ if c is not some], "never told of week"),
        "a message comes twice": (lambda all_: [*all_, replace(some, id=0, second=some.second + 7200)], " again"),
        "a week comes late": (lambda all_: _instead(all_, some, some.second + 6 * 86400), "at another time"),
        "a month is not told": (lambda all_: [_without_month(c) if c is month else c for c in all_], "told of None"),
        "an alert comes late": (later, "in time, but"),
        "a stranger's words": (lambda all_: [*all_, replace(some, text="Buy now!")], "of no known kind"),
    }  # fmt: skip
    for name, (spoil, says) in spoils.items():
        spoilt = copy.copy(report)
        spoilt.copies = spoil(report.copies)
        found: Findings = Checker(spoilt, market).check()
        assert any(says in wrong for wrong in found.wrong), name


def _without_month(one: Copy) -> Copy:
    return replace(one, text=MONTH.sub("", one.text))


def _instead(copies: list[Copy], one: Copy, second: float) -> list[Copy]:
    return [replace(c, second=second) if c is one else c for c in copies]
