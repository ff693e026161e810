"""/universe: whom the sources propose for an index, and the way to refuse one with a reason."""

from __future__ import annotations

from collections.abc import Sequence

from bot.book import Book, ProposedMember
from bot.command import Arguments, Command, Param, Request, Who
from bot.desk import Deed, Desk
from bot.governance import preview, reason_from, titles
from bot.phrases import clipped, day
from bot.reply import Column, Reply, Table
from bot.screen import loud
from engine.errors import BadRequest

SHOWN = 25
COLUMNS = (Column("Token"), Column("Index"), Column("Counts from"), Column("State"))
NOTE = (
    "Sources count these tokens to a theme. They become eligible by the method's rules like everybody.",
    "To refuse one: /universe TOKEN INDEX REASON. To undo that: /include.",
)


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    index = arguments.index.id if arguments.index else None
    if arguments.token is None:
        if arguments.text:
            raise BadRequest("Say which token to refuse, in which index, and why: /universe TOKEN INDEX REASON.")
        return _listed(desk, index)
    if not arguments.text:
        raise BadRequest("A refusal needs a reason, which is public: /universe TOKEN INDEX REASON.")
    deed = Deed("exclude", index, arguments.token.symbol, reason=reason_from(arguments.text))
    named = [row for row in desk.proposals() if row.symbol == deed.symbol and index in (None, row.index)]
    if not named:
        where = f"the {titles(desk)[index]} index" if index else "any index"
        raise BadRequest(f"{deed.symbol} is not proposed for {where}. A member is kept out with /exclude.")
    return preview(request, desk, deed)


def _listed(book: Book, index: str | None) -> Reply:
    rows = [row for row in book.proposals() if index in (None, row.index)]
    title = loud("Proposed members", book.status())
    if not rows:
        return Reply(title=title, text=("Nobody is proposed. `crier fetch` asks CoinGecko's categories once a week.",))
    left = len(rows) - SHOWN
    return Reply(
        title=title,
        table=Table(COLUMNS, tuple(_row(row, book) for row in rows[:SHOWN])),
        after=(*_reasons(rows[:SHOWN]), *((f"And {left} older ones.",) if left > 0 else ())),
        note=NOTE,
    )


def _row(row: ProposedMember, book: Book) -> tuple[str, ...]:
    title = next((info.title for info in book.indices() if info.id == row.index), row.index)
    state = "refused" if row.refused else "counts" if row.adopted else "waits"
    return row.symbol, title, "" if row.refused else day(row.counts), state


def _reasons(rows: Sequence[ProposedMember]) -> tuple[str, ...]:
    return tuple(f"{row.symbol} is refused: {clipped(row.refused, 120)}" for row in rows if row.refused)


COMMAND = Command(
    name="universe",
    help="Whom sources propose for an index; refuse one with a reason",
    run=run,
    example="/universe aave defi it is a copy of another token",
    params=(
        Param("token", "a proposed token to refuse", "token"),
        Param("index", "an index", "index"),
        Param("reason", "a reason, which is public", "text"),
    ),
    who=Who.BOT_ADMIN,
    menu=False,
)
