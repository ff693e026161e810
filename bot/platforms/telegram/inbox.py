"""Answers what is said to the bot: asks for the Reply, and brings it where it belongs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import ChatMigrated, Forbidden, TelegramError

from bot.command import Request
from bot.elsewhere import named
from bot.phrases import clipped
from bot.platforms.front import Front
from bot.platforms.port import Answer, LockedOut, NotSent, SlowDown, Undelivered
from bot.platforms.telegram.courier import Courier, Errand
from bot.platforms.telegram.failures import undelivered
from bot.platforms.telegram.heard import Heard, is_forged
from bot.platforms.telegram.links import Links
from bot.platforms.telegram.pause import Pause
from bot.platforms.telegram.quota import Quota
from bot.platforms.telegram.rights import Rights
from bot.reply import Button, Reply

ID = "telegram"
ATTEMPTS, BETWEEN = 3, 1.0
PATIENT = 0.4  # seconds before somebody is shown that an answer is being made
ACTION_LASTS = 4.5
MOST_PATIENCE = 15.0  # seconds that an answer waits for its group's turn
REPEATED = 60.0  # seconds in which one button of a group's message is answered once
MOST_PRESSES = 2000
TOAST = 190  # characters; Telegram takes 200
NOTHING = Reply()
GONE = "That button is no longer there."
ANSWERED = "Answered just now, see below."
ASK_IN_PRIVATE = "That answer is for you alone. Open a chat with me, press Start, and ask again."

Press = tuple[int, int, str]  # chat, message, what its button sends

log = logging.getLogger(__name__)


class Inbox:
    """What becomes of everything heard."""

    def __init__(
        self, bot: Bot, answer: Answer, front: Front, courier: Courier, rights: Rights, links: Links, pause: Pause,
        quota: Quota,
    ) -> None:  # fmt: skip
        self._bot = bot
        self._answer = answer
        self._front = front
        self._courier = courier
        self._rights = rights
        self._links = links
        self._pause = pause
        self._quota = quota
        self._presses: OrderedDict[Press, float] = OrderedDict()
        self._turns: WeakValueDictionary[Press, asyncio.Lock] = WeakValueDictionary()  # as long as somebody waits

    async def take(self, heard: Heard) -> None:
        """Answer one message or press; where the answer cannot be delivered, the log says why."""
        try:
            await self._take(heard)
        except Undelivered:
            pass  # said already
        except Forbidden as error:
            log.info("an answer was refused: %s", error.message)

    async def _take(self, heard: Heard) -> None:
        if heard.query is not None and is_forged(heard.query):
            await self._toast(heard, GONE)
            return
        async with self._turn(heard):
            if heard.pressed and self._just_answered(heard):
                await self._toast(heard, ANSWERED)
                return
            async with self._acting(heard, ChatAction.TYPING):
                reply = await self._answer(await self._request(heard))
            self._remember(reply, heard)
        try:
            await self._give(reply, heard)
        except Exception:
            self._presses.pop(_press(heard), None)  # what did not come may be asked for again
            raise

    def _turn(self, heard: Heard) -> asyncio.Lock:
        """One after another where many press one button at once: only the first is answered."""
        return self._turns.setdefault(_press(heard), asyncio.Lock())

    async def tell(self, reply: Reply, user: str) -> None:
        """Say something to a person in private, if they ever wrote to the bot."""
        with suppress(Forbidden):
            await self._bring(reply, Errand(int(user)))

    async def _request(self, heard: Heard) -> Request:
        is_admin = heard.is_admin
        if is_admin is None:
            is_admin = await self._rights.is_admin(heard.chat, heard.user, heard.command)
        there = named(heard.text) if heard.place == "private" else ""
        manages = there if there and await self._rights.is_admin(int(there), heard.user, heard.command) else ""
        return Request(
            heard.text, ID, str(heard.chat), heard.user,
            is_chat_admin=is_admin,
            is_bot_admin=not heard.anonymous and self._front.is_bot_admin(ID, heard.user),
            place=heard.place, title=heard.title, thread=str(heard.thread or ""),
            pressed=heard.pressed, anonymous=heard.anonymous, message=str(heard.message), manages=manages,
        )  # fmt: skip

    async def _give(self, reply: Reply, heard: Heard) -> None:
        if reply == NOTHING:  # what was asked is not to be answered
            await self._toast(heard)
            return
        if _is_for_one(reply, heard):
            await self._give_in_private(reply, heard)
            return
        await self._toast(heard)
        if reply.panel and heard.pressed and await self._replaced(reply, heard):
            return
        errand = Errand(heard.chat, heard.thread, is_channel=heard.place == "channel")
        if heard.place != "private" and not heard.pressed:
            errand.answers = heard.message
        async with self._acting(heard, ChatAction.UPLOAD_PHOTO if reply.chart else None):
            await self._bring(reply, errand)

    async def _replaced(self, reply: Reply, heard: Heard) -> bool:
        if self._courier.parts(reply) > 1:
            return False
        await self._book(heard.chat, 1)
        try:
            await self._pause.over()
            return await self._courier.replace(reply, heard.chat, heard.message)
        except (TelegramError, SlowDown) as error:
            log.info("a panel could not be changed: %s", undelivered(error))
            return False

    async def _give_in_private(self, reply: Reply, heard: Heard) -> None:
        """As the toast of a press where it is short, else in the private chat, which the person must have opened."""
        words = "\n".join(reply.lines())
        if heard.pressed and len(words) <= TOAST and not reply.buttons:
            await self._toast(heard, words, loud=True)
            return
        await self._toast(heard)
        if heard.anonymous:
            return
        try:
            await self._bring(reply, Errand(int(heard.user)))
        except Forbidden:
            errand = Errand(heard.chat, heard.thread, answers=None if heard.pressed else heard.message)
            if not reply.ok:  # a refusal is no secret
                await self._bring(replace(reply, buttons=()), errand)
                return
            hint = Reply(text=(ASK_IN_PRIVATE,), buttons=(Button("Open a chat", url=self._links.home),), ok=False)
            await self._bring(hint, errand)

    async def _bring(self, reply: Reply, errand: Errand) -> None:
        """Send an answer; again where it surely was not sent, after the pause where Telegram asks for one.

        A group that asks for more than Telegram lets it be sent gets its answers later, or not at all.
        """
        if self._quota.counts(errand.chat):
            errand.booked = self._courier.parts(reply)
            await self._book(errand.chat, errand.booked)
        for attempt in range(ATTEMPTS):
            try:
                await self._pause.over()
                await self._courier.bring(reply, errand)
                return
            except Forbidden:
                raise
            except ChatMigrated as error:
                await self._front.moved(ID, str(errand.chat), str(error.new_chat_id))
                errand.chat = error.new_chat_id
            except Exception as error:
                await self._bear(error, last=attempt == ATTEMPTS - 1)

    async def _book(self, chat: int, messages: int) -> None:
        """Book an answer's messages in a chat's quota; SlowDown where there is no room soon enough to be worth waiting
        for."""
        patience = MOST_PATIENCE
        while wait := self._quota.book(chat, messages):
            if wait > patience:
                log.info("a group asked for more answers than Telegram lets it be sent")
                raise SlowDown("this group was sent all that it may be for now", wait)
            patience -= wait
            await asyncio.sleep(wait)

    async def _bear(self, error: Exception, last: bool) -> None:
        kind = undelivered(error)
        if isinstance(kind, SlowDown):
            self._pause.begin(kind.seconds)
        if last or not isinstance(kind, NotSent | SlowDown):
            # An answer that may have been sent is not sent again: the person sees that none came, and asks.
            level = logging.WARNING if isinstance(kind, LockedOut) else logging.INFO
            log.log(level, "an answer was not delivered: %s", kind)
            raise kind from None
        if isinstance(kind, NotSent):
            await asyncio.sleep(BETWEEN)

    async def _toast(self, heard: Heard, text: str = "", loud: bool = False) -> None:
        """End the wait of a press, with a few words or none; too late is not worth a word."""
        if heard.query is not None:
            with suppress(TelegramError):
                await heard.query.answer(clipped(text, TOAST) if text else None, show_alert=loud)

    def _just_answered(self, heard: Heard) -> bool:
        until = self._presses.get(_press(heard), 0.0)
        return time.monotonic() < until

    def _remember(self, reply: Reply, heard: Heard) -> None:
        """A button of a group is pressed by many, and of anybody twice; panels and confirmations are not repeats."""
        if not heard.pressed or reply.panel or not reply.ok or reply == NOTHING or _is_for_one(reply, heard):
            return
        lasts = REPEATED if heard.place != "private" else 2.0
        self._presses[_press(heard)] = time.monotonic() + lasts
        while len(self._presses) > MOST_PRESSES:
            self._presses.popitem(last=False)

    @asynccontextmanager
    async def _acting(self, heard: Heard, action: str | None) -> AsyncIterator[None]:
        """Show that something is being made, once it takes longer than a moment."""
        task = asyncio.get_running_loop().create_task(self._act(heard, action)) if action else None
        try:
            yield
        finally:
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _act(self, heard: Heard, action: str) -> None:
        await asyncio.sleep(PATIENT)
        more: dict[str, Any] = {"message_thread_id": heard.thread}
        while not self._pause.left:
            with suppress(TelegramError):
                await self._bot.send_chat_action(heard.chat, action, **more)
            await asyncio.sleep(ACTION_LASTS)


def _press(heard: Heard) -> Press:
    return heard.chat, heard.message, heard.text


def _is_for_one(reply: Reply, heard: Heard) -> bool:
    """Whether an answer is for its person alone; a press in a channel is no reason to write to everybody in it."""
    return (reply.private and heard.place != "private") or (heard.pressed and heard.place == "channel")
