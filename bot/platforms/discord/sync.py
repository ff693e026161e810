"""Tells Discord of the commands, and only where they are others than last time: it takes 200 new ones a day."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Protocol

import discord

from bot.command import Kind
from bot.commands import COMMANDS
from bot.platforms.discord.failures import undelivered
from bot.platforms.discord.slash import Choices, fingerprint, payload
from bot.platforms.front import Front
from engine.errors import CrierError

log = logging.getLogger(__name__)


class Notes(Protocol):
    """Keeps a few words over restarts."""

    async def read(self, name: str) -> str:
        """What was kept under a name, "" where nothing was."""
        ...

    async def write(self, name: str, words: str) -> None: ...


class FileNotes:
    """Implements `Notes` in one small file; what cannot be read or written is as good as never kept."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self, name: str) -> str:
        return str((await asyncio.to_thread(self._all)).get(name, ""))

    async def write(self, name: str, words: str) -> None:
        await asyncio.to_thread(self._keep, name, words)

    def _all(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _keep(self, name: str, words: str) -> None:
        kept = json.dumps({**self._all(), name: words})
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            fresh.write_text(kept, "utf-8")
            fresh.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror)


async def sync(client: discord.Client, front: Front, notes: Notes) -> bool:
    """Put the commands where they changed; returns whether they were put. A failure is logged, and tried again at the
    next start: the old ones still work."""
    application = client.application_id
    if application is None:
        return False
    try:
        return await _put(client, application, front, notes)
    except CrierError as error:
        log.warning("the commands could not be put, or not be noted: %s", error)
    except Exception as error:
        log.warning("Discord did not take the commands: %s", undelivered(error))
    return False


async def _put(client: discord.Client, application: int, front: Front, notes: Notes) -> bool:
    commands = payload(await choices(front))
    name, print_ = f"discord commands of {application}", fingerprint(commands)
    if await notes.read(name) == print_:
        return False
    await client.http.bulk_upsert_global_commands(application, commands)
    await notes.write(name, print_)
    return True


async def choices(front: Front) -> Choices:
    """The closed list of every kind of parameter that has one."""
    found: dict[Kind, list[tuple[str, str]]] = {}
    for command in COMMANDS.values():
        for param in command.params:
            if param.kind not in found:
                found[param.kind] = list(await front.choices(param))
    return found
