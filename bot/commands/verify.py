"""/verify: does the journal's chain hold, and which entry is a head that was once posted."""

from __future__ import annotations

import re

from bot.arguments import Misunderstood
from bot.book import Book, Verdict, first_comes
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
    found = (verdict.found,) if verdict.found else ()
    if verdict.holds and not verdict.entries:
        return Reply(title="Journal", text=(*found, f"The journal is still empty. {first_comes(book)}"), ok=verdict.ok)
    return Reply(
        title=f"Journal: {_in_short(verdict)}",
        text=(*found, verdict.chain),
        after=(_chain_line(verdict),),
        note=(short_head(verdict.head),) if verdict.head else (),
        buttons=(Button("What is a head?", "/explain head"),),
        ok=verdict.ok,
    )


def _in_short(verdict: Verdict) -> str:
    holds = "holds" if verdict.holds else "does NOT hold"
    if verdict.is_found is None:
        return holds
    return f"{holds}, head found" if verdict.is_found else f"{holds}, head NOT found"


def _chain_line(verdict: Verdict) -> str:
    entries = counted(verdict.entries, "entry", "entries")
    return f"The chain holds over {entries}." if verdict.holds else f"The chain holds over {entries} only, then breaks."


COMMAND = Command(
    name="verify",
    help="Whether the journal holds, and where a posted head stands in it",
    run=run,
    example="/verify 4f9c 02d7 6a1b 88e0 c3f5 19aa 7d42 e21a",
    params=(Param("head", "the last line of an announcement", "text"),),
    menu=False,
)
