"""The drawings' arithmetic: scales, ticks, labels kept apart, layers that fill the whole, spans of risk-off."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from bot.plots import Estimate, colours_of, cost_figure, forest_figure, level_figure, reliability_figure, weight_figure
from bot.plots.levels import risk_off_spans, spark_figure
from bot.plots.svg import (
    Box,
    apart,
    date_axis,
    date_ticks,
    linear,
    log_ticks,
    logarithmic,
    path,
    signed,
    tag,
    text,
    thinned,
    ticks,
)
from bot.plots.weights import OTHERS, STABLE
from engine.backtest import Backtest
from engine.model import PASSIVE, LevelPoint

START = dt.date(2022, 1, 3)
WEEKS = 70

MakeBacktest = Callable[..., Backtest]


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def test_scales_put_ends_at_ends() -> None:
    line, log = linear(2, 4, 10, 30), logarithmic(1, 100, 0, 20)
    assert (line(2), line(3), line(4)) == (10, 20, 30)
    assert (log(1), log(10), log(100)) == pytest.approx((0, 10, 20))
    assert linear(5, 5, 0, 8)(5) == 4


@pytest.mark.parametrize(
    "low, high, most, expected",
    [
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-0.1, 0.31, 4, [0, 0.2]),
        (0.333, 0.377, 5, [0.34, 0.35, 0.36, 0.37]),
        (3, 3, 5, [3]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, most: int, expected: list[float]) -> None:
    assert ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize(
    "low, high, expected",
    [
        (700, 2900, [1000, 2000]),
        (90, 60_000, [100, 300, 1000, 3000, 10_000, 30_000]),
        (1, 1e9, [10.0**k for k in range(10)]),
        (1010, 1190, [1050, 1100, 1150]),
    ],
)
def test_log_ticks_are_few_and_round(low: float, high: float, expected: list[float]) -> None:
    assert log_ticks(low, high) == pytest.approx(expected)


def test_a_short_history_is_named_by_days_or_months_and_a_long_one_by_years() -> None:
    assert [name for _, name in date_ticks(day(0), day(14))] == ["3 Jan", "17 Jan"]
    assert [name for _, name in date_ticks(day(0), day(100))] == ["Feb 22", "Mar 22", "Apr 22"]
    assert [name for _, name in date_ticks(day(0), day(400))] == ["Apr 22", "Jul 22", "Oct 22", "Jan 23"]
    years = re.findall(r">(\d{4})<", date_axis(Box(0, 0, 400, 100), day(0), day(1000)))
    assert years == ["2022", "2023", "2024"]


def test_labels_are_moved_apart_and_stay_inside() -> None:
    assert apart([10, 100], 20, 0, 200) == [10, 100]
    assert apart([50, 52, 54], 20, 0, 200) == [50, 70, 90]
    moved = apart([195, 198, 190], 20, 0, 200)
    assert moved == [180, 200, 160]
    assert apart([], 20, 0, 200) == []


def test_a_path_is_told_by_steps_of_a_tenth() -> None:
    assert path([(0, 0), (1.04, 2), (1.04, 2), (0.5, 2)]) == "M0,0l1,2l-0.5,0"
    assert path([]) == ""


def test_a_thinned_line_keeps_its_last_point() -> None:
    items = [(day(k), float(k)) for k in range(1001)]
    few = thinned(items, 100)
    assert len(few) <= 102
    assert (few[0], few[-1]) == (items[0], items[-1])
    assert thinned(items[:5], 100) == items[:5]


def test_signs_are_real_and_zero_has_none() -> None:
    assert [signed(v) for v in (0.5, -0.5, -0.001)] == ["+0.50", "\N{MINUS SIGN}0.50", "0.00"]
    assert signed(-0.4, 0) == "0" and signed(10, 0) == "+10"


def test_what_is_written_is_text_whatever_it_holds() -> None:
    assert text(1, 2, "<b>&") == '<text x="1" y="2">&lt;b&gt;&amp;</text>'
    assert "&lt;b&gt;" in tag("path", "line", hint="<b>", d="M0,0")


def test_risk_off_spans_run_from_the_step_to_the_decision_that_left_it(backtest: Backtest) -> None:
    spans = risk_off_spans(backtest.tracks["defi", "balanced"])
    assert spans[0] == (day(14), day(21))
    assert len(spans) == WEEKS // 5


def test_each_drawing_is_sound_xml_of_one_width(backtest: Backtest) -> None:
    track, twin = backtest.tracks["defi", "balanced"], backtest.tracks["defi", PASSIVE].levels
    bins = [{"calls": 9, "stated": 0.3, "came_true": 0.4, "came_low": 0.2, "came_high": 0.6}]
    drawn = [
        level_figure("x", track, twin, twin),
        spark_figure("x", track, twin),
        weight_figure("x", track, colours_of([track])),
        cost_figure("x", track),
        reliability_figure("x", bins),
        forest_figure("x", [Estimate("a & b", 0.1, -0.1, 0.3, "note")]),
    ]
    for svg in drawn:
        root = ElementTree.fromstring(svg)
        assert root.get("viewBox", "").split()[:2] == ["0", "0"]
        assert "nan" not in svg and "inf" not in svg


def test_risk_off_is_shaded_in_the_levels_and_in_the_falls(backtest: Backtest) -> None:
    track, twin = backtest.tracks["defi", "balanced"], backtest.tracks["defi", PASSIVE].levels
    svg = level_figure("x", track, twin, twin)
    assert svg.count('class="off"') == 2 * len(risk_off_spans(track))
    assert "risk-off 2022-01-17 to 2022-01-24" in svg


def test_an_index_that_lost_everything_is_still_drawn(backtest: Backtest) -> None:
    track, twin = backtest.tracks["defi", "balanced"], backtest.tracks["defi", PASSIVE].levels
    lost = replace(
        track, levels=[LevelPoint(p.date, max(1000.0 - 50 * k, 0.0), 1.0) for k, p in enumerate(track.levels)]
    )
    assert "$0" in level_figure("x", lost, twin, twin)


def test_layers_fill_the_whole_and_one_colour_means_one_token_in_every_mode(backtest: Backtest) -> None:
    tracks = [backtest.tracks["defi", mode] for mode in ("balanced", "aggressive")]
    colours = colours_of(tracks)
    assert list(colours) == ["AAA", STABLE]
    for track in tracks:
        svg = weight_figure("x", track, colours)
        assert svg.count('class="layer') == 2
        tops = [float(part) for part in re.findall(r'd="M[\d.]+,([\d.]+)', svg)]
        assert min(tops) == pytest.approx(10)  # stablecoins reach the top of the box


def test_what_is_held_less_than_the_rest_stands_together_as_others(make_backtest: MakeBacktest) -> None:
    track = make_backtest(("balanced", PASSIVE)).tracks["defi", "balanced"]
    track.decisions = [
        replace(d, holdings=(replace(d.holdings[0], symbol=f"T{week % 20:02d}"), d.holdings[1]))
        for week, d in enumerate(track.decisions)
    ]
    colours = colours_of([track])
    assert list(colours)[-2:] == [OTHERS, STABLE]
    assert len(colours) == 14
    assert 'class="layer others"' in weight_figure("x", track, colours)


def test_an_estimate_of_few_weeks_sets_no_scale_and_is_cut_at_the_edge() -> None:
    rows = [Estimate("DeFi", 0.05, 0.02, 0.08, "t 2.7"), Estimate("Memecoins", 0.6, -0.3, 0.9, "3 weeks", thin=True)]
    svg = forest_figure("x", rows)
    assert "+0.05" in svg and "+0.50" not in svg
    assert svg.count("<circle") == 1
    whiskers = re.findall(r'class="whisker faded" x1="([\d.]+)" x2="([\d.]+)"', svg)
    assert whiskers == [("138", "340")]
