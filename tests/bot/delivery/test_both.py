"""Both platforms and the queue in one process, with the real clients: one's outage leaves the other untouched."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from emulators.discord import Discord, refusing as discord_refusing
from emulators.telegram import Telegram, refusing as telegram_refusing

from bot.clerk import Clerk
from bot.platforms.discord import client, platform
from bot.reply import Reply
from bot.service import Service, platforms_of, real_clock
from bot.settings import Settings
from engine.themes import themes
from storage.database import Database
from storage.outbox import Letter, News

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


@dataclass
class House:
    """The whole service without its schedule, and both chat services."""

    service: Service
    clerk: Clerk
    telegram: Telegram
    discord: Discord

    async def queue(self, name: str, *where: tuple[str, int]) -> None:
        """Queue one message for some chats."""
        now = dt.datetime.now(dt.UTC)
        letter = Letter(Reply(title=name).to_json(), [(place, str(chat), None) for place, chat in where])

        def work(database: Database) -> None:
            database.outbox.enqueue(News(name, "admin", now + dt.timedelta(days=1)), [letter], now)

        await self.clerk.do(work)


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(client, "GUILDS_WITHIN", 0.02)
    monkeypatch.setattr(platform, "FIRST_WAIT", 0.05)
    async with Telegram() as telegram, Discord() as discord:
        settings = Settings(
            database=tmp_path / "crier.db", telegram_token=telegram.token, telegram_api=telegram.address,
            discord_token=discord.token, discord_api=discord.api, discord_gateway=discord.gateway,
        )  # fmt: skip

        async def draw(chart: object) -> bytes:
            return PICTURE

        async with Clerk(settings, create=True) as clerk:
            service = Service(settings, clerk, platforms_of(settings, clerk, draw), real_clock(), jobs=False)
            running = asyncio.get_running_loop().create_task(service.run())
            await discord.until(service.is_well)
            yield House(service, clerk, telegram, discord)
            service.stop()
            await asyncio.wait_for(running, 30)


async def test_both_answer_and_one_queue_goes_out_to_both(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ann, bob = house.telegram.person("Ann"), house.discord.person("Bob")
    ann.writes("/status")
    await house.telegram.answer(ann.private)
    assert (await house.discord.answer(bob.runs("/status"))).embed["title"] == "Status"
    await house.queue("week 48", ("telegram", ann.id), ("discord", bob.dm.id))
    assert (await house.telegram.answer(ann.private, 2)).text.startswith("week 48")
    await house.discord.until(lambda: any("week 48" in m.text for m in house.discord.messages(bob.dm)))
    assert house.telegram.token not in caplog.text and house.discord.token not in caplog.text
    noted = await house.clerk.do(lambda db: [name for name in db.agenda.all() if "discord commands" in name])
    assert len(noted) == house.discord.syncs == 1


async def test_an_outage_of_discord_leaves_telegram_untouched_and_ends(house: House) -> None:
    """F21"""
    ann, bob = house.telegram.person("Ann"), house.discord.person("Bob")
    house.discord.refuses_gateway = True
    house.discord.fail(discord_refusing(403))
    await house.discord.drop()
    await house.discord.until(lambda: not house.service.is_well())
    assert house.service.counted().connected == {"telegram": True, "discord": False}
    ann.writes("/status")
    await house.telegram.answer(ann.private)
    await house.queue("week 48", ("telegram", ann.id), ("discord", bob.dm.id))
    assert (await house.telegram.answer(ann.private, 2)).text.startswith("week 48")
    ann.writes("/help")
    await house.telegram.answer(ann.private, 3)
    assert house.discord.messages(bob.dm) == []
    waiting = await house.clerk.do(lambda db: db.outbox.queues(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
    assert {queue.platform: queue.sent for queue in waiting}["telegram"] == 1
    house.discord.recover()
    house.discord.refuses_gateway = False
    await house.discord.until(house.service.is_well)
    await house.discord.connected()
    assert (await house.discord.answer(bob.runs("/help"))).text


async def test_an_outage_of_telegram_leaves_discord_untouched(house: House) -> None:
    """F21"""
    ann, bob = house.telegram.person("Ann"), house.discord.person("Bob")
    ann.private.refusal = None
    house.telegram.fail(telegram_refusing(502, "Bad Gateway"))
    house.telegram.person("Eve").writes("/status")  # ends the poll that was open
    await house.telegram.until(lambda: not house.service.is_well())
    await house.queue("week 48", ("telegram", ann.id), ("discord", bob.dm.id))
    await house.discord.until(lambda: any("week 48" in m.text for m in house.discord.messages(bob.dm)))
    assert (await house.discord.answer(bob.runs("/status"))).text.startswith("Status")
    assert house.telegram.messages(ann.private) == []
    house.telegram.recover()
    await house.telegram.until(house.service.is_well)


async def test_a_link_from_telegram_to_discord_through_both_real_clients(house: House) -> None:
    telegram, discord = house.telegram, house.discord
    group, ann, guild = telegram.group(), telegram.person("Ann"), discord.guild()
    group.adds(ann, "administrator")
    discord.joins(guild)
    ann.writes("/link", to=group)
    begun = await telegram.answer(group)
    code = begun.button("I wrote it there")["callback_data"].split()[1]
    half = await discord.answer(guild.owner.runs(f"/link {code}", in_=guild.general))
    assert "“DeFi club” on Telegram" in half.text and half.ephemeral
    ann.presses("I wrote it there", in_=group)
    await telegram.until(lambda: "“DeFi club #general” on Discord" in begun.text)
    ann.presses("Link them", in_=group)
    await telegram.until(lambda: "one panel and one mode now" in begun.text)
    ann.writes("/settings sound silent", to=group)
    await telegram.answer(group, 2)
    chats = await house.clerk.do(lambda db: {c.platform: (c.silent, c.title) for c in db.chats.all()})
    assert chats["discord"] == (True, "DeFi club #general") and chats["telegram"][0]


async def test_the_owner_of_a_server_sets_its_channel_up_from_the_private_message(house: House) -> None:
    discord = house.discord
    guild, eve = discord.guild(), discord.person("Eve")
    discord.joins(guild)
    await discord.until(lambda: discord.messages(guild.owner.dm))
    greeting = discord.messages(guild.owner.dm)[0]
    assert "I was added to DeFi club #general" in greeting.text and not discord.messages(guild.general)
    refused = await discord.answer(eve.forges(greeting.button("Everything")["custom_id"], greeting))
    assert "could not see that you are an admin" in refused.text
    await discord.answer(guild.owner.presses("Everything", greeting))
    chats = await house.clerk.do(lambda db: {chat.chat: chat for chat in db.chats.all()})
    chat = chats[str(guild.general.id)]
    assert (len(chat.indices), chat.danger, chat.watched, chat.place) == (len(themes()), True, True, "group")
    guild.owner.removes_bot(guild)
    await discord.until(lambda: not discord.guilds)
    for _ in range(2000):
        chat = await house.clerk.do(lambda db: db.chats.get("discord", str(guild.general.id)))
        if chat.silenced:
            break
        await asyncio.sleep(0.01)
    assert chat.silenced == "the bot was removed" and chat.indices == tuple(themes())
