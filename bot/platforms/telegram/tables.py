"""A table on a phone: columns in equal letters where they fit its width, otherwise a line or two a row."""

from __future__ import annotations

from collections.abc import Sequence

from bot.phrases import clean
from bot.platforms.columns import MARKS
from bot.platforms.telegram.html import escaped
from bot.reply import Table


def lines(table: Table) -> list[str]:
    """The rows as HTML, each with its first cell in bold and the others named; a command stays one to tap."""
    titles = [clean(column.title) for column in table.columns]
    return [_told(titles, row, MARKS[table.tone(i)]) for i, row in enumerate(table.rows)]


def _told(titles: Sequence[str], row: Sequence[str], mark: str) -> str:
    first, *rest = row
    head = escaped(first) if first.startswith("/") else f"<b>{escaped(first)}</b>"
    if len(rest) == 1:
        said = escaped(rest[0])
        return f"{head}{' ' + mark if mark else ''}" + (f": {said}" if said else "")
    named = [
        f"{escaped(title)} {escaped(cell)}" if title else escaped(cell)
        for title, cell in zip(titles[1:], rest, strict=True)
        if clean(cell)
    ]
    return f"{head}{' ' + mark if mark else ''}" + (f"\n{' · '.join(named)}" if named else "")
