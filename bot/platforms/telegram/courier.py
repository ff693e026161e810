"""Brings a Reply to a chat: text in parts, the chart as a photo with it or below it, and text alone where photos
are refused."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from telegram import Bot, Chat, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.platforms.port import ChatClosed
from bot.platforms.telegram import render
from bot.platforms.telegram.failures import is_unchanged, topic_is_gone, undelivered
from bot.platforms.telegram.keyboard import keyboard
from bot.platforms.telegram.links import Links
from bot.platforms.telegram.quota import Quota
from bot.reply import ChartSpec, Reply

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
NO_PHOTOS = "Pictures are refused in this chat, so charts are left out: an admin can allow media in its permissions."
NO_TOPIC = "The topic that was chosen is closed or gone, so this came without one: /settings chooses another."
SHORTEST_LONG_NAME = -1_000_000_000_000  # supergroups and channels have ids below it
MOST_KNOWN = 5000

Draw = Callable[[ChartSpec], Awaitable[bytes]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Errand:
    """One delivery: where to, how, and how far it came, so that a second attempt repeats no part."""

    chat: int
    thread: int | None = None
    silent: bool = False
    answers: int | None = None  # the message that is answered
    is_channel: bool = False
    parts_done: int = 0
    message: int = 0  # the last that was taken
    booked: int = 0  # messages that the group's quota counts already
    notes: list[str] = field(default_factory=list)


class Courier:
    """Sends and edits. `draw` makes a chart's picture."""

    def __init__(self, bot: Bot, links: Links, draw: Draw, quota: Quota) -> None:
        self._bot = bot
        self._links = links
        self._draw = draw
        self._quota = quota
        self._channels: OrderedDict[int, bool] = OrderedDict()

    async def bring(self, reply: Reply, errand: Errand) -> None:
        """Send a reply whole; raises what the client raises. `errand` says afterwards what was sent."""
        if reply.buttons and not errand.is_channel:
            errand.is_channel = await self._is_channel(errand.chat)
        try:
            await self._bring(reply, errand)
        except BadRequest as error:
            if errand.thread is None or not topic_is_gone(error):
                raise
            errand.thread = None
            errand.notes.append(NO_TOPIC)
            await self._bring(reply, errand)

    async def replace(self, reply: Reply, chat: int, message: int) -> bool:
        """Let a reply that is one message take another's place; False where it cannot. Its place in the chat's quota is
        booked by who asks for it."""
        try:
            await self._bot.edit_message_text(
                render.messages(reply)[0], chat, message, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW,
                reply_markup=keyboard(reply.buttons, self._links),
            )  # fmt: skip
        except BadRequest as error:
            return is_unchanged(error)
        return True

    @staticmethod
    def parts(reply: Reply) -> int:
        """Of how many messages a reply is made."""
        return 1 if reply.chart and render.caption(reply) else len(render.messages(reply)) + bool(reply.chart)

    async def _is_channel(self, chat: int) -> bool:
        """Whether a chat is a channel: only what has a long name may be one, and Telegram is asked once."""
        if chat > SHORTEST_LONG_NAME:
            return False
        if chat not in self._channels:
            self._channels[chat] = (await self._bot.get_chat(chat)).type == Chat.CHANNEL
            while len(self._channels) > MOST_KNOWN:
                self._channels.popitem(last=False)
        return self._channels[chat]

    async def _bring(self, reply: Reply, errand: Errand) -> None:
        buttons = keyboard(reply.buttons, self._links, errand.is_channel)
        caption = render.caption(reply) if reply.chart else None
        if reply.chart and caption and not errand.parts_done:
            if await self._photo(reply.chart, caption, buttons, errand):
                return
            await self._text([caption], buttons, errand)
            return
        await self._text(render.messages(reply), buttons, errand)
        if reply.chart:
            await self._follow_up(reply.chart, render.short_caption(reply), errand)

    async def _text(self, parts: list[str], buttons: InlineKeyboardMarkup | None, errand: Errand) -> None:
        for position, part in enumerate(parts):
            if position < errand.parts_done:
                continue
            self._spend(errand)
            sent = await self._bot.send_message(
                errand.chat, part, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW,
                disable_notification=errand.silent or position > 0, message_thread_id=errand.thread,
                reply_markup=buttons if position == len(parts) - 1 else None,
                reply_parameters=_answering(errand),
            )  # fmt: skip
            errand.parts_done, errand.message = position + 1, sent.message_id

    async def _photo(
        self, chart: ChartSpec, caption: str, buttons: InlineKeyboardMarkup | None, errand: Errand
    ) -> bool:
        """Send the picture with its words; False where pictures are refused, or there is none."""
        picture = await self._picture(chart, errand)
        if picture is None:
            return False
        self._spend(errand)
        try:
            sent = await self._bot.send_photo(
                errand.chat, picture, caption, parse_mode=ParseMode.HTML, disable_notification=errand.silent,
                message_thread_id=errand.thread, reply_markup=buttons, reply_parameters=_answering(errand),
            )  # fmt: skip
        except (BadRequest, Forbidden) as error:
            if topic_is_gone(error):
                raise
            log.info("a picture was refused: %s", error.message)
            if isinstance(undelivered(error), ChatClosed):
                errand.notes.append(NO_PHOTOS)
            return False
        errand.parts_done, errand.message = 1, sent.message_id
        return True

    def _spend(self, errand: Errand) -> None:
        """Count a message to a group, unless it was counted when its place was booked."""
        if errand.booked:
            errand.booked -= 1
        else:
            self._quota.spend(errand.chat)

    async def _follow_up(self, chart: ChartSpec, caption: str, errand: Errand) -> None:
        """A picture below a text that has arrived: whatever becomes of it, the message counts as sent."""
        below = Errand(errand.chat, errand.thread, silent=True, notes=errand.notes)
        try:
            await self._photo(chart, caption, None, below)
        except TelegramError as error:
            log.info("a chart could not follow its text: %s", undelivered(error))

    async def _picture(self, chart: ChartSpec, errand: Errand) -> bytes | None:
        try:
            return await self._draw(chart)
        except Exception:
            log.exception("a %s chart could not be drawn", chart.kind)
            return None


def _answering(errand: Errand) -> ReplyParameters | None:
    if errand.answers is None or errand.parts_done:
        return None
    return ReplyParameters(errand.answers, allow_sending_without_reply=True)
