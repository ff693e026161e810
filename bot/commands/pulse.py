"""/pulse: what a chat that has itself counted wrote and spoke of this week; the counts are for that chat alone."""

from __future__ import annotations

from dataclasses import replace

from bot.book import Book
from bot.command import Arguments, Command, Request
from bot.reply import Button, Reply


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    on = book.chat(request.person).pulse
    turn = Button("Switch it off", "/settings pulse off") if on else Button("Switch it on", "/settings pulse on")
    return replace(book.pulse(request.person), ok=True, buttons=(turn,))


COMMAND = Command(
    name="pulse",
    help="How much this chat wrote this week, and of which tokens",
    run=run,
    example="/pulse",
    menu=False,
    about="chat",
)
