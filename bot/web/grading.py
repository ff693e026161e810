"""What the pages of tokens and scores show: grade cards, records, whether stated chances came true."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bot.book import Skill, spoken
from bot.commands.track import skill_lines
from bot.heads import odds_stated
from bot.phrases import signed, telling
from bot.screen import STAKE, view
from bot.spoken import explained, said
from bot.web import figures
from bot.web.api import holders, info, token as find
from bot.web.door import Shelf
from bot.web.records import about
from bot.web.route import Asked
from bot.web.showing import WEEKS, Shown, scores
from bot.web.writing import segment
from engine.evaluation import Calibration, day_numbers, measure_calibration
from engine.model import Call, Signal
from engine.signals import LETTERS

PRICE_DAYS = 180
LEAST_LINES = 200  # of the record under which no calibration is drawn
WEEK = 7


def tokens(shelf: Shelf, asked: Asked) -> Shown:
    week, mode = spoken(shelf.book), asked["mode"]
    ranked = sorted(week.signals, key=lambda s: (s.abstained is not None, -s.conviction, s.symbol))
    rows = [(signal, shelf.book.call(signal, mode)) for signal in ranked]
    up, down = (sum(call is which for _, call in rows) for which in (Call.BULLISH, Call.BEARISH))
    return Shown(
        "Tokens this week",
        f"{len(rows)} tokens: {up} bullish, {down} bearish. {about(shelf.book.status()).says}",
        "",
        f"/tokens?mode={mode}",
        {"week": week, "rows": rows, "mode": mode},
    )


def token(shelf: Shelf, asked: Asked) -> Shown:
    found, mode, week = find(shelf, asked["symbol"]), asked["mode"], spoken(shelf.book)
    signal = week.by_symbol().get(found.symbol)
    closes = shelf.book.closes(found.symbol, PRICE_DAYS)
    name = found.symbol if found.name == found.symbol else f"{found.symbol}, {found.name}"
    return Shown(
        name,
        f"{_in_short(shelf, signal, mode)} {about(shelf.book.status()).says}",
        f"/cards/token/{segment(found.symbol)}.png?mode={mode}" if len(closes) > 1 else "",
        f"/token/{segment(found.symbol)}?mode={mode}",
        {
            "token": found,
            "mode": mode,
            "week": week,
            "signal": signal,
            "call": shelf.book.call(signal, mode).value if signal else "",
            "lines": _lines(shelf, signal, mode),
            "prices": figures.prices(f"{found.symbol}: daily closes", closes) if len(closes) > 1 else "",
            "days": len(closes),
            "holders": [(info(shelf.book, held.index), held) for held in holders(shelf, found.symbol, mode)],
            "past": _past_calls(shelf, found.symbol, mode, week.date),
            **_card(signal),
        },
    )


def _in_short(shelf: Shelf, signal: Signal | None, mode: str) -> str:
    if signal is None:
        return "Nothing is said of it this week."
    if signal.abstained:
        return f"No call: {signal.abstained}."
    call = shelf.book.call(signal, mode).value
    return f"{call.capitalize()}, grade {signal.grade.score} ({signal.grade.letter}), for seven days."


def _lines(shelf: Shelf, signal: Signal | None, mode: str) -> tuple[str, ...]:
    """What chat says of a token."""
    if signal is None:
        return ()
    previous = shelf.book.previous_signals()
    before = previous.by_symbol().get(signal.symbol) if previous else None
    told = said(signal, shelf.book.call(signal, mode), shelf.book.skills())
    return (*told, *explained(signal, before, lambda s: shelf.book.call(s, mode)))


def _card(signal: Signal | None) -> dict[str, Any]:
    """The drawings of a grade card."""
    if signal is None or signal.abstained is not None:
        return {"chances": "", "families": "", "points": ""}
    views = sorted(signal.families, key=lambda v: -abs(v.contribution))
    rows = [(v.family, v.contribution, f"{signed(v.contribution)}  {v.grade.letter}") for v in views]
    return {
        "chances": figures.chances(signal.odds, signal.base),
        "families": figures.parts(rows, "The strength by family of data points") if rows else "",
        "points": sorted(telling(signal), key=lambda reason: -reason.contribution),
    }


def _past_calls(shelf: Shelf, symbol: str, mode: str, now: dt.date) -> list[Any]:
    since = now - dt.timedelta(days=PRICE_DAYS)
    return list(reversed(shelf.book.past_calls(symbol, mode, since)))[:WEEKS]


def scoreboard(shelf: Shelf, asked: Asked) -> Shown:
    book, mode = shelf.book, asked["mode"]
    views = [view(book, entry, mode) for entry in book.indices() if book.decision(entry.id, mode)]
    skills = book.skills()
    return Shown(
        "Scoreboard",
        f"Every index beside just holding, and how past calls fared. {about(book.status()).says}",
        f"/cards/scoreboard.png?mode={mode}" if any(v.index for v in views) else "",
        f"/scoreboard?mode={mode}",
        {
            "mode": mode,
            "rows": [(v, scores(v)) for v in views],
            "skill_lines": skill_lines(skills, mode),
            "letters": [(skill, _letters(skill)) for skill in skills if skill.bands],
            "stake": STAKE,
            **_calibrated(shelf),
        },
    )


def _letters(skill: Skill) -> Any:
    names = dict(LETTERS)
    return figures.letters([(names.get(band.low, ""), band) for band in skill.bands], skill.bullish_base)


def _calibrated(shelf: Shelf) -> dict[str, Any]:
    """Whether the stated chances of a bullish week came true, over the whole record."""
    lines = [p for p in shelf.database.signals.predictions() if p.horizon == WEEK and p.outcome is not None]
    stated = odds_stated(lines) if len(lines) >= LEAST_LINES else None
    if stated is None:
        return {"calibration": "", "calibrated": None, "lines": len(lines)}
    found: Calibration = measure_calibration(stated.chance, stated.came_true, day_numbers(stated.dates))
    return {"calibration": figures.calibration(found), "calibrated": found, "lines": len(lines)}
