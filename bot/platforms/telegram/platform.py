"""Telegram as one of the bot's platforms: connects, takes updates, answers, and sends what the outbox hands it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.phrases import clipped
from bot.platforms.front import Front
from bot.platforms.port import Answer, LockedOut, NotSent, Parcel, Receipt, Refused, SlowDown, Undelivered
from bot.platforms.secrecy import token_unsaid
from bot.platforms.telegram import comings
from bot.platforms.telegram.courier import Courier, Draw, Errand
from bot.platforms.telegram.failures import NEW_TOKEN, TALKATIVE, undelivered
from bot.platforms.telegram.heard import chatter, heard
from bot.platforms.telegram.inbox import ID, Inbox
from bot.platforms.telegram.inline import Inline
from bot.platforms.telegram.lanes import Lanes
from bot.platforms.telegram.links import Links
from bot.platforms.telegram.menus import put_menus
from bot.platforms.telegram.pause import Pause
from bot.platforms.telegram.quota import Quota
from bot.platforms.telegram.rights import Rights
from bot.platforms.telegram.updates import Webhook, listen, persist, poll

API = "https://api.telegram.org"
CONNECTIONS = 16  # beyond some twenty the client gets slower, not faster
CONNECT, READ, WRITE, POOL = 5.0, 15.0, 15.0, 10.0  # seconds
LAST_WORDS = 5.0  # seconds that answers under way get when the bot stops
REMEMBERED = 500  # parcels that came part of the way

log = logging.getLogger(__name__)


class TelegramPlatform:
    """Implements `bot.platforms.port.Platform`. `api` is another Bot API server, `hosts` those that buttons may lead
    to beside the bot's own pages, `draw` what makes a chart's picture; without a `webhook` it polls. Pauses and quotas
    are measured by `monotonic`, and waited for by `sleep`."""

    def __init__(
        self,
        token: str,
        answer: Answer,
        *,
        front: Front,
        draw: Draw,
        api: str = API,
        webhook: Webhook | None = None,
        hosts: Iterable[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._token = token
        self._answer = answer
        self._front = front
        self._draw = draw
        self._api = api.rstrip("/")
        self._webhook = webhook
        self._hosts = frozenset(hosts)
        self._monotonic = monotonic
        self._pause = Pause(monotonic, sleep)
        self._reached = False
        self._courier: Courier | None = None
        self._begun: OrderedDict[str, Errand] = OrderedDict()

    def __repr__(self) -> str:
        return f"TelegramPlatform({self._api})"

    @property
    def id(self) -> str:
        return ID

    @property
    def is_connected(self) -> bool:
        return self._reached

    async def run(self, ready: Callable[[], None]) -> None:
        """Connect, call `ready`, take updates until cancelled; LockedOut where Telegram refuses the token."""
        with token_unsaid(self._token, TALKATIVE):
            bot = self._make_bot()
            lanes = Lanes()
            try:
                await self._connect(bot)
                inbox, inline = self._open(bot)
                self._reach(True)
                ready()
                take = self._taker(bot.username, inbox, inline, lanes)
                await (listen(bot, take, self._webhook) if self._webhook else poll(bot, take, self._reach))
            finally:
                self._reach(False)
                await lanes.close(LAST_WORDS)
                self._courier = None
                with suppress(Exception):
                    await asyncio.wait_for(bot.shutdown(), 2.0)

    async def send(self, parcel: Parcel) -> Receipt:
        """Send one message whole; raises `Undelivered`, and nothing else, where that failed.

        A second attempt of a parcel that came part of the way sends the rest of it.
        """
        if self._courier is None:
            raise NotSent("Telegram is not connected")
        self._pause.check()
        errand = self._begun.pop(parcel.key, None) or _errand(parcel)
        errand.notes.clear()
        try:
            await self._courier.bring(parcel.reply, errand)
        except asyncio.CancelledError:
            self._keep(parcel.key, errand)
            raise
        except Exception as error:
            self._keep(parcel.key, errand)
            raise self._explained(error) from None
        return Receipt(str(errand.message), " ".join(errand.notes))

    def _reach(self, reached: bool) -> None:
        self._reached = reached

    def _explained(self, error: Exception) -> Undelivered:
        kind = undelivered(error)
        if isinstance(kind, SlowDown):
            self._pause.begin(kind.seconds)
        return kind

    def _keep(self, key: str, errand: Errand) -> None:
        if errand.parts_done:
            self._begun[key] = errand
        while len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)

    def _make_bot(self) -> Bot:
        # One connection more than is used for sending, because polls go the same way.
        request = HTTPXRequest(
            CONNECTIONS + 1, connect_timeout=CONNECT, read_timeout=READ, write_timeout=WRITE, pool_timeout=POOL
        )
        try:
            files = f"{self._api}/file/bot"
            return Bot(self._token, f"{self._api}/bot", files, request=request, get_updates_request=request)
        except InvalidToken:
            raise LockedOut(NEW_TOKEN) from None

    async def _connect(self, bot: Bot) -> None:
        """Greet Telegram; menus are a nicety that nothing waits for."""
        await persist(bot.initialize)
        if self._webhook is None:
            await persist(bot.delete_webhook)
        try:
            await put_menus(bot)
        except TelegramError as error:
            log.warning("Telegram did not take the menus: %s", undelivered(error))

    def _open(self, bot: Bot) -> tuple[Inbox, Inline]:
        links = Links(bot.username, self._hosts)
        quota = Quota(self._monotonic)
        self._courier = Courier(bot, links, self._draw, quota)
        inbox = Inbox(bot, self._answer, self._front, self._courier, Rights(bot), links, self._pause, quota)
        return inbox, Inline(ID, self._answer, self._front)

    def _taker(self, username: str, inbox: Inbox, inline: Inline, lanes: Lanes) -> Callable[[Update], None]:
        async def change(update: Update) -> None:
            if not await comings.take(update, self._front, inbox):
                log.debug("an update without anything to do")

        def take(update: Update) -> None:
            if update.inline_query is not None:
                query = update.inline_query
                lanes.take(("inline", query.id), lambda: inline.take(query))
            elif (said := heard(update, username)) is not None:
                lanes.take((said.chat, said.user), lambda: inbox.take(said))
            elif (talk := chatter(update)) is not None:
                lanes.take(("chatter", talk[0]), lambda: self._front.overheard(ID, *talk))
            elif update.my_chat_member is not None or update.message is not None:
                lanes.take(("comings", update.effective_chat and update.effective_chat.id), lambda: change(update))

        return take


def _errand(parcel: Parcel) -> Errand:
    """Where a parcel goes; Refused for a name that is none of Telegram's."""
    thread = int(parcel.to.thread) if parcel.to.thread.isdecimal() else None
    if not parcel.to.chat.removeprefix("-").isdecimal():
        raise Refused(f"Telegram has no chat called {clipped(parcel.to.chat)}")
    return Errand(int(parcel.to.chat), thread, silent=parcel.silent)
