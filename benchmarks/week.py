"""Measures what one weekly job needs: seconds, and the most memory its process held, against a limit that is real.

    crier import path/to/archive --database week.db
    crier week --as-of 2023-11-06 --database week.db       # walks the record once, minutes
    python benchmarks/week.py --database week.db --as-of 2023-11-13 [--limit 512]

The job runs as a process of its own that ends, as it does on a small machine: its memory is given back. Nothing is
stored (`--dry-run`), so the figure can be taken again. With --limit the kernel refuses the process memory beyond so
many MB (RLIMIT_DATA: heap and private maps); the job then fails instead of growing. Beside it stands a peer in the same
run: a process that only imports what the job imports.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable

IMPORTS = "import bot.weekly, sklearn.ensemble, sklearn.linear_model, sklearn.neural_network, scipy.optimize"
MB = 1024


def main() -> int:
    """Run the peer and the job, and print what each took; the job's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--as-of", required=True, help="a Monday that is not decided yet")
    parser.add_argument("--limit", type=int, help="MB that the job may hold")
    asked = parser.parse_args()
    _, _, peer = run([sys.executable, "-c", IMPORTS])
    job = [sys.executable, "-m", "bot", "week", "--as-of", asked.as_of, "--dry-run", "--database", asked.database]
    code, seconds, peak = run(job, asked.limit)
    print(f"imports alone: {peer:.0f} MB")
    print(f"weekly job: {peak:.0f} MB at its peak, {peak / peer:.1f} times the imports, {seconds:.0f} s, exit {code}")
    return code


def run(command: list[str], limit: int | None = None) -> tuple[int, float, float]:
    """(Exit code, seconds, most MB resident) of a process; its own peak, not that of others before it."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=_limited(limit))
    _, status, usage = _wait(process)
    return status, time.monotonic() - began, usage.ru_maxrss / MB


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, int, resource.struct_rusage]:
    import os

    pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return pid, process.returncode, usage


def _limited(limit: int | None) -> Callable[[], None] | None:
    if limit is None:
        return None
    return lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit * MB * MB, limit * MB * MB))


if __name__ == "__main__":
    raise SystemExit(main())
