"""The monthly report: what was won or lost beside just holding, the worst call, and how far ahead since the start.

A bad month is told in the same words, the same size and the same places as a good one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.book import Book, StoredDecision
from bot.drawings import levels_chart
from bot.figures import Growth
from bot.phrases import MONTHS_WHOLE, day, dollars, percent, signed, signed_percent
from bot.reply import Button, Column, Reply, Table
from bot.screen import STAKE, View, fine_print, labelled, loud, view

HISTORY = 60  # decisions read: more than a month of them with changes between weeks
DAYS_BEFORE = 45  # closes read before the month, for a token whose price had stopped


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month as a report tells it; `eve` is the day whose close it starts from."""

    first: dt.date

    @property
    def eve(self) -> dt.date:
        return self.first - dt.timedelta(days=1)

    @property
    def last(self) -> dt.date:
        return (self.first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)

    @property
    def name(self) -> str:
        """`October 2023`."""
        return f"{MONTHS_WHOLE[self.first.month - 1]} {self.first.year}"

    @property
    def key(self) -> str:
        """`2023-10`, by which it is told once."""
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Loss:
    """What one holding of one decision lost an index: `share` of it at the fill, its own `change`, what that cost."""

    symbol: str
    index: str
    since: dt.date
    share: float
    change: float

    @property
    def cost(self) -> float:
        return self.share * self.change


def reported_on(date: dt.date) -> Month | None:
    """The month that is reported on a day: the one before, on its first Monday; None on every other day."""
    if date.weekday() != 0 or date.day > 7:
        return None
    return Month((date.replace(day=1) - dt.timedelta(days=1)).replace(day=1))


def report(book: Book, indices: Sequence[str], mode: str, month: Month) -> Reply | None:
    """Tell a month of these indices in a mode; None where none of them has a level in it yet."""
    shown = [v for v in _views(book, indices, mode, month) if v.index is not None and v.index.days[-1] >= month.first]
    if not shown:
        return None
    only = shown[0] if len(shown) == 1 else None
    losses = [loss for v in shown for loss in _losses(book, v, month)]
    return Reply(
        title=loud(f"{month.name}: {_verdict(shown, month)} ({labelled(mode, shown[0].status)})", shown[0].status),
        text=(_month_line(only, month),) if only else (),
        table=None if only else _table(shown, month),
        after=(_worst_line(losses, len(shown) > 1), *(_since_line(v, len(shown) > 1) for v in shown)),
        note=fine_print(shown[0]),
        chart=levels_chart(book, only.info, mode) if only else None,
        buttons=tuple(Button(f"Record: {v.info.title}", f"/track {v.info.id}") for v in shown),
    )


def _views(book: Book, indices: Sequence[str], mode: str, month: Month) -> list[View]:
    infos = [info for info in book.indices() if info.id in indices and book.decision(info.id, mode)]
    return [view(book, info, mode, before=month.last + dt.timedelta(days=1)) for info in infos]


def _change(growth: Growth, month: Month) -> float:
    """Over the month, or over the part of it since the start."""
    return growth.at(month.last) / growth.at(month.eve) - 1


def _verdict(shown: Sequence[View], month: Month) -> str:
    """`lost 3.1 %`, or how many of several won: the first thing that is read."""
    changes = [_change(v.index, month) for v in shown if v.index]
    if len(changes) == 1:
        return f"{'lost' if changes[0] < 0 else 'won'} {percent(abs(changes[0]), 1)}"
    return f"{sum(change >= 0 for change in changes)} of {len(changes)} indices won"


def _month_line(shown: View, month: Month) -> str:
    """`DeFi lost 3.1 %: $1,000 became $969. Just holding: $1,010, so 4.1 points behind.`"""
    assert shown.index is not None
    ours = _change(shown.index, month)
    said = f"{shown.info.title} {'lost' if ours < 0 else 'won'} {percent(abs(ours), 1)}: {dollars(STAKE)} became "
    said += f"{dollars(STAKE * (1 + ours))}."
    if shown.holding is None:
        return said
    theirs = _change(shown.holding, month)
    return f"{said} Just holding: {dollars(STAKE * (1 + theirs))}, {_apart(ours - theirs)}."


def _apart(difference: float) -> str:
    points = round(abs(difference) * 100, 1)
    if points == 0:
        return "level with it"
    return f"{points:.1f} points {'behind' if difference < 0 else 'ahead'}"


def _table(shown: Sequence[View], month: Month) -> Table:
    """Each index beside just holding over the month, and how many points apart they are."""
    columns = (Column("Index"), Column(month.name, "right"), Column("Just holding", "right"), Column("Ahead", "right"))
    rows = []
    for v in shown:
        ours = _change(v.index, month) if v.index else 0.0
        theirs = _change(v.holding, month) if v.holding else None
        apart = "" if theirs is None else signed(100 * (ours - theirs), 1)
        rows.append((v.info.title, signed_percent(ours), "" if theirs is None else signed_percent(theirs), apart))
    return Table(columns, tuple(rows))


def _since_line(shown: View, named: bool) -> str:
    """`Since 2 Jan 2023: $1,000 is $1,112, just holding $950: 17.0 % ahead.`"""
    assert shown.index is not None
    whose = f"{shown.info.title} since" if named else "Since"
    said = f"{whose} {day(shown.index.start)}: {dollars(STAKE)} is {dollars(STAKE * shown.index.now)}"
    if shown.holding is None:
        return f"{said}."
    apart = shown.index.now / shown.holding.now - 1
    verdict = f"{percent(abs(apart), 1)} {'behind' if apart < 0 else 'ahead'}"
    return f"{said}, just holding {dollars(STAKE * shown.holding.now)}: {verdict}."


def _worst_line(losses: Sequence[Loss], named: bool) -> str:
    """`The worst call: XVS at 33 % from 9 Oct 2023 on. It fell 12.1 %, which cost 4.0 %.`"""
    if not losses:
        return "The worst call: none lost. Every holding ended no lower than it began."
    worst = min(losses, key=lambda loss: (loss.cost, loss.symbol))
    where = f" in {worst.index}" if named else ""
    said = f"{worst.symbol} at {percent(worst.share)}{where} from {day(worst.since)} on"
    return f"The worst call: {said}. It fell {percent(-worst.change, 1)}, which cost {percent(-worst.cost, 1)}."


def _losses(book: Book, shown: View, month: Month) -> list[Loss]:
    """What each holding lost from one decision to the next, within the month."""
    stored = [s for s in book.history(shown.info.id, shown.mode, HISTORY) if s.settlement is not None]
    known = [s for s in reversed(stored) if s.decision.date < month.last]
    ends = [*(later.decision.date for _, later in pairwise(known)), month.last]
    spans = [(s, max(s.decision.date, month.eve), min(end, month.last)) for s, end in zip(known, ends, strict=True)]
    closes: dict[str, Mapping[dt.date, float]] = {}
    return [loss for s, start, end in spans if start < end for loss in _lost(book, shown, s, (start, end), closes)]


def _lost(
    book: Book,
    shown: View,
    stored: StoredDecision,
    span: tuple[dt.date, dt.date],
    closes: dict[str, Mapping[dt.date, float]],
) -> list[Loss]:
    found = []
    for holding in stored.decision.holdings:
        if holding.weight <= 0 or holding.stable:
            continue
        if holding.symbol not in closes:
            days = (book.now().date() - span[0]).days + DAYS_BEFORE
            closes[holding.symbol] = dict(book.closes(holding.symbol, days))
        first, last = (_close_at(closes[holding.symbol], date) for date in span)
        if first and last and last < first:
            found.append(Loss(holding.symbol, shown.info.title, span[0], holding.weight, last / first - 1))
    return found


def _close_at(closes: Mapping[dt.date, float], date: dt.date) -> float | None:
    """The last close up to a day; None where there was none yet."""
    return closes.get(max((known for known in closes if known <= date), default=date))
