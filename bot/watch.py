"""The watch between two closes, as a pure step: from what was known and prices now to what is known, and what to cry.

It cries when a state changes and is quiet while it lasts: each state is entered past one bound, on a price that a
second source confirms, and left only past another. What it knows is stored with what it cried: no restart repeats it.
A step of the ladder is only what would be if the day closed now: once cried, the day's close answers it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal, Protocol

from bot.phrases import dollars, percent
from engine.model import RiskStep
from engine.stablecoins import PEG, ROUNDING
from engine.triggers import COLLAPSE, COLLAPSE_ALONE, COLLAPSE_DAYS, DROUGHT

Kind = Literal["collapse", "peg", "drought", "stopped", "market", "ladder", "blind", "stale"]

# Entered past the first bound, left past the second. Collapse and peg are entered by the method's own bounds.
COLLAPSE_OVER = -0.30
PEG_OVER = 0.005
MARKET, MARKET_OVER = -0.15, -0.10  # the median coin since the last close
STOPPED_AFTER = dt.timedelta(hours=1)
BLIND_SHARE = 0.5  # of the tokens without any price: then it is our sight that fails, and nothing is said of them
BLIND_AFTER = dt.timedelta(minutes=30)
MERGED_OVER = dt.timedelta(minutes=30)  # after an alert the next ones are told together, graver ones at once
LEVELS: Mapping[Kind, int] = {
    "collapse": 2, "peg": 2, "drought": 1, "stopped": 1, "market": 3, "blind": 0, "stale": 0,
}  # fmt: skip
STEP_LEVELS = {step: 2 + place for place, step in enumerate(RiskStep)}  # of a step that the ladder would take
OVER_LEVEL = 1  # of what has passed
OURS: frozenset[Kind] = frozenset({"blind", "stale"})  # told to admins alone
OF_A_TOKEN: frozenset[Kind] = frozenset({"collapse", "peg", "drought", "stopped"})


class Look(Protocol):
    """A token's price now, None where nobody says one; `confirmed` where a second source agrees; `volumes` are what
    venues traded of it in 24 hours, USD."""

    @property
    def symbol(self) -> str: ...

    @property
    def price(self) -> float | None: ...

    @property
    def confirmed(self) -> bool: ...

    @property
    def volumes(self) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """One token that is looked at: `closes` are its last daily ones, the newest last; a stablecoin needs none. Of a
    `peer` nothing is said: it only tells what the others did."""

    symbol: str
    stable: bool
    closes: tuple[float, ...] = ()
    peer: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """An index in a mode on the ladder: the step `held`, the one that it `would` surely take if the day closed now, the
    one that it is still `near`, and the `score` from 0 to 100."""

    index: str
    mode: str
    held: RiskStep
    would: RiskStep
    near: RiskStep
    score: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the method's rules would read if the day closed now: of tokens `measured` by their volume, those that are
    `dry` on all venues asked together, and those `nearly_dry` on their own one."""

    rungs: tuple[Rung, ...] = ()
    measured: frozenset[str] = frozenset()
    dry: frozenset[str] = frozenset()
    nearly_dry: frozenset[str] = frozenset()


NOTHING_READ = Outlook()


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


def step(
    known: Known,
    tokens: Sequence[Watched],
    looks: Sequence[Look],
    now: dt.datetime,
    outlook: Outlook = NOTHING_READ,
) -> tuple[Known, list[Alert]]:
    """Look once, and return what is known now with what is to be cried now."""
    seen = {look.symbol: look for look in looks}
    ours = [token for token in tokens if not token.peer]
    known = _without_past(known, ours, outlook, now)
    silent = _silence(known, ours, seen, now)
    blind = bool(ours) and len(silent) > BLIND_SHARE * len(ours)
    found = list(_changes(known, tokens, seen, silent, blind, now, outlook))
    return _tell(_entered(replace(known, silent=silent), found, now), found, now)


def feeds_step(known: Known, stale: Mapping[str, str], now: dt.datetime) -> tuple[Known, list[Alert]]:
    """The same for the sources of the daily data: `stale` says of each that is so what is wrong with it."""
    found = list(_feeds(known, stale))
    return _entered(known, found, now), found


def _entered(known: Known, found: Sequence[Alert], now: dt.datetime) -> Known:
    """The same with these states entered, or left."""
    states = dict(known.states)
    for alert in found:
        key = f"{alert.kind}:{alert.subject}"
        if alert.over:
            states.pop(key, None)
        else:
            states[key] = _text(now)
    return replace(known, states=states)


def _without_past(known: Known, ours: Sequence[Watched], outlook: Outlook, now: dt.datetime) -> Known:
    """Forget, without a word, the states of tokens that are no longer held or watched, and the steps that the ladder
    took, or that the close of their day has answered and the next reading is no longer near."""
    watched = {token.symbol for token in ours}
    rungs = {rung_key(rung): rung for rung in outlook.rungs}

    def stays(key: str, since: str) -> bool:
        kind, _, subject = key.partition(":")
        if kind in OF_A_TOKEN:
            return subject in watched
        track, _, step = subject.rpartition("/")
        if kind != "ladder" or track not in rungs:
            return True
        rung, place = rungs[track], _place(RiskStep(step))
        is_answered = _instant(since).date() < now.date() and place > _place(rung.near)
        return place > _place(rung.held) and not is_answered

    return replace(known, states={key: since for key, since in known.states.items() if stays(key, since)})


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
    outlook: Outlook,
) -> Iterator[Alert]:
    yield from _blind(known, silent, blind, now)
    if blind:
        return
    for rung in outlook.rungs:
        yield from _ladder(known, rung)
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
        if token.stable:
            yield from _peg(known, token, price)
        else:
            yield from _collapse(known, token, falls)
            yield from _drought(known, token.symbol, outlook)


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


def _drought(known: Known, symbol: str, outlook: Outlook) -> Iterator[Alert]:
    if symbol not in outlook.measured:
        return
    if _holds(known, "drought", symbol):
        if symbol not in outlook.nearly_dry:
            yield _over("drought", symbol, f"{symbol} is traded again.")
    elif symbol in outlook.dry:
        text = f"{symbol} has hardly been traded for three days: under {percent(DROUGHT)} of its usual volume."
        yield Alert("drought", symbol, text, LEVELS["drought"])


def _ladder(known: Known, rung: Rung) -> Iterator[Alert]:
    """Cried once a step: whether it is taken the close will say."""
    track = rung_key(rung)
    cried = [RiskStep(step) for step in RiskStep if _holds(known, "ladder", f"{track}/{step.value}")]
    if _place(rung.would) > max(map(_place, (rung.held, *cried))):
        least = "" if rung.would is RiskStep.EXTREME else "at least "
        text = (
            f"risk would rise from {rung.held.value} to {least}{rung.would.value} if the day closed now "
            f"({rung.score:.0f} of 100)."
        )
        yield Alert("ladder", f"{track}/{rung.would.value}", text, STEP_LEVELS[rung.would])


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


def _feeds(known: Known, stale: Mapping[str, str]) -> Iterator[Alert]:
    """For admins alone: a source says nothing new any more."""
    for source in stale:
        if not _holds(known, "stale", source):
            yield Alert("stale", source, f"{source} is stale: {stale[source]}.", LEVELS["stale"])
    for source in (key.partition(":")[2] for key in known.states if key.startswith("stale:")):
        if source not in stale:
            yield _over("stale", source, f"{source} is up to date again.")


def _tell(known: Known, found: Sequence[Alert], now: dt.datetime) -> tuple[Known, list[Alert]]:
    """What is cried now: all that waits, at once where the last alert lies back or something graver came.

    That something has passed is told beside what has not, and is no message of its own: the close answers every cry.
    """
    ours = [alert for alert in found if alert.kind in OURS]
    waiting = _without_reversals((*known.pending, *(alert for alert in found if alert.kind not in OURS)))
    gravest = max((alert.level for alert in waiting), default=0)
    rested = not known.told_at or not dt.timedelta() <= now - _instant(known.told_at) < MERGED_OVER
    if rested and all(alert.over for alert in waiting):
        return replace(known, pending=()), ours
    if not (rested or gravest > known.told_level):
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


def rung_key(rung: Rung) -> str:
    """`defi/balanced`, by which an index in a mode is known here."""
    return f"{rung.index}/{rung.mode}"


def _place(step: RiskStep) -> int:
    return list(RiskStep).index(step)


def _price(look: Look | None) -> float | None:
    """A price that can be one."""
    if look is None or look.price is None or not math.isfinite(look.price) or look.price <= 0:
        return None
    return look.price


def _text(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds")


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
