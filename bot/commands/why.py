"""/why: which rule moved a holding, and what speaks for and against it; or why an index changed this week."""

from __future__ import annotations

from itertools import takewhile

from bot.book import Book, IndexInfo, decided, spoken
from bot.command import Arguments, Command, Param, Request
from bot.phrases import capital, listed, percent, weekday_title
from bot.reply import Button, Reply
from bot.screen import (
    View,
    cause_lines,
    fill_line,
    in_stablecoins,
    labelled,
    loud,
    notes,
    paused_line,
    share,
    shares,
    strongest_point,
    view,
)
from bot.spoken import explained, said_briefly
from bot.words import rule_in_words
from engine.model import Action, Decision, Holding, Signal, Token

MOST_LINES = 12  # one phone screen
MOST_CHANGES = 8  # decisions of one week; a day has one at most


def run(request: Request, book: Book, arguments: Arguments) -> Reply:
    other = arguments.other_mode(request)
    if arguments.token is not None:
        return _token(book, arguments.token, arguments.index, arguments.mode, other)
    if arguments.index is not None:
        return _index(book, arguments.index, arguments.mode, other)
    return _all(book, arguments.mode, other)


def _token(book: Book, token: Token, only: IndexInfo | None, mode: str, other: str) -> Reply:
    """What every index (or the one asked for) did with the token, then what is said of it."""
    signal = spoken(book).by_symbol().get(token.symbol)
    infos = [only] if only else list(book.indices())
    if only is not None:
        decided(book, only, mode)
    lines = [line for info in infos for line in _told(info, _this_week(book, info, mode), token.symbol)]
    where = f"The {only.title} index" if only else "No index"
    return Reply(
        title=loud(
            f"Why {token.symbol}{f' in {only.title}' if only else ''} ({labelled(mode, book.status())})", book.status()
        ),
        text=tuple(lines) or (f"{where} {'does not hold' if only else 'holds'} it.",),
        after=_said(book, signal, mode) if signal else ("Nothing is said of it this week.",),
        note=("Simulated, not advice.",),
        buttons=(Button("Token", f"/token ={token.symbol}{other}"),),
    )


def _said(book: Book, signal: Signal, mode: str) -> tuple[str, ...]:
    """The call and what speaks for and against it, and the signal taken apart; its odds are /token's."""
    previous = book.previous_signals()
    before = previous.by_symbol().get(signal.symbol) if previous else None
    told = explained(signal, before, lambda s: book.call(s, mode))
    return (*said_briefly(signal, book.call(signal, mode)), *told)


def _this_week(book: Book, info: IndexInfo, mode: str) -> list[Decision]:
    """The decisions of an index's last decided week, newest first: those between weeks, then the weekly one."""
    newest = [stored.decision for stored in book.history(info.id, mode, MOST_CHANGES)]
    return list(takewhile(lambda decision: decision.week == newest[0].week, newest))


def _told(info: IndexInfo, decisions: list[Decision], symbol: str) -> list[str]:
    """What the newest decision did with a token, and what earlier ones of its week did unless they only held it."""
    told = []
    for decision in decisions:
        name = info.title if len(decisions) == 1 else f"{info.title}, {_named(decision)}"
        for holding, before, now in shares(decision):
            if holding.symbol == symbol and (decision is decisions[0] or holding.action is not Action.HOLD):
                told.append(f"{name}: {_moved(holding, before, now)}.")
    return told


def _named(decision: Decision) -> str:
    return f"change {decision.sequence}" if decision.sequence else "Monday"


def _moved(holding: Holding, before: int, now: int) -> str:
    """`buy more, 12 % to 18 %: strength against the others changed; strongest point: calmer than its peers`."""
    was, held = share(before, holding.from_weight), share(now, holding.weight)
    moved = held if holding.action in (Action.HOLD, Action.STUCK) or was == held else f"{was} to {held}"
    return f"{holding.action.value}, {moved}: {_because(holding)}"


def _because(holding: Holding) -> str:
    """The rule in plain words with the token's strongest point beside it; an exit's or a pause's names its rule."""
    if (holding.action in (Action.SELL, Action.STUCK) or holding.rule == "paused") and holding.reason:
        return holding.reason
    rule, point = rule_in_words(holding.rule), strongest_point(holding)
    if holding.action is Action.HOLD and holding.reason and not holding.stable:
        return f"{rule} ({holding.reason})"
    return f"{rule}; {point}" if point else rule


def _index(book: Book, info: IndexInfo, mode: str, other: str) -> Reply:
    shown = view(book, info, mode)
    decision = shown.decision
    week = weekday_title(decision, shown.status.ledger)
    moved = [line for line in shares(decision) if line[0].action is not Action.HOLD and not line[0].stable]
    moved.sort(key=lambda line: -abs(line[0].weight - line[0].from_weight))
    lines = [f"{line[0].symbol}: {_moved(*line)}." for line in moved[:MOST_LINES]]
    if len(moved) > MOST_LINES:
        lines.append(f"And {len(moved) - MOST_LINES} smaller changes.")
    earlier = [f"{capital(_named(d))}: {_summary(d)}." for d in _this_week(book, info, mode)[1:]]
    return Reply(
        title=loud(f"Why {info.title} changed, {week} ({labelled(mode, shown.status)})", shown.status),
        text=(
            *cause_lines(decision),
            *paused_line(shown),
            *((capital(decision.risk.reason),) if decision.risk else ()),
        ),
        after=(*(lines or [_unchanged(shown)]), *notes(decision), *earlier),
        note=(f"Turnover {percent(decision.turnover)}. {fill_line(shown)}", "Simulated, not advice."),
        buttons=(
            *(Button(h.symbol, f"/why ={h.symbol} {info.id}{other}") for h, _, _ in moved[:3]),
            Button("Index", f"/index {info.id}{other}"),
            Button("Risk", f"/risk {info.id}{other}"),
        ),
    )


def _unchanged(shown: View) -> str:
    if paused_line(shown):
        return "No holding changed."
    return "No holding changed: nothing moved far enough to be worth its cost."


def _all(book: Book, mode: str, other: str) -> Reply:
    lines = []
    for info in book.indices():
        stored = book.decision(info.id, mode)
        lines.append(f"{info.title}: {_newest(stored.decision) if stored else 'no decision yet'}.")
    if not any(book.decision(info.id, mode) for info in book.indices()):
        decided(book, book.indices()[0], mode)
    return Reply(
        title=loud(f"Why the indices changed ({labelled(mode, book.status())})", book.status()),
        text=tuple(lines),
        note=("More: /why with an index or a token.",),
        buttons=tuple(Button(info.title, f"/why {info.id}{other}") for info in book.indices()),
    )


def _newest(decision: Decision) -> str:
    """What the newest decision did; one made between weeks begins with its cause."""
    causes = " ".join(cause_lines(decision)).removesuffix(".")
    return f"change {decision.sequence}, {causes}; {_summary(decision)}" if causes else _summary(decision)


def _summary(decision: Decision) -> str:
    """`bought RUNE, sold LDO, risk raised, 15 % in stablecoins`."""
    parts = []
    for verb, action in (("bought", Action.BUY_NEW), ("sold", Action.SELL)):
        symbols = [h.symbol for h in decision.holdings if h.action is action and not h.stable]
        if symbols:
            parts.append(f"{verb} {listed(symbols)}")
    if decision.risk:
        parts.append(f"risk {decision.risk.step.value}")
    return ", ".join([*parts, f"{in_stablecoins(decision)} % in stablecoins"])


COMMAND = Command(
    name="why",
    help="Why an index or a holding changed",
    run=run,
    example="/why aave defi",
    params=(
        Param("subject", "a token or an index", "subject"),
        Param("index", "an index", "index"),
        Param("mode", "a risk mode", "mode"),
    ),
)
