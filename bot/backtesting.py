"""Runs a backtest for the command line: picks the history, walks it, writes the files, prints the figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.progress import Report
from bot.results import prepare, write_results
from bot.services import open_services
from bot.settings import Settings
from engine.backtest import run_backtest
from engine.errors import BadRequest
from engine.modes import modes
from engine.panel import Panel, build_panel
from engine.sources.archive import Archive
from engine.themes import themes

SETTLED_AFTER = dt.timedelta(days=8)  # the last week's fill and label end so long after its instant


def run(
    settings: Settings,
    start: dt.date,
    end: dt.date,
    out: Path,
    archive: Path | None,
    index: str,
    mode: str,
    progress: Report,
) -> dict[str, Any]:
    """Backtest `index` and `mode` (names with commas, or all) over an archive or the database; return the summary."""
    if end < start:
        raise BadRequest(f"--from {start} must not lie after --to {end}.")
    chosen, in_modes = pick(index, list(themes()), "index"), pick(mode, list(modes()), "mode")
    prepare(out)
    progress("reading history", 0, 1)
    panel = _panel(settings, archive, end + SETTLED_AFTER)
    progress("reading history", 1, 1)
    backtest = run_backtest(panel, chosen, in_modes, start, end, progress)
    progress("writing files", 0, 1)
    summary = write_results(backtest, out)
    progress("writing files", 1, 1)
    return summary


def _panel(settings: Settings, archive: Path | None, until: dt.date) -> Panel:
    if archive is not None:
        return build_panel(Archive(archive), until)
    with open_services(settings) as services:
        return build_panel(services.database.market, until)


def pick(text: str, known: Sequence[str], what: str) -> list[str]:
    """`all`, one name or several with commas; BadRequest names what there is."""
    names = list(known) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise BadRequest(f"there is no {what} called {(unknown or [text])[0]!r}; there are {', '.join(known)} and all.")
    return names


def print_summary(summary: dict[str, Any], out: Path, console: Console) -> None:
    """The figures of summary.json as a person reads them."""
    signals = summary["signals"]
    if "log_loss" in signals:
        console.print(
            f"Signals: {signals['calls']:,} calls over {signals['weeks']} weeks, log loss {signals['log_loss']:.4f} "
            f"(base rates known then {signals['base_log_loss']:.4f}, t {signals['gain_t']:+.1f}), "
            f"rank IC {signals['rank_ic']:+.3f} (t {signals['rank_ic_t']:+.1f}), "
            f"calibration error {signals['calibration_error']:.3f}, no call {signals['abstained']:.0%}.",
            highlight=False,
        )
    table = Table(box=None, pad_edge=False)
    for column in ("index", "mode", "Sharpe", "holding", "worst fall", "holding", "in stables", "cost paid"):
        named = column in ("index", "mode")
        table.add_column(column, justify="left" if named else "right", no_wrap=named)
    for row in summary["indices"]:
        net, twin = row["net"], row["passive"]
        table.add_row(
            row["index"],
            row["mode"],
            f"{net['sharpe']:+.2f}",
            f"{twin['sharpe']:+.2f}",
            f"{net['drawdown']:.0%}",
            f"{twin['drawdown']:.0%}",
            f"{net['stablecoin_share']:.0%}",
            f"{net['cost']:.1%}",
        )
    console.print(table)
    console.print(f"Written to {out}: weights, levels, signals, actions, summary.json, report.html.", highlight=False)
