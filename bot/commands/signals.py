"""/signals: the week's strongest and weakest tokens, how many lean which way, what turned, and the market head."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.book import Book, spoken
from bot.command import Arguments, Command, Param, Request
from bot.phrases import day, listed, percent, signed
from bot.reply import Button, Column, Reply, Table, Tone
from bot.screen import labelled, loud
from engine.model import Call, MarketView, Signal

SHOWN = 5  # at each end of the list
MOST_TURNED = 6
TONES: dict[Call, Tone] = {Call.BULLISH: "good", Call.BEARISH: "bad"}


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    week, status, info = spoken(book), book.status(), arguments.index
    symbols = set(book.members(info.id)) if info else None
    signals = [s for s in week.signals if symbols is None or s.symbol in symbols]
    calls = {s.symbol: book.call(s, arguments.mode) for s in signals}
    of = f" of {info.title}" if info else ""
    return Reply(
        title=loud(f"Signals{of}, {day(week.date)} ({labelled(arguments.mode, status)})", status),
        text=(market_line(week.market), _counts(calls), *_turned(book, calls, arguments.mode)),
        table=_table(signals, calls),
        after=(week.note,) if week.note else (),
        note=("Strength runs from -1 to 1. For seven days, simulated, not advice.",),
        buttons=_next(signals, info.id if info else "", arguments.other_mode(request)),
    )


def _next(signals: Sequence[Signal], index: str, other: str) -> tuple[Button, ...]:
    """The token at either end, and the index, or all of them."""
    ranked = _ranked(signals)
    ends = dict.fromkeys(signal.symbol for signal in (*ranked[:1], *ranked[-1:]))
    here = Button("Index", f"/index {index}{other}") if index else Button("Indices", f"/indices{other}")
    return (*(Button(symbol, f"/token ={symbol}{other}") for symbol in ends), here)


def market_line(market: MarketView) -> str:
    return f"Market: {percent(market.p_up)} chance of a rise over seven days (base {percent(market.base_up)})."


def _counts(calls: dict[str, Call]) -> str:
    if not calls:
        return "No token of it was looked at this week."
    counted = Counter(calls.values())
    return f"{len(calls)} tokens: {', '.join(f'{counted[call]} {call.value}' for call in Call)}."


def _turned(book: Book, calls: dict[str, Call], mode: str) -> list[str]:
    """`Turned bullish: RUNE and GMX.` against last week's signals."""
    previous = book.previous_signals()
    if previous is None:
        return []
    before = {s.symbol: book.call(s, mode) for s in previous.signals}
    lines = []
    for call in (Call.BULLISH, Call.BEARISH):
        turned = [s for s, now in calls.items() if now is call and before.get(s, call) is not call]
        more = len(turned) - MOST_TURNED
        names = [*turned[:MOST_TURNED], *([f"{more} more"] if more > 0 else [])]
        if names:
            lines.append(f"Turned {call.value}: {listed(names)}.")
    return lines


def _ranked(signals: Sequence[Signal]) -> list[Signal]:
    return sorted((s for s in signals if s.abstained is None), key=lambda s: (-s.conviction, s.symbol))


def _table(signals: Sequence[Signal], calls: dict[str, Call]) -> Table | None:
    ranked = _ranked(signals)
    shown = ranked if len(ranked) <= 2 * SHOWN else [*ranked[:SHOWN], *ranked[-SHOWN:]]
    if not shown:
        return None
    columns = (Column("Token"), Column("Call"), Column("Strength", "right"), Column("Grade", "right"))
    rows = tuple(
        (s.symbol, calls[s.symbol].value, signed(s.conviction), f"{s.grade.score} {s.grade.letter}") for s in shown
    )
    return Table(columns, rows, tuple(TONES.get(calls[s.symbol], "plain") for s in shown))


COMMAND = Command(
    name="signals",
    help="The week's strongest and weakest tokens",
    run=run,
    example="/signals defi",
    params=(Param("index", "an index, or all", "scope"), Param("mode", "a risk mode", "mode")),
    menu=False,
)
