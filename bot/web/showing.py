"""What the pages of indices show: figures of the book, in the words that chat uses too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.book import IndexInfo
from bot.commands.risk import record_lines
from bot.drawings import HISTORY
from bot.figures import weeks_ahead
from bot.phrases import dollars, signed_percent, weekday_title
from bot.screen import (
    STAKE,
    View,
    cause_lines,
    in_stablecoins,
    level_line,
    notes,
    paused_line,
    shares,
    sold,
    stable_line,
    view,
    week_line,
)
from bot.web import figures
from bot.web.api import info
from bot.web.door import Shelf
from bot.web.records import about
from bot.web.route import Asked
from bot.web.rules import rule_numbers
from bot.words import rule_in_words
from engine.ladder_record import ladder_moves, ladder_record
from engine.model import PASSIVE, Action, RiskStep
from engine.modes import mode as rules_of

WEEKS = 12  # decisions listed under an index
TONES = {
    Action.BUY_NEW: "good",
    Action.BUY_MORE: "good",
    Action.TRIM: "bad",
    Action.SELL: "bad",
    Action.STUCK: "bad",
    Action.HOLD: "plain",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one page says: its title, one sentence for previews, a picture's path, its own address, and the rest."""

    title: str
    description: str
    card: str
    address: str
    context: dict[str, Any]


def home(shelf: Shelf, asked: Asked) -> Shown:
    mode = asked["mode"]
    entries = [_glance(shelf, entry, mode) for entry in shelf.book.indices()]
    told = [f"{e['info'].title} {e['became']}" for e in entries if e["became"]]
    description = f"$1,000 became: {', '.join(told)}." if told else "No index has been decided yet."
    return Shown(
        "Weekly indices, explained and on the record",
        f"{description} {about(shelf.book.status()).says}",
        f"/cards/scoreboard.png?mode={mode}" if told else "",
        f"/?mode={mode}",
        {"entries": entries, "mode": mode},
    )


def _glance(shelf: Shelf, entry: IndexInfo, mode: str) -> dict[str, Any]:
    """One index in the size of a card."""
    if shelf.book.decision(entry.id, mode) is None:
        return {"info": entry, "became": "", "view": None}
    shown = view(shelf.book, entry, mode)
    largest = sorted((line for line in shares(shown.decision) if not line[0].stable), key=lambda line: -line[2])
    return {
        "info": entry,
        "view": shown,
        "became": dollars(shown.index.now * STAKE) if shown.index else "",
        "holding": dollars(shown.holding.now * STAKE) if shown.holding else "",
        "ahead": bool(shown.index and shown.holding and shown.index.now >= shown.holding.now),
        "spark": _spark(shelf, shown),
        "names": [holding.symbol for holding, _, now in largest[:4] if now > 0],
        "waits": in_stablecoins(shown.decision),
    }


def _spark(shelf: Shelf, shown: View) -> Any:
    if shown.index is None or shown.holding is None or len(shown.index.days) < 2:
        return ""
    return figures.spark(shown.info.title, figures.track_of(shelf, shown.info, shown.mode, shown.index), shown.holding)


def index(shelf: Shelf, asked: Asked) -> Shown:
    entry, mode = info(shelf.book, asked["index"]), asked["mode"]
    shown = view(shelf.book, entry, mode)
    decision = shown.decision
    risk = decision.risk
    return Shown(
        f"{entry.title} index",
        f"{level_line(shown)} {week_line(shown)} {about(shown.status).says}",
        f"/cards/index/{entry.id}.png?mode={mode}",
        f"/index/{entry.id}?mode={mode}",
        {
            "info": entry,
            "mode": mode,
            "view": shown,
            "week": weekday_title(decision, shown.status.ledger),
            "level_line": level_line(shown),
            "week_line": week_line(shown),
            "causes": (*cause_lines(decision), *paused_line(shown)),
            "rows": _rows(shown),
            "sold": [_receipt(line) for line in shares(decision) if line[0].action is Action.SELL],
            "gone": sold(decision),
            "stable_line": stable_line(decision),
            "notes": notes(decision),
            "risk": risk,
            "ladder": figures.ladder(risk.score, risk.step, rules_of(mode)) if risk else "",
            "steps": _steps(mode),
            "ladder_record": _ladder_record(shelf, entry, mode),
            "history": [_past(stored) for stored in shelf.book.history(entry.id, mode, WEEKS)],
            **_drawn(shelf, shown),
        },
    )


def _drawn(shelf: Shelf, shown: View) -> dict[str, Any]:
    """Levels and weights, where there are two days and two decisions to draw."""
    if shown.index is None or shown.holding is None or len(shown.index.days) < 2:
        return {"levels": "", "weights": "", "colours": {}, "scores": []}
    track = figures.track_of(shelf, shown.info, shown.mode, shown.index)
    drawn, colours = figures.weights(shown.info.title, track) if len(track.decisions) > 1 else ("", {})
    return {
        "levels": figures.levels(shown.info.title, track, shown.holding),
        "weights": drawn,
        "colours": colours,
        "scores": scores(shown),
    }


def scores(shown: View) -> list[tuple[str, str, str]]:
    """(what, the index, just holding): since the start, this week, the worst fall, weeks ahead."""
    index, holding = shown.index, shown.holding
    if index is None or holding is None:
        return []
    last = index.days[-1]
    (ahead, weeks), (behind, _) = weeks_ahead(index, holding), weeks_ahead(holding, index)
    rows = [
        ("Since the start", signed_percent(index.now - 1), signed_percent(holding.now - 1)),
        ("This week", signed_percent(index.week(last)), signed_percent(holding.week(last))),
        ("Worst fall", signed_percent(index.worst_fall()), signed_percent(holding.worst_fall())),
    ]
    return [*rows, ("Weeks ahead", f"{ahead} of {weeks}", f"{behind} of {weeks}")] if weeks else rows


def _rows(shown: View) -> list[dict[str, Any]]:
    kept = [line for line in shares(shown.decision) if line[0].weight > 0]
    return [_receipt(line) for line in sorted(kept, key=lambda line: (line[0].stable, -line[0].weight))]


def _receipt(line: tuple[Any, int, int]) -> dict[str, Any]:
    holding, before, now = line
    said_already = holding.stable or holding.reason in rule_in_words(holding.rule)
    return {
        "point": "" if said_already else holding.reason,
        "holding": holding,
        "before": before,
        "now": now,
        "tone": TONES[holding.action],
        "number": rule_numbers().get(holding.rule, ""),
        "meter": figures.meter(now / 40, "stable" if holding.stable else "ours"),
    }


def _steps(mode: str) -> list[tuple[str, float, float]]:
    rules = rules_of(mode)
    return [(step.value, rules.threshold(step), rules.stablecoin_share(step)) for step in RiskStep]


def _ladder_record(shelf: Shelf, entry: IndexInfo, mode: str) -> tuple[str, ...]:
    history = reversed(shelf.book.history(entry.id, mode, HISTORY))
    moves = ladder_moves((stored.decision, stored.settlement) for stored in history)
    return record_lines(ladder_record(moves, shelf.book.levels(entry.id, PASSIVE)))


def _past(stored: Any) -> dict[str, Any]:
    decision = stored.decision
    return {
        "stored": stored,
        "name": f"{decision.week}/{decision.sequence}" if decision.sequence else decision.week,
        "bought": [h.symbol for h in decision.holdings if h.action is Action.BUY_NEW and not h.stable],
        "sold": [h.symbol for h in decision.holdings if h.action is Action.SELL and not h.stable],
        "waits": in_stablecoins(decision),
    }
