"""Keeps a platform's few words over restarts, in the database beside what the service did when."""

from __future__ import annotations

import datetime as dt

from bot.clerk import Clerk


class AgendaNotes:
    """Words by name; what cannot be stored is raised."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk

    async def read(self, name: str) -> str:
        """What was kept under a name, "" where nothing was."""
        return await self._clerk.do(lambda database: database.agenda.value(name) or "")

    async def write(self, name: str, words: str) -> None:
        """Keep words under a name."""
        now = dt.datetime.now(dt.UTC)
        await self._clerk.do(lambda database: database.agenda.note(name, words, now))
