"""Answers `@bot aave`, typed in any chat: a few tokens, each with its card as a message to post."""

from __future__ import annotations

import asyncio
import logging

from telegram import InlineQuery, InlineQueryResultArticle, InputTextMessageContent
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.command import Request
from bot.phrases import clipped
from bot.platforms.front import Front
from bot.platforms.port import Answer
from bot.platforms.telegram import render
from bot.platforms.telegram.courier import NO_PREVIEW
from bot.reply import Reply

MOST = 5
FRESH = 300  # seconds that Telegram keeps an answer for a person who types the same again
LONGEST_QUERY = 40
SETTLED = 0.15  # seconds without another letter before the words are looked up

log = logging.getLogger(__name__)


class Inline:
    """Looks tokens up while somebody types; only the newest words of a person are answered."""

    def __init__(self, platform: str, answer: Answer, front: Front) -> None:
        self._platform = platform
        self._answer = answer
        self._front = front
        self._newest: dict[int, str] = {}

    async def take(self, query: InlineQuery) -> None:
        """Answer one inline query."""
        person = query.from_user.id
        self._newest[person] = query.id
        try:
            await asyncio.sleep(SETTLED)
            if self._newest.get(person) != query.id:
                return
            found = (await self._front.names(clipped(query.query, LONGEST_QUERY).lstrip("$")))[:MOST]
            results = [r for symbol, name in found if (r := await self._result(symbol, name, query))]
            if results or not found:  # no answer at all to who asks too much: nothing would be kept for minutes
                await query.answer(results, cache_time=FRESH, is_personal=True)  # in the mode that this person follows
        except TelegramError as error:
            log.info("an inline query was not answered: %s", type(error).__name__)
        finally:
            if self._newest.get(person) == query.id:
                del self._newest[person]

    async def _result(self, symbol: str, name: str, query: InlineQuery) -> InlineQueryResultArticle | None:
        person = str(query.from_user.id)
        reply = await self._answer(Request(f"/token ={symbol}", self._platform, person, person, typing=query.id))
        if not reply.ok or reply.is_silence:
            return None
        words = render.messages(reply)[0]
        content = InputTextMessageContent(words, parse_mode=ParseMode.HTML, link_preview_options=NO_PREVIEW)
        title = f"{symbol}, {name}" if name != symbol else symbol
        return InlineQueryResultArticle(f"t:{symbol}"[:64], clipped(title, 60), content, description=_first(reply))


def _first(reply: Reply) -> str:
    return clipped(" ".join(reply.text), 100)
