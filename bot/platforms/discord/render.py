"""A Reply as Discord messages, one embed each: split between its blocks, coloured by what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.phrases import clean
from bot.platforms.chopping import units
from bot.platforms.columns import MARKS, columns
from bot.platforms.discord.markup import chopped, cut, escaped, preformatted, unlinked
from bot.platforms.pieces import Piece, joined, packed, pieces
from bot.reply import Reply, Table

MOST_TITLE, MOST_WORDS, MOST_FOOTER = 256, 4096, 2048
MOST_AT_ALL = 6000  # over a message's whole embed
LONGEST_PIECE = MOST_WORDS - 64
GOOD, BAD, STRONG, SORRY, CALM = 0x2E9E5B, 0xD0443E, 0xE0A11B, 0xB08A2E, 0x5B6EE1
NOTHING = "…"
FENCE = ("```\n", "\n```")


@dataclass(frozen=True, slots=True)
class Page:
    """One message: plain title, markdown words, plain footer, colour."""

    title: str
    words: str
    footer: str
    colour: int


def pages(reply: Reply) -> list[Page]:
    """The reply as messages within Discord's limits; never none. The fine print is under the last."""
    title = _title(reply)
    footer = cut("\n".join(unlinked(text) for text in reply.note if clean(text).strip()), MOST_FOOTER)
    room = min(MOST_WORDS, MOST_AT_ALL - units(title) - units(footer))
    parts = packed(_pieces(reply), lambda part: units(joined(part, FENCE)) <= room)
    made = [Page("", joined(part, FENCE), "", colour(reply)) for part in parts]
    made[0] = replace(made[0], title=title)
    made[-1] = replace(made[-1], footer=footer)
    if not (made[0].title or made[0].words or made[0].footer):
        made[0] = replace(made[0], words=NOTHING)
    return made


def colour(reply: Reply) -> int:
    """Green where what is said points up, red where it points down, gold for what must be noticed."""
    if not reply.ok:
        return SORRY
    said = [mark.tone for mark in reply.chart.marks if mark.label] if reply.chart else []
    tones = (reply.tone, *(reply.table.tones if reply.table else ()), *said[-1:])  # of a token's calls the newest
    leaning = tones.count("good") - tones.count("bad")
    if "strong" in tones:
        return STRONG
    return CALM if not leaning else GOOD if leaning > 0 else BAD


def _title(reply: Reply) -> str:
    """A title too long for its place stands above the words instead."""
    title = unlinked(reply.title).strip()
    return title if units(title) <= MOST_TITLE else ""


def _pieces(reply: Reply) -> Iterator[Piece]:
    if reply.title and not _title(reply):
        yield from (Piece(f"**{escaped(part)}**", 0) for part in chopped(reply.title, LONGEST_PIECE) if part.strip())
    yield from _lines(reply.text, 1)
    if reply.table:
        yield from _table(reply.table, 2)
    yield from _lines(reply.after, 3)


def _lines(texts: tuple[str, ...], section: int) -> Iterator[Piece]:
    return pieces(texts, section, lambda text: map(escaped, chopped(text, LONGEST_PIECE)))


def _table(table: Table, section: int) -> Iterator[Piece]:
    rows = columns(table)
    if rows is not None:
        yield from (Piece(preformatted(row), section, in_columns=True) for row in rows)
        return
    titles = [clean(column.title) for column in table.columns]
    for i, row in enumerate(table.rows):
        told = _told(titles, row, MARKS[table.tone(i)])
        if units(told) <= LONGEST_PIECE:
            yield Piece(told, section)
        else:
            yield from _lines((" ".join(row),), section)


def _told(titles: list[str], row: tuple[str, ...], mark: str) -> str:
    """A row as a line or two: its first cell in bold, the others named."""
    first, *rest = row
    head = f"**{escaped(first)}**" + (f" {mark}" if mark else "")
    if len(rest) == 1:
        return head + (f": {escaped(rest[0])}" if rest[0] else "")
    named = [
        f"{escaped(title)} {escaped(cell)}" if title else escaped(cell)
        for title, cell in zip(titles[1:], rest, strict=True)
        if clean(cell)
    ]
    return head + (f"\n{' · '.join(named)}" if named else "")
