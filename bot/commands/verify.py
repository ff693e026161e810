"""/verify: does the journal's chain hold, and which entry is a head that was once posted."""

from __future__ import annotations

import re

from bot.arguments import Misunderstood
from bot.book import Book, first_comes
from bot.command import Arguments, Command, Param, Request
from bot.phrases import counted, short_head
from bot.reply import Button, Reply

SHORTEST = 32  # hex digits: the 128 bits that announcements carry


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    head = re.sub(r"\s", "", arguments.text).casefold()
    if head and not re.fullmatch(r"[0-9a-f]{32,64}", head):
        raise Misunderstood(
            f"A head has {SHORTEST} to 64 of the digits 0-9 and a-f, like the last line of an announcement: "
            f"{COMMAND.example}."
        )
    verdict = book.verify(head or None)
    if verdict.ok and not verdict.entries:
        return Reply(title="Journal", text=(f"The journal is still empty. {first_comes(book)}",))
    holds = "The chain holds" if verdict.ok else "The chain does NOT hold"
    return Reply(
        title=f"Journal: {holds.removeprefix('The chain ')}",
        text=(verdict.message,),
        after=(f"{holds} over {counted(verdict.entries, 'entry', 'entries')}.",),
        note=(short_head(verdict.head),) if verdict.head else (),
        buttons=(Button("What is a head?", "/explain head"),),
        ok=verdict.ok,
    )


COMMAND = Command(
    name="verify",
    help="Whether the journal holds, and where a posted head stands in it",
    run=run,
    example="/verify 4f9c 02d7 6a1b 88e0 c3f5 19aa 7d42 e21a",
    params=(Param("head", "the last line of an announcement", "text"),),
)
