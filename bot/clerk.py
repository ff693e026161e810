"""The one thread that holds the database: commands are answered there, and every part of the service asks it there."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from bot.command import Request
from bot.desk import Desk
from bot.dispatch import dispatch
from bot.reply import Reply
from bot.services import Services, open_services
from bot.settings import Settings
from engine.errors import CrierError
from storage.chats import Place
from storage.database import Database

T = TypeVar("T")

MOST_NAMES = 25  # that an autocompletion shows
BUSY = "This bot is being restarted. Please ask again in a minute."

log = logging.getLogger(__name__)


class Clerk:
    """Opens the database in a thread of its own; use `async with`. Everything asked of it is done one after another.

    `answering` is what a message goes through: `dispatch`, or something wrapped around it. Only `create` makes a new
    database.
    """

    def __init__(
        self, settings: Settings, answering: Callable[[Desk, Request], Reply] = dispatch, create: bool = False
    ) -> None:
        self._settings = settings
        self._create = create
        self._answering = answering
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clerk")
        self._opened = ExitStack()
        self._services: Services | None = None

    async def __aenter__(self) -> Clerk:
        try:
            await self._run(self._open)
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._run(self._opened.close)
        self._services = None
        self._thread.shutdown()

    async def do(self, work: Callable[[Database], T]) -> T:
        """Do something with the database, in its thread; raises what `work` raises."""
        return await self._run(lambda: work(self._open_services().database))

    async def answer(self, request: Request) -> Reply:
        """Answer one message; never raises, whatever was asked and whatever the database does."""
        try:
            return await self._run(lambda: self._answering(self._open_services().desk, request))
        except RuntimeError:  # the thread is gone: the service stops
            return Reply(text=(BUSY,), ok=False)
        except CrierError as error:
            return Reply(text=(str(error),), ok=False)
        except Exception:
            log.exception("a message from %s was not answered", request.platform)
            return Reply(text=("Something went wrong here, and it has been written down.",), ok=False)

    # what a platform tells of chats

    async def admitted(self, platform: str, chat: str, place: Place, title: str, user: str) -> Reply | None:
        """The bot was added to a chat: remember it, and answer with its settings for the person who added it."""
        now = dt.datetime.now(dt.UTC)
        await self.do(lambda database: admit(database, platform, chat, place, title, user, now))
        request = Request("/settings", platform, chat, user, is_chat_admin=True, place=place, title=title)
        reply = await self.answer(request)
        return replace(reply, private=True) if reply.ok else None

    async def removed(self, platform: str, chat: str, why: str) -> None:
        """The bot was removed from a chat, which is sent nothing any more."""
        now = dt.datetime.now(dt.UTC)
        await self.do(lambda database: close(database, platform, chat, why, now))

    async def moved(self, platform: str, old: str, new: str) -> None:
        """A chat has another name from now on."""
        now = dt.datetime.now(dt.UTC)
        await self.do(lambda database: move(database, platform, old, new, now))

    async def names(self, prefix: str) -> list[tuple[str, str]]:
        """Symbols and names of tokens that begin with `prefix`, for completion."""
        return await self.do(lambda database: names(database, prefix))

    def is_bot_admin(self, platform: str, user: str) -> bool:
        """Whether the settings name somebody an admin of this bot; no chat command adds to them."""
        return (platform, user) in self._settings.admins

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        self._services = self._opened.enter_context(open_services(self._settings, self._create))

    def _open_services(self) -> Services:
        if self._services is None:
            raise RuntimeError("the database is closed")
        return self._services


def admit(database: Database, platform: str, chat: str, place: Place, title: str, user: str, now: dt.datetime) -> None:
    """Remember a chat that let the bot in, with whoever added it under a pseudonym; choices from before come back."""
    with database.atomic():
        known = database.chats.get(platform, chat)
        database.chats.put(
            replace(
                known,
                place=place,
                title=title,
                silenced="",
                silenced_at=None,
                added_by=database.audit.pseudonym(platform, user),
                added_at=known.added_at or now,
            )
        )


def close(database: Database, platform: str, chat: str, why: str, now: dt.datetime) -> None:
    """Silence a chat with the reason, and bury what waits for it."""
    with database.atomic():
        if database.chats.knows(platform, chat):
            database.chats.silence(platform, chat, why, now)
        database.outbox.close_chat(platform, chat, why, now)


def move(database: Database, platform: str, old: str, new: str, now: dt.datetime) -> None:
    """Follow a chat to its new name, with all that waits for it, in one transaction."""
    with database.atomic():
        database.outbox.move_chat(platform, old, new, now)
        database.chats.move(platform, old, new)


def names(database: Database, prefix: str) -> list[tuple[str, str]]:
    """Tokens whose symbol or name begins so, those whose symbol does first."""
    wanted = prefix.strip().casefold()
    tokens = [(token.symbol, token.name) for token in database.market.tokens()]
    by_symbol = [found for found in tokens if found[0].casefold().startswith(wanted)]
    by_name = [found for found in tokens if found[1].casefold().startswith(wanted)]
    return list(dict.fromkeys([*by_symbol, *by_name]))[:MOST_NAMES]
