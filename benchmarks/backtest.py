"""Splits a backtest into its parts: reading, data points, fits, signals, decisions; with the most memory it held.

    python benchmarks/backtest.py --archive path/to/archive [--workers 2] [--weeks 150]

Five indices, three modes and the comparators over the last `weeks` Mondays of the archive, fits shared. Each part is
shown in seconds and as a multiple of the peer in the same run: reading the archive into a panel, which does little but
parse. Machines are noisy: compare the multiples, not the seconds.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import backtest as walk
from engine.backtest import run_backtest
from engine.modes import modes
from engine.panel import build_panel
from engine.scale import workers_of
from engine.sources.archive import Archive
from engine.themes import themes
from engine.walkforward import Trainer

MB = 1024
spent: dict[str, float] = {}


@contextmanager
def counted(part: str) -> Iterator[None]:
    """Add the time inside to a part."""
    began = time.monotonic()
    try:
        yield
    finally:
        spent[part] = spent.get(part, 0.0) + time.monotonic() - began


def main() -> None:
    """Walk once and print the split."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--weeks", type=int, default=150)
    parser.add_argument("--until", type=dt.date.fromisoformat, default=dt.date(2024, 1, 2))
    asked = parser.parse_args()
    with counted("reading"):
        panel = build_panel(Archive(asked.archive), asked.until)
    for name, part in (("build_study", "data points"), ("learn", "signals"), ("fill_record", "signals")):
        setattr(walk, name, _timed(getattr(walk, name), part))
    Trainer._fitted = _timed(Trainer._fitted, "fits")  # type: ignore[method-assign]
    end = panel.newest - dt.timedelta(days=panel.newest.weekday() + 7)
    start = end - dt.timedelta(weeks=asked.weeks - 1)
    began = time.monotonic()
    run_backtest(panel, list(themes()), list(modes()), start, end, workers=workers_of(asked.workers))
    whole = time.monotonic() - began
    spent["signals"] -= spent["fits"]  # which are fitted, or waited for, where they are asked for
    spent["decisions"] = whole - sum(spent[part] for part in ("data points", "fits", "signals"))
    for part, seconds in spent.items():
        print(f"{part:12} {seconds:7.1f} s  {seconds / spent['reading']:5.1f} x reading")
    print(f"{'the walk':12} {whole:7.1f} s  {whole / spent['reading']:5.1f} x reading, {asked.weeks} weeks")
    own, helpers = (resource.getrusage(who).ru_maxrss / MB for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"most memory: {own:.0f} MB here, {helpers:.0f} MB in the largest worker")


def _timed(function, part):  # type: ignore[no-untyped-def]
    def timed(*args, **options):  # type: ignore[no-untyped-def]
        with counted(part):
            return function(*args, **options)

    return timed


if __name__ == "__main__":
    main()
