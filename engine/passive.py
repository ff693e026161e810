"""The passive twin, "just holding": the theme's largest by capitalisation, capped, fully invested, renewed monthly."""

from __future__ import annotations

import datetime as dt

import numpy as np

from engine import rebalance
from engine.allocation import fill_under_caps
from engine.draft import begin, finish
from engine.model import PASSIVE, Decision, Portfolio
from engine.panel import Panel
from engine.rebalance import Wish
from engine.themes import passive_members, theme


def passive_is_due(date: dt.date, previous: Portfolio | None) -> bool:
    """On the first Monday of the month, and whenever there is no twin yet."""
    return previous is None or (date.weekday() == 0 and date.day <= 7)


def decide_passive(index: str, panel: Panel, previous: Portfolio | None, sequence: int = 0) -> Decision:
    """Decide the twin of an index at `panel.as_of`; same fills, costs and stopped prices as the index itself."""
    entry = theme(index)
    draft = begin(index, PASSIVE, panel, previous, sequence)
    members = passive_members(entry, panel)
    caps = np.full(len(members), max(entry.benchmark_cap, 1 / max(len(members), 1)))
    target = fill_under_caps(members.market_cap, 1 - draft.stuck_weight, caps)
    wishes = {
        panel.tokens[j].symbol: Wish(float(w), "capitalisation", "among the theme's largest")
        for j, w in zip(members.columns, target, strict=True)
    }
    exits = {s: Wish(0.0, "capitalisation", "no longer among the theme's largest") for s in draft.risky}
    final = {s: w.weight for s, w in wishes.items() if s not in draft.stuck}
    lines = rebalance.holdings(draft.risky, final, wishes, exits, draft.stuck)
    return finish(draft, lines, None, len(members), ())
