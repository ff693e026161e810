"""What every decision begins with (what is held, what is stuck) and ends with (the stablecoin leg, trades, cost)."""

from __future__ import annotations

from dataclasses import dataclass

from engine import rebalance, stablecoins
from engine.level import is_cash, mark, weights_at
from engine.method import stamp
from engine.model import BASE_LEVEL, Decision, Holding, Portfolio, RiskReading, RiskStep
from engine.panel import Panel

ROUNDING = 1e-12
STOPPED_DAYS = 2  # so many days without a candle and a price counts as stopped


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

    @property
    def step(self) -> RiskStep | None:
        return self.previous.step if self.previous else None

    @property
    def stuck_weight(self) -> float:
        return sum(self.risky[symbol] for symbol in self.stuck)


def begin(index: str, mode: str, panel: Panel, previous: Portfolio | None, sequence: int) -> Draft:
    """Value what is held at the last visible close; an index begins at the base level, all in stablecoins."""
    last = len(panel.dates) - 1
    held, level = weights_at(previous, panel, last) if previous else (stablecoins.spread(panel, 1.0), BASE_LEVEL)
    risky = {s: w for s, w in held.items() if not is_cash(panel, s)}
    cash = {s: w for s, w in held.items() if s not in risky}
    stuck = frozenset(s for s in risky if (m := mark(panel, s, last)) is None or last - m[1] >= STOPPED_DAYS)
    return Draft(index, mode, panel, previous, sequence, risky, cash, level, stuck)


def finish(
    draft: Draft, lines: tuple[Holding, ...], risk: RiskReading | None, eligible: int, notes: tuple[str, ...]
) -> Decision:
    """Add the stablecoin leg that makes the weights sum to 1, and the trades that lead there."""
    panel = draft.panel
    left = 1 - sum(line.weight for line in lines)
    share = left if left > ROUNDING else 0.0
    lines += rebalance.stable_leg(draft.cash, stablecoins.spread(panel, share))
    volumes = {token.symbol: float(v) for token, v in zip(panel.tokens, panel.market_volume[-1], strict=True)}
    changes = rebalance.trades(lines, volumes)
    return Decision(
        index=draft.index,
        mode=draft.mode,
        date=panel.as_of,
        sequence=draft.sequence,
        risk=risk,
        holdings=lines,
        trades=changes,
        turnover=rebalance.turnover(changes),
        cost_estimate=rebalance.cost(changes),
        eligible=eligible,
        level_net=draft.level,
        level_gross=draft.level / draft.previous.divisor if draft.previous else BASE_LEVEL,
        notes=notes,
        method=stamp(),
    )
