"""Rebuilds index levels from decisions, fills and prices alone, by arithmetic of its own, and names what disagrees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from engine.costs import MIN_COST
from engine.errors import BrokenJournal
from engine.execution import ENOUGH
from engine.level import CASH
from engine.model import BASE_LEVEL, Decision, Fill, Holding, Settlement
from engine.stablecoins import ORDER

CLOSE = 1e-9  # relative; a journal's numbers have 12 digits, and years of their roundings stay below this
MONEY = frozenset({CASH, *ORDER})  # takes what is left over, free of cost; nothing else may call itself so

Key = tuple[str, str]  # index, mode


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A level after one settlement; `adopted` where the entry is too old to say more than its outcome."""

    date: dt.date
    sequence: int
    net: float
    gross: float
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class _Book:
    """What an index holds by our own count, and the levels that led here."""

    units: Mapping[str, float]
    net: float
    gross: float


@dataclass
class Rebuilding:
    """The books of every index and mode of one ledger, kept by what is told in the journal's order.

    No level, unit count, cost or turnover that a settlement states is used to reach the next one; each is only held
    against what follows from prices and fills.
    """

    levels: dict[Key, list[Rebuilt]] = field(default_factory=dict)
    _books: dict[Key, _Book] = field(default_factory=dict)
    _open: dict[Key, Decision] = field(default_factory=dict)

    def take(self, told: Decision | Settlement) -> None:
        """Add the next decision or settlement; BrokenJournal names the first thing that does not follow."""
        track = (told.index, told.mode)
        if isinstance(told, Decision):
            self._begin(told, track)
            return
        decision = self._open.pop(track, None)
        if decision is None or _when(decision) != _when(told):
            raise _fault(told, "it settles what was never decided")
        lines, book = self.levels.setdefault(track, []), self._books.get(track)
        adopted = not told.prices
        book = _adopt(told, lines) if adopted else _settle(told, decision, book or _opening(told, decision))
        self._books[track] = book
        lines.append(Rebuilt(told.date, told.sequence, book.net, book.gross, adopted))

    def _begin(self, decision: Decision, track: Key) -> None:
        """One decision after the other: each is settled before the next one of its index and mode is made."""
        waiting, lines = self._open.get(track), self.levels.get(track)
        if waiting is not None:
            raise _fault(decision, f"that of {waiting.date} was never settled")
        if lines and _when(decision) <= _when(lines[-1]):
            raise _fault(decision, f"it comes after the settlement of {lines[-1].date}")
        for line in decision.holdings:
            if line.stable and line.symbol not in MONEY:
                raise _fault(decision, f"it calls {line.symbol} a stablecoin")
        self._open[track] = decision

    @property
    def rebuilt(self) -> int:
        """Indices and modes whose levels were recomputed."""
        return sum(not lines[-1].adopted for lines in self.levels.values())

    @property
    def adopted(self) -> int:
        """Settlements from before prices were recorded, taken as they stand."""
        return sum(line.adopted for lines in self.levels.values() for line in lines)


def rebuild(history: Iterable[Decision | Settlement]) -> dict[Key, list[Rebuilt]]:
    """Recompute net and gross level at every settlement; BrokenJournal at the first that differs by 1e-9 relative."""
    books = Rebuilding()
    for told in history:
        books.take(told)
    return books.levels


def _when(told: Decision | Settlement | Rebuilt) -> tuple[dt.date, int]:
    return told.date, told.sequence


def _opening(told: Settlement, decision: Decision) -> _Book:
    """An index begins with the base level in the stablecoins that its first decision comes from."""
    start = {line.symbol: BASE_LEVEL * line.from_weight for line in decision.holdings if line.from_weight > 0}
    if not start.keys() <= MONEY or abs(sum(start.values()) - BASE_LEVEL) > CLOSE * BASE_LEVEL:
        raise _fault(decision, f"it does not begin with {BASE_LEVEL:.0f} in stablecoins")
    return _Book({s: value / _worth(told, s) for s, value in start.items()}, BASE_LEVEL, BASE_LEVEL)


def _adopt(told: Settlement, lines: list[Rebuilt]) -> _Book:
    """A settlement without prices is believed only at the beginning, and only if it is as old as that."""
    if told.method or (lines and not lines[-1].adopted):
        raise _fault(told, "it names no prices")
    return _Book(told.portfolio.units, told.portfolio.level_net, told.portfolio.level_gross)


def _settle(told: Settlement, decision: Decision, book: _Book) -> _Book:
    """The books after one settlement: units at prices, then each fill, then every statement held against them."""
    values = {symbol: held * _price(told, symbol) for symbol, held in book.units.items()}
    total = sum(values.values())
    lines = {line.symbol: line for line in decision.holdings}
    ordered = frozenset(trade.symbol for trade in decision.trades) - MONEY
    _check_whole(told, ordered)
    units = dict(book.units)
    for fill in told.fills:
        _check_fill(told, fill, lines.get(fill.symbol), values.get(fill.symbol, 0.0), total)
        if fill.symbol not in MONEY:
            _check_trade(told, fill, ordered)
        if fill.weight != fill.from_weight:
            units[fill.symbol] = fill.weight * total / _price(told, fill.symbol)
    for symbol in sorted(told.prices.keys() - units.keys() - {fill.symbol for fill in told.fills}):
        raise _fault(told, f"it names a price of {symbol}, which it neither holds nor trades")
    units = {symbol: held for symbol, held in units.items() if held > 0}
    net = sum(held * told.prices[symbol] for symbol, held in units.items())
    after = _Book(units, net, book.gross * total / book.net if book.net else 0.0)
    for what, stated, found, size in _statements(told, after, total):
        if not abs(stated - found) <= CLOSE * size:
            raise _fault(told, f"{what} is given as {stated:.12g}, and {found:.12g} follows from prices and fills")
    return after


def _check_whole(told: Settlement, ordered: frozenset[str]) -> None:
    """Every trade that was decided is told of, once: what went badly may not be left out, nor happen twice."""
    filled = [fill.symbol for fill in told.fills]
    for symbol in sorted(ordered.difference(filled)):
        raise _fault(told, f"it does not say what became of {symbol}, which was to be traded")
    for symbol in sorted({symbol for symbol in filled if filled.count(symbol) > 1}):
        raise _fault(told, f"it fills {symbol} twice")
    for symbol, price in told.prices.items():
        if not 0 <= price < inf:
            raise _fault(told, f"{price} is no price of {symbol}")


def _check_fill(told: Settlement, fill: Fill, line: Holding | None, value: float, total: float) -> None:
    """A fill starts from what is held, has the day's price, and wants what was decided."""
    wanted = line.weight if line else 0.0
    moves = fill.weight != fill.from_weight
    for fault, found in (
        ("names two prices of", abs(fill.price - _price(told, fill.symbol)) > CLOSE * abs(fill.price)),
        ("trades at no price", moves and fill.price <= 0),
        ("starts from another share than is held of", abs(fill.from_weight * total - value) > CLOSE * total),
        ("wants another share than was decided of", fill.wanted is None or abs(fill.wanted - wanted) > CLOSE),
        ("pays less than nothing for", fill.cost < 0),
    ):
        if found:
            raise _fault(told, f"it {fault} {fill.symbol}")


def _check_trade(told: Settlement, fill: Fill, ordered: frozenset[str]) -> None:
    """A fill of a token trades what was ordered, no further, at no less than the least cost, and says what it left."""
    wanted, moved = fill.wanted or 0.0, abs(fill.weight - fill.from_weight)
    low, high = min(fill.from_weight, wanted) - CLOSE, max(fill.from_weight, wanted) + CLOSE
    left = abs(wanted - fill.weight) > (1 - ENOUGH) * abs(wanted - fill.from_weight) + CLOSE
    for fault, found in (
        ("trades without an order", moved > 0 and fill.symbol not in ordered),
        ("goes further than was decided with", not low <= fill.weight <= high),
        (f"pays less than {100 * MIN_COST:.2f} % for", fill.cost < MIN_COST * moved - CLOSE),
        ("calls a part of the trade the whole of", fill.status == "filled" and left),
        ("gives no reason for what is left of", fill.status != "filled" and not fill.reason),
    ):
        if found:
            raise _fault(told, f"it {fault} {fill.symbol}")


def _statements(told: Settlement, after: _Book, total: float) -> Iterator[tuple[str, float, float, float]]:
    """(what, the figure stated, the figure that follows, the size that a difference is measured by)."""
    book, cost = told.portfolio, sum(fill.cost for fill in told.fills)
    moved = sum(abs(fill.weight - fill.from_weight) for fill in told.fills) / 2
    yield "the cost", told.cost, cost, 1.0
    yield "the turnover", told.turnover, moved, 1.0
    yield "the level after costs", total * (1 - told.cost), after.net, total
    yield "the net level", book.level_net, after.net, after.net
    yield "the gross level", book.level_gross, after.gross, after.gross
    yield "the divisor", book.divisor, after.net / after.gross if after.gross else book.divisor, 1.0
    for symbol in sorted({*book.units, *after.units}):
        held, price = after.units.get(symbol, 0.0), _price(told, symbol)
        yield f"the price of {symbol}", book.marks.get(symbol, price), price, price
        yield f"{symbol}'s value", book.units.get(symbol, 0.0) * price, held * price, after.net


def _price(told: Settlement, symbol: str) -> float:
    try:
        return told.prices[symbol]
    except KeyError:
        raise _fault(told, f"it names no price of {symbol}") from None


def _worth(told: Settlement, symbol: str) -> float:
    price = _price(told, symbol)
    if not price > 0:
        raise _fault(told, f"it begins with {symbol}, which it says is worth nothing")
    return price


def _fault(told: Decision | Settlement, what: str) -> BrokenJournal:
    name = "decision" if isinstance(told, Decision) else "settlement"
    return BrokenJournal(f"the {name} of {told.index} ({told.mode}) on {told.date} does not add up: {what}.")
