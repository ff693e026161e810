"""Discord as one of the bot's platforms: connects, answers interactions, and sends what the outbox hands it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from random import uniform

import discord

from bot.platforms.discord.client import API, GATEWAY, Hearing, Line, line_of, pointed_at
from bot.platforms.discord.courier import Courier, Errand, errand_of
from bot.platforms.discord.failures import undelivered
from bot.platforms.discord.heard import is_news, title_of
from bot.platforms.discord.inbox import ID, Inbox
from bot.platforms.discord.links import Links
from bot.platforms.discord.parcels import Draw
from bot.platforms.discord.rights import manages
from bot.platforms.discord.sync import Notes, sync
from bot.platforms.front import Front
from bot.platforms.port import Answer, LockedOut, MaybeSent, NotSent, Parcel, Receipt
from bot.platforms.secrecy import token_unsaid
from storage.chats import Place

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
STEADY = 60.0  # seconds after which a connection counts as a good one
SEND_WITHIN = 45.0  # seconds; the client itself waits for up to 30 where Discord asks for patience
LAST_WORDS = 5.0  # seconds that answers under way get when the bot stops
FAREWELL = 2.0
REMEMBERED = 500  # parcels that came part of the way
TALKATIVE = ("discord", "aiohttp.client")  # not its server, whose errors are those of our own page

log = logging.getLogger(__name__)


class DiscordPlatform:
    """Implements `bot.platforms.port.Platform`. `api` and `gateway` are another server's addresses, `hosts` those that
    buttons may lead to, `draw` what makes a chart's picture, `notes` what keeps which commands Discord knows. `shards`
    says over how many connections (0: as many as Discord advises)."""

    def __init__(
        self,
        token: str,
        answer: Answer,
        *,
        front: Front,
        draw: Draw,
        notes: Notes,
        api: str = API,
        gateway: str = GATEWAY,
        hosts: Iterable[str] = (),
        shards: int = 1,
    ) -> None:
        self._token = token
        self._answer = answer
        self._front = front
        self._draw = draw
        self._notes = notes
        self._api = api
        self._gateway = gateway
        self._hosts = frozenset(hosts)
        self._shards = shards
        self._line: Line | None = None
        self._courier: Courier | None = None
        self._inbox: Inbox | None = None
        self._begun: OrderedDict[str, Errand] = OrderedDict()

    def __repr__(self) -> str:
        return f"DiscordPlatform({self._api})"

    @property
    def id(self) -> str:
        return ID

    @property
    def is_connected(self) -> bool:
        return self._line is not None and self._line.is_up

    async def run(self, ready: Callable[[], None]) -> None:
        """Connect, call `ready`, take interactions until cancelled, and connect again whenever the line is lost;
        LockedOut where Discord refuses the token."""
        with token_unsaid(self._token, TALKATIVE), pointed_at(self._api, self._gateway):
            wait = FIRST_WAIT
            while True:
                began = time.monotonic()
                error = await self._session(ready)
                kind = undelivered(error)
                if isinstance(kind, LockedOut):
                    raise kind from None
                log.warning("the line to Discord ended, connecting again: %s", kind)
                wait = FIRST_WAIT if time.monotonic() - began > STEADY else wait
                await asyncio.sleep(wait * uniform(0.8, 1.2))
                wait = min(wait * 2, LONGEST_WAIT)

    async def send(self, parcel: Parcel) -> Receipt:
        """Send one message whole; raises `Undelivered`, and nothing else, where that failed.

        A second attempt of a parcel that came part of the way sends the rest of it, and Discord takes no part twice.
        """
        if self._courier is None:
            raise NotSent("Discord is not connected")
        errand = self._begun.pop(parcel.key, None) or errand_of(parcel)
        errand.notes.clear()
        try:
            async with asyncio.timeout(SEND_WITHIN):
                await self._courier.bring(parcel.reply, errand)
        except TimeoutError:
            self._keep(parcel.key, errand)
            raise MaybeSent("Discord did not answer in time") from None
        except Exception as error:
            self._keep(parcel.key, errand)
            raise undelivered(error) from None
        return Receipt(str(errand.message), " ".join(dict.fromkeys(errand.notes)))

    def _keep(self, key: str, errand: Errand) -> None:
        if errand.parts_done:
            self._begun[key] = errand
        while len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)

    async def _session(self, ready: Callable[[], None]) -> Exception:
        """One connection from its beginning to its end; returns what ended it."""
        line = line_of(Hearing(self._open, ready, self._take, self._joined, self._left), self._shards)
        try:
            await line.start(self._token)
        except Exception as error:
            return error
        finally:
            await self._close(line)
        return NotSent("the connection was closed")

    async def _open(self, line: Line) -> None:
        """Make ready to answer and send, before the first event comes."""
        links = Links(line.application_id or 0, self._hosts)
        self._line = line
        self._courier = Courier(line, links, self._draw)
        self._inbox = Inbox(self._answer, self._front, links, self._draw, partial(manages, line))
        await sync(line, self._front, self._notes)

    async def _close(self, line: Line) -> None:
        inbox, self._inbox, self._courier, self._line = self._inbox, None, None, None
        try:
            if inbox is not None:
                await inbox.close(LAST_WORDS)
        finally:
            with suppress(Exception):
                await asyncio.wait_for(line.close(), FAREWELL)

    def _take(self, interaction: discord.Interaction) -> None:
        if self._inbox is not None:
            self._inbox.take(interaction)

    async def _joined(self, guild: discord.Guild) -> None:
        """Being added says nothing in the server: its owner is shown in private what may be chosen."""
        room = _first_room(guild)
        if room is None or guild.owner_id is None:
            return
        place: Place = "channel" if is_news(room) else "group"
        reply = await self._front.admitted(ID, str(room.id), place, title_of(room), str(guild.owner_id))
        if reply is not None and self._courier is not None:
            await self._courier.tell(reply, guild.owner_id)

    async def _left(self, rooms: list[int], why: str) -> None:
        for room in rooms:
            await self._front.removed(ID, str(room), why)


def _first_room(guild: discord.Guild) -> discord.TextChannel | None:
    """The channel for newcomers, or the first in which the bot may write."""
    rooms = [room for room in (guild.system_channel, *guild.text_channels) if room is not None]
    return next((room for room in rooms if room.permissions_for(guild.me).send_messages), None)
