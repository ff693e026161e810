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
from bot.pictures.look import DPI, INCHES, THEMES, drawable
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


WEEKS = tuple(dt.date(2023, 1, 2) + dt.timedelta(days=7 * i) for i in range(30))


def drawn(kind: ChartKind, values: tuple[float, ...], title: str = "t", bars: tuple[Bar, ...] = ()) -> Any:
    """The figure itself, as its last letter stands."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DPI)
    canvas = FigureCanvasAgg(figure)
    lines = (Line("MWMWMWMWMWMW", values), Line("stablecoins", tuple(100 - value for value in values)))
    spec = ChartSpec(kind, title, WEEKS[: len(values)], lines[: 2 if kind == "weights" else 1], bars=bars)
    DRAWERS[kind](figure, spec, THEMES["dark"])
    canvas.draw()
    return figure


def ticks(figure: Any) -> list[tuple[str, float]]:
    """Words and left edge of what stands left of the axes, where it can be seen."""
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    shown = [label for at, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True) if low <= at <= high]
    return [(label.get_text(), label.get_window_extent().x0) for label in shown]


@pytest.mark.parametrize(
    ("first", "last"),
    [(1.0, 1.0), (0.0, 1.0), (80.0, 0.0001), (5e-7, 5e-6), (1e-9, 6e-8), (4.0, 40.0), (1.0, 1.002), (1e3, 2e7)],
)
@pytest.mark.parametrize("kind", ["price", "levels"])
def test_every_amount_beside_a_chart_is_another_one_and_stands_on_the_canvas(
    kind: ChartKind, first: float, last: float
) -> None:
    told = ticks(drawn(kind, tuple(first if i < 9 else last for i in range(30))))
    words = [word for word, _ in told]
    assert len(words) >= 3
    assert len(set(words)) == len(words), words
    assert all(left >= -4 for _, left in told), told


def test_the_newest_weights_are_drawn_as_wide_as_those_of_a_week() -> None:
    figure = drawn("weights", (10.0, 10.0, 90.0))
    left, right = figure.axes[0].get_xlim()
    assert right - left == 21
    stack = figure.axes[0].collections[0].get_paths()[0]
    assert stack.contains_point((right - 3, 80))
    assert not stack.contains_point((left + 3, 80))


def test_the_days_of_a_young_record_are_dates_and_no_hours() -> None:
    figure = drawn("levels", (1000.0, 1010.0))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["2 Jan", "9 Jan"]


def test_a_long_title_is_whole_and_on_the_canvas() -> None:
    title = "What $1,000 became (balanced, backtest, flattered by survivorship)"
    figure = drawn("scoreboard", (), title, (Bar("DeFi", 990.0, 1000.0),))
    (head,) = [text for text in figure.texts if text.get_text() == title]
    assert head.get_window_extent().x1 <= figure.bbox.width


def test_a_long_name_does_not_run_into_its_share() -> None:
    figure = drawn("weights", (10.0, 12.0))
    for name, share in batched(figure.axes[0].texts):
        assert name.get_window_extent().x1 < share.get_window_extent().x0


def batched(texts: Any) -> Any:
    """Name and share by turns."""
    return zip(texts[::2], texts[1::2], strict=True)


def test_a_character_that_the_font_lacks_becomes_a_question_mark() -> None:
    assert drawable("A漢B") == "A?B"
    assert drawable("_hidden") == " _hidden"


def test_matplotlib_is_not_loaded_before_something_is_drawn() -> None:
    code = "import sys, bot.charts, bot.dispatch, bot.platforms.console; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
