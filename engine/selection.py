"""Who is held: by strength over four weeks, with wider bands for who is held already, and why the others go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.draft import Draft, clause
from engine.eligibility import Eligible, why_not_eligible
from engine.model import Call, Signal
from engine.modes import Mode
from engine.panel import Panel
from engine.rebalance import Wish
from engine.signals import call
from engine.themes import Theme

BUFFER = 2.0  # an incumbent stays until it falls out of a band this much wider than the index
LEAVE = 4.0  # and until its steady strength lies this many times the entry bar below zero
EXTENDED_DAYS = 50
RULES_EXIT = 0.5  # deviations below the 50-day mean at which the rules alone let a holding go


@dataclass(frozen=True, eq=False)
class Field:
    """Everything that the choice looks at: one index and mode, who is eligible, what is said, who was sold in need."""

    entry: Theme
    rules: Mode
    draft: Draft
    members: Eligible
    spoken: Mapping[str, Signal]
    excluded: Mapping[str, str]
    rules_only: bool = False  # no head says which token is better

    @property
    def panel(self) -> Panel:
        return self.draft.panel

    def stance(self, symbol: str, column: int | None) -> Call:
        """What this index makes of a token."""
        signal = self.spoken.get(symbol)
        if not self.rules_only or column is None:
            return stance(signal, self.rules)
        return by_rules(signal, extension(self.panel, column))

    def order(self, signal: Signal, column: int) -> float:
        """Sorts the chosen, best first: by falling steady strength, or under rules alone by falling capitalisation."""
        return -float(np.nan_to_num(self.panel.last_cap(column))) if self.rules_only else -signal.steady


def stance(signal: Signal | None, rules: Mode) -> Call:
    """What an index makes of a token: bullish, neutral (sideways) or bearish by its strength over four weeks."""
    if signal is None or signal.abstained is not None or signal.volatility is None:
        return Call.NO_CALL
    if signal.steady >= rules.enter:
        return Call.BULLISH
    return Call.BEARISH if signal.steady <= -LEAVE * rules.enter else Call.NEUTRAL


def by_rules(signal: Signal | None, extension: float) -> Call:
    """What the written rules alone make of a token: in while its last close stands above its 50-day mean.

    It goes once it stands a deviation below, so that no close at the mean itself turns an index over.
    """
    if signal is None or signal.volatility is None:
        return Call.NO_CALL
    if extension > 0:
        return Call.BULLISH
    return Call.BEARISH if extension <= -RULES_EXIT else Call.NEUTRAL


def extension(panel: Panel, column: int) -> float:
    """How far the last close stands above its 50-day mean, in deviations of 50 days; 0 where that is unknown."""
    logs = np.log(panel.close[-EXTENDED_DAYS:, column])
    known = logs[np.isfinite(logs)]
    if len(known) < EXTENDED_DAYS // 2 or not np.isfinite(logs[-1]):
        return 0.0
    sigma = float(np.diff(known).std()) * EXTENDED_DAYS**0.5
    return float((logs[-1] - known.mean()) / sigma) if sigma > 0 else 0.0


def choose(field: Field) -> NDArray[np.intp]:
    """Columns to hold, ascending: the bullish by falling strength up to the index's size, incumbents in a wider band.

    A newcomer must not be called bearish by this week alone (by rules alone nobody is), nor stand too far ahead of its
    own mean, nor have been sold in an emergency lately. An incumbent stays while it is not bearish.
    """
    held = frozenset(field.draft.risky) - field.draft.stuck
    resting = field.draft.resting
    ranked: list[tuple[float, str, int]] = []
    for j in field.members.columns.tolist():
        symbol = field.panel.tokens[j].symbol
        signal = field.spoken.get(symbol)
        said = field.stance(symbol, j)
        stays = symbol in held and said is not Call.BEARISH and symbol not in resting
        if signal is None or said is Call.NO_CALL or not (stays or _enters(field, signal, said, j, resting)):
            continue
        ranked.append((field.order(signal, j), symbol, j))
    ranked.sort()
    wide = ranked[: int(field.entry.size * BUFFER)]
    first = [row for place, row in enumerate(wide) if row[1] in held or place < field.entry.size]
    kept = sorted(first, key=lambda row: (row[1] not in held, row))[: field.entry.size]
    return np.array(sorted(j for _, _, j in kept), dtype=np.intp)


def _enters(field: Field, signal: Signal, said: Call, column: int, resting: Collection[str]) -> bool:
    return (
        said is Call.BULLISH
        and (field.rules_only or call(signal, field.rules.margin) is not Call.BEARISH)
        and signal.symbol not in resting
        and extension(field.panel, column) < field.rules.extended
    )


def exit_wish(field: Field, symbol: str, chosen: bool) -> Wish:
    """Why a holding that is no longer wanted goes; `chosen` where only its share became too small."""
    signal = field.spoken.get(symbol)
    if symbol in field.excluded:
        return Wish(0.0, "excluded", f"excluded by an admin: {field.excluded[symbol]}")
    emergency = field.draft.emergency(symbol)
    if emergency is not None:
        return Wish(0.0, emergency.trigger, clause(emergency))
    if field.panel.column(symbol) not in set(field.members.columns.tolist()):
        why = why_not_eligible(
            field.entry, field.panel, symbol, field.excluded, field.rules.calmer, frozenset(field.draft.risky)
        )
        return Wish(0.0, "not_eligible", why)
    if symbol in field.draft.resting:
        return Wish(0.0, "resting", "sold in an emergency lately, and this is the rest of it")
    said = field.stance(symbol, field.panel.column(symbol))
    if signal is None or said is Call.NO_CALL:
        return Wish(0.0, "no_call", f"no call: {signal.abstained if signal else 'not spoken of'}")
    against = [reason.text for reason in signal.reasons if reason.contribution < 0][:2]
    because = f" ({', '.join(against)})" if against else ""
    if chosen:
        rule, reason = "floor", f"share fell below {100 * field.rules.floor:.0f} %"
    elif field.rules_only and said is not Call.BULLISH:
        rule, reason = "by_rules", "its price fell below its 50-day mean"
    elif said is Call.BEARISH:
        rule, reason = "bearish", f"turned bearish{because}"
    elif said is Call.NEUTRAL:
        rule, reason = "sideways", f"no longer bullish{because}"
    else:
        rule, reason = "replaced", "stronger tokens took its place"
    return Wish(0.0, rule, reason, signal.grade, signal.conviction)
