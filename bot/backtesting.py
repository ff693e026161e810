"""Runs a backtest for the command line: picks the history, walks it, writes the files; or audits it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.progress import Report
from bot.results import prepare, write_results
from bot.services import open_services
from bot.settings import Settings
from engine.audit import Audit, Remembered, audit
from engine.backtest import Backtest, run_backtest
from engine.errors import BadRequest
from engine.features import FAMILIES
from engine.fitting import Recipe
from engine.models.relative import MEMBERS
from engine.modes import modes
from engine.panel import Observations, build_panel
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
    recipe: Recipe | None = None,
) -> dict[str, Any]:
    """Backtest `index` and `mode` (names with commas, or all) over an archive or the database; return the summary."""
    chosen, in_modes = _picked(start, end, index, mode)
    prepare(out)
    progress("reading history", 0, 1)
    with reading(settings, archive) as source:
        panel = build_panel(source, end + SETTLED_AFTER)
    progress("reading history", 1, 1)
    backtest = run_backtest(panel, chosen, in_modes, start, end, progress, workers, recipe)
    return write(backtest, out, progress)


def run_audit(
    settings: Settings,
    start: dt.date,
    end: dt.date,
    out: Path | None,
    archive: Path | None,
    index: str,
    mode: str,
    cuts: int,
    seed: int,
    progress: Report,
    workers: Workers = SERIAL,
) -> Audit:
    """Backtest all the same, then cut history at random days and compare; with `out` the walk's files are written."""
    chosen, in_modes = _picked(start, end, index, mode)
    if out is not None:
        prepare(out)
    progress("reading history", 0, 1)
    with reading(settings, archive) as source:
        history = Remembered(source, end + SETTLED_AFTER)
    progress("reading history", 1, 1)
    backtest, found = audit(history, chosen, in_modes, start, end, end + SETTLED_AFTER, cuts, seed, progress, workers)
    if out is not None:
        write(backtest, out, progress)
    return found


def write(backtest: Backtest, out: Path, progress: Report) -> dict[str, Any]:
    """Write every file of a backtest; return the summary."""
    progress("writing files", 0, 1)
    summary = write_results(backtest, out)
    progress("writing files", 1, 1)
    return summary


@contextmanager
def reading(settings: Settings, archive: Path | None) -> Iterator[Observations]:
    """The history to walk: the archive where one is given, else the database."""
    if archive is not None:
        yield Archive(archive)
        return
    with open_services(settings) as services:
        yield services.database.market


def _picked(start: dt.date, end: dt.date, index: str, mode: str) -> tuple[list[str], list[str]]:
    if end < start:
        raise BadRequest(f"--from {start} must not lie after --to {end}.")
    return pick(index, list(themes()), "index"), pick(mode, list(modes()), "mode")


def recipe_of(classifiers: str, without: str) -> Recipe:
    """What an ablation leaves: the classifiers named (`all`, or `none`: rules alone), all families but those named."""
    members = [] if classifiers == "none" else pick(classifiers, list(MEMBERS), "classifier")
    left_out = pick(without, list(FAMILIES), "family") if without else []
    return Recipe(tuple(members), tuple(family for family in FAMILIES if family not in left_out))


def pick(text: str, known: Sequence[str], what: str) -> list[str]:
    """`all`, one name or several with commas; BadRequest names what there is."""
    names = list(known) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise BadRequest(f"there is no {what} called {(unknown or [text])[0]!r}; there are {', '.join(known)} and all.")
    return names
