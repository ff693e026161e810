"""Tells the watch what the method would read if the day closed now: every index's ladder, and who has hardly traded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from bot.shelf import standing_orders
from bot.watch import NOTHING_READ, Look, Outlook, Rung
from engine.model import MarketView, RiskStep
from engine.modes import modes
from engine.panel import Panel
from engine.provisional import Day, Eve, basis, closing, dry, eve_of, scores, step_near, step_sure
from storage.database import Database

EVE = "eve"  # the agenda's name for what the day's job leaves for the watch
EASED = 0.5  # of its own venue's volume must still be a drought, or the drought is over
_EVE = TypeAdapter(Eve)


def note_eve(database: Database, panel: Panel, market: MarketView, now: dt.datetime) -> Eve:
    """Leave for the watch what it reads the day's close with."""
    eve = eve_of(panel, market)
    database.agenda.note(EVE, _EVE.dump_json(eve).decode(), now)
    return eve


@dataclass(frozen=True, eq=False)
class _Ready:
    """A day's small panel without the running day, and whose volume each token's is."""

    text: str
    held: frozenset[str]
    eve: Eve
    before: Panel
    venues: Mapping[str, str]


class Foresight:
    """Reads again and again; keeps the day's small panel between two looks (some 3 MB)."""

    def __init__(self) -> None:
        self._ready: _Ready | None = None

    def outlook(self, database: Database, looks: Iterable[Look], held: frozenset[str], now: dt.datetime) -> Outlook:
        """What would be read now of the indices, and of the tokens that are `held`; nothing before the day's job ran.

        Only prices that a second source confirms count.
        """
        ready = self._prepare(database, held)
        if ready is None or ready.eve.as_of != now.date():
            return NOTHING_READ
        sure = [look for look in looks if look.confirmed and look.price is not None and look.price > 0]
        prices = {look.symbol: look.price for look in sure if look.price is not None}
        own = {
            look.symbol: volume
            for look in sure
            if look.symbol in held and (volume := look.volumes.get(ready.venues.get(look.symbol, ""))) is not None
        }
        everywhere = {look.symbol: sum(look.volumes.values()) for look in sure if look.symbol in own}
        now_closed = closing(ready.before, ready.eve, prices, {})
        return Outlook(
            tuple(_rungs(database, scores(ready.eve, now_closed), ready.eve.as_of + dt.timedelta(days=1))),
            frozenset(own),
            dry(closing(ready.before, ready.eve, prices, everywhere), own),
            dry(closing(ready.before, ready.eve, prices, {s: EASED * volume for s, volume in own.items()}), own),
        )

    def _prepare(self, database: Database, held: frozenset[str]) -> _Ready | None:
        text = database.agenda.value(EVE)
        if text is None:
            return None
        if self._ready is None or (self._ready.text, self._ready.held) != (text, held):
            self._ready = _read(database, text, held)
        return self._ready


def needed(database: Database) -> frozenset[str]:
    """Whose prices the ladder asks for beside those that are held or watched."""
    text = database.agenda.value(EVE)
    return _EVE.validate_json(text).symbols if text else frozenset()


def _read(database: Database, text: str, held: frozenset[str]) -> _Ready:
    eve = _EVE.validate_json(text)
    wanted = eve.symbols | held
    tokens = [token for token in database.market.tokens() if token.symbol in wanted or token.symbol in eve.capital]
    names = {token.id: token.symbol for token in tokens if token.symbol in wanted}
    days: dict[str, list[Day]] = {}
    for token, date, close, volume, venue in database.market.days(names, eve.as_of - dt.timedelta(days=eve.rows)):
        days.setdefault(names[token], []).append(Day(date, close, volume, venue))
    venues = {symbol: found[-1].venue for symbol, found in days.items()}
    return _Ready(text, held, eve, basis(eve, tokens, days), venues)


def _rungs(database: Database, found: Mapping[str, float], as_of: dt.date) -> Iterable[Rung]:
    """Every index that is scored, in every mode, but one whose trades are stopped: its ladder does not move."""
    orders = standing_orders(database, "live")
    for index, score in found.items():
        if orders.paused(index, as_of) is not None:
            continue
        for mode, rules in modes().items():
            stored = database.decisions.latest("live", index, mode)
            if stored is not None:
                risk = stored.decision.risk
                held = risk.step if risk else RiskStep.NORMAL
                would = step_sure(score, rules, held, stored.decision.date, as_of)
                yield Rung(index, mode, held, would, step_near(score, rules, held, as_of), score)
