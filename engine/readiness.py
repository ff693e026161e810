"""Whether an index may be decided yet: enough of its theme's capitalisation must have a fresh candle, or it waits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.facts import facts_of
from engine.panel import Panel
from engine.themes import Theme, themes

ENOUGH = 0.95  # of the theme's capitalisation must have the candle of the eve
FIRST_TRY, EVERY, LAST_TRY = dt.timedelta(minutes=30), dt.timedelta(minutes=30), dt.timedelta(hours=12)  # after 00:00
ALIVE_DAYS = 30  # a token without a candle for longer is dead or delisted, and not missing
NAMED = 5

State = Literal["ready", "waits", "given up"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """How an index stands before a decision: the `share` of its capitalisation with a fresh candle, who lacks one.

    `says` is empty where it is ready.
    """

    index: str
    state: State
    share: float
    missing: tuple[str, ...]
    says: str = ""


def readiness(panel: Panel, as_of: dt.date, now: dt.datetime) -> tuple[Readiness, ...]:
    """Which indices may be decided at `as_of` 00:00 UTC with what is known `now`, which wait, which are given up.

    `panel` is frozen at `as_of`: its last row is the eve.
    """
    late = now >= dt.datetime.combine(as_of, dt.time(), dt.UTC) + LAST_TRY
    return tuple(_judge(entry, panel, as_of, late) for entry in themes().values())


def next_try(as_of: dt.date, now: dt.datetime) -> dt.datetime | None:
    """When to look again for what waits: every half hour from 00:30 to 12:00 UTC; None once that is over."""
    midnight = dt.datetime.combine(as_of, dt.time(), dt.UTC)
    first, last = midnight + FIRST_TRY, midnight + LAST_TRY
    if now >= last:
        return None
    return max(first, midnight + EVERY * ((now - midnight) // EVERY + 1))


def _judge(entry: Theme, panel: Panel, as_of: dt.date, late: bool) -> Readiness:
    share, missing = coverage(entry, panel, as_of)
    if share >= ENOUGH:
        return Readiness(entry.id, "ready", share, missing)
    named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED} more" if len(missing) > NAMED else "")
    short = f"fresh prices are known of only {share:.0%} of the {entry.title} index's capitalisation (without {named})"
    if late:
        says = f"No change this week: at 12:00 UTC {short}. Holdings stay as they are."
        return Readiness(entry.id, "given up", share, missing, says)
    return Readiness(entry.id, "waits", share, missing, f"{entry.title} waits, until 12:00 UTC at the latest: {short}.")


def coverage(entry: Theme, panel: Panel, as_of: dt.date) -> tuple[float, tuple[str, ...]]:
    """Share of the theme's capitalisation whose tokens have a candle of the eve, and the others, the largest first.

    1 where the theme has no living member: there is nothing to wait for.
    """
    facts = facts_of(panel)
    age = panel.days_since_candle()[-1] + (as_of - panel.as_of).days
    worth = _last_close(panel) * panel.supply[-1]
    with np.errstate(invalid="ignore"):
        inside = facts.coin & facts.members(entry.members) & (worth > 0) & (age <= ALIVE_DAYS)
        fresh = inside & (age <= 0)
    whole = float(worth[inside].sum())
    if whole == 0:
        return 1.0, ()
    stale = np.flatnonzero(inside & ~fresh)
    order = stale[np.lexsort((facts.symbols[stale], -worth[stale]))]
    return float(worth[fresh].sum()) / whole, tuple(panel.tokens[i].symbol for i in order)


def _last_close(panel: Panel) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Each token's last close of the last ALIVE_DAYS days."""
    price = np.full(len(panel.tokens), np.nan)
    for row in panel.close[-ALIVE_DAYS - 1 :]:
        price = np.where(np.isfinite(row), row, price)
    return price
