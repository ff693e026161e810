"""A process that has imported everything and forks the real service on demand, so that a hundred starts take seconds.

Spoken to line by line: `spawn DATABASE PORT` answers the new process's number, `wait PID` how it ended,
`ended PID` whether it has. With a URL
behind the port the service also keeps its schedule, quickly, and pings that URL.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from emulators.wire import WirePlatform, WireService

from bot import jobs
from bot.reply import Reply
from bot.service import run_service, serve
from bot.settings import Settings
from bot.studio import Studio
from engine.errors import CrierError
from storage.chats import Chat
from storage.database import open_database
from storage.outbox import Letter, News

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    for line in sys.stdin:
        match line.split():
            case ["spawn", database, port, *url]:
                print(_spawn(Path(database), int(port), *url), flush=True)
            case ["wait", pid]:
                print(os.waitstatus_to_exitcode(os.waitpid(int(pid), 0)[1]), flush=True)
            case ["ended", pid]:
                print(os.waitid(os.P_PID, int(pid), os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None, flush=True)


def _spawn(database: Path, port: int, url: str = "") -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(_service(database, port, url))
    return pid


def _service(database: Path, port: int, url: str) -> int:
    """The service as `crier run` runs it, with the platform of the test."""
    os.close(0)
    os.dup2(2, 1)
    settings = Settings(database=database, telegram_rate=3000.0, telegram_chat_rate=3000.0, ping_url=url)
    if url:
        jobs.LOOK, jobs.PING_EVERY = 0.02, 0.05
        Studio.warm_up = lambda self: self._pool.submit(int)  # type: ignore[method-assign]  # it draws nothing
    try:
        asyncio.run(serve(settings, lambda s, clerk, draw: [WirePlatform(port)], jobs=bool(url)))
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

    async def spawn(self, database: Path, port: int, url: str = "") -> int:
        pid = await asyncio.to_thread(self._ask, f"spawn {database} {port} {url}")
        self._alive.add(pid)
        return pid

    async def end(self, pid: int, number: signal.Signals) -> int:
        """Send a process a signal, and wait for its end."""
        os.kill(pid, number)
        return await self.wait(pid)

    async def first_of(self, pids: list[int]) -> tuple[int, int]:
        """The first of several processes that ends by itself, and its exit code."""
        while True:
            for pid in pids:
                if await asyncio.to_thread(self._tell, f"ended {pid}") == "True":
                    return pid, await self.wait(pid)
            await asyncio.sleep(0.005)

    async def wait(self, pid: int) -> int:
        """The exit code, negative where a signal ended it."""
        code = await asyncio.to_thread(self._ask, f"wait {pid}")
        self._alive.discard(pid)
        return code

    def _ask(self, line: str) -> int:
        return int(self._tell(line))

    def _tell(self, line: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        return self._process.stdout.readline().decode().strip()


def make_queue(path: Path, messages: int) -> Path:
    """A database with a queue of so many messages, one a chat."""
    database, now = open_database(path), dt.datetime.now(dt.UTC)
    with database.atomic():
        for k in range(messages):
            database.chats.put(Chat("telegram", str(k), indices=("defi",)))
        to = [("telegram", str(k), None) for k in range(messages)]
        news = News("week/2026-W48", "weekly", now + dt.timedelta(days=3))
        database.outbox.enqueue(news, [Letter(Reply(title="week 48").to_json(), to)], now)
    database.close()
    return path


def left(path: Path) -> int:
    """How many messages wait in a database that must be sound."""
    with sqlite3.connect(path) as link:
        (count,) = link.execute("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").fetchone()
        assert link.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    link.close()
    return int(count)


async def arrived(service: WireService, count: int, within: float = 60.0) -> None:
    """Wait until so many messages have arrived."""
    end = time.monotonic() + within
    while service.counts.total() < count:
        assert time.monotonic() < end, f"{service.counts.total()} of {count} arrived"
        await asyncio.sleep(0.002)


if __name__ == "__main__":
    assert run_service  # imported here so that every fork has it
    main()
