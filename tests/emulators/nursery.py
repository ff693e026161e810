"""A process that has imported everything and forks the real service on demand, so that a hundred starts take seconds.

Spoken to line by line: `spawn DATABASE PORT` answers the new process's number, `wait PID` how it ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from emulators.wire import WirePlatform

from bot.service import run_service, serve
from bot.settings import Settings
from engine.errors import CrierError

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    for line in sys.stdin:
        match line.split():
            case ["spawn", database, port]:
                print(_spawn(Path(database), int(port)), flush=True)
            case ["wait", pid]:
                print(os.waitstatus_to_exitcode(os.waitpid(int(pid), 0)[1]), flush=True)


def _spawn(database: Path, port: int) -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(_service(database, port))
    return pid


def _service(database: Path, port: int) -> int:
    """The service as `crier run` runs it, with the platform of the test."""
    os.close(0)
    os.dup2(2, 1)
    settings = Settings(database=database, telegram_rate=3000.0, telegram_chat_rate=3000.0)
    try:
        asyncio.run(serve(settings, lambda s, clerk, draw: [WirePlatform(port)], jobs=False))
    except CrierError as error:
        print(f"crier: {error}", file=sys.stderr, flush=True)
        return 1
    except BaseException:
        traceback.print_exc()
        return 2
    return 0


class Nursery:
    """The test's side of it."""

    def __init__(self) -> None:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emulators.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._alive: set[int] = set()

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def tidy(self) -> None:
        """End what a test that failed halfway left running."""
        for pid in list(self._alive):
            os.kill(pid, signal.SIGKILL)
            self._ask(f"wait {pid}")
        self._alive.clear()

    def complaints(self) -> str:
        """All that the processes said on stderr since this was last asked."""
        self._log.seek(0)
        said = self._log.read().decode()
        self._log.seek(0)
        self._log.truncate()
        return said

    async def spawn(self, database: Path, port: int) -> int:
        pid = await asyncio.to_thread(self._ask, f"spawn {database} {port}")
        self._alive.add(pid)
        return pid

    async def wait(self, pid: int) -> int:
        """The exit code, negative where a signal ended it."""
        code = await asyncio.to_thread(self._ask, f"wait {pid}")
        self._alive.discard(pid)
        return code

    def _ask(self, line: str) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


if __name__ == "__main__":
    assert run_service  # imported here so that every fork has it
    main()
