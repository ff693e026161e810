"""The page beside the bot's other work in one process: it sees what the service writes, and ends when that does."""

import asyncio
import socket

import aiohttp
import pytest
from emulators.decided import NOW

from bot.clerk import Clerk
from bot.service import Service, real_clock
from bot.settings import Settings

UP = 30  # seconds in which it must be up, on a machine with much else to do


def a_free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


async def until_up(client):
    async with asyncio.timeout(UP):
        while True:
            try:
                async with client.get("/api/v1/status") as answer:
                    return await answer.json()
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.02)


async def test_the_page_shows_what_the_service_writes_and_ends_with_it_though_somebody_listens(copied):
    port = a_free_port()
    settings = Settings(_env_file=None, database=copied, web_port=port)
    async with Clerk(settings) as clerk, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        service = Service(settings, clerk, [], real_clock(), jobs=False)
        running = asyncio.create_task(service.run())
        before = await until_up(client)
        await clerk.do(lambda database: database.journal.append("live", "method", NOW.date(), {"method": "test"}))
        after = await until_up(client)
        assert after["entries"] == before["entries"] + 1
        async with client.get("/api/v1/events") as listening:
            assert listening.status == 200
            service.stop()
            await asyncio.wait_for(running, 30)
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get("/")
