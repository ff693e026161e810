"""The printed figures: what the summary holds, readable on 80 columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.printed_figures import print_summary
from bot.summary import summarise
from engine.backtest import Backtest

MakeBacktest = Callable[..., Backtest]


@pytest.fixture
def printed() -> Callable[[dict[str, Any]], str]:
    def run(summary: dict[str, Any]) -> str:
        console = Console(width=80, record=True, quiet=False, force_terminal=False)
        with console.capture() as capture:
            print_summary(summary, Path("out"), console)
        return capture.get()

    return run


def test_every_head_index_and_mode_is_printed_whole_on_eighty_columns(
    printed: Callable[[dict[str, Any]], str], summary: dict[str, Any]
) -> None:
    text = printed(summary)
    assert "…" not in text
    for head in summary["heads"].values():
        assert head["title"] in text
        assert f"{head['whole']['log_loss']:.4f}" in text
    for row in summary["indices"]:
        lines = [line for line in text.splitlines() if line.startswith(f"{row['index']:5}") and row["mode"] in line]
        assert f"{row['net']['sharpe']:+.2f}" in lines[0] and f"{row['gross']['sharpe']:+.2f}" in lines[0]
        assert f"{row['luck']['deflated']:.0%}" in lines[1]
        assert f"{row['sharpe_difference']['low']:+.2f} to {row['sharpe_difference']['high']:+.2f}" in lines[1]
    assert f"after {summary['trials']} variants tried" in text


def test_a_short_and_silent_backtest_is_printed_all_the_same(
    printed: Callable[[dict[str, Any]], str], make_backtest: MakeBacktest
) -> None:
    text = printed(dict(summarise(make_backtest(("aggressive", "passive"), known=False, weeks=12))))
    assert "Signals" not in text
    assert "too short" in text
    assert "None" not in text and "nan" not in text
