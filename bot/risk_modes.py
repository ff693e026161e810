"""The three risk modes side by side, what another one would change for a chat, and the change once it is confirmed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.book import Book, IndexInfo, first_comes
from bot.command import Request
from bot.desk import Desk
from bot.figures import growth
from bot.phrases import day, dollars, listed, unzero
from bot.reply import Button, Column, Reply, Table
from bot.screen import STAKE, fall, in_stablecoins, kept, labelled, level_line, loud, title, view
from engine.model import RiskStep
from engine.modes import Mode, modes
from engine.themes import theme

MORE = "How far each fell, and its stablecoins: /mode with an index."
MOST_NAMES = 5  # tokens that only one of two modes holds, named for one index


def side_by_side(book: Book, infos: Sequence[IndexInfo], mine: str) -> Reply:
    """Level since the same day of every mode and the rules in which they differ; of one index the falls and stablecoins
    as well."""
    status = book.status()
    start, one = _common_start(book, infos, book.modes()), len(infos) == 1
    scale = theme(infos[0].id).cap_scale if one else 1.0
    return Reply(
        title=loud(
            f"Risk modes{f': {infos[0].title}' if one else ''} ({labelled(f'this chat follows {mine}', status)})",
            status,
        ),
        text=(f"What {dollars(STAKE)} became since {day(start)}, after costs:",) if start else (first_comes(book),),
        table=None if start is None else _of_one(book, infos[0], start) if one else _of_all(book, infos, start),
        after=(f"What differs: {' / '.join(book.modes())}.", *_rules(list(modes().values()), scale)),
        note=("An admin of this chat chooses: /mode with one of them.", *(() if one else (MORE,))),
        buttons=tuple(Button(name.capitalize(), f"/mode {name}") for name in book.modes() if name != mine),
    )


def _of_one(book: Book, info: IndexInfo, start: dt.date) -> Table:
    """A row a mode: what a stake became, how far it fell at worst, what waits in stablecoins now."""
    columns = (Column("Mode"), Column("Now", "right"), Column("Fell", "right"), Column("Stable", "right"))
    return Table(columns, tuple(_figures(book, info, name, start) for name in book.modes()))


def _figures(book: Book, info: IndexInfo, name: str, start: dt.date) -> tuple[str, ...]:
    grown = growth(book.levels(info.id, name), start)
    return name, *((dollars(STAKE * grown.now), fall(grown, 0)) if grown else ("", "")), _stable(book, info, name)


def _of_all(book: Book, infos: Sequence[IndexInfo], start: dt.date) -> Table:
    """A row an index: what a stake became in every mode."""
    columns = (Column("Index"), *(Column(name.capitalize(), "right") for name in book.modes()))
    return Table(columns, tuple((i.title, *(_now(book, i, name, start) for name in book.modes())) for i in infos))


def _now(book: Book, info: IndexInfo, name: str, start: dt.date) -> str:
    grown = growth(book.levels(info.id, name), start)
    return dollars(STAKE * grown.now) if grown else "not yet"


def differences(book: Book, wanted: str, mine: str) -> Reply:
    """What a chat that follows `mine` would see change under `wanted`."""
    status, infos, both = book.status(), book.indices(), (mine, wanted)
    start = _common_start(book, infos, both)
    columns = (Column("Index"), *(Column(name.capitalize(), "right") for name in both))
    rows = tuple((info.title, *(_now(book, info, name, start) for name in both)) for info in infos) if start else ()
    return Reply(
        title=loud(f"Follow {wanted} instead of {mine}? ({labelled('nothing is changed yet', status)})", status),
        text=(f"What {dollars(STAKE)} became since {day(start)}, after costs:",) if start else (first_comes(book),),
        table=Table(columns, rows) if rows else None,
        after=tuple(line for info in infos for line in _changed(book, info, wanted, mine, start)),
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


def _stable(book: Book, info: IndexInfo, name: str) -> str:
    stored = book.decision(info.id, name)
    return f"{in_stablecoins(stored.decision)} %" if stored else "not yet"


def _changed(book: Book, info: IndexInfo, wanted: str, mine: str, start: dt.date | None) -> list[str]:
    """`DeFi: in stablecoins 75 % instead of 40 %, fell 7 % at worst instead of 12 %; only conservative holds CRV.`"""
    if book.decision(info.id, wanted) is None or book.decision(info.id, mine) is None:
        return []
    parts = [f"in stablecoins {_instead(_stable(book, info, wanted), _stable(book, info, mine))}"]
    grown = [growth(book.levels(info.id, name), start) for name in (wanted, mine)]
    if all(grown):
        parts.append(f"worst fall {_instead(*(fall(g, 0) for g in grown if g))}")
    return [f"{info.title}: {'; '.join([*parts, *_only(book, info, wanted, mine)])}."]


def _instead(wanted: str, mine: str) -> str:
    return f"{wanted} instead of {mine}" if wanted != mine else f"{wanted} as well"


def _only(book: Book, info: IndexInfo, wanted: str, mine: str) -> list[str]:
    """`only conservative holds CRV`, `only balanced holds GMX and LDO`."""
    held = {name: _held(book, info, name) for name in (wanted, mine)}
    return [
        f"only {name} holds {_named(held[name] - held[other])}"
        for name, other in ((wanted, mine), (mine, wanted))
        if held[name] - held[other]
    ]


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
