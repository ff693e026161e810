"""Measures how fast people in Telegram are answered: commands over stored data, and a chart after a tap.

    python benchmarks/commands.py --database crier.db [--chats 100] [--rounds 2] [--burners 1]

The real client runs in a process of its own (answering.py), with the database behind one thread as in a service,
against the emulator of the tests on loopback. First 100 chats ask at once, each another command. Then charts are
tapped for one after the other, each one that was never drawn, while `--burners` processes burn a core each, as a weekly
fit does. Told are: the time until Telegram had the answer, the time in the command (by the clock, and its own work
alone: in the rest the process sent other answers), and the time from a tap to the photo.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "tests")]

from emulators.telegram import Telegram

from storage.database import open_database

# What members ask, by and large; /verify recomputes the whole journal on purpose and is told apart.
ASKED = (
    "/index defi", "/index large", "/index ai", "/index meme", "/index rwa", "/token btc", "/token eth", "/token aave",
    "/why defi", "/why large", "/why btc", "/track", "/track defi", "/risk", "/risk defi", "/indices", "/signals",
    "/history defi", "/history large", "/follow defi 500", "/mode", "/status", "/help", "/explain grade", "/audit",
)  # fmt: skip
TAPS = ("/track defi", "/track large", "/index ai", "/token btc", "/token eth", "/history defi", "/history rwa")
TARGETS = {"command": (0.99, 0.050), "chart": (0.95, 1.5)}


@dataclass
class Answering:
    """The service in a process of its own: see answering.py."""

    process: asyncio.subprocess.Process

    async def begin(self, phase: str) -> None:
        """Tell it what comes now."""
        self._input.write(f"{phase}\n".encode())
        await self._input.drain()
        await asyncio.sleep(0.2)

    async def end(self) -> dict[str, Any]:
        """Let it end, and return what it measured."""
        told, _ = await self.process.communicate(b"")  # which ends its input
        return dict(json.loads(told))

    @property
    def _input(self) -> asyncio.StreamWriter:
        assert self.process.stdin is not None
        return self.process.stdin


async def answering(database: Path, server: Telegram) -> Answering:
    """Start it, and wait until it answers."""
    script = str(Path(__file__).with_name("answering.py"))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, str(database), server.token, server.address, stdin=pipe, stdout=pipe, limit=1 << 24
    )
    assert process.stdout is not None
    if (await process.stdout.readline()).strip() != b"ready":
        raise SystemExit("the service did not start")
    return Answering(process)


async def measure(path: Path, chats: int, rounds: int, burners: int) -> dict[str, list[float]]:
    """Ask, tap, and return the seconds by what was measured."""
    seconds = dict[str, list[float]]()
    async with Telegram() as server:
        service = await answering(path, server)
        await ask(server, len(ASKED), 1)  # a week's pictures are drawn once
        await service.begin("commands")
        seconds["question to answer, all at once"] = await ask(server, chats, rounds)
        await service.begin("charts")
        with burning(burners):
            seconds["chart"] = await tap(server)
        measured = await service.end()
    print("slowest:", ", ".join(f"{text} {took * 1000:.0f} ms" for took, text in measured.pop("slowest")))
    return seconds | measured


def check(path: Path) -> None:
    """Two weeks at least must be decided: an index has a chart from its second on."""
    with closing(open_database(path)) as database:
        weeks = database.connection.row("SELECT COUNT(DISTINCT date) FROM decisions")
    if not weeks or weeks[0] < 2:
        raise SystemExit("fewer than two weeks are decided in this database: run crier week for two Mondays first")


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
    check(given.database)
    seconds = asyncio.run(measure(given.database, given.chats, given.rounds, given.burners))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.burners} burning during the taps")
    missed = [name for name, values in seconds.items() if not told(name, values)]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
