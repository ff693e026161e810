"""Several connections to Discord: each hears its own servers, one alone breaks and is mended, and all of them end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord
import pytest
from emulators.discord import Discord

from bot.platforms.port import Address, Parcel
from bot.reply import Reply
from bot.settings import Settings
from engine.errors import BadConfiguration


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.client.ExponentialBackoff, "delay", lambda self: 0.05)

    async def at_once(self: discord.Client, shard: int | None, *, initial: bool = False) -> None:
        """The client identifies one shard every five seconds."""

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)


def peopled() -> tuple[Discord, list[Any]]:
    """Two servers, one on either of two shards."""
    server = Discord()
    guilds = [server.guild("Even")]
    server.later()
    guilds.append(server.guild("Odd"))
    guilds.sort(key=lambda guild: (guild.id >> 22) % 2)
    assert [(guild.id >> 22) % 2 for guild in guilds] == [0, 1]
    return server, guilds


async def hears(server: Discord, guild: Any) -> None:
    """The bot answers in a channel of that server."""
    asked = guild.owner.runs("/help", in_=guild.channel(f"room-{server.next()}"))
    assert (await server.answer(asked)).text


@pytest.mark.parametrize(("shards", "advised"), [(2, 1), (0, 2)], ids=["as the setting says", "as Discord advises"])
async def test_each_shard_hears_of_its_own_servers_and_private_messages_come_to_the_first(
    opened: Callable[..., Any], shards: int, advised: int
) -> None:
    server, guilds = peopled()
    server.advised = advised
    async with opened(server=server, shards=shards) as bench:
        await server.until(lambda: len(server.sockets) == 2)
        assert [each["shard"] for each in server.identified] == [[0, 2], [1, 2]]
        for guild in guilds:
            await hears(server, guild)
        asked = server.person("Ann").runs("/help")
        assert (await server.answer(asked)).text
        assert {guild.id for guild in bench.platform._line.guilds} == {guild.id for guild in guilds}


async def test_a_message_goes_out_whatever_shard_its_channel_is_on(opened: Callable[..., Any]) -> None:
    server, guilds = peopled()
    async with opened(server=server, shards=2) as bench:
        for guild in guilds:
            channel = guild.channel("news")
            parcel = Parcel(f"week/{guild.id}", Address(str(channel.id)), Reply(title="week 48"))
            assert (await bench.platform.send(parcel)).message == str(server.messages(channel)[0].id)


async def test_one_shard_that_drops_is_resumed_alone_and_nothing_is_missed(opened: Callable[..., Any]) -> None:
    server, guilds = peopled()
    async with opened(server=server, shards=2):
        for guild in guilds:
            await hears(server, guild)
        second = next(socket for socket in server.sockets if server.shards[socket] == (1, 2))
        server.sockets.remove(second)
        second._req.transport.abort()
        asked = guilds[1].owner.runs("/help", in_=guilds[1].channel("while-down"))
        await hears(server, guilds[0])
        assert (await server.answer(asked)).text
        assert [each["session_id"] for each in server.resumed] == ["s2"]
        assert len(server.identified) == 2


async def test_the_bot_counts_as_connected_once_no_shard_is_lost(opened: Callable[..., Any]) -> None:
    server, guilds = peopled()
    async with opened(server=server, shards=2) as bench:
        for guild in guilds:
            await hears(server, guild)
        assert bench.platform.is_connected
        second = next(socket for socket in server.sockets if server.shards[socket] == (1, 2))
        server.refuses_gateway = True
        server.sockets.remove(second)
        second._req.transport.abort()
        await server.until(lambda: not bench.platform.is_connected)
        await hears(server, guilds[0])
        server.refuses_gateway = False
        await server.until(lambda: bench.platform.is_connected)
        await hears(server, guilds[1])


async def test_a_single_connection_names_no_shard(opened: Callable[..., Any]) -> None:
    server, guilds = peopled()
    async with opened(server=server):
        for guild in guilds:
            await hears(server, guild)
        assert "shard" not in server.identified[0]


def test_the_setting_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from bot.settings import read_settings

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRIER_DISCORD_SHARDS", "-1")
    with pytest.raises(BadConfiguration, match="CRIER_DISCORD_SHARDS: must be greater than or equal to 0"):
        read_settings()
    monkeypatch.setenv("CRIER_DISCORD_SHARDS", "4")
    assert read_settings().discord_shards == 4
    assert Settings(_env_file=None).discord_shards == 4  # type: ignore[call-arg]
