"""Lets the watch look every five minutes, stores what it knows with what it cries, and tells whom it concerns."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from bot import digest
from bot.posting import Posting
from bot.reply import Button, Reply
from bot.settings import Settings
from bot.supervision import until_stopped
from bot.watch import Alert, Known, Look, Watched, step
from engine.errors import SourceError
from engine.level import CASH
from engine.model import Token, TokenKind
from engine.modes import modes
from engine.sources.http.limits import Clock
from engine.themes import themes
from engine.triggers import COLLAPSE_DAYS
from storage.chats import Chat
from storage.database import Database

T = TypeVar("T")

EVERY = 300.0  # seconds
LATEST_CLOSE = dt.timedelta(days=2)  # old; until the day's fetch the newest close is that of the day before yesterday
KNOWN = "watch"  # the agenda's name for what the watch knows
MOST_BUTTONS = 3
_KNOWN = TypeAdapter(Known)

Prices = Callable[[Sequence[Token], dt.datetime], Awaitable[Sequence[Look]]]

log = logging.getLogger(__name__)


class Store(Protocol):
    """Does work with the database, one after another."""

    async def do(self, work: Callable[[Database], T]) -> T: ...


@dataclass
class Watching:
    """The watch at work; `run` it until the service stops. `prices` asks live sources and may fail."""

    settings: Settings
    store: Store
    clock: Clock
    prices: Prices
    stopping: asyncio.Event

    async def run(self) -> None:
        while True:
            await self.look()
            if await until_stopped(self.stopping, EVERY, self.clock):
                return

    async def look(self) -> list[Alert]:
        """Look once; what is cried stands in the queue when this returns."""
        tokens = await self.store.do(tokens_to_watch)
        if not tokens:
            return []
        try:
            looks = await self.prices(tokens, self.clock.wall())
        except SourceError as error:
            log.warning("the watch saw no price: %s", error)
            looks = ()
        now = self.clock.wall()
        post = Posting(now, self.settings.mode, self.settings.admins)
        return await self.store.do(lambda database: look_once(database, tokens, looks, post))


def told_of(database: Database) -> set[str]:
    """What any index holds live, and what any chat watches; nothing before the first live decision."""
    wanted = {symbol for held in holdings(database).values() for symbol in held}
    return wanted | {symbol for chat in database.chats.all() for symbol in chat.watches} if wanted else set()


def tokens_to_watch(database: Database) -> list[Token]:
    """The same, and the coins of all themes as their peers."""
    wanted = told_of(database)
    if not wanted:
        return []
    return [t for t in database.market.tokens() if t.symbol in wanted or (t.themes and t.kind is TokenKind.COIN)]


def holdings(database: Database) -> dict[tuple[str, str], frozenset[str]]:
    """{(index, mode): the symbols its newest live decision holds}."""
    found = {}
    for index in themes():
        for mode in modes():
            stored = database.decisions.latest("live", index, mode)
            if stored is not None:
                lines = (line for line in stored.decision.holdings if line.weight > 0 and line.symbol != CASH)
                found[index, mode] = frozenset(line.symbol for line in lines)
    return found


def look_once(database: Database, tokens: Sequence[Token], looks: Sequence[Look], post: Posting) -> list[Alert]:
    """Take one step of the watch, store what it knows, and queue what it cries, in one transaction."""
    wanted = told_of(database)
    watched = [
        Watched(t.symbol, t.kind is TokenKind.STABLE, _closes(database, t, post.now), t.symbol not in wanted)
        for t in tokens
    ]
    with database.atomic():
        text = database.agenda.value(KNOWN)
        known, alerts = step(_KNOWN.validate_json(text) if text else Known(), watched, looks, post.now)
        database.agenda.note(KNOWN, _KNOWN.dump_json(known).decode(), post.now)
        for alert in alerts:
            if alert.kind == "blind":
                post.warn(database, f"blind/{post.now:%Y-%m-%dT%H:%M}", alert.text)
        cried = [alert for alert in alerts if alert.kind != "blind"]
        if cried:
            _cry(database, cried, post)
    return alerts


def _closes(database: Database, token: Token, now: dt.datetime) -> tuple[float, ...]:
    """The last daily closes, none where the newest is no measure of today any more."""
    closes = database.market.closes(token.id, COLLAPSE_DAYS)
    if not closes or now.date() - closes[-1][0] > LATEST_CLOSE:
        return ()
    return tuple(close for _, close in closes)


def _cry(database: Database, alerts: Sequence[Alert], post: Posting) -> None:
    """Those whose indices hold a token hear of danger; those who only watch it, of their token."""
    held = holdings(database)
    of = hashlib.sha256("\n".join(f"{a.kind}:{a.subject}:{a.over}" for a in alerts).encode()).hexdigest()[:8]
    name = f"watch/{post.now:%Y-%m-%dT%H:%M}/{of}"  # a clock that is set back shows the same minute again

    def concerns(chat: Chat) -> list[Alert]:
        mode = post.mode_of(chat)
        mine = {symbol for index in chat.indices for symbol in held.get((index, mode), ())}
        return [a for a in alerts if (a.subject in mine if a.subject else bool(chat.indices))]

    post.alert(database, name, concerns, lambda chat: said(concerns(chat)))
    post.watched(
        database,
        f"{name}/tokens",
        lambda chat: said([a for a in alerts if a.subject in chat.watches and a not in concerns(chat)]),
    )


def said(alerts: Sequence[Alert]) -> Reply | None:
    """One message for several alerts, the gravest first; None for none."""
    if not alerts:
        return None
    ordered = sorted(alerts, key=lambda alert: -alert.level)
    subjects = [alert.subject for alert in ordered if alert.subject]
    word = "All clear" if all(alert.over for alert in alerts) else "Danger"
    about = ", ".join([*(["the market"] if len(subjects) < len(ordered) else []), *subjects[:MOST_BUTTONS]])
    return digest.posted(
        Reply(
            title=f"{word}: {about}",
            text=tuple(alert.text for alert in ordered),
            after=("What the indices do about it is decided at 00:00 UTC, on the day's close, by the written rules.",),
            note=("Prices of this moment, confirmed by a second source. Not advice.",),
            buttons=tuple(Button(symbol, f"/token {symbol.lower()}") for symbol in subjects[:MOST_BUTTONS]),
        )
    )
