"""The risk ladder's own record: which risk-offs helped after their costs, which were false alarms, which came late.

A risk-off runs from the close of the first decision that took the ladder up to the close of the one that brought it
back to the step it began from, or lower; a further step up on the way belongs to it. An index that begins on a high
step has not stepped up. What a risk-off did is measured against the passive twin:

* added: the index's stablecoin share after each decision less its share on the eve of the first step up, never below
  nothing. What other rules moved into stablecoins meanwhile is in it; what was there before is not.
* saved: over each stretch between two decisions, what was added times the twin's loss (a rise costs), summed up, less
  the cost of every move of the added share, out and back in, at the rate that the decision's trades paid on average.
  Of one that is still open the way back is not paid yet.
* helped: it is over and saved more than nothing. False alarm: it is over and did not. One that never moved a point of
  the index, because the money was in stablecoins already, is neither: it moved nothing.

A fall of the twin runs from its highest close to its lowest, by 20 % or more, until it has risen 20 % from there. How
much of it was past is the part of the way down that was gone at the close of the first step up between peak and
trough. Where the ladder did not step up on the way it missed the whole fall, unless it stood above normal at the peak
already: such a fall is counted apart, and so is one that is not over.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from engine.model import Decision, LevelPoint, RiskStep, Settlement

Outcome = Literal["helped", "false alarm", "moved nothing", "still open"]

FALL = 0.20  # the usual bar of a bear market, and of the rise that ends it
MOVED = 0.01  # of the index: an addition that never reached a point moved nothing
ORDER = {step: place for place, step in enumerate(RiskStep)}


@dataclass(frozen=True, slots=True)
class LadderMove:
    """One decision as the ladder's record sees it: the step before and after, the stablecoin share before and after,
    and what each dollar it traded cost."""

    date: dt.date
    previous: RiskStep
    step: RiskStep
    before: float
    after: float
    rate: float

    @property
    def is_up(self) -> bool:
        return ORDER[self.step] > ORDER[self.previous]


@dataclass(frozen=True, slots=True)
class RiskOff:
    """One risk-off; `end` is None while it is open.

    `added` is the most that was added to the stablecoin share, `twin` the twin's return from first to last close;
    `saved` stands after `cost`, both as shares of the index.
    """

    start: dt.date
    end: dt.date | None
    base: RiskStep
    highest: RiskStep
    added: float
    twin: float
    cost: float
    saved: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Fall:
    """One fall of the twin; `depth` is negative.

    `past` is the share of it that was gone at the first step up: 1 where none came, None where the ladder stood above
    normal already or the fall is not over.
    """

    peak: dt.date
    trough: dt.date
    depth: float
    first_step_up: dt.date | None
    past: float | None
    is_over: bool


@dataclass(frozen=True)
class LadderRecord:
    """Every risk-off and every fall since the first decision, with the sums that are shown."""

    since: dt.date | None
    risk_offs: tuple[RiskOff, ...]
    falls: tuple[Fall, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(episode.outcome == outcome for episode in self.risk_offs)

    @property
    def saved(self) -> float:
        """What all risk-offs together saved after costs, in shares of the index."""
        return sum(episode.saved for episode in self.risk_offs)

    @property
    def median_past(self) -> float | None:
        """Median over the measured falls of how much was past at the first step up; None where there is none."""
        known = [fall.past for fall in self.falls if fall.past is not None]
        return median(known) if known else None


def ladder_moves(decided: Iterable[tuple[Decision, Settlement | None]]) -> list[LadderMove]:
    """Read decisions, oldest first, each with its settlement where it is settled; its estimate stands in until then.

    A decision that read no risk leaves the ladder where it stood.
    """
    moves: list[LadderMove] = []
    for decision, settlement in decided:
        risk = decision.risk
        known = moves[-1].step if moves else (risk.previous_step if risk else None)
        step = risk.step if risk else known
        if step is None:
            continue
        cost, traded = _paid(decision, settlement)
        moves.append(
            LadderMove(
                date=decision.date,
                previous=known or step,
                step=step,
                before=sum(line.from_weight for line in decision.holdings if line.stable),
                after=decision.stablecoin_share,
                rate=cost / traded if traded > 0 else 0.0,
            )
        )
    return moves


def _paid(decision: Decision, settlement: Settlement | None) -> tuple[float, float]:
    """(cost, what was traded outside stablecoins), both as shares of the index."""
    if settlement is not None:
        return settlement.cost, sum(abs(fill.weight - fill.from_weight) for fill in settlement.fills)
    stable = {line.symbol for line in decision.holdings if line.stable}
    return decision.cost_estimate, sum(abs(t.change) for t in decision.trades if t.symbol not in stable)


def ladder_record(moves: Sequence[LadderMove], twin: Sequence[LevelPoint]) -> LadderRecord:
    """Hold a track's moves, oldest first, against the twin's daily levels from the first move on."""
    path = _Path.of([p for p in twin if moves and p.date >= moves[0].date])
    settled = [move for move in moves if path.days and move.date <= path.days[-1]]
    episodes = tuple(_risk_off(run, path) for run in _runs(settled))
    return LadderRecord(moves[0].date if moves else None, episodes, tuple(_falls(settled, path)))


@dataclass(frozen=True, slots=True)
class _Path:
    """The twin's net level at each day's close."""

    days: tuple[dt.date, ...]
    levels: tuple[float, ...]

    @classmethod
    def of(cls, points: Sequence[LevelPoint]) -> _Path:
        return cls(tuple(p.date for p in points), tuple(p.net for p in points))

    def at(self, date: dt.date) -> float:
        """The level at the last close up to `date`, which is not before the first."""
        return self.levels[max(bisect_right(self.days, date) - 1, 0)]

    def change(self, start: dt.date, end: dt.date) -> float:
        return self.at(end) / self.at(start) - 1 if self.at(start) > 0 else 0.0


def _runs(moves: Sequence[LadderMove]) -> list[list[LadderMove]]:
    """The moves of each risk-off, the one that ended it last."""
    runs: list[list[LadderMove]] = []
    is_open = False
    for move in moves:
        if is_open:
            runs[-1].append(move)
            is_open = not _is_back(runs[-1])
        elif move.is_up:
            runs.append([move])
            is_open = True
    return runs


def _is_back(run: Sequence[LadderMove]) -> bool:
    return ORDER[run[-1].step] <= ORDER[run[0].previous]


def _risk_off(run: Sequence[LadderMove], path: _Path) -> RiskOff:
    first, last, is_over = run[0], run[-1], _is_back(run)
    added = [max(move.after - first.before, 0.0) for move in run]
    drifted = [max(move.before - first.before, 0.0) for move in run]
    cost = sum(abs(a - b) * move.rate for a, b, move in zip(added, drifted, run, strict=True))
    ends = [move.date for move in run[1:]] + ([] if is_over else [path.days[-1]])
    stretches = zip(added, [move.date for move in run], ends, strict=False)
    saved = -sum(share * path.change(start, end) for share, start, end in stretches) - cost
    most = max(added)
    outcome: Outcome = "helped" if saved > 0 else "false alarm"
    return RiskOff(
        start=first.date,
        end=last.date if is_over else None,
        base=first.previous,
        highest=max((move.step for move in run), key=ORDER.__getitem__),
        added=most,
        twin=path.change(first.date, ends[-1]),
        cost=cost,
        saved=saved,
        outcome="still open" if not is_over else "moved nothing" if most < MOVED else outcome,
    )


def _falls(moves: Sequence[LadderMove], path: _Path) -> list[Fall]:
    return [_fall(moves, path, *span) for span in _spans(path.levels)]


def _spans(levels: Sequence[float]) -> list[tuple[int, int, bool]]:
    """(peak, trough, whether it is over) of each fall, as positions; of equal peaks the last, of troughs the first."""
    spans: list[tuple[int, int, bool]] = []
    peak = trough = 0
    for i, level in enumerate(levels):
        is_fall = levels[trough] <= levels[peak] * (1 - FALL)
        if level < levels[trough]:
            trough = i
        elif is_fall and level >= levels[trough] * (1 + FALL) and level > levels[trough]:
            spans.append((peak, trough, True))
            peak = trough = i
        elif not is_fall and level >= levels[peak]:
            peak = trough = i
    if levels and levels[trough] <= levels[peak] * (1 - FALL) and levels[peak] > 0:
        spans.append((peak, trough, False))
    return spans


def _fall(moves: Sequence[LadderMove], path: _Path, peak: int, trough: int, is_over: bool) -> Fall:
    top, bottom = path.levels[peak], path.levels[trough]
    start, end = path.days[peak], path.days[trough]
    up = next((move.date for move in moves if move.is_up and start <= move.date <= end), None)
    before = [move for move in moves if move.date <= start]
    stood_above = bool(before) and before[-1].step is not RiskStep.NORMAL
    past = (top - path.at(up)) / (top - bottom) if up else None if stood_above else 1.0
    return Fall(start, end, bottom / top - 1, up, past if is_over else None, is_over)
