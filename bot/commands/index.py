"""/index: what one index holds this week, how it did, and what it traded."""

from __future__ import annotations

from dataclasses import replace

from bot.announce import buttons
from bot.book import Book
from bot.command import Arguments, Command, Param, Request
from bot.drawings import levels_chart
from bot.reply import Reply
from bot.screen import compose, view


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    info, mode = arguments.index, arguments.mode
    assert info is not None  # the parameter is required
    other = mode if mode != request.mode else ""
    reply = compose(view(book, info, mode), buttons(info.id, other))
    return replace(reply, chart=levels_chart(book, info, mode))


COMMAND = Command(
    name="index",
    help="One index this week: holdings, actions, level, costs",
    run=run,
    example="/index defi",
    params=(Param("index", "an index", "index", required=True), Param("mode", "a risk mode", "mode")),
)
