"""/about: what this bot is, and what it is not."""

from __future__ import annotations

from bot import texts
from bot.book import Book
from bot.command import Arguments, Command, Request
from bot.phrases import day
from bot.reply import Button, Reply
from bot.screen import loud
from engine.method import VERSION


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    status = book.status()
    start = f"Live since {day(status.live_start)}." if status.live_start else "No live decision yet: all is backtest."
    return Reply(
        title=loud("About Crier", status),
        text=texts.ABOUT,
        after=(f"{start} Method {VERSION}, written down in docs/methodology.md.",),
        note=("Simulated indices, not advice.",),
        buttons=(Button("Track record", "/track"), Button("Privacy", "/privacy"), Button("Status", "/status")),
    )


COMMAND = Command(
    name="about", help="What this bot is, and what it is not", run=run, example="/about", menu=False, about="chat"
)
