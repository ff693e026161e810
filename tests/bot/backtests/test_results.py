"""What a backtest leaves behind: files an outsider reads, a summary that hides no shortfall, a page for people."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.report import figure_rows, render_report
from bot.results import LEVEL_COLUMNS, prepare
from bot.summary import active, summarise
from engine.backtest import Backtest
from engine.comparators import COMPARATORS, diluted
from engine.errors import CannotWrite
from engine.evaluation import measure_returns
from engine.model import PASSIVE, Cause, Decision, Portfolio, Settlement

START = dt.date(2022, 1, 3)
WEEKS = 70
MODES = ("conservative", "balanced", "aggressive")

MakeBacktest = Callable[..., Backtest]


def day(number: int) -> dt.date:
    return START + dt.timedelta(days=number)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row(summary: dict[str, Any], mode: str = "balanced") -> dict[str, Any]:
    return next(r for r in summary["indices"] if (r["index"], r["mode"]) == ("defi", mode))


def test_weights_hold_every_mode_and_every_comparator_and_sum_to_one(written: Path) -> None:
    rows = rows_of(written / "weights.csv")
    assert {r["mode"] for r in rows} == {*MODES, *COMPARATORS}
    totals: dict[tuple[str, ...], float] = {}
    for r in rows:
        key = r["date"], r["index"], r["mode"]
        totals[key] = totals.get(key, 0.0) + float(r["weight"])
    assert len(totals) == 2 * 6 * WEEKS
    assert all(total == pytest.approx(1, abs=1e-9) for total in totals.values())


def test_levels_hold_the_modes_alone_beside_the_twin(written: Path, backtest: Backtest) -> None:
    rows = rows_of(written / "levels.csv")
    assert tuple(rows[0]) == LEVEL_COLUMNS
    assert {r["mode"] for r in rows} == set(MODES)
    assert len(rows) == 2 * 3 * 7 * WEEKS
    last = next(r for r in reversed(rows) if (r["index"], r["mode"]) == ("defi", "balanced"))
    assert float(last["benchmark"]) == pytest.approx(backtest.tracks["defi", PASSIVE].levels[-1].net)


def test_the_summary_on_disk_is_the_one_returned_and_strict_json(written: Path, summary: dict[str, Any]) -> None:
    text = (written / "summary.json").read_text("utf-8")
    assert json.loads(text, parse_constant=pytest.fail) == summary


def test_every_index_and_mode_stands_beside_all_four_it_is_held_against(
    summary: dict[str, Any], backtest: Backtest
) -> None:
    assert [(r["index"], r["mode"]) for r in summary["indices"]] == [(i, m) for i in ("defi", "meme") for m in MODES]
    for r in summary["indices"]:
        for name in (*COMPARATORS, "diluted"):
            assert r[name]["weeks"] == r["net"]["weeks"] == WEEKS - 1
        twin = backtest.tracks[r["index"], PASSIVE].levels
        mix = measure_returns(diluted(twin, r["net"]["stablecoin_share"]))
        assert r["diluted"]["drawdown"] == pytest.approx(mix.drawdown, abs=1e-6)
        assert r["drawdown_ratio"] == pytest.approx(r["net"]["drawdown"] / r["passive"]["drawdown"], abs=1e-5)
        assert r["invested_share"] == pytest.approx(1 - r["net"]["stablecoin_share"])


def test_what_is_left_beside_the_mix_is_told_with_its_interval(summary: dict[str, Any]) -> None:
    r = row(summary, "conservative")
    beyond = r["beyond_cash"]
    assert beyond["drawdown"]["value"] == pytest.approx(r["net"]["drawdown"] - r["diluted"]["drawdown"], abs=0.005)
    assert beyond["sharpe"]["value"] == pytest.approx(r["net"]["sharpe"] - r["diluted"]["sharpe"], abs=1e-5)
    for figure in beyond.values():
        assert figure["low"] <= figure["value"] <= figure["high"]


def test_a_backtest_without_some_comparators_leaves_them_out(make_backtest: MakeBacktest) -> None:
    bare = make_backtest((*MODES, PASSIVE))
    summary = dict(summarise(bare))
    assert row(summary)["equal"] is row(summary)["naive"] is None
    titles = [title for title, *_ in figure_rows(summary["indices"][:3])]
    assert titles == [*MODES, "just holding", *(f"mix, as {mode}" for mode in MODES)]
    assert "naive rules" not in render_report(bare, summary)


def test_a_bolder_mode_that_swings_less_is_not_hidden(summary: dict[str, Any], make_backtest: MakeBacktest) -> None:
    assert summary["volatility_rises_with_mode"] == {"defi": True, "meme": True}
    walked = make_backtest((*MODES, PASSIVE))
    calm, wild = walked.tracks["defi", "conservative"], walked.tracks["defi", "aggressive"]
    calm.levels, wild.levels = wild.levels, calm.levels
    told = dict(summarise(walked))
    assert told["volatility_rises_with_mode"] == {"defi": False}
    assert "a bolder mode swung less" in render_report(walked, told)


def test_decisions_between_weeks_are_counted_by_trigger_with_their_cost(
    make_backtest: MakeBacktest, make_decision: Callable[..., Decision]
) -> None:
    walked = make_backtest(("balanced", PASSIVE))
    track = walked.tracks["defi", "balanced"]
    causes = (
        (Cause("collapse", "FTT", "FTT fell 70 %"), Cause("collapse", "SRM", "SRM fell 60 %")),
        (Cause("step_up", "high", "risk is high"), Cause("collapse", "LUNC", "LUNC fell 90 %")),
    )
    between = [
        make_decision("defi", "balanced", 3 + i, date=day(23 + 7 * i), sequence=1, causes=c)
        for i, c in enumerate(causes)
    ]
    track.decisions = sorted([*track.decisions, *between], key=lambda d: d.date)
    stands = Portfolio(between[0].date, {}, {}, {}, 1, 1, 1)
    track.settlements.append(Settlement("defi", "balanced", between[0].date, 1, (), 0.1, 0.002, stands))
    told = dict(summarise(walked))
    assert row(told)["as_needed"] == {
        "decisions": 2,
        "by_trigger": {"collapse": 2, "step_up": 1},
        "turnover": 0.2,
        "cost": pytest.approx(0.002 + 0.0003),
    }
    page = render_report(walked, told)
    assert "2 decisions between weeks (collapse 2, step up 1), which cost 0.23&nbsp;% of the index." in page


def test_effective_names_are_told_before_and_after(summary: dict[str, Any]) -> None:
    assert row(summary)["effective_names"] == {"before": 5.0, "after": 6.0}


def test_the_ladders_record_is_summed_up_and_listed(summary: dict[str, Any]) -> None:
    ladder = row(summary)["ladder"]
    counts = [ladder[k] for k in ("helped", "false_alarms", "moved_nothing", "still_open")]
    assert ladder["since"] == START.isoformat()
    assert ladder["risk_offs"] == len(ladder["episodes"]) == sum(counts) == WEEKS // 5
    assert all(e["highest"] == "high" for e in ladder["episodes"])
    assert ladder["measured_falls"] <= len(ladder["falls"])


def test_comparators_are_no_indices(backtest: Backtest) -> None:
    assert {t.mode for t in active(backtest)} == set(MODES)


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(CannotWrite, match="choose another folder"):
        prepare(tmp_path / "file")
