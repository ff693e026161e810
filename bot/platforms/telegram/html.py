"""Text as Telegram's HTML: escaped, measured as Telegram measures, and with nothing in it that becomes a link."""

from __future__ import annotations

import re
from html import escape, unescape

from bot.phrases import clean
from bot.platforms import chopping

MOST_TEXT = 4096  # UTF-16 units of one message, and of a caption
MOST_CAPTION = 1024
JOINER = "\u2060"  # takes no room; Telegram makes no link across it
_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2,})")  # evil.com, and CHANGELOG.md as well: md is a country
_SCHEME = re.compile(r"(?<=\w):(?=//)")
_NAME = re.compile(r"@(?=\w)")
_PERCENT = re.compile(r"(?<=\d) %")  # a number and its sign stay on one line
_TAG = re.compile(r"<[^<>]*>")


def plain_link_free(text: str) -> str:
    """The same to the eye, and nothing that Telegram would turn into a link or a mention."""
    return _NAME.sub("@" + JOINER, _DOMAIN.sub(JOINER + ".", _SCHEME.sub(JOINER + ":", clean(text))))


def escaped(text: str) -> str:
    """Text from anywhere as harmless HTML."""
    return escape(_PERCENT.sub("\u00a0%", plain_link_free(text)), quote=False)


def visible(html: str) -> str:
    """What is read of HTML that this package wrote."""
    return unescape(_TAG.sub("", html))


def chopped(text: str, most: int) -> list[str]:
    """Plain text in pieces of at most `most` units once escaped."""
    return chopping.chopped(text, most, escaped)
