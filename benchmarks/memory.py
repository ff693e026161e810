"""Shows that 512 MB are enough (F34): the service and the weekly job at once, both held by a limit that is real.

    crier import path/to/archive --database week.db
    crier week --as-of 2023-11-06 --database week.db       # walks the record once, minutes
    python benchmarks/memory.py --database week.db --as-of 2023-11-13 [--limit 512]

The parent is what `crier run` is while it waits: everything it imports, the database open, commands answered, one chart
drawn in the thread for it. Then the weekly job runs as the service runs it, as a child that ends, and fits its
classifiers for real; nothing is stored (`--dry-run`). Both are watched while they run together: `together` is the most
that the whole tree of processes held at one instant, each page counted once however many share it (PSS). The limit is
real twice: the kernel refuses each process more heap than that (RLIMIT_DATA, which also counts 192 MB that linear
algebra maps in advance and never touches), and the job is killed as soon as all together hold more, as the kernel of a
machine of that size would.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

MB = 1024
EVERY = 0.25  # seconds between two looks
UNTOUCHED = 192  # MB that the OpenBLAS of numpy and of scipy map for their buffers: no machine holds them

PARENT = """
import sys
from pathlib import Path
import bot.service, bot.platforms.telegram
try:
    import bot.web.server
except ImportError:
    pass
try:
    import bot.platforms.discord
except ImportError:
    pass
import asyncio
from bot.command import Request
from bot.dispatch import dispatch
from bot.services import open_services
from bot.settings import Settings
from bot.studio import Studio

async def main():
    with open_services(Settings(database=Path(sys.argv[1]))) as services:
        studio = Studio()
        replies = [dispatch(services.desk, Request(text, "console", "console", "console", ""))
                   for text in ("/index defi", "/track defi", "/status", "/token btc")]
        drawn = [await studio.draw(reply.chart) for reply in replies if reply.chart]
        print(len(drawn), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        studio.close()

asyncio.run(main())
"""


def main() -> int:
    """Run parent and child together and print what each held; 1 where the job failed or the limit was passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--as-of", required=True, help="a Monday that is not decided yet")
    parser.add_argument("--limit", type=int, default=512, help="MB that all processes together may hold")
    asked = parser.parse_args()
    parent = start([sys.executable, "-c", PARENT, asked.database], asked.limit, stdin=subprocess.PIPE)
    try:
        assert parent.stdout is not None and parent.stdin is not None
        drawn = parent.stdout.readline().strip()
        rest = resident(family(parent.pid))
        print(f"service: {rest:.0f} MB at rest, {drawn.decode()} charts drawn", flush=True)
        began = time.monotonic()
        job = [sys.executable, "-m", "bot", "week", "--as-of", asked.as_of, "--dry-run", "--database", asked.database]
        child = start(job, asked.limit)
        together, alone = watch(parent.pid, child, asked.limit)
        print(f"weekly job: {alone:.0f} MB at its peak, {time.monotonic() - began:.0f} s, exit {child.returncode}")
        print(f"together: {together:.0f} MB at their peak, of {asked.limit}")
        parent.stdin.close()
        parent.wait(timeout=30)
    finally:
        parent.kill()
        parent.wait()
    return int(child.returncode != 0 or together > asked.limit)


def start(command: list[str], limit: int, stdin: int | None = None) -> subprocess.Popen[bytes]:
    """Run a process whose heap the kernel holds under so many MB."""

    def limited() -> None:
        heap = (limit + UNTOUCHED) * MB * MB
        resource.setrlimit(resource.RLIMIT_DATA, (heap, heap))

    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, preexec_fn=limited)


def watch(parent: int, child: subprocess.Popen[bytes], limit: int) -> tuple[float, float]:
    """(Most MB of both with all their children, of the child's alone) until the child ends, or passes the limit."""
    together = alone = 0.0
    reader = threading.Thread(target=lambda: child.stdout and child.stdout.read())
    reader.start()  # a full pipe would stop the job
    while child.poll() is None:
        mine = resident(family(child.pid))
        alone, together = max(alone, mine), max(together, mine + resident(family(parent)))
        if together > limit:
            child.kill()
        time.sleep(EVERY)
    reader.join()
    return together, alone


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for member in found:
        try:
            for task in Path(f"/proc/{member}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it ended meanwhile
    return found


def resident(pids: list[int]) -> float:
    """MB held by these processes, shared pages by shares."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / MB


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    raise SystemExit(main())
