"""/token: what is said of one token this week, with its odds, what speaks for and against, and who holds it."""

from __future__ import annotations

import datetime as dt

from bot.book import Book, spoken
from bot.command import Arguments, Command, Param, Request
from bot.drawings import price_chart
from bot.phrases import day, dollars, listed, percent
from bot.reply import Button, Column, Reply, Table
from bot.screen import TONES, labelled, loud, share, whole_weights
from bot.spoken import said
from engine.model import Call, Signal, Token, TokenKind, WeekSignals
from engine.stablecoins import ORDER, PEG, PEG_DAYS, ROUNDING


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    token = arguments.token
    assert token is not None  # the parameter is required
    week, status = spoken(book), book.status()
    signal = week.by_symbol().get(token.symbol)
    table = _holders(book, token, arguments.mode)
    return Reply(
        title=loud(f"{token.symbol}, {token.name}" if token.name != token.symbol else token.symbol, status),
        text=_unsaid(book, token) if signal is None else said(signal, book.call(signal, arguments.mode), book.skills()),
        table=table,
        after=() if table else ("No index holds it.",),
        note=(
            f"{'Said on' if signal else 'As of'} {day(week.date)}{' for seven days' if signal else ''} "
            f"({labelled(arguments.mode, status)}). Simulated, not advice.",
        ),
        chart=price_chart(book, token, _marked(book, week, token, arguments.mode), arguments.mode),
        buttons=_next(token, signal is not None, arguments.other_mode(request)),
    )


def _next(token: Token, is_said: bool, other: str) -> tuple[Button, ...]:
    why = (Button("Why", f"/why ={token.symbol}{other}"),) if is_said else ()
    what = "indices" if token.kind is TokenKind.STABLE else "signals"
    return (*why, Button(what.capitalize(), f"/{what}{other}"))


def _unsaid(book: Book, token: Token) -> tuple[str, ...]:
    """Why nothing is said of it, with its last close: of a stablecoin, whether indices wait in it at all."""
    closes = book.closes(token.symbol, PEG_DAYS)
    last = (f"Last close {dollars(closes[-1][1])} on {day(closes[-1][0])}.",) if closes else ()
    if token.kind is not TokenKind.STABLE:
        return (
            "No call: it is not among the tokens looked at this week (the top 100, and every index's members).",
            *last,
        )
    if token.symbol not in ORDER:
        said = f"A stablecoin, but none of those in which indices wait: {listed(ORDER, 'or')}."
    elif any(abs(close - 1) > PEG + ROUNDING for _, close in closes):
        said = f"A stablecoin that left its dollar by more than {percent(PEG)} lately, so no index moves into it."
    else:
        said = "A stablecoin: indices wait in such coins when risk is up."
    return (f"{said} No call is made on it.", *last)


def _holders(book: Book, token: Token, mode: str) -> Table | None:
    """Which indices hold it, or sold it this week."""
    rows, tones = [], []
    for info in book.indices():
        stored = book.decision(info.id, mode)
        lines = stored.decision.holdings if stored else ()
        for holding, whole in zip(lines, whole_weights(lines), strict=True):
            if holding.symbol == token.symbol:
                rows.append((info.title, share(whole, holding.weight), holding.action.value))
                tones.append(TONES.get(holding.action, "plain"))
    columns = (Column("Index"), Column("Weight", "right"), Column("Action"))
    return Table(columns, tuple(rows), tuple(tones)) if rows else None


def _marked(book: Book, week: WeekSignals, token: Token, mode: str) -> list[tuple[dt.date, Call, Signal]]:
    """What was said of it last week and this week."""
    weeks = [w for w in (book.previous_signals(), week) if w is not None]
    found = [(w.date, w.by_symbol().get(token.symbol)) for w in weeks]
    return [(date, book.call(signal, mode), signal) for date, signal in found if signal is not None]


COMMAND = Command(
    name="token",
    help="One token: call, odds, grade, reasons, who holds it",
    run=run,
    example="/token aave",
    params=(Param("token", "a token", "token", required=True), Param("mode", "a risk mode", "mode")),
)
