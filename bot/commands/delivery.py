"""/delivery: how messages fare on their way: what waits, what was given up, and which chats take nothing any more."""

from __future__ import annotations

from collections import Counter

from bot.book import Book, DeliveryState
from bot.command import Arguments, Command, Request, Who
from bot.phrases import clipped, counted, instant
from bot.reply import Column, Reply, Table

MOST = 5  # of each list; more do not fit on a phone


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    state = book.delivery()
    oldest = instant(state.oldest, book.zone) if state.oldest else "none"
    rows = (
        ("Messages that wait", f"{state.waiting:,}"),
        ("The oldest since", oldest),
        ("Perhaps sent", f"{state.maybe:,}"),
        ("Given up", f"{len(state.dead):,}"),
        ("Silenced chats", f"{len(state.silenced):,}"),
    )
    return Reply(
        title="Delivery",
        table=Table((Column("What"), Column("State", "right")), rows),
        after=(*_dead(book, state), *_silenced(state)),
        private=not request.is_personal,
    )


def _dead(book: Book, state: DeliveryState) -> tuple[str, ...]:
    """`Given up: telegram, Thu 23 Nov 2023, 09:00 UTC: message is too long`, the newest few."""
    told = (f"Given up: {d.platform}, {instant(d.at, book.zone)}: {clipped(d.why, 80)}" for d in state.dead[:MOST])
    return (*told, *_more(len(state.dead)))


def _silenced(state: DeliveryState) -> tuple[str, ...]:
    """How many chats are silenced for each reason, then the newest few by name."""
    reasons = Counter((chat.platform, clipped(chat.why, 60)) for chat in state.silenced)
    told = (f"Silenced on {platform}: {counted(n, 'chat')}, {why}" for (platform, why), n in reasons.most_common(MOST))
    return (*told, *_more(len(reasons)))


def _more(many: int) -> tuple[str, ...]:
    return (f"And {many - MOST} more.",) if many > MOST else ()


COMMAND = Command(
    name="delivery",
    help="How messages fare on their way to the chats",
    run=run,
    example="/delivery",
    who=Who.BOT_ADMIN,
    menu=False,
    about="chat",
)
