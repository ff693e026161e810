"""Prints a backtest's figures for a terminal: each head against its base rates, each index, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Row = tuple[str, ...]

HEADS = ("head", "", "calls", "log loss", "base", "t", "Brier", "base", "off", "noise", "hits")
RETURNS = ("index", "mode", "Sharpe", "gross", "Sortino", "fall", "holding", "fall", "turnover", "cost")
SURENESS = ("index", "mode", "Sharpe, 90 %", "less holding's, 90 %", "deflated", "needs", "chosen")


def print_summary(summary: Mapping[str, Any], out: Path, console: Console) -> None:
    """The figures of summary.json as a person reads them."""
    signals = summary["signals"]
    if "rank_ic" in signals:
        console.print(_order(signals), highlight=False, markup=False)
    _print(console, HEADS, 2, [row for head in summary["heads"].values() for row in _head_rows(head)], HEAD_NOTE)
    rows = summary["indices"]
    _print(console, RETURNS, 2, [_returns_row(row) for row in rows], RETURNS_NOTE)
    chosen = summary["overfitting"]
    note = SURENESS_NOTE.format(trials=summary["trials"])
    _print(console, SURENESS, 2, [_sureness_row(row, chosen[row["index"]]) for row in rows], note)
    files = "weights, levels, signals, actions, summary.json, report.html"
    console.print(f"Written to {out}: {files}.", highlight=False, markup=False)


HEAD_NOTE = (
    "t: weeks as clusters. off: calibration error; only one above its noise (95 %) is one. hits: of what was called, "
    "beside how often it came anyway."
)
RETURNS_NOTE = "After costs; gross: before them. turnover: a week. holding: the passive twin's Sharpe and worst fall."
SURENESS_NOTE = (
    "deflated: chance that the true Sharpe is above 0 after {trials} variants tried. needs: weeks of record to be 95 % "
    "sure of that had nothing else been tried. chosen: probability of backtest overfitting among modes and comparators."
)


def _order(signals: Mapping[str, Any]) -> str:
    calm = signals["order"]["beyond_calm"]
    beyond = f"; beyond calm beats wild {calm['value']:+.3f} (t {calm['t']:+.1f})" if calm else ""
    silent = f", no call {signals['abstained']:.0%}" if signals["abstained"] is not None else ""
    return (
        f"Signals: {signals['calls']:,} calls over {signals['weeks']} weeks{silent}. "
        f"Rank IC of the final strength {signals['rank_ic']:+.3f} (t {signals['rank_ic_t']:+.1f}){beyond}."
    )


def _print(console: Console, columns: Sequence[str], named: int, rows: Sequence[Row], note: str) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < named else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print()
    console.print(table)
    console.print(note, highlight=False, markup=False, style="dim")


def _head_rows(head: Mapping[str, Any]) -> Iterator[Row]:
    yield _head_row(head["title"], "all", head["whole"])
    for year, figures in head["by_year"].items():
        yield _head_row("", year, figures)


def _head_row(title: str, period: str, figures: Mapping[str, Any]) -> Row:
    calibration, hits = figures["calibration"], figures["hit_rate"]
    return (
        title,
        period,
        f"{figures['calls']:,}",
        f"{figures['log_loss']:.4f}",
        f"{figures['base_log_loss']:.4f}",
        f"{figures['log_t']:+.1f}",
        f"{figures['brier']:.4f}",
        f"{figures['base_brier']:.4f}",
        f"{calibration['error']:.3f}".removeprefix("0"),
        f"{calibration['noise_high']:.3f}".removeprefix("0"),
        f"{100 * hits['rate']:.0f}/{hits['base']:.0%}" if hits else "",
    )


def _returns_row(row: Mapping[str, Any]) -> Row:
    net, twin = row["net"], row["passive"]
    return (
        row["index"],
        row["mode"],
        f"{net['sharpe']:+.2f}",
        f"{row['gross']['sharpe']:+.2f}",
        f"{net['sortino']:+.2f}",
        f"{net['drawdown']:.0%}",
        f"{twin['sharpe']:+.2f}",
        f"{twin['drawdown']:.0%}",
        f"{net['turnover_a_week']:.1%}",
        f"{net['cost']:.1%}",
    )


def _sureness_row(row: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> Row:
    luck, sharpe = row["luck"], row["sureness"]["net"]["sharpe"]
    needed = luck["minimum_track_record"] if luck else None
    return (
        row["index"],
        row["mode"],
        between(sharpe) or "too short",
        f"{row['sharpe_difference']['value']:+.2f} {in_brackets(row['sharpe_difference'])}".strip(),
        f"{luck['deflated']:.0%}" if luck else "",
        f"{needed:,.0f}" if needed is not None else "never" if luck else "",
        f"{chosen['probability']:.0%}" if chosen else "",
    )


def between(interval: Mapping[str, Any]) -> str:
    """`+0.21 to +2.30`, nothing where the interval has no end."""
    return f"{interval['low']:+.2f} to {interval['high']:+.2f}" if interval["low"] is not None else ""


def in_brackets(interval: Mapping[str, Any]) -> str:
    """The same in brackets."""
    text = between(interval)
    return f"({text})" if text else ""
