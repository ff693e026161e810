"""A Discord platform on the emulator: the real client, whatever answers behind it, one bot running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from emulators.discord import Discord
from emulators.front import PICTURE, FakeFront

from bot.command import Request
from bot.dispatch import dispatch
from bot.platforms.discord import DiscordPlatform
from bot.platforms.port import Undelivered
from bot.reply import ChartSpec, Reply


@dataclass
class FakeNotes:
    """Keeps words in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    async def read(self, name: str) -> str:
        return self.kept.get(name, "")

    async def write(self, name: str, words: str) -> None:
        self.kept[name] = words


@dataclass
class Bench:
    """The server, the bot on it, and what stands behind the bot. `script` answers before the book does."""

    server: Discord
    platform: DiscordPlatform
    front: FakeFront
    notes: FakeNotes
    requests: list[Request]
    script: dict[str, Reply | Callable[[Request], Reply]]
    drawn: list[ChartSpec]
    task: asyncio.Task[None] | None = None

    async def settled(self, seconds: float = 0.1) -> None:
        """Wait long enough for anything unwanted to have arrived."""
        await asyncio.sleep(seconds)


@asynccontextmanager
async def open_bench(book: Any, run: bool = True, server: Discord | None = None, **more: Any) -> AsyncIterator[Bench]:
    server, front, notes = server or Discord(), FakeFront(book), FakeNotes()
    requests: list[Request] = []
    script: dict[str, Reply | Callable[[Request], Reply]] = {}
    drawn: list[ChartSpec] = []

    async def answer(request: Request) -> Reply:
        requests.append(request)
        said = script.get(request.text)
        if said is not None:
            return said if isinstance(said, Reply) else said(request)
        return dispatch(book, request)

    async def draw(chart: ChartSpec) -> bytes:
        drawn.append(chart)
        return PICTURE

    async with server:
        settings = {"draw": draw, "front": front, "notes": notes, "api": server.api, "gateway": server.gateway} | more
        platform = DiscordPlatform(server.token, settings.pop("answer", answer), **settings)
        bench = Bench(server, platform, front, settings["notes"], requests, script, drawn)
        if run:
            await start(bench)
        try:
            yield bench
        finally:
            await stop(bench)


async def start(bench: Bench) -> None:
    """Run the bot until it is ready."""
    ready = asyncio.Event()
    bench.task = asyncio.get_running_loop().create_task(bench.platform.run(ready.set))
    waiting = asyncio.get_running_loop().create_task(ready.wait())
    done, _ = await asyncio.wait({bench.task, waiting}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    if waiting not in done:
        waiting.cancel()
        bench.task.result()


async def stop(bench: Bench) -> None:
    """End the bot, as a signal would."""
    if bench.task:
        bench.task.cancel()
        with suppress(asyncio.CancelledError, Undelivered):
            await bench.task
        bench.task = None
