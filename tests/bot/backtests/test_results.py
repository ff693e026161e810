"""What a backtest leaves behind: files an outsider reads, a summary that hides no shortfall, a page for people."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bot.report import figure_rows, render_report, risk_off_spans
from bot.results import LEVEL_COLUMNS, prepare, write_results
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
    titles = [title for title, _, _ in figure_rows(summary["indices"][:3])]
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


class Page(HTMLParser):
    """Every tag closed in order, nothing fetched, nothing run."""

    VOID = frozenset({"meta", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.links += [value or "" for key, value in attrs if key in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A drawing's own leaves."""


def test_the_page_is_whole_and_stands_alone(written: Path) -> None:
    text = (written / "report.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.scripts == 0
    assert all(not link.startswith(("http", "//")) for link in page.links)
    assert "None" not in text and "nan" not in text.replace("finance", "")


def test_the_page_shows_every_comparator_the_mix_the_ladder_and_that_it_is_simulated(written: Path) -> None:
    text = (written / "report.html").read_text("utf-8")
    for said in ("just holding", "equal weights", "naive rules", "mix, as aggressive", "own record (balanced)",
                 "14 risk-offs since 2022-01-03", "No decision was needed between weeks.", "SIMULATED",
                 "As spread out as 6.0 equal holdings in the median week (5.0 before the trades)"):  # fmt: skip
        assert said in text


def test_a_backtest_of_one_mode_without_known_outcomes_is_reported_all_the_same(
    tmp_path: Path, make_backtest: MakeBacktest
) -> None:
    lone = make_backtest(("aggressive", PASSIVE), known=False)
    write_results(lone, tmp_path)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "No call of this period has a known outcome." in text
    assert "own record (aggressive)" in text
    assert "bolder mode" not in text


def test_risk_off_spans_run_from_the_step_to_the_decision_that_left_it(backtest: Backtest) -> None:
    spans = risk_off_spans(backtest.tracks["defi", "balanced"])
    assert spans[0] == (day(14), day(21))
    assert len(spans) == WEEKS // 5


def test_comparators_are_no_indices(backtest: Backtest) -> None:
    assert {t.mode for t in active(backtest)} == set(MODES)


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(CannotWrite, match="choose another folder"):
        prepare(tmp_path / "file")
