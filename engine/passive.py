"""The passive twin, "just holding": the theme's largest by capitalisation, capped, fully invested, renewed monthly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np

from engine import rebalance
from engine.allocation import fill_under_caps
from engine.draft import Draft, begin, finish
from engine.eligibility import passive_members
from engine.model import PASSIVE, Decision, Portfolio
from engine.panel import Panel
from engine.rebalance import Wish
from engine.themes import theme


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
    gone = Wish(0.0, "capitalisation", "no longer among the theme's largest")
    return go_straight_to(draft, wishes, gone, len(members))


def go_straight_to(draft: Draft, wishes: Mapping[str, Wish], gone: Wish, members: int) -> Decision:
    """Trade to exactly what is wished for, without bands; everything else that can be sold goes, as `gone` says.

    What cannot be sold keeps its share, and the wishes shrink together to the room that is left beside it.
    """
    free = {s: w.weight for s, w in wishes.items() if s not in draft.stuck}
    room, total = max(1 - draft.stuck_weight, 0.0), sum(free.values())
    final = {s: w * room / total for s, w in free.items()} if total > room else free
    exits = dict.fromkeys(draft.risky, gone)
    return finish(draft, rebalance.holdings(draft.risky, final, wishes, exits, draft.stuck), None, members, ())
