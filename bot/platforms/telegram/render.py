"""A Reply as Telegram messages: HTML, split between its blocks, each message whole by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby

from bot.phrases import clean
from bot.platforms.chopping import units
from bot.platforms.columns import columns
from bot.platforms.telegram import tables
from bot.platforms.telegram.html import MOST_CAPTION, MOST_TEXT, chopped, escaped, visible
from bot.reply import Reply, Table, paragraphs

LONGEST_PIECE = MOST_TEXT - 64  # of one line, so that its tags still fit
NOTHING = "…"


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of HTML in one of the reply's sections; lines in columns stand together in equal letters."""

    html: str
    section: int
    in_columns: bool = False
    paragraph: int = 0


def messages(reply: Reply) -> list[str]:
    """The reply as HTML messages of at most 4096 units each; never none."""
    pages: list[list[Piece]] = [[]]
    for piece in _pieces(reply):
        if pages[-1] and units(joined([*pages[-1], piece])) > MOST_TEXT:
            pages.append([])
        pages[-1].append(piece)
    return [joined(page) or NOTHING for page in pages]


def caption(reply: Reply) -> str | None:
    """The whole reply as the caption of its chart, where it fits one."""
    whole = messages(reply)
    return whole[0] if len(whole) == 1 and units(visible(whole[0])) <= MOST_CAPTION else None


def short_caption(reply: Reply) -> str:
    """The title alone, for a chart that follows its text."""
    title = reply.chart.title if reply.chart else reply.title
    return f"<b>{escaped(title[:200])}</b>"


def joined(pieces: Iterable[Piece]) -> str:
    """Pieces as one message: a line each, an empty line between paragraphs."""
    sections = []
    for _, section in groupby(pieces, key=lambda piece: (piece.section, piece.paragraph)):
        runs = []
        for in_columns, run in groupby(section, key=lambda piece: piece.in_columns):
            text = "\n".join(piece.html for piece in run)
            runs.append(f"<pre>{text}</pre>" if in_columns else text)
        sections.append("\n".join(runs))
    return "\n\n".join(sections)


def _pieces(reply: Reply) -> Iterator[Piece]:
    title = _lines((reply.title,) if clean(reply.title).strip() else (), 0, "b")
    yield from title
    yield from _lines(reply.text, 1)
    if reply.table:
        yield from _table(reply.table, 2)
    yield from _lines(reply.after, 3)
    yield from _lines(reply.note, 4, "i")


def _lines(texts: Iterable[str], section: int, tag: str = "") -> Iterator[Piece]:
    for paragraph, together in enumerate(paragraphs(texts)):
        for part in (part for text in together if clean(text).strip() for part in chopped(text, LONGEST_PIECE)):
            html = escaped(part)
            yield Piece(f"<{tag}>{html}</{tag}>" if tag else html, section, paragraph=paragraph)


def _table(table: Table, section: int) -> Iterator[Piece]:
    rows = columns(table)
    if rows is not None:
        yield from (Piece(escape(row, quote=False), section, in_columns=True) for row in rows)  # no links there
        return
    for html in tables.lines(table):
        if units(html) <= LONGEST_PIECE:
            yield Piece(html, section)
        else:
            yield from _lines([visible(html)], section)
