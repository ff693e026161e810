"""Keeps a platform's few words over restarts, in the agenda of the database."""

from __future__ import annotations

import logging

from bot.clerk import Clerk
from engine.errors import StorageError

log = logging.getLogger(__name__)


class AgendaNotes:
    """Implements `bot.platforms.discord.Notes`; what cannot be kept is as good as never kept."""

    def __init__(self, clerk: Clerk, platform: str) -> None:
        self._clerk = clerk
        self._platform = platform

    async def read(self, name: str) -> str:
        """What was kept under a name, "" where nothing was."""
        try:
            return await self._clerk.do(lambda database: database.agenda.value(self._key(name))) or ""
        except StorageError as error:
            log.warning("a note of %s cannot be read: %s", self._platform, error)
            return ""

    async def write(self, name: str, words: str) -> None:
        now = self._clerk.wall()
        try:
            await self._clerk.do(lambda database: database.agenda.note(self._key(name), words, now))
        except StorageError as error:
            log.warning("a note of %s cannot be kept: %s", self._platform, error)

    def _key(self, name: str) -> str:
        return f"{self._platform}/{name}"
