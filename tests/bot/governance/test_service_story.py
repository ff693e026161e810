"""The whole service on a decided week: a newcomer, a group and a channel hear of it through the real client."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from emulators.telegram import Telegram

from bot.announce import announce
from bot.clerk import Clerk
from bot.posting import Posting
from bot.service import Service, platforms_of, real_clock
from bot.settings import Settings
from bot.shelf import DatabaseBook
from bot.studio import Studio
from bot.telling import tell_week
from engine.model import PASSIVE, LevelPoint
from engine.modes import modes
from engine.themes import themes
from storage.database import Database

MONDAY = dt.date(2023, 11, 13)


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[tuple[Telegram, Clerk]]:
    """`crier run` without its jobs, on the emulator."""
    async with Telegram() as server:
        settings = Settings(database=path, telegram_token=server.token, telegram_api=server.address)  # type: ignore[arg-type]
        with closing(Studio()) as studio:
            async with Clerk(settings) as clerk:
                platforms = platforms_of(settings, clerk, studio.draw)
                service = Service(settings, clerk, platforms, real_clock(), jobs=False)
                running = asyncio.create_task(service.run())
                try:
                    yield server, clerk
                finally:
                    service.stop()
                    await asyncio.wait_for(running, 30)


def cry(database: Database) -> None:
    """Announce the decided week and queue it, as the weekly job does."""
    book = DatabaseBook(database, dt.datetime.combine(MONDAY, dt.time(9), dt.UTC), "live")
    for index in themes():
        for mode in (*modes(), PASSIVE):
            points = [LevelPoint(MONDAY - dt.timedelta(days=9 - i), 1000.0 + i, 1000.0) for i in range(9)]
            database.decisions.put_levels("live", index, mode, points)
        for mode in modes():
            stored = book.decision(index, mode)
            assert stored is not None
            database.decisions.put_announcement("live", stored.decision, announce(book, index, mode).to_json())
    tell_week(database, MONDAY, set(themes()), (), Posting(dt.datetime.now(dt.UTC)))


async def test_a_newcomer_a_group_and_a_channel_hear_of_the_week(decided_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "crier.db"
    path.write_bytes(decided_bytes)
    async with serving(path) as (server, clerk):
        ann, group, channel = server.person("Ann"), server.group("Club"), server.channel("News")
        ann.writes("/start s_defi")
        await server.answer(ann.private)
        for room in (group, channel):
            room.adds(ann, "administrator")
            ann.adds_bot(room, "administrator")
        settings = await server.answer(ann.private, 3)
        assert "Club" in settings.text + server.messages(ann.private)[1].text
        ann.writes(f"/subscribe defi in:{channel.id}")
        ann.writes("/subscribe defi", to=group)
        await server.answer(group)
        await server.answer(ann.private, 4)
        assert server.messages(channel) == []
        await clerk.do(cry)
        for count, room in ((5, ann.private), (2, group), (1, channel)):
            week = await server.answer(room, count)
            assert "DeFi index, week 46" in week.text
            assert week.photo
            assert {"Mute 7 days", "Fewer"} <= set(week.labels) or room is channel
        ann.presses("Why", message=server.messages(ann.private)[4])
        assert (await server.answer(ann.private, 6)).text.startswith("Why DeFi")
        ann.follows(ann.presses("Why", in_=channel))
        assert (await server.answer(ann.private, 7)).text.startswith("Why DeFi")
        assert len([m for m in server.sent if "DeFi index, week 46" in m.text and m.photo]) >= 3
        await clerk.do(cry)  # the same week again is nothing new
        await asyncio.sleep(0.5)
        assert len(server.messages(channel)) == 1


async def test_who_blocks_the_bot_is_sent_nothing_more_and_a_group_is_followed(
    decided_bytes: bytes, tmp_path: Path
) -> None:
    """F17, F18"""
    path = tmp_path / "crier.db"
    path.write_bytes(decided_bytes)
    async with serving(path) as (server, clerk):
        ann, group = server.person("Ann"), server.group("Club", kind="group")
        ann.writes("/start s_defi")
        await server.answer(ann.private)
        group.adds(ann, "creator")
        ann.writes("/subscribe defi", to=group)
        await server.answer(group)
        ann.blocks_bot()
        grown = group.upgrades(-1009000000077)
        await server.until(lambda: True)
        chats: Any = await clerk.do(lambda database: database.chats.all())
        for _ in range(1000):
            chats = {chat.chat: chat for chat in await clerk.do(lambda database: database.chats.all())}
            if chats[str(ann.id)].silenced and str(grown.id) in chats:
                break
            await asyncio.sleep(0.02)
        assert chats[str(ann.id)].silenced
        assert str(group.id) not in chats and chats[str(grown.id)].indices == ("defi",)
        await clerk.do(cry)
        assert "DeFi index, week 46" in (await server.answer(grown, 1)).text
        await asyncio.sleep(0.3)
        assert len(server.messages(ann.private)) == 1
