"""Brings a Reply to a channel, a thread or a person: part by part, published where others follow, each part once."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.platforms.discord.failures import MISSING_PERMISSIONS, UNKNOWN_CHANNEL, code_of, undelivered
from bot.platforms.discord.heard import is_news
from bot.platforms.discord.links import Links
from bot.platforms.discord.parcels import Draw, Ready, make_ready
from bot.platforms.port import ChatClosed, Parcel
from bot.reply import Reply

NO_PICTURES = "The bot may not attach files here, so charts are left out: allow it Attach Files in this channel."
NOT_PUBLISHED = "A message stands here, but could not be published to the servers that follow this channel."
MOST_KNOWN = 5000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Errand:
    """One delivery: where to, how, and how far it came, so that a second attempt repeats no part."""

    chat: int
    key: str
    silent: bool = False
    role: int = 0
    parts_done: int = 0
    message: int = 0
    notes: list[str] = field(default_factory=list)


class Courier:
    """Sends. `draw` makes a chart's picture."""

    def __init__(self, client: discord.Client, links: Links, draw: Draw) -> None:
        self._client = client
        self._links = links
        self._draw = draw
        self._people: OrderedDict[int, int] = OrderedDict()  # person -> private channel

    async def bring(self, reply: Reply, errand: Errand) -> None:
        """Send a reply whole; raises what the client raises. `errand` says afterwards what was sent."""
        ready = await make_ready(reply, self._draw, self._links.own)
        for number in range(errand.parts_done, len(ready.pages)):
            errand.message = await self._part(ready, number, errand)
            errand.parts_done = number + 1

    async def tell(self, reply: Reply, user: int) -> None:
        """Say something to a person in private, if they take it."""
        try:
            await self.bring(reply, Errand(user, f"tell {user} {reply.to_json()}"))
        except Exception as error:
            log.info("a person could not be told: %s", undelivered(error))

    async def _part(self, ready: Ready, number: int, errand: Errand) -> int:
        try:
            sent = await self._sent(ready.fields(number), number, errand)
        except discord.Forbidden as error:
            if ready.picture is None or error.code != MISSING_PERMISSIONS:
                raise
            sent = await self._sent(ready.fields(number, with_picture=False), number, errand)
            errand.notes.append(NO_PICTURES)
        if is_news(self._client.get_channel(errand.chat)):
            await self._publish(sent, errand)
        return sent.id

    async def _sent(self, fields: dict[str, Any], number: int, errand: Errand) -> discord.Message:
        if errand.role and number == 0:
            pinged = discord.AllowedMentions(everyone=False, users=False, roles=[discord.Object(errand.role)])
            fields = {**fields, "content": f"<@&{errand.role}>", "allowed_mentions": pinged}
        fields |= {"nonce": nonce(errand.key, number), "silent": errand.silent or number > 0}
        try:
            return await self._room(errand.chat).send(**fields)
        except discord.NotFound as error:
            if code_of(error) != UNKNOWN_CHANNEL or errand.chat in self._people:
                raise
        # No channel has that name: a person's number then, whose private channel is opened.
        await self._open(errand.chat)
        fields = {**fields, **({"file": _again(fields["file"])} if "file" in fields else {})}
        return await self._room(errand.chat).send(**fields)

    def _room(self, chat: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(self._people.get(chat, chat))

    async def _open(self, user: int) -> None:
        try:
            room = await self._client.create_dm(discord.Object(user))
        except discord.HTTPException as error:
            if error.status in (400, 404):
                raise ChatClosed("Discord knows no such channel any more") from None
            raise
        self._people[user] = room.id
        while len(self._people) > MOST_KNOWN:
            self._people.popitem(last=False)

    async def _publish(self, sent: discord.Message, errand: Errand) -> None:
        """Let other servers have a message too; it has arrived here whatever becomes of that."""
        try:
            await sent.publish()
        except Exception as error:
            log.info("a message was not published: %s", undelivered(error))
            errand.notes.append(NOT_PUBLISHED)


def nonce(key: str, part: int) -> str:
    """A short name of one part of one message, the same at every attempt: Discord takes it once."""
    return hashlib.sha256(f"{key}/{part}".encode()).hexdigest()[:24]


def errand_of(parcel: Parcel) -> Errand:
    """Where a parcel goes; a thread is a channel of its own to Discord."""
    where = parcel.to.thread if parcel.to.thread.isdigit() else parcel.to.chat
    if not where.isdigit():
        raise ChatClosed("that is no channel of Discord's")
    return Errand(int(where), parcel.key, parcel.silent, int(parcel.role) if parcel.role.isdigit() else 0)


def _again(file: discord.File) -> discord.File:
    file.reset(seek=True)
    return file
