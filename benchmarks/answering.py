"""The process that benchmarks/commands.py asks: the real Telegram client, the one thread with the database, the studio.

It is told on its standard input what begins (`commands`, then `charts`), and prints the seconds it took for each as
JSON once its input ends. It runs apart from the emulator that asks it, as a service runs apart from Telegram: in one
process the two would wait for each other.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.clerk import Clerk, taking_turns
from bot.command import Request
from bot.desk import Desk
from bot.dispatch import dispatch
from bot.lean import lean, sparing
from bot.platforms.telegram import TelegramPlatform
from bot.reply import ChartSpec, Reply
from bot.settings import read_settings
from bot.studio import Studio


class Stopwatch:
    """What each command cost in the thread of the database: by the clock, and its own work alone."""

    def __init__(self) -> None:
        self.took: list[tuple[float, str]] = []
        self.worked: list[float] = []

    def dispatch(self, desk: Desk, request: Request) -> Reply:
        began, worked = time.perf_counter(), time.thread_time()
        reply = dispatch(desk, request)
        self.worked.append(time.thread_time() - worked)
        self.took.append((time.perf_counter() - began, request.text))
        return reply

    def measured(self) -> dict[str, object]:
        return {
            "command": [seconds for seconds, _ in self.took],
            "command, work alone": self.worked,
            "slowest": sorted(self.took, reverse=True)[:5],
        }


class Pictures:
    """The studio, which draws every chart of `charts` anew: another title, so that no picture is found drawn."""

    def __init__(self, studio: Studio) -> None:
        self.anew = False
        self._studio = studio
        self._drawn = 0

    async def draw(self, chart: ChartSpec) -> bytes:
        self._drawn += self.anew
        return await self._studio.draw(replace(chart, title=f"{chart.title} {self._drawn}") if self.anew else chart)


async def answer(database: Path, token: str, address: str) -> dict[str, object]:
    """Answer until the standard input ends; returns what the commands cost that were asked after `commands`."""
    watches: dict[str, Stopwatch] = {"": Stopwatch()}
    phase = ""
    with sparing() as spare, closing(Studio()) as studio:
        pictures = Pictures(studio)
        answering = lambda desk, request: watches[phase].dispatch(desk, request)  # noqa: E731
        async with Clerk(read_settings(database), answering) as clerk:
            platform = TelegramPlatform(token, clerk.answer, front=clerk, draw=pictures.draw, api=address)
            ready = asyncio.Event()
            running = asyncio.create_task(platform.run(ready.set))
            await ready.wait()
            studio.warm_up().add_done_callback(lambda _: spare())
            print("ready", flush=True)
            while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
                watches[line] = Stopwatch()
                phase, pictures.anew = line, line == "charts"
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
    return watches["commands"].measured()


if __name__ == "__main__":
    with lean(), taking_turns():
        print(json.dumps(asyncio.run(answer(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))), flush=True)
