"""The API: one table of routes, from which requests are served, checked and described."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlencode

from bot.book import IndexInfo, decided, spoken
from bot.catalogue import to_dict
from bot.drawings import HISTORY
from bot.shelf import DatabaseBook
from bot.web import answers as a, records
from bot.web.door import Shelf
from bot.web.route import Asked, NotHere, Parameter, Route
from engine.features import CATALOGUE, FAMILIES
from engine.model import LEDGERS, PASSIVE, Ledger, Token
from engine.modes import DEFAULT_MODE, modes
from engine.themes import themes

MOST_BYTES = 1_000_000  # of entries' bodies in one page

INDEX = Parameter("index", "path", "An index.", {"type": "string", "enum": [*themes()]})
MODE = Parameter("mode", "query", "A risk mode.", {"type": "string", "enum": [*modes()], "default": DEFAULT_MODE})
SYMBOL = Parameter(
    "symbol",
    "path",
    "A token's symbol.",
    {"type": "string", "pattern": r"^[^\x00-\x20\x7f-\xa0]{1,40}$", "description": "a token's symbol, like AAVE"},
)
LEDGER = Parameter("ledger", "path", "A ledger of the journal.", {"type": "string", "enum": [*LEDGERS]})
SEQ = Parameter("seq", "path", "An entry's number.", {"type": "integer", "minimum": 1, "maximum": 10**9})
HEAD = Parameter(
    "head",
    "path",
    "A head from an announcement.",
    {"type": "string", "pattern": r"^[0-9a-f]{32,64}$", "description": "32 to 64 hex digits, as announcements end"},
)
FAMILY = Parameter("family", "query", "Only this family of data points.", {"type": "string", "enum": [*FAMILIES]})
AFTER = Parameter(
    "after",
    "query",
    "Entries that follow this number.",
    {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0},
)
SINCE = Parameter("since", "query", "The first day.", {"type": "string", "format": "date", "default": "2000-01-01"})


def limit(default: int, most: int) -> Parameter:
    """How many of a list a page holds."""
    return Parameter(
        "limit",
        "query",
        "How many of them.",
        {"type": "integer", "minimum": 1, "maximum": most, "default": default},
    )


def skip(most: int = 100_000) -> Parameter:
    """How many of a list to leave out."""
    return Parameter(
        "skip", "query", "How many to leave out.", {"type": "integer", "minimum": 0, "maximum": most, "default": 0}
    )


def info(book: DatabaseBook, index: str) -> IndexInfo:
    return next(entry for entry in book.indices() if entry.id == index)


def token(shelf: Shelf, symbol: str) -> Token:
    """The token with exactly this symbol, in any case; NotHere where there is none."""
    found = [t for t in shelf.book.find_tokens(symbol) if t.symbol.casefold() == symbol.casefold()]
    if not found:
        raise NotHere(f"There is no token {symbol} here.")
    return found[0]


def about_of(shelf: Shelf) -> a.About:
    return records.about(shelf.book.status())


def _next(path: str, **query: object) -> str:
    return f"/api/v1{path}?{urlencode(query)}"


def status(shelf: Shelf, asked: Asked) -> a.StatusAnswer:
    now = shelf.book.status()
    return a.StatusAnswer(
        about=records.about(now),
        last_week=now.last_week,
        next_decision=now.next_decision,
        live_start=now.live_start,
        first_date=now.first_date,
        last_date=now.last_date,
        tokens=now.tokens,
        entries=now.entries,
        head=now.head,
    )


def indices(shelf: Shelf, asked: Asked) -> a.IndicesAnswer:
    now = shelf.book.status()
    lines = tuple(records.index_line(shelf, entry, asked["mode"], now) for entry in shelf.book.indices())
    return a.IndicesAnswer(records.about(now), lines)


def holdings(shelf: Shelf, asked: Asked) -> a.HoldingsAnswer:
    stored = decided(shelf.book, info(shelf.book, asked["index"]), asked["mode"])
    return a.HoldingsAnswer(about_of(shelf), records.decision_line(stored))


def history(shelf: Shelf, asked: Asked) -> a.HistoryAnswer:
    index, mode, left, count = asked["index"], asked["mode"], asked["skip"], asked["limit"]
    found = list(shelf.book.history(index, mode, min(left + count + 1, HISTORY)))[left:]
    more = len(found) > count
    following = _next(f"/indices/{index}/history", mode=mode, limit=count, skip=left + count) if more else None
    lines = tuple(records.decision_line(stored) for stored in found[:count])
    return a.HistoryAnswer(about_of(shelf), lines, following)


def performance(shelf: Shelf, asked: Asked) -> a.PerformanceAnswer:
    index, mode, count = asked["index"], asked["mode"], asked["limit"]
    since = dt.date.fromisoformat(asked["since"])
    points = [point for point in shelf.book.levels(index, mode) if point.date >= since]
    twin = {point.date: point.net for point in shelf.book.levels(index, PASSIVE)}
    left = asked["skip"]
    more = len(points) > left + count
    query = {"mode": mode, "since": asked["since"], "limit": count, "skip": left + count}
    return a.PerformanceAnswer(
        about=about_of(shelf),
        index=index,
        mode=mode,
        live_start=shelf.book.status().live_start,
        levels=tuple(
            a.LevelLine(p.date, p.net, p.gross, p.stablecoin_share, twin.get(p.date))
            for p in points[left : left + count]
        ),
        next=_next(f"/indices/{index}/performance", **query) if more else None,
    )


def signals(shelf: Shelf, asked: Asked) -> a.SignalsAnswer:
    week, mode, left, count = spoken(shelf.book), asked["mode"], asked["skip"], asked["limit"]
    ranked = sorted(week.signals, key=lambda s: (s.abstained is not None, -s.conviction, s.symbol))
    more = len(ranked) > left + count
    return a.SignalsAnswer(
        about=about_of(shelf),
        date=week.date,
        mode=mode,
        market_rises=week.market.p_up,
        market_rises_base=week.market.base_up,
        silenced=week.silenced,
        signals=tuple(records.signal_line(shelf, s, mode) for s in ranked[left : left + count]),
        next=_next("/signals", mode=mode, limit=count, skip=left + count) if more else None,
    )


def grade(shelf: Shelf, asked: Asked) -> a.GradeAnswer:
    week, found, mode = spoken(shelf.book), token(shelf, asked["symbol"]), asked["mode"]
    signal = week.by_symbol().get(found.symbol)
    if signal is None:
        raise NotHere(f"Nothing is said of {found.symbol} this week.")
    return a.GradeAnswer(
        about=about_of(shelf),
        symbol=found.symbol,
        name=found.name,
        date=week.date,
        mode=mode,
        signal=records.signal_line(shelf, signal, mode),
        families=records.family_lines(signal),
        reasons=records.reason_lines(signal),
        holders=holders(shelf, found.symbol, mode),
    )


def holders(shelf: Shelf, symbol: str, mode: str) -> tuple[a.HolderLine, ...]:
    """The indices whose newest decision names a token."""
    stored = [(entry.id, shelf.book.decision(entry.id, mode)) for entry in shelf.book.indices()]
    return tuple(
        a.HolderLine(index, line.weight, line.action.value)
        for index, found in stored
        if found
        for line in found.decision.holdings
        if line.symbol == symbol
    )


def scoreboard(shelf: Shelf, asked: Asked) -> a.ScoreboardAnswer:
    return a.ScoreboardAnswer(about_of(shelf), tuple(records.record_line(skill) for skill in shelf.book.skills()))


def features(shelf: Shelf, asked: Asked) -> a.FeaturesAnswer:
    chosen = [entry for entry in CATALOGUE.values() if asked.get("family") in (None, entry.family)]
    return a.FeaturesAnswer(tuple(a.FeatureLine(**to_dict(entry)) for entry in chosen))  # type: ignore[arg-type]


def journal(shelf: Shelf, asked: Asked) -> a.JournalAnswer:
    ledger = cast(Ledger, asked["ledger"])
    found = shelf.published.entries(ledger, asked["after"], asked["limit"])
    kept = within([records.entry_line(entry) for entry in found])
    last = kept[-1].seq if kept else asked["after"]
    head = shelf.database.journal.last(ledger)
    more = head is not None and kept != [] and head.seq > last
    following = _next(f"/journal/{ledger}", limit=asked["limit"], after=last) if more else None
    return a.JournalAnswer(about_of(shelf), head.hash if head else None, tuple(kept), following)


def within(lines: Sequence[a.EntryLine], most: int = MOST_BYTES) -> list[a.EntryLine]:
    """The first of them, as many as fit, and one in any case."""
    kept: list[a.EntryLine] = []
    size = 0
    for line in lines:
        size += len(line.body)
        if kept and size > most:
            break
        kept.append(line)
    return kept


def entry(shelf: Shelf, asked: Asked) -> a.EntryLine:
    found = shelf.published.entry(cast(Ledger, asked["ledger"]), asked["seq"])
    if found is None:
        raise NotHere(f"The {asked['ledger']} journal has no entry {asked['seq']}.")
    return records.entry_line(found)


def head(shelf: Shelf, asked: Asked) -> a.HeadAnswer:
    found = shelf.database.journal.find_head(asked["head"])
    says = shelf.database.journal.told_of(asked["head"]).message
    if found is None:
        return a.HeadAnswer(about_of(shelf), False, says, None, None)
    return a.HeadAnswer(about_of(shelf), True, says, found.ledger, found.seq)


def announcements(shelf: Shelf, asked: Asked) -> a.AnnouncementsAnswer:
    mode, left, count = asked["mode"], asked["skip"], asked["limit"]
    found = shelf.published.newest(shelf.book.ledger, count + 1, mode, left)
    following = _next("/announcements", mode=mode, limit=count, skip=left + count) if len(found) > count else None
    lines = tuple(records.cried_line(cried) for cried in found[:count])
    return a.AnnouncementsAnswer(about_of(shelf), lines, following)


ROUTES: tuple[Route, ...] = (
    Route("/status", "status", "The state of this installation", a.StatusAnswer, status),
    Route("/indices", "indices", "Every index at a glance", a.IndicesAnswer, indices, (MODE,)),
    Route("/indices/{index}/holdings", "holdings", "The newest decision", a.HoldingsAnswer, holdings, (INDEX, MODE)),
    Route(
        "/indices/{index}/history",
        "history",
        "Decisions, newest first",
        a.HistoryAnswer,
        history,
        (INDEX, MODE, limit(10, 50), skip(HISTORY)),
    ),
    Route(
        "/indices/{index}/performance",
        "performance",
        "Daily levels beside just holding",
        a.PerformanceAnswer,
        performance,
        (INDEX, MODE, SINCE, limit(400, 2000), skip()),
    ),
    Route(
        "/signals", "signals", "The week's signals", a.SignalsAnswer, signals, (MODE, limit(50, 200), skip())
    ),
    Route("/grades/{symbol}", "grade", "One token's grade card", a.GradeAnswer, grade, (SYMBOL, MODE)),
    Route("/scoreboard", "scoreboard", "How past calls fared", a.ScoreboardAnswer, scoreboard),
    Route("/features", "features", "The catalogue of data points", a.FeaturesAnswer, features, (FAMILY,)),
    Route(
        "/announcements",
        "announcements",
        "Announcements, newest first",
        a.AnnouncementsAnswer,
        announcements,
        (MODE, limit(20, 50), skip()),
    ),
    Route(
        "/journal/{ledger}", "journal", "Journal entries in order", a.JournalAnswer, journal,
        (LEDGER, AFTER, limit(20, 100)),
    ),
    Route("/journal/{ledger}/{seq}", "entry", "One journal entry", a.EntryLine, entry, (LEDGER, SEQ)),
    Route("/heads/{head}", "head", "Which entry a posted head is", a.HeadAnswer, head, (HEAD,)),
)  # fmt: skip
