"""The ladder's record in /risk and the mix in /track: what the caution was worth, in plain words."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.commands.risk import record_lines
from bot.dispatch import Request, dispatch
from bot.reply import Reply
from engine.ladder_record import Fall, LadderRecord, RiskOff
from engine.model import PASSIVE, LevelPoint, RiskStep

SINCE = dt.date(2021, 1, 4)


def ask(book: Any, text: str) -> Reply:
    return dispatch(book, Request(text, "test", "c", "u"))


def record(*outcomes: Any, pasts: tuple[float | None, ...] = ()) -> LadderRecord:
    risk_offs = [
        RiskOff(SINCE, None, RiskStep.NORMAL, RiskStep.HIGH, 0.4, -0.2, 0.001, 0.08, outcome) for outcome in outcomes
    ]
    return LadderRecord(
        SINCE, tuple(risk_offs), tuple(Fall(SINCE, SINCE, -0.3, None, past, past is not None) for past in pasts)
    )


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        ((), "No risk-off since 4 Jan 2021."),
        (("helped",), "Of 1 risk-off since 4 Jan 2021, 1 helped after costs."),
        (("helped", "false alarm"), "Of 2 risk-offs since 4 Jan 2021, 1 helped after costs and 1 was a false alarm."),
        (
            ("helped",) * 6 + ("false alarm",) * 8 + ("moved nothing", "still open"),
            "Of 16 risk-offs since 4 Jan 2021, 6 helped after costs, 8 were false alarms, 1 moved nothing and 1 is "
            "still open.",
        ),
    ],
)
def test_risk_offs_are_counted_with_what_became_of_them(outcomes: tuple[Any, ...], line: str) -> None:
    assert record_lines(record(*outcomes)) == (line,)


def test_how_late_the_ladder_was_is_said_of_the_falls_that_were_measured() -> None:
    _, late = record_lines(record("helped", pasts=(0.4, 0.5, 1.0, None)))
    assert late == (
        "When just holding fell 20 % or more, typically 50 % of the fall was past by the first step up (3 falls)."
    )


def test_no_record_is_no_line() -> None:
    assert record_lines(LadderRecord(None, (), ())) == ()


def test_risk_tells_the_ladders_own_record(book: Any) -> None:
    """Twelve weeks: extreme, then high, then normal, then raised, three weeks each."""
    text = ask(book, "/risk defi").text
    assert text[2:] == ("Of 2 risk-offs since 28 Aug 2023, 1 helped after costs and 1 is still open.",)


def stepping(book: Any, *steps: RiskStep) -> None:
    """Oldest first, one a week up to the newest; a raised step holds 40 % in stablecoins, a normal one none."""
    stored = book.decisions["defi", "balanced"][: len(steps)]
    changed, before = [], 0.0
    for old, step in zip(reversed(stored), steps, strict=True):
        risk = replace(old.decision.risk, step=step, previous_step=None)
        share = 0.0 if step is RiskStep.NORMAL else 0.4
        lines = tuple(
            replace(h, from_weight=before / 2, weight=share / 2) if h.stable else h for h in old.decision.holdings
        )
        changed.append(replace(old, decision=replace(old.decision, risk=risk, holdings=lines)))
        before = share
    book.decisions["defi", "balanced"] = changed[::-1]


def falling(book: Any, make: Any, a_day: float) -> None:
    days = [make.MONDAY - dt.timedelta(days=n) for n in range(60, 0, -1)]
    book.level_points["defi", PASSIVE] = [LevelPoint(d, 1000 * (1 + a_day) ** i, 1000) for i, d in enumerate(days)]


CALM, HIGH = RiskStep.NORMAL, RiskStep.HIGH


@pytest.mark.parametrize(("a_day", "said"), [(-0.02, "1 helped after costs"), (0.02, "1 was a false alarm")])
def test_the_same_risk_off_helps_in_a_fall_and_is_a_false_alarm_in_a_rise(
    book: Any, make: Any, a_day: float, said: str
) -> None:
    stepping(book, CALM, HIGH, HIGH, CALM, CALM)
    falling(book, make, a_day)
    assert ask(book, "/risk defi").text[2] == f"Of 1 risk-off since 16 Oct 2023, {said}."


def shared(book: Any, share: float) -> None:
    points = book.level_points["defi", "balanced"]
    book.level_points["defi", "balanced"] = [replace(p, stablecoin_share=share) for p in points]


def mixes(book: Any) -> list[str]:
    return [line for line in ask(book, "/track defi").after if "mix" in line]


def test_track_tells_what_just_holding_with_as_many_stablecoins_became(book: Any) -> None:
    shared(book, 0.5)
    (line,) = mixes(book)
    assert line.startswith("A mix of just holding with the same average stablecoins (50 %): $1,000 became $9")
    holding = ask(book, "/track defi").table.rows[2][2]  # type: ignore[union-attr]
    fall = float(line.split("worst fall ")[1].split(" %")[0])
    assert float(holding.split(" %")[0]) < fall < 0, "half in stablecoins falls less"


def test_an_index_that_held_no_stablecoins_needs_no_mix(book: Any) -> None:
    shared(book, 0.004)
    assert mixes(book) == []


def test_a_mix_of_stablecoins_alone_stands_still(book: Any) -> None:
    shared(book, 1.0)
    assert mixes(book) == [
        "A mix of just holding with the same average stablecoins (100 %): $1,000 became $1,000, worst fall none."
    ]


def test_without_levels_there_is_no_mix(book: Any) -> None:
    book.level_points.clear()
    assert mixes(book) == []
