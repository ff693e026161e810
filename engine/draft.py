"""What every decision begins with (what is held, what is stuck) and ends with (the stablecoin leg, trades, cost)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from engine import rebalance, stablecoins
from engine.allocation import effective_names
from engine.costs import depth
from engine.level import is_cash, silence, weights_at
from engine.method import stamp
from engine.model import BASE_LEVEL, Cause, Decision, Holding, Portfolio, RiskReading, RiskStep
from engine.panel import Panel

ROUNDING = 1e-12
ANSWERED_DAYS = 28  # for so long a cause that was answered is remembered
STOPPED_DAYS = 2  # so many days without a candle and a price counts as stopped
EMERGENCIES = frozenset({"collapse", "drought", "resumed"})  # triggers that sell one token, for as long as remembered


@dataclass(frozen=True, eq=False)
class Draft:
    """A decision in the making: drifted weights at the last close, and which holdings cannot be sold."""

    index: str
    mode: str
    panel: Panel
    previous: Portfolio | None
    sequence: int
    risky: dict[str, float]
    cash: dict[str, float]
    level: float
    stuck: frozenset[str]
    causes: tuple[Cause, ...] = ()

    @property
    def step(self) -> RiskStep | None:
        return self.previous.step if self.previous else None

    @property
    def answered(self) -> frozenset[str]:
        """Keys of the causes that were answered less than ANSWERED_DAYS ago."""
        oldest = (self.panel.as_of - dt.timedelta(days=ANSWERED_DAYS)).isoformat()
        known = self.previous.answered if self.previous else {}
        return frozenset(key for key, day in known.items() if day > oldest)

    @property
    def resting(self) -> frozenset[str]:
        """Who was sold in an emergency lately and is not bought back yet, or is sold in one now."""
        parts = (key.split(":", 1) for key in (*self.answered, *(cause.key for cause in self.causes)))
        return frozenset(about for trigger, about in parts if trigger in EMERGENCIES)

    def emergency(self, symbol: str) -> Cause | None:
        """The cause that has this token sold at once, None where there is none."""
        return next((cause for cause in self.causes if cause.about == symbol and cause.trigger in EMERGENCIES), None)

    @property
    def stuck_weight(self) -> float:
        return sum(self.risky[symbol] for symbol in sorted(self.stuck))


def clause(cause: Cause) -> str:
    """A cause as the reason of its own token's line: without the name that stands there already."""
    return cause.text.removeprefix(f"{cause.about} ")


def begin(
    index: str,
    mode: str,
    panel: Panel,
    previous: Portfolio | None,
    sequence: int,
    causes: tuple[Cause, ...] = (),
) -> Draft:
    """Value what is held at the last visible close; an index begins at the base level, all in stablecoins."""
    last = len(panel.dates) - 1
    held, level = weights_at(previous, panel, last) if previous else (stablecoins.spread(panel, 1.0), BASE_LEVEL)
    risky = {s: w for s, w in held.items() if not is_cash(panel, s)}
    cash = {s: w for s, w in held.items() if s not in risky}
    stuck = frozenset(s for s in risky if silence(panel, s) >= STOPPED_DAYS)
    return Draft(index, mode, panel, previous, sequence, risky, cash, level, stuck, causes)


def finish(
    draft: Draft,
    lines: tuple[Holding, ...],
    risk: RiskReading | None,
    eligible: int,
    notes: tuple[str, ...],
    causes: tuple[Cause, ...] = (),
    keep_leg: bool = False,
) -> Decision:
    """Add the stablecoin leg that makes the weights sum to 1 (`keep_leg`: in its parts), and the trades."""
    left = 1 - sum(line.weight for line in lines)
    share = left if left > ROUNDING else 0.0
    waiting = sum(draft.cash.values())
    kept = {s: w * share / waiting for s, w in draft.cash.items()} if keep_leg and waiting > 0 else None
    leg = rebalance.stable_leg(draft.cash, stablecoins.spread(draft.panel, share) if kept is None else kept)
    return _decision(draft, (*lines, *leg), risk, eligible, notes, causes)


def hold(draft: Draft, risk: RiskReading | None, eligible: int, reason: str) -> Decision:
    """A decision that trades nothing at all, and says why."""
    lines = rebalance.standing(draft.risky, draft.stuck, "paused", reason)
    leg = rebalance.stable_leg(draft.cash, draft.cash)
    return _decision(draft, (*lines, *leg), risk, eligible, (f"No trades: {reason}.",), ())


def _decision(
    draft: Draft,
    lines: tuple[Holding, ...],
    risk: RiskReading | None,
    eligible: int,
    notes: tuple[str, ...],
    causes: tuple[Cause, ...],
) -> Decision:
    depths = {line.symbol: depth(draft.panel, line.symbol) for line in lines if not line.stable}
    changes = rebalance.trades(lines, depths)
    risky = [line for line in lines if not line.stable]
    return Decision(
        index=draft.index,
        mode=draft.mode,
        date=draft.panel.as_of,
        sequence=draft.sequence,
        risk=risk,
        holdings=lines,
        trades=changes,
        turnover=rebalance.turnover(lines),
        cost_estimate=rebalance.cost(changes),
        eligible=eligible,
        level_net=draft.level,
        level_gross=draft.level / draft.previous.divisor if draft.previous else BASE_LEVEL,
        notes=notes,
        method=stamp(),
        causes=causes,
        names_before=effective_names(np.array([line.from_weight for line in risky])),
        names_after=effective_names(np.array([line.weight for line in risky])),
    )
