"""Remembers what the watch cried until the close of its day has answered it, and says what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import TypeAdapter

from bot.digest import Answer
from bot.phrases import DAYS, capital, day
from bot.watch import OURS, Alert, Kind, Known, Watched, step
from engine.model import Decision, MarketView, RiskStep, TokenKind
from engine.modes import mode as mode_of
from engine.panel import Panel
from engine.provisional import dry, step_next
from engine.risk import score_of, theme_components
from engine.triggers import COLLAPSE_DAYS
from storage.database import Database

CRIES = "cries"  # the agenda's name for them
KEPT = dt.timedelta(days=15)
LATEST = dt.timedelta(
    days=4
)  # for so long a cry that no close has answered waits: an old backup answers none of its own
# Each kind as the method decides on it, and in words.
TRIGGERS: Mapping[Kind, str] = {
    "collapse": "collapse", "peg": "peg_loss", "drought": "drought", "stopped": "stopped", "market": "step_up",
    "ladder": "step_up",
}  # fmt: skip
NOUNS: Mapping[Kind, str] = {
    "collapse": "the fall of {}", "peg": "{}'s slip off its dollar", "drought": "the drought of {}",
    "stopped": "the silence of {}", "market": "the fall of the market", "ladder": "the step of risk to {}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cry:
    """One state as it was cried: `at` (ISO), the `price` seen (USD; None where it is of no one token) and the `tracks`
    (`defi/balanced`) that it concerned.

    Once answered, `closed` is the day whose close was read, `held` whether the state still stood there, and `decided`
    are the tracks that a written trigger then moved.
    """

    kind: Kind
    subject: str
    at: str
    price: float | None
    tracks: tuple[str, ...]
    closed: str = ""
    held: bool = False
    decided: tuple[str, ...] = ()

    @property
    def date(self) -> dt.date:
        return dt.datetime.fromisoformat(self.at).date()


_CRIES = TypeAdapter(tuple[Cry, ...])


def read(database: Database) -> tuple[Cry, ...]:
    """Every cry that is remembered, oldest first."""
    text = database.agenda.value(CRIES)
    return _CRIES.validate_json(text) if text else ()


def remember(
    database: Database,
    alerts: Sequence[Alert],
    prices: Mapping[str, float | None],
    held: Mapping[tuple[str, str], frozenset[str]],
    now: dt.datetime,
) -> None:
    """Keep what is cried now, for the close of the day to answer; `held` are the symbols of each index and mode."""
    cried = [alert for alert in alerts if not alert.over and alert.kind not in OURS]
    at = now.astimezone(dt.UTC).isoformat(timespec="minutes")
    new = [Cry(a.kind, a.subject, at, prices.get(a.subject), tuple(_tracks(a, held))) for a in cried]
    kept = [cry for cry in read(database) if now.date() - cry.date < KEPT]
    if new:
        _write(database, (*kept, *new), now)


def _tracks(alert: Alert, held: Mapping[tuple[str, str], frozenset[str]]) -> Iterator[str]:
    if alert.kind == "ladder":
        yield alert.subject.rpartition("/")[0]
        return
    for (index, mode), symbols in held.items():
        if not alert.subject or alert.subject in symbols:
            yield f"{index}/{mode}"


def close_day(database: Database, panel: Panel, market: MarketView, decisions: Sequence[Decision]) -> None:
    """Answer what was cried before `panel.as_of` by the close that the panel ends with and what was decided on it.

    Call it before the decisions are stored: the ladder is read from the step that stood until then. A second run of the
    same day adds what it decided.
    """
    eve = (panel.as_of - dt.timedelta(days=1)).isoformat()
    cries = [cry for cry in read(database) if cry.closed or panel.as_of - cry.date <= LATEST]
    asked = [cry for cry in cries if cry.date < panel.as_of and cry.closed in ("", eve)]
    if not asked:
        return
    standing = _standing(panel, asked)
    answered = {cry: _answered(database, cry, panel, market, decisions, standing, eve) for cry in asked}
    midnight = dt.datetime.combine(panel.as_of, dt.time(), dt.UTC)
    _write(database, [answered.get(cry, cry) for cry in cries], midnight)


def _answered(
    database: Database,
    cry: Cry,
    panel: Panel,
    market: MarketView,
    decisions: Sequence[Decision],
    standing: frozenset[str],
    eve: str,
) -> Cry:
    moved = {f"{d.index}/{d.mode}" for d in decisions if _decided(cry, d)}
    decided = tuple(track for track in cry.tracks if track in moved or track in cry.decided)
    if cry.kind == "ladder":
        stands = _ladder_stands(database, cry, panel, market)
    else:
        stands = f"{cry.kind}:{cry.subject}" in standing
    return replace(cry, closed=eve, held=cry.held or stands or bool(moved), decided=decided)


def _decided(cry: Cry, decision: Decision) -> bool:
    """Whether a decision was made for what was cried."""
    if cry.kind == "ladder" and f"{decision.index}/{decision.mode}" not in cry.tracks:
        return False
    about = cry.subject if cry.kind not in ("ladder", "market") else None
    if any(c.trigger == TRIGGERS[cry.kind] and about in (None, c.about) for c in decision.causes):
        return True
    risk = decision.risk
    rose = risk is not None and risk.previous_step is not None and _place(risk.step) > _place(risk.previous_step)
    return TRIGGERS[cry.kind] == "step_up" and rose


def _standing(panel: Panel, cries: Iterable[Cry]) -> frozenset[str]:
    """Keys of the states that the day's close would have the watch enter afresh, of the tokens that were cried."""
    symbols = {cry.subject for cry in cries}
    watched, looks = [], []
    closed = np.isfinite(panel.close[-1])
    for j in np.flatnonzero(closed).tolist():
        token, closes = panel.tokens[j], panel.close[-1 - COLLAPSE_DAYS : -1, j]
        is_cried = token.symbol in symbols
        if is_cried or (token.themes and token.kind is TokenKind.COIN):
            known = tuple(float(close) for close in closes[np.isfinite(closes)])
            watched.append(Watched(token.symbol, token.kind is TokenKind.STABLE, known, not is_cried))
            looks.append(_Closed(token.symbol, float(panel.close[-1, j])))
    seen = step(Known(), watched, looks, _midnight(panel))[1]
    silent = {f"stopped:{panel.tokens[j].symbol}" for j in np.flatnonzero(~closed).tolist()}
    dried = {f"drought:{symbol}" for symbol in dry(panel, symbols)}
    return frozenset({f"{alert.kind}:{alert.subject}" for alert in seen} | silent | dried)


@dataclass(frozen=True, slots=True)
class _Closed:
    """A close as the watch looks at a price."""

    symbol: str
    price: float | None

    @property
    def confirmed(self) -> bool:
        return True

    @property
    def volumes(self) -> Mapping[str, float]:
        return {}


def _ladder_stands(database: Database, cry: Cry, panel: Panel, market: MarketView) -> bool:
    """Whether the ladder would take the step that was cried at the day's close."""
    track, _, said = cry.subject.rpartition("/")
    index, _, mode = track.partition("/")
    stored = database.decisions.latest("live", index, mode)
    if stored is None:
        return False
    risk = stored.decision.risk
    held = risk.step if risk else RiskStep.NORMAL
    score = score_of(theme_components(index, panel, market))
    return _place(step_next(score, mode_of(mode), held, stored.decision.date, panel.as_of)) >= _place(RiskStep(said))


def answers(database: Database, closed: dt.date, until: dt.date) -> tuple[Answer, ...]:
    """What became of each cry whose answer is the close of a day from `closed` up to (without) `until`."""
    found = []
    for cry in read(database):
        if closed.isoformat() <= cry.closed < until.isoformat():
            about = f"{cry.at} {cry.kind} {cry.subject.rpartition('/')[2]}"
            for track in cry.tracks:
                index, _, mode = track.partition("/")
                found.append(Answer(about, index, mode, "", said(cry, track), track in cry.decided))
            if cry.kind not in ("ladder", "market"):
                found.append(Answer(about, "", "", cry.subject, said(cry, "")))
    return tuple(found)


def lines(database: Database, index: str, mode: str, since: dt.date) -> tuple[str, ...]:
    """What was cried of an index in a mode since a day and what became of it, the newest first."""
    track = f"{index}/{mode}"
    return tuple(said(cry, track) for cry in reversed(read(database)) if track in cry.tracks and cry.date >= since)


def said(cry: Cry, track: str) -> str:
    """`The fall of AAVE, cried on Wed 25 Nov at 14:05 UTC, held to the close.`"""
    when = dt.datetime.fromisoformat(cry.at)
    noun = NOUNS[cry.kind].format(cry.subject.rpartition("/")[2])
    told = f"{capital(noun)}, cried on {DAYS[when.weekday()]} {day(when.date(), when.date())} at {when:%H:%M} UTC,"
    if not cry.closed:
        return f"{told} waits for the close at 00:00 UTC."
    close = "the close" if cry.closed == cry.date.isoformat() else f"the close of {day(_date(cry.closed), cry.date)}"
    if track in cry.decided:
        return f"{told} held to {close}."
    if cry.held:
        return f"{told} held to {close}; no rule called for a trade."
    return f"{told} was over by {close}: nothing was traded for it."


def _write(database: Database, cries: Iterable[Cry], at: dt.datetime) -> None:
    database.agenda.note(CRIES, _CRIES.dump_json(tuple(cries)).decode(), at)


def _midnight(panel: Panel) -> dt.datetime:
    return dt.datetime.combine(panel.as_of, dt.time(), dt.UTC)


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _place(step: RiskStep) -> int:
    return list(RiskStep).index(step)
