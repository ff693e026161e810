"""The pulse: for a chat that wants it, one short message in the middle of the week about how its indices stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.book import Book
from bot.reply import Button, Reply
from bot.screen import labelled, level_line, loud, view, week_line

WEEKDAY = 3  # Thursday: three days after one weekly message and four before the next


def is_due(date: dt.date) -> bool:
    """Whether a pulse is told on a day."""
    return date.weekday() == WEEKDAY


def pulse(book: Book, indices: Sequence[str], mode: str) -> Reply | None:
    """One line an index up to the last close; None where none of them was decided yet."""
    infos = [info for info in book.indices() if info.id in indices and book.decision(info.id, mode)]
    shown = [view(book, info, mode) for info in infos]
    if not shown:
        return None
    status = shown[0].status
    return Reply(
        title=loud(f"Midweek ({labelled(mode, status)})", status),
        text=tuple(f"{v.info.title}: {week_line(v)} {level_line(v)}" for v in shown),
        note=("Simulated, not advice.",),
        buttons=(*(Button(v.info.title, f"/index {v.info.id}") for v in shown), Button("No more of these", OFF)),
    )


OFF = "/settings pulse off"
