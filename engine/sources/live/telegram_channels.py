"""Telegram: the latest posts of public channels, as their preview on the web shows them to everybody.

Documentation: https://core.telegram.org/widgets/post (posts of public channels may be embedded; a channel's preview,
t.me/s/NAME, is a page of the same widgets: div.tgme_widget_message with data-post, its text in
div.tgme_widget_message_text, its instant in time[datetime]). A channel without a preview leads to another page and
counts as not readable. Read with selectolax: it repairs a broken page as browsers do, and what is needed are three
selectors; with the standard library's parser it would be a state machine of our own. Tags that are never closed cost it
quadratic time, so a page with more of them than any preview has is not parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from engine.errors import SourceGarbled
from engine.model import Headline
from engine.sources.abreast import fetch_each
from engine.sources.answer import Answer
from engine.sources.outlets import Outlet, default_outlets, of_kind
from engine.sources.port import HEADLINES, Batch, Client, Host, Series, Source, Want
from engine.sources.reading import Reader
from engine.sources.wording import headline, instant, post, voice

ORIGIN = "https://t.me"
MOST_BYTES = 2_000_000  # a preview has twenty posts
MOST_TAGS = 15_000  # and some hundred tags a post; as many nested ones take a second or two
MOST_POSTS = 200
TAIL = 2000  # bytes in which a whole page ends


class Post(NamedTuple):
    """One post of a channel, as told."""

    when: str | None
    text: str


def source(outlets: Mapping[str, Outlet]) -> Source:
    """The source that reads the Telegram channels among some outlets."""
    channels = of_kind(outlets, "telegram")
    first = next((channel.name for channel in channels.values()), "telegram")
    return Source(
        id="telegram_channels",
        title="Telegram channels",
        family="sentiment",
        feeds=(HEADLINES,),
        hosts=(Host(ORIGIN, every=2.0, probe=f"/s/{first}"),),
        cites="https://core.telegram.org/widgets/post",
        terms="each channel's; public previews, counted and scored here, not passed on",
        fetch=fetch_each(channels, _ask),
        subjects=tuple(channels),
        newest=0,
        history=7,
        overlap={HEADLINES: 1},
        quiet=10,
        daily=200,
    )


async def _ask(client: Client, channel: Outlet, series: Series, want: Want) -> Batch:
    answer = await client.get(f"{ORIGIN}/s/{channel.name}")
    if answer.unchanged:
        return Batch(answered=frozenset({series}))
    reader = Reader()
    for told in _posts(answer, channel.name):
        reader.take(series, told.when, told.text, partial(_read, channel, told))
    return reader.batch({series}, answer)


def _posts(answer: Answer, channel: str) -> list[Post]:
    """The posts of a preview that say something, oldest first, each once."""
    from selectolax.lexbor import LexborHTMLParser

    if len(answer.body) > MOST_BYTES or answer.body.count(b"<") > MOST_TAGS:
        raise SourceGarbled(f"{answer.host} sent a page of {len(answer.body):,} bytes: too much to be a preview.")
    if b"</html>" not in answer.body[-TAIL:]:
        raise SourceGarbled(f"{answer.host} sent a page that breaks off: nothing of it was used.")
    page = LexborHTMLParser(answer.text(pages=True))
    if page.css_first(".tgme_channel_info, .tgme_channel_history") is None:
        raise SourceGarbled(f"{answer.host} shows no preview of {channel}: it may be private, renamed or gone.")
    found: dict[str, Post] = {}
    for message in page.css("div.tgme_widget_message[data-post]")[-MOST_POSTS:]:
        text = message.css_first("div.tgme_widget_message_text.js-message_text")
        time = message.css_first("time[datetime]")
        if text is not None:  # a picture alone says nothing
            for end_of_line in text.css("br"):
                end_of_line.replace_with(" ")
            when = time.attributes.get("datetime") if time is not None else None
            found[message.attributes.get("data-post") or ""] = Post(when, text.text())
    return list(found.values())


def _read(channel: Outlet, told: Post, date: str) -> Headline:
    return headline(instant(told.when), channel.id, channel.kind, post(told.text), voice(channel.name), social=True)


SOURCE = source(default_outlets())
