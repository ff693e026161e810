"""Telegram's HTML as its servers read it: text and entities out, or the very complaint they answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "a": "text_link", "blockquote": "blockquote", "tg-spoiler": "spoiler", "span": "spoiler",
}  # fmt: skip
NAMED = re.compile(r"&(lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


class CannotParse(Exception):
    """The text after `can't parse entities: `."""


@dataclass(frozen=True)
class Entity:
    """One run of formatting, in UTF-16 units as Telegram counts them."""

    type: str
    offset: int
    length: int

    def as_json(self) -> dict[str, object]:
        return {"type": self.type, "offset": self.offset, "length": self.length}


def units(text: str) -> int:
    """Length in UTF-16 units; half a pair counts as one."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_html(source: str) -> tuple[str, list[Entity]]:
    """Text without its markup, and its entities; CannotParse with the server's words."""
    out: list[str] = []
    found: list[Entity] = []
    open_: list[tuple[str, int]] = []
    i = 0
    while i < len(source):
        if source[i] == "<":
            i = _tag(source, i, out, found, open_)
        elif source[i] == "&" and (entity := NAMED.match(source, i)):
            out.append(unescape(entity.group()))
            i = entity.end()
        else:
            out.append(source[i])
            i += 1
    if open_:
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{open_[-1][0]}"')
    return "".join(out), found


def _tag(source: str, start: int, out: list[str], found: list[Entity], open_: list[tuple[str, int]]) -> int:
    at = len(source[:start].encode("utf-8", "surrogatepass"))
    here = units("".join(out))
    end = source.find(">", start)
    if source.startswith("</", start):
        if not open_:
            raise CannotParse(f"Unexpected end tag at byte offset {at}")
        if end < 0:
            raise CannotParse(f"Unclosed end tag at byte offset {at}")
        name, begun = open_.pop()
        closed = source[start + 2 : end].strip().lower()
        if closed and closed != name:
            raise CannotParse(f'Unmatched end tag at byte offset {at}, expected "</{name}>", found "</{closed}>"')
        if here > begun:
            found.append(Entity(TAGS[name], begun, here - begun))
        return end + 1
    name = (re.match(r"[^\s>]*", source[start + 1 :]) or [""])[0].lower()
    if name not in TAGS:
        raise CannotParse(f'Unsupported start tag "{name}" at byte offset {at}')
    if end < 0:
        raise CannotParse(f'Unclosed start tag "{name}" at byte offset {at}')
    open_.append((name, here))
    return end + 1
