"""Measures how fast people in Telegram are answered: commands over stored data, and a chart after a tap.

    python benchmarks/commands.py --database crier.db [--chats 100] [--rounds 2] [--burners 1]

The real client runs against the emulator of the tests on loopback, with the database behind one thread as in a service.
First 100 chats ask at once, each another command; then charts are tapped for one after the other, each one that was
never drawn. `--burners` processes burn a core each meanwhile, as a weekly fit does. Told are: the time in the command
itself (by the clock, and its own work alone: the rest went to other processes), the time it waited for the thread, and
the time until Telegram had the answer.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "tests")]

from emulators.telegram import Telegram

from bot.command import Request
from bot.dispatch import dispatch
from bot.office import DatabaseDesk
from bot.platforms.telegram import TelegramPlatform
from bot.reply import ChartSpec, Reply
from bot.studio import Studio
from storage.database import Database, open_database

# What members ask, by and large; /verify recomputes the whole journal on purpose and is told apart.
ASKED = (
    "/index defi", "/index large", "/index ai", "/index meme", "/index rwa", "/token btc", "/token eth", "/token aave",
    "/why defi", "/why large", "/why btc", "/track", "/track defi", "/risk", "/risk defi", "/indices", "/signals",
    "/history defi", "/history large", "/follow defi 500", "/mode", "/status", "/help", "/explain grade", "/audit",
)  # fmt: skip
TAPS = ("/track defi", "/track large", "/index ai", "/token btc", "/token eth", "/history defi", "/history rwa")
TARGETS = {"command": (0.99, 0.050), "chart": (0.95, 1.5)}


class Clerk:
    """The database behind one thread, with what each question cost it."""

    def __init__(self, path: Path) -> None:
        self.pool = ThreadPoolExecutor(1, "clerk")
        self.waited: list[float] = []
        self.took: list[tuple[float, str]] = []
        self.worked: list[float] = []
        self._database, self._desk = self.pool.submit(_open, path).result()

    def close(self) -> None:
        self.pool.submit(self._database.close).result()
        self.pool.shutdown()

    async def answer(self, request: Request) -> Reply:
        asked = time.perf_counter()
        return await asyncio.get_running_loop().run_in_executor(self.pool, self._answer, request, asked)

    def _answer(self, request: Request, asked: float) -> Reply:
        began, worked = time.perf_counter(), time.thread_time()
        reply = dispatch(self._desk, request)
        self.worked.append(time.thread_time() - worked)
        self.waited.append(began - asked)
        self.took.append((time.perf_counter() - began, request.text))
        return reply


def _open(path: Path) -> tuple[Database, DatabaseDesk]:
    database = open_database(path)
    newest = database.connection.row("SELECT MAX(date) FROM decisions")
    if not newest or not newest[0]:
        raise SystemExit("no week was decided in this database: run crier week first")
    now = dt.datetime.combine(dt.date.fromisoformat(newest[0][:10]), dt.time(9), dt.UTC)
    return database, DatabaseDesk(database, lambda: now)


class Nobody:
    """A front with nothing behind it."""

    async def admitted(self, *about: str) -> None: ...

    async def removed(self, *about: str) -> None: ...

    async def moved(self, *about: str) -> None: ...

    async def names(self, prefix: str) -> list[tuple[str, str]]:
        return []

    def is_bot_admin(self, platform: str, user: str) -> bool:
        return False


async def measure(path: Path, chats: int, rounds: int) -> dict[str, list[float]]:
    """Ask, tap, and return the seconds by what was measured."""
    clerk, studio, seconds = Clerk(path), Studio(), dict[str, list[float]]()
    tapped: list[str] = []

    async def draw(chart: ChartSpec) -> bytes:
        if seconds:  # a tap: another title, so that no picture is found drawn
            tapped.append(chart.title)
            chart = replace(chart, title=f"{chart.title} {len(tapped)}")
        return await studio.draw(chart)

    async with Telegram() as server:
        platform = TelegramPlatform(server.token, clerk.answer, front=Nobody(), draw=draw, api=server.address)
        ready = asyncio.Event()
        running = asyncio.create_task(platform.run(ready.set))
        await ready.wait()
        studio.warm_up()
        await ask(server, len(ASKED), 1)  # a week's pictures are drawn once
        clerk.took.clear()
        clerk.waited.clear()
        clerk.worked.clear()
        seconds["question to answer, all at once"] = await ask(server, chats, rounds)
        seconds["waiting for the thread"] = list(clerk.waited)
        seconds["command, work alone"] = list(clerk.worked)
        seconds["command"] = [took for took, _ in clerk.took]
        slowest = sorted(clerk.took, reverse=True)[:3]
        print("slowest:", ", ".join(f"{text} {took * 1000:.0f} ms" for took, text in slowest))
        seconds["chart"] = await tap(server)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    studio.close()
    clerk.close()
    return seconds


async def ask(server: Telegram, chats: int, rounds: int) -> list[float]:
    """All chats ask at the same moment; how long each waits for its first message."""
    people = [server.person(f"P{i}") for i in range(chats)]
    waited = []
    for turn in range(rounds):
        before = {person.id: len(server.messages(person.private)) for person in people}
        began = server.monotonic()
        for i, person in enumerate(people):
            text = ASKED[(i + turn) % len(ASKED)]
            person.writes(text)
        for person in people:
            first = await server.answer(person.private, before[person.id] + 1, seconds=120)
            waited.append(first.at - began)
        await asyncio.sleep(1.0)
        await quiet(server)
    return waited


async def quiet(server: Telegram) -> None:
    """Wait until nothing has been sent for a second: charts that follow their texts."""
    while server.sent and server.monotonic() - server.sent[-1].at < 1.0:
        await asyncio.sleep(0.1)


async def tap(server: Telegram, times: int = 24) -> list[float]:
    """One tap after the other, each for a chart; until its photo is there."""
    ann = server.person("Ann")
    waited = []
    for i in range(times):
        shown = len([message for message in server.messages(ann.private) if message.photo])
        began = server.monotonic()
        ann.writes(TAPS[i % len(TAPS)])
        photo = await server.until(lambda seen=shown: [m for m in server.messages(ann.private) if m.photo][seen:], 60)
        waited.append(photo[0].at - began)
    return waited


@contextmanager
def burning(cores: int) -> Iterator[None]:
    """Processes that do nothing but compute."""
    processes = [multiprocessing.get_context("spawn").Process(target=_burn, daemon=True) for _ in range(cores)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _burn() -> None:
    while True:
        sum(i * i for i in range(100_000))


def told(name: str, seconds: Sequence[float]) -> bool:
    """Print one line; False where a target is missed."""
    ordered = sorted(seconds)
    at = {share: ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.95, 0.99)}
    share, limit = TARGETS.get(name, (0.0, float("inf")))
    missed = share > 0 and at[share] > limit * 1000
    goal = f"   target p{share * 100:.0f} < {limit * 1000:.0f} ms{': MISSED' if missed else ''}" if share else ""
    print(f"{name:32} n {len(ordered):4}  p50 {at[0.5]:7.1f}  p95 {at[0.95]:7.1f}  p99 {at[0.99]:7.1f} ms{goal}")
    return not missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--chats", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--burners", type=int, default=1)
    given = parser.parse_args()
    with burning(given.burners):
        seconds = asyncio.run(measure(given.database, given.chats, given.rounds))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.burners} burning")
    missed = [name for name, values in seconds.items() if not told(name, values)]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
