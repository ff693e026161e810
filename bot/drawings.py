"""Says what a chart shows, as data: levels beside just holding, weights over time, a token's card, the scoreboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from bot.book import Book, IndexInfo, Skill, StoredDecision
from bot.phrases import day, percent, telling
from bot.reply import Bar, ChartSpec, Line, Mark, Shade, Tone
from bot.screen import STAKE, View, kept, labelled, loud
from bot.spoken import FEW_CALLS
from engine.model import BASE_LEVEL, PASSIVE, Call, LevelPoint, RiskStep, Signal, Token
from engine.modes import DEFAULT_MODE

HISTORY = 1000  # decisions read for a chart: every week there is
NAMES_DRAWN = 7  # a stacked chart with more colours cannot be read on a phone
WEEKS_DRAWN = 52
PRICE_DAYS = 180
MOST_REASONS = 5  # bars under a price
CALL_TONES: dict[Call, Tone] = {Call.BULLISH: "good", Call.BEARISH: "bad", Call.NEUTRAL: "plain", Call.NO_CALL: "quiet"}


def levels_chart(book: Book, info: IndexInfo, mode: str) -> ChartSpec | None:
    """$1,000 in the index and in just holding, every step above normal shaded, the live start marked."""
    points = book.levels(info.id, mode)
    if len(points) < 2:
        return None
    status, days = book.status(), tuple(point.date for point in points)
    twin = {point.date: point.net for point in book.levels(info.id, PASSIVE)}
    lines = [Line(info.title, tuple(p.net / BASE_LEVEL * STAKE for p in points))]
    if any(date in twin for date in days):
        lines.append(Line("Just holding", _from_stake(days, twin)))
    started = status.live_start is not None and days[0] < status.live_start <= days[-1]
    marks = (Mark(status.live_start, "live from here", "strong"),) if started and status.live_start else ()
    return ChartSpec(
        kind="levels",
        title=loud(f"{info.title} ({mode}) since {day(days[0])}", status),
        days=days,
        lines=tuple(lines),
        shades=_shades(book.history(info.id, mode, HISTORY), points),
        marks=marks,
        simulated=status.simulated,
    )


def _from_stake(days: Sequence[dt.date], twin: dict[dt.date, float]) -> tuple[float | None, ...]:
    """The twin's level on the same days, worth the same stake on the eve of the first of them."""
    before = [date for date in twin if date < days[0]]
    base = twin[max(before)] if before else BASE_LEVEL
    return tuple(twin[date] / base * STAKE if date in twin else None for date in days)


def _shades(history: Sequence[StoredDecision], points: Sequence[LevelPoint]) -> tuple[Shade, ...]:
    """Stretches of one step above normal, from decision to decision, those of a step that goes on joined."""
    decisions = [stored.decision for stored in reversed(history) if stored.decision.risk]
    ends = [later.date for _, later in pairwise(decisions)] + [points[-1].date]
    shades: list[Shade] = []
    for decision, end in zip(decisions, ends, strict=False):
        start, step = max(decision.date, points[0].date), decision.risk.step if decision.risk else RiskStep.NORMAL
        if step is RiskStep.NORMAL or end <= start:
            continue
        if shades and shades[-1].end == start and shades[-1].label == step.value:
            start = shades.pop().start
        shades.append(Shade(start, end, step.value))
    return tuple(shades)


def weights_chart(book: Book, info: IndexInfo, mode: str, history: Sequence[StoredDecision]) -> ChartSpec | None:
    """Whole-percent weights after each of the last decisions: the largest names, others, stablecoins on top."""
    decisions = [stored.decision for stored in reversed(history[:WEEKS_DRAWN])]
    if len(decisions) < 2:
        return None
    weeks: list[dict[str, int]] = []
    total: dict[str, int] = {}
    for decision in decisions:
        shares = {h.symbol: whole for h, whole in kept(decision) if not h.stable}
        weeks.append(shares)
        for symbol, share in shares.items():
            total[symbol] = total.get(symbol, 0) + share
    drawn = sorted(total, key=lambda symbol: (-total[symbol], symbol))[:NAMES_DRAWN]
    lines = [Line(symbol, tuple(float(week.get(symbol, 0)) for week in weeks)) for symbol in drawn]
    others = tuple(float(sum(v for symbol, v in week.items() if symbol not in drawn)) for week in weeks)
    if any(others):
        lines.append(Line("others", others))
    lines.append(Line("stablecoins", tuple(float(100 - sum(week.values())) for week in weeks)))
    return ChartSpec(
        kind="weights",
        title=loud(f"{info.title} index ({mode}): weights", book.status()),
        days=tuple(decision.date for decision in decisions),
        lines=tuple(lines),
        simulated=book.status().simulated,
    )


def price_chart(
    book: Book, token: Token, said: Sequence[tuple[dt.date, Call, Signal]], mode: str = DEFAULT_MODE
) -> ChartSpec | None:
    """A token's closes of the last half year with every call that the record holds, the call and grade of the weeks in
    `said` named, and what speaks for and against it in the newest of them."""
    closes = book.closes(token.symbol, PRICE_DAYS)
    if len(closes) < 2:
        return None
    first, last = closes[0][0], closes[-1][0]
    named = {date for date, _, _ in said}
    past = tuple(
        Mark(told.date, "", CALL_TONES[told.call])
        for told in book.past_calls(token.symbol, mode, first)
        if told.date not in named and told.date <= last and told.call in (Call.BULLISH, Call.BEARISH)
    )
    marks = past + tuple(
        Mark(min(date, last), f"{day(date, date)}: {_call_in_short(call, signal)}", CALL_TONES[call])
        for date, call, signal in said
        if first <= date <= last + dt.timedelta(days=7)
    )
    return ChartSpec(
        kind="price",
        title=loud(f"{token.symbol}: last {len(closes)} days", book.status()),
        days=tuple(date for date, _ in closes),
        lines=(Line(token.symbol, tuple(price for _, price in closes)),),
        marks=marks,
        simulated=book.status().simulated,
        bars=_reasons(said[-1][2]) if said else (),
    )


def _reasons(signal: Signal) -> tuple[Bar, ...]:
    """The strongest points, those for it first; none where no call is made."""
    if signal.abstained is not None:
        return ()
    strongest = sorted(telling(signal), key=lambda reason: -abs(reason.contribution))[:MOST_REASONS]
    ordered = sorted(strongest, key=lambda reason: -reason.contribution)
    return tuple(Bar(reason.text, reason.contribution) for reason in ordered)


def scoreboard_chart(book: Book, views: Sequence[View], mode: str) -> ChartSpec | None:
    """What $1,000 became in each index and in just holding, and how many bullish calls came true in each record."""
    rows = tuple(
        Bar(shown.info.title, shown.index.now * STAKE, shown.holding.now * STAKE if shown.holding else None)
        for shown in views
        if shown.index is not None
    )
    if not rows:
        return None
    status = book.status()
    return ChartSpec(
        kind="scoreboard",
        title=loud(f"What $1,000 became ({labelled(mode, status)})", status),
        days=(),
        lines=(),
        simulated=status.simulated,
        bars=(*rows, *(_rate(skill, mode) for skill in book.skills() if skill.bullish_calls >= FEW_CALLS)),
    )


def _rate(skill: Skill, mode: str) -> Bar:
    """Of the calls of the default mode, which are what the record counts."""
    rate = skill.bullish_hits / skill.bullish_calls
    name = (
        f"{skill.ledger.capitalize()}: {_whose(mode)}bullish calls that came true (base {percent(skill.bullish_base)})"
    )
    return Bar(name, rate, skill.bullish_base, skill.low, skill.high, percent(rate))


def _whose(mode: str) -> str:
    return "" if mode == DEFAULT_MODE else f"{DEFAULT_MODE} mode's "


def _call_in_short(call: Call, signal: Signal) -> str:
    return call.value if signal.abstained else f"{call.value}, {signal.grade.letter}"
