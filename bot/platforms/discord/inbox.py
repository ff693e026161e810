"""Answers what is said to the bot: in time, where it was asked, and for the eyes it is meant for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import discord
from discord import InteractionType as Type, app_commands

from bot.command import Param, Request
from bot.commands import COMMANDS
from bot.elsewhere import named
from bot.phrases import clean, clipped
from bot.platforms.discord import components, slash
from bot.platforms.discord.failures import UNKNOWN_INTERACTION, code_of, undelivered
from bot.platforms.discord.heard import Heard, heard
from bot.platforms.discord.links import Links
from bot.platforms.discord.parcels import Draw, Ready, make_ready
from bot.platforms.front import Front
from bot.platforms.port import Answer
from bot.reply import Reply

ID = "discord"
PATIENT = 1.5  # seconds before Discord is told that the answer takes longer; it waits for 3
MOST_AT_ONCE = 500  # interactions under way; what comes on top is dropped
MOST_OFFERED, LONGEST_OFFER = 25, 100
GONE = Reply(text=("That button is no longer there.",), ok=False, private=True)
ANSWERED = Reply(text=("That was answered already.",), private=True)

Manages = Callable[[str, str], Awaitable[bool]]  # whether somebody manages the server of a channel

log = logging.getLogger(__name__)


class Inbox:
    """What becomes of every interaction."""

    def __init__(self, answer: Answer, front: Front, links: Links, draw: Draw, manages: Manages) -> None:
        self._answer = answer
        self._front = front
        self._links = links
        self._draw = draw
        self._manages = manages
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, interaction: discord.Interaction) -> None:
        """Answer an interaction beside all others; where that fails, the log says why."""
        if len(self._tasks) < MOST_AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._guarded(self._take(interaction)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self, seconds: float) -> None:
        """Let what has begun come to its end for so long, and cancel the rest."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except discord.HTTPException as error:
            late = code_of(error) == UNKNOWN_INTERACTION
            log.info("an answer was not delivered: %s", "it came too late" if late else undelivered(error))
        except Exception as error:
            if isinstance(error, OSError | asyncio.TimeoutError):
                log.info("an answer was not delivered: %s", undelivered(error))
            else:
                log.exception("an interaction could not be answered")

    async def _take(self, interaction: discord.Interaction) -> None:
        if interaction.type is Type.autocomplete:
            await self._complete(interaction)
        elif interaction.type is Type.application_command:
            await self._respond(interaction, heard(interaction, slash.spoken(interaction.data or {}), False))
        elif interaction.type is Type.modal_submit:
            text = components.filled_in(interaction)
            await self._pressed(interaction, text)
        elif interaction.type is Type.component:
            found = components.pressed(interaction)
            if found is not None and found.is_form:
                await interaction.response.send_modal(components.form(found.command))
            else:
                await self._pressed(interaction, found.command if found else None)

    async def _pressed(self, interaction: discord.Interaction, text: str | None) -> None:
        if text is None:
            await self._give(await make_ready(GONE, self._draw, self._links.own), interaction, quiet=True)
            return
        await self._respond(interaction, heard(interaction, text, True))

    async def _respond(self, interaction: discord.Interaction, said: Heard | None) -> None:
        """Answer at once where that is possible, else tell Discord in time that it takes longer."""
        if said is None:
            return
        work = asyncio.get_running_loop().create_task(self._prepare(said))
        try:
            done, _ = await asyncio.wait({work}, timeout=PATIENT)
            if not done:
                # Under a button this shows nothing and keeps both ways open: to change the message, or to write one.
                await interaction.response.defer(ephemeral=said.is_quiet)
            ready = await work
        finally:
            work.cancel()
        await self._give(ready, interaction, said.is_quiet)

    async def _prepare(self, said: Heard) -> Ready:
        reply = await self._answer(await self._request(said))
        return await make_ready(reply, self._draw, self._links.own)

    async def _request(self, said: Heard) -> Request:
        there = named(said.text) if said.place == "private" else ""
        return Request(
            said.text, ID, said.chat, said.user,
            is_chat_admin=said.is_admin, is_bot_admin=self._front.is_bot_admin(ID, said.user),
            place=said.place, title=said.title, pressed=said.pressed, message=said.id,
            manages=there if there and await self._manages(there, said.user) else "",
        )  # fmt: skip

    async def _give(self, ready: Ready, interaction: discord.Interaction, quiet: bool) -> None:
        reply, in_server = ready.reply, interaction.guild_id is not None
        if reply.is_silence:
            await self._nothing(interaction)
            return
        is_press = interaction.type is not Type.application_command
        if reply.panel and is_press and len(ready.pages) == 1 and await self._replaced(ready, interaction):
            return
        quiet = in_server and (quiet or reply.private or not reply.ok)
        await self._first(ready, interaction, quiet, is_press)
        for number in range(1, len(ready.pages)):
            await interaction.followup.send(**ready.fields(number), ephemeral=quiet, wait=True)

    async def _first(self, ready: Ready, interaction: discord.Interaction, quiet: bool, is_press: bool) -> None:
        if not interaction.response.is_done():
            await interaction.response.send_message(**ready.fields(0), ephemeral=quiet)
        elif is_press:
            await interaction.followup.send(**ready.fields(0), ephemeral=quiet, wait=True)
        elif quiet and not self._was_quiet(interaction):
            # What was shown as under way is seen by all, and so would be what takes its place.
            await interaction.delete_original_response()
            await interaction.followup.send(**ready.fields(0), ephemeral=True, wait=True)
        else:
            await interaction.edit_original_response(**ready.fields(0, editing=True))

    def _was_quiet(self, interaction: discord.Interaction) -> bool:
        said = heard(interaction, slash.spoken(interaction.data or {}), False)
        return said is not None and said.is_quiet

    async def _replaced(self, ready: Ready, interaction: discord.Interaction) -> bool:
        """Let a panel take the place of the message under which it was asked for."""
        if interaction.message is None:
            return False
        if ready.reply.private and interaction.guild_id is not None and not interaction.message.flags.ephemeral:
            return False
        fields = ready.fields(0, editing=True)
        if interaction.response.is_done():
            await interaction.edit_original_response(**fields)
        else:
            await interaction.response.edit_message(**fields)
        return True

    async def _nothing(self, interaction: discord.Interaction) -> None:
        """Where nothing is to be said, end the wait: a press without a trace, a command with a word for its author."""
        if interaction.type is not Type.application_command:
            if not interaction.response.is_done():
                await interaction.response.defer()
            return
        ready = await make_ready(ANSWERED, self._draw, self._links.own)
        await self._first(ready, interaction, quiet=interaction.guild_id is not None, is_press=False)

    async def _complete(self, interaction: discord.Interaction) -> None:
        """Offer what somebody may go on to type."""
        asked = slash.typed(interaction.data or {})
        offered = await self._offers(*asked) if asked else []
        made = [app_commands.Choice(name=clipped(label, LONGEST_OFFER), value=value) for label, value in offered]
        await interaction.response.autocomplete(made[:MOST_OFFERED])

    async def _offers(self, param: Param, prefix: str) -> list[tuple[str, str]]:
        wanted = clipped(clean(prefix), LONGEST_OFFER)
        if param.kind == "command":
            return [(name, name) for name in sorted(COMMANDS) if name.startswith(wanted.casefold().lstrip("/"))]
        if param.kind == "token":
            found = await self._front.names(wanted.lstrip("$"))
            return [(f"{symbol}, {name}" if name != symbol else symbol, f"={symbol}") for symbol, name in found]
        return [(clean(value), value) for value in await self._front.complete(param, wanted) if fits(value)]


def fits(value: str) -> bool:
    return 0 < len(value) <= LONGEST_OFFER
