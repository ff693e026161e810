"""/history: what an index decided in past weeks, newest first; or the latest of every index."""

from __future__ import annotations

from collections.abc import Sequence

from bot.book import Book, IndexInfo, StoredDecision, decided, first_comes
from bot.command import Arguments, Command, Param, Request
from bot.drawings import HISTORY, weights_chart
from bot.phrases import counted, listed, percent
from bot.reply import Button, Column, Reply, Table
from bot.screen import cause_lines, in_stablecoins, labelled, loud
from engine.model import Action, Decision

WEEKS = 8
MOST_ROWS = 26  # more do not fit on any phone
MOST_TOLD = 8  # lines below the table
MOST_NAMED = 6  # tokens that came, or went, in one line
ESTIMATES = "Stable: the share in stablecoins. Costs with ~ are estimates until the fill."
COLUMNS = (Column("Week"), Column("Stable", "right"), Column("Risk"), Column("Cost", "right"))


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    other = arguments.other_mode(request)
    if arguments.index is None:
        weeks = f" {arguments.number}" if arguments.number else ""
        return _overview(book, arguments.mode, f"{weeks}{other}")
    info, mode = arguments.index, arguments.mode
    decided(book, info, mode)
    history = book.history(info.id, mode, HISTORY)
    shown = _of_weeks(history, arguments.number or WEEKS)
    last = "decision" if len(shown) == 1 else f"{len(shown)} decisions"
    return Reply(
        title=loud(f"{info.title} index, last {last} ({labelled(mode, book.status())})", book.status()),
        table=Table(COLUMNS, tuple((_key(stored.decision), *_row(stored)) for stored in shown)),
        after=_told([(_key(stored.decision), stored) for stored in shown]),
        note=(f"{counted(len(history), 'decision')} in all. {ESTIMATES}",),
        chart=weights_chart(book, info, mode, history),
        buttons=(Button("Index", f"/index {info.id}{other}"), Button("Track record", f"/track {info.id}{other}")),
    )


def _of_weeks(history: Sequence[StoredDecision], weeks: int) -> list[StoredDecision]:
    """Every decision of the last `weeks` decided weeks, those between weeks among them, as many as fit."""
    newest = list(dict.fromkeys(stored.decision.week for stored in history))[:weeks]
    return [stored for stored in history if stored.decision.week in newest][:MOST_ROWS]


def _told(named: Sequence[tuple[str, StoredDecision]]) -> tuple[str, ...]:
    """`2023-W46/1: FTT fell 46 % in two days; out FTT.`: what came and went, and for what between weeks; the newest."""
    lines = [f"{name}: {'; '.join(parts)}." for name, stored in named if (parts := _parts(stored.decision))]
    return tuple(lines[:MOST_TOLD])


def _parts(decision: Decision) -> list[str]:
    causes = " ".join(cause_lines(decision)).removesuffix(".")
    moved = [(word, _named(decision, action)) for word, action in (("in", Action.BUY_NEW), ("out", Action.SELL))]
    return [*([causes] if causes else []), *(f"{word} {names}" for word, names in moved if names)]


def _key(decision: Decision) -> str:
    """`2023-W46`, and `2023-W46/1` for the first change after it."""
    return f"{decision.week}/{decision.sequence}" if decision.sequence else decision.week


def _row(stored: StoredDecision) -> tuple[str, ...]:
    decision = stored.decision
    cost = percent(stored.settlement.cost, 2) if stored.settlement else f"~{percent(decision.cost_estimate, 2)}"
    return f"{in_stablecoins(decision)} %", decision.risk.step.value if decision.risk else "", cost


def _named(decision: Decision, action: Action) -> str:
    symbols = [h.symbol for h in decision.holdings if h.action is action and not h.stable]
    more = len(symbols) - MOST_NAMED
    return listed([*symbols[:MOST_NAMED], f"{more} more"] if more > 0 else symbols)


def _overview(book: Book, mode: str, tail: str) -> Reply:
    """The newest of every index; its buttons end with `tail`, the weeks and the mode that were asked for."""
    latest: list[tuple[IndexInfo, StoredDecision]] = [
        (info, stored) for info in book.indices() if (stored := book.decision(info.id, mode))
    ]
    rows = tuple((info.title, *_row(stored)) for info, stored in latest)
    return Reply(
        title=loud(f"Latest decisions ({labelled(mode, book.status())})", book.status()),
        table=Table((Column("Index"), *COLUMNS[1:]), rows) if rows else None,
        after=_told([(info.title, stored) for info, stored in latest]),
        note=(first_comes(book), *((ESTIMATES,) if rows else ())),
        buttons=tuple(Button(info.title, f"/history {info.id}{tail}") for info, _ in latest),
    )


COMMAND = Command(
    name="history",
    help="What an index decided in past weeks",
    run=run,
    example="/history defi",
    params=(
        Param("index", "an index, or all", "scope"),
        Param("weeks", "how many weeks", "number"),
        Param("mode", "a risk mode", "mode"),
    ),
    menu=False,
)
