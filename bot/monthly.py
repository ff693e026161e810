"""The monthly report: what was won or lost beside just holding, the worst call, and how far ahead since the start.

It is a part of the first weekly message of the next month, so that a week stays one message. A bad month is told in the
same words, the same size and the same places as a good one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.book import Book, IndexInfo, StoredDecision
from bot.figures import Growth
from bot.phrases import MONTHS_WHOLE, day, percent
from bot.screen import View, view

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


@dataclass(frozen=True, slots=True)
class Loss:
    """What one holding of one decision lost an index: `share` of it at the fill, its own `change`, what that cost."""

    symbol: str
    since: dt.date
    share: float
    change: float

    @property
    def cost(self) -> float:
        return self.share * self.change


@dataclass(frozen=True, slots=True)
class Past:
    """One index over one month, or over the part of it since its start: what it and just holding won (`0.04` is 4 %),
    by how much of a stake it is ahead since its `start`, and the holding that cost most; None where there is none."""

    month: Month
    title: str
    start: dt.date
    change: float
    holding: float | None
    ahead: float | None
    worst: Loss | None


def month_before(date: dt.date) -> Month:
    """The last month that had ended by a day."""
    return Month((date.replace(day=1) - dt.timedelta(days=1)).replace(day=1))


def look_back(book: Book, info: IndexInfo, mode: str, month: Month) -> Past | None:
    """Read an index's month from the book, None where it has no level in it; NotEnoughData where nothing is decided."""
    shown = view(book, info, mode, before=month.last + dt.timedelta(days=1))
    if shown.index is None or shown.index.days[-1] < month.first:
        return None
    held = shown.holding
    return Past(
        month,
        info.title,
        shown.index.start,
        _change(shown.index, month),
        _change(held, month) if held else None,
        shown.index.now - held.now if held else None,
        min(_losses(book, shown, month), key=lambda loss: (loss.cost, loss.symbol), default=None),
    )


def month_lines(pasts: Sequence[Past]) -> tuple[str, ...]:
    """Say the month of a chat's indices, the good and the bad in the same lines; nothing where there is none.

    `October 2023: lost 4.0 %, just holding won 2.0 %: 6.0 points behind; since 1 Sep 2023: 8.1 points ahead.`
    """
    if not pasts:
        return ()
    name, several = pasts[0].month.name, len(pasts) > 1
    lost = [(past.worst, past.title) for past in pasts if past.worst]
    worst = min(lost, key=lambda loss: loss[0].cost, default=None)
    lines = [f"{past.title} {_month_line(past)}" if several else f"{name}: {_month_line(past)}" for past in pasts]
    if several:
        won = sum(_tenths(past.change) > 0 for past in pasts)
        lines.insert(0, f"{name}: {won} of {len(pasts)} indices won.")
    return (*lines, _worst_line(worst, several))


def _change(growth: Growth, month: Month) -> float:
    """Over the month, or over the part of it since the start."""
    return growth.at(month.last) / growth.at(month.eve) - 1


def _month_line(past: Past) -> str:
    said = _outcome(past.change)
    if past.holding is not None:
        said += f", just holding {_outcome(past.holding)}: {_apart(past.change - past.holding)}"
    if past.ahead is not None:
        said += f"; since {day(past.start)}: {_apart(past.ahead)}"
    return f"{said}."


def _outcome(change: float) -> str:
    tenths = _tenths(change)
    return f"{'lost' if tenths < 0 else 'won'} {percent(abs(tenths), 1)}" if tenths else "stood still"


def _tenths(change: float) -> float:
    """As it is said, to a tenth of a percent: what is said to have stood still is not said to have won."""
    return round(change, 3) + 0.0


def _apart(difference: float) -> str:
    points = round(abs(difference) * 100, 1)
    if points == 0:
        return "level with it"
    return f"{points:.1f} points {'behind' if difference < 0 else 'ahead'}"


def _worst_line(lost: tuple[Loss, str] | None, named: bool) -> str:
    """`The worst call: XVS at 33 % from 9 Oct 2023 on. It fell 12.1 %, which cost 4.0 %.`"""
    if lost is None:
        return "The worst call: none lost. Every holding ended no lower than it began."
    worst, where = lost[0], f" in {lost[1]}" if named else ""
    said = f"{worst.symbol} at {percent(worst.share)}{where} from {day(worst.since)} on"
    return f"The worst call: {said}. It fell {percent(-worst.change, 1)}, which cost {percent(-worst.cost, 1)}."


def _losses(book: Book, shown: View, month: Month) -> list[Loss]:
    """What each holding lost from one decision to the next, within the month."""
    stored = [s for s in book.history(shown.info.id, shown.mode, HISTORY) if s.settlement is not None]
    known = [s for s in reversed(stored) if s.decision.date < month.last]
    ends = [*(later.decision.date for _, later in pairwise(known)), month.last]
    spans = [(s, max(s.decision.date, month.eve), min(end, month.last)) for s, end in zip(known, ends, strict=True)]
    closes: dict[str, Mapping[dt.date, float]] = {}
    return [loss for s, start, end in spans if start < end for loss in _lost(book, s, (start, end), closes)]


def _lost(
    book: Book,
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
            found.append(Loss(holding.symbol, span[0], holding.weight, last / first - 1))
    return found


def _close_at(closes: Mapping[dt.date, float], date: dt.date) -> float | None:
    """The last close up to a day; None where there was none yet."""
    return closes.get(max((known for known in closes if known <= date), default=date))
