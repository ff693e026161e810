"""The one thread that holds the database: commands are answered there, and every part of the service asks it there."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from bot.admission import admit
from bot.arguments import autocomplete, choices
from bot.command import Param, Request
from bot.desk import Desk
from bot.dispatch import dispatch
from bot.reply import Reply
from bot.services import Services, open_services, utc_now
from bot.settings import Settings
from engine.errors import CrierError
from storage.chats import Place
from storage.database import Database

if TYPE_CHECKING:
    from bot.chat_pulse import Listener

T = TypeVar("T")

MOST_NAMES = 25  # that an autocompletion shows
COUNTED_EVERY = dt.timedelta(minutes=1)  # what was counted of chats' messages is stored
TURN = 0.0002  # seconds that one thread may compute while another waits for the interpreter
BUSY = "This bot is being restarted. Please ask again in a minute."

log = logging.getLogger(__name__)


@contextmanager
def taking_turns() -> Iterator[None]:
    """Let threads take turns more often than Python does by itself.

    A command asks the database some fifty times, and gives the interpreter away each time. With Python's own 5 ms it
    then waits that long for the loop, which sends other answers: 5 ms of work take 100 when many chats ask at once.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class Clerk:
    """Opens the database in a thread of its own; use `async with`. Everything asked of it is done one after another.

    `answering` is what a message goes through: `dispatch`, or something wrapped around it. Only `create` makes a new
    database. `wall` says what time it is.
    """

    def __init__(
        self,
        settings: Settings,
        answering: Callable[[Desk, Request], Reply] = dispatch,
        create: bool = False,
        wall: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self.wall = wall
        self._settings = settings
        self._create = create
        self._answering = answering
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clerk")
        self._opened = ExitStack()
        self._services: Services | None = None
        self._claimed: frozenset[tuple[str, str]] = frozenset()
        self._listener: Listener | None = None
        self._flushed = dt.datetime.min.replace(tzinfo=dt.UTC)

    async def __aenter__(self) -> Clerk:
        try:
            await self._run(self._open)
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        with suppress(CrierError):  # counts of the last minute; nothing else waits for this moment
            await self._run(self._flush)
        await self._run(self._opened.close)
        self._services = None
        self._thread.shutdown()

    async def do(self, work: Callable[[Database], T]) -> T:
        """Do something with the database, in its thread; raises what `work` raises."""
        return await self._run(lambda: work(self._open_services().database))

    async def answer(self, request: Request) -> Reply:
        """Answer one message; never raises, whatever was asked and whatever the database does."""
        try:
            return await self._run(lambda: self._answer(request))
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
        try:
            return await self._run(lambda: admit(self._open_services().desk, platform, chat, place, title, user))
        except (CrierError, RuntimeError) as error:
            log.warning("a chat of %s was not kept: %s", platform, error)
            return None

    async def removed(self, platform: str, chat: str, why: str) -> None:
        """The bot was removed from a chat, which is sent nothing any more."""
        now = self.wall()
        await self.do(lambda database: close(database, platform, chat, why, now))

    async def moved(self, platform: str, old: str, new: str) -> None:
        """A chat has another name from now on."""
        now = self.wall()
        await self.do(lambda database: move(database, platform, old, new, now))

    async def overheard(self, platform: str, chat: str, text: str) -> None:
        """A group's message to nobody in particular; what remains of it are counts, where its admins wish for them."""
        try:
            await self._run(lambda: self._hear(platform, chat, text))
        except (CrierError, RuntimeError) as error:
            log.warning("messages of a chat of %s were not counted: %s", platform, error)

    async def names(self, prefix: str) -> list[tuple[str, str]]:
        """Symbols and names of tokens that begin with `prefix`, for completion."""
        return await self.do(lambda database: names(database, prefix))

    async def choices(self, param: Param) -> Sequence[tuple[str, str]]:
        """The closed list of a command's parameter as (label, value)."""
        return await self._run(lambda: choices(param, self._open_services().desk))

    async def complete(self, param: Param, prefix: str) -> Sequence[str]:
        """What a person may go on to write for a parameter."""
        return await self._run(lambda: autocomplete(param, self._open_services().desk, prefix))

    def is_bot_admin(self, platform: str, user: str) -> bool:
        """Whether somebody is an admin of this bot, by the settings or by a claim (as of the last answer)."""
        return (platform, user) in self._settings.admins or (platform, user) in self._claimed

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _answer(self, request: Request) -> Reply:
        services = self._open_services()
        with services.database.glance():
            reply = self._answering(services.desk, request)
        self._claimed = frozenset(services.database.admins.all())
        return reply

    def _hear(self, platform: str, chat: str, text: str) -> None:
        database = self._open_services().database
        if not database.chats.get(platform, chat).pulse:
            return
        if self._listener is None:
            from bot.chat_pulse import Listener  # reads the lexicon, which nothing else here needs

            self._listener = Listener(database, lambda *of: database.chats.get(*of).pulse)
        now = self.wall()
        self._listener.hear(platform, chat, text, now)
        if now - self._flushed >= COUNTED_EVERY:
            self._flush()

    def _flush(self) -> None:
        self._flushed = self.wall()
        if self._listener is not None:
            self._listener.flush()

    def _open(self) -> None:
        self._services = self._opened.enter_context(open_services(self._settings, self._create, self.wall))
        self._claimed = frozenset(self._services.database.admins.all())

    def _open_services(self) -> Services:
        if self._services is None:
            raise RuntimeError("the database is closed")
        return self._services


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
