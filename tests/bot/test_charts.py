"""Charts come out as PNGs of the promised size, whatever names they carry."""

from __future__ import annotations

import datetime as dt
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, get_args

import pytest

from bot.charts import DRAWERS, render
from bot.dispatch import Request, dispatch
from bot.pictures.look import THEMES, drawable
from bot.reply import Bar, ChartKind, ChartSpec, Line, Mark, Shade

COMMANDS = {"levels": "/track defi", "weights": "/history defi", "price": "/token aave", "scoreboard": "/track"}


def chart_of(book: Any, kind: str) -> ChartSpec:
    chart = dispatch(book, Request(COMMANDS[kind], "test", "c", "u")).chart
    assert chart is not None
    assert chart.kind == kind
    return chart


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_every_kind_of_chart_has_its_drawer() -> None:
    assert set(DRAWERS) == set(get_args(ChartKind)) == set(COMMANDS)


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_kind_of_chart_is_a_phone_sized_png_in_every_look(kind: str, theme: str, book: Any) -> None:
    assert size(render(chart_of(book, kind), theme)) == (1000, 700)


def test_two_who_draw_at_once_draw_by_turns(book: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chats and the public page have a thread each, and matplotlib's settings are the process's own."""
    inside: list[int] = []
    chart, drawn = chart_of(book, "scoreboard"), DRAWERS["scoreboard"]

    def draw(figure: Any, spec: Any, look: Any) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        drawn(figure, spec, look)
        inside.pop()

    most: list[int] = []
    monkeypatch.setitem(DRAWERS, "scoreboard", draw)  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(render, [chart, chart])
    assert first == second
    assert most == [1, 1]


def test_a_simulated_market_is_watermarked(book: Any) -> None:
    chart = chart_of(book, "price")
    assert render(replace(chart, simulated=True)) != render(chart)


@pytest.mark.parametrize("kind", COMMANDS)
def test_hostile_names_are_drawn_as_plain_text_without_a_warning(kind: str, book: Any) -> None:
    chart = chart_of(book, kind)
    name = "$\\frac{$ _*[<&` 漢字 🚀 \x1b[31m مؤشر"
    day = chart.days[1] if chart.days else dt.date(2023, 1, 1)
    hostile = replace(
        chart,
        title=name * 9,
        lines=tuple(replace(line, name=name) for line in chart.lines),
        marks=(Mark(day, name, "bad"),),
        shades=(Shade(day, day + dt.timedelta(days=9), name),),
        bars=(Bar(name, 1.0, said=name), Bar(name, 900.0, 1.0, 0.2, 0.5, name)),
    )
    assert size(render(hostile)) == (1000, 700)


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("values", [(1.0, 1.0), (None, None), (0.0, 0.0), (1e-12, 2e-12), (None, 5.0), (1.0, 1e9)])
def test_flat_missing_tiny_and_huge_values_are_drawn(kind: ChartKind, values: tuple[float | None, ...]) -> None:
    days = (dt.date(2023, 1, 1), dt.date(2023, 1, 8))
    spec = ChartSpec(kind, "t", days, (Line("a", values), Line("b", values)))
    assert size(render(spec)) == (1000, 700)


@pytest.mark.parametrize("value", [0.0, 1000.0, 1e-9, 1e12, -5.0])
def test_bars_of_any_size_are_drawn(value: float, book: Any) -> None:
    rate = Bar("rate", 0.4, 0.3, 0.2, 0.5, "40 %")
    for kind in ("scoreboard", "price"):
        spec = replace(chart_of(book, kind), bars=(Bar("a", value, value / 2), Bar("b", value), rate))
        assert size(render(spec)) == (1000, 700)


def test_a_token_card_shows_past_calls_and_what_speaks_for_and_against(book: Any) -> None:
    card = chart_of(book, "price")
    assert [bar.name for bar in card.bars] == ["fell less than its peers this month", "overbought (RSI)"]
    assert [mark.label for mark in card.marks if mark.label] == ["6 Nov: bearish, B+", "13 Nov: bullish, B+"]
    assert {mark.tone for mark in card.marks if not mark.label} == {"good", "bad"}


def test_the_scoreboard_sets_every_decided_index_beside_just_holding_with_the_hit_rate(book: Any) -> None:
    board = chart_of(book, "scoreboard")
    assert [bar.name for bar in board.bars][:4] == ["Large caps", "DeFi", "AI", "RWA"]
    assert all(bar.other for bar in board.bars)
    assert (board.bars[-1].said, board.bars[-1].low, board.bars[-1].high) == ("44 %", 0.37, 0.51)


def test_a_character_that_the_font_lacks_becomes_a_question_mark() -> None:
    assert drawable("A漢B") == "A?B"
    assert drawable("_hidden") == " _hidden"


def test_matplotlib_is_not_loaded_before_something_is_drawn() -> None:
    code = "import sys, bot.charts, bot.dispatch, bot.platforms.console; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
