"""The connection to Discord: one client that survives events it cannot read, and hands on what concerns the bot."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import discord
import yarl
from discord import gateway, http

API = "https://discord.com/api/v10"
GATEWAY = "wss://gateway.discord.gg/"
GUILDS_WITHIN = 2.0  # seconds without another server before the first ones count as all
NEEDED = ("READY", "RESUMED")  # without these nothing works: they begin anew instead

log = logging.getLogger(__name__)

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing here speaks


class Line(discord.Client):
    """One connection. It asks for no privileged intent: it sees servers and their channels, and no message."""

    def __init__(self, hear: Hearing, **options: Any) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=GUILDS_WITHIN,
            max_ratelimit_timeout=30.0,
            **options,
        )
        self._hear = hear
        self._lost: set[int] = set()  # connections, by their shard
        shelter(self)

    @property
    def is_up(self) -> bool:
        """Whether no connection is lost."""
        return not self._lost

    async def setup_hook(self) -> None:
        await self._hear.begun(self)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Tell of nothing once the end has begun: there is no loop any more to tell it in."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def on_ready(self) -> None:
        self._hear.ready()

    async def on_disconnect(self) -> None:
        self._lost.add(0)

    async def on_connect(self) -> None:
        self._lost.discard(0)

    async def on_resumed(self) -> None:
        self._lost.discard(0)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self._hear.interaction(interaction)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._hear.joined(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        rooms = [*guild.channels, *guild.threads]
        await self._hear.left([room.id for room in rooms], "the bot was removed")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._hear.left([channel.id], "the channel was deleted")

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self._hear.left([payload.thread_id], "the thread was deleted")

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("an event of Discord could not be handled (%s)", event_method)


class ShardedLine(Line, discord.AutoShardedClient):
    """The same over several connections, each for its share of the servers; `shard_count` None: as many as Discord
    advises. They identify one after the other, five seconds apart."""

    async def on_disconnect(self) -> None:
        """Said of a shard by its number as well, and so are the others."""

    async def on_connect(self) -> None:
        """By its number."""

    async def on_resumed(self) -> None:
        """By its number."""

    async def on_shard_disconnect(self, shard: int) -> None:
        self._lost.add(shard)

    async def on_shard_connect(self, shard: int) -> None:
        self._lost.discard(shard)

    async def on_shard_resumed(self, shard: int) -> None:
        self._lost.discard(shard)


def line_of(hear: Hearing, shards: int) -> Line:
    """The connection for so many shards: 1 is a single one, 0 as many as Discord advises."""
    return Line(hear) if shards == 1 else ShardedLine(hear, shard_count=shards or None)


class Hearing:
    """What becomes of events; each is a function that does not raise."""

    def __init__(
        self,
        begun: Callable[[Line], Awaitable[None]],
        ready: Callable[[], None],
        interaction: Callable[[discord.Interaction], None],
        joined: Callable[[discord.Guild], Awaitable[None]],
        left: Callable[[list[int], str], Awaitable[None]],
    ) -> None:
        self.begun = begun
        self.ready = ready
        self.interaction = interaction
        self.joined = joined
        self.left = left


def shelter(client: discord.Client) -> None:
    """Let an event that cannot be read be skipped: the library would end the whole connection over it."""
    parsers = client._connection.parsers
    for name, parse in list(parsers.items()):
        if name not in NEEDED:
            parsers[name] = _sheltered(name, parse)


def _sheltered(name: str, parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def careful(data: Any) -> Any:
        try:
            return parse(data)
        except Exception as error:  # what it holds stays out of the log
            log.warning("an event of Discord could not be read (%s): %s", type(error).__name__, name)
            return None

    return careful


@contextmanager
def pointed_at(api: str, where: str) -> Iterator[None]:
    """Let the library speak to another server as long as this lasts: it knows one address for all of its clients."""
    before = http.Route.BASE, gateway.DiscordWebSocket.DEFAULT_GATEWAY
    http.Route.BASE, gateway.DiscordWebSocket.DEFAULT_GATEWAY = api.rstrip("/"), yarl.URL(where)
    try:
        yield
    finally:
        http.Route.BASE, gateway.DiscordWebSocket.DEFAULT_GATEWAY = before
