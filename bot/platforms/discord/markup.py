"""Text as Discord's markdown: escaped, measured, and with nothing in it that becomes a mention or a link."""

from __future__ import annotations

import re

from bot.phrases import clean
from bot.platforms import chopping
from bot.platforms.chopping import units

JOINER = "\u2060"  # takes no room; Discord makes no link or mention across it
_MARKS = re.compile(r"([\\*_~`|\[\]<>])")
_AT_START = re.compile(r"^(\s*)([#>+-]|\d+\.)(?=\s)", re.MULTILINE)
_SCHEME = re.compile(r"(?<=\w):(?=//)")
_INVITE = re.compile(r"(discord(?:app)?)\.(?=gg/|com/)", re.IGNORECASE)
_NAME = re.compile(r"@(?=\w)")
_PERCENT = re.compile(r"(?<=\d) %")  # a number and its sign stay on one line


def unlinked(text: str) -> str:
    """The same to the eye, and nothing that Discord would turn into a link, an invitation or a mention."""
    text = _SCHEME.sub(JOINER + ":", clean(text))
    return _NAME.sub("@" + JOINER, _INVITE.sub(rf"\1{JOINER}.", text))


def escaped(text: str) -> str:
    """Text from anywhere as harmless markdown."""
    return _AT_START.sub(r"\1\\\2", _MARKS.sub(r"\\\1", _PERCENT.sub("\u00a0%", unlinked(text))))


def preformatted(text: str) -> str:
    """Text for a block of equal letters, which it cannot end."""
    return clean(text).replace("`", "ˋ")


def cut(text: str, most: int) -> str:
    """At most `most` units of a text."""
    while units(text) > most:
        text = text[: min(len(text) - 1, most)]
    return text


def chopped(text: str, most: int) -> list[str]:
    """Plain text in pieces of at most `most` units once escaped."""
    return chopping.chopped(text, most, escaped)
