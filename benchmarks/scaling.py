"""Where one machine ends: what chats, tokens and backtests cost, each measured in a process of its own.

    python benchmarks/scaling.py chats 10 1000 10000
    python benchmarks/scaling.py tokens 50 300 1000 [--years 2]
    python benchmarks/scaling.py backtest [--weeks 26] [--years 2]

Seconds are those of the processor, not of the wall, so that other programs on the machine count little; each line also
stands beside a peer of the same run (a smaller case, or reading the market), and those ratios are what to compare.
Memory is the most that the process held. Markets are simulated.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(FOLDER)]

import broadcast
from crowd import Crowd
from emulators.chats import ChatService
from emulators.virtual import VirtualTime

from bot.demo import store_observations
from bot.outbox import Sender
from bot.pacing import Pace
from bot.platforms.table import PLATFORMS
from bot.settings import Settings
from storage.database import open_database

MB = 1024
END = dt.date(2026, 6, 29)  # a Monday
DAY = dt.timedelta(days=1)
spent: dict[str, float] = {}


@contextmanager
def counted(part: str) -> Iterator[None]:
    """Add the processor's time inside to a part, and take it from whatever part encloses this one."""
    began = _processor()
    before = sum(spent.values())
    try:
        yield
    finally:
        spent[part] = spent.get(part, 0.0) + _processor() - began - (sum(spent.values()) - before)


def _processor() -> float:
    """Seconds of processor that this process and its ended children have had."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _peak(who: int = resource.RUSAGE_SELF) -> float:
    return resource.getrusage(who).ru_maxrss / MB


# --- chats


def chats(many: int) -> dict[str, float]:
    """Queue one week for so many chats (a tenth of them groups), and send it at the platform's limits."""
    base = _peak()
    with tempfile.TemporaryDirectory() as folder:
        queued = broadcast.enqueue(Path(folder), many)
        path = Path(folder) / "chats.db"
        virtual, database = VirtualTime(), open_database(path)
        grouped = broadcast.filled(database, many, many // 10, virtual.clock.wall())
        service = ChatService(now=virtual.clock.monotonic, sleep=virtual.clock.sleep, groups=grouped)
        began = _processor()
        asyncio.run(_told(virtual, service, broadcast.Inline(database), many))
        used = _processor() - began
        database.connection.row("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        size = path.stat().st_size / 1e6
    took = service.arrived[-1][0]
    assert len(service.counts()) == len(service.arrived) == many
    return {
        "chats": many, "queued ms": 1000 * queued, "told in s": took, "a second": many / took if took else many,
        "refused": service.refused, "processor s": used, "MB held": _peak(), "MB before": base, "file MB": size,
    }  # fmt: skip


async def _told(virtual: VirtualTime, service: ChatService, store: broadcast.Inline, many: int) -> None:
    clock = virtual.clock

    async def warn(key: str, says: str, but: str) -> None:
        raise AssertionError(says)

    pace = Pace(PLATFORMS["telegram"].rates(Settings()), clock.monotonic)
    sender = Sender(service, store, pace, clock, warn, "benchmark")

    async def all_of_it() -> None:
        running = asyncio.ensure_future(sender.run())
        while len(service.arrived) < many:
            await clock.sleep(1.0)
        sender.stop()
        await running

    await virtual.run(all_of_it())


# --- tokens


def tokens(many: int, years: float) -> dict[str, float]:
    """The weekly job on so many tokens, its record known up to the week before; in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.db"
        database = open_database(path)
        with database.atomic():
            store_observations(database, Crowd(many, END, years))
            database.signals.put_predictions(_known(database.market.tokens()))
        database.connection.row("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        size = path.stat().st_size / 1e6
        return _alone("week", str(path)) | {"tokens": many, "file MB": size}


def _known(listed: Sequence[Any]) -> Iterator[Any]:
    """A record that ends the week before, so that one week is formed, as in the ordinary course of things."""
    from engine.model import Odds, Prediction, TokenKind

    base = Odds(0.34, 0.32, 0.34)
    for horizon in (7, 28):
        for token in listed:
            if token.kind is TokenKind.COIN:
                yield Prediction(
                    END - 7 * DAY,
                    token.symbol,
                    horizon,
                    (0.0, 0.0, 0.0),
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    base,
                    base,
                    0.0,
                    None,
                    None,
                )


def week(path: str) -> dict[str, float]:
    """One weekly job, nothing of it stored, split into its parts."""
    import bot.weekly as job
    import engine.week as one
    from engine.walkforward import Trainer

    for where, name, part in (
        (job, "build_panel", "reading"), (one, "cross_check", "checking"), (one, "build_study", "data points"),
        (one, "learn", "signals"), (one, "compute_day", "decisions"), (Trainer, "heads", "fits"),
    ):  # fmt: skip
        setattr(where, name, _timed(getattr(where, name), part))
    began, wall = _processor(), time.monotonic()
    database = open_database(path)
    try:
        job.run_week(database, END, "replay", dry_run=True)
    finally:
        database.close()
    whole = _processor() - began
    return spent | {
        "rest": whole - sum(spent.values()), "whole": whole, "wall": time.monotonic() - wall, "MB held": _peak(),
    }  # fmt: skip


def _timed(function: Callable[..., Any], part: str) -> Callable[..., Any]:
    def timed(*args: Any, **options: Any) -> Any:
        with counted(part):
            return function(*args, **options)

    return timed


# --- backtests


def backtest(weeks: int, years: float) -> list[dict[str, Any]]:
    """The same backtest in one process, in two, and on a Dask cluster of two workers on loopback."""
    found = []
    with _cluster() as address:
        for way, workers, dask in (("one process", 1, ""), ("two processes", 2, ""), ("Dask, two workers", 1, address)):
            found.append({"way": way} | _alone("walk", str(weeks), str(years), str(workers), dask))
    return found


def walk(weeks: str, years: str, workers: str, dask: str) -> dict[str, Any]:
    """One backtest of every index and mode, and a digest of every level it came to."""
    import hashlib

    from engine import backtest as walked
    from engine.modes import modes
    from engine.panel import build_panel
    from engine.scale import workers_of
    from engine.themes import themes
    from engine.walkforward import Trainer

    with counted("reading"):
        panel = build_panel(Crowd(63, END, float(years)), END)
    Trainer.prepare = _timed(Trainer.prepare, "fits")  # type: ignore[method-assign]
    began, wall = _processor(), time.monotonic()
    done = walked.run_backtest(
        panel, list(themes()), list(modes()), END - (int(weeks) + 1) * 7 * DAY, END - 7 * DAY,
        workers=workers_of(int(workers), dask or None),
    )  # fmt: skip
    # To twelve digits, as the journal writes them: beyond those a sum depends on the order in which sets are walked.
    levels = repr(
        [(key, [f"{p.net:.12g} {p.gross:.12g}" for p in track.levels]) for key, track in sorted(done.tracks.items())]
    )
    return spent | {
        "whole": _processor() - began, "wall": time.monotonic() - wall, "MB held": _peak(),
        "MB of a worker": _peak(resource.RUSAGE_CHILDREN), "levels": hashlib.sha256(levels.encode()).hexdigest()[:12],
    }  # fmt: skip


@contextmanager
def _cluster() -> Iterator[str]:
    """A real Dask scheduler and two worker processes."""
    code = (
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    c = LocalCluster(n_workers=2, threads_per_worker=1, host='127.0.0.1', dashboard_address=None)\n"
        "    print(c.scheduler_address, flush=True)\n"
        "    input()\n"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True, env=_environment())
    assert process.stdin and process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.write("\n")
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def _environment() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}{os.pathsep}{FOLDER}"}


def _alone(what: str, *arguments: str) -> dict[str, Any]:
    """Run one measurement in a process that ends, so that its memory is its own."""
    command = [sys.executable, str(FOLDER / "scaling.py"), f"_{what}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=_environment())
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Measure what was asked for, and print a line a case."""
    if len(sys.argv) > 1 and sys.argv[1].startswith("_"):
        inner: dict[str, Callable[..., Any]] = {"_chats": lambda many: chats(int(many)), "_week": week, "_walk": walk}
        print(json.dumps(inner[sys.argv[1]](*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("chats", "tokens", "backtest"))
    parser.add_argument("many", type=int, nargs="*")
    parser.add_argument("--years", type=float, default=2)
    parser.add_argument("--weeks", type=int, default=26)
    asked = parser.parse_args()
    if asked.what == "backtest":
        for line in backtest(asked.weeks, asked.years):
            _print(line)
    for many in asked.many:
        _print(_alone("chats", str(many)) if asked.what == "chats" else tokens(many, asked.years))


def _print(line: dict[str, Any]) -> None:
    print(", ".join(f"{k} {v:,.1f}" if isinstance(v, float) else f"{k} {v}" for k, v in line.items()), flush=True)


if __name__ == "__main__":
    main()
