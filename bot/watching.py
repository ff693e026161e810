"""Lets the watch look every five minutes, stores what it knows with what it cries, and tells whom it concerns."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from bot import digest
from bot.cries import remember
from bot.foresight import Foresight, needed
from bot.phrases import listed
from bot.posting import Posting
from bot.reply import Button, Reply
from bot.settings import Settings
from bot.source_health import stale_sources
from bot.source_list import sources_of
from bot.supervision import until_stopped
from bot.watch import OF_A_TOKEN, OURS, Alert, Kind, Known, Look, Watched, feeds_step, step
from engine.errors import CrierError, SourceError
from engine.level import CASH
from engine.model import Token, TokenKind
from engine.modes import modes
from engine.sources.http.limits import Clock
from engine.sources.port import Source
from engine.themes import themes
from engine.triggers import COLLAPSE_DAYS
from storage.chats import Chat
from storage.database import Database

T = TypeVar("T")

EVERY = 300.0  # seconds
LATEST_CLOSE = dt.timedelta(days=2)  # old; until the day's fetch the newest close is that of the day before yesterday
KNOWN = "watch"  # the agenda's name for what the watch knows
FEEDS_EVERY = dt.timedelta(hours=1)  # the daily data is asked for a few times a day
MOST_BUTTONS = 3
WIDE: Mapping[Kind, str] = {"market": "the market", "ladder": "risk"}  # what is of no one token, as a title says it
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
    foresight: Foresight = field(default_factory=Foresight)
    _feeds_at: dt.datetime | None = field(default=None, init=False)

    async def run(self) -> None:
        while True:
            await self.look()
            if await until_stopped(self.stopping, EVERY, self.clock):
                return

    async def look(self) -> list[Alert]:
        """Look once; what is cried stands in the queue when this returns."""
        await self._look_at_feeds()
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
        return await self.store.do(lambda database: look_once(database, tokens, looks, post, self.foresight))

    async def _look_at_feeds(self) -> None:
        """Once an hour, see whether the daily data still comes; whatever becomes of it, prices are looked at."""
        now = self.clock.wall()
        if self._feeds_at is not None and dt.timedelta() <= now - self._feeds_at < FEEDS_EVERY:
            return
        self._feeds_at = now
        try:
            table = sources_of(self.settings)
            post = Posting(now, self.settings.mode, self.settings.admins)
            await self.store.do(lambda database: look_at_feeds(database, table, post))
        except CrierError as error:
            log.warning("the watch could not look at the sources: %s", error)


def told_of(database: Database) -> set[str]:
    """What any index holds live, and what any chat watches; nothing before the first live decision."""
    return _and_watched(database, _in_any(holdings(database)))


def _in_any(held: Mapping[tuple[str, str], frozenset[str]]) -> frozenset[str]:
    """The symbols that any index holds in any mode."""
    return frozenset().union(*held.values())


def _and_watched(database: Database, held: frozenset[str]) -> set[str]:
    return set(held).union(*(chat.watches for chat in database.chats.all())) if held else set()


def tokens_to_watch(database: Database) -> list[Token]:
    """The same, and as their peers the coins of all themes and those by which the ladder is read."""
    wanted = told_of(database)
    if not wanted:
        return []
    wanted |= needed(database)
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


def look_once(
    database: Database,
    tokens: Sequence[Token],
    looks: Sequence[Look],
    post: Posting,
    foresight: Foresight | None = None,
) -> list[Alert]:
    """Take one step of the watch, store what it knows, and queue what it cries, in one transaction."""
    held = holdings(database)
    in_indices = _in_any(held)
    wanted = _and_watched(database, in_indices)
    risky = frozenset(token.symbol for token in tokens if token.kind is TokenKind.COIN and token.symbol in in_indices)
    outlook = (foresight or Foresight()).outlook(database, looks, risky, post.now)
    watched = [
        Watched(t.symbol, t.kind is TokenKind.STABLE, _closes(database, t, post.now), t.symbol not in wanted)
        for t in tokens
    ]
    with database.atomic():
        known, alerts = step(_known(database), watched, looks, post.now, outlook)
        _note(database, known, alerts, post)
        cried = [alert for alert in alerts if alert.kind not in OURS]
        if cried:
            remember(database, cried, {look.symbol: look.price for look in looks}, held, post.now)
            _cry(database, cried, post, held)
    return alerts


def look_at_feeds(database: Database, table: Mapping[str, Source], post: Posting) -> list[Alert]:
    """See which sources of the daily data are stale, and tell admins of each once, and once it is over."""
    stale = stale_sources(database, post.now, table)
    with database.atomic():
        known, alerts = feeds_step(_known(database), stale, post.now)
        _note(database, known, alerts, post)
    return alerts


def _known(database: Database) -> Known:
    text = database.agenda.value(KNOWN)
    return _KNOWN.validate_json(text) if text else Known()


def _note(database: Database, known: Known, alerts: Sequence[Alert], post: Posting) -> None:
    """Store what is known, and warn admins of what is theirs."""
    database.agenda.note(KNOWN, _KNOWN.dump_json(known).decode(), post.now)
    for alert in alerts:
        if alert.kind in OURS:
            post.warn(database, f"{alert.kind}/{alert.subject}/{post.now:%Y-%m-%dT%H:%M}", alert.text)


def _closes(database: Database, token: Token, now: dt.datetime) -> tuple[float, ...]:
    """The last daily closes, none where the newest is no measure of today any more."""
    closes = database.market.closes(token.id, COLLAPSE_DAYS)
    if not closes or now.date() - closes[-1][0] > LATEST_CLOSE:
        return ()
    return tuple(close for _, close in closes)


def _cry(
    database: Database, alerts: Sequence[Alert], post: Posting, held: Mapping[tuple[str, str], frozenset[str]]
) -> None:
    """Those whose indices hold a token hear of danger; those who only watch it, of their token."""
    of = hashlib.sha256("\n".join(f"{a.kind}:{a.subject}:{a.over}" for a in alerts).encode()).hexdigest()[:8]
    name = f"watch/{post.now:%Y-%m-%dT%H:%M}/{of}"  # a clock that is set back shows the same minute again

    def concerns(chat: Chat) -> list[Alert]:
        mode = post.mode_of(chat)
        mine = {symbol for index in chat.indices for symbol in held.get((index, mode), ())}
        tracks = {f"{index}/{mode}" for index in chat.indices}

        def is_mine(alert: Alert) -> bool:
            if alert.kind == "ladder":
                return alert.subject.rpartition("/")[0] in tracks
            return alert.subject in mine if alert.subject else bool(chat.indices)

        concerned = [alert for alert in alerts if is_mine(alert)]
        return concerned if any(not alert.over for alert in concerned) else []

    post.alert(database, name, concerns, lambda chat: said(concerns(chat)))
    post.watched(
        database,
        f"{name}/tokens",
        lambda chat: said([a for a in alerts if a.subject in chat.watches and a not in concerns(chat)]),
    )


def said(alerts: Sequence[Alert]) -> Reply | None:
    """One message for several alerts, the gravest first; None where none is of something that lasts."""
    if all(alert.over for alert in alerts):
        return None
    ordered = _joined(sorted(alerts, key=lambda alert: -alert.level))
    subjects = [alert.subject for alert in ordered if alert.kind in OF_A_TOKEN and not alert.over]
    kinds = {alert.kind for alert in alerts if not alert.over}
    wide = [name for kind, name in WIDE.items() if kind in kinds]
    about = ", ".join([*wide, *subjects[:MOST_BUTTONS]])
    return digest.posted(
        Reply(
            title=f"Danger: {about}",
            text=tuple(alert.text for alert in ordered),
            after=("What the indices do about it is decided at 00:00 UTC, on the day's close, by the written rules.",),
            note=("Prices of this moment, confirmed by a second source. Not advice.",),
            buttons=(
                *(Button(symbol, f"/token {symbol.lower()}") for symbol in subjects[:MOST_BUTTONS]),
                *([Button("Risk", "/risk")] if wide else []),
            ),
        )
    )


def _joined(alerts: Sequence[Alert]) -> list[Alert]:
    """What is said alike of several ladders, once with their names: `For DeFi and AI risk would rise ...`."""
    names: dict[str, list[str]] = {}
    for alert in alerts:
        if alert.kind == "ladder":
            names.setdefault(alert.text, []).append(themes()[alert.subject.partition("/")[0]].title)
    return [
        replace(alert, text=f"For {listed(names.pop(alert.text))} {alert.text}") if alert.kind == "ladder" else alert
        for alert in alerts
        if alert.kind != "ladder" or alert.text in names
    ]
