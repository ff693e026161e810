"""Runs a backtest for the command line: picks the history, walks it, writes the files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.progress import Report
from bot.results import prepare, write_results
from bot.services import open_services
from bot.settings import Settings
from engine.backtest import run_backtest
from engine.errors import BadRequest
from engine.modes import modes
from engine.panel import Panel, build_panel
from engine.scale import SERIAL, Workers
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
    workers: Workers = SERIAL,
) -> dict[str, Any]:
    """Backtest `index` and `mode` (names with commas, or all) over an archive or the database; return the summary."""
    if end < start:
        raise BadRequest(f"--from {start} must not lie after --to {end}.")
    chosen, in_modes = pick(index, list(themes()), "index"), pick(mode, list(modes()), "mode")
    prepare(out)
    progress("reading history", 0, 1)
    panel = _panel(settings, archive, end + SETTLED_AFTER)
    progress("reading history", 1, 1)
    backtest = run_backtest(panel, chosen, in_modes, start, end, progress, workers)
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
