"""The watch between two closes, as a pure step: from what was known and prices now to what is known, and what to cry.

It cries when a state changes and is quiet while it lasts: each state is entered past one bound, on a price that a
second source confirms, and left only past another. What it knows is stored with what it cried: no restart repeats it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal, Protocol

from bot.phrases import dollars, percent
from engine.stablecoins import PEG, ROUNDING
from engine.triggers import COLLAPSE, COLLAPSE_ALONE, COLLAPSE_DAYS

Kind = Literal["collapse", "peg", "market", "stopped", "blind"]

# Entered past the first bound, left past the second. Collapse and peg are entered by the method's own bounds.
COLLAPSE_OVER = -0.30
PEG_OVER = 0.005
MARKET, MARKET_OVER = -0.15, -0.10  # the median coin since the last close
STOPPED_AFTER = dt.timedelta(hours=1)
BLIND_SHARE = 0.5  # of the tokens without any price: then it is our sight that fails, and nothing is said of them
BLIND_AFTER = dt.timedelta(minutes=30)
MERGED_OVER = dt.timedelta(minutes=30)  # after an alert the next ones are told together, graver ones at once
LEVELS: Mapping[Kind, int] = {"collapse": 2, "peg": 2, "market": 3, "stopped": 1, "blind": 0}
OVER_LEVEL = 1  # of what has passed


class Look(Protocol):
    """A token's price now, None where nobody says one; `confirmed` where a second source agrees."""

    @property
    def symbol(self) -> str: ...

    @property
    def price(self) -> float | None: ...

    @property
    def confirmed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """One token that is looked at: `closes` are its last daily ones, the newest last; a stablecoin needs none. Of a
    `peer` nothing is said: it only tells what the others did."""

    symbol: str
    stable: bool
    closes: tuple[float, ...] = ()
    peer: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """A state that was entered (or left, `over`): what is said of it, and how grave it is."""

    kind: Kind
    subject: str
    text: str
    level: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the watch knows: states by key (`peg:USDC`) with the instant they were entered, tokens without a price since
    when, alerts that wait to be told together, and when the last ones were told how gravely."""

    states: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    pending: tuple[Alert, ...] = ()
    told_at: str = ""
    told_level: int = 0


def step(known: Known, tokens: Sequence[Watched], looks: Sequence[Look], now: dt.datetime) -> tuple[Known, list[Alert]]:
    """Look once, and return what is known now with what is to be cried now."""
    seen = {look.symbol: look for look in looks}
    ours = [token for token in tokens if not token.peer]
    silent = _silence(known, ours, seen, now)
    blind = bool(ours) and len(silent) > BLIND_SHARE * len(ours)
    found = list(_changes(known, tokens, seen, silent, blind, now))
    states = dict(known.states)
    for alert in found:
        key = f"{alert.kind}:{alert.subject}"
        if alert.over:
            states.pop(key, None)
        else:
            states[key] = _text(now)
    return _tell(replace(known, states=states, silent=silent), found, now)


def _silence(known: Known, tokens: Sequence[Watched], seen: Mapping[str, Look], now: dt.datetime) -> dict[str, str]:
    """{token without a price: since when}."""
    without = (token.symbol for token in tokens if _price(seen.get(token.symbol)) is None)
    return {symbol: known.silent.get(symbol, _text(now)) for symbol in without}


def _changes(
    known: Known,
    tokens: Sequence[Watched],
    seen: Mapping[str, Look],
    silent: Mapping[str, str],
    blind: bool,
    now: dt.datetime,
) -> Iterator[Alert]:
    yield from _blind(known, silent, blind, now)
    if blind:
        return
    coins = [token for token in tokens if not token.stable]
    falls = [_fall(coins, seen, days) for days in range(1, COLLAPSE_DAYS + 1)]
    yield from _market(known, coins, falls[0])
    for token in tokens:
        if token.peer:
            continue
        look = seen.get(token.symbol)
        price = _price(look)
        yield from _stopped(known, token, silent, now)
        if look is None or price is None or not look.confirmed:
            continue
        yield from _peg(known, token, price) if token.stable else _collapse(known, token, falls)


def _fall(coins: Sequence[Watched], seen: Mapping[str, Look], days: int) -> dict[str, float]:
    """{coin: its move since its close so many days ago}, of those whose price is confirmed."""
    moves = {}
    for coin in coins:
        look = seen.get(coin.symbol)
        price = _price(look)
        if look is not None and look.confirmed and price is not None and len(coin.closes) >= days:
            moves[coin.symbol] = price / coin.closes[-days] - 1
    return moves


def _collapse(known: Known, token: Watched, falls: Sequence[Mapping[str, float]]) -> Iterator[Alert]:
    moves = [(fall[token.symbol], median(fall.values())) for fall in falls if token.symbol in fall]
    if not moves:
        return
    deepest = min(move for move, _ in moves)
    if _holds(known, "collapse", token.symbol):
        if deepest > COLLAPSE_OVER:
            yield _over("collapse", token.symbol, f"{token.symbol} stands well above its worst price again.")
    elif any(move <= COLLAPSE and move - middle <= COLLAPSE_ALONE for move, middle in moves):
        days = next(n for n, (move, _) in enumerate(moves, 1) if move == deepest)
        since = "the last close" if days == 1 else f"the close {days} days ago"
        text = f"{token.symbol} fell {percent(-deepest)} since {since}, far more than its peers."
        yield Alert("collapse", token.symbol, text, LEVELS["collapse"])


def _peg(known: Known, token: Watched, price: float) -> Iterator[Alert]:
    gap = abs(price - 1)
    if _holds(known, "peg", token.symbol):
        if gap < PEG_OVER:
            yield _over("peg", token.symbol, f"{token.symbol} is back at its dollar ({dollars(price)}).")
    elif gap > PEG + ROUNDING:
        yield Alert("peg", token.symbol, f"{token.symbol} stands at {dollars(price)}, off its dollar.", LEVELS["peg"])


def _market(known: Known, coins: Sequence[Watched], moves: Mapping[str, float]) -> Iterator[Alert]:
    """One token's news is not the market's: at least half of the coins must be seen."""
    if len(moves) < max(3, len(coins) / 2):
        return
    middle = median(moves.values())
    if _holds(known, "market", ""):
        if middle > MARKET_OVER:
            yield _over("market", "", "The market has left the worst of its fall behind.")
    elif middle <= MARKET:
        text = f"The market falls: half of the coins lost {percent(-middle)} or more since the last close."
        yield Alert("market", "", text, LEVELS["market"])


def _stopped(known: Known, token: Watched, silent: Mapping[str, str], now: dt.datetime) -> Iterator[Alert]:
    since = silent.get(token.symbol)
    if since is None:
        if _holds(known, "stopped", token.symbol):
            yield _over("stopped", token.symbol, f"{token.symbol} has a price again.")
    elif not _holds(known, "stopped", token.symbol) and now - _instant(since) >= STOPPED_AFTER:
        text = f"{token.symbol} has had no price for an hour on any exchange we ask."
        yield Alert("stopped", token.symbol, text, LEVELS["stopped"])


def _blind(known: Known, silent: Mapping[str, str], blind: bool, now: dt.datetime) -> Iterator[Alert]:
    """For admins alone: hardly any price comes in."""
    if _holds(known, "blind", ""):
        if not blind:
            yield _over("blind", "", "The watch sees prices again.")
    elif blind and now - min(_instant(since) for since in silent.values()) >= BLIND_AFTER:
        yield Alert("blind", "", "The watch has hardly seen a price for half an hour: see /status.", LEVELS["blind"])


def _tell(known: Known, found: Sequence[Alert], now: dt.datetime) -> tuple[Known, list[Alert]]:
    """What is cried now: all that waits, at once where the last alert lies back or something graver came."""
    ours = [alert for alert in found if alert.kind == "blind"]
    waiting = _without_reversals((*known.pending, *(alert for alert in found if alert.kind != "blind")))
    gravest = max((alert.level for alert in waiting), default=0)
    rested = not known.told_at or not dt.timedelta() <= now - _instant(known.told_at) < MERGED_OVER
    if not waiting or not (rested or gravest > known.told_level):
        return replace(known, pending=waiting), ours
    return replace(known, pending=(), told_at=_text(now), told_level=gravest), [*waiting, *ours]


def _without_reversals(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """A state that was entered and left again before anybody heard of it is no news."""
    kept: dict[tuple[Kind, str], Alert] = {}
    for alert in alerts:
        key = (alert.kind, alert.subject)
        before = kept.pop(key, None)
        if before is None or before.over == alert.over:
            kept[key] = alert
    return tuple(kept.values())


def _holds(known: Known, kind: Kind, subject: str) -> bool:
    return f"{kind}:{subject}" in known.states


def _over(kind: Kind, subject: str, text: str) -> Alert:
    return Alert(kind, subject, text, OVER_LEVEL if LEVELS[kind] else 0, over=True)


def _price(look: Look | None) -> float | None:
    """A price that can be one."""
    if look is None or look.price is None or not math.isfinite(look.price) or look.price <= 0:
        return None
    return look.price


def _text(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds")


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
