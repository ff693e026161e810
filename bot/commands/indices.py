"""/indices: all indices at a glance."""

from __future__ import annotations

from collections.abc import Collection

from bot.book import Book, first_comes
from bot.command import Arguments, Command, Param, Request
from bot.phrases import signed_percent
from bot.reply import BREAK, Button, Column, Reply, Table, Tone
from bot.screen import View, in_stablecoins, labelled, loud, view
from engine.model import RiskStep

TONES: dict[str, Tone] = {RiskStep.RAISED: "quiet", RiskStep.HIGH: "bad", RiskStep.EXTREME: "bad"}
COLUMNS = (Column("Index"), Column("Week", "right"), Column("Holding", "right"), Column("Risk"))


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    mode, infos, other = arguments.mode, book.indices(), arguments.other_mode(request)
    shown = {info.id: view(book, info, mode) for info in infos if book.decision(info.id, mode)}
    rows = tuple(_row(shown[i.id]) if i.id in shown else (i.title, "", "", "not yet") for i in infos)
    status = book.status()
    return Reply(
        title=loud(f"The indices ({labelled(mode, status) if shown else mode})", status),
        text=("This week beside just holding:",) if any(v.index for v in shown.values()) else (),
        table=Table(COLUMNS, rows, tuple(TONES.get(row[3], "plain") for row in rows)),
        after=(*_waiting(shown.values()), *(f"{info.title}: {info.description}" for info in infos)),
        note=(first_comes(book),),
        buttons=tuple(Button(info.title, f"/index {info.id}{other}") for info in infos),
    )


def _row(shown: View) -> tuple[str, ...]:
    decision = shown.decision
    return (
        shown.info.title,
        signed_percent(shown.index.week()) if shown.index else "",
        signed_percent(shown.holding.week(shown.index.days[-1])) if shown.index and shown.holding else "",
        decision.risk.step.value if decision.risk else "",
    )


def _waiting(shown: Collection[View]) -> tuple[str, ...]:
    """`In stablecoins: Large caps 15 %, DeFi 40 %.`, and an empty line."""
    shares = ", ".join(f"{view.info.title} {in_stablecoins(view.decision)} %" for view in shown)
    return (f"In stablecoins: {shares}.", BREAK) if shown else ()


COMMAND = Command(
    name="indices",
    help="All indices at a glance",
    run=run,
    example="/indices",
    params=(Param("mode", "a risk mode", "mode"),),
    menu=False,
)
