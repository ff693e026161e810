"""The whole line: who is eligible, who is chosen, how risky it is, what to hold and what to trade."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine import rebalance
from engine.allocation import allocate, effective_names
from engine.draft import Draft, begin, finish
from engine.model import Call, Decision, Portfolio, RiskReading, Signal, Token, WeekSignals
from engine.modes import Mode
from engine.modes import mode as mode_of
from engine.panel import Panel
from engine.rebalance import Wish
from engine.risk import has_rested, read_components, read_risk, volatility
from engine.signals import call
from engine.themes import Eligible, Theme, eligible, theme, why_not_eligible

VOLATILE = 0.065  # daily deviation over 30 days from which a token counts as volatile (124 % a year)
BUFFER = 1.5  # an incumbent stays until it falls out of a band this much wider than the index
THIN = 5  # eligible members below which the index says so


def decide(
    index: str, mode: str, panel: Panel, signals: WeekSignals, previous: Portfolio | None, sequence: int = 0
) -> Decision:
    """Decide one index in one mode at `panel.as_of`, from what the panel shows, the week's signals and what is held."""
    entry, rules = theme(index), mode_of(mode)
    draft = begin(index, mode, panel, previous, sequence)
    members = eligible(entry, panel, frozenset(draft.risky))
    spoken = signals.by_symbol()

    chosen = _choose(entry, rules, panel, members, spoken, frozenset(draft.risky) - draft.stuck)
    shape = _weights(entry, rules, panel, chosen, spoken, 1.0)
    components = read_components(panel, members.columns, signals.market)
    rested = previous is None or has_rested(panel.as_of, previous.step_since)
    risk = read_risk(components, rules, draft.step, volatility(panel, chosen, shape), rested)
    exposure = max(1 - risk.stablecoin_share - draft.stuck_weight, 0.0)
    target = _weights(entry, rules, panel, chosen, spoken, exposure)

    wishes = _wishes(panel, chosen, target, spoken, draft, risk, rules)
    kept = {panel.tokens[j].symbol for j in chosen}
    exits = {s: _exit(s, s in kept, entry, panel, members, spoken, rules) for s in draft.risky}
    final = rebalance.within_bands(draft.risky, {s: w.weight for s, w in wishes.items()}, rules.band, draft.stuck)
    notes = _notes(members, target, exposure, draft, signals)
    return finish(draft, rebalance.holdings(draft.risky, final, wishes, exits, draft.stuck), risk, len(members), notes)


def _choose(
    entry: Theme,
    rules: Mode,
    panel: Panel,
    members: Eligible,
    spoken: Mapping[str, Signal],
    incumbents: frozenset[str],
) -> NDArray[np.intp]:
    """Columns to hold: the bullish by falling conviction up to the index's size, incumbents within a wider band."""
    ranked: list[tuple[float, str, int]] = []
    for j in members.columns:
        symbol = panel.tokens[j].symbol
        signal = spoken.get(symbol)
        if signal is None or signal.volatility is None:
            continue
        stays = symbol in incumbents and call(signal, rules.margin) is Call.NEUTRAL and signal.conviction > 0
        if call(signal, rules.margin) is Call.BULLISH or stays:
            ranked.append((-signal.conviction, symbol, int(j)))
    ranked.sort()
    wide = ranked[: int(entry.size * BUFFER)]
    first = [r for k, r in enumerate(wide) if r[1] in incumbents or k < entry.size]
    kept = sorted(first, key=lambda r: (r[1] not in incumbents, r))[: entry.size]
    return np.array(sorted(j for _, _, j in kept), dtype=np.intp)


def _weights(
    entry: Theme, rules: Mode, panel: Panel, chosen: NDArray[np.intp], spoken: Mapping[str, Signal], total: float
) -> NDArray[np.float64]:
    """Conviction x inverse volatility under the mode's caps, summing to at most `total`; shape (chosen,)."""
    picked = [spoken[panel.tokens[j].symbol] for j in chosen]
    sigma = np.array([s.volatility or np.inf for s in picked])
    conviction = np.array([max(s.conviction, 0.0) for s in picked])
    caps = np.full(len(picked), min(rules.token_cap * entry.cap_scale, 1.0))
    volume = panel.market_volume[-1, chosen]
    illiquid = ~(volume >= rebalance.ILLIQUID_VOLUME)
    volatile = (sigma >= VOLATILE) & ~illiquid
    groups = [(volatile, rules.volatile_cap), (illiquid, rules.illiquid_cap)]
    return allocate(conviction / sigma, total, caps, groups, rules.floor)


def _wishes(
    panel: Panel,
    chosen: NDArray[np.intp],
    target: NDArray[np.float64],
    spoken: Mapping[str, Signal],
    draft: Draft,
    risk: RiskReading,
    rules: Mode,
) -> dict[str, Wish]:
    tokens = [panel.tokens[j] for j in chosen]
    pairs = zip(tokens, target, strict=True)
    return {t.symbol: _wish(t, float(w), spoken[t.symbol], draft.risky, risk, rules) for t, w in pairs if w > 0}


def _wish(
    token: Token, weight: float, signal: Signal, held: Mapping[str, float], risk: RiskReading, rules: Mode
) -> Wish:
    """A wanted weight, the rule that moves it and the best word for it."""
    best = next((r.text for r in signal.reasons if r.contribution > 0), "stronger than its peers")
    if token.symbol not in held:
        rule = "bullish"
    elif call(signal, rules.margin) is Call.NEUTRAL:
        rule, best = "kept", "no longer bullish, but still above its base rate"
    elif risk.previous_step not in (None, risk.step):
        rule = "risk_ladder"
    else:
        rule = "conviction"
    return Wish(weight, rule, best, signal.grade, signal.conviction)


def _exit(
    symbol: str,
    chosen: bool,
    entry: Theme,
    panel: Panel,
    members: Eligible,
    spoken: Mapping[str, Signal],
    rules: Mode,
) -> Wish:
    """Why a holding that is no longer wanted goes."""
    signal = spoken.get(symbol)
    if panel.column(symbol) not in set(members.columns.tolist()):
        return Wish(0.0, "not_eligible", why_not_eligible(entry, panel, symbol))
    if signal is None or signal.abstained:
        return Wish(0.0, "no_call", f"no call: {signal.abstained if signal else 'not spoken of'}")
    against = [r.text for r in signal.reasons if r.contribution < 0][:2]
    because = f" ({', '.join(against)})" if against else ""
    said = call(signal, rules.margin)
    if chosen:
        rule, reason = "floor", f"share fell below {100 * rules.floor:.0f} %"
    elif said is Call.BEARISH:
        rule, reason = "bearish", f"turned bearish{because}"
    elif signal.conviction <= 0:
        rule, reason = "sideways", f"no longer bullish{because}"
    else:
        rule, reason = "replaced", "stronger tokens took its place"
    return Wish(0.0, rule, reason, signal.grade, signal.conviction)


def _notes(
    members: Eligible, target: NDArray[np.float64], exposure: float, draft: Draft, signals: WeekSignals
) -> tuple[str, ...]:
    notes = []
    if len(members) < THIN:
        notes.append(f"Thin index: {len(members)} eligible members; caps hold, the rest stays in stablecoins.")
    if exposure - target.sum() > 0.01:
        held = int((target > 0).sum())
        names = f"Only {held} bullish under the caps" if held else "None is bullish"
        notes.append(f"{names}, so {100 * (exposure - target.sum()):.0f} % more waits in stablecoins.")
    if len(target) and target.sum() > 0:
        notes.append(f"As spread out as {effective_names(target):.1f} equal holdings.")
    if draft.stuck:
        notes.append(f"Cannot be sold, price stopped: {', '.join(sorted(draft.stuck))}.")
    if signals.note:
        notes.append(signals.note)
    return tuple(notes)
