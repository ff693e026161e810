"""/history: what an index decided in past weeks, newest first; or the latest of every index."""

from __future__ import annotations

from collections.abc import Sequence

from bot.book import Book, IndexInfo, StoredDecision, decided, first_comes
from bot.command import Arguments, Command, Param, Request
from bot.drawings import HISTORY, weights_chart
from bot.phrases import counted, percent
from bot.reply import Button, Column, Reply, Table
from bot.screen import cause_lines, in_stablecoins, labelled, loud
from engine.model import Action, Decision

WEEKS = 8
MOST_ROWS = 26  # more do not fit on any phone
MOST_CAUSES = 6  # lines of them below the table
COLUMNS = (
    Column("Week"),
    Column("In"),
    Column("Out"),
    Column("Stablecoins", "right"),
    Column("Risk"),
    Column("Cost", "right"),
)


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    if arguments.index is None:
        return _overview(book, arguments.mode)
    info, mode = arguments.index, arguments.mode
    decided(book, info, mode)
    history = book.history(info.id, mode, HISTORY)
    shown = _of_weeks(history, arguments.number or WEEKS)
    last = "decision" if len(shown) == 1 else f"{len(shown)} decisions"
    return Reply(
        title=loud(f"{info.title} index, last {last} ({labelled(mode, book.status())})", book.status()),
        table=Table(COLUMNS, tuple((_key(stored.decision), *_changes(stored)) for stored in shown)),
        after=_causes([(_key(stored.decision), stored) for stored in shown]),
        note=(f"{counted(len(history), 'decision')} in all. Costs with “about” are estimates until the fill.",),
        chart=weights_chart(book, info, mode, history),
        buttons=(Button("Index", f"/index {info.id}"), Button("Track record", f"/track {info.id}")),
    )


def _of_weeks(history: Sequence[StoredDecision], weeks: int) -> list[StoredDecision]:
    """Every decision of the last `weeks` decided weeks, those between weeks among them, as many as fit."""
    newest = list(dict.fromkeys(stored.decision.week for stored in history))[:weeks]
    return [stored for stored in history if stored.decision.week in newest][:MOST_ROWS]


def _causes(named: Sequence[tuple[str, StoredDecision]]) -> tuple[str, ...]:
    """`2023-W46/1: FTT fell 46 % in two days.`: why each change between weeks was made, the newest of them."""
    told = [f"{name}: {' '.join(causes)}" for name, stored in named if (causes := cause_lines(stored.decision))]
    return tuple(told[:MOST_CAUSES])


def _key(decision: Decision) -> str:
    """`2023-W46`, and `2023-W46/1` for the first change after it."""
    return f"{decision.week}/{decision.sequence}" if decision.sequence else decision.week


def _changes(stored: StoredDecision) -> tuple[str, ...]:
    decision = stored.decision
    cost = percent(stored.settlement.cost, 2) if stored.settlement else f"about {percent(decision.cost_estimate, 2)}"
    return (
        _symbols(decision, Action.BUY_NEW),
        _symbols(decision, Action.SELL),
        f"{in_stablecoins(decision)} %",
        decision.risk.step.value if decision.risk else "",
        cost,
    )


def _symbols(decision: Decision, action: Action) -> str:
    return ", ".join(h.symbol for h in decision.holdings if h.action is action and not h.stable)


def _overview(book: Book, mode: str) -> Reply:
    latest: list[tuple[IndexInfo, StoredDecision]] = [
        (info, stored) for info in book.indices() if (stored := book.decision(info.id, mode))
    ]
    rows = tuple((info.title, *_changes(stored)) for info, stored in latest)
    return Reply(
        title=loud(f"Latest decisions ({labelled(mode, book.status())})", book.status()),
        table=Table((Column("Index"), *COLUMNS[1:]), rows) if rows else None,
        after=_causes([(info.title, stored) for info, stored in latest]),
        note=(first_comes(book),),
        buttons=tuple(Button(info.title, f"/history {info.id}") for info, _ in latest),
    )


COMMAND = Command(
    name="history",
    help="What an index decided in past weeks",
    run=run,
    example="/history defi",
    params=(
        Param("index", "an index", "index"),
        Param("weeks", "how many weeks", "number"),
        Param("mode", "a risk mode", "mode"),
    ),
    menu=False,
)
