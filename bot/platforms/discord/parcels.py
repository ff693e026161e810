"""A reply made ready to be sent: its messages, the picture of its chart, and what stands under it."""

from __future__ import annotations

import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot.platforms.discord.components import Own, plan, view
from bot.platforms.discord.render import Page, pages
from bot.reply import ChartSpec, Reply

Draw = Callable[[ChartSpec], Awaitable[bytes]]
PICTURE = "chart.png"
NOBODY = discord.AllowedMentions.none()

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A reply in pages; the picture and the buttons belong under the last."""

    reply: Reply
    pages: list[Page]
    picture: bytes | None
    own: Own

    def fields(self, number: int, with_picture: bool = True, editing: bool = False) -> dict[str, Any]:
        """What the client sends of one page; `editing` takes away what stood there before."""
        is_last = number == len(self.pages) - 1
        picture = self.picture if is_last and with_picture else None
        made: dict[str, Any] = {"embed": embed(self.pages[number], picture is not None), "allowed_mentions": NOBODY}
        under = view(plan(self.reply, self.own)) if is_last else None
        if editing:
            made |= {"view": under, "attachments": [_file(picture)] if picture else []}
            return made
        made |= {"view": under} if under else {}
        return made | ({"file": _file(picture)} if picture else {})


async def make_ready(reply: Reply, draw: Draw, own: Own) -> Ready:
    """Lay a reply out and draw its chart; one that cannot be drawn keeps no word back."""
    picture = None
    if reply.chart is not None:
        try:
            picture = await draw(reply.chart)
        except Exception:
            log.exception("a %s chart could not be drawn", reply.chart.kind)
    return Ready(reply, pages(reply), picture, own)


def embed(page: Page, has_picture: bool) -> discord.Embed:
    made = discord.Embed(title=page.title or None, description=page.words or None, colour=page.colour)
    if page.footer:
        made.set_footer(text=page.footer)
    if has_picture:
        made.set_image(url=f"attachment://{PICTURE}")
    return made


def _file(picture: bytes) -> discord.File:
    return discord.File(io.BytesIO(picture), PICTURE)
