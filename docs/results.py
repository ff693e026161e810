"""Prints the tables of results.md from the summary.json that `crier backtest --out` wrote.

python docs/results.py out/summary.json

With more than one, prints the ablation instead, a line each; the folder's name says what was left out or stood alone:

python docs/results.py out/*/summary.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

THREE = ("passive", "equal", "naive", "diluted")


def main() -> None:
    """Read one summary and print every table, or several and set them side by side."""
    paths = [Path(name) for name in sys.argv[1:]]
    summaries = {path.parent.name: json.loads(path.read_text("utf-8")) for path in paths}
    if len(summaries) > 1:
        print("\n".join(ablation(summaries)))
        return
    (summary,) = summaries.values()
    for part in (heads, years, order, stated, indices, added, luck, ladder):
        print("\n".join(part(summary)), end="\n\n")


def table(*columns: str) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)


def row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def ablation(summaries: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield "### With parts left out (balanced)"
    named = sorted({v["index"] for s in summaries.values() for v in s["indices"] if v["mode"] == "balanced"})
    yield from table("walked", "log loss saved, thousandths", "t", "relative head, thousandths", "t ", "rank IC", "t  ",
                     "beyond volatility", "calibration error", *(f"Sharpe, {name}" for name in named))  # fmt: skip
    for name, summary in summaries.items():
        sharpes = {v["index"]: v["net"]["sharpe"] for v in summary["indices"] if v["mode"] == "balanced"}
        yield row(name, *_skill(summary), *(_signed(sharpes.get(index), 2) for index in named))


def _skill(summary: dict[str, Any]) -> list[str]:
    """What the odds and the relative head saved, the order, and how honest the odds were; dashes without a call."""
    if "odds" not in summary["heads"]:
        return ["-"] * 8
    odds, relative = (summary["heads"][head]["whole"] for head in ("odds", "relative"))
    order, beyond = odds["rank_ic"], summary["signals"]["order"]["beyond_calm"]
    saved = [(1000 * (whole["base_log_loss"] - whole["log_loss"]), whole["log_t"]) for whole in (odds, relative)]
    return [
        *(text for value, t in saved for text in (_signed(value, 1), _signed(t, 1))),
        *((_signed(order["value"], 3), _signed(order["t"], 1)) if order else ("-", "-")),
        _signed(beyond["value"], 3) if beyond else "-",
        f"{odds['calibration']['error']:.3f}",
    ]


def heads(summary: dict[str, Any]) -> Iterator[str]:
    yield "### Heads"
    yield from table("head", "asks", "lines", "log loss", "base rates", "t", "Brier", "base", "calibration error",
                     "noise alone, 95 %", "hits of its calls", "came anyway", "rank IC", "t ")  # fmt: skip
    for head in summary["heads"].values():
        yield row(head["title"], head["asks"], *_measured(head["whole"]))


def _measured(whole: dict[str, Any]) -> list[str]:
    calibration, hits, ic = whole["calibration"], whole["hit_rate"], whole["rank_ic"]
    return [
        f"{whole['calls']:,}",
        f"{whole['log_loss']:.4f}",
        f"{whole['base_log_loss']:.4f}",
        _signed(whole["log_t"], 1),
        f"{whole['brier']:.4f}",
        f"{whole['base_brier']:.4f}",
        f"{calibration['error']:.3f}",
        "-" if calibration["noise_high"] is None else f"{calibration['noise_high']:.3f}",
        f"{100 * hits['rate']:.0f} %" if hits else "-",
        f"{100 * hits['base']:.0f} %" if hits else "-",
        _signed(ic["value"], 3) if ic else "-",
        _signed(ic["t"], 1) if ic else "-",
    ]


def years(summary: dict[str, Any]) -> Iterator[str]:
    yield "### By year: log loss saved against base rates, in thousandths (t)"
    found = sorted({year for head in summary["heads"].values() for year in head["by_year"]})
    yield from table("head", *found)
    for head in summary["heads"].values():
        cells = (head["by_year"].get(year) for year in found)
        yield row(head["title"], *(
            f"{1000 * (c['base_log_loss'] - c['log_loss']):+.1f} ({_signed(c['log_t'], 1)})" if c else "-"
            for c in cells
        ))  # fmt: skip


def order(summary: dict[str, Any]) -> Iterator[str]:
    yield "### Rank IC of the final strength"
    yield from table("", "rank IC", "t", "90 %", "weeks")
    parts = summary["signals"]["order"]
    families = {f"part of {family}": ic for family, ic in parts["by_family"].items()}
    rows = {"beyond 30-day volatility": parts["beyond_calm"], **parts["by_half_year"], **parts["by_theme"], **families}
    for name, ic in rows.items():
        if ic:
            low = f"{ic['low']:+.3f} to {ic['high']:+.3f}" if ic["low"] is not None else "-"
            yield row(name, _signed(ic["value"], 3), _signed(ic["t"], 1), low, ic["weeks"])


def stated(summary: dict[str, Any]) -> Iterator[str]:
    yield "### Stated p(bullish) and what came"
    yield from table("stated", "came true", "calls")
    for band in summary["heads"]["odds"]["whole"]["calibration"]["bins"]:
        yield row(f"{band['stated']:.3f}", f"{band['came_true']:.3f}", f"{band['calls']:,}")


def indices(summary: dict[str, Any]) -> Iterator[str]:
    yield "### Indices"
    yield from table("index", "mode", "a year", "Sharpe", "before costs", "Sortino", "worst fall", "ratio",
                     "volatility", "invested", "turnover a week", "cost paid", "just holding", "equal weights",
                     "naive rules", "the mix")  # fmt: skip
    for line in summary["indices"]:
        net = line["net"]
        yield row(
            line["index"], line["mode"], f"{100 * net['growth']:+.0f} %", _signed(net["sharpe"], 2),
            _signed(line["gross"]["sharpe"], 2), _signed(net["sortino"], 2), f"{100 * net['drawdown']:.0f} %",
            f"{line['drawdown_ratio']:.2f}", f"{100 * net['volatility']:.0f} %",
            f"{100 * line['invested_share']:.0f} %", f"{100 * net['turnover_a_week']:.0f} %",
            f"{100 * net['cost']:.1f} %",
            *(f"{_signed(line[n]['sharpe'], 2)} / {100 * line[n]['drawdown']:.0f} %" for n in THREE),
        )  # fmt: skip


def added(summary: dict[str, Any]) -> Iterator[str]:
    yield "### What signals and timing add (balanced)"
    yield from table(
        "index", "Sharpe less just holding's", "Sharpe less the mix's", "worst fall less the mix's, points"
    )
    for line in summary["indices"]:
        if line["mode"] == "balanced":
            beyond = line["beyond_cash"]
            yield row(line["index"], _between(line["sharpe_difference"]), _between(beyond["sharpe"]),
                      _between(beyond["drawdown"], 100, 0))  # fmt: skip


def luck(summary: dict[str, Any]) -> Iterator[str]:
    yield f"### How much of it may be luck ({summary['trials']} variants tried)"
    yield from table("index", "mode", "deflated Sharpe", "weeks needed", "chance of an overfitted choice")
    for line in summary["indices"]:
        found, chosen = line["luck"], summary["overfitting"].get(line["index"])
        weeks = found["minimum_track_record"]
        needed = f"{weeks:,.0f}" if weeks else "never"
        overfitted = f"{100 * chosen['probability']:.0f} %" if chosen else "-"
        yield row(line["index"], line["mode"], f"{100 * found['deflated']:.0f} %", needed, overfitted)


def ladder(summary: dict[str, Any]) -> Iterator[str]:
    yield "### The ladder's own record, and decisions between weeks (balanced)"
    yield from table("index", "risk-offs", "helped", "false alarms", "saved, points", "part of a fall already past",
                     "decisions between weeks", "their cost")  # fmt: skip
    for line in summary["indices"]:
        if line["mode"] == "balanced":
            record, needed = line["ladder"], line["as_needed"]
            past = f"{100 * record['median_past']:.0f} % of {record['measured_falls']} falls"
            named = ", ".join(f"{trigger.replace('_', ' ')} {n}" for trigger, n in needed["by_trigger"].items())
            yield row(line["index"], record["risk_offs"], record["helped"], record["false_alarms"],
                      f"{100 * record['saved']:+.0f}", past, named, f"{100 * needed['cost']:.1f} %")  # fmt: skip


def _between(interval: dict[str, float], factor: float = 1, digits: int = 2) -> str:
    value, low, high = (factor * interval[name] for name in ("value", "low", "high"))
    return f"{value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def _signed(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:+.{digits}f}"


if __name__ == "__main__":
    main()
