"""The benchmark of growth measures what it says: as many tokens as asked for, and every chat told once."""

from __future__ import annotations

import datetime as dt
import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from engine.measures import KINDS
from engine.model import TokenKind
from engine.panel import build_panel

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
END = dt.date(2026, 6, 29)


@pytest.fixture(scope="module")
def scaling() -> Iterator[ModuleType]:
    """The script; benchmarks/ is a folder of scripts, not a package."""
    before = list(sys.path)
    try:
        sys.path.insert(0, str(FOLDER))
        yield importlib.import_module("scaling")
    finally:
        sys.path[:] = before
        for name in ("scaling", "crowd", "broadcast"):
            sys.modules.pop(name, None)


def test_a_crowd_is_one_market_of_so_many_tokens(scaling: ModuleType) -> None:
    crowd = scaling.Crowd(75, END, 0.5)
    tokens = crowd.tokens()
    assert [token.id for token in tokens] == list(range(1, 76))
    assert len({token.symbol for token in tokens}) == 75
    assert Counter(token.kind for token in tokens)[TokenKind.STABLE] == 4, "the others bring coins alone"
    assert sum(token.symbol.startswith("BTC") for token in tokens) == 1
    ranked: dict[str, list[int]] = {}
    for row in crowd.snapshots(END):
        ranked.setdefault(row.date, []).append(row.rank)
    assert ranked and all(ranks == list(range(1, len(ranks) + 1)) for ranks in ranked.values())
    panel = build_panel(crowd, END)
    assert len(panel.tokens) == 75
    lines = [(m.metric, m.subject, m.date) for m in crowd.measures(END, KINDS)]
    assert len(lines) == len(set(lines)), "what is of the whole market is told once"


def test_a_small_crowd_keeps_leaders_and_stablecoins(scaling: ModuleType) -> None:
    symbols = {token.symbol for token in scaling.Crowd(12, END, 0.5).tokens()}
    assert {"BTC", "ETH", "USDC", "USDT", "DAI"} <= symbols
    assert len(symbols) == 12


def test_every_chat_is_told_once_at_the_platforms_pace(scaling: ModuleType) -> None:
    found = scaling.chats(40)
    assert found["refused"] == 0
    assert 0 < found["told in s"] < 3
    assert found["file MB"] > 0


def test_parts_within_parts_are_counted_once(scaling: ModuleType) -> None:
    scaling.spent.clear()
    with scaling.counted("outer"):
        sum(range(200_000))
        with scaling.counted("inner"):
            sum(range(2_000_000))
    assert scaling.spent["inner"] > scaling.spent["outer"] >= 0
    scaling.spent.clear()
