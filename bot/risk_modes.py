"""The three risk modes side by side, what another one would change for a chat, and the change once it is confirmed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.book import Book, IndexInfo, first_comes
from bot.command import Request
from bot.desk import Desk
from bot.figures import Growth, growth
from bot.phrases import day, dollars, listed, signed_percent, unzero
from bot.reply import Button, Column, Reply, Table
from bot.screen import STAKE, in_stablecoins, kept, labelled, level_line, loud, title, view
from engine.model import RiskStep
from engine.modes import Mode, modes
from engine.themes import theme

MOST_NAMES = 5  # tokens that only one of two modes holds, named for one index


def side_by_side(book: Book, infos: Sequence[IndexInfo], mine: str) -> Reply:
    """Level since the same day, worst fall and stablecoins now of every mode, and the rules in which they differ."""
    status = book.status()
    start = _common_start(book, infos, book.modes())
    rows = [row for info in infos for row in _figures(book, info, start)]
    about = f": {infos[0].title}" if len(infos) == 1 else ""
    columns = (Column("Index"), *(Column(name.capitalize(), "right") for name in book.modes()))
    scale = theme(infos[0].id).cap_scale if len(infos) == 1 else 1.0
    since = (f"Since {day(start)}, after costs.",) if start else (first_comes(book),)
    return Reply(
        title=loud(f"Risk modes{about} ({labelled(f'this chat follows {mine}', status)})", status),
        text=since,
        table=Table(columns, tuple(rows)),
        after=(f"What differs: {' / '.join(book.modes())}.", *_rules(list(modes().values()), scale)),
        note=("An admin of this chat chooses: /mode with one of them.",),
        buttons=tuple(Button(name.capitalize(), f"/mode {name}") for name in book.modes() if name != mine),
    )


def differences(book: Book, wanted: str, mine: str) -> Reply:
    """What a chat that follows `mine` would see change under `wanted`."""
    status, infos, both = book.status(), book.indices(), (mine, wanted)
    start = _common_start(book, infos, both)
    rows = tuple(_row(book, info, name, start) for info in infos for name in both)
    columns = (
        Column("Index"),
        Column("Mode"),
        Column("Stablecoins", "right"),
        Column("$1,000 is", "right"),
        Column("Worst fall", "right"),
    )
    return Reply(
        title=loud(f"Follow {wanted} instead of {mine}? ({labelled('nothing is changed yet', status)})", status),
        text=(f"Since {day(start)}, after costs.",) if start else (first_comes(book),),
        table=Table(columns, rows),
        after=tuple(line for info in infos for line in _only(book, info, wanted, mine)),
    )


def refuse_mode(request: Request, book: Book, mode: str) -> str | None:
    """Why following a mode would change nothing, None where it does."""
    if mode not in book.modes():
        return f"There is no {mode} mode any more: there are {listed(book.modes())}."
    if book.followed(request.person) == mode:
        return f"This chat follows the {mode} mode already, nothing was changed."
    return None


def followed(request: Request, desk: Desk, mode: str) -> Reply:
    """Let the chat follow the mode, and show the head of every index's card in it."""
    desk.follow(request.person, mode)
    shown = [view(desk, info, mode) for info in desk.indices() if desk.decision(info.id, mode)]
    return Reply(
        title=f"This chat now follows the {mode} mode",
        text=tuple(f"{title(v)}: {level_line(v)}" for v in shown) or (first_comes(desk),),
        buttons=tuple(Button(v.info.title, f"/index {v.info.id}") for v in shown),
    )


def _common_start(book: Book, infos: Sequence[IndexInfo], names: Sequence[str]) -> dt.date | None:
    """The first day from which every mode of these indices has a level, so that none gets a head start."""
    status = book.status()
    firsts = [points[0].date for info in infos for name in names if (points := book.levels(info.id, name))]
    if status.ledger == "live" and status.live_start:
        firsts.append(status.live_start)
    return max(firsts) if firsts else None


def _growth(book: Book, info: IndexInfo, name: str, start: dt.date | None) -> Growth | None:
    return growth(book.levels(info.id, name), start)


def _figures(book: Book, info: IndexInfo, start: dt.date | None) -> list[tuple[str, ...]]:
    """Three rows of an index: what a stake became, the worst fall, what waits in stablecoins now."""
    grown = [_growth(book, info, name, start) for name in book.modes()]
    return [
        (f"{info.title}: {dollars(STAKE)} is", *(dollars(STAKE * g.now) if g else "" for g in grown)),
        ("worst fall", *(signed_percent(g.worst_fall()) if g else "" for g in grown)),
        ("stablecoins", *(_stable(book, info, name) for name in book.modes())),
    ]


def _stable(book: Book, info: IndexInfo, name: str) -> str:
    stored = book.decision(info.id, name)
    return f"{in_stablecoins(stored.decision)} %" if stored else "not yet"


def _row(book: Book, info: IndexInfo, name: str, start: dt.date | None) -> tuple[str, ...]:
    grown = _growth(book, info, name, start)
    figures = (dollars(STAKE * grown.now), signed_percent(grown.worst_fall())) if grown else ("", "")
    return info.title, name, _stable(book, info, name), *figures


def _only(book: Book, info: IndexInfo, wanted: str, mine: str) -> list[str]:
    """`DeFi: only conservative holds CRV; only balanced holds GMX and LDO.`"""
    held = {name: _held(book, info, name) for name in (wanted, mine)}
    parts = [
        f"only {name} holds {_named(held[name] - held[other])}"
        for name, other in ((wanted, mine), (mine, wanted))
        if held[name] - held[other]
    ]
    if parts:
        return [f"{info.title}: {'; '.join(parts)}."]
    return [f"{info.title}: the same tokens, in other shares."] if held[wanted] else []


def _held(book: Book, info: IndexInfo, name: str) -> set[str]:
    stored = book.decision(info.id, name)
    return {holding.symbol for holding, _ in kept(stored.decision) if not holding.stable} if stored else set()


def _named(symbols: set[str]) -> str:
    names = sorted(symbols)
    return listed([*names[:MOST_NAMES], f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else names)


def _rules(entries: Sequence[Mode], scale: float) -> list[str]:
    """The numbers in which modes differ, in the order of the modes; one token's cap as the index scales it."""
    steps = "; ".join(f"{step.value} {_each([e.stablecoin_share(step) for e in entries])}" for step in RiskStep)
    return [
        f"Most of one token: {_each([min(e.token_cap * scale, 1.0) for e in entries])}.",
        f"Most in volatile tokens: {_each([e.volatile_cap for e in entries])}; "
        f"in illiquid ones: {_each([e.illiquid_cap for e in entries])}.",
        f"At least in stablecoins at each step of risk: {steps}.",
    ]


def _each(values: Sequence[float]) -> str:
    return f"{' / '.join(unzero(100 * value, 0) for value in values)} %"
