"""/explain: any term of the chat in plain words."""

from __future__ import annotations

from bot import words
from bot.book import Book
from bot.command import Arguments, Command, Param, Request
from bot.phrases import capital, listed
from bot.reply import Button, Reply

STARTERS = ("signal", "grade", "risk", "just holding", "backtest", "head")


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    word = arguments.text
    if not word:
        return Reply(
            title="Words",
            text=(" · ".join(words.WORDS),),
            after=(f"Ask like this: {COMMAND.example}.",),
            buttons=tuple(Button(name, f"/explain {name}") for name in STARTERS),
        )
    aliases = [alias for alias, name in words.ALIASES.items() if name == word]
    return Reply(
        title=capital(word),
        text=(words.WORDS[word],),
        note=(f"Also: {listed(aliases)}.",) if aliases else (),
    )


COMMAND = Command(
    name="explain",
    help="Any word of this bot in plain words",
    run=run,
    example="/explain grade",
    params=(Param("word", "a word", "word"),),
    menu=False,
    about="chat",
)
