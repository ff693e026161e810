"""The weekly announcement of one index in one mode: the /index screen, or three lines when nothing was traded."""

from __future__ import annotations

from bot.book import Book
from bot.phrases import short_head
from bot.reply import Button, Reply
from bot.screen import View, compose, fill_line, fine_print, level_line, title, view, week_line
from engine.errors import UnknownIndex


def announce(book: Book, index: str, mode: str) -> Reply:
    """Say the newest decision as it stood at its instant; NotEnoughData where there is none."""
    info = next((info for info in book.indices() if info.id == index), None)
    if info is None:
        raise UnknownIndex(f"There is no index called {index!r} to announce.")
    stored = book.decision(index, mode)
    shown = view(book, info, mode, before=stored.decision.date if stored else None)
    return compose(shown, buttons(index)) if shown.decision.trades else _quiet(shown)


def buttons(index: str, mode: str = "") -> tuple[Button, ...]:
    """What one may ask next; `mode` only where it is not the chat's own."""
    tail = f"{index} {mode}".strip()
    return tuple(
        Button(label, f"/{command} {tail}")
        for label, command in (("Why", "why"), ("Chart", "track"), ("Signals", "signals"))
    )


def _quiet(shown: View) -> Reply:
    """A week without trades: level, week, and one line of fine print."""
    method = fine_print(shown)[0]
    return Reply(
        title=title(shown),
        text=(level_line(shown), f"{week_line(shown)} {fill_line(shown)}"),
        note=(f"{method} · {short_head(shown.stored.head)}",),
        buttons=buttons(shown.info.id),
    )
