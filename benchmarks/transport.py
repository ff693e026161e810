"""What one message to Telegram costs of the processor, by the client library over httpx and by aiohttp bare.

    python benchmarks/transport.py [--messages 300]

Both send the same text to the emulator of the tests, which runs in a process of its own. The bare one is the peer: a
transport of our own under the library could save at most the difference. What counts is the share of a core at the 30
messages a second that Telegram takes.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "tests")]

import aiohttp
from emulators.telegram import Telegram
from telegram import Bot

TEXT = "A weekly message is about as long as this one. " * 20
LIMIT = 30  # messages a second
WARM_UP = 20

Send = Callable[[], Awaitable[object]]


def emulate(told: Connection) -> None:
    """Be Telegram until the other side ends."""

    async def run() -> None:
        async with Telegram() as server:
            person = server.person("Ann")
            person.writes("/start")
            told.send((server.address, server.token, person.private.id))
            await asyncio.to_thread(told.poll, None)

    asyncio.run(run())


async def cost(send: Send, messages: int) -> float:
    """Seconds of this process's processor time a message."""
    for _ in range(WARM_UP):
        await send()
    began = time.process_time()
    for _ in range(messages):
        await send()
    return (time.process_time() - began) / messages


async def measure(address: str, token: str, chat: int, messages: int) -> dict[str, float]:
    async with Bot(token, base_url=f"{address}/bot") as bot, aiohttp.ClientSession() as session:

        async def bare() -> None:
            async with session.post(f"{address}/bot{token}/sendMessage", json={"chat_id": chat, "text": TEXT}) as got:
                await got.json()

        return {
            "aiohttp, bare": await cost(bare, messages),
            "the client over httpx": await cost(lambda: bot.send_message(chat, TEXT), messages),
        }


def main() -> None:
    """Send, and print what each cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=300)
    asked = parser.parse_args()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=emulate, args=(theirs,), daemon=True)
    server.start()
    try:
        seconds = asyncio.run(measure(*ours.recv(), asked.messages))
    finally:
        server.terminate()
        server.join()
    peer = seconds["aiohttp, bare"]
    for name, each in seconds.items():
        share = 100 * each * LIMIT
        print(f"{name:22} {1000 * each:5.2f} ms a message  {each / peer:4.1f} x  {share:4.1f} % of a core at {LIMIT}/s")


if __name__ == "__main__":
    main()
