"""A table as columns of equal letters, where a phone is wide enough for them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from bot.phrases import clean
from bot.reply import Table, Tone

PHONE = 34  # equal letters side by side on a common phone, and two more for a mark
MARKS: dict[Tone, str] = {"plain": "", "good": "▲", "bad": "▼", "quiet": "·", "strong": "!"}


def columns(table: Table) -> list[str] | None:
    """The rows as plain text in columns, titles first where there are some; None where a phone is too narrow."""
    titles = tuple(_one_line(column.title) for column in table.columns)
    rows = [tuple(_one_line(cell) for cell in row) for row in table.rows]
    shown = [titles, *rows] if any(titles) else rows
    widths = [max((cells(row[i]) for row in shown), default=0) for i in range(len(titles))]
    for gap in (2, 1):
        width = sum(widths) + gap * (len(widths) - 1)
        if width <= PHONE:
            marked = width + 2 <= PHONE + 2 and any(MARKS[table.tone(i)] for i in range(len(rows)))
            marks = ([""] if any(titles) else []) + [MARKS[table.tone(i)] if marked else "" for i in range(len(rows))]
            return [_row(table, row, widths, gap, mark) for row, mark in zip(shown, marks, strict=True)]
    return None


def _row(table: Table, row: Sequence[str], widths: Sequence[int], gap: int, mark: str) -> str:
    padded = []
    for cell, width, column in zip(row, widths, table.columns, strict=True):
        room = " " * (width - cells(cell))
        padded.append(room + cell if column.align == "right" else cell + room)
    line = (" " * gap).join(padded)
    return f"{line} {mark}" if mark else line.rstrip()


def _one_line(text: str) -> str:
    return clean(text).replace("\n", " ")


def cells(text: str) -> int:
    """How many equal letters wide a text is: an ideograph two, a mark on a letter none."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
