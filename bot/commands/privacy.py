"""/privacy: exactly what is stored of chats and people; a test holds it against the tables of the database."""

from __future__ import annotations

from bot import texts
from bot.book import Book
from bot.command import Arguments, Command, Request
from bot.phrases import listed
from bot.reply import Button, Reply


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    return Reply(
        title="What is stored",
        text=stored(),
        after=(texts.NOT_STORED, texts.HOW_TO_FORGET),
        buttons=(Button("Delete it", "/forget"), Button("Settings", "/settings")),
    )


def stored() -> tuple[str, ...]:
    """One sentence for each table that speaks of chats or people."""
    columns = listed(dict.fromkeys(texts.PRIVACY_COLUMNS.values()))
    return tuple(sentence.format(columns=columns) for sentence in texts.PRIVACY.values())


COMMAND = Command(
    name="privacy",
    help="Exactly what is stored of chats and people",
    run=run,
    example="/privacy",
    menu=False,
    about="chat",
)
