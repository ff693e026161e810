"""Says whether the levels of a journal follow from its own fills and prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.phrases import capital, counted
from engine.errors import BrokenJournal
from engine.model import Decision, Settlement
from engine.rebuild import Rebuilding
from storage.chain import Entry, Link, Verdict
from storage.decisions import DECISION, told_in
from storage.signals import SIGNALS


def with_levels(chain: Verdict, entries: Iterable[Entry | Link]) -> Verdict:
    """The verdict over a chain, or over several, with what rebuilding every level from its entries adds to it.

    A chain that does not hold is left as it is: nothing can follow from entries that were changed.
    """
    if not chain.ok:
        return chain
    books: dict[str, Rebuilding] = {}
    try:
        for entry, told in told_in(_in_time(entries)):
            _take(books.setdefault(entry.ledger, Rebuilding()), entry, told)
    except BrokenJournal as error:
        return replace(chain, ok=False, message=capital(str(error)))
    said = _sentence(sum(book.rebuilt for book in books.values()), sum(book.adopted for book in books.values()))
    return replace(chain, message=f"{chain.message} {said}") if said else chain


def _in_time(entries: Iterable[Entry | Link]) -> Iterator[Entry | Link]:
    """The entries, held against time: no week's signals are added, and nothing is decided, after a later week's."""
    newest: dict[str, str] = {}
    for entry in entries:
        date, last = str(entry.date), newest.get(entry.ledger, "")
        early = date <= last if entry.kind == SIGNALS else entry.kind == DECISION and date < last
        if early:
            raise BrokenJournal(
                f"the {entry.ledger} journal holds, but its entry {entry.seq} was added late: "
                f"it tells of {date}, and the signals of {last} stand before it."
            )
        if entry.kind == SIGNALS:
            newest[entry.ledger] = date
        yield entry


def _take(book: Rebuilding, entry: Entry, told: Decision | Settlement) -> None:
    try:
        if entry.date != told.date:
            raise BrokenJournal(f"it is dated {entry.date}, and what it tells {told.date}.")
        book.take(told)
    except BrokenJournal as error:
        raise BrokenJournal(f"the {entry.ledger} journal holds, but not its entry {entry.seq}: {error}") from error


def _sentence(tracks: int, adopted: int) -> str:
    """What was rebuilt; nothing where nothing has been settled yet."""
    older = f"{counted(adopted, 'older settlement')} without prices taken as stated." if adopted else ""
    agree = f"Levels of {counted(tracks, 'track')} rebuilt from fills and prices: all agree." if tracks else ""
    return " ".join(part for part in (agree, older) if part)
