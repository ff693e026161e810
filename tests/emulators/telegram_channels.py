"""Previews of public Telegram channels on the web: a page of post widgets, oldest first, pictures between."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from aiohttp import web
from emulators.service import Asked, Handler
from emulators.world import World
from emulators.writing import Told, texts, told

from engine.model import Headline
from engine.sources.outlets import default_outlets, of_kind
from engine.sources.wording import voice


def written(world: World) -> Iterable[Headline]:
    """All that must be stored."""
    for name, channel in of_kind(default_outlets(), "telegram").items():
        for text in texts(world, name):
            stamp = text.when[:19].replace("T", " ")
            yield Headline(stamp, name, "telegram", text.title, stamp[:10], voice(channel.name), True)


def handlers(world: World) -> dict[str, Handler]:
    channels = {channel.name: name for name, channel in of_kind(default_outlets(), "telegram").items()}

    def answer(asked: Asked) -> Any:
        _, s, channel = asked.path.split("/")
        assert s == "s"
        return web.Response(text=page(channel, told(world, channels[channel])[::-1]), content_type="text/html")

    return {"https://t.me": answer}


def page(channel: str, rows: list[Told]) -> str:
    messages = "".join(_message(channel, row) for row in rows)
    return (
        f'<!DOCTYPE html>\n<html class="theme_dark"><head><meta charset="utf-8"><title>{channel}</title></head>'
        f'<body class="widget_frame_base tgme_webpreview"><div class="tgme_channel_info">'
        f'<div class="tgme_channel_info_header_title"><span dir="auto">{channel}</span></div></div>'
        f'<section class="tgme_channel_history js-message_history">{messages}</section>'
        f"</body></html>\n<!-- page generated in 20ms -->\n"
    )


def _message(channel: str, row: Told) -> str:
    text = row.title if row.markup else escape(row.title)
    words = text.split(" ", 1)
    text = f"<b>{words[0]}</b> {words[1]}" if len(words) > 1 and not row.markup else text
    name = f"{escape(channel)}/{escape(row.name)}"
    return (
        f'<div class="tgme_widget_message_wrap js-widget_message_wrap">'
        f'<div class="tgme_widget_message js-widget_message" data-post="{name}">'
        f'<div class="tgme_widget_message_bubble">'
        f'<a class="tgme_widget_message_owner_name" href="https://t.me/{channel}"><span dir="auto">{channel}</span></a>'
        f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}<br/></div>'
        f'<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">1.2K</span>'
        f'<a class="tgme_widget_message_date" href="https://t.me/{channel}/1">'
        f'<time datetime="{escape(row.when)}" class="time">07:15</time></a></div></div></div></div>'
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="{name}-picture">'
        f'<a class="tgme_widget_message_photo_wrap" href="x"></a></div></div>'
    )
