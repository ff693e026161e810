"""One signal in words: the month beside the week, families in parts that add up, what changed, what would flip it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.book import Band, Skill
from bot.spoken import explained, said
from engine.model import Call, FamilyView, Grade, Odds, Outlook, Signal
from engine.signals import call as call_of

MARGIN = 0.02
GRADE = Grade(57, "A+")


def view(family: str, part: float, without: float, stale: bool = False) -> FamilyView:
    return FamilyView(family, part, without, Grade(53, "B"), 10, 20, stale)


SIGNAL = Signal(
    "AAVE", Odds(0.30, 0.27, 0.43), Odds(0.33, 0.31, 0.36), 0.2, 0.06, GRADE, (), None, 120, 196, ("on-chain",), 0.05,
    99.0, 0.02, 0.04,
    families=(view("price", 0.05, 0.01), view("technical", 0.02, 0.04), view("macro", -0.01, 0.07),
              view("sentiment", 0.0, 0.06), view("on-chain", 0.0, 0.06, stale=True)),
    month=Outlook(28, Odds(0.32, 0.25, 0.43), Odds(0.34, 0.27, 0.39), 0.03, Grade(57, "A+")),
)  # fmt: skip


def caller(signal: Signal) -> Call:
    return call_of(signal, MARGIN)


def skill(ledger: str, calls: int) -> Skill:
    return Skill(150, 9000, 400, 170, 0.37, 0.51, 0.36, 1.085, 1.092, 0.09, 5.8, ledger,  # type: ignore[arg-type]
                 (Band(57, 100, calls, calls // 2, 0.4, 0.6),))  # fmt: skip


def test_the_month_stands_beside_the_week_and_never_instead() -> None:
    week, month = said(SIGNAL, Call.BULLISH, ())[1:3]
    assert week == "Next seven days: 43 % bullish (base 36 %), 27 % neutral, 30 % bearish."
    assert month.startswith("Next four weeks, scored apart: 43 % bullish (base 39 %)") and "grade 57 (A+)" in month
    assert not any("four weeks, scored" in line for line in said(replace(SIGNAL, month=None), Call.BULLISH, ()))


@pytest.mark.parametrize(
    ("skills", "told"),
    [
        ((skill("backtest", 400),), "(backtest: 50 % of 400 with this letter ended bullish, 40 to 60; live: none yet)"),
        ((skill("backtest", 400), skill("live", 29)), "40 to 60; live: too few)"),
        ((skill("backtest", 400), skill("live", 30)), "; live: 50 % of 30 with this letter ended bullish, 40 to 60)"),
        ((), "30 % bearish."),
    ],
)
def test_past_signals_of_the_letter_are_told_apart_by_ledger_from_thirty_on(
    skills: tuple[Skill, ...], told: str
) -> None:
    assert told in said(SIGNAL, Call.BULLISH, skills)[1]


def test_families_are_told_by_size_with_what_is_stale() -> None:
    parts = explained(SIGNAL, None, caller)[0]
    assert parts == (
        "By family (its own grade): price +0.05 (53 B), technical +0.02 (53 B), macro -0.01 (53 B); "
        "next to nothing from sentiment; stale: on-chain."
    )


def test_what_changed_since_last_week_names_the_families_that_did_it() -> None:
    before = replace(SIGNAL, conviction=0.01, families=(view("price", 0.0, 0.0), view("technical", 0.02, 0.0)))
    assert "Since last week: strength +0.01 to +0.06, most of it price +0.05 and macro -0.01." in explained(
        SIGNAL, before, caller
    )
    silent = replace(before, abstained="its price has stopped")
    assert "Last week there was no call: its price has stopped." in explained(SIGNAL, silent, caller)


def test_what_would_flip_the_call_is_the_family_without_which_it_is_another() -> None:
    assert explained(SIGNAL, None, caller)[-1] == "What would flip it: without price it would be neutral."
    two = replace(SIGNAL, families=(view("price", 0.05, 0.01), view("technical", 0.02, 0.0), view("macro", 0.1, -0.1)))
    assert explained(two, None, caller)[-1] == (
        "What would flip it: without price or without technical it would be neutral; without macro it would be bearish."
    )
    firm = replace(SIGNAL, families=(view("price", 0.05, 0.03),))
    assert explained(firm, None, caller)[-1] == (
        "No single family carries it: without any one of them it would still be bullish."
    )


def test_no_call_is_not_taken_apart() -> None:
    assert explained(replace(SIGNAL, abstained="the models disagree"), None, caller) == ()
