"""A quarter of the real service on a clock that leaps, under faults of every kind, held to what is promised.

    python benchmarks/quarter.py                                  # 15 weeks, 66 chats, a seed of the day
    python benchmarks/quarter.py --seed 7 --chats 400 --weeks 60  # the long dose
    python benchmarks/quarter.py --seed 7 --calm 300              # every look of the watch is taken

Scheduler, weekly and daily jobs, watch, queue and both real clients run as they are, over real HTTP and WebSockets to
both services on loopback, and over one SQLite file; it ends with 1 where anything is wrong. The same code is the test
`tests/bot/delivery/test_quarter.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import SystemRandom

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from emulators.quarter import CALM_LEAP, Quarter, Report
from emulators.quarter_check import Checker, Findings, kind_of

SHOWN = 60


async def run(arguments: argparse.Namespace) -> tuple[Report, Findings]:
    with tempfile.TemporaryDirectory() as folder:
        quarter = Quarter(Path(folder), arguments.seed, arguments.chats, arguments.weeks, arguments.calm)
        report = await quarter.run()
        if arguments.keep:
            shutil.copy(quarter.house.settings.database, arguments.keep)
    return report, Checker(report, quarter.market).check()


def show(report: Report, found: Findings) -> None:
    for monday, fate in report.plan.fates.items():
        year, week, _ = monday.isocalendar()
        decided = report.decided.get(f"{year}-W{week:02d}", {})
        print(f"  {year}-W{week:02d}  {fate.replace('_', ' '):26} {', '.join(sorted(decided)) or 'not decided'}")
    kinds = Counter(kind_of(copy).kind for copy in report.copies if "Mute 7 days" in copy.labels)
    print(f"{len(report.members)} chats, {len(report.copies):,} messages ({_listed(kinds)})")
    print(
        f"{report.starts} starts, {len(report.kills)} kills, {report.time.leaps:,} leaps in {report.real_seconds:.0f} s"
    )
    print(f"bad answers: {_listed(report.faults)}")
    slowest = max(found.late, default=0.0)
    print(
        f"{found.weeks} weeks decided, told {found.told:,} times; {found.repeats} excused repeats; "
        f"{found.alerts} alerts, {len(found.late)} of them held to a planted fall, the slowest after {slowest:.0f} s"
    )
    print(f"wrong: {len(found.wrong)}")
    for says in found.wrong[:SHOWN]:
        print(f"  {says}")
        name = says.split(" ", 1)[0]
        for why in [dead for dead in report.dead if dead.startswith(f"{name} ")][:3]:
            print(f"      dead letter: {why}")
        for second, platform, chat, what in report.bad:
            if f"{platform}:{chat}" == name:
                print(f"      bad answer: {what}, {report.time.true(second):%a %Y-%m-%d %H:%M:%S}")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    parser.add_argument("--chats", type=int, default=66)
    parser.add_argument("--weeks", type=int, default=15)
    parser.add_argument("--calm", type=float, default=CALM_LEAP, help="the longest leap while nothing goes on, seconds")
    parser.add_argument("--keep", type=Path, help="copy the database there at the end, for whoever asks why")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    print(f"seed {arguments.seed}: {arguments.weeks} weeks, {arguments.chats} chats", flush=True)
    report, found = asyncio.run(run(arguments))
    show(report, found)
    sys.exit(bool(found.wrong))


if __name__ == "__main__":
    main()
