"""A Reply as Telegram messages: HTML, split between its blocks, each message whole by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from bot.platforms.chopping import units
from bot.platforms.columns import columns
from bot.platforms.pieces import Piece, joined, packed, pieces
from bot.platforms.telegram import tables
from bot.platforms.telegram.html import MOST_CAPTION, MOST_TEXT, chopped, escaped, visible
from bot.reply import Reply, Table

LONGEST_PIECE = MOST_TEXT - 64  # of one line, so that its tags still fit
NOTHING = "…"
FENCE = ("<pre>", "</pre>")


def messages(reply: Reply) -> list[str]:
    """The reply as HTML messages of at most 4096 units each; never none."""
    pages = packed(_pieces(reply), lambda page: units(joined(page, FENCE)) <= MOST_TEXT)
    return [joined(page, FENCE) or NOTHING for page in pages]


def caption(reply: Reply) -> str | None:
    """The whole reply as the caption of its chart, where it fits one."""
    whole = messages(reply)
    return whole[0] if len(whole) == 1 and units(visible(whole[0])) <= MOST_CAPTION else None


def short_caption(reply: Reply) -> str:
    """The title alone, for a chart that follows its text."""
    title = reply.chart.title if reply.chart else reply.title
    return f"<b>{escaped(title[:200])}</b>"


def _pieces(reply: Reply) -> Iterator[Piece]:
    yield from _lines((reply.title,), 0, "b")
    yield from _lines(reply.text, 1)
    if reply.table:
        yield from _table(reply.table, 2)
    yield from _lines(reply.after, 3)
    yield from _lines(reply.note, 4, "i")


def _lines(texts: Iterable[str], section: int, tag: str = "") -> Iterator[Piece]:
    before, after = (f"<{tag}>", f"</{tag}>") if tag else ("", "")
    return pieces(texts, section, lambda text: (f"{before}{escaped(p)}{after}" for p in chopped(text, LONGEST_PIECE)))


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
